"""Conditions are named in records, change what the policy is told and sees, and may exclude each other."""

from collections.abc import Sequence

import numpy as np
import pytest

from vlareg.evaluation.conditions import Conditions, choose_perturbation
from vlareg.evaluation.plan import TaskFacts

FACTS = [TaskFacts("put the cube on the plate", 3, 1), TaskFacts("put the puck on the plate", 3, 0)]


class Mean:
    """Acts by the brightness of what it sees."""

    def act(self, frames: np.ndarray, instructions: Sequence[str], proprio: np.ndarray) -> np.ndarray:
        return np.full((len(frames), 7), frames.mean())


def test_what_the_policy_is_told_is_among_the_wordings() -> None:
    conditions = Conditions("other", "normal", choose_perturbation("paraphrase", 1))
    (told,) = conditions.plan(FACTS, [0], 1, seed=0)
    wordings = conditions.wordings(FACTS)
    assert "puck" in (told.instruction or "")
    assert told.instruction in wordings
    assert {task.instruction for task in FACTS} < {*wordings} - {told.instruction}


def test_wordings_depend_on_the_seed_alone() -> None:
    conditions = Conditions("own", "normal", choose_perturbation("paraphrase", 1))
    assert conditions.plan(FACTS, None, 3, seed=0) == conditions.plan(FACTS, None, 3, seed=0)
    assert conditions.plan(FACTS, None, 3, seed=0) != conditions.plan(FACTS, None, 3, seed=1)


@pytest.mark.parametrize(("image", "seen"), [("normal", 200.0), ("black", 0.0)])
def test_what_the_policy_sees(image: str, seen: float) -> None:
    policy = Conditions("own", image, choose_perturbation("none", None)).handicap(Mean())  # type: ignore[arg-type]
    actions = policy.act(np.full((2, 1, 4, 4, 3), 200, np.uint8), ["go", "go"], np.zeros((2, 8)))
    np.testing.assert_array_equal(actions, np.full((2, 7), seen))


@pytest.mark.parametrize("level", [0, 1])
def test_an_unseen_object_has_no_other_instruction(level: int) -> None:
    with pytest.raises(ValueError, match="`instruction` cannot be 'other' with unseen_object"):
        Conditions("other", "normal", choose_perturbation("unseen_object", level))
