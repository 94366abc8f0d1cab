"""Alignment of a policy's patch states with a frozen vision encoder."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.functional.precision import at_least_float32, full_precision
from vlareg.losses import CosineAlignmentLoss
from vlareg.regularizers.base import Regularizer, RegularizerOutput
from vlareg.regularizers.projector import FrozenMLPProjector
from vlareg.regularizers.student_patches import prefix_tokens, student_patches
from vlareg.regularizers.weights import Constant, WeightSchedule
from vlareg.shapes import Tokens
from vlareg.teachers import EfficientNetLiteTeacher, Teacher, resample, square_grid


class TeacherAlignment(Regularizer):
    r"""Keep the policy's states at patch positions predictive of a teacher's features of the same places.

    $$L = \frac{1}{|\mathcal L|}\sum_{l \in \mathcal L} \ell\left(P(h^l_{\mathrm{patches}}),\,
    T(\mathrm{image})\right)$$
    with the loss $\ell$ (mean over samples, views and patches), one projector $P$ for all layers, and the teacher $T$
    resampled to the student's patch grid. The mean over layers keeps the weight's meaning when layers are added.

    Logged: `loss` (in the unit of the loss), `cosine` (between projected student and teacher, dimensionless, in [-1,
    1]), with several layers `cosine_layer_0`, `cosine_layer_1`, ..., and with several views `cosine_view_0`, ...

    Args:
        layers: Module paths: blocks of the language model, of a vision encoder, or the policy's projector.
        dim: Width of their outputs. Layers of another width belong in a second `TeacherAlignment`.
        teacher: Frozen encoder, which sees `batch.images`; by default EfficientNet-Lite0 with ImageNet weights. It is
            not in the checkpoint.
        projector: From the student's width to the teacher's, given [batch, views, patches, dim]; by default a frozen
            random MLP. It is in the checkpoint, and what is trainable of it in optimizer and DDP.
        loss: Between projected student and teacher features, [batch, views, patches, dim]; by default the negative
            cosine.
        grid: Rows and columns of the student's patches in a view; by default a square.
        weight: Factor of the loss over the run; by default 0.2 throughout.
        name: Name in logged keys.

    Raises:
        ValueError: If an argument is out of range; while watching, if a layer is unknown; in `forward`, if `grid` does
            not fit the number of patches, or a layer's output is not `dim` wide or does not hold the patches.

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
        self.dim = dim
        self.teacher = teacher or EfficientNetLiteTeacher()
        self.projector = FrozenMLPProjector(dim, self.teacher.dim) if projector is None else projector
        self.loss = loss or CosineAlignmentLoss()
        self.grid = grid
        self._prefixes: dict[str, int | None] = {}

    @contextmanager
    def watch(self, policy: nn.Module) -> Iterator[None]:
        """Read the layers, and learn which of them belong to a vision encoder."""
        self._prefixes = {layer: prefix_tokens(policy, layer) for layer in self.layers}
        with super().watch(policy):
            yield

    def forward(self, batch: VLABatch) -> RegularizerOutput:
        """Return the loss of the batch that the policy has just seen; unlike other regularizers', its layers need not
        hold the model's whole sequence.

        Args:
            batch: The same batch.
        """
        if self._features is None:
            return super().forward(batch)  # which refuses
        features, self._features = self._features, None
        return self.regularize(batch, features)

    def regularize(self, batch: VLABatch, features: Mapping[str, Tokens]) -> RegularizerOutput:
        """Return the alignment loss of a batch."""
        target = self.target(batch).reshape(len(batch), batch.num_views, batch.patches_per_view, -1)
        projected = [self.projector(self._student(layer, features[layer], batch)) for layer in self.layers]
        loss = torch.stack([self.loss(student, target) for student in projected]).mean()
        return RegularizerOutput(loss, {"loss": loss.detach(), **_cosines(projected, target)})

    def _student(
        self, layer: str, tokens: Float[Tensor, "rows tokens dim"], batch: VLABatch
    ) -> Float[Tensor, "batch views patches dim"]:
        if tokens.shape[-1] != self.dim:
            raise ValueError(
                f"`layers` must all be `dim` = {self.dim} wide, but the output of `{layer}` is {list(tokens.shape)}: "
                "give layers of another width a TeacherAlignment of their own."
            )
        return student_patches(tokens, batch, self._prefixes.get(layer), layer)

    def target(self, batch: VLABatch) -> Tokens:
        """Return the teacher's features at the student's patches, one view after the other.

        The teacher sees whole frames; its features are read where the student's crop has its patches.

        Args:
            batch: The batch.
        """
        grid = self.grid or square_grid(batch.patches_per_view)
        if grid[0] * grid[1] != batch.patches_per_view:
            raise ValueError(
                f"`grid` {grid} does not fit the batch, which has {batch.patches_per_view} patches per view."
            )
        features = resample(self.teacher.features_of(batch), grid, batch.view_boxes)
        return features.reshape(len(batch), -1, features.shape[-1])


@torch.no_grad()
def _cosines(
    projected: Sequence[Float[Tensor, "batch views patches dim"]], target: Float[Tensor, "batch views patches dim"]
) -> dict[str, Tensor]:
    with full_precision(target):
        of_layers = [
            F.cosine_similarity(at_least_float32(student), at_least_float32(target), dim=-1) for student in projected
        ]
    cosines = torch.stack([cosine.mean(dim=(0, 2)) for cosine in of_layers])
    logs = {"cosine": cosines.mean()}
    for name, means in {"layer": cosines.mean(dim=1), "view": cosines.mean(dim=0)}.items():
        if len(means) > 1:
            logs |= {f"cosine_{name}_{i}": mean for i, mean in enumerate(means)}
    return logs
