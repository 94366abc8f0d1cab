import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.policies.conftest import TOY
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.policies.openvla.stored import INDEX_FILE, stored_tensors

WHOLE = "model.safetensors"
FIRST, SECOND = (f"model-0000{i}-of-00002.safetensors" for i in (1, 2))


@pytest.fixture
def sharded(tmp_path):
    """Return the toy in two files with an index, as transformers 4.40 wrote them."""
    shutil.copyfile(TOY / "config.json", tmp_path / "config.json")
    weights = load_file(TOY / WHOLE)
    parts = {FIRST: dict(list(weights.items())[:60]), SECOND: dict(list(weights.items())[60:])}
    for name, part in parts.items():
        save_file(part, tmp_path / name, metadata={"format": "pt"})
    total = sum(weight.nbytes for weight in weights.values())
    index = {
        "metadata": {"total_size": total},
        "weight_map": {key: name for name, part in parts.items() for key in part},
    }
    (tmp_path / INDEX_FILE).write_text(json.dumps(index))
    return tmp_path


def test_several_files_load_as_one_does(sharded, toy):
    loaded = OpenVLAForActionPrediction.from_pretrained(sharded, dtype=torch.float32)
    assert all(torch.equal(value, toy.state_dict()[key]) for key, value in loaded.state_dict().items())


def test_tensors_are_read_as_safetensors_reads_them(sharded):
    stored, expected = stored_tensors(sharded), load_file(TOY / WHOLE)
    assert stored.keys() == expected.keys()
    assert all(torch.equal(stored[key][...], value) for key, value in expected.items())
    assert all((stored[key].shape, stored[key].dtype) == (tuple(v.shape), v.dtype) for key, v in expected.items())


def test_scalars_and_empty_tensors(tmp_path):
    tensors = {"scalar": torch.tensor(3.0), "empty": torch.zeros(0, 4), "half": torch.ones(3, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / WHOLE)
    stored = stored_tensors(tmp_path)
    assert all(torch.equal(stored[key][...], value) for key, value in tensors.items())


def test_the_files_number_format_counts_where_the_configuration_names_none(sharded):
    config = json.loads((sharded / "config.json").read_text())
    del config["torch_dtype"]
    (sharded / "config.json").write_text(json.dumps(config))
    assert OpenVLAForActionPrediction.from_pretrained(sharded).dtype == torch.float16


def test_an_absent_file_is_named(sharded):
    (sharded / SECOND).unlink()
    with pytest.raises(FileNotFoundError, match=rf"lacks files that its index names: \['{SECOND}'\]"):
        stored_tensors(sharded)


def test_a_truncated_file_is_named(sharded):
    (sharded / SECOND).write_bytes((sharded / SECOND).read_bytes()[:10_000])
    with pytest.raises(ValueError, match=f"{SECOND} cannot be read"):
        OpenVLAForActionPrediction.from_pretrained(sharded)


def test_a_file_that_shrinks_meanwhile_is_named(sharded):
    stored = stored_tensors(sharded)
    (sharded / SECOND).write_bytes((sharded / SECOND).read_bytes()[:10_000])
    with pytest.raises(ValueError, match=f"{SECOND} ends inside"):
        [tensor[...] for tensor in stored.values()]


def test_two_sets_of_weights_are_refused(sharded):
    shutil.copyfile(TOY / WHOLE, sharded / WHOLE)
    with pytest.raises(ValueError, match="two sets of weights"):
        stored_tensors(sharded)


def test_an_index_that_names_the_wrong_file_is_refused(sharded):
    index = json.loads((sharded / INDEX_FILE).read_text())
    index["weight_map"]["projector.fc1.bias"] = {FIRST: SECOND, SECOND: FIRST}[
        index["weight_map"]["projector.fc1.bias"]
    ]
    (sharded / INDEX_FILE).write_text(json.dumps(index))
    with pytest.raises(ValueError, match=r"does not fit the files beside it.*projector\.fc1\.bias"):
        stored_tensors(sharded)


def test_a_weight_in_two_files_is_refused(sharded):
    weights = load_file(sharded / SECOND) | dict(list(load_file(sharded / FIRST).items())[:1])
    save_file(weights, sharded / SECOND)
    with pytest.raises(ValueError, match=f"is both in {FIRST} and in {SECOND}"):
        stored_tensors(sharded)


def test_other_formats_are_not_read(tmp_path):
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match="other formats are not read"):
        stored_tensors(tmp_path)
    save_file({"count": torch.zeros(3, dtype=torch.int8)}, tmp_path / WHOLE)
    with pytest.raises(ValueError, match="some are in I8"):
        stored_tensors(tmp_path)
