"""Watch how well the policy's representation agrees with actions and states while it is fine-tuned."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from jaxtyping import Float, Int
from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.callbacks.curves import Curves, draw_curves
from vlareg.features import FeatureTap
from vlareg.functional import cknna, mutual_knn
from vlareg.shapes import Embeddings, Tokens


class AlignmentMonitor(Callback):
    """Score the tapped states of held-out transitions against actions and proprioception, every N steps.

    What is read are the states that the policy decodes from: `condition` is the mean over patches and prompt, `last_prompt` the position
    from which the first action token comes. Action tokens are never read. Neighbours are searched in other episodes only, since
    neighbouring frames of one episode agree in any slowly changing quantity.

    Logged, dimensionless: `alignment/{layer}/{pool}/{target}/{metric}`. Chance is near k / (samples - 1) for `mutual_knn` and near 0
    for `cknna`.

    Args:
        layers: Module paths of blocks, such as `language_model.model.layers.3`.
        every_n_steps: Interval (optimizer steps); the first and the last step are always scored.
        k: Number of neighbours.

    Raises:
        ValueError: An interval or k below 1, or no layer.
    """

    def __init__(self, layers: Sequence[str], every_n_steps: int = 100, k: int = 10) -> None:
        if every_n_steps < 1 or k < 1 or not layers:
            raise ValueError(
                f"`every_n_steps` and `k` must be >= 1 and `layers` not empty, but got {every_n_steps}, {k}, {layers}."
            )
        self.layers, self.every_n_steps, self.k = list(layers), every_n_steps, k
        self.curves = Curves()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Score the policy before the first step, unless the run is resumed."""
        if not self.curves.points:
            self._measure(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any, **kwargs: Any) -> None:
        """Score the policy when its step is due."""
        if trainer.global_step % self.every_n_steps == 0:
            self._measure(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the validation's figures beside the scores."""
        if not trainer.sanity_checking:
            values = {name: float(v) for name, v in trainer.callback_metrics.items() if name.startswith("val/")}
            self._keep(trainer, values)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Score the final weights and draw the curves."""
        self._measure(trainer, pl_module)
        folder = trainer.log_dir  # a collective: every rank has to ask
        if trainer.is_global_zero and folder:
            draw_curves({"this run": self.curves}, Path(folder) / "alignment.png")

    def state_dict(self) -> dict[str, Any]:
        """Return the scores so far, so that a resumed run's curves have no gap."""
        return {"curves": self.curves.points}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the scores of the run that is resumed."""
        self.curves = Curves(state_dict["curves"])

    def _measure(self, trainer: Trainer, module: LightningModule) -> None:
        if trainer.is_global_zero:
            scores = self.score(module, trainer.datamodule.probe_batches())  # type: ignore[attr-defined]
            for logger in trainer.loggers:
                logger.log_metrics(scores, step=trainer.global_step)
        else:
            scores = {}
        self._keep(trainer, scores)

    def _keep(self, trainer: Trainer, values: dict[str, float]) -> None:
        self.curves.add(trainer.global_step, values)
        folder = trainer.log_dir  # a collective: every rank has to ask, and so waits for the first
        if trainer.is_global_zero and folder:
            self.curves.save(Path(folder) / "curves.json")

    def score(self, module: LightningModule, batches: Iterator[VLABatch]) -> dict[str, float]:
        """Return the score of each layer, pool, target and metric.

        Args:
            module: Holds the policy as `module.policy`.
            batches: The probe set.
        """
        features, targets, episodes = self._read(module, batches)
        scores = {}
        for name, x in features.items():
            for target, y in targets.items():
                x, y = _directions(x), _directions(_standardized(y))
                for metric in (mutual_knn, cknna):
                    scores[f"alignment/{name}/{target}/{metric.__name__}"] = float(
                        metric(x, y, self.k, groups=episodes)
                    )
        return scores

    @torch.no_grad()
    def _read(
        self, module: LightningModule, batches: Iterator[VLABatch]
    ) -> tuple[dict[str, Embeddings], dict[str, Embeddings], Int[Tensor, "samples"]]:
        policy = cast(nn.Module, module.policy)
        features: dict[str, list[Tensor]] = defaultdict(list)
        targets: dict[str, list[Tensor]] = defaultdict(list)
        episodes = []
        with _evaluating(module):
            for batch in batches:
                batch = batch.to(module.device)
                with FeatureTap(policy, self.layers) as tap, module.trainer.precision_plugin.forward_context():
                    policy(**batch.model_inputs())
                    for layer in self.layers:
                        mean, last = _pool(tap[layer], batch)
                        features[f"{layer}/condition"].append(mean)
                        features[f"{layer}/last_prompt"].append(last)
                targets["actions"].append(batch.actions[:, 0])
                targets["proprio"].append(batch.proprio)
                episodes.append(batch.episode_ids)
        return _joined(features), _joined(targets), torch.cat(episodes)


def _joined(parts: dict[str, list[Tensor]]) -> dict[str, Embeddings]:
    return {name: torch.cat(rows) for name, rows in parts.items()}


def _pool(tokens: Tokens, batch: VLABatch) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch dim"]]:
    """Return the mean over the condition's positions, and the state at the last prompt position."""
    mask = batch.condition_mask.unsqueeze(-1)
    tokens = tokens.float()
    mean = (tokens * mask).sum(dim=1) / mask.sum(dim=1)
    last = tokens[torch.arange(len(tokens), device=tokens.device), batch.last_prompt_position]
    return mean, last


def _directions(x: Embeddings) -> Embeddings:
    """Centre and scale to unit length: vectors that share a large mean would all be one another's neighbours."""
    return torch.nn.functional.normalize(x - x.mean(dim=0), dim=1)


def _standardized(y: Embeddings) -> Embeddings:
    """Give every column that varies unit variance, since columns have different units."""
    return (y - y.mean(dim=0)) / y.std(dim=0).clamp_min(1e-6)


@contextmanager
def _evaluating(module: LightningModule) -> Iterator[None]:
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)
