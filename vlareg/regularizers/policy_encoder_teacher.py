"""The policy's own vision encoders as a teacher, as they were before fine-tuning."""

import json
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors import safe_open
from torch import Tensor, nn

from vlareg.policies.openvla import OpenVLAConfig
from vlareg.policies.openvla.vision import VisionBackbone
from vlareg.teachers import Teacher

PREFIX = "vision_backbone."


class PolicyEncoderTeacher(Teacher):
    """The vision encoders of a checkpoint: alignment with them keeps what the policy saw before it was fine-tuned.

    Their features are what the policy's projector reads: the second-to-last block's, those of both encoders side by
    side. Of the checkpoint nothing else is read. It stands in this room because it joins a policy and a teacher.

    Args:
        policy: Checkpoint folder in OpenVLA's format.

    Raises:
        FileNotFoundError: If the folder has no configuration or no weights.
        ValueError: If its weights do not fit its configuration.

    Example:
        >>> PolicyEncoderTeacher("checkpoints/openvla-mini")(torch.rand(1, 3, 96, 96)).grid
        (6, 6)
    """

    def __init__(self, policy: str | Path = "checkpoints/openvla-mini") -> None:
        folder = Path(policy)
        for name in ("config.json", "preprocessor_config.json"):
            if not (folder / name).is_file():
                raise FileNotFoundError(f"`policy`: {folder / name} is absent.")
        config = OpenVLAConfig.from_pretrained(folder, local_files_only=True)
        colours = json.loads((folder / "preprocessor_config.json").read_text())
        encoder = _Encoders(config, colours["means"], colours["stds"])
        _load(encoder.backbone, folder)
        self.grid: tuple[int, int] = encoder.backbone.featurizer.patch_embed.grid_size
        super().__init__(encoder, config.image_size, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))

    def feature_map(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch dim rows columns"]:
        """Return the features of all encoders."""
        tokens: Tensor = self.encoder(pixels)
        return tokens.transpose(1, 2).reshape(len(tokens), -1, *self.grid)


class _Encoders(nn.Module):
    """The encoders with the mean and std of each."""

    means: Tensor
    stds: Tensor

    def __init__(self, config: OpenVLAConfig, means: list[list[float]], stds: list[list[float]]) -> None:
        super().__init__()
        assert config.timm_model_ids is not None
        assert config.timm_override_act_layers is not None
        with torch.random.fork_rng(devices=[]):
            self.backbone = VisionBackbone(config.timm_model_ids, config.image_size, config.timm_override_act_layers)
        self.register_buffer("means", torch.tensor(means).view(-1, 3, 1, 1))
        self.register_buffer("stds", torch.tensor(stds).view(-1, 3, 1, 1))

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch patches dim"]:
        normalised = (images[:, None] - self.means) / self.stds
        tokens: Tensor = self.backbone(normalised.flatten(1, 2))
        return tokens


def _load(backbone: nn.Module, folder: Path) -> None:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"`policy`: {folder} has no *.safetensors.")
    weights: dict[str, Tensor] = {}
    for file in files:
        with safe_open(file, framework="pt") as tensors:
            names = [name for name in tensors.keys() if name.startswith(PREFIX)]  # noqa: SIM118  (no mapping)
            weights |= {name.removeprefix(PREFIX): tensors.get_tensor(name) for name in names}
    try:
        backbone.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"`policy`: the encoders' weights in {folder} do not fit its config.json: {error}") from error
