"""Perturbed episodes in a roll-out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vlareg.envs.perturbations import Distractors
from vlareg.evaluation import Episode, rollout
from vlareg.evaluation.conditions import Conditions, choose_perturbation
from vlareg.evaluation.evaluate import _folder, evaluate
from vlareg.evaluation.suites import LiberoTasks

STEPS = 3


class Still:
    """Stands still."""

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        return np.zeros((len(instructions), 7))


def test_a_perturbed_episode_is_the_same_in_a_batch_and_alone() -> None:
    """Bit by bit, the second one of its process too."""
    tasks = LiberoTasks("libero_mini", 32, ("agentview",), seed=2, perturbation=Distractors(2), max_steps=STEPS)
    episodes = [Episode(0, init_index) for init_index in (0, 1, 2)]
    found = {
        outcome.episode.init_index: outcome.frames
        for outcome in rollout(Still(), tasks, episodes, workers=2, batch_size=2, keep_frames=lambda _: True)
    }
    alone = tasks(0)
    for init_index in (2, 0, 1):
        frames = [alone.reset(init_index).frames, *(alone.step(np.zeros(7))[0].frames for _ in range(STEPS))]
        np.testing.assert_array_equal(frames, found[init_index])
    alone.close()


def test_records_and_folders_name_the_perturbation() -> None:
    """Level 0 is the control, in the control's folder."""
    changes = Conditions("other", "black", choose_perturbation("light", 2))
    assert str(changes) == "other instruction, black image, light level 2"
    assert str(Conditions("own", "normal", choose_perturbation("light", 0))) == "none"
    assert str(choose_perturbation("light", None)) == "light level 1"
    settings = {"suite": "libero_mini", "seed": 0, "random_weights": False, "protocol": "openvla"}
    changed = {**settings, "perturbation": "light level 2"}
    assert _folder(Path("some/policy"), changed).name == "policy-libero_mini-seed0-light_level_2"
    part = {**settings, "protocol": "lerobot", "perturbation": "none", "shard": {"number": 2, "of": 3}}
    assert _folder(Path("some/policy"), part).name == "policy-libero_mini-seed0-lerobot-shard2of3"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"perturbation": "lihgt"}, "Did you mean light"),
        ({"perturbation": "light", "level": 4}, r"`level` of light must be in 0\.\.3, but got 4"),
        ({"level": 2}, "`level` needs a `perturbation`"),
        (
            {"perturbation": "unseen_object", "instruction": "other"},
            "`instruction` cannot be 'other' with unseen_object",
        ),
    ],
)
def test_wrong_names_and_levels(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(**options)  # type: ignore[arg-type]
