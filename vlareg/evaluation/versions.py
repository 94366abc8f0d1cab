"""Which versions made a result; another version of the simulator gives other success rates."""

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = {"mujoco": "mujoco", "robosuite": "robosuite", "libero": "hf-libero", "torch": "torch", "vlareg": "vlareg"}

KNOWN_GOOD = {"mujoco": "3.3.2", "robosuite": "1.4.0", "libero": "0.1.4"}
"""The simulator that ran all five of LIBERO's suites as published; vlareg is tested with it."""


@dataclass(frozen=True)
class GoodRange:
    """Versions of a package outside of which a suite's episodes are known to be others.

    Args:
        package: Key in `versions()`.
        low: First good version.
        high: First version after it that is not good.
        suites: Whose episodes they are; empty for all.
        otherwise: What is different, and who says so.
    """

    package: str
    low: tuple[int, ...]
    high: tuple[int, ...]
    suites: tuple[str, ...]
    otherwise: str


GOOD_RANGES = (
    GoodRange("robosuite", (1, 4), (1, 5), (), "LIBERO is written for robosuite 1.4"),
    GoodRange(
        "mujoco",
        (0,),
        (3, 4),
        ("libero_spatial",),
        "from 3.4.0 on the bowl of task 5 no longer comes to rest on the ramekin, and 98 % success were seen to become 12 % "
        "(github.com/huggingface/lerobot/issues/4390, github.com/RLinf/RLinf/issues/1460)",
    ),
    GoodRange(
        "mujoco",
        (0,),
        (3, 3, 3),
        ("libero_object",),
        "from 3.3.3 on the floors are darker than in the demonstrations "
        "(github.com/Lifelong-Robot-Learning/LIBERO/issues/88)",
    ),
)
"""What is known to go wrong; of what is in no entry and is not `KNOWN_GOOD`, nothing is known."""


def versions() -> dict[str, str]:
    """Return the versions of what a success rate depends on; "absent" for what is not installed as a package."""
    return {name: _version(package) for name, package in _PACKAGES.items()}


def version_problems(suite: str, found: Mapping[str, str]) -> list[str]:
    """Say what is known to be wrong with the simulator's versions, and which others are untested.

    Args:
        suite: Name of the suite.
        found: Package -> version, as `versions()` returns them.

    Example:
        >>> version_problems("libero_object", {"mujoco": "3.3.1", "robosuite": "1.5.1"})
        ['robosuite is 1.5.1: LIBERO is written for robosuite 1.4', 'mujoco is 3.3.1: vlareg is untested with it']
    """
    problems = {
        good.package: f"{good.package} is {found[good.package]}: {good.otherwise}"
        for good in GOOD_RANGES
        if suite in (good.suites or (suite,)) and not good.low <= _numbers(found[good.package]) < good.high
    }
    untested = {
        package: f"{package} is {found[package]}: vlareg is untested with it"
        for package, good in KNOWN_GOOD.items()
        if found.get(package, good) != good
    }
    return [*(problems | {key: text for key, text in untested.items() if key not in problems}).values()]


def checked_versions(suite: str) -> dict[str, str]:
    """Return the versions of what a success rate depends on, MuJoCo's renderer among them; say which, and what is wrong.

    Args:
        suite: Name of the suite; the renderer has been chosen.
    """
    found = versions()
    warn_of_versions(suite, found)
    print(f"MuJoCo {found['mujoco']} renders with {os.environ['MUJOCO_GL']}.")
    return {**found, "gl": os.environ["MUJOCO_GL"]}


def warn_of_versions(suite: str, found: Mapping[str, str]) -> None:
    """Warn once of all that is known to be wrong with the simulator's versions, or untested.

    Args:
        suite: Name of the suite.
        found: Package -> version.
    """
    if problems := version_problems(suite, found):
        good = ", ".join(f"{name} {number}" for name, number in KNOWN_GOOD.items())
        text = f"SUCCESS RATES ON {suite} MAY NOT BE COMPARABLE: {'; '.join(problems)}. Known to be good: {good}."
        warnings.warn(text, stacklevel=2)


def _numbers(text: str) -> tuple[int, ...]:
    """Return "3.3.2" as (3, 3, 2), and what is no version as (), which is below all."""
    release = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(number) for number in release[0].split(".")) if release else ()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
