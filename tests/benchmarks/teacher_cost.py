"""What teacher alignment adds to a training step: forward and backward with a cached teacher, with one that runs, and as the reference
does it (every block's output kept, the teacher runs), in turns with none, on one policy and one batch.

    python tests/benchmarks/teacher_cost.py                                            # the small checkpoint and its teacher
    python tests/benchmarks/teacher_cost.py --size 7b --device cuda --batch-size 16    # OpenVLA-7B's and RADIO-L's widths, random weights

LoRA as in training; no optimizer step. Seconds are medians by wall clock, ratios medians of the turns' ratios. Memory is the largest
allocation on the device during a step; on a processor the largest resident memory of the process, which holds the teacher in every row.
"""

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack

import torch
from side_by_side import BLOCKS, describe, load, parser, print_rows, take_turns
from teachers import align, batch_of_noise, make_teachers
from torch import nn

from vlareg.batch import VLABatch
from vlareg.policies.lora import LoRA
from vlareg.regularizers import TeacherAlignment


def make_steps(
    policy: nn.Module, batch: VLABatch, alignments: Mapping[str, TeacherAlignment]
) -> dict[str, Callable[[], None]]:
    """Return a training step without a teacher, with each, and one that keeps all hidden states as well."""
    blocks = policy.get_submodule(f"base_model.model.{BLOCKS}")

    def without() -> None:
        policy(**batch.model_inputs()).loss.backward()

    def aligned(alignment: TeacherAlignment, keep_all: bool = False) -> Callable[[], None]:
        def step() -> None:
            kept: list[object] = []
            with ExitStack() as hooks:
                hooks.enter_context(alignment.watch(policy))
                for block in blocks if keep_all else ():
                    hooks.callback(block.register_forward_hook(lambda *call: kept.append(call[2])).remove)
                loss = policy(**batch.model_inputs()).loss
            (loss + alignment(batch).loss).backward()

        return step

    steps = {name: aligned(alignment) for name, alignment in alignments.items()}
    return {"none": without, **steps, "reference": aligned(alignments["live"], keep_all=True)}


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, batch_size=32).parse_args()
    torch.manual_seed(0)
    base = load(options.size, options.device, num_views=2)
    policy = LoRA().attach(base.train()).to(options.device)
    with tempfile.TemporaryDirectory() as folder:
        teachers = make_teachers(base.config, options.size, options.batch_size, options.device, folder)
        alignments = {name: align(base.config, options.size, x, options.device) for name, x in teachers.items()}
        steps = make_steps(policy, batch_of_noise(base.config, options.batch_size, options.device), alignments)
        print(describe(options))
        print_rows(steps, take_turns(steps.values(), options))


if __name__ == "__main__":
    main()
