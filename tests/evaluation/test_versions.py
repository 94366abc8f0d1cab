"""Simulators that are known to give other results are named, for the suites that they harm."""

import warnings

import pytest

from vlareg.evaluation.versions import KNOWN_GOOD, version_problems, versions, warn_of_versions


def test_this_installation_is_the_known_good_one() -> None:
    """What the other tests measure is measured with it."""
    found = versions()
    assert {name: found[name] for name in KNOWN_GOOD} == KNOWN_GOOD


@pytest.mark.parametrize(
    ("suite", "change", "count"),
    [
        ("libero_spatial", {}, 0),
        ("libero_spatial", {"mujoco": "3.3.7"}, 1),
        ("libero_spatial", {"mujoco": "3.4.0"}, 1),
        ("libero_spatial", {"mujoco": "3.10.1"}, 1),
        ("libero_object", {"mujoco": "3.3.2"}, 0),
        ("libero_object", {"mujoco": "3.3.3"}, 1),
        ("libero_object", {"mujoco": "3.4.0rc1"}, 1),
        ("libero_goal", {"mujoco": "3.4.0"}, 1),
        ("libero_mini", {"robosuite": "1.4.1"}, 1),
        ("libero_mini", {"libero": "0.1.3"}, 1),
        ("libero_mini", {"robosuite": "1.5.0"}, 1),
        ("libero_10", {"robosuite": "1.3.0"}, 1),
        ("libero_10", {"robosuite": "absent"}, 1),
        ("libero_object", {"mujoco": "3.8.1", "robosuite": "1.5.1"}, 2),
    ],
)
def test_each_suite_has_its_own_traps(suite: str, change: dict[str, str], count: int) -> None:
    assert len(version_problems(suite, {**KNOWN_GOOD, **change})) == count


def test_a_version_is_untested_where_nothing_worse_is_known() -> None:
    other = {**KNOWN_GOOD, "mujoco": "3.4.0"}
    assert version_problems("libero_goal", other) == ["mujoco is 3.4.0: vlareg is untested with it"]
    (known,) = version_problems("libero_spatial", other)
    assert "98 % success were seen to become 12 %" in known


def test_one_loud_warning_says_it_all() -> None:
    with pytest.warns(
        UserWarning, match="LIBERO is written for robosuite 1.4.*floors are darker.*mujoco 3.3.2"
    ) as caught:
        warn_of_versions("libero_object", {"mujoco": "3.8.1", "robosuite": "1.5.1"})
    assert len(caught) == 1


def test_the_known_good_ones_are_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for suite in ("libero_mini", "libero_spatial", "libero_object", "libero_goal", "libero_10", "libero_90"):
            warn_of_versions(suite, KNOWN_GOOD)
