"""Alignment of a policy's patch states with a frozen vision encoder."""

from collections.abc import Mapping, Sequence
from math import isqrt

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.losses import CosineAlignmentLoss
from vlareg.regularizers.base import Regularizer, RegularizerOutput
from vlareg.regularizers.projector import FrozenMLPProjector
from vlareg.regularizers.weights import Constant, WeightSchedule
from vlareg.shapes import Tokens
from vlareg.teachers import EfficientNetLiteTeacher, PatchFeatures, Teacher


class TeacherAlignment(Regularizer):
    r"""Keep the policy's states at patch positions predictive of a teacher's features of the same places.

    $$L = \frac{1}{|\mathcal L|}\sum_{l \in \mathcal L} \ell\left(P(h^l_{\mathrm{patches}}),\,
    T(\mathrm{image})\right)$$
    with the loss $\ell$ (mean over samples, views and patches), one projector $P$ for all layers, and the teacher $T$
    resampled to the student's patch grid. The mean over layers keeps the weight's meaning when layers are added.

    Logged: `loss` (in the unit of the loss), `cosine` (between projected student and teacher, dimensionless, in [-1,
    1]) and, with several layers, `cosine_0`, `cosine_1`, ...

    Args:
        layers: Module paths of blocks of the language model.
        dim: Width of their outputs.
        teacher: Frozen encoder, which sees `batch.images`; by default EfficientNet-Lite0 with ImageNet weights. It is
            not in the checkpoint.
        projector: From the student's width to the teacher's; by default a frozen random MLP, which is.
        loss: Between projected student and teacher features; by default the negative cosine.
        grid: Rows and columns of the student's patches in a view; by default a square.
        weight: Factor of the loss over the run; by default 0.2 throughout.
        name: Name in logged keys.

    Raises:
        ValueError: If an argument is out of range; in `forward` if `grid` does not fit the number of patches.

    Reference:
        Kachaev et al., "Don't Blind Your VLA: Aligning Visual Representations for OOD Generalization", 2025, arXiv
        2510.25616; Yu et al., "Representation Alignment for Generation", 2024, arXiv 2410.06940. The paper sums over
        layers and needs equal grids.

    Example:
        >>> alignment = TeacherAlignment(["language_model.model.layers.1"], dim=32)
        >>> sum(p.numel() for p in alignment.parameters() if p.requires_grad)
        0
    """

    def __init__(
        self,
        layers: Sequence[str],
        dim: int,
        *,
        teacher: Teacher | None = None,
        projector: nn.Module | None = None,
        loss: nn.Module | None = None,
        grid: tuple[int, int] | None = None,
        weight: WeightSchedule | None = None,
        name: str = "teacher",
    ) -> None:
        super().__init__(layers, weight or Constant(0.2), name)
        self.teacher = teacher or EfficientNetLiteTeacher()
        self.projector = FrozenMLPProjector(dim, self.teacher.dim) if projector is None else projector
        self.loss = loss or CosineAlignmentLoss()
        self.grid = grid

    def regularize(self, batch: VLABatch, features: Mapping[str, Tokens]) -> RegularizerOutput:
        """Return the alignment loss of a batch."""
        target = self.target(batch)
        projected = [self.projector(_patches(features[layer], batch)) for layer in self.layers]
        loss = torch.stack([self.loss(student, target) for student in projected]).mean()
        with torch.no_grad():
            cosines = [F.cosine_similarity(student.float(), target, dim=-1).mean() for student in projected]
            logs = {"loss": loss.detach(), "cosine": torch.stack(cosines).mean()}
        if len(cosines) > 1:
            logs |= {f"cosine_{i}": cosine for i, cosine in enumerate(cosines)}
        return RegularizerOutput(loss, logs)

    def target(self, batch: VLABatch) -> Tokens:
        """Return the teacher's features at the student's patches, one view after the other.

        Args:
            batch: The batch.
        """
        grid = self.grid or square_grid(batch.patches_per_view)
        if grid[0] * grid[1] != batch.patches_per_view:
            raise ValueError(
                f"`grid` {grid} does not fit the batch, which has {batch.patches_per_view} patches per view."
            )
        features = resample(self.teacher(batch.images.flatten(0, 1)), grid)
        return features.reshape(len(batch), -1, features.shape[-1])


def _patches(tokens: Tokens, batch: VLABatch) -> Float[Tensor, "batch patches dim"]:
    return torch.cat([tokens[:, positions] for positions in batch.view_slices], dim=1)


def square_grid(patches: int) -> tuple[int, int]:
    """Return the rows and columns of a square grid.

    Args:
        patches: Number of patches.

    Raises:
        ValueError: If it is not a square number.

    Example:
        >>> square_grid(36)
        (6, 6)
    """
    side = isqrt(patches)
    if side * side != patches:
        raise ValueError(f"`grid` is needed: {patches} patches per view are not a square.")
    return side, side


def resample(features: PatchFeatures, grid: tuple[int, int]) -> Tokens:
    """Resample patch features to another grid over the same image: bilinear, widened to the cell's area where the new
    grid is coarser.

    Args:
        features: Features with their grid.
        grid: Rows and columns of the new grid.

    Returns:
        One vector per cell of the new grid, row by row.

    Example:
        >>> coarse = resample(PatchFeatures(torch.arange(4.0).view(1, 4, 1), (2, 2)), (1, 1))
        >>> coarse.flatten().tolist()
        [1.5]
    """
    if features.grid == grid:
        return features.features
    as_image = features.features.transpose(1, 2).reshape(len(features.features), -1, *features.grid)
    return F.interpolate(as_image, grid, mode="bilinear", antialias=True).flatten(2).transpose(1, 2)
