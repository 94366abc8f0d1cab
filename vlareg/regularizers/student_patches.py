"""Where the patches of each view stand in the output of a policy's module."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.features import resolve_path


def prefix_tokens(policy: nn.Module, layer: str) -> int | None:
    """Return how many tokens (class token, registers) the vision encoder around a module puts before its patches.

    Args:
        policy: The policy, bare or wrapped.
        layer: Module path, exact or as a unique suffix.

    Returns:
        `num_prefix_tokens` of the nearest module around it that has it, as timm's encoders do; None if none has.

    Raises:
        ValueError: If the path is unknown or ambiguous.

    Example:
        >>> import timm
        >>> encoder = timm.create_model("vit_tiny_patch16_224", pretrained=False)
        >>> prefix_tokens(nn.ModuleDict({"encoder": encoder}), "encoder.blocks.1")
        1
    """
    path = resolve_path(policy, layer)
    while path:
        count = getattr(policy.get_submodule(path), "num_prefix_tokens", None)
        if isinstance(count, int):
            return count
        path = path.rpartition(".")[0]
    return None


def student_patches(
    tokens: Float[Tensor, "rows tokens dim"], batch: VLABatch, prefix: int | None = None, layer: str = "layer"
) -> Float[Tensor, "batch views patches dim"]:
    """Return the patches of every view in the output of a module, in the order of the image's rows.

    Three layouts are known: the model's sequence (blocks of the language model), where they stand behind position 0; the
    patches of all views one after the other (vision backbone, projector); and an encoder's own, one row per image,
    batch first, views second, with prefix tokens before the patches.

    Args:
        tokens: Output of the module.
        batch: The batch that the policy has seen.
        prefix: Number of prefix tokens of the encoder that the module belongs to, from `prefix_tokens`.
        layer: Name of the module, for the message.

    Returns:
        The patches, without a copy where they are all there is.

    Raises:
        ValueError: If the output has another layout.
    """
    views, patches, rows = batch.num_views, batch.patches_per_view, len(batch)
    shape = tuple(tokens.shape[:2])
    if shape in ((rows * views, patches), (rows * views, patches + (prefix or 0))):
        return tokens[:, shape[1] - patches :].reshape(rows, views, patches, -1)
    if shape == (rows, views * patches):
        return tokens.reshape(rows, views, patches, -1)
    if prefix is None and shape == batch.condition_mask.shape:
        return torch.stack([tokens[:, view] for view in batch.view_slices], dim=1)
    raise ValueError(
        f"The output of `{layer}` is {list(tokens.shape)}, in which the patches of this batch ({rows} samples, {views} "
        f"views, {patches} patches) cannot be found: tap a block of the language model "
        f"{[*batch.condition_mask.shape]}, the projector {[rows, views * patches]} or a block of a vision encoder "
        f"{[rows * views, patches + (prefix or 0)]}, and pass the same batch."
    )
