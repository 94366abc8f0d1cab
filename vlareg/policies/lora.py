"""Low-rank adapters on a policy, through peft."""

import copy
from dataclasses import dataclass
from typing import cast

from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel


@dataclass(frozen=True)
class LoRA:
    """Adapters on every linear layer but the output embedding.

    Args:
        rank: Rank of the update (> 0).
        alpha: The update is scaled by alpha / rank (> 0).
        dropout: Probability of dropping an adapter's input.
        target_modules: peft's pattern or list of module names.

    Reference:
        Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021, arXiv 2106.09685, Eq. 3; rank, alpha and the Gaussian
        initialisation are those of OpenVLA's fine-tuning recipe (arXiv 2406.09246).
    """

    rank: int = 32
    alpha: int = 16
    dropout: float = 0.0
    target_modules: str | list[str] = "all-linear"

    def attach(self, policy: PreTrainedModel) -> PeftModel:
        """Freeze `policy` and put trainable adapters into it."""
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=self.target_modules,
            init_lora_weights="gaussian",
        )
        return get_peft_model(policy, config)


def base_model(policy: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """Return the policy inside the adapters, or the policy itself."""
    return cast(PreTrainedModel, policy.get_base_model()) if isinstance(policy, PeftModel) else policy


def merged(policy: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """Return a policy without adapters that computes the same; the original is not touched."""
    if not isinstance(policy, PeftModel):
        return policy
    plain: PreTrainedModel = copy.deepcopy(policy).cpu().merge_and_unload()
    return plain
