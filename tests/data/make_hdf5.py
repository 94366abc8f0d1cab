"""Write small files in LIBERO's raw HDF5 schema."""

import json
from pathlib import Path

import h5py
import numpy as np


def write_demonstrations(
    file: Path,
    lengths: dict[str, int],
    instruction: str = "put the red cube on the plate",
    seed: int = 0,
    still: tuple[int, ...] = (),
    size: int = 32,
) -> Path:
    """Write demonstrations whose arrays are random but for `actions[t, 0] = t`; the arm has no command in the steps `still`."""
    rng = np.random.default_rng(seed)
    with h5py.File(file, "w") as root:
        data = root.create_group("data")
        data.attrs["problem_info"] = json.dumps({"language_instruction": instruction})
        for name, steps in lengths.items():
            demo = data.create_group(name)
            actions = rng.uniform(-1, 1, (steps, 7))
            actions[:, 0] = np.arange(steps)
            actions[list(still), :6] = 0
            actions[:, 6] = np.where(np.arange(steps) < steps // 2, -1, 1)
            demo["actions"] = actions
            demo["expert_actions"] = -actions
            for view in ("agentview_rgb", "eye_in_hand_rgb"):
                demo[f"obs/{view}"] = rng.integers(0, 255, (steps, size, size, 3), dtype=np.uint8)
            demo["obs/ee_pos"], demo["obs/ee_ori"] = rng.normal(size=(2, steps, 3))
            demo["obs/ee_pos"][:, 0] = np.arange(steps)
            demo["obs/gripper_states"] = rng.normal(size=(steps, 2))
    return file
