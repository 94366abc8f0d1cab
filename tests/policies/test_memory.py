"""Host memory at its peak, measured by the kernel (`VmHWM`) in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import LlamaConfig

from tests.policies.conftest import build_mini_tokenizer
from vlareg.policies.adapter_files import save_adapter
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction, OpenVLAProcessor, mini_config

SHARD = 16_000_000
CHILD = """
import gc, json, sys, torch
from pathlib import Path
from vlareg.policies.adapter_files import merge_adapter
from vlareg.policies.openvla import OpenVLAForActionPrediction

def read(key):
    return 1024 * int(Path("/proc/self/status").read_text().split(f"{key}:")[1].split()[0])

def peak(work):
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = read("VmRSS")
    work()
    return read("VmHWM") - before

warm, large, adapter, output, shard = sys.argv[1:]
load = OpenVLAForActionPrediction.from_pretrained
load(warm)  # whatever is imported late is imported now
print(json.dumps({
    "merge": peak(lambda: merge_adapter(large, adapter, output, int(shard))),
    "bfloat16": peak(lambda: load(large, dtype=torch.bfloat16)),
    "float32": peak(lambda: load(large, dtype=torch.float32)),
}))
"""


def _write_large(folder: Path) -> int:
    """Write a checkpoint in bfloat16 and adapters for it; return its number of parameters."""
    tokenizer = build_mini_tokenizer(["lift the mug"])
    config = mini_config(tokenizer)
    wider = {"hidden_size": 512, "intermediate_size": 1408, "num_attention_heads": 8, "num_key_value_heads": 8}
    text = LlamaConfig(**{**config.text_config.to_dict(), **wider, "num_hidden_layers": 14, "head_dim": 64})
    model = OpenVLAForActionPrediction(OpenVLAConfig(**{**config.to_dict(), "text_config": text})).to(torch.bfloat16)
    model.save_pretrained(folder / "large", max_shard_size=2 * SHARD)
    OpenVLAProcessor(tokenizer, model.config).save_pretrained(folder / "large")
    save_adapter(LoRA(rank=4, targets="live").attach(model), folder / "adapter")
    return sum(p.numel() for name, p in model.named_parameters() if "lora_" not in name)


@pytest.fixture(scope="module")
def peaks(tmp_path_factory, checkpoint):
    """Return the peaks in bytes, and the number of parameters."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the kernel does not report peaks of memory")
    folder = tmp_path_factory.mktemp("memory")
    parameters = _write_large(folder)
    arguments = [checkpoint, folder / "large", folder / "adapter", folder / "merged", SHARD]
    # Memory that is freed goes back to the kernel at once, as that of the published model's large tensors does anyway.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "parameters": parameters}


@pytest.mark.parametrize(("dtype", "size"), [("bfloat16", 2), ("float32", 4)])
def test_loading_takes_little_more_than_one_copy(peaks, dtype, size):
    copy = size * peaks["parameters"]
    assert copy > 80e6
    assert 0.95 * copy < peaks[dtype] < 1.2 * copy


def test_merging_takes_one_weight_file_and_the_adapters(peaks):
    """Beside the file: the adapters, the model's structure, and the largest tensor in float32 three times."""
    assert SHARD < peaks["merge"] < SHARD + 22e6
    assert peaks["merge"] < 0.4 * 2 * peaks["parameters"]
