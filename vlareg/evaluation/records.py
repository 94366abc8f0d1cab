"""One JSON line an episode: what happened, readable while the evaluation runs and after it was interrupted."""

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

RECORDS_FILE = "episodes.jsonl"
"""Name of the records' file in a results folder."""


class EpisodeIdentity(NamedTuple):
    """What makes two episodes of two policies the same one.

    Args:
        suite: Name of the suite.
        task: Number of the task in its suite.
        init_index: Which stored initial state the episode started from.
        seed: The environment's seed.
        perturbation: What was changed about the episode, "none" where nothing was.
    """

    suite: str
    task: int
    init_index: int
    seed: int
    perturbation: str


@dataclass(frozen=True)
class EpisodeRecord:
    """What one episode came to.

    Args:
        suite: Name of the suite.
        task: Number of the task in its suite.
        init_index: Which stored initial state the episode started from.
        seed: The environment's seed.
        success: Whether the goal held at some step; None if the simulator failed, which says nothing about the policy.
        steps: Number of actions the policy took (environment steps, without the waiting steps).
        instruction: What the policy was told.
        perturbation: What was changed about the episode, "none" where nothing was.
        attempts: How often the episode was tried; more than once where the simulator failed.
        error: Why the simulator failed the last time, None where it did not.
        seconds: Duration of the episode, with its waiting for the policy (s); None where it was not measured. It is no part
            of the result: two records are equal whatever their durations.

    Raises:
        ValueError: If an episode has both an outcome and an error, or neither.
    """

    suite: str
    task: int
    init_index: int
    seed: int
    success: bool | None
    steps: int
    instruction: str
    perturbation: str = "none"
    attempts: int = 1
    error: str | None = None
    seconds: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if (self.success is None) == (self.error is None):
            raise ValueError(
                "An episode has either a `success` (true or false) or an `error`, "
                f"but got {self.success} and {self.error!r}."
            )

    @property
    def key(self) -> tuple[int, int]:
        """The episode's task and initial state, which name it within one evaluation."""
        return self.task, self.init_index

    @property
    def identity(self) -> EpisodeIdentity:
        """What names the episode among those of all suites, seeds and perturbations."""
        return EpisodeIdentity(self.suite, self.task, self.init_index, self.seed, self.perturbation)


def read_records(path: str | Path) -> list[EpisodeRecord]:
    """Read the episodes of a file; of an episode that stands there twice, the later record counts.

    A last line without a line break was torn by an interruption: its episode does not count as done.

    Args:
        path: The JSON lines; where there is no such file, no episode is done.

    Returns:
        The records in the order of the file.

    Raises:
        ValueError: If a whole line is not a record; the message names the file and the line.
    """
    path = Path(path)
    if not path.exists():
        return []
    complete = path.read_bytes().split(b"\n")[:-1]
    records = [_parse(line, f"{path}, line {number}") for number, line in enumerate(complete, start=1)]
    return list({record.identity: record for record in records}.values())


def append_record(path: str | Path, record: EpisodeRecord) -> None:
    """Add an episode to a file and wait until it is on the disk.

    A torn last line is cut off first, and a line that could not be written whole (a full disk, say) is taken back.

    Args:
        path: The JSON lines.
        record: The episode.

    Raises:
        OSError: If the line cannot be written; the episodes before it are kept.
    """
    line = memoryview(record_line(record).encode())
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0) as file:
        end = file.read().rfind(b"\n") + 1
        file.truncate(end)
        file.seek(end)
        try:
            while line:
                line = line[file.write(line) :]
            os.fsync(file.fileno())
        except OSError as error:
            file.truncate(end)
            raise not_written(path, error) from error


def not_written(path: str | Path, error: OSError) -> OSError:
    """Return the error of a file that could not be written, with what to do about it."""
    reason = f"{error.strerror}; the episodes so far are kept: make room and run the same command again"
    return OSError(error.errno, reason, str(path))


def record_line(record: EpisodeRecord) -> str:
    """Return an episode as it stands in the file, with the line break."""
    return json.dumps(asdict(record)) + "\n"


def _parse(line: bytes, where: str) -> EpisodeRecord:
    try:
        values: Any = json.loads(line)
        known = {field.name for field in fields(EpisodeRecord)}
        if unknown := set(values) - known:
            raise ValueError(f"unknown keys {sorted(unknown)}")
        return EpisodeRecord(**{**values, "perturbation": values.get("perturbation") or "none"})
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where} is no episode's record ({error}). Remove it to run that episode again.") from error
