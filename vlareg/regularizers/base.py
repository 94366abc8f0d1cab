"""What every regularizer does around its formula."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.features import FeatureTap
from vlareg.regularizers.weights import WeightSchedule
from vlareg.shapes import Scalar, Tokens


@dataclass(frozen=True)
class RegularizerOutput:
    """What a regularizer says about one batch.

    Args:
        loss: To be multiplied by the regularizer's weight and added to the policy's loss.
        logs: Quantities to log, without gradient; the regularizer documents them with their units.
    """

    loss: Scalar
    logs: dict[str, Tensor]


class Regularizer(nn.Module, ABC):
    """A loss on a policy's hidden states, which it reads by hooks.

    `with regularizer.watch(policy): out = policy(**batch.model_inputs())`, then `regularizer(batch)`. What was read is
    dropped by that call.

    Args:
        layers: Module paths of the policy, exact or as a unique suffix.
        weight: Factor of the loss over the run: `regularizer.weight(step, total_steps)`.
        name: Name in logged keys.

    Raises:
        ValueError: If `layers` is empty or names a layer twice.
    """

    def __init__(self, layers: Sequence[str], weight: WeightSchedule, name: str) -> None:
        super().__init__()
        if isinstance(layers, str) or not layers or len(set(layers)) < len(layers):
            raise ValueError(f"`layers` must be a list of different module paths, but got {layers!r}.")
        self.layers = tuple(layers)
        self.weight = weight
        self.name = name
        self._features: dict[str, Tensor] | None = None

    @contextmanager
    def watch(self, policy: nn.Module) -> Iterator[None]:
        """Read the layers while the policy runs.

        Args:
            policy: The policy, bare or wrapped (peft, DDP).

        Raises:
            ValueError: If a layer is unknown or ambiguous.
            KeyError: On leaving, if a layer has not run.
        """
        self._features = None
        with FeatureTap(policy, self.layers) as tap:
            yield
        self._features = {layer: tap[layer] for layer in self.layers}

    def fit(self, data: Mapping[str, Tensor | None]) -> None:
        """Look at the training split before the first step.

        Args:
            data: Quantities of every transition by their name in `VLABatch`; None where the data set has none.
        """

    def forward(self, batch: VLABatch) -> RegularizerOutput:
        """Return the loss of the batch that the policy has just seen.

        Args:
            batch: The same batch.

        Returns:
            The loss, not yet multiplied by the weight, and what to log.

        Raises:
            RuntimeError: If the policy was not watched since the last call.
            ValueError: If the hidden states are not those of the model's sequence of this batch.
        """
        features, self._features = self._features, None
        if features is None:
            raise RuntimeError(
                f"Regularizer `{self.name}` has read nothing: "
                "run the policy inside `with regularizer.watch(policy):` first."
            )
        for layer, tokens in features.items():
            if tokens.shape[:2] != batch.condition_mask.shape:
                raise ValueError(
                    f"The output of `{layer}` is {list(tokens.shape)}, but the model's sequence of this batch (prompt, "
                    f"patches of {batch.num_views} views, actions) is {list(batch.condition_mask.shape)}: "
                    "tap a block of the language model, and pass the same batch."
                )
        return self.regularize(batch, features)

    @abstractmethod
    def regularize(self, batch: VLABatch, features: Mapping[str, Tokens]) -> RegularizerOutput:
        """Return the loss of a batch.

        Args:
            batch: The batch.
            features: Output of each layer, over the model's whole sequence.
        """
