"""Random tabletops: pictures from the suite's simulator, and what is true in them."""

import numpy as np

from vlareg.data.concepts.arm import Arm
from vlareg.data.concepts.cameras import Cameras
from vlareg.data.concepts.facts import Scene, blank_labels
from vlareg.data.concepts.layout import Item, lay_out
from vlareg.data.concepts.stage import Stage
from vlareg.data.concepts.vocabulary import COLORS, KINDS
from vlareg.envs.signs.palette import PALETTE

_OWN_RGB = {("box", "brown"): (194, 153, 107), ("plate", "white"): (237, 237, 230), ("region", "gray"): (140, 153, 168)}
"""The suite's own colours, where they differ from the palette (RGB, 0-255)."""
_JITTER = {"cam_pos": 0.008, "cam_quat": 0.006, "light_dir": 0.05, "light_diffuse": 0.05}
"""Spread of the noise on the model's fields (m, dimensionless, dimensionless, of 1)."""


class Tabletop:
    """The suite's table with random objects, a random pose of the robot, and some noise on cameras, light and colours."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.arm, self.cameras = Arm(self.stage), Cameras(self.stage)
        self._usual = {name: getattr(self.stage.model, name).copy() for name in _JITTER}
        self._colors = self.stage.model.geom_rgba[:, :3].copy()

    def render(self, rng: np.random.Generator) -> Scene:
        """Pose everything at random; return the frames, and the labels without those of signs."""
        self._jitter(rng)
        items = lay_out(self.stage, rng)
        held = self.arm.pose(items, rng)
        self.show(items, rng)
        self.stage.update()
        return self._labels(items, held) | {"frames": self.cameras.frames()}

    def show(self, items: list[Item], rng: np.random.Generator) -> None:
        """Put the objects where they belong, in their colours; hide the rest of the pool."""
        model = self.stage.model
        model.geom_rgba[np.concatenate(self.stage.geoms), 3] = 0
        for item in items:
            frame = model.body_parentid[self.stage.bodies[item.pool]]
            model.body_pos[frame] = item.position
            model.body_quat[frame] = (np.cos(item.yaw / 2), 0, 0, np.sin(item.yaw / 2))
            geoms = self.stage.geoms[item.pool]
            shades = self._colors[geoms].max(axis=1, keepdims=True) / self._colors[geoms].max()
            rgb = np.array(_OWN_RGB.get((item.kind, item.color), PALETTE[item.color])) / 255 + rng.normal(0, 0.04, 3)
            model.geom_rgba[geoms, :3] = (shades * rgb).clip(0, 1)
            model.geom_rgba[geoms, 3] = 1

    def _labels(self, items: list[Item], held: int) -> Scene:
        count, centers = len(items), np.stack([item.position for item in items])
        pixels = self.cameras.project(np.vstack([centers, self.arm.position]))
        inside = ((pixels[:-1] > 0) & (pixels[:-1] < 1)).all(axis=1)
        labels = blank_labels()
        labels["kinds"][:count] = [KINDS.index(item.kind) for item in items]
        labels["colors"][:count] = [COLORS.index(item.color) for item in items]
        labels["supports"][:count] = [item.on for item in items]
        labels["positions"][:count] = centers
        labels["pixels"][:count] = pixels[:-1]
        labels["visible"][:count] = inside & np.array([self.cameras.see(item) for item in items])
        labels["gripper_positions"][:] = self.arm.position
        labels["gripper_pixels"][:] = pixels[-1]
        labels["openings"][...] = self.arm.opening
        labels["held"][...] = held
        return labels

    def _jitter(self, rng: np.random.Generator) -> None:
        model = self.stage.model
        for name, spread in _JITTER.items():
            getattr(model, name)[:] = self._usual[name] + rng.normal(0, spread, self._usual[name].shape)
        model.cam_quat /= np.linalg.norm(model.cam_quat, axis=1, keepdims=True)
        model.geom_rgba[:, :3] = (self._colors * (1 + rng.normal(0, 0.06, self._colors.shape))).clip(0, 1)
