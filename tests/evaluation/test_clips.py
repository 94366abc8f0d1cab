"""Films find their episode, and the size that they may have is kept fairly."""

from dataclasses import replace
from pathlib import Path

from vlareg.evaluation import EpisodeRecord
from vlareg.evaluation.clips import collect_clips

RECORDS = [
    EpisodeRecord("libero_mini", 6, 3, 0, True, 41, "put the red cube on the plate"),
    EpisodeRecord("libero_mini", 6, 4, 0, False, 100, "put the red cube on the plate"),
]


def films(folder: Path, *names: str, size: int = 1000) -> Path:
    for name in names:
        (folder / name).write_bytes(name.encode().ljust(size))
    return folder


def test_a_film_says_what_it_shows(tmp_path: Path) -> None:
    films(tmp_path, "task06_init003_success.mp4", "task06_init004_failure.mp4", "notes.mp4")
    clips, left_out = collect_clips(tmp_path, RECORDS, megabytes=1)
    assert [(clip.caption, clip.tone) for clip in clips] == [
        ("Task 6, initial state 3: success after 41 steps. “put the red cube on the plate”", "good"),
        ("Task 6, initial state 4: failure after 100 steps. “put the red cube on the plate”", "bad"),
    ]
    assert clips[0].video.startswith(b"task06_init003_success.mp4")
    assert left_out == []


def test_a_film_of_another_run_borrows_no_steps(tmp_path: Path) -> None:
    films(tmp_path, "task06_init004_success.mp4", "task07_init000_failure.mp4")
    captions = [clip.caption for clip in collect_clips(tmp_path, RECORDS, megabytes=1)[0]]
    assert captions == ["Task 6, initial state 4: success", "Task 7, initial state 0: failure"]


def test_a_film_of_one_of_two_suites_says_no_more_than_its_name(tmp_path: Path) -> None:
    films(tmp_path, "task06_init003_success.mp4")
    records = [*RECORDS, replace(RECORDS[0], suite="libero_goal", steps=99)]
    assert [clip.caption for clip in collect_clips(tmp_path, records, 1)[0]] == ["Task 6, initial state 3: success"]


def test_every_task_and_outcome_has_a_film_before_any_has_two(tmp_path: Path) -> None:
    first = ("task06_init000_failure.mp4", "task06_init005_success.mp4", "task07_init000_success.mp4")
    second = ("task06_init001_failure.mp4", "task07_init001_success.mp4")
    clips, left_out = collect_clips(films(tmp_path, *first, *second), RECORDS, megabytes=0.003)
    assert [clip.video.strip().decode() for clip in clips] == list(first)
    assert left_out == list(second)


def test_no_folder_is_no_film(tmp_path: Path) -> None:
    assert collect_clips(tmp_path / "videos", RECORDS, megabytes=1) == ([], [])
