"""Put the results folders of the parts of an evaluation together."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vlareg.evaluation.campaign import VIDEO_FOLDER, write_summary
from vlareg.evaluation.interfaces import Episode
from vlareg.evaluation.records import RECORDS_FILE, EpisodeRecord, record_line
from vlareg.evaluation.results import Results, flat_settings, read_results
from vlareg.evaluation.settings import SETTINGS_FILE
from vlareg.evaluation.shards import Shard
from vlareg.evaluation.summary import Summary
from vlareg.files import atomic_folder


def merge(output: str | Path, shards: Sequence[str | Path]) -> Summary:
    """Make one results folder of the folders of all parts, as if one machine had run everything.

    Args:
        output: The folder to make; it appears complete or not at all.
        shards: The parts' folders, in any order.

    Returns:
        The summary of all episodes.

    Raises:
        FileNotFoundError: If a folder has no records.
        ValueError: If the parts are not those of one evaluation, or an episode is lost or doubled; the message says which.
    """
    if not shards:
        raise ValueError("`shards` must name at least one folder, but is empty.")
    output = Path(output)
    require_new_folder(output)
    parts = [read_results(folder) for folder in shards]
    _check_settings(parts)
    records = sorted((record for part in parts for record in _whole(part)), key=lambda record: record.key)
    settings = {name: value for name, value in parts[0].settings.items() if name != "shard"}
    with atomic_folder(output) as partial:
        (partial / SETTINGS_FILE).write_text(json.dumps(settings, indent=2) + "\n")
        (partial / RECORDS_FILE).write_text("".join(map(record_line, records)))
        _copy_videos(parts, partial / VIDEO_FOLDER)
        return write_summary(partial, records, settings, complete=True)


def require_new_folder(output: Path) -> None:
    """Check that a merge can be written to a folder.

    Raises:
        ValueError: If there is something in it.
    """
    if output.exists() and any(output.iterdir()):
        raise ValueError(f"`output` must be a new or an empty folder, but {output} is neither.")


def _check_settings(parts: Sequence[Results]) -> None:
    """Check that these are all parts of one evaluation, each once."""
    for part in parts:
        if "shard" not in part.settings:
            raise ValueError(f"{part.folder} is no part of an evaluation: it was made without `--shard`.")
    first, *others = parts
    for part in others:
        _check_equal(first, part)
    folders: dict[int, Path] = {}
    for part in parts:
        number = part.settings["shard"]["number"]
        if number in folders:
            raise ValueError(f"{folders[number]} and {part.folder} are both {_shard(part)}.")
        folders[number] = part.folder
    if missing := sorted({*range(1, _shard(first).of + 1)} - folders.keys()):
        names = ", ".join(f"{number}/{_shard(first).of}" for number in missing)
        raise ValueError(f"These are not all parts of the evaluation: there is no {names}.")


def _check_equal(a: Results, b: Results) -> None:
    of_a, of_b = _flat_but_number(a), _flat_but_number(b)
    for name in [*of_a, *of_b]:
        if of_a.get(name) != of_b.get(name):
            raise ValueError(
                f"The parts have other settings: `{name}` is {of_a.get(name)!r} in {a.folder} and "
                f"{of_b.get(name)!r} in {b.folder}."
            )


def _flat_but_number(part: Results) -> dict[str, Any]:
    flat = dict(flat_settings(part.settings))
    del flat["shard.number"]
    return flat


def _shard(part: Results) -> Shard:
    return Shard(part.settings["shard"]["number"], part.settings["shard"]["of"])


def _whole(part: Results) -> Sequence[EpisodeRecord]:
    """Return a part's records, which must be its share of the plan and nothing else."""
    plan = part.settings["shard"]
    planned = [Episode(task, init_index) for task in plan["tasks"] for init_index in range(plan["episodes"])]
    expected = {(episode.task, episode.init_index) for episode in _shard(part).take(planned)}
    found = {record.key for record in part.records}
    if lost := sorted(expected - found):
        raise ValueError(
            f"{part.folder} lacks {len(lost)} of its {len(expected)} episodes, first {_name(lost[0])}: "
            "run its command again, which goes on where it ended."
        )
    if foreign := sorted(found - expected):
        raise ValueError(f"{part.folder} is {_shard(part)} and has {_name(foreign[0])}, which is not its own.")
    return part.records


def _name(key: tuple[int, int]) -> str:
    return f"task {key[0]} from initial state {key[1]}"


def _copy_videos(parts: Sequence[Results], folder: Path) -> None:
    for part in parts:
        for video in (part.folder / VIDEO_FOLDER).glob("*.mp4"):
            folder.mkdir(exist_ok=True)
            shutil.copyfile(video, folder / video.name)
