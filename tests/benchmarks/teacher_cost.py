"""What teacher alignment adds to a training step: forward and backward with a cached teacher, with one that runs, and as the reference
does it (every block's output kept, the teacher runs), in turns with none, on one policy and one batch.

    python tests/benchmarks/teacher_cost.py                                            # the small checkpoint and its teacher
    python tests/benchmarks/teacher_cost.py --size 7b --device cuda --batch-size 16    # OpenVLA-7B's and RADIO-L's widths, random weights

LoRA as in training; no optimizer step. Seconds are medians by wall clock, ratios medians of the turns' ratios. Memory is the largest
allocation on the device during a step; on a processor the largest resident memory of the process, which holds the teacher in every row.
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

import torch
from side_by_side import BLOCKS, describe, load, parser, print_rows, random_batch, take_turns
from torch import nn

from vlareg.batch import VLABatch
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAConfig
from vlareg.regularizers import FrozenMLPProjector, TeacherAlignment
from vlareg.shapes import Images
from vlareg.teachers import CachedTeacher, EfficientNetLiteTeacher, Teacher
from vlareg.teachers.timm_features import build, last_map

SAMPLES_PER_BATCH = 4
"""Size of the data set whose features are cached, in batches."""


class UntrainedRadio(Teacher):
    """RADIO-L's structure at 256 pixels; time does not depend on the weights."""

    def __init__(self) -> None:
        super().__init__(build("vit_large_patch16_radio_v3", img_size=256), 256, mean=(0.5,) * 3, std=(0.5,) * 3)

    def feature_map(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the last block's features."""
        return last_map(self.encoder, pixels, -1)


class Noise:
    """A data set of frames of noise."""

    fingerprint = "noise"

    def __init__(self, count: int, config: OpenVLAConfig) -> None:
        self.count, self.shape = count, (config.num_views, 3, config.image_size, config.image_size)

    def __len__(self) -> int:
        return self.count

    def whole_images(self, indices: Sequence[int]) -> Images:
        """Return the frames of some samples."""
        return torch.stack([torch.rand(self.shape, generator=torch.Generator().manual_seed(i)) for i in indices])


def make_steps(
    policy: nn.Module, config: OpenVLAConfig, batch: VLABatch, teachers: dict[str, Teacher], hidden: int
) -> dict[str, Callable[[], None]]:
    """Return a training step without a teacher, with each, and one that keeps all hidden states as well."""
    width, middle = config.text_config.hidden_size, config.text_config.num_hidden_layers // 2
    device = batch.input_ids.device
    blocks = policy.get_submodule(f"base_model.model.{BLOCKS}")

    def without() -> None:
        policy(**batch.model_inputs()).loss.backward()

    def aligned(teacher: Teacher, keep_all: bool = False) -> Callable[[], None]:
        projector = FrozenMLPProjector(width, teacher.dim, hidden)
        alignment = TeacherAlignment([f"{BLOCKS}.{middle - 1}"], width, teacher=teacher, projector=projector).to(device)

        def step() -> None:
            kept: list[object] = []
            with ExitStack() as hooks:
                hooks.enter_context(alignment.watch(policy))
                for block in blocks if keep_all else ():
                    hooks.callback(block.register_forward_hook(lambda *call: kept.append(call[2])).remove)
                loss = policy(**batch.model_inputs()).loss
            (loss + alignment(batch).loss).backward()

        return step

    steps = {name: aligned(teacher) for name, teacher in teachers.items()}
    return {"none": without, **steps, "reference": aligned(teachers["live"], keep_all=True)}


def main() -> None:
    """Measure and print."""
    options = parser(__doc__, batch_size=32).parse_args()
    torch.manual_seed(0)
    base = load(options.size, options.device, num_views=2)
    policy, config = LoRA().attach(base.train()).to(options.device), base.config
    make, hidden = (lambda: EfficientNetLiteTeacher(96, -2), 256) if options.size == "mini" else (UntrainedRadio, 2048)
    data = Noise(SAMPLES_PER_BATCH * options.batch_size, config)
    with tempfile.TemporaryDirectory() as folder:
        cached = CachedTeacher(make(), folder=folder)
        cached.prepare(data, options.device)
        batch = random_batch(config, options.batch_size, options.device)
        boxes = torch.tensor([[0.02, 0.03, 0.97, 0.98]], device=options.device).expand(len(batch), 4)
        batch = replace(batch, sample_ids=batch.sample_ids * SAMPLES_PER_BATCH, dataset=data.fingerprint, boxes=boxes)
        steps = make_steps(policy, config, batch, {"cached": cached, "live": make()}, hidden)
        print(describe(options))
        print_rows(steps, take_turns(steps.values(), options))


if __name__ == "__main__":
    main()
