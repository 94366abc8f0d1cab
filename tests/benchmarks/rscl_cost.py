"""What RS-CL adds to a training step: forward and backward with and without it, in turns, on one policy and one batch.

    python tests/benchmarks/rscl_cost.py                                            # the small checkpoint's size
    python tests/benchmarks/rscl_cost.py --size 7b --device cuda --batch-size 16    # OpenVLA-7B's, random weights

LoRA as in training; no optimizer step. Seconds are medians by wall clock, ratios medians of the turns' ratios. Memory is the
device's largest allocation during a step (cuda only).
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from vlareg.batch import IGNORED_LABEL, VLABatch
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction
from vlareg.regularizers import RSCL, SummaryAdapter, UpperBlocksAdapter

MINI = Path(__file__).parents[2] / "checkpoints/openvla-mini"
BLOCKS = "language_model.model.layers"
PROMPT, ANSWER = 24, 8
"""Tokens of an instruction in its template; seven action tokens and the stop token."""


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


def load(size: str, device: str) -> tuple[nn.Module, OpenVLAConfig]:
    """Return the policy with adapters, and its configuration; two views, which view cutoff needs."""
    if size == "mini":
        policy = OpenVLAForActionPrediction.from_pretrained(MINI)
    else:
        with torch.device(device):
            torch.set_default_dtype(torch.bfloat16)
            policy = OpenVLAForActionPrediction(OpenVLAConfig(num_views=2))
            torch.set_default_dtype(torch.float32)
    return LoRA().attach(policy.train()).to(device), policy.config


def make_steps(policy: nn.Module, config: OpenVLAConfig, batch: VLABatch) -> dict[str, Callable[[], None]]:
    """Return a training step without RS-CL, and one with each form of it."""
    width, middle = config.text_config.hidden_size, config.text_config.num_hidden_layers // 2
    adapters = {"side head": SummaryAdapter(width), "upper blocks": UpperBlocksAdapter(width, first_block=middle)}
    device = batch.input_ids.device
    forms = {name: RSCL(f"{BLOCKS}.{middle - 1}", width, adapter=a).to(device) for name, a in adapters.items()}

    def without() -> None:
        policy(**batch.model_inputs()).loss.backward()

    def with_form(rscl: RSCL) -> Callable[[], None]:
        def step() -> None:
            with rscl.watch(policy):
                loss = policy(**batch.model_inputs()).loss
            (loss + rscl(batch).loss).backward()

        return step

    return {"without": without} | {name: with_form(rscl) for name, rscl in forms.items()}


def measure(step: Callable[[], None], device: str) -> tuple[float, float]:
    """Return seconds of a step and its largest allocation (GB, NaN on a processor)."""
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.synchronize()
    start = time.perf_counter()
    step()
    if device == "cpu":
        return time.perf_counter() - start, float("nan")
    torch.cuda.synchronize()
    return time.perf_counter() - start, torch.cuda.max_memory_allocated() / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--size", choices=("mini", "7b"), default="mini", help="whose widths")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9, help="turns after two that warm up")
    options = parser.parse_args()
    torch.manual_seed(0)
    policy, config = load(options.size, options.device)
    steps = make_steps(policy, config, random_batch(config, options.batch_size, options.device))
    turns = torch.tensor(
        [[measure(step, options.device) for step in steps.values()] for _ in range(options.rounds + 2)],
        dtype=torch.float64,
    )[2:]
    threads = f", {torch.get_num_threads()} threads" if options.device == "cpu" else ""
    print(f"{options.size}, batch {options.batch_size}, {options.device}{threads}, {options.rounds} turns")
    for i, name in enumerate(steps):
        seconds, memory = turns[:, i].median(dim=0).values.tolist()
        times, more = (turns[:, i] / turns[:, 0]).median(dim=0).values.tolist()
        print(f"{name:14} {seconds:8.3f} s  {times:5.3f} x without   {memory:7.2f} GB  {more:5.3f} x without")


if __name__ == "__main__":
    main()
