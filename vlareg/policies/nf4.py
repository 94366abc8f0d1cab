"""Hold the frozen language model in 4 bits (QLoRA), through bitsandbytes."""

import re
from typing import Any

from torch import nn

from vlareg.policies.openvla.lora_targets import LANGUAGE
from vlareg.policies.openvla.modeling import OpenVLAForActionPrediction


def quantize_nf4(policy: OpenVLAForActionPrediction) -> None:
    """Replace the linear layers of the Llama's blocks by 4-bit ones; moving the policy to a GPU packs their weights.

    The encoders, the projector, the embedding and the head stay as they are: together they are a seventh of the weights.

    Args:
        policy: A policy without adapters; its number format is the one that is computed in.

    Raises:
        ImportError: If bitsandbytes is not installed.

    Reference:
        Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", 2023, arXiv 2305.14314, section 3 (NF4 with double
        quantization).
    """
    try:
        import bitsandbytes  # type: ignore[import-not-found]
    except ImportError as error:
        raise ImportError('`nf4` needs bitsandbytes: pip install "vlareg[nf4]".') from error
    names = [name for name, _ in policy.named_modules() if re.fullmatch(LANGUAGE, name)]
    for name in names:
        parent, _, child = name.rpartition(".")
        setattr(policy.get_submodule(parent), child, _packed(bitsandbytes, policy.get_submodule(name)))
    policy.is_loaded_in_4bit = True  # type: ignore[assignment]  # by this peft knows that its adapters need their 4-bit form


def _packed(bitsandbytes: Any, layer: nn.Module) -> nn.Module:
    assert isinstance(layer, nn.Linear)
    packed: nn.Module = bitsandbytes.nn.Linear4bit(
        layer.in_features,
        layer.out_features,
        bias=layer.bias is not None,
        compute_dtype=layer.weight.dtype,
        compress_statistics=True,
        quant_type="nf4",
        device="meta",
    )
    packed.weight = bitsandbytes.nn.Params4bit(
        layer.weight.data, requires_grad=False, compress_statistics=True, quant_type="nf4", module=packed
    )
    packed.bias = layer.bias
    return packed
