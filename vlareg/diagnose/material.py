"""What the policies are shown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlareg.data import Demonstrations, LiberoData
from vlareg.data.concepts.sign_sets import sign_sets
from vlareg.data.image_set import ImageSet, image_folder
from vlareg.diagnose.options import Options
from vlareg.diagnose.policy_inputs import Prepared, prepare_pictures
from vlareg.diagnose.scenes import Scene, instructed_scenes
from vlareg.evaluation.policy import read_config
from vlareg.evaluation.subjects import Subject
from vlareg.policies.openvla import OpenVLAProcessor


@dataclass(frozen=True)
class Material:
    """What a policy is shown, as its own pre-processing leaves it.

    Args:
        processor: The policy's.
        pictures: Set of pictures -> the pictures.
        scenes: Tabletops with instructions.
        data: Demonstrations, set up.
    """

    processor: OpenVLAProcessor
    pictures: Mapping[str, Prepared]
    scenes: Sequence[Scene]
    data: LiberoData


def choose_pictures(images: Sequence[Path], subjects: Sequence[Subject], options: Options) -> list[ImageSet]:
    """Return the given pictures, or the built-in concepts at the largest policy's size.

    Args:
        images: Folders of pictures; none for the concepts.
        subjects: The policies.
        options: How many pictures, and their seed.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If there are too few pictures, or two folders have one name.
    """
    if not images:
        size = max(read_config(subject.folder).image_size for subject in subjects)
        return sign_sets(options.pictures, size, options.seed)
    sets = [image_folder(folder, options.pictures, options.seed) for folder in images]
    twice = [name for name, count in Counter(each.name for each in sets).items() if count > 1]
    if twice:
        raise ValueError(f"`images` must be folders of different names, but two are called {twice[0]!r}.")
    return sets


def prepare_materials(
    subjects: Sequence[Subject], sets: Sequence[ImageSet], data: Demonstrations, options: Options
) -> list[Material]:
    """Prepare what every policy is shown; pictures are kept once for policies that prepare them alike.

    Args:
        subjects: The policies.
        sets: The pictures.
        data: The demonstrations.
        options: Numbers of scenes and frames, and the scenes' seed.

    Raises:
        ValueError: If a picture cannot be read, or a policy cannot see the scenes or the demonstrations.
    """
    ready: dict[tuple[int, bool], dict[str, Prepared]] = {}
    materials = []
    for subject in subjects:
        processor = OpenVLAProcessor.from_pretrained(subject.folder)
        crops = processor.config.trained_with_augmentation
        key = (processor.config.image_size, crops)
        if key not in ready:
            ready[key] = {images.name: prepare_pictures(images, processor) for images in sets}
        frames = LiberoData(str(subject.folder), data, augmentation=crops, probe_samples=options.frames)
        frames.setup()
        scenes = instructed_scenes(options.scenes, options.seed, processor)
        materials.append(Material(processor, ready[key], scenes, frames))
    return materials
