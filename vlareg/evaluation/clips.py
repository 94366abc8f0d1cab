"""The films of a results folder, for its report."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vlareg.evaluation.records import EpisodeRecord
from vlareg.page import Clip

_NAME = re.compile(r"task(?P<task>\d+)_init(?P<init>\d+).*_(?P<word>success|failure)\.mp4")


@dataclass(frozen=True)
class _Film:
    path: Path
    task: int
    init_index: int
    word: str


def collect_clips(
    folder: str | Path, records: Sequence[EpisodeRecord], megabytes: float
) -> tuple[list[Clip], list[str]]:
    """Read films of successes and failures, as many as there is room for.

    Every task and outcome gets its first film before any gets a second one.

    Args:
        folder: Where the MP4s are; there may be no such folder.
        records: The episodes, for what the policy was told and how many steps it took.
        megabytes: Size that all films together may have (10^6 bytes, >= 0).

    Returns:
        The films in the order of the tasks, and the names of those that were left out.
    """
    chosen, left_out, room = [], [], megabytes * 1e6
    for film in _by_turns(_find_films(Path(folder))):
        size = film.path.stat().st_size
        if size > room:
            left_out.append(film.path.name)
        else:
            room -= size
            chosen.append(film)
    return [_clip(film, records) for film in sorted(chosen, key=lambda film: film.path.name)], sorted(left_out)


def _find_films(folder: Path) -> list[_Film]:
    return [
        _Film(path, int(match["task"]), int(match["init"]), match["word"])
        for path in sorted(folder.glob("*.mp4"))
        if (match := _NAME.fullmatch(path.name))
    ]


def _by_turns(films: Sequence[_Film]) -> list[_Film]:
    turns: dict[tuple[int, str], int] = {}
    ranked = []
    for film in films:
        turn = turns.get((film.task, film.word), 0)
        turns[film.task, film.word] = turn + 1
        ranked.append((turn, film.path.name, film))
    return [film for *_, film in sorted(ranked, key=lambda entry: entry[:2])]


def _clip(film: _Film, records: Sequence[EpisodeRecord]) -> Clip:
    caption = f"Task {film.task}, initial state {film.init_index}: {film.word}"
    meant = [record for record in records if record.key == (film.task, film.init_index)]
    if len(meant) == 1 and meant[0].success == (film.word == "success"):
        caption += f" after {meant[0].steps} steps. “{meant[0].instruction}”"
    return Clip(film.path.read_bytes(), caption, "good" if film.word == "success" else "bad")
