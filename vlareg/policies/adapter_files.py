"""Adapters on disk: alone, or merged into the policy in the official format."""

from collections.abc import Mapping
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from vlareg.files import atomic_folder
from vlareg.policies.lora import base_model
from vlareg.policies.merging import ADAPTER, merged_weights
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.policies.openvla.hub import local_folder
from vlareg.policies.openvla.processor import FILES
from vlareg.policies.openvla.writing import write_checkpoint, write_statistics

ADAPTER_FILE = "adapter_model.safetensors"
REGULARIZERS_FILE = "regularizers.safetensors"

WRITTEN = ("*.json", "*.safetensors", "*.py", *FILES)
"""Names of the files in a folder of a policy or of adapters: all that another version of it may replace."""


def save_policy(
    policy: OpenVLAForActionPrediction | PeftModel, folder: str | Path, max_shard_size: int | str = "5GB"
) -> None:
    """Write a policy in the official format, adapters merged; the policy is not touched.

    Args:
        policy: With or without adapters.
        folder: Made if absent.
        max_shard_size: Size of a weight file at most, in bytes or such as "5GB".
    """
    base = base_model(policy)
    if not isinstance(policy, PeftModel):
        base.save_pretrained(folder, max_shard_size)
        return
    stored = base.config.name_or_path if getattr(base, "is_loaded_in_4bit", False) else None
    write_checkpoint(folder, base.config, merged_weights(policy, stored), max_shard_size)


def save_adapter(policy: PeftModel, folder: str | Path, regularizers: Mapping[str, Tensor] | None = None) -> None:
    """Write what was trained and nothing else.

    The folder holds peft's `adapter_model.safetensors` and `adapter_config.json`, the regularizers' parameters in
    `regularizers.safetensors`, and the policy's `config.json` and `dataset_statistics.json`.

    Args:
        policy: The policy with its adapters.
        folder: The folder to make or to replace; it appears complete or not at all.
        regularizers: State of the regularizers that it was trained with.

    Raises:
        ValueError: If there is something else in the folder than `WRITTEN`.
    """
    config = base_model(policy).config
    with atomic_folder(folder, replaces=WRITTEN) as partial:
        policy.save_pretrained(str(partial), save_embedding_layers=False)
        (partial / "README.md").unlink(missing_ok=True)  # peft's empty form of a model card
        config.save_pretrained(partial)
        write_statistics(config, partial)
        if regularizers:
            state = {name: tensor.cpu().contiguous() for name, tensor in regularizers.items()}
            save_file(state, partial / REGULARIZERS_FILE)


def load_adapter(
    policy: OpenVLAForActionPrediction, folder: str | Path, regularizers: nn.Module | None = None
) -> PeftModel:
    """Put saved adapters into the policy that they were trained on, with its statistics.

    Args:
        policy: Without adapters; it is changed.
        folder: From `save_adapter`.
        regularizers: Modules as those that were saved, which get their parameters.

    Returns:
        The policy with frozen adapters, in evaluation mode.

    Raises:
        ValueError: If the file lacks an adapter or has one that `adapter_config.json` does not name.
    """
    config = OpenVLAConfig.from_pretrained(folder, local_files_only=True)
    policy.config.norm_stats = config.norm_stats
    policy.config.trained_with_augmentation = config.trained_with_augmentation
    adapted: PeftModel = get_peft_model(
        policy, LoraConfig.from_pretrained(str(folder)), autocast_adapter_dtype=False, low_cpu_mem_usage=True
    )
    device = "cpu" if policy.device.type == "meta" else str(policy.device)
    stored = load_file(Path(folder) / ADAPTER_FILE, device=device)
    names = {_file_key(name): name for name, _ in adapted.named_parameters() if ADAPTER in name}
    if wrong := sorted(names.keys() ^ stored.keys()):
        raise ValueError(f"{folder}: missing or unexpected in {ADAPTER_FILE}: {wrong[:5]}.")
    adapted.load_state_dict({names[key]: tensor for key, tensor in stored.items()}, strict=False, assign=True)
    adapted.requires_grad_(False)
    if regularizers is not None:
        regularizers.load_state_dict(load_file(Path(folder) / REGULARIZERS_FILE))
    adapted.eval()
    return adapted


def merge_adapter(
    base: str | Path,
    adapter: str | Path,
    output: str | Path,
    max_shard_size: int | str = "5GB",
) -> None:
    """Merge saved adapters into a checkpoint, from folder to folder; memory holds the adapters and one weight file.

    Args:
        base: The checkpoint that the adapters were trained on: a folder or a repository of the hub.
        adapter: From `save_adapter`.
        output: The folder to make or to replace; it appears complete or not at all.
        max_shard_size: Size of a weight file at most, in bytes or such as "5GB".

    Raises:
        ValueError: If `output` is `base` or `adapter`, or there is something else in it than `WRITTEN`.
    """
    source = local_folder(base)
    if Path(output).resolve() in (source.resolve(), Path(adapter).resolve()):
        raise ValueError(f"`output`: {output} is what is to be merged; choose a new folder.")
    config = OpenVLAConfig.from_pretrained(source, local_files_only=True)
    with torch.device("meta"):
        skeleton = OpenVLAForActionPrediction(config)
    adapted = load_adapter(skeleton, adapter)
    with atomic_folder(output, replaces=WRITTEN) as partial:
        write_checkpoint(partial, skeleton.config, merged_weights(adapted, source), max_shard_size)
        OpenVLAProcessor.from_pretrained(source).save_pretrained(partial)


def _file_key(name: str) -> str:
    """Return what peft calls a parameter in its file."""
    key = name.replace(".default", "")
    return key.removesuffix(".weight") if key.endswith("lora_magnitude_vector.weight") else key
