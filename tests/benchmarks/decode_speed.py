"""Frames that a policy answers a second: batch 1 against 16, a growing cache against a fixed one, in turns, on one policy.

    python tests/benchmarks/decode_speed.py                               # the small checkpoint
    python tests/benchmarks/decode_speed.py --size 7b --device cuda       # OpenVLA-7B's size, random weights in bfloat16

A frame is an answer of seven tokens, encoders and prompt included. On a GPU there is a third decoder, whose steps are compiled to
CUDA graphs. Times are medians by wall clock, ratios medians of the turns' ratios.
"""

import argparse
from functools import partial

import torch
from rscl_cost import MINI, PROMPT, measure, random_batch
from torch import Tensor
from transformers import CompileConfig

from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction, StaticDecoder
from vlareg.policies.openvla.decoding import Decode, decode_greedily


def load(size: str, device: str) -> OpenVLAForActionPrediction:
    """Return the policy as it acts: in evaluation mode, on a GPU in bfloat16."""
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    if size == "mini":
        policy: OpenVLAForActionPrediction = OpenVLAForActionPrediction.from_pretrained(MINI, dtype=dtype)
        return policy.to(device)
    with torch.device(device):
        torch.set_default_dtype(dtype)
        policy = OpenVLAForActionPrediction(OpenVLAConfig())
        torch.set_default_dtype(torch.float32)
    return policy.eval()


def prompts(policy: OpenVLAForActionPrediction, size: int, device: str) -> dict[str, Tensor]:
    """Return noise in the shapes of frames and instructions."""
    batch = random_batch(policy.config, size, device)
    return {
        "input_ids": batch.input_ids[:, :PROMPT],
        "attention_mask": batch.attention_mask[:, :PROMPT],
        "pixel_values": batch.pixel_values,
    }


def answer(policy: OpenVLAForActionPrediction, inputs: dict[str, Tensor], decode: Decode) -> None:
    """Decode an action for each frame."""
    policy.generate_tokens(**inputs, num_tokens=7, allowed_ids=policy.config.action_token_ids, decode=decode)


def make_decoders(device: str) -> dict[str, Decode]:
    """Return the decoders by name; those of fixed size keep a cache of one batch size."""
    decoders: dict[str, Decode] = {"dynamic": decode_greedily, "static": StaticDecoder()}
    if device != "cpu":
        decoders["compiled"] = StaticDecoder(CompileConfig(dynamic=False))
    return decoders


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--size", choices=("mini", "7b"), default="mini", help="whose widths")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 16], help="the first one is compared with")
    parser.add_argument("--rounds", type=int, default=9, help="turns after two that warm up")
    options = parser.parse_args()
    torch.manual_seed(0)
    policy = load(options.size, options.device)
    calls = {
        (name, size): partial(answer, policy, prompts(policy, size, options.device), decode)
        for size in options.batch_sizes
        for name, decode in make_decoders(options.device).items()
    }
    turns = [[measure(call, options.device)[0] for call in calls.values()] for _ in range(options.rounds + 2)]
    speeds = {
        (name, size): size / torch.tensor(seconds, dtype=torch.float64)
        for (name, size), seconds in zip(calls, zip(*turns[2:], strict=True), strict=True)
    }
    threads = f", {torch.get_num_threads()} threads" if options.device == "cpu" else ""
    print(f"{options.size}, {options.device}{threads}, {options.rounds} turns")
    for (name, size), speed in speeds.items():
        gained, batched = speed / speeds["dynamic", size], speed / speeds[name, options.batch_sizes[0]]
        print(
            f"{name:8} batch {size:3}: {speed.median():8.2f} frames/s  {gained.median():5.2f} x dynamic  "
            f"{batched.median():5.2f} x batch {options.batch_sizes[0]}"
        )


if __name__ == "__main__":
    main()
