"""Write a checkpoint folder that the official code reads too."""

import copy
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
import transformers
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors.torch import save_file
from torch import Tensor
from transformers import LlamaConfig

from vlareg.policies.openvla.config import OpenVLAConfig
from vlareg.policies.openvla.stored import INDEX_FILE

STATISTICS_FILE = "dataset_statistics.json"


@runtime_checkable
class Weight(Protocol):
    """A tensor, or what becomes one by `weight[...]`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> torch.dtype: ...

    def __getitem__(self, index: Any, /) -> Tensor: ...


def write_checkpoint(
    folder: str | os.PathLike[str],
    config: OpenVLAConfig,
    weights: Mapping[str, Weight],
    max_shard_size: int | str = "5GB",
) -> None:
    """Write everything of a checkpoint but the processor's files.

    Args:
        folder: Made if absent.
        config: The model's configuration.
        weights: By their official names; they are asked for one file at a time.
        max_shard_size: Size of a weight file at most, in bytes or such as "5GB".
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    write_weights(path, weights, max_shard_size)
    written = copy.deepcopy(config)
    written.architectures = ["OpenVLAForActionPrediction"]
    written.dtype = next(weight.dtype for weight in weights.values())
    written.save_pretrained(path)
    _write_json(path / "generation_config.json", _generation_fields(config))
    write_statistics(config, path)
    _copy_code(config, path)


def write_statistics(config: OpenVLAConfig, folder: Path) -> None:
    """Write the statistics of all data sets, which `config.json` holds too, to the file where the official code looks.

    Args:
        config: The model's configuration.
        folder: An existing folder.
    """
    if config.norm_stats is not None:
        _write_json(folder / STATISTICS_FILE, config.norm_stats)


def write_weights(folder: Path, weights: Mapping[str, Weight], max_shard_size: int | str) -> None:
    """Write weights as safetensors, several files and an index where one would be too large.

    Host memory holds what is new of one file at a time: a tensor that lies in host memory already is not copied.

    Args:
        folder: An existing folder; weights of an earlier checkpoint in it are removed once the new ones are written.
        weights: By their official names.
        max_shard_size: Size of a file at most, in bytes or such as "5GB".
    """
    sizes = {name: torch.empty(weight.shape, dtype=weight.dtype, device="meta") for name, weight in weights.items()}
    plan = split_torch_state_dict_into_shards(sizes, max_shard_size=max_shard_size)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
        for file, names in plan.filename_to_tensors.items():
            shard = {name: weights[name][...].detach().cpu().contiguous() for name in names}
            save_file(shard, Path(partial) / file, metadata={"format": "pt"})
            del shard  # before the next one is made
        for old in [*folder.glob("model*.safetensors"), folder / INDEX_FILE]:
            old.unlink(missing_ok=True)
        for file in plan.filename_to_tensors:
            (Path(partial) / file).chmod(0o644)
            os.replace(Path(partial) / file, folder / file)
    if plan.is_sharded:
        _write_json(folder / INDEX_FILE, {"metadata": plan.metadata, "weight_map": plan.tensor_to_filename})


def _generation_fields(config: OpenVLAConfig) -> dict[str, Any]:
    assert isinstance(config.text_config, LlamaConfig)
    return {
        "_from_model_config": True,
        "bos_token_id": config.text_config.bos_token_id,
        "eos_token_id": config.text_config.eos_token_id,
        "pad_token_id": config.pad_token_id,
        "transformers_version": transformers.__version__,
    }


def _copy_code(config: OpenVLAConfig, folder: Path) -> None:
    """Keep the files that `auto_map` names for those who load with their own code; vlareg never runs them."""
    for value in (getattr(config, "auto_map", None) or {}).values():
        source = Path(config.name_or_path or "") / f"{value.split('.')[0]}.py"
        if "--" not in value and source.is_file():
            shutil.copyfile(source, folder / source.name)


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
