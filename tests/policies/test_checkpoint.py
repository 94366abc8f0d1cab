import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModel

from vlareg.policies.openvla import OpenVLAForActionPrediction

KEY = "projector.fc1.bias"


@pytest.fixture
def folder(toy: OpenVLAForActionPrediction, tmp_path: Path) -> Path:
    toy.save_pretrained(tmp_path)
    return tmp_path


def rewrite(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop(KEY), f"missing: {KEY}"),
        (lambda weights: weights.update(extra=torch.zeros(1)), "unexpected: extra"),
        (lambda weights: weights.update({KEY: torch.zeros(7)}), rf"{KEY}: shape \(7,\) in the file, \(240,\)"),
    ],
)
@pytest.mark.parametrize("load", [OpenVLAForActionPrediction.from_pretrained, AutoModel.from_pretrained])
def test_weights_that_do_not_fit_are_named(
    folder: Path, change: Callable[[dict[str, Tensor]], object], message: str, load: Callable[[Path], object]
) -> None:
    rewrite(folder, change)
    with pytest.raises(ValueError, match=message) as error:
        load(folder)
    assert str(folder) in str(error.value)


def test_a_checkpoint_of_another_width_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["text_config"] |= {"hidden_size": 64, "head_dim": 16}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"shape .*32.* in the file, .*64.* by config.json") as error:
        OpenVLAForActionPrediction.from_pretrained(folder)
    assert "more" in str(error.value)


def test_a_folder_without_a_configuration_is_refused(folder: Path) -> None:
    (folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"config.json is absent"):
        OpenVLAForActionPrediction.from_pretrained(folder)


def test_the_folders_own_code_is_not_run(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {
        "AutoConfig": "configuration_prismatic.OpenVLAConfig",
        "AutoModel": "modeling_prismatic.OpenVLAForActionPrediction",
    }
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("configuration_prismatic.py", "modeling_prismatic.py"):
        (folder / name).write_text("raise SystemExit('it ran')")
    for load in (OpenVLAForActionPrediction.from_pretrained, AutoModel.from_pretrained):
        assert type(load(folder)) is OpenVLAForActionPrediction


def test_adapters_alone_are_no_model(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ValueError, match="holds adapters, not a model"):
        OpenVLAForActionPrediction.from_pretrained(folder)


@pytest.mark.parametrize("option", ["trust_remote_code", "ignore_mismatched_sizes"])
def test_options_that_weaken_the_checks_are_refused(folder: Path, option: str) -> None:
    with pytest.raises(ValueError, match=option):
        OpenVLAForActionPrediction.from_pretrained(folder, **{option: True})
