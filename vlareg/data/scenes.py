"""Render random tabletops and sign boards, with what is true about them, for vision-language pretraining."""

import argparse
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped, UInt8
from PIL import Image, ImageDraw
from tqdm import tqdm

from vlareg.data.questions import CATEGORIES, COLORS, KINDS, OPENING_M
from vlareg.data.signs import PALETTE, SIGNS, draw_sign, texture
from vlareg.files import atomic_file, cache_folder

FORMAT_VERSION = 1
SLOTS = 6
"""Most objects in a scene."""
SHARD = 250
"""Scenes a worker renders before it stores them."""
SIZE = 96
"""Side of the stored pictures (pixels)."""
VIEWS = 2
"""Agentview, then wrist."""

Arrays = dict[str, Shaped[np.ndarray, "scenes ..."]]


def render_scenes(
    count: int, seed: int = 0, workers: int = 2, *, signs: int | None = None, output: str | Path | None = None
) -> Arrays:
    """Render scenes, or continue where an interrupted call stopped, and load them.

    Args:
        count: Number of tabletop scenes.
        seed: Scene i depends on the seed and i alone.
        workers: Number of processes; 0 renders in this one.
        signs: Number of scenes with a sign board, which stand behind the others; by default half of `count`.
        output: Folder for the result; by default one in the user's cache.

    Returns:
        Arrays with one row a scene: `frames` (uint8, [views height width 3], upright, memory-mapped) and what is true, read by
        `vlareg.data.questions.facts`.

    Raises:
        ValueError: A number is negative, or `output` holds scenes of other settings.
    """
    signs = count // 2 if signs is None else signs
    if min(count, signs, workers) < 0 or count + signs == 0:
        raise ValueError(f"`count`, `signs` and `workers` must be >= 0, but got {count}, {signs} and {workers}.")
    settings = {"version": FORMAT_VERSION, "count": count, "signs": signs, "seed": seed}
    folder = Path(output) if output else cache_folder("scenes") / f"{count}-{signs}-seed{seed}-v{FORMAT_VERSION}"
    _prepare(folder, settings)
    starts = range(0, count + signs, SHARD)
    todo = [(str(folder), start, settings) for start in starts if not _labels(folder, start).exists()]
    with tqdm(total=len(starts), initial=len(starts) - len(todo), unit=f" x {SHARD} scenes", disable=not todo) as bar:
        if workers == 0 or not todo:
            for task in todo:
                _render_shard(task)
                bar.update()
            return load_scenes(folder)
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            for future in as_completed([pool.submit(_render_shard, task) for task in todo]):
                future.result()
                bar.update()
    return load_scenes(folder)


def load_scenes(folder: str | Path) -> Arrays:
    """Load what `render_scenes` stored; the frames stay on the disk, memory-mapped.

    Raises:
        FileNotFoundError: The folder has no scenes, or rendering was interrupted; the message says how to go on.
    """
    folder = Path(folder)
    if not (folder / "settings.json").exists():
        raise FileNotFoundError(f"`folder`: {folder} has no scenes; make them with `python -m vlareg.data.scenes`.")
    settings = json.loads((folder / "settings.json").read_text())
    shards = [_labels(folder, start) for start in range(0, settings["count"] + settings["signs"], SHARD)]
    if missing := [shard.name for shard in shards if not shard.exists()]:
        raise FileNotFoundError(f"`folder`: {folder} lacks {missing[0]}; run `python -m vlareg.data.scenes` again to go on.")
    rows = [dict(np.load(shard, allow_pickle=False)) for shard in shards]
    arrays = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return {"frames": np.load(folder / "frames.npy", mmap_mode="r"), **arrays}


def _prepare(folder: Path, settings: dict[str, int]) -> None:
    """Write the settings and a file of frames that is empty as yet, or check that they fit."""
    file = folder / "settings.json"
    if file.exists():
        if (found := json.loads(file.read_text())) != settings:
            raise ValueError(f"`output`: {folder} holds scenes of {found}, not of {settings}; choose another folder.")
        return
    shape = (settings["count"] + settings["signs"], VIEWS, SIZE, SIZE, 3)
    with atomic_file(folder / "frames.npy") as path:
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    with atomic_file(file) as path:
        path.write_text(json.dumps(settings))


def _labels(folder: Path, start: int) -> Path:
    return folder / f"labels-{start // SHARD:05d}.npz"


def _render_shard(task: tuple[str, int, dict[str, int]]) -> None:
    """Write a shard's frames, then its labels: a shard with labels is complete."""
    folder, start, settings = Path(task[0]), task[1], task[2]
    stop = min(start + SHARD, settings["count"] + settings["signs"])
    rows = [render_scene(np.random.default_rng((settings["seed"], i)), i >= settings["count"]) for i in range(start, stop)]
    arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    frames = arrays.pop("frames")
    with (folder / "frames.npy").open("r+b") as file:
        file.seek(-(settings["count"] + settings["signs"] - start) * frames[0].nbytes, os.SEEK_END)
        file.write(frames.tobytes())
        file.flush()
        os.fsync(file.fileno())
    with atomic_file(_labels(folder, start)) as path:
        np.savez(path, **arrays)


def render_scene(rng: np.random.Generator, with_sign: bool) -> Arrays:
    """Render one scene: a tabletop, or a sign board on a tabletop or on a plain texture."""
    scene = _draw_tabletop(rng)
    scene["signs"], scene["sign_pixels"] = np.full(2, -1, np.int8), np.zeros(2, np.float32)
    if with_sign:
        if rng.random() < 0.5:
            scene["frames"] = np.stack([texture(rng, SIZE) for _ in range(VIEWS)])
            scene["kinds"][:], scene["held"] = -1, np.int8(-1)
        _paste_sign(scene, rng)
    return scene


def _paste_sign(scene: Arrays, rng: np.random.Generator) -> None:
    category = int(rng.integers(len(CATEGORIES)))
    names = SIGNS[CATEGORIES[category]]
    name = int(rng.integers(len(names)))
    state = rng.integers(2**32)
    for view in range(VIEWS):
        side = int(SIZE * rng.uniform(0.4, 0.75))
        board = draw_sign(CATEGORIES[category], names[name], np.random.default_rng(state), side)
        picture = Image.fromarray(scene["frames"][view])
        corner = rng.integers(0, SIZE - side + 1, 2)
        picture.paste(board, (int(corner[0]), int(corner[1])), board)
        scene["frames"][view] = np.asarray(picture)
        if view == 0:
            scene["sign_pixels"] = ((corner + side / 2) / SIZE).astype(np.float32)
    scene["signs"] = np.array([category, name], np.int8)


def _draw_tabletop(rng: np.random.Generator) -> Arrays:
    """Draw boxes on a table as two pinhole cameras see them."""
    used = int(rng.integers(2, SLOTS + 1))
    names = rng.choice(len(KINDS) * len(COLORS), used, replace=False)
    kinds, colors = np.full(SLOTS, -1, np.int8), np.zeros(SLOTS, np.int8)
    kinds[:used], colors[:used] = names // len(COLORS), names % len(COLORS)
    positions = np.zeros((SLOTS, 3), np.float32)
    cells = rng.choice(16, used, replace=False)
    positions[:used, 0] = (cells // 4 - 1.5) * 0.11 + rng.uniform(-0.02, 0.02, used)
    positions[:used, 1] = (cells % 4 - 1.5) * 0.13 + rng.uniform(-0.02, 0.02, used)
    positions[:used, 2] = 0.02
    gripper = rng.uniform((-0.25, -0.28, 0.02), (0.2, 0.28, 0.3)).astype(np.float32)
    opening = np.float32(rng.choice([0.0, 0.04, OPENING_M]))
    held = int(rng.integers(used)) if rng.random() < 0.15 else -1
    if held >= 0:
        positions[held], opening = gripper, np.float32(0.04)
    background = texture(rng, SIZE)
    eyes = (np.array([0.75, 0.0, 0.75]), gripper + np.array([-0.02, 0.0, 0.25]))
    aims = (np.array([0.0, 0.0, 0.05]), gripper)
    frames = []
    for eye, aim in zip(eyes, aims, strict=True):
        picture = Image.fromarray(background)
        pen = ImageDraw.Draw(picture)
        for slot in sorted(range(used), key=lambda i: -float(np.linalg.norm(positions[i] - eye))):
            _draw_box(pen, eye, aim, positions[slot], 0.025 + 0.015 * (kinds[slot] > 2), PALETTE[COLORS[colors[slot]]])
        if eye is eyes[0]:
            for side in (-1, 1):
                finger = gripper + np.array([0, side * (opening / 2 + 0.01), 0.06])
                _draw_box(pen, eye, aim, finger, 0.012, (90, 90, 90), 0.07)
        frames.append(np.asarray(picture))
    pixels = _project(eyes[0], aims[0], positions)
    visible = (np.arange(SLOTS) < used) & (pixels > 0).all(axis=1) & (pixels < 1).all(axis=1)
    return {
        "frames": np.stack(frames), "kinds": kinds, "colors": colors, "positions": positions, "pixels": pixels,
        "visible": visible, "gripper_positions": gripper, "gripper_pixels": _project(eyes[0], aims[0], gripper[None])[0],
        "openings": opening, "held": np.int8(held),
    }  # fmt: skip


def _draw_box(
    pen: ImageDraw.ImageDraw, eye: Float[np.ndarray, "3"], aim: Float[np.ndarray, "3"], center: Float[np.ndarray, "3"],
    half: float, color: tuple[int, int, int], height: float = 0.02,
) -> None:  # fmt: skip
    size = np.array([half, half, height])
    for axis, sign, shade in ((1, -1, 0.7), (1, 1, 0.7), (0, 1, 0.85), (2, 1, 1.0)):
        u, v = [other for other in range(3) if other != axis]
        corners = np.zeros((4, 3))
        corners[:, axis], corners[:, u], corners[:, v] = sign, (-1, 1, 1, -1), (-1, -1, 1, 1)
        outline = _project(eye, aim, center + corners * size) * SIZE
        pen.polygon([(float(x), float(y)) for x, y in outline], tuple(int(shade * value) for value in color))


def _project(
    eye: Float[np.ndarray, "3"], aim: Float[np.ndarray, "3"], points: Float[np.ndarray, "points 3"]
) -> Float[np.ndarray, "points 2"]:
    """Pinhole projection to fractions of the width and height of an upright picture (field of view 45 degrees)."""
    forward = (aim - eye) / np.linalg.norm(aim - eye)
    right = np.cross(forward, (0.0, 0.0, 1.0) if abs(forward[2]) < 0.95 else (-1.0, 0.0, 0.0))
    right /= np.linalg.norm(right)
    local = (points - eye) @ np.stack([right, np.cross(forward, right), forward], axis=1)
    scaled = local[:, :2] / np.maximum(local[:, 2:], 1e-3) / np.tan(np.radians(22.5))
    return (0.5 + scaled / 2).astype(np.float32)


def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(prog="python -m vlareg.data.scenes", description=__doc__)
    parser.add_argument("--count", type=int, default=12000, help="tabletop scenes (default: 12000)")
    parser.add_argument("--signs", type=int, help="scenes with a sign board (default: half of --count)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--output", type=Path, help="folder (default: one in the user's cache)")
    options = parser.parse_args()
    scenes = render_scenes(**vars(options))
    print(f"{len(scenes['frames'])} scenes, {scenes['frames'].nbytes / 1e6:.0f} MB of frames")


if __name__ == "__main__":
    main()
