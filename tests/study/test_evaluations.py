import re

import pytest

from tests.study.conftest import write_evaluation
from vlareg.data import Demonstrations
from vlareg.evaluation.subjects import RANDOM_NAME, list_subjects
from vlareg.study.evaluations import read_evaluations

DATA = Demonstrations(tasks=(1,))


def test_an_evaluation_belongs_to_whose_weights_it_is(checkpoint, tuned, tmp_path):
    subjects = list_subjects([checkpoint, tuned])
    folders = [
        write_evaluation(tmp_path / "a", tuned, 7),
        write_evaluation(tmp_path / "b", checkpoint, 0, random_weights=True),
    ]
    found = read_evaluations(folders, subjects, DATA)
    assert {name: (s.successes, s.episodes) for name, s in found.of.items()} == {
        "tuned0": (7, 10),
        RANDOM_NAME: (0, 10),
    }


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"suite": "libero_goal"}, "of the suite libero_goal, not of libero_mini"),
        ({"perturbation": "other instruction"}, "episodes were changed \\(other instruction\\)"),
    ],
)
def test_what_says_nothing_about_the_policies_is_left_out_with_its_reason(checkpoint, tmp_path, settings, reason):
    folder = write_evaluation(tmp_path / "a", checkpoint, 5, **settings)
    found = read_evaluations([folder], list_subjects([checkpoint]), DATA)
    assert not found.of
    assert re.search(reason, found.left_out[str(folder)])


def test_other_weights_are_left_out(checkpoint, tuned, tmp_path):
    folder = write_evaluation(tmp_path / "a", tuned, 5)
    found = read_evaluations([folder], list_subjects([checkpoint]), DATA)
    assert "it is of other weights (policy " in found.left_out[str(folder)]


def test_two_evaluations_of_one_policy_are_refused(checkpoint, tmp_path):
    folders = [write_evaluation(tmp_path / name, checkpoint, 5) for name in "ab"]
    with pytest.raises(ValueError, match="a second evaluation of"):
        read_evaluations(folders, list_subjects([checkpoint]), DATA)


def test_a_folder_without_results_is_named(checkpoint, tmp_path):
    (tmp_path / "settings.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r"has no episodes\.jsonl"):
        read_evaluations([tmp_path], list_subjects([checkpoint]), DATA)
