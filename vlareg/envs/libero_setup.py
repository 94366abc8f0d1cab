"""Import LIBERO without its questions, its downloads and its other surprises."""

import importlib
import importlib.util
import logging
import os
from pathlib import Path
from types import ModuleType

from vlareg.envs.rendering import choose_backend
from vlareg.envs.suites import find_suite
from vlareg.files import atomic_file, cache_folder

ASSETS_VARIABLE = "VLAREG_LIBERO_ASSETS"
"""Environment variable that names LIBERO's `assets` folder, which its PyPI package does not contain."""

_MINI_ASSETS = Path(__file__).parent / "libero_mini" / "assets"


class MissingAssetsError(FileNotFoundError):
    """LIBERO's meshes and textures are not on this machine, and nothing is downloaded."""


def import_libero() -> ModuleType:
    """Import `libero.libero`, prepared, and register `libero_mini` with it.

    Returns:
        The module `libero.libero`.
    """
    libero = prepare_libero()
    importlib.import_module("vlareg.envs.libero_mini.benchmark")
    return libero


def prepare_libero() -> ModuleType:
    """Import `libero.libero` and give it the folders it would ask for.

    It neither reads standard input nor reaches a hub. GL's backend is chosen first. PyTorch and Triton are imported
    before any GL context can exist: Triton, imported later, would crash the process. LIBERO's configuration is the
    user's own if there is one (`LIBERO_CONFIG_PATH`, `~/.libero`), else a file in vlareg's cache folder.

    Returns:
        The module `libero.libero`.
    """
    choose_backend()
    for name in ("torch", "triton"):
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
    logging.getLogger("robosuite_logs").setLevel(logging.ERROR)  # it asks for a private macro file on every import
    os.environ["LIBERO_CONFIG_PATH"] = str(config_folder())
    libero: ModuleType = importlib.import_module("libero.libero")
    libero.__dict__["_assets_path_cache"] = str(assets_folder(libero) or _MINI_ASSETS)  # a folder there is: no download
    return libero


def assets_folder(libero: ModuleType) -> Path | None:
    """Return the folder with LIBERO's meshes and textures, or None if this machine has none.

    Args:
        libero: The module `libero.libero`.
    """
    named = os.environ.get(ASSETS_VARIABLE)
    beside = Path(str(libero.__file__)).parent / "assets"
    candidates = [Path(named)] if named else [Path(libero.get_libero_path("assets")), beside]
    return next((folder.resolve() for folder in candidates if (folder / "scenes").is_dir()), None)


def require_assets(suite: str) -> None:
    """Check that a suite's meshes and textures are here.

    Args:
        suite: Name of a suite; the embedded ones need none.

    Raises:
        MissingAssetsError: They are not.
    """
    if not find_suite(suite).is_embedded and assets_folder(importlib.import_module("libero.libero")) is None:
        named = os.environ.get(ASSETS_VARIABLE)
        found = f"{ASSETS_VARIABLE}={named} has no folder `scenes`" if named else f"{ASSETS_VARIABLE} is not set"
        raise MissingAssetsError(
            f"`suite`: {suite} needs LIBERO's `assets` folder, and {found}; "
            "name the folder there, or use the suite libero_mini."
        )


def config_folder() -> Path:
    """Return the folder with LIBERO's `config.yaml`; where the user has none it is written, so that LIBERO need not ask."""
    named, home, ours = os.environ.get("LIBERO_CONFIG_PATH"), Path.home() / ".libero", cache_folder("libero")
    if not named and (home / "config.yaml").exists():
        return home
    file = (Path(named) if named else ours) / "config.yaml"
    if not file.exists() or (file.parent == ours and file.read_text() != _default_config()):
        with atomic_file(file) as partial:
            partial.write_text(_default_config())
    return file.parent


def _default_config() -> str:
    spec = importlib.util.find_spec("libero")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("LIBERO is not installed; install vlareg with its dependencies (hf-libero).")
    root = Path(next(iter(spec.submodule_search_locations))) / "libero"
    folders = {
        "benchmark_root": root,
        "bddl_files": root / "bddl_files",
        "init_states": root / "init_files",
        "datasets": cache_folder("demonstrations"),
        "assets": root / "assets",
    }
    return "".join(f"{key}: {str(folder)!r}\n" for key, folder in folders.items())
