"""Draw what resets draw, without resetting: LIBERO's own suites draw the places of their fixtures anew in each."""

from typing import Any

import numpy as np


def skip_resets(simulator: Any, count: int) -> None:
    """Leave NumPy's global generator as so many resets would.

    The published protocol seeds an environment once a task, so that the fixtures of episode e stand where the e-th reset
    after the seed puts them. Thus they do so in any order of the episodes.

    Args:
        simulator: One of LIBERO's environments, of one of its own suites.
        count: Number of resets.
    """
    from robosuite.utils.errors import RandomizationError

    problem = simulator.env
    while count > 0:
        np.random.randn(len(problem.robots[0].init_qpos))  # noqa: NPY002 (the arm's noise, of magnitude 0, as robosuite draws it)
        for states in problem.object_property_initializers:
            states.sample()
        try:
            places = problem.placement_initializer.sample()
            places = problem.conditional_placement_initializer.sample(problem.sim, places)
            problem.conditional_placement_on_objects_initializer.sample(places)
        except RandomizationError:  # LIBERO resets once more
            continue
        count -= 1
