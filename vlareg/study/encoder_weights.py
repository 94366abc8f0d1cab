"""How far a checkpoint's weights are from another's, read from the files piece by piece."""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

ENCODERS = "vision_backbone."


@dataclass(frozen=True)
class WeightChange:
    """How much of some weights differs.

    Args:
        tensors: Number of tensors that both checkpoints have in one shape.
        changed: Number of those that are not equal in every bit.
        relative: Norm of the difference over the norm of the first checkpoint's weights (dimensionless); NaN where the
            checkpoints have no tensor in common.
    """

    tensors: int
    changed: int
    relative: float

    @property
    def verdict(self) -> str:
        """What that means for the encoders."""
        if not self.tensors:
            return "another architecture"
        return "frozen" if not self.changed else "changed"


def weight_change(first: Path, other: Path, prefix: str = ENCODERS) -> WeightChange:
    """Compare the weights of two checkpoint folders, a tensor at a time.

    Args:
        first: The checkpoint that the change is measured from.
        other: The checkpoint that changed.
        prefix: Of the names of the weights that count; those of the vision encoders by default.
    """
    tensors = changed = 0
    difference = norm = 0.0
    with _weights(first) as old, _weights(other) as new:
        for name in sorted(name for name in old if name.startswith(prefix) and name in new):
            a, b = old[name].get_tensor(name), new[name].get_tensor(name)
            if a.shape == b.shape:
                tensors += 1
                changed += not bool((a == b).all())
                difference += float((b.double() - a.double()).square().sum())
                norm += float(a.double().square().sum())
    return WeightChange(tensors, changed, math.sqrt(difference / norm) if norm else math.nan)


@contextmanager
def _weights(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the open file of every weight."""
    with ExitStack() as stack:
        files = [stack.enter_context(safe_open(file, framework="pt")) for file in sorted(folder.glob("*.safetensors"))]
        yield {name: file for file in files for name in file.keys()}  # noqa: SIM118  (no mapping)
