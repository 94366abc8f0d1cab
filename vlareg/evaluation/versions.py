"""Which versions made a result; another version of the simulator gives other success rates."""

from importlib.metadata import PackageNotFoundError, version

_PACKAGES = {"mujoco": "mujoco", "robosuite": "robosuite", "libero": "hf-libero", "torch": "torch", "vlareg": "vlareg"}


def versions() -> dict[str, str]:
    """Return the versions of what a success rate depends on; "absent" for what is not installed as a package."""
    return {name: _version(package) for name, package in _PACKAGES.items()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
