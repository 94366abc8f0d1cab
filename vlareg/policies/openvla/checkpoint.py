"""Checks around loading a checkpoint folder, so that nothing wrong is loaded in silence."""

from pathlib import Path
from typing import Any


def check_options(options: dict[str, Any]) -> None:
    """Refuse what would weaken the checks, and code that comes with weights.

    Args:
        options: Keyword arguments of `from_pretrained`.

    Raises:
        ValueError: If there is such an option.
    """
    for name in ("trust_remote_code", "ignore_mismatched_sizes"):
        if options.pop(name, False):
            raise ValueError(f"`{name}` must be False: checkpoints are loaded strictly and without their own code.")


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds no model.

    Args:
        folder: The checkpoint.

    Raises:
        FileNotFoundError: If its configuration is absent.
        ValueError: If it holds adapters without the model that they were trained on.
    """
    if (folder / "adapter_config.json").is_file():
        raise ValueError(f"{folder} holds adapters, not a model; `load_adapter` puts them into a model.")
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{folder / 'config.json'} is absent, so {str(folder)!r} is not a checkpoint folder.")


def check_loading(folder: Path, info: dict[str, Any]) -> None:
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
