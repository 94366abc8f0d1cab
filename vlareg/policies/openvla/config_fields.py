"""The fields of `config.json` by the names and with the extent that the official files have."""

from typing import Any

from transformers import LlamaConfig

OWN_DEFAULTS = {"num_views": 1, "prompt_suffix_token_id": 29871, "trained_with_augmentation": True}
"""Fields that official files do not have, and what they would be there."""


def official_fields(fields: dict[str, Any], text: LlamaConfig) -> dict[str, Any]:
    """Return the fields as an official file holds them.

    transformers 5 has other names for two of them (`dtype`, `rope_parameters`), which older ones ignore without a word.

    Args:
        fields: As transformers writes them.
        text: The language model's configuration.
    """
    kept = {name: value for name, value in fields.items() if OWN_DEFAULTS.get(name, ...) != value}
    if dtype := kept.pop("dtype", None):
        kept["torch_dtype"] = dtype
    return {**kept, "text_config": _text_fields(text)}


def _text_fields(text: LlamaConfig) -> dict[str, Any]:
    """Return what differs from a Llama's defaults."""
    defaults = LlamaConfig().to_dict()
    fields: dict[str, Any] = {
        name: value
        for name, value in text.to_dict().items()
        if name not in ("dtype", "_name_or_path") and defaults.get(name, ...) != value
    }
    if fields.get("head_dim") == text.hidden_size // text.num_attention_heads:
        del fields["head_dim"]
    rope = fields.pop("rope_parameters", {})
    if rope.get("rope_theta", 10000.0) != 10000.0:
        fields["rope_theta"] = rope["rope_theta"]
    if rope.get("rope_type", "default") != "default":
        fields["rope_scaling"] = {name: value for name, value in rope.items() if name != "rope_theta"}
    return {**fields, "model_type": "llama", "pad_token_id": text.pad_token_id, "vocab_size": text.vocab_size}
