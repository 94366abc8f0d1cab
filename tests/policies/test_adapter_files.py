import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from vlareg.module import RegularizedPolicy
from vlareg.policies.adapter_files import load_adapter, merge_adapter, save_adapter, save_policy
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.policies.openvla.stored import stored_tensors

STATISTICS = {"new": {"action": {"q01": [-1.0] * 7, "q99": [1.0] * 7, "mask": [True] * 7}}}


def _load(checkpoint):
    return OpenVLAForActionPrediction.from_pretrained(checkpoint)


@pytest.fixture
def policy(checkpoint):
    torch.manual_seed(0)
    adapted = LoRA(rank=4, targets="reference").attach(_load(checkpoint)).eval()
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.05)
    config = adapted.get_base_model().config
    config.norm_stats, config.trained_with_augmentation = STATISTICS, False
    return adapted


@pytest.fixture
def saved(policy, tmp_path):
    save_adapter(policy, tmp_path / "adapter", _regularizers(1).state_dict())
    return tmp_path / "adapter"


def _regularizers(seed):
    torch.manual_seed(seed)
    return nn.ModuleList([nn.Linear(3, 2), nn.BatchNorm1d(2)])


def test_the_folder_holds_what_was_trained_and_nothing_else(saved, policy):
    assert {file.name for file in saved.iterdir()} == {
        "adapter_model.safetensors",
        "adapter_config.json",
        "regularizers.safetensors",
        "config.json",
        "dataset_statistics.json",
    }
    adapters = load_file(saved / "adapter_model.safetensors")
    trained = {name.replace(".default", ""): p for name, p in policy.named_parameters() if p.requires_grad}
    assert adapters.keys() == trained.keys()  # the head has an adapter here, for which peft would add the embeddings
    assert all(torch.equal(adapters[name], parameter) for name, parameter in trained.items())
    assert json.loads((saved / "dataset_statistics.json").read_text()) == STATISTICS


def test_loading_gives_adapters_statistics_and_regularizers_back(saved, policy, checkpoint):
    regularizers = _regularizers(2)
    loaded = load_adapter(_load(checkpoint), saved, regularizers)
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in policy.state_dict().items())
    assert all(torch.equal(v, regularizers.state_dict()[name]) for name, v in _regularizers(1).state_dict().items())
    config = loaded.get_base_model().config
    assert config.norm_stats == STATISTICS
    assert not config.trained_with_augmentation


def test_the_adapters_number_format_stays(checkpoint, tmp_path):
    policy = LoRA(rank=4, targets="language", dtype="bfloat16").attach(_load(checkpoint))
    save_adapter(policy, tmp_path / "adapter")
    loaded = load_adapter(_load(checkpoint), tmp_path / "adapter")
    assert {p.dtype for name, p in loaded.named_parameters() if "lora_" in name} == {torch.bfloat16}
    assert not (tmp_path / "adapter" / "regularizers.safetensors").exists()


def test_a_file_without_one_of_the_adapters_is_refused(saved, checkpoint):
    file = saved / "adapter_model.safetensors"
    weights = load_file(file)
    name = next(iter(weights))
    save_file({key: value for key, value in weights.items() if key != name}, file)
    with pytest.raises(ValueError, match=r"missing or unexpected in adapter_model.safetensors: .*lora_"):
        load_adapter(_load(checkpoint), saved)


@pytest.mark.parametrize("dora", [False, True])
def test_merging_from_folder_to_folder_is_bitwise_merging_in_memory(checkpoint, tmp_path, dora):
    torch.manual_seed(0)
    policy = LoRA(rank=4, targets="live", dora=dora).attach(_load(checkpoint))
    for name, parameter in policy.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.05)
    save_adapter(policy, tmp_path / "adapter")
    merge_adapter(checkpoint, tmp_path / "adapter", tmp_path / "files", max_shard_size="2MB")
    save_policy(policy, tmp_path / "memory")
    files, memory = stored_tensors(tmp_path / "files"), stored_tensors(tmp_path / "memory")
    assert len({tensor.file for tensor in files.values()}) > 3
    assert files.keys() == memory.keys() == stored_tensors(checkpoint).keys()
    assert all(torch.equal(files[name][...], memory[name][...]) for name in files)


def test_a_merged_folder_is_a_whole_checkpoint(saved, policy, checkpoint, tmp_path):
    merge_adapter(checkpoint, saved, tmp_path / "merged")
    merged = _load(tmp_path / "merged")
    processor = OpenVLAProcessor.from_pretrained(tmp_path / "merged")
    images = torch.rand(1, 2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    inputs = {**processor.tokenize(["lift the mug"]), "pixel_values": processor.normalize(images)}
    with torch.no_grad():
        ours, theirs = (model(**inputs).logits for model in (merged, policy))
        plain = _load(checkpoint)(**inputs).logits
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    assert (ours - plain).abs().max() > 1e-3
    assert (merged.config.norm_stats, merged.config.trained_with_augmentation) == (STATISTICS, False)
    assert json.loads((tmp_path / "merged" / "dataset_statistics.json").read_text()) == STATISTICS


def test_nothing_is_replaced_but_a_policy_or_adapters(saved, policy, checkpoint, tmp_path):
    save_adapter(policy, saved)
    for folder in (checkpoint, saved):
        with pytest.raises(ValueError, match=r"`output`: .* is what is to be merged; choose a new folder"):
            merge_adapter(checkpoint, saved, folder)
    with pytest.raises(ValueError, match=r"would be replaced, but holds \['adapter'\]"):
        merge_adapter(checkpoint, saved, tmp_path)
    with pytest.raises(ValueError, match=r"would be replaced, but holds \['adapter'\]"):
        save_adapter(policy, tmp_path)


def test_a_policy_without_adapters_is_saved_as_it_is(checkpoint, tmp_path):
    policy = _load(checkpoint)
    save_policy(policy, tmp_path)
    loaded = _load(tmp_path).state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in policy.state_dict().items())


def test_a_training_module_writes_its_adapters_alone(checkpoint, tmp_path):
    RegularizedPolicy(str(checkpoint), lora=LoRA(rank=2)).export_adapter(tmp_path / "adapter")
    assert load_adapter(_load(checkpoint), tmp_path / "adapter").peft_config["default"].r == 2
    with pytest.raises(ValueError, match="no adapters"):
        RegularizedPolicy(str(checkpoint), lora=None).export_adapter(tmp_path / "none")
