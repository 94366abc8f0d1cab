"""What is compared: one vector per sample, read from a batch and, where it names one, from a module's output."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.functional.space import FEATURES, Space

Read = Callable[[VLABatch, Tensor | None], Float[Tensor, "batch dim"]]


@dataclass(frozen=True)
class Representation:
    """One vector per sample.

    Args:
        name: What it is called in scores, files and figures.
        read: From the batch, and the output of the module at `path`, to the vectors.
        path: Module path in the policy; None where the batch is enough.
        space: Which samples are near one another: by the angle between centred vectors for hidden states, by the
            distance in standard deviations for quantities whose columns have units.
        watch: Context in which the policy has to run, for a reader that sees more of it than one output.
    """

    name: str
    read: Read
    path: str | None = None
    space: Space = FEATURES
    watch: Callable[[nn.Module], AbstractContextManager[object]] = nullcontext
