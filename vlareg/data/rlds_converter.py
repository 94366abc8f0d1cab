"""Turn an RLDS data set into one HDF5 file a task, once; TensorFlow is not needed.

    python -m vlareg.data.rlds_converter modified_libero_rlds/libero_spatial_no_noops/1.0.0 OUTPUT

makes `OUTPUT/{task}_demo.hdf5` in LIBERO's schema, with pictures, numbers and their conventions as they were:
`vlareg.data.conventions.CONVERTED_RLDS` describes what comes of OpenVLA's LIBERO. The folder appears when it is complete.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from vlareg.data.language import one_line
from vlareg.data.natural_order import natural
from vlareg.data.tfrecord import Feature, read_examples
from vlareg.files import atomic_folder

VIEWS = {"image": "agentview_rgb", "wrist_image": "eye_in_hand_rgb"}
"""Cameras of the RLDS data set, and their names in LIBERO's schema."""

LONGEST_NAME = 150
"""Characters of a file's name that are taken from the instruction."""


def convert(source: str | Path, output: str | Path) -> list[Path]:
    """Convert all shards of a folder.

    Args:
        source: Folder with `*.tfrecord*` files of whole episodes.
        output: Folder of the HDF5 files; an earlier conversion is replaced.

    Returns:
        The files.

    Raises:
        ValueError: There is something else in `output`; or there is no shard, or one of them cannot be read, and the message
            names shard, episode and frame.
    """
    shards = sorted(Path(source).glob("*.tfrecord*"), key=lambda file: natural(file.name))
    if not shards:
        raise ValueError(f"`source`: there is no *.tfrecord* in {source}.")
    with atomic_folder(output, replaces=("*_demo.hdf5",)) as partial:
        write_episodes(_named_episodes(shards), partial)
    return sorted(Path(output).glob("*.hdf5"))


def _named_episodes(shards: list[Path]) -> Iterable[tuple[str, dict[str, Feature]]]:
    for shard in shards:
        for number, episode in enumerate(read_examples(shard)):
            yield f"{shard}:episode {number}", episode


def write_episodes(episodes: Iterable[tuple[str, dict[str, Feature]]], folder: Path) -> None:
    """Append each episode to its task's file.

    Args:
        episodes: Name (for messages) and features `steps/...` of each.
        folder: Where the files are made.

    Raises:
        ValueError: An episode lacks something or cannot be decoded.
    """
    files: dict[str, Path] = {}
    demonstrations: Counter[str] = Counter()
    for name, episode in episodes:
        instruction = _instruction(episode, name)
        if instruction not in files:
            files[instruction] = _new_file(folder, instruction, set(files.values()))
        with h5py.File(files[instruction], "a") as root:
            data = root.require_group("data")
            data.attrs["problem_info"] = json.dumps({"language_instruction": instruction})
            _write(data.create_group(f"demo_{demonstrations[instruction]}"), episode, name)
            demonstrations[instruction] += 1
            data.attrs["num_demos"] = demonstrations[instruction]


def _new_file(folder: Path, instruction: str, taken: set[Path]) -> Path:
    slug = re.sub(r"\W+", "_", instruction)[:LONGEST_NAME].strip("_")
    names = [folder / f"{slug}_demo.hdf5", *(folder / f"{slug}_{i}_demo.hdf5" for i in range(2, len(taken) + 2))]
    return next(file for file in names if file not in taken)


def _write(demo: h5py.Group, episode: dict[str, Feature], name: str) -> None:
    demo.attrs["source"] = name
    steps = len(_feature(episode, "steps/language_instruction", name))
    states = _rows(episode, "steps/observation/state", steps, name)
    demo["actions"] = _rows(episode, "steps/action", steps, name)
    demo["obs/ee_pos"], demo["obs/ee_ori"], demo["obs/gripper_states"] = np.split(states, [3, 6], axis=1)
    if "steps/observation/joint_state" in episode:
        demo["obs/joint_states"] = _rows(episode, "steps/observation/joint_state", steps, name)
    for view, stored in VIEWS.items():
        if f"steps/observation/{view}" in episode:
            pictures = _pictures(episode, view, steps, name)
            demo.create_dataset(f"obs/{stored}", data=pictures, chunks=(1, *pictures.shape[1:]), compression="lzf")
    demo.attrs["num_samples"] = steps


def _feature(episode: dict[str, Feature], key: str, name: str) -> Feature:
    if key not in episode:
        raise ValueError(f"{name} has no {key!r}; it has {sorted(episode)}.")
    return episode[key]


def _instruction(episode: dict[str, Feature], name: str) -> str:
    texts = {bytes(text).decode() for text in _feature(episode, "steps/language_instruction", name)}
    if len(texts) != 1:
        raise ValueError(f"{name} must have one instruction, but has {sorted(texts)}.")
    return one_line(texts.pop())


def _rows(episode: dict[str, Feature], key: str, steps: int, name: str) -> np.ndarray:
    values = np.asarray(_feature(episode, key, name), dtype=np.float32)
    if not len(values) or len(values) % steps:
        raise ValueError(f"{name}: {key!r} has {len(values)} numbers, which is no multiple of its {steps} steps.")
    return values.reshape(steps, -1)


def _pictures(episode: dict[str, Feature], view: str, steps: int, name: str) -> np.ndarray:
    encoded = _feature(episode, f"steps/observation/{view}", name)
    if len(encoded) != steps:
        raise ValueError(f"{name} has {len(encoded)} pictures of {view!r} for {steps} steps.")
    decoded = []
    for frame, content in enumerate(encoded):
        try:
            decoded.append(np.asarray(Image.open(BytesIO(content)).convert("RGB")))
        except OSError as error:
            raise ValueError(f"{name}, frame {frame}: the picture of {view!r} cannot be decoded ({error}).") from error
    return np.stack(decoded)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser("python -m vlareg.data.rlds_converter", description=str(__doc__).splitlines()[0])
    parser.add_argument("source", type=Path, help="folder with the *.tfrecord* files")
    parser.add_argument("output", type=Path, help="folder of the HDF5 files; an earlier conversion is replaced")
    chosen = parser.parse_args(arguments)
    try:
        files = convert(chosen.source, chosen.output)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    print(*files, sep="\n")


if __name__ == "__main__":
    main()
