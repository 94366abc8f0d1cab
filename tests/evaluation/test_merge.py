"""Parts become one results folder, or the first thing that is wrong with them is said."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.fakes import FakePolicy, Fakes
from vlareg.evaluation import Episode, command
from vlareg.evaluation.campaign import Campaign
from vlareg.evaluation.merge import merge
from vlareg.evaluation.records import read_records
from vlareg.evaluation.shards import Shard

SETTINGS = {"suite": "counting", "seed": 3, "perturbation": "none", "batch_size": 2, "versions": {"mujoco": "3.3.2"}}
TASKS, EPISODES = (0, 1), 3
PLAN = [Episode(task, init_index) for task in TASKS for init_index in range(EPISODES)]


def run(folder: Path, shard: Shard | None = None, **settings: Any) -> Path:
    extra = {} if shard is None else {"shard": shard.settings(TASKS, EPISODES)}
    episodes = PLAN if shard is None else shard.take(PLAN)
    Campaign(folder, {**SETTINGS, **extra, **settings}, workers=1).run(FakePolicy, Fakes(), episodes)
    return folder


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the folders of two parts."""
    root = tmp_path_factory.mktemp("parts")
    return [run(root / f"part{number}", Shard(number, 2)) for number in (1, 2)]


@pytest.fixture
def parts(originals: list[Path], tmp_path: Path) -> list[Path]:
    """Return copies of the parts' files."""
    for original in originals:
        (tmp_path / original.name).mkdir()
        for name in ("episodes.jsonl", "settings.json", "summary.json"):
            (tmp_path / original.name / name).write_bytes((original / name).read_bytes())
    return [tmp_path / original.name for original in originals]


def test_the_whole_is_as_if_it_had_been_run_at_once(originals: list[Path], tmp_path: Path) -> None:
    """Records, settings, summary and films; and a plain run finds nothing left to do in it."""
    summary = merge(tmp_path / "merged", originals[::-1])
    alone = run(tmp_path / "alone")
    merged = read_records(tmp_path / "merged/episodes.jsonl")
    assert [record.key for record in merged] == [(task, init) for task in TASKS for init in range(EPISODES)]
    assert merged == sorted(read_records(alone / "episodes.jsonl"), key=lambda record: record.key)
    assert (summary.episodes, summary.successes) == (6, 6)
    settings, written = (
        json.loads((tmp_path / "merged" / f"{name}.json").read_text()) for name in ("settings", "summary")
    )
    assert settings == json.loads((alone / "settings.json").read_text()) == SETTINGS
    assert (written["complete"], written["episodes"], written["settings"]) == (True, 6, SETTINGS)
    assert len(list((tmp_path / "merged/videos").iterdir())) == 4  # each part kept one success of each task
    before = (tmp_path / "merged/episodes.jsonl").read_bytes()
    run(tmp_path / "merged")
    assert (tmp_path / "merged/episodes.jsonl").read_bytes() == before


def test_the_command_shows_the_table(parts: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["merge", str(tmp_path / "out"), *map(str, parts)])
    assert "6 of 6" in capsys.readouterr().out
    assert (tmp_path / "out/summary.json").exists()


def cut_a_line(parts: list[Path]) -> list[Path]:
    file = parts[0] / "episodes.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    return parts


def borrow_a_line(parts: list[Path]) -> list[Path]:
    with (parts[0] / "episodes.jsonl").open("a") as file:
        file.write((parts[1] / "episodes.jsonl").read_text().splitlines(keepends=True)[0])
    return parts


def change(*names: str, value: Any) -> Callable[[list[Path]], list[Path]]:
    def changed(parts: list[Path]) -> list[Path]:
        settings = json.loads((parts[1] / "settings.json").read_text())
        inner = settings
        for name in names[:-1]:
            inner = inner[name]
        inner[names[-1]] = value
        (parts[1] / "settings.json").write_text(json.dumps(settings))
        return parts

    return changed


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_a_line, r"part1 lacks 1 of its 3 episodes, first task 1 from initial state 1: run its command again"),
        (borrow_a_line, r"part1 is 1/2 and has task 0 from initial state 1, which is not its own"),
        (lambda parts: parts[:1], r"not all parts of the evaluation: there is no 2/2"),
        (lambda parts: [parts[0], *parts], r"part1 and .*part1 are both 1/2"),
        (change("seed", value=4), r"other settings: `seed` is 3 in .*part1 and 4 in .*part2"),
        (change("versions", "mujoco", value="3.8.1"), r"`versions.mujoco` is '3.3.2' in .* and '3.8.1' in"),
        (change("shard", "of", value=3), r"`shard.of` is 2 in .* and 3 in"),
        (change("shard", "episodes", value=50), r"`shard.episodes` is 3 in .* and 50 in"),
        (change("checkpoint", value="x 1"), r"`checkpoint` is None in .* and 'x 1' in"),
        (lambda parts: [parts[0], parts[0].parent / "nowhere"], r"nowhere' is no results folder"),
    ],
)
def test_what_is_not_the_whole_is_refused_in_one_line(
    parts: list[Path], spoil: Callable[[list[Path]], list[Path]], message: str
) -> None:
    out = parts[0].parent / "out"
    with pytest.raises(SystemExit, match=f"^error: .*{message}") as exit_:
        command.main(["merge", str(out), *map(str, spoil(parts))])
    assert "\n" not in str(exit_.value)
    assert not out.exists()


def test_folders_that_are_no_parts_are_refused(parts: list[Path], tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    with pytest.raises(ValueError, match="whole is no part of an evaluation: it was made without `--shard`"):
        merge(tmp_path / "out", [parts[0], whole])
    before = sorted(whole.rglob("*"))
    with pytest.raises(ValueError, match="whole is neither"):
        merge(whole, parts)
    assert sorted(whole.rglob("*")) == before


def test_a_part_is_not_continued_as_another_or_as_the_whole(parts: list[Path]) -> None:
    with pytest.raises(ValueError, match=r"another `shard.number`: 1 there, 2 now"):
        run(parts[0], Shard(2, 2))
    with pytest.raises(ValueError, match=r"another `shard.number`: 1 there, None now"):
        run(parts[0])
