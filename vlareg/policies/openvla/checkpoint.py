"""Checks around loading a checkpoint folder, so that nothing wrong is loaded in silence."""

import os
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open


def check_folder(folder: str | os.PathLike[str], options: dict[str, Any]) -> None:
    """Refuse what is not a local folder of safetensors, and code that comes with weights.

    Args:
        folder: The checkpoint.
        options: Keyword arguments of `from_pretrained`.

    Raises:
        FileNotFoundError: If the folder, its configuration or its weights are absent.
        ValueError: If an option would weaken the checks, or a file is broken.
    """
    for name in ("trust_remote_code", "ignore_mismatched_sizes"):
        if options.pop(name, False):
            raise ValueError(f"`{name}` must be False: checkpoints are loaded strictly and without their own code.")
    path = Path(folder)
    if not path.is_dir():
        raise FileNotFoundError(
            f"`folder` must be a local checkpoint folder, but {str(folder)!r} is not; download it first."
        )
    if not (path / "config.json").is_file():
        raise FileNotFoundError(f"{path / 'config.json'} is absent, so {str(path)!r} is not a checkpoint folder.")
    files = sorted(path.glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"{path} has no *.safetensors; other weight formats are not read.")
    for file in files:
        _check_file(file)


def _check_file(file: Path) -> None:
    try:
        with safe_open(file, framework="pt"):
            return
    except (OSError, SafetensorError) as error:
        raise ValueError(
            f"{file} cannot be read ({error}); it is truncated or not safetensors. Copy it again."
        ) from error


def check_loading(folder: str | os.PathLike[str], info: dict[str, Any]) -> None:
    """Raise where transformers only warns.

    Args:
        folder: The checkpoint.
        info: The loading info of transformers.

    Raises:
        ValueError: If a weight is missing, unexpected or of another shape.
    """
    problems = [
        *(f"missing: {key}" for key in sorted(info["missing_keys"])),
        *(f"unexpected: {key}" for key in sorted(info["unexpected_keys"])),
        *(
            f"{key}: shape {tuple(found)} in the file, {tuple(wanted)} by config.json"
            for key, found, wanted in sorted(info["mismatched_keys"])
        ),
        *(str(message) for message in info.get("error_msgs") or ()),
    ]
    if problems:
        shown = "\n  ".join([*problems[:10], *([f"... and {len(problems) - 10} more"] if len(problems) > 10 else [])])
        raise ValueError(f"The weights in {str(folder)!r} do not fit its config.json:\n  {shown}")
