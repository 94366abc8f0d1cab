"""Episodes meet their own partner, and what has none is counted."""

import json
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from scipy.stats import binomtest, ttest_1samp

from tests.evaluation.results_folders import write_results
from vlareg.evaluation import compare
from vlareg.evaluation.comparison import Comparison
from vlareg.evaluation.comparison_table import WIDTH, comparison_view


def shown(found: Comparison) -> str:
    output = StringIO()
    Console(file=output, width=WIDTH).print(comparison_view(found))
    return output.getvalue()


def test_pairs_are_counted_per_task_and_overall(tmp_path: Path) -> None:
    a = write_results(tmp_path / "a", {3: "++--+-----", 0: "+--------+"})
    b = write_results(tmp_path / "b", {0: "+++++----+", 3: "+-++++++--"})
    found = compare(a, b)
    assert [(task.task, task.pairs, task.both, task.only_a, task.only_b) for task in found.tasks] == [
        (0, 10, 2, 0, 4),
        (3, 10, 2, 1, 5),
    ]
    assert (found.pairs, found.both, found.only_a, found.only_b) == (20, 4, 1, 9)
    assert (found.rate_a, found.rate_b, found.difference) == (0.25, 0.65, 0.4)
    assert found.p == pytest.approx(binomtest(1, 10).pvalue, rel=1e-12)
    assert found.tasks[0].p == pytest.approx(binomtest(0, 4).pvalue, rel=1e-12)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < 0.4 < found.high < 0.8
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["tasks"][1]["only_b"] == 5


def test_the_other_way_round_is_the_same_with_its_sign_changed(tmp_path: Path) -> None:
    a, b = (
        write_results(tmp_path / name, {0: letters}) for name, letters in (("a", "+-+-+---++"), ("b", "++++++++-+"))
    )
    there, back = compare(a, b), compare(b, a)
    assert there.difference == -back.difference  # type: ignore[operator]
    assert there.p == back.p
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=0.05)  # type: ignore[operator]


def test_what_has_no_partner_or_no_outcome_is_counted_and_not_compared(tmp_path: Path) -> None:
    a = write_results(tmp_path / "a", {0: "++!_!+", 1: "++"})
    b = write_results(tmp_path / "b", {0: "-!++_+", 2: "-"})
    found = compare(a, b)
    assert (found.pairs, found.only_a, found.both) == (2, 1, 1)
    assert (found.unpaired_a, found.unpaired_b) == (3, 2)
    assert (found.errors_a, found.errors_b, found.lost) == (2, 1, 2)
    text = " ".join(shown(found).split())
    assert "without a partner, 3 of a and 2 of b" in text
    assert "failed in 2 episodes of a and 1 of b, which cost 2 pairs" in text


def test_errors_alone_are_no_difference(tmp_path: Path) -> None:
    a, b = write_results(tmp_path / "a", {0: "!!"}), write_results(tmp_path / "b", {0: "++"})
    found = compare(a, b)
    assert (found.pairs, found.difference, found.low, found.p, found.episodes_needed) == (0, None, None, None, None)
    assert "all" in shown(found)


@pytest.mark.parametrize(("field", "value"), [("suite", "libero_goal"), ("seed", 1), ("perturbation", "black image")])
def test_another_episode_is_no_partner(tmp_path: Path, field: str, value: object) -> None:
    a, b = write_results(tmp_path / "a", {0: "++"}), write_results(tmp_path / "b", {0: "--"}, **{field: value})
    with pytest.raises(ValueError, match=f"share no episode: `{field}` is .* in one and {value!r} in the other"):
        compare(a, b)


def test_a_changed_episode_meets_the_unchanged_one_if_asked_to(tmp_path: Path) -> None:
    a = write_results(tmp_path / "a", {0: "++++"})
    b = write_results(tmp_path / "b", {0: "--+-"}, perturbation="black image")
    found = compare(a, b, across_perturbations=True)
    assert (found.pairs, found.only_a, found.difference) == (4, 3, -0.75)
    both = write_results(tmp_path / "both", {0: "+"})
    with (b / "episodes.jsonl").open() as lines, (both / "episodes.jsonl").open("a") as file:
        file.write(lines.readline())
    with pytest.raises(ValueError, match="folders of one perturbation each"):
        compare(both, a, across_perturbations=True)


def test_training_seeds_are_paired_in_their_order(tmp_path: Path) -> None:
    letters = {
        "a0": "+---------",
        "a1": "++--------",
        "a2": "----------",
        "b0": "++++------",
        "b1": "+++-------",
        "b2": "++--------",
    }
    folders = {name: write_results(tmp_path / name, {0: word}) for name, word in letters.items()}
    arms = [[folders[f"{arm}{seed}"] for seed in range(3)] for arm in "ab"]
    found = compare(*arms)
    differences = [seed.difference for seed in found.seeds]
    assert differences == pytest.approx([0.3, 0.1, 0.2])
    expected = ttest_1samp(differences, 0).confidence_interval(0.95)
    assert found.seeds_mean == pytest.approx(0.2)
    assert (found.seeds_low, found.seeds_high) == pytest.approx((expected.low, expected.high))
    assert found.pairs == 30
    assert Path(found.seeds[1].b) == folders["b1"]
    text = " ".join(shown(found).split())
    assert "Over 3 training seeds the mean of b - a is +20.0 points, with a 95 % t interval of -4.8 to +44.8" in text


def test_seeds_that_share_their_starts_are_not_taken_for_more_starts(tmp_path: Path) -> None:
    """Both seeds win the same four starts: four starts' evidence, p = 1/8, not that of eight, 1/128."""
    a, b = (
        [write_results(tmp_path / f"{arm}{i}", {0: word}) for i in (0, 1)]
        for arm, word in (("a", "------"), ("b", "++++--"))
    )
    assert compare(a, b).p == pytest.approx(1 / 8)
    assert compare(a[0], b[0]).p == pytest.approx(1 / 8)
    assert "all equal, so there is no interval" in " ".join(shown(compare(a, b)).split())


def test_what_else_differs_is_said(tmp_path: Path) -> None:
    settings = {"checkpoint": "x 1", "resolution": 128, "versions": {"mujoco": "3.3.2"}}
    other = {"checkpoint": "y 2", "resolution": 256, "versions": {"mujoco": "3.8.1"}}
    a = write_results(tmp_path / "a", {0: "+-"}, settings)
    assert compare(a, write_results(tmp_path / "b", {0: "+-"}, other)).notes == (
        "`resolution` is 128 in a and 256 in b",
        "`versions.mujoco` is 3.3.2 in a and 3.8.1 in b",
    )
    same = compare(a, write_results(tmp_path / "c", {0: "+-"}, settings))
    assert same.notes == ("a and b are evaluations of the same policy",)
    assert "Note: a and b are evaluations of the same policy." in shown(same)
    assert compare(a, write_results(tmp_path / "d", {0: "+-"})).notes == ()


def test_results_from_before_there_were_protocols_are_openvla_s(tmp_path: Path) -> None:
    a = write_results(tmp_path / "a", {0: "+-"}, {"checkpoint": "x 1"})
    same = write_results(tmp_path / "b", {0: "+-"}, {"checkpoint": "y 1", "protocol": "openvla"})
    assert compare(a, same).notes == ()
    other = write_results(tmp_path / "c", {0: "+-"}, {"checkpoint": "y 1", "protocol": "lerobot"})
    assert compare(a, other).notes == ("`protocol` is openvla in a and lerobot in b",)


def test_the_tables_fit_100_columns_and_lose_nothing(tmp_path: Path) -> None:
    a, b = (
        [write_results(tmp_path / f"{arm}{seed}", {0: word * 30, 89: word * 30}, suite="libero_90") for seed in (0, 1)]
        for arm, word in (("a", "----"), ("b", "++++"))
    )
    text = shown(compare(a, b))
    assert max(map(len, text.splitlines())) <= WIDTH == 100
    assert "…" not in text
    for cell in ("0/240", "+100.0", "<.001", "libero_90", "a1, b1"):
        assert cell in text


def test_folders_that_cannot_be_compared_are_named(tmp_path: Path) -> None:
    a, b = write_results(tmp_path / "a", {0: "+"}), write_results(tmp_path / "b", {0: "-"})
    with pytest.raises(ValueError, match="one for each training seed, but got 2 and 1"):
        compare([a, b], [a])
    with pytest.raises(ValueError, match=r"name each folder once, but got .*/a twice"):
        compare(a, tmp_path / "b" / ".." / "a")
    with pytest.raises(FileNotFoundError, match=r"no results folder .* no episodes\.jsonl"):
        compare(a, tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/episodes.jsonl").touch()
    with pytest.raises(ValueError, match="has no episode yet"):
        compare(a, tmp_path / "empty")
