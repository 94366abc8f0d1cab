"""What the benchmarks of a policy share: its sizes, a batch of noise, and steps that are measured in turns."""

import argparse
import ctypes
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.batch import IGNORED_LABEL, VLABatch
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction

MINI = Path(__file__).parents[2] / "checkpoints/openvla-mini"
BLOCKS = "language_model.model.layers"
PROMPT, ANSWER = 24, 8
"""Tokens of an instruction in its template; seven action tokens and the stop token."""
WARM_UP = 2
"""Turns that do not count."""


def parser(documentation: str | None, batch_size: int | None = None) -> argparse.ArgumentParser:
    """Return a parser of the options that all have.

    Args:
        documentation: The module's.
        batch_size: The default; without one there is no such option.
    """
    options = argparse.ArgumentParser(description=str(documentation).splitlines()[0])
    options.add_argument("--size", choices=("mini", "7b"), default="mini", help="whose widths; 7b has random weights")
    options.add_argument("--device", default="cpu", help="cpu or cuda")
    if batch_size is not None:
        options.add_argument("--batch-size", type=int, default=batch_size)
    options.add_argument("--rounds", type=int, default=9, help=f"turns after {WARM_UP} that warm up")
    return options


def describe(options: argparse.Namespace) -> str:
    """Return what is measured where, for the first line."""
    threads = f", {torch.get_num_threads()} threads" if options.device == "cpu" else ""
    batch = f", batch {options.batch_size}" if hasattr(options, "batch_size") else ""
    return f"{options.size}{batch}, {options.device}{threads}, {options.rounds} turns"


def load(size: str, device: str, num_views: int = 1) -> OpenVLAForActionPrediction:
    """Return the small checkpoint, or OpenVLA-7B with random weights in bfloat16 and as many views as asked for."""
    if size == "mini":
        policy: OpenVLAForActionPrediction = OpenVLAForActionPrediction.from_pretrained(MINI)
        return policy.to(device)
    with torch.device(device):
        torch.set_default_dtype(torch.bfloat16)
        policy = OpenVLAForActionPrediction(OpenVLAConfig(num_views=num_views))
        torch.set_default_dtype(torch.float32)
    return policy


def random_batch(config: OpenVLAConfig, size: int, device: str) -> VLABatch:
    """Return a batch of noise in the policy's shapes; time depends on nothing else."""
    ids = torch.randint(5, config.token_end, (size, PROMPT + ANSWER))
    labels = ids.clone()
    labels[:, :PROMPT] = IGNORED_LABEL
    images = torch.rand(size, config.num_views, 3, config.image_size, config.image_size)
    return VLABatch(
        input_ids=ids,
        attention_mask=torch.ones_like(ids, dtype=torch.bool),
        labels=labels,
        pixel_values=torch.cat([images, images], dim=2).flatten(1, 2),
        images=images,
        proprio=torch.rand(size, 8),
        actions=torch.rand(size, 1, 7),
        episode_ids=torch.arange(size),
        sample_ids=torch.arange(size),
        patches_per_view=config.patches_per_view,
    ).to(device)


def measure(step: Callable[[], object], device: str) -> tuple[float, float]:
    """Return seconds of a step and the largest memory during it (GB): the device's, on a processor the process's."""
    if device == "cpu":
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    else:
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    if device == "cpu":
        seconds, status = time.perf_counter() - start, Path("/proc/self/status").read_text()
        return seconds, int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e9
    torch.cuda.synchronize()
    return time.perf_counter() - start, torch.cuda.max_memory_allocated() / 1e9


def take_turns(
    steps: Iterable[Callable[[], object]], options: argparse.Namespace
) -> Float[Tensor, "rounds steps seconds_and_gb"]:
    """Measure steps in turns."""
    order = list(steps)
    turns = [[measure(step, options.device) for step in order] for _ in range(options.rounds + WARM_UP)]
    return torch.tensor(turns[WARM_UP:], dtype=torch.float64)


def print_rows(names: Iterable[str], turns: Float[Tensor, "rounds steps seconds_and_gb"]) -> None:
    """Print a line a step: medians, and medians of the turns' ratios to the first step."""
    first, *others = names
    for i, name in enumerate((first, *others)):
        seconds, memory = turns[:, i].median(dim=0).values.tolist()
        times, more = (turns[:, i] / turns[:, 0]).median(dim=0).values.tolist()
        print(f"{name:14} {seconds:8.3f} s  {times:5.3f} x {first}   {memory:7.2f} GB  {more:5.3f} x {first}")
