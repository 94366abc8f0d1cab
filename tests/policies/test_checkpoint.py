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


def test_a_broken_file_is_an_error(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:10_000])
    with pytest.raises(ValueError, match=r"model.safetensors.* cannot be read"):
        OpenVLAForActionPrediction.from_pretrained(folder)


def test_a_name_that_is_no_folder_is_not_looked_for_elsewhere() -> None:
    with pytest.raises(FileNotFoundError, match="local checkpoint folder, but 'openvla/openvla-7b'"):
        OpenVLAForActionPrediction.from_pretrained("openvla/openvla-7b")


@pytest.mark.parametrize("absent", ["config.json", "model.safetensors"])
def test_an_incomplete_folder_is_refused(folder: Path, absent: str) -> None:
    (folder / absent).unlink()
    with pytest.raises(FileNotFoundError, match=absent.removeprefix("model")):
        OpenVLAForActionPrediction.from_pretrained(folder)


def test_pickled_weights_are_not_read(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match="safetensors"):
        OpenVLAForActionPrediction.from_pretrained(folder)


@pytest.mark.parametrize("option", ["trust_remote_code", "ignore_mismatched_sizes"])
def test_options_that_weaken_the_checks_are_refused(folder: Path, option: str) -> None:
    with pytest.raises(ValueError, match=option):
        OpenVLAForActionPrediction.from_pretrained(folder, **{option: True})
