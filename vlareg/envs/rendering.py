"""Which software or hardware GL MuJoCo can render with on this machine.

`python -m vlareg.envs.rendering` prints the answer and fails if there is none.
"""

import os
import subprocess
import sys

BACKENDS = ("egl", "osmesa")
"""MuJoCo's off-screen backends, in the order in which they are tried."""

_PROBED = "VLAREG_GL"  # tells child processes what their parent found

_PROBE = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><geom size='1'/></worldbody></mujoco>")
renderer = mujoco.Renderer(model, 16, 16)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
renderer.update_scene(data)
assert renderer.render().any(), "the picture is black"
print("rendered", flush=True)
"""


class NoRendererError(RuntimeError):
    """Neither EGL nor OSMesa renders on this machine."""


def probe_backend(timeout: float = 60.0) -> str:
    """Return the first of MuJoCo's off-screen backends that renders.

    Each is tried in a child process, for a failed GL context cannot be undone. A backend that the environment variable
    `MUJOCO_GL` names is the only one tried.

    Args:
        timeout: Longest time for one backend (s).

    Returns:
        "egl" or "osmesa".

    Raises:
        NoRendererError: None renders; the message has each one's last line of error.
    """
    asked = os.environ.get("MUJOCO_GL", "").strip().lower()
    failures = {}
    for backend in (asked,) if asked in BACKENDS else BACKENDS:
        failure = _failure(backend, timeout)
        if failure is None:
            return backend
        failures[backend] = failure
    reasons = "; ".join(f"{backend}: {failure}" for backend, failure in failures.items())
    raise NoRendererError(
        f"MuJoCo cannot render here ({reasons}). On Debian: apt-get install libegl1 libgl1 libgles2 libosmesa6."
    )


def choose_backend() -> str:
    """Probe, and set `MUJOCO_GL` and `PYOPENGL_PLATFORM` for this process and its children.

    Call it before MuJoCo is imported.

    Returns:
        "egl" or "osmesa".
    """
    backend = os.environ.get(_PROBED, "")
    if not backend or os.environ.get("MUJOCO_GL") != backend:
        backend = probe_backend()
    os.environ.update({"MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend, _PROBED: backend})
    return backend


def _failure(backend: str, timeout: float) -> str | None:
    environment = {**os.environ, "MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    try:
        child = subprocess.run(
            [sys.executable, "-c", _PROBE],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return f"no picture within {timeout:g} s"
    if child.returncode == 0 and "rendered" in child.stdout:
        return None
    return (child.stderr.strip().splitlines() or [f"exit code {child.returncode}"])[-1]


if __name__ == "__main__":
    try:
        print(f"MuJoCo renders with {probe_backend()}.")
    except NoRendererError as error:
        sys.exit(str(error))
