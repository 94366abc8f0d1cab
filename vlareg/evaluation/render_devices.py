"""Which GPU a worker renders on, where a machine has several."""

import os
from collections.abc import Sequence

EGL_DEVICE = "MUJOCO_EGL_DEVICE_ID"
"""Environment variable with the number of the EGL device that MuJoCo and robosuite render on."""


def check_render_devices(devices: Sequence[int] | None) -> None:
    """Check that devices can be chosen here; the renderer has been chosen before.

    Args:
        devices: Numbers of EGL devices (>= 0), or None for no choice.

    Raises:
        ValueError: If none is named, a number is negative, or MuJoCo does not render with EGL.
    """
    if devices is None:
        return
    if not devices or min(devices) < 0:
        raise ValueError(f"`render_devices` must be one or more numbers >= 0, but got {list(devices)}.")
    if (backend := os.environ.get("MUJOCO_GL")) != "egl":
        raise ValueError(
            f"`render_devices` are EGL's and have no effect with {backend}, which MuJoCo renders with here."
        )


def use_render_device(device: int) -> None:
    """Let this process render on a device; to be called before robosuite is imported.

    `CUDA_VISIBLE_DEVICES` is taken away: a simulator needs no CUDA, and robosuite refuses to be imported if that variable does
    not contain the EGL device's number, though the two orders have nothing to do with each other.

    Args:
        device: Number of the EGL device.
    """
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    os.environ[EGL_DEVICE] = str(device)
