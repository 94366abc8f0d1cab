import re
from dataclasses import replace

import pytest

from tests.study.conftest import OPTIONS
from vlareg.study import Options, run_study


def test_the_page_is_self_contained_and_has_all_experiments(report):
    page, _ = report
    assert re.findall(r"<h2 [^>]*>([^<]*)</h2>", page) == [
        "Random weights, pretrained, fine-tuned",
        "Frozen and unfrozen encoders",
        "Per task and across tasks",
        "Alignment and success rate",
        "Scale",
        "What an action is compared as",
        "Language",
    ]
    assert set(re.findall(r'src="([^,"]*)', page)) == {"data:image/svg+xml;base64"}
    assert "http" not in page


def test_every_figure_says_what_it_shows_and_what_it_does_not(report):
    page, _ = report
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == page.count("<figure>") >= 6
    assert all("<b>Shows:</b>" in caption and "<b>Does not show:</b>" in caption for caption in captions)
    assert "Alignment is not evidence that a policy uses what it represents" in page


def test_the_numbers_hold_all_scores_with_chance_and_interval(report):
    _, numbers = report
    scopes = {score["scope"] for score in numbers["scores"]}
    assert {
        "all tasks",
        "across tasks",
        "0 put the red cube on the plate",
        "1 put the blue cube on the plate",
    } <= scopes
    assert {score["policy"] for score in numbers["scores"]} == {"random weights", *_names(numbers)}
    known = [score for score in numbers["scores"] if score["value"] is not None]
    assert known
    for score in known:
        assert score["k"] == OPTIONS.k
        calibrated = (score["value"] - score["chance"]) / (1 - score["chance"])
        assert score["calibrated"] == pytest.approx(calibrated, abs=1e-5)
        assert score["low"] is None or score["low"] <= score["value"] <= score["high"]


def _names(numbers):
    return [name for name in numbers["policies"] if name != "random weights"]


def test_random_demonstrations_align_with_nothing(report):
    """Actions are noise but for the clock, which chance keeps; blocks are alike, so that p comes in bunches."""
    _, numbers = report
    p = [s["p"] for s in numbers["scores"] if s["target"] == "actions.full" and s["p"] is not None]
    assert sum(value < 0.05 for value in p) <= 0.2 * len(p)


def test_policies_are_read_at_the_same_frames_and_differ_where_their_weights_do(report):
    _, numbers = report
    _, other = _names(numbers)
    assert numbers["encoder_weights"][other]["changed"] == numbers["encoder_weights"][other]["tensors"] > 0
    shared = {name: places["encoder 0"][-1]["value"] for name, places in numbers["encoder_drift"].items()}
    assert set(shared) == {"random weights", other}
    assert all(value < 1 for value in shared.values())


def test_evaluations_are_found_by_their_weights(report):
    page, numbers = report
    start, other = _names(numbers)
    assert {name: rate["successes"] for name, rate in numbers["success"]["rates"].items()} == {start: 4, other: 16}
    assert list(numbers["success"]["left_out"].values()) == ["its episodes were changed (black image)"]
    assert "With fewer than 4 no interval can be given" in page
    assert all(found["value"] is None for found in numbers["success"]["correlations"].values())


def test_language_is_scored_on_all_instructions_with_its_random_baseline(report):
    _, numbers = report
    assert numbers["language"]["instructions"] == 122
    for places in numbers["language"]["scores"].values():
        score = places["input embeddings"]["precision"]
        assert score["chance"] == pytest.approx(5 / 122, abs=0.02)
        assert score["value"] > 0.5  # common words are enough


@pytest.mark.parametrize("name", ["k", "frames", "window", "permutations", "halvings"])
def test_wrong_options_are_named(name):
    with pytest.raises(ValueError, match=f"`{name}` must be >= [12], but got 0"):
        Options(**{name: 0})


def test_too_few_held_out_episodes_are_named(checkpoint, demonstrations, tmp_path):
    with pytest.raises(ValueError, match=r"`data.validation_episodes` must be at least 4, .* but a task has 2"):
        run_study([checkpoint], tmp_path, demonstrations, options=Options(k=1, frames=16, window=1, language=False))
    assert not list(tmp_path.glob("study.*"))


def test_a_study_of_one_policy_and_task_without_language_says_what_it_cannot_say(
    checkpoint, data, tmp_path, monkeypatch
):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    options = replace(OPTIONS, language=False)
    page = run_study([checkpoint], tmp_path / "report", replace(data, tasks=(0,)), options=options)[0].read_text()
    for words in (
        "There is only one task in the data",
        "Only one policy is given",
        "No evaluation of these policies was given",
        "so nothing can be said about scale",
        "Left out by `--language false`",
    ):
        assert words in page
