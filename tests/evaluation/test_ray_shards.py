"""The parts of an evaluation on a cluster: one results folder in the end, whatever fails on the way.

Ray is faked; where it is installed, it runs two parts of a real evaluation as well.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.fake_ray import FakeRay
from tests.evaluation.results_folders import write_results
from vlareg.evaluation import read_records
from vlareg.evaluation.command import main
from vlareg.evaluation.interfaces import EvaluationStopped
from vlareg.evaluation.ray_shards import RESTARTS, evaluate_on_ray
from vlareg.evaluation.shards import Shard

GPU_NODE = {"CPU": 16.0, "GPU": 1.0}
OPTIONS = {"checkpoint": Path("some/policy"), "seed": 3}


class Evaluations:
    """Stands for `evaluate`: writes a part's records, or fails as often as it is told to."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.failures: dict[str, list[Exception]] = {}

    def __call__(self, shard: str, output: Path, **options: Any) -> None:
        self.asked.append({"shard": shard, "output": output, **options})
        self.threads = os.environ["LP_NUM_THREADS"]
        if self.failures.get(shard):
            raise self.failures[shard].pop()
        part = Shard.parse(shard)
        letters = "".join("+" if index % part.of == part.number - 1 else "_" for index in range(4))
        write_results(output, {0: letters}, {"seed": 3, "shard": part.settings([0], 4)})


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> Evaluations:
    """Return what takes the place of `evaluate`."""
    found = Evaluations()
    monkeypatch.setenv("LP_NUM_THREADS", "to be restored")
    monkeypatch.delenv("LP_NUM_THREADS")
    monkeypatch.setattr("vlareg.evaluation.ray_shards.evaluate", found)
    return found


def cluster(monkeypatch: pytest.MonkeyPatch, *nodes: dict[str, float]) -> FakeRay:
    ray = FakeRay(*nodes)
    monkeypatch.setitem(sys.modules, "ray", ray)
    return ray


def test_the_parts_are_run_and_merged(
    evaluations: Evaluations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = cluster(monkeypatch, {"CPU": 64.0}, GPU_NODE)
    summary = evaluate_on_ray(OPTIONS, 2, tmp_path / "all")
    assert (summary.episodes, summary.successes) == (4, 4)
    assert len(read_records(tmp_path / "all/episodes.jsonl")) == 4
    first, second = evaluations.asked
    assert first == {**OPTIONS, "shard": "1/2", "output": tmp_path / "all-shard1of2"}
    assert second == {**first, "shard": "2/2", "output": tmp_path / "all-shard2of2"}
    assert (ray.options["num_cpus"], ray.options["num_gpus"]) == (8, 1)


def test_without_a_gpu_none_is_asked_for(
    evaluations: Evaluations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = cluster(monkeypatch, {"CPU": 2.0})
    evaluate_on_ray(OPTIONS, 1, tmp_path / "all", cpus=2)
    assert ray.options["num_gpus"] == 0


@pytest.mark.parametrize(("options", "threads"), [({"workers": 2}, "4"), ({"workers": 16}, "0"), ({}, "0")])
def test_a_parts_workers_share_the_cores_it_was_given(
    evaluations: Evaluations,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, int],
    threads: str,
) -> None:
    cluster(monkeypatch, GPU_NODE)
    evaluate_on_ray({**OPTIONS, **options}, 1, tmp_path / "all", cpus=8)
    assert evaluations.threads == threads


@pytest.mark.parametrize("failure", [EvaluationStopped("no GL"), OSError("no space left"), RuntimeError("no memory")])
def test_a_failed_part_is_started_again(
    evaluations: Evaluations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    cluster(monkeypatch, GPU_NODE)
    evaluations.failures["1/2"] = [failure] * RESTARTS
    assert evaluate_on_ray(OPTIONS, 2, tmp_path / "all").episodes == 4
    assert [asked["shard"] for asked in evaluations.asked] == ["1/2"] * (1 + RESTARTS) + ["2/2"]


def test_what_would_fail_again_is_not_and_the_others_end(
    evaluations: Evaluations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster(monkeypatch, GPU_NODE)
    evaluations.failures["1/3"] = [ValueError("`tasks` must be in 0..9")]
    with pytest.raises(EvaluationStopped, match=r"1 of 3 shards failed; .*\. Shard 1/3: `tasks` must be in 0\.\.9$"):
        evaluate_on_ray(OPTIONS, 3, tmp_path / "all")
    assert [asked["shard"] for asked in evaluations.asked] == ["1/3", "2/3", "3/3"]
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shards": 0}, "`shards` must be > 0, but got 0"),
        ({"cpus": 17}, r"`cpus` must be in 1\.\.16, the cores of the largest node with a GPU, but got 17"),
        ({"cpus": 0}, r"`cpus` must be in 1\.\.16"),
        ({"output": Path(__file__).parent}, "`output` must be a new or an empty folder"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_runs(
    evaluations: Evaluations,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    message: str,
) -> None:
    cluster(monkeypatch, {"CPU": 64.0}, GPU_NODE)
    with pytest.raises(ValueError, match=message):
        evaluate_on_ray(OPTIONS, **{"shards": 2, "output": tmp_path / "all", **changes})
    assert evaluations.asked == []


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModuleNotFoundError, match="pip install ray"):
        evaluate_on_ray(OPTIONS, 2, tmp_path / "all")


def test_typed_words_become_the_parts_options(
    evaluations: Evaluations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster(monkeypatch, GPU_NODE)
    words = ["ray", "--shards", "2", "--output", str(tmp_path / "all"), "--tasks", "0", "--render-devices", "1", "0"]
    monkeypatch.chdir(tmp_path)
    Path("a/b").mkdir(parents=True)
    main([*words, "--checkpoint", "a/b", "--random-weights"])
    asked = evaluations.asked[1]
    assert asked["checkpoint"] == tmp_path / "a/b"
    assert (asked["tasks"], asked["render_devices"], asked["random_weights"]) == ([0], [1, 0], True)
    assert (asked["suite"], asked["shard"]) == ("libero_mini", "2/2")
    assert "4 of 4" in capsys.readouterr().out
    with pytest.raises(SystemExit) as exit_:
        main([*words, "--shard", "1/2"])
    assert exit_.value.code == 2


def test_two_parts_of_a_real_evaluation(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is an extra, and not installed here")
    options = {"tasks": [6], "episodes": 2, "workers": 1, "batch_size": 1, "random_weights": True}
    options["checkpoint"] = Path(__file__).parents[2] / "checkpoints/openvla-mini"
    summary = evaluate_on_ray(options, 2, tmp_path / "all", cpus=1)
    assert (summary.episodes, summary.errors) == (2, 0)
    assert json.loads((tmp_path / "all/summary.json").read_text())["complete"] is True
