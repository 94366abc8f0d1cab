"""What the default teacher knows, and what a constant vector would get for it: the two numbers beside those of aligned policies.

    python tests/benchmarks/teacher_sight.py

The probe is that of `python -m vlareg.diagnose`, on the teacher's mean patch; the cosine is the mean over patches of held-out frames of
`libero_mini` (tasks 6-9) to the constant for which it is largest.
"""

import torch
from side_by_side import BLOCKS, MINI
from torch.nn import functional as F

from vlareg.data import Demonstrations, LiberoData
from vlareg.data.concepts.sign_sets import sign_sets
from vlareg.data.image_set import ImageSet
from vlareg.diagnose import Options
from vlareg.diagnose.linear_probe import probe, split_classes
from vlareg.diagnose.policy_inputs import prepare_pictures
from vlareg.policies.openvla import OpenVLAProcessor
from vlareg.regularizers import TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher, Teacher


def accuracy(teacher: Teacher, images: ImageSet, processor: OpenVLAProcessor, seed: int) -> float:
    """Return the probe's accuracy on one set of pictures."""
    pictures = torch.from_numpy(prepare_pictures(images, processor)).movedim(-1, -3).float() / 255
    features = torch.cat([teacher(part).features.mean(dim=1) for part in pictures.split(60)])
    return float(probe(features, images.labels, split_classes(images.labels, seed), seed).float().mean())


@torch.no_grad()
def main() -> None:
    """Measure and print."""
    teacher, options, processor = EfficientNetLiteTeacher(96, -2), Options(), OpenVLAProcessor.from_pretrained(MINI)
    sets = sign_sets(options.pictures, processor.config.image_size, options.seed)
    rates = {images.name: accuracy(teacher, images, processor, options.seed) for images in sets}
    print(
        f"probe {sum(rates.values()) / len(rates):.3f}:",
        ", ".join(f"{name} {rate:.2f}" for name, rate in rates.items()),
    )
    data = LiberoData(str(MINI), Demonstrations(train_episodes=10, validation_episodes=20))
    data.setup()
    alignment = TeacherAlignment([f"{BLOCKS}.3"], 192, teacher=teacher)
    features = torch.cat([alignment.target(batch).flatten(0, 1) for batch in data.probe_batches()])
    best = F.normalize(features, dim=-1).mean(dim=0)
    print(f"cosine of a constant {F.cosine_similarity(features, best[None], dim=-1).mean():.3f}")


if __name__ == "__main__":
    main()
