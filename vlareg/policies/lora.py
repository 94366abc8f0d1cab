"""Low-rank adapters on a policy, through peft."""

from dataclasses import dataclass
from typing import Literal, cast

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from vlareg.policies.lean_lora import make_lean
from vlareg.policies.nf4 import quantize_nf4
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.policies.openvla.lora_targets import target_pattern


@dataclass(frozen=True)
class LoRA:
    r"""Adapters on a policy's layers. In YAML: `lora: {targets: live, rank: 32, alpha: 16}`.

    The presets, with their numbers of layers and of parameters (rank 32) on the published 7B model:

    - `reference`: what the published models were trained with (439; 110,828,288). Nothing reaches 13 of these layers.
    - `modern`: without the head and the encoders' patch embeddings, as peft >= 0.15 understands "all-linear" (436; 109,563,904).
    - `live`: `reference` without those 13, each encoder's last block and the pooling behind it (426; 109,126,400).
    - `language`: the Llama's blocks (224; 79,953,920). The vision encoders stay as they are.
    - `vision`: what is live of both encoders (198).

    The projector belongs to neither of the last two; `[language, 'projector\.fc[123]']` has both.

    Args:
        rank: Rank of the update (> 0).
        alpha: The update is scaled by alpha / rank, with `rslora` by alpha / sqrt(rank) (> 0).
        dropout: Probability of dropping an adapter's input, in [0, 1).
        targets: A preset, a regular expression for full module names, or a list of such.
        dtype: Number format of the adapters, whatever the policy's is.
        dora: Learn each weight's length apart from its direction.
        rslora: Scale so that large ranks learn as small ones do.
        nf4: Hold the Llama's frozen weights in 4 bits; needs `vlareg[nf4]` and, to be of use, a GPU.

    Raises:
        ValueError: If an argument is out of its range.

    Reference:
        Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, arXiv 2106.09685, Eq. 3; rank, alpha and the Gaussian
        initialisation are those of OpenVLA's fine-tuning recipe (arXiv 2406.09246). `dora`: Liu et al., 2024, arXiv 2402.09353, Eq. 5.
        `rslora`: Kalajdzievski, 2023, arXiv 2312.03732, Eq. 4.
    """

    rank: int = 32
    alpha: int = 16
    dropout: float = 0.0
    targets: str | list[str] = "modern"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    dora: bool = False
    rslora: bool = False
    nf4: bool = False

    def __post_init__(self) -> None:
        for name in ("rank", "alpha"):
            if getattr(self, name) <= 0:
                raise ValueError(f"`{name}` must be > 0, but got {getattr(self, name)}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"`dropout` must be in [0, 1), but got {self.dropout}.")

    def attach(self, policy: OpenVLAForActionPrediction) -> PeftModel:
        """Freeze `policy` and put trainable adapters into it.

        Raises:
            ValueError: If `targets` does not fit the policy.
            ImportError: If `nf4` is wanted and bitsandbytes is not installed.
        """
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=target_pattern(policy, self.targets),
            init_lora_weights="gaussian",
            use_dora=self.dora,
            use_rslora=self.rslora,
        )
        if self.nf4:
            quantize_nf4(policy)
        adapted = get_peft_model(policy, config, autocast_adapter_dtype=False)
        make_lean(adapted)
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.to(getattr(torch, self.dtype))
        return adapted


def base_model(policy: OpenVLAForActionPrediction | PeftModel) -> OpenVLAForActionPrediction:
    """Return the policy inside the adapters, or the policy itself."""
    return cast(OpenVLAForActionPrediction, policy.get_base_model()) if isinstance(policy, PeftModel) else policy
