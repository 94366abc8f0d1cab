"""Where a checkpoint is: a local folder, or a repository of the hub."""

import os
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

LOCAL = ("checkpoints", "outputs")
"""Where this project keeps its own checkpoints: a mistyped one is not asked for on the hub, where strangers may own the name."""

DOWNLOADED = ("*.json", "*.safetensors", "tokenizer.model")
"""What is downloaded of a repository: weights and descriptions, no code."""


def local_folder(
    folder: str | os.PathLike[str],
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    *,
    argument: str = "folder",
) -> Path:
    """Return the local folder of a checkpoint, downloading it if it is a repository of the hub.

    Args:
        folder: A folder, or a repository such as `openvla/openvla-7b`.
        revision: Branch, tag or commit of the repository.
        cache_dir: Where repositories are kept, the hub's own folder if None.
        token: Access token of the hub, the stored one if None.
        local_files_only: Look at what was downloaded before only.
        argument: What the caller calls the folder, for messages.

    Raises:
        FileNotFoundError: If there is no such folder and the repository cannot be had.
    """
    name = os.fspath(folder)
    if Path(name).is_dir():
        return Path(name)
    absent = f"`{argument}` must be a checkpoint folder or a repository of the hub, but {name!r} is no local folder"
    if Path(name).parts[:1] in [(folder,) for folder in LOCAL]:
        raise FileNotFoundError(f"{absent} below {Path.cwd()}.")
    try:
        validate_repo_id(name)
    except HFValidationError:
        raise FileNotFoundError(f"{absent} and cannot be a repository's name.") from None
    try:
        path = snapshot_download(
            name,
            revision=revision,
            cache_dir=cache_dir,
            token=token,
            local_files_only=local_files_only,
            allow_patterns=list(DOWNLOADED),
        )
    except (OSError, HfHubHTTPError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise FileNotFoundError(
            f"{absent}, and as a repository it is neither in the hub's cache nor can it be downloaded "
            f"({type(error).__name__}: {reason}). Offline, copy the folder here and give its path."
        ) from error
    return Path(path)
