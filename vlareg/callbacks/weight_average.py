"""The average of a run's weights, which is validated and exported in their place."""

from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor
from torch.distributed.tensor import DTensor


class WeightAverage(Callback):
    """Keep an exponential moving average of what is trained, regularizers included.

    Validations see the average, and at the end of the training it takes the weights' place, so it is what is exported. In
    between, the weights are as they would be without. It is saved in the run's checkpoints. The frozen weights, of which a
    policy with adapters has most, are not copied.

    Args:
        decay: Weight of the average so far at each optimizer step, in [0, 1); after t steps it is (1 + t) / (10 + t) at
            most, so that the start is forgotten.

    Raises:
        ValueError: If `decay` is out of range; on the start of training, if the weights are sharded over ranks.

    Reference:
        Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; the exponential form and its
        warm-up are TensorFlow's `ExponentialMovingAverage`.

    Example:
        >>> WeightAverage(decay=0.9).decay_at(0), WeightAverage(decay=0.9).decay_at(1000)
        (0.1, 0.9)
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"`decay` must be in [0, 1), but got {decay}.")
        self.decay, self.steps = decay, 0
        self.average: dict[str, Tensor] = {}
        self._swapped = False

    def decay_at(self, steps: int) -> float:
        """Return the weight of the average after a number of optimizer steps."""
        return min(self.decay, (1 + steps) / (10 + steps))

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start at the weights, or where the resumed run was."""
        weights = _trainable(pl_module)
        if any(isinstance(weight, DTensor) for weight in weights.values()):
            raise ValueError(
                "WeightAverage does not know weights that are sharded over ranks; use DDP or leave it out."
            )
        known = self.average or {name: weight.detach().clone() for name, weight in weights.items()}
        if wrong := sorted(known.keys() ^ weights.keys()):
            raise ValueError(f"The checkpoint's average is of other weights; missing or unknown: {wrong[:5]}.")
        self.average = {name: known[name].to(weight) for name, weight in weights.items()}
        if self._swapped:  # an earlier training with this callback has ended
            self._swap(pl_module)

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any, **kwargs: Any) -> None:
        """Follow the weights, once an optimizer step."""
        if trainer.global_step == self.steps:
            return
        decay, self.steps = self.decay_at(self.steps), trainer.global_step
        for name, weight in _trainable(pl_module).items():
            self.average[name].lerp_(weight, 1 - decay)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the average in the weights' place."""
        self._swap(pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the weights back."""
        self._swap(pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the average in the weights' place."""
        self._swap(pl_module)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Save the weights as the weights, also while the average is in their place."""
        if self._swapped:
            saved = checkpoint["state_dict"]
            checkpoint["callbacks"][self.state_key]["average"] = {name: saved[name] for name in self.average}
            saved.update(self.average)

    def state_dict(self) -> dict[str, Any]:
        """Return the average, for the checkpoint."""
        return {"steps": self.steps, "average": self.average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue with the average of the run that is resumed."""
        self.steps, self.average = state_dict["steps"], state_dict["average"]
        self._swapped = False

    @torch.no_grad()
    def _swap(self, module: LightningModule) -> None:
        if not self.average:
            return
        self._swapped = not self._swapped
        for name, weight in _trainable(module).items():
            kept = weight.detach().clone()
            weight.copy_(self.average[name])
            self.average[name].copy_(kept)


def _trainable(module: LightningModule) -> dict[str, torch.nn.Parameter]:
    return {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
