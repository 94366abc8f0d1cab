"""Render random tabletops and sign boards, with what is true about them, for vision-language pretraining."""

import argparse
import json
import multiprocessing
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped, UInt8
from PIL import Image
from tqdm import tqdm

from vlareg.data.questions import CATEGORIES, COLORS, KINDS, OPENING_M, all_texts
from vlareg.data.signs import PALETTE, SIGNS, draw_sign, texture
from vlareg.envs.libero_mini.tasks import FOLDER, TASKS, bddl_file
from vlareg.envs.libero_setup import import_libero
from vlareg.files import atomic_file, cache_folder
from vlareg.policies.openvla.preprocessing import jpeg_round_trip, resize, rotate_180

FORMAT_VERSION = 3
SLOTS = 6
"""Most objects in a scene."""
SHARD = 250
"""Scenes a worker renders before it stores them."""
SIZE = 96
"""Side of the stored pictures (pixels)."""
RENDERED = 128
"""Side of the pictures before they are resized (pixels)."""
CAMERAS = ("agentview", "robot0_eye_in_hand")

__all__ = ["all_texts", "load_scenes", "render_scene", "render_scenes"]

Arrays = dict[str, Shaped[np.ndarray, "scenes ..."]]


def render_scenes(
    count: int, seed: int = 0, workers: int = 2, *, signs: int | None = None, output: str | Path | None = None
) -> Arrays:
    """Render scenes, or continue where an interrupted call stopped, and load them.

    Args:
        count: Number of tabletop scenes.
        seed: Scene i depends on the seed and i alone.
        workers: Number of processes.
        signs: Number of scenes with a sign board, which stand behind the others; by default half of `count`.
        output: Folder for the result; by default one in the user's cache.

    Returns:
        Arrays with one row a scene: `frames` (uint8, [views height width 3], upright, memory-mapped) and what is true,
        which `vlareg.data.questions.facts` reads.

    Raises:
        ValueError: A number is out of range, or `output` holds scenes of other settings.
    """
    signs = count // 2 if signs is None else signs
    if min(count, signs) < 0 or count + signs == 0 or workers < 1:
        raise ValueError(f"`count` and `signs` must be >= 0, `workers` >= 1, but got {count}, {signs} and {workers}.")
    settings = {"version": FORMAT_VERSION, "count": count, "signs": signs, "seed": seed, "assets": _assets_checksum()}
    folder = Path(output) if output else cache_folder("scenes") / "-".join(map(str, settings.values()))
    _prepare(folder, settings)
    shards = range(0, count + signs, SHARD)
    todo = [start for start in shards if not _labels(folder, start).exists()]
    if todo:
        with (
            tqdm(total=count + signs, initial=SHARD * (len(shards) - len(todo)), unit=" scenes") as bar,
            _one_thread_each(),
            ProcessPoolExecutor(min(workers, len(todo)), multiprocessing.get_context("spawn")) as pool,
        ):
            for future in as_completed([pool.submit(_render_shard, folder, start, settings) for start in todo]):
                bar.update(future.result())
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
        raise FileNotFoundError(f"`folder`: {folder} lacks {missing[0]}; run `python -m vlareg.data.scenes` again.")
    rows = [dict(np.load(shard, allow_pickle=False)) for shard in shards]
    arrays = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return {"frames": np.load(folder / "frames.npy", mmap_mode="r"), **arrays}


def _assets_checksum() -> int:
    """Tell scenes of another version of the suite's objects, lamp and cameras apart."""
    return zlib.crc32(b"".join(file.read_bytes() for file in sorted((FOLDER / "assets").glob("*.xml"))))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start now compute and rasterise with one thread: more would wait for one another."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LP_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _prepare(folder: Path, settings: dict[str, int]) -> None:
    """Write the settings and a file of frames that is empty as yet, or check that they fit."""
    file = folder / "settings.json"
    if file.exists():
        if (found := json.loads(file.read_text())) != settings:
            raise ValueError(f"`output`: {folder} holds scenes of {found}, not of {settings}; choose another folder.")
        return
    shape = (settings["count"] + settings["signs"], len(CAMERAS), SIZE, SIZE, 3)
    with atomic_file(folder / "frames.npy") as path:
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    with atomic_file(file) as path:
        path.write_text(json.dumps(settings))


def _labels(folder: Path, start: int) -> Path:
    return folder / f"labels-{start // SHARD:05d}.npz"


def _render_shard(folder: Path, start: int, settings: dict[str, int]) -> int:
    """Write a shard's frames, then its labels: a shard with labels is complete. Return its number of scenes."""
    total = settings["count"] + settings["signs"]
    indices = range(start, min(start + SHARD, total))
    rows = [render_scene((settings["seed"], i), with_sign=i >= settings["count"]) for i in indices]
    arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    frames = arrays.pop("frames")
    with (folder / "frames.npy").open("r+b") as file:
        file.seek((start - total) * frames[0].nbytes, os.SEEK_END)
        file.write(frames.tobytes())
        file.flush()
        os.fsync(file.fileno())
    with atomic_file(_labels(folder, start)) as path:
        np.savez(path, allow_pickle=False, **arrays)
    return len(indices)


def render_scene(seed: tuple[int, int], *, with_sign: bool) -> Arrays:
    """Render one scene: a tabletop, or a sign board on a tabletop or on a plain texture.

    Args:
        seed: Decides everything in the scene.
        with_sign: Whether to put a sign board on it.
    """
    rng = np.random.default_rng(seed)
    scene = _nothing()
    if not with_sign or rng.random() < 0.5:
        scene |= _tabletop().render(rng)
    else:
        scene["frames"] = np.stack([texture(rng, SIZE) for _ in CAMERAS])
    if with_sign:
        _paste_sign(scene, rng)
    return scene


def _nothing() -> Arrays:
    """The labels of a scene without objects and signs."""
    return {
        "kinds": np.full(SLOTS, -1, np.int8),
        "colors": np.full(SLOTS, -1, np.int8),
        "supports": np.full(SLOTS, -1, np.int8),
        "positions": np.zeros((SLOTS, 3), np.float32),
        "pixels": np.zeros((SLOTS, 2), np.float32),
        "visible": np.zeros(SLOTS, bool),
        "gripper_positions": np.zeros(3, np.float32),
        "gripper_pixels": np.zeros(2, np.float32),
        "openings": np.zeros((), np.float32),
        "held": np.full((), -1, np.int8),
        "signs": np.full(2, -1, np.int8),
        "sign_pixels": np.zeros(2, np.float32),
    }


def _paste_sign(scene: Arrays, rng: np.random.Generator) -> None:
    category = int(rng.integers(len(CATEGORIES)))
    names = SIGNS[CATEGORIES[category]]
    name = int(rng.integers(len(names)))
    state = int(rng.integers(2**32))
    for view in range(len(CAMERAS)):
        side = int(SIZE * rng.uniform(0.4, 0.75))
        board = draw_sign(CATEGORIES[category], names[name], np.random.default_rng(state), side)
        corner = rng.integers(0, SIZE - side + 1, 2)
        picture = Image.fromarray(scene["frames"][view])
        picture.paste(board, (int(corner[0]), int(corner[1])), board)
        scene["frames"][view] = np.asarray(picture)
        if view == 0:
            scene["sign_pixels"] = ((corner + side / 2) / SIZE).astype(np.float32)
    scene["signs"] = np.array([category, name], np.int8)


_POOL = ("cube",) * 3 + ("cylinder",) * 2 + ("puck",) * 2 + ("block",) + ("plate",) * 2 + ("box",) * 2 + ("region",) * 3
"""The kinds of all objects of the model; a scene shows some of them."""
_TARGETS = {"plate": 0.012, "box": 0.008, "region": 0.002}
"""Height above the table at which something lies on or in them (m)."""
_USUAL_COLORS = {"plate": "white", "box": "brown", "region": "gray", "block": "purple"}
_OWN_RGB = {("box", "brown"): (194, 153, 107), ("plate", "white"): (237, 237, 230), ("region", "gray"): (140, 153, 168)}
_TABLE_X, _TABLE_Y = (-0.22, 0.24), (-0.32, 0.32)
"""Where objects lie (m)."""
_REGION_SIZE = (0.12, 0.075, 0.001)
"""Half of a region's length, width and height (m)."""
_IK_STEPS, _IK_TRIES = 20, 6
_BASE_TASK = "push_the_purple_block_to_the_red_region"
"""A task without fixtures."""


@dataclass
class _Item:
    """An object in a scene: its number in the pool, colour, place (m), turn (rad), and the slot of what it lies on."""

    pool: int
    color: str
    position: Float[np.ndarray, "3"]
    yaw: float = 0.0
    on: int = -1

    @property
    def kind(self) -> str:
        return _POOL[self.pool]


@cache
def _tabletop() -> "_Tabletop":
    return _Tabletop()


class _Tabletop:
    """The suite's table, robot and cameras with a pool of its objects, posed directly: no physics is stepped."""

    def __init__(self) -> None:
        self.mujoco, self.model, start = _build()
        self.data = self.mujoco.MjData(self.model)
        self.renderer = self.mujoco.Renderer(self.model, RENDERED, RENDERED)
        self.option = self.mujoco.MjvOption()
        self.option.geomgroup[:], self.option.sitegroup[:] = np.arange(6) == 1, 0
        self.bodies = [self.model.body(f"pool{i}_object").id for i in range(len(_POOL))]
        groups = self.model.geom_group == 1
        self.geoms = [np.flatnonzero((self.model.geom_bodyid == body) & groups) for body in self.bodies]
        self.bottoms = [-self.model.site(f"pool{i}_bottom_site").pos[2] for i in range(len(_POOL))]
        self.tops = [self.model.site(f"pool{i}_top_site").pos[2] for i in range(len(_POOL))]
        corners = [self.model.site(f"pool{i}_horizontal_radius_site").pos for i in range(len(_POOL))]
        self.radii = [float(np.hypot(corner[0], corner[1])) for corner in corners]
        self.arm = [self.model.joint(f"robot0_joint{i}") for i in range(1, 8)]
        self.fingers = [self.model.joint(f"gripper0_finger_joint{i}").qposadr[0] for i in (1, 2)]
        self.grip = self.model.site("gripper0_grip_site").id
        self.cameras = [self.model.camera(name).id for name in CAMERAS]
        self.usual = {name: getattr(self.model, name).copy() for name in _JITTER}
        self.colors = self.model.geom_rgba[:, :3].copy()
        self._set_arm(np.array(start))
        self._kinematics()
        self.start, self.down = np.array(start), self.data.site_xmat[self.grip].reshape(3, 3).copy()
        self.table = float(self.data.site("table_top").xpos[2])

    def render(self, rng: np.random.Generator) -> Arrays:
        """Pose everything at random; return the frames and the labels, all but those of signs."""
        self._jitter(rng)
        items = self._place(_choose(rng), rng)
        held = self._pose_robot(items, rng)
        self._show(items, rng)
        self._kinematics()
        centers = np.stack([item.position for item in items])
        count, pad = len(items), SLOTS - len(items)
        pixels = self._project(np.vstack([centers, self.data.site_xpos[self.grip]]))
        seen = np.array([self._sees(item) for item in items]) & ((pixels[:-1] > 0) & (pixels[:-1] < 1)).all(axis=1)
        return {
            "frames": self._frames(),
            "kinds": _padded([KINDS.index(item.kind) for item in items], np.int8, -1),
            "colors": _padded([COLORS.index(item.color) for item in items], np.int8, -1),
            "supports": _padded([item.on for item in items], np.int8, -1),
            "positions": np.pad(centers, ((0, pad), (0, 0))).astype(np.float32),
            "pixels": np.pad(pixels[:count], ((0, pad), (0, 0))).astype(np.float32),
            "visible": _padded(seen, np.bool_, False),
            "gripper_positions": self.data.site_xpos[self.grip].astype(np.float32),
            "gripper_pixels": pixels[-1].astype(np.float32),
            "openings": np.float32(self.data.qpos[self.fingers[0]] - self.data.qpos[self.fingers[1]]),
            "held": np.int8(held),
        }

    def _place(self, chosen: list[tuple[int, str]], rng: np.random.Generator) -> list[_Item]:
        """Lay the objects on the table, or some on a target; leave out what finds no room."""
        items: list[_Item] = []
        for pool, color in chosen:
            taken = {item.on for item in items}
            free = [slot for slot, item in enumerate(items) if item.kind in _TARGETS and slot not in taken]
            item = _Item(pool, color, np.zeros(3))
            item.yaw = 0.0 if item.kind in _TARGETS else float(rng.uniform(-np.pi, np.pi))
            spot = self._spot(item, items, rng)
            if item.kind not in _TARGETS and free and rng.random() < 0.4:
                item.on = free[int(rng.integers(len(free)))]
                spot = items[item.on].position[:2] + rng.uniform(-0.025, 0.025, 2)
            if spot is None:
                continue
            floor = _TARGETS[items[item.on].kind] if item.on >= 0 else 0.0
            item.position = np.array([*spot, self.table + floor + self.bottoms[pool]])
            items.append(item)
        return items

    def _spot(self, item: _Item, items: list[_Item], rng: np.random.Generator) -> Float[np.ndarray, "2"] | None:
        for _ in range(30):
            spot = np.array([rng.uniform(*_TABLE_X), rng.uniform(*_TABLE_Y)])
            gaps = [np.hypot(*(spot - o.position[:2])) - self.radii[o.pool] - self.radii[item.pool] for o in items]
            if min(gaps, default=1.0) > 0.005:
                return spot
        return None

    def _pose_robot(self, items: list[_Item], rng: np.random.Generator) -> int:
        """Move the gripper over the table or near an object, or let it hold one; return the held slot or -1."""
        movable = [slot for slot, item in enumerate(items) if item.kind not in _TARGETS]
        held = movable[int(rng.integers(len(movable)))] if movable and rng.random() < 0.25 else -1
        opening = float(rng.choice([0.0, OPENING_M, rng.uniform(0.0, OPENING_M)], p=(0.3, 0.5, 0.2)))
        yaw = float(rng.normal(0, 0.3))
        for _ in range(_IK_TRIES):
            if self._reach(self._target(items, held, rng), np.array([*rng.normal(0, 0.05, 2), yaw])) < 0.01:
                break
        else:
            self._set_arm(self.start)
            self._kinematics()
            yaw = 0.0
        if held >= 0:
            geom = self.geoms[items[held].pool][0]
            is_box = self.model.geom_type[geom] == self.mujoco.mjtGeom.mjGEOM_BOX
            opening = 2 * float(self.model.geom_size[geom][: 2 if is_box else 1].min())
            items[held].position, items[held].yaw, items[held].on = self.data.site_xpos[self.grip].copy(), yaw, -1
        self.data.qpos[self.fingers] = (opening / 2, -opening / 2)
        return held

    def _target(self, items: list[_Item], held: int, rng: np.random.Generator) -> Float[np.ndarray, "3"]:
        """Choose where the gripper goes: it, or what it holds, is above the table and above what lies there."""
        target = np.array([*rng.uniform((-0.25, -0.3), (0.2, 0.3)), self.table + rng.uniform(0.02, 0.28)])
        if rng.random() < 0.5:
            item = items[int(rng.integers(len(items)))]
            target = item.position + np.array([*rng.normal(0, 0.025, 2), rng.uniform(0.0, 0.15)])
        lowest = self.table + 0.01
        for slot, item in enumerate(items):
            gap = float(np.hypot(*(target - item.position)[:2])) - self.radii[item.pool]
            if slot != held and item.kind != "region" and gap < 0.04:
                lowest = max(lowest, float(item.position[2]) + self.tops[item.pool] + 0.005)
        target[2] = max(target[2], lowest + (self.bottoms[items[held].pool] if held >= 0 else 0.0))
        return target

    def _reach(self, target: Float[np.ndarray, "3"], turn: Float[np.ndarray, "3"]) -> float:
        """Move by damped least squares to a place (m), turned from pointing down (rad); return what is left (m)."""
        quat, wanted = np.zeros(4), np.zeros(9)
        self.mujoco.mju_axisAngle2Quat(quat, turn / np.linalg.norm(turn), np.linalg.norm(turn))
        self.mujoco.mju_quat2Mat(wanted, quat)
        goal = wanted.reshape(3, 3) @ self.down
        dofs, joints = [joint.dofadr[0] for joint in self.arm], self.start.copy()
        limits = np.stack([joint.range for joint in self.arm])
        jacobian = np.zeros((6, self.model.nv))
        for _ in range(_IK_STEPS):
            self._set_arm(joints)
            self._kinematics()
            now = self.data.site_xmat[self.grip].reshape(3, 3)
            error = np.concatenate([target - self.data.site_xpos[self.grip], np.cross(now.T, goal.T).sum(axis=0) / 2])
            self.mujoco.mj_jacSite(self.model, self.data, jacobian[:3], jacobian[3:], self.grip)
            j = jacobian[:, dofs]
            step = j.T @ np.linalg.solve(j @ j.T + 1e-3 * np.eye(6), error)
            joints = np.clip(joints + step.clip(-0.3, 0.3), *limits.T)
        self._set_arm(joints)
        self._kinematics()
        return float(np.linalg.norm(target - self.data.site_xpos[self.grip]))

    def _set_arm(self, joints: Float[np.ndarray, "7"]) -> None:
        self.data.qpos[[joint.qposadr[0] for joint in self.arm]] = joints

    def _kinematics(self) -> None:
        for function in (self.mujoco.mj_kinematics, self.mujoco.mj_comPos, self.mujoco.mj_camlight):
            function(self.model, self.data)

    def _show(self, items: list[_Item], rng: np.random.Generator) -> None:
        """Put the objects where they belong, in their colours; hide the rest of the pool."""
        self.model.geom_rgba[np.concatenate(self.geoms), 3] = 0
        for item in items:
            frame = self.model.body_parentid[self.bodies[item.pool]]
            self.model.body_pos[frame] = item.position
            self.model.body_quat[frame] = (np.cos(item.yaw / 2), 0, 0, np.sin(item.yaw / 2))
            geoms = self.geoms[item.pool]
            shades = self.colors[geoms].max(axis=1, keepdims=True) / self.colors[geoms].max()
            rgb = np.array(_OWN_RGB.get((item.kind, item.color), PALETTE[item.color])) / 255 + rng.normal(0, 0.04, 3)
            self.model.geom_rgba[geoms, :3] = (shades * rgb).clip(0, 1)
            self.model.geom_rgba[geoms, 3] = 1

    def _jitter(self, rng: np.random.Generator) -> None:
        for name, spread in _JITTER.items():
            getattr(self.model, name)[:] = self.usual[name] + rng.normal(0, spread, self.usual[name].shape)
        self.model.cam_quat /= np.linalg.norm(self.model.cam_quat, axis=1, keepdims=True)
        self.model.geom_rgba[:, :3] = (self.colors * (1 + rng.normal(0, 0.06, self.colors.shape))).clip(0, 1)

    def _project(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 2"]:
        """Fractions of the width and height of the prepared agentview picture, which is mirrored as LIBERO's are."""
        camera = self.cameras[0]
        local = (points - self.data.cam_xpos[camera]) @ self.data.cam_xmat[camera].reshape(3, 3)
        scaled = local[:, :2] / local[:, 2:] / np.tan(np.radians(self.model.cam_fovy[camera]) / 2)
        return np.asarray(0.5 + 0.5 * scaled)

    def _sees(self, item: _Item) -> bool:
        """Whether at least two of five rays from the agentview camera reach the object first."""
        eye = self.data.cam_xpos[self.cameras[0]]
        half, groups, hit = 0.4 * self.radii[item.pool], (np.arange(6) == 1).astype(np.uint8), np.zeros(1, np.int32)
        hits = 0
        for shift in ((0, 0), (half, 0), (-half, 0), (0, half), (0, -half)):
            ray = item.position + np.array([*shift, 0.0]) - eye
            self.mujoco.mj_ray(self.model, self.data, eye, ray, groups, 1, -1, hit)
            hits += hit[0] in self.geoms[item.pool]
        return hits >= 2

    def _frames(self) -> UInt8[np.ndarray, "views size size 3"]:
        frames = []
        for camera in self.cameras:
            self.renderer.update_scene(self.data, camera, self.option)
            frames.append(self.renderer.render()[::-1])  # upside down, as LIBERO's
        return resize(jpeg_round_trip(rotate_180(np.stack(frames))), SIZE)


_JITTER = {"cam_pos": 0.008, "cam_quat": 0.006, "light_dir": 0.05, "light_diffuse": 0.05}
"""Spread of the noise on the model's fields (m, dimensionless, dimensionless, of 1)."""


def _choose(rng: np.random.Generator) -> list[tuple[int, str]]:
    """Choose objects of the pool and their colours, no two alike; the targets, on which others may lie, first."""
    pool = sorted(rng.choice(len(_POOL), int(rng.integers(2, SLOTS + 1)), replace=False), reverse=True)
    chosen: dict[tuple[str, str], int] = {}
    for index in pool:
        kind = _POOL[index]
        usual = kind in _USUAL_COLORS and (kind == "block" or rng.random() < 0.4)
        color = _USUAL_COLORS[kind] if usual else COLORS[int(rng.integers(len(COLORS)))]
        if (kind, color) != ("cube", "purple"):  # it would look like the block
            chosen.setdefault((kind, color), int(index))
    return [(index, color) for (_, color), index in chosen.items()]


def _padded(values: Any, dtype: Any, fill: int) -> Shaped[np.ndarray, "slots"]:
    row = np.full(SLOTS, fill, dtype)
    row[: len(values)] = values
    return row


def _build() -> tuple[Any, Any, tuple[float, ...]]:
    """Return MuJoCo, a model of a task with the pool in place of its objects, and the arm's joints at a reset (rad)."""
    import_libero()
    import mujoco
    from libero.libero.envs.env_wrapper import ControlEnv

    from vlareg.envs.libero_mini.problem import START_JOINTS

    file = str(bddl_file(TASKS.index(_BASE_TASK)))
    task = ControlEnv(file, use_camera_obs=False, has_renderer=False, has_offscreen_renderer=False)
    spec = mujoco.MjSpec.from_string(task.env.model.get_xml())
    task.close()
    for body in [
        body for body in spec.bodies if any(joint.type == mujoco.mjtJoint.mjJNT_FREE for joint in body.joints)
    ]:
        spec.detach_body(body)
    for index, kind in enumerate(_POOL):
        part = _region(mujoco) if kind == "region" else mujoco.MjSpec.from_file(str(FOLDER / "assets" / f"{kind}.xml"))
        spec.worldbody.add_frame().attach_body(part.worldbody.first_body(), f"pool{index}_", "")
    return mujoco, spec.compile(), START_JOINTS


def _region(mujoco: Any) -> Any:
    """Return a region as an object like those of the suite."""
    length, width, height = _REGION_SIZE
    return mujoco.MjSpec.from_string(f"""<mujoco><worldbody><body>
        <body name="object"><geom type="box" size="{length} {width} {height}" group="1" contype="0"/></body>
        <site name="bottom_site"/><site name="top_site"/><site name="horizontal_radius_site" pos="{length} {width} 0"/>
        </body></worldbody></mujoco>""")


def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(prog="python -m vlareg.data.scenes", description=__doc__)
    parser.add_argument("--count", type=int, default=12000, help="tabletop scenes (default: 12000)")
    parser.add_argument("--signs", type=int, help="scenes with a sign board (default: half of --count)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--output", type=Path, help="folder (default: one in the user's cache)")
    scenes = render_scenes(**vars(parser.parse_args()))
    print(f"{len(scenes['frames'])} scenes, {scenes['frames'].nbytes / 1e6:.0f} MB of frames")


if __name__ == "__main__":
    main()
