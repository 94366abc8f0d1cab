"""Where files go, and how they appear there complete or not at all."""

import fcntl
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any


def cache_folder(name: str) -> Path:
    """Return a folder of vlareg's cache: below `VLAREG_CACHE` if that is set, else below the user's cache folder.

    Args:
        name: The folder's name, such as "demonstrations".
    """
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = Path(os.environ["VLAREG_CACHE"]) if os.environ.get("VLAREG_CACHE") else user / "vlareg"
    return root / name


@contextmanager
def atomic_file(target: str | Path) -> Iterator[Path]:
    """Give a path beside `target` to write to; it becomes `target` when the block ends without an error.

    Args:
        target: The file to make or to replace. Where writing fails (a full disk, say) the earlier file stays.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with atomic_file(folder / "a.json") as path:
        ...     _ = path.write_text("{}")
        >>> [file.name for file in folder.iterdir()]
        ['a.json']
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".partial-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        _flush(partial)
        partial.chmod(0o644)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def write_json(target: str | Path, value: Any) -> None:
    """Write numbers for programs, complete or not at all: six decimals, and null for what is not finite.

    Args:
        target: The file to make or to replace.
        value: What JSON knows, and tensors, arrays, dataclasses, paths, and tuples as keys.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "a.json"
        >>> write_json(file, {("a", "b"): (1 / 3, math.nan)})
        >>> json.loads(file.read_text())
        {'a | b': [0.333333, None]}
    """
    with atomic_file(target) as path:
        path.write_text(json.dumps(_plain(value), indent=1, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {" | ".join(key) if isinstance(key, tuple) else str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value


@contextmanager
def atomic_folder(target: str | Path, replaces: Sequence[str] = ()) -> Iterator[Path]:
    """Give a folder beside `target` to fill; it becomes `target`, replacing an earlier one, when the block ends without an error.

    Args:
        target: The folder to make or to replace.
        replaces: As in `require_replaceable`, which is asked first.
    """
    target = Path(target)
    require_replaceable(target, replaces)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    try:
        yield partial
        for file in partial.rglob("*"):
            if file.is_file():
                _flush(file)
        partial.chmod(0o755)
        if target.exists():
            _swap(partial, target)
        else:
            os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def require_replaceable(target: str | Path, replaces: Sequence[str]) -> None:
    """Check that nothing else is lost if a folder is replaced by a new version of it.

    Args:
        target: The folder; it need not exist.
        replaces: Patterns of the names of the files that it may hold, such as "*.json".

    Raises:
        ValueError: There is something else in it, another folder included.
    """
    target = Path(target)
    found = target.iterdir() if target.exists() else ()
    if lost := sorted(path.name for path in found if not (path.is_file() and any(map(path.match, replaces)))):
        raise ValueError(f"{target} would be replaced, but holds {lost[:5]}; choose a new output folder.")


@contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Let one process at a time into the block; the others say that they wait.

    Args:
        path: The lock's own file, which is made and stays; the lock itself vanishes with its process, however that ends.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"Waiting for another process, which holds {path}.", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _swap(new: Path, old: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=".replaced-", dir=old.parent))
    os.replace(old, aside / "old")
    os.replace(new, old)
    shutil.rmtree(aside)


def _flush(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
