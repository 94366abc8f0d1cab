"""The embedded suite in its simulator, with an untrained OpenVLA of two blocks."""

import json
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
import torch

from vlareg.envs.libero_mini.think import boards_of
from vlareg.evaluation import Episode, policy_source, read_records, rollout
from vlareg.evaluation.evaluate import evaluate
from vlareg.evaluation.plan import plan_episodes
from vlareg.evaluation.policy import OpenVLAPolicy, choose_numerics, load_model
from vlareg.evaluation.policy_source import find_policy
from vlareg.evaluation.protocols import OPENVLA
from vlareg.evaluation.shared_words import shared_words
from vlareg.evaluation.suites import LiberoTasks, suite_digest, suite_facts
from vlareg.policies.openvla import (
    OpenVLAForActionPrediction,
    OpenVLAProcessor,
    StaticDecoder,
    build_mini_tokenizer,
    mini_config,
)

STEPS = 8


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an untrained policy with action statistics."""
    tokenizer = build_mini_tokenizer([task.instruction for task in suite_facts("libero_mini")])
    statistics = {"q01": [-0.5] * 6 + [0.0], "q99": [0.5] * 6 + [1.0], "mask": [True] * 6 + [False]}
    config = mini_config(tokenizer, {"libero_mini": {"action": statistics}})
    config.text_config.num_hidden_layers = 2
    folder = tmp_path_factory.mktemp("mini")
    torch.manual_seed(0)
    OpenVLAForActionPrediction(config).save_pretrained(folder)
    OpenVLAProcessor(tokenizer, config).save_pretrained(folder)
    return folder


def test_the_decoding_asked_for_is_used_and_recorded(mini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixed cache gives the same actions."""
    made: list[StaticDecoder] = []

    class Counted(StaticDecoder):
        def __call__(self, *arguments: Any) -> Any:
            made.append(self)
            return super().__call__(*arguments)

    monkeypatch.setattr(policy_source, "StaticDecoder", Counted)
    told = ["put the red cube on the plate"] * 2
    actions, frames = [], np.random.default_rng(0).integers(0, 256, (2, 2, 128, 128, 3), dtype=np.uint8)
    for decoding in ("growing", "fixed"):
        source = find_policy(mini, OPENVLA, "libero_mini", None, None, "float32", decoding)  # type: ignore[arg-type]
        assert source.settings()["decoding"] == decoding
        actions.append(source.load(told).act(frames, told))
    np.testing.assert_array_equal(*actions)
    assert len(made) == 1


def test_an_episode_is_the_same_in_company_and_later_alone(mini: Path) -> None:
    """All frames of one episode are equal bit by bit, run first beside another task and last after other episodes."""
    device, dtype = choose_numerics("auto")
    instructions = [task.instruction for task in suite_facts("libero_mini")]
    policy = OpenVLAPolicy(load_model(mini, device, dtype), OpenVLAProcessor.from_pretrained(mini), instructions)
    episode = Episode(6, 0)
    episodes = [episode, Episode(9, 1), Episode(6, 2), episode]
    tasks = LiberoTasks("libero_mini", max_steps=STEPS)
    outcomes = rollout(policy, tasks, episodes, workers=2, batch_size=2, keep_frames=lambda e: e == episode)
    first, last = (outcome for outcome in outcomes if outcome.episode == episode)
    assert len(first.frames) == STEPS + 1
    np.testing.assert_array_equal(first.frames, last.frames)
    assert (first.frames[0] != first.frames[-1]).mean() > 0.02


def test_evaluate_writes_records_summary_and_videos(
    mini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPENVLA.max_steps, "libero_mini", STEPS)
    options = {"checkpoint": mini, "tasks": [6], "workers": 1, "batch_size": 1, "output": tmp_path / "results"}
    summary = evaluate(**options, episodes=1)
    (record,) = read_records(tmp_path / "results" / "episodes.jsonl")
    assert (record.suite, record.task, record.init_index, record.seed) == ("libero_mini", 6, 0, 0)
    assert (record.success, record.steps, record.error, record.perturbation) == (False, STEPS, None, "none")
    assert record.instruction == "put the orange cylinder on the plate"
    assert (summary.episodes, summary.successes) == (1, 0)
    settings = json.loads((tmp_path / "results" / "summary.json").read_text())["settings"]
    assert settings["versions"]["mujoco"].startswith("3.3.")
    assert settings["versions"]["gl"] in ("egl", "osmesa")
    assert settings["suite_files"] == suite_digest("libero_mini")
    video = imageio_ffmpeg.read_frames(str(tmp_path / "results" / "videos" / "task06_init000_failure.mp4"))
    assert next(video)["size"] == (256, 128)
    assert len(list(video)) == STEPS + 1
    with pytest.raises(ValueError, match="another `perturbation`: 'none' there, 'black image' now"):
        evaluate(**options, episodes=1, image="black")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"suite": "libero_minni"}, "Did you mean libero_mini"),
        ({"tasks": []}, "`tasks` must name at least one"),
        ({"tasks": [10]}, r"`tasks` must be in 0\.\.9, but got \[10\]"),
        ({"episodes": 51}, r"`episodes` must be in 1\.\.50"),
        ({"unnorm_key": "bridge"}, "bridge"),
        ({"render_devices": []}, r"`render_devices` must be one or more numbers >= 0, but got \[\]"),
    ],
)
def test_wrong_names_and_numbers(mini: Path, tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, KeyError), match=message):
        evaluate(**{"checkpoint": mini, "output": tmp_path, **change})  # type: ignore[arg-type]


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-folder' is no local folder"):
        evaluate(checkpoint=tmp_path / "no-such-folder", output=tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_tasks_of_the_embedded_suite_come_in_pairs() -> None:
    facts = suite_facts("libero_mini")
    assert [task.partner for task in facts] == [1, 0, 3, 2, 5, 4, 7, 6, 9, 8]
    assert {task.num_init_states for task in facts} == {50}
    assert len({task.instruction for task in facts}) == 10


def test_every_episode_before_two_boards_is_told_its_own_sign() -> None:
    """And no task is told another's; the other instruction is that of the other episode in the same scene."""
    facts = suite_facts("libero_mini_think")
    assert {task.partner for task in facts} == {None}
    assert {task.instruction for task in facts} == {""}
    assert all(len(task.of_episodes) == task.num_init_states for task in facts)
    own = (boards_of(0, 0).instruction, boards_of(0, 1).instruction)
    assert facts[0].of_episodes[:2] == own
    assert [episode.instruction for episode in plan_episodes(facts, [0], 2, "other")] == [*reversed(own)]
    assert all({*task.others_of_episodes} == {*task.of_episodes} for task in facts)
    named = [shared_words(task.of_episodes) for task in facts]
    assert len({*named}) == len(facts)
    assert named[0] == "put the red cube on the board that shows a …"
