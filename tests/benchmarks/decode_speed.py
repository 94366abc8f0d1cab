"""Frames that a policy answers a second: batch 1 against 16, a growing cache against a fixed one, in turns, on one policy.

    python tests/benchmarks/decode_speed.py                               # the small checkpoint
    python tests/benchmarks/decode_speed.py --size 7b --device cuda       # OpenVLA-7B's size, random weights in bfloat16

A frame is an answer of seven tokens, encoders and prompt included. On a GPU there is a third decoder, whose steps are compiled to
CUDA graphs. Times are medians by wall clock, ratios medians of the turns' ratios.
"""

from functools import partial

import torch
from side_by_side import PROMPT, describe, load, parser, random_batch, take_turns
from torch import Tensor
from transformers import CompileConfig

from vlareg.policies.openvla import OpenVLAForActionPrediction, StaticDecoder
from vlareg.policies.openvla.decoding import Decode, decode_greedily


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
    asked = parser(__doc__)
    asked.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 16], help="the first one is compared with")
    options = asked.parse_args()
    torch.manual_seed(0)
    policy = load(options.size, options.device).eval()
    if options.device != "cpu":
        policy = policy.bfloat16()
    calls = {
        (name, size): partial(answer, policy, prompts(policy, size, options.device), decode)
        for size in options.batch_sizes
        for name, decode in make_decoders(options.device).items()
    }
    turns = take_turns(calls.values(), options)[..., 0]
    speeds = {(name, size): size / turns[:, i] for i, (name, size) in enumerate(calls)}
    print(describe(options))
    for (name, size), speed in speeds.items():
        gained, batched = speed / speeds["dynamic", size], speed / speeds[name, options.batch_sizes[0]]
        print(
            f"{name:8} batch {size:3}: {speed.median():8.2f} frames/s  {gained.median():5.2f} x dynamic  "
            f"{batched.median():5.2f} x batch {options.batch_sizes[0]}"
        )


if __name__ == "__main__":
    main()
