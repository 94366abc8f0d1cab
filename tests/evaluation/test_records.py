"""Records survive interruptions, and what is not a record is refused."""

import json
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from vlareg.evaluation import EpisodeRecord, append_record, read_records

RECORD = EpisodeRecord("libero_mini", 6, 3, 0, True, 41, "put the red cube on the plate")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "episodes.jsonl"
    records = [
        RECORD,
        replace(RECORD, init_index=4, success=False),
        replace(RECORD, task=7, success=None, error="boom\n"),
    ]
    for record in records:
        append_record(file, record)
    assert read_records(file) == records
    assert len(file.read_text().splitlines()) == 3


def test_no_file_is_no_episode(tmp_path: Path) -> None:
    assert read_records(tmp_path / "episodes.jsonl") == []


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_torn_last_line_is_neither_read_nor_kept(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "episodes.jsonl"
    append_record(file, RECORD)
    append_record(file, replace(RECORD, init_index=4))
    file.write_bytes(file.read_bytes()[:-cut])
    assert read_records(file) == [RECORD]
    append_record(file, replace(RECORD, init_index=5))
    assert [record.init_index for record in read_records(file)] == [3, 5]


def test_the_later_record_of_an_episode_counts(tmp_path: Path) -> None:
    file = tmp_path / "episodes.jsonl"
    append_record(file, replace(RECORD, success=None, error="boom"))
    append_record(file, RECORD)
    assert read_records(file) == [RECORD]


def test_episodes_of_other_suites_seeds_and_perturbations_are_others(tmp_path: Path) -> None:
    file = tmp_path / "episodes.jsonl"
    changes = ({}, {"suite": "libero_goal"}, {"seed": 1}, {"perturbation": "black image"})
    records = [replace(RECORD, **change) for change in changes]
    for record in records:
        append_record(file, record)
    assert read_records(file) == records


def test_a_record_need_not_say_what_was_not_done(tmp_path: Path) -> None:
    file = tmp_path / "episodes.jsonl"
    append_record(file, RECORD)
    values = json.loads(file.read_text())
    without = {key: value for key, value in values.items() if key not in ("perturbation", "seconds")}
    file.write_text(json.dumps(without) + "\n" + json.dumps({**values, "init_index": 4, "perturbation": None}) + "\n")
    assert read_records(file) == [RECORD, replace(RECORD, init_index=4)]


def test_how_long_an_episode_took_is_no_part_of_its_result(tmp_path: Path) -> None:
    file = tmp_path / "episodes.jsonl"
    append_record(file, replace(RECORD, seconds=12.5))
    assert read_records(file) == [RECORD]
    assert read_records(file)[0].seconds == 12.5


@pytest.mark.parametrize("line", ["{}", "[1]", "nonsense", '{"task": 1}', '{"task": 1, "speed": 2}'])
def test_a_whole_line_that_is_no_record_names_its_place(tmp_path: Path, line: str) -> None:
    file = tmp_path / "episodes.jsonl"
    append_record(file, RECORD)
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(ValueError, match=r"episodes.jsonl, line 2 is no episode's record"):
        read_records(file)


@pytest.mark.parametrize("change", [{"success": None}, {"error": "boom"}])
def test_an_error_is_not_an_outcome(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="has either a `success`"):
        replace(RECORD, **change)


def test_a_full_disk_keeps_the_episodes_so_far(tmp_path: Path) -> None:
    """A limit on the file's size stands for the full disk: the write ends half way, with an OSError."""
    file = tmp_path / "episodes.jsonl"
    append_record(file, RECORD)
    before = file.read_bytes()
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 30, limits[1]))
    try:
        with pytest.raises(OSError, match="the episodes so far are kept"):
            append_record(file, replace(RECORD, init_index=4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert file.read_bytes() == before
    append_record(file, replace(RECORD, init_index=4))
    assert len(read_records(file)) == 2
