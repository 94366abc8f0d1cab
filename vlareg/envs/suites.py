"""The suites, and how long their episodes may be."""

from dataclasses import dataclass

from vlareg.lookup import look_up


@dataclass(frozen=True)
class Suite:
    """A suite of tasks.

    Args:
        num_tasks: How many tasks it has.
        max_steps: After how many environment steps an episode ends, the waiting steps not counted.
        is_embedded: Whether all that it needs comes with this package.
    """

    num_tasks: int
    max_steps: int
    is_embedded: bool = False


SUITES = {
    "libero_mini": Suite(num_tasks=10, max_steps=100, is_embedded=True),
    "libero_mini_think": Suite(num_tasks=8, max_steps=100, is_embedded=True),
    "libero_mini_think_any": Suite(num_tasks=8, max_steps=100, is_embedded=True),
    "libero_spatial": Suite(num_tasks=10, max_steps=220),
    "libero_object": Suite(num_tasks=10, max_steps=280),
    "libero_goal": Suite(num_tasks=10, max_steps=300),
    "libero_10": Suite(num_tasks=10, max_steps=520),
    "libero_90": Suite(num_tasks=90, max_steps=400),
}
"""The embedded suites, and LIBERO's own with OpenVLA's limits."""

MAX_STEPS = {name: suite.max_steps for name, suite in SUITES.items()}
"""Environment steps an episode of a suite may take."""


def find_suite(name: str) -> Suite:
    """Return a suite by its name.

    Raises:
        ValueError: There is none of that name.

    Example:
        >>> find_suite("libero_mini").max_steps
        100
    """
    return look_up("suite", name, SUITES)
