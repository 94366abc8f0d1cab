"""The pictures of a stage, and what is where in the first of them."""

import numpy as np
from jaxtyping import Float, UInt8

from vlareg.data.concepts.layout import Item
from vlareg.data.concepts.stage import Stage
from vlareg.policies.openvla.preprocessing import jpeg_round_trip, resize, rotate_180

SIZE = 96
"""Side of the stored pictures (pixels)."""
RENDERED = 128
"""Side of the pictures before they are resized (pixels)."""
CAMERAS = ("agentview", "robot0_eye_in_hand")


class Cameras:
    """Render the views of a stage as a policy gets them.

    Args:
        stage: The simulator's model.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.numbers = [stage.model.camera(name).id for name in CAMERAS]
        self._renderer = stage.mujoco.Renderer(stage.model, RENDERED, RENDERED)
        self._option = stage.mujoco.MjvOption()
        self._option.geomgroup[:], self._option.sitegroup[:] = np.arange(6) == 1, 0

    def frames(self) -> UInt8[np.ndarray, "views size size 3"]:
        """Return the prepared pictures, upright."""
        frames = []
        for camera in self.numbers:
            self._renderer.update_scene(self.stage.data, camera, self._option)
            frames.append(self._renderer.render()[::-1])  # upside down, as LIBERO's
        return resize(jpeg_round_trip(rotate_180(np.stack(frames))), SIZE)

    def project(self, points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 2"]:
        """Return points (m) as fractions of the prepared agentview picture, which is mirrored as LIBERO's are."""
        camera, data = self.numbers[0], self.stage.data
        local = (points - data.cam_xpos[camera]) @ data.cam_xmat[camera].reshape(3, 3)
        scaled = local[:, :2] / local[:, 2:] / np.tan(np.radians(self.stage.model.cam_fovy[camera]) / 2)
        return np.asarray(0.5 + 0.5 * scaled)

    def see(self, item: Item) -> bool:
        """Return whether at least two of five rays from the agentview camera reach the object first."""
        stage, eye = self.stage, self.stage.data.cam_xpos[self.numbers[0]]
        half, groups, hit = 0.4 * stage.radii[item.pool], (np.arange(6) == 1).astype(np.uint8), np.zeros(1, np.int32)
        hits = 0
        for shift in ((0, 0), (half, 0), (-half, 0), (0, half), (0, -half)):
            ray = item.position + np.array([*shift, 0.0]) - eye
            stage.mujoco.mj_ray(stage.model, stage.data, eye, ray, groups, 1, -1, hit)
            hits += hit[0] in stage.geoms[item.pool]
        return hits >= 2
