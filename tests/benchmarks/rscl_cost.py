"""What RS-CL adds to a training step: forward and backward with and without it, in turns, on one policy and one batch.

    python tests/benchmarks/rscl_cost.py                                            # the small checkpoint's size
    python tests/benchmarks/rscl_cost.py --size 7b --device cuda --batch-size 16    # OpenVLA-7B's, random weights

LoRA as in training; no optimizer step. Seconds are medians by wall clock, ratios medians of the turns' ratios. Memory is the
device's largest allocation during a step, on a processor the process's largest resident memory.
"""

from collections.abc import Callable

import torch
from side_by_side import BLOCKS, describe, load, parser, print_rows, random_batch, take_turns
from torch import nn

from vlareg.batch import VLABatch
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAConfig
from vlareg.regularizers import RSCL, SummaryAdapter, UpperBlocksAdapter


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


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, batch_size=32).parse_args()
    torch.manual_seed(0)
    base = load(options.size, options.device, num_views=2)  # which view cutoff needs
    policy = LoRA().attach(base.train()).to(options.device)
    steps = make_steps(policy, base.config, random_batch(base.config, options.batch_size, options.device))
    print(describe(options))
    print_rows(steps, take_turns(steps.values(), options))


if __name__ == "__main__":
    main()
