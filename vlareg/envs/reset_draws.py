"""Draw what resets draw, without resetting: LIBERO's own suites draw the places of their fixtures anew in each."""

from typing import Any

import numpy as np


class ResetDraws:
    """Knows what an environment's resets draw from NumPy's global generator.

    The published protocol makes and seeds an environment once a task, so that the fixtures of episode e stand where the e-th
    reset puts them. This lets them do so in any order of the episodes.

    Args:
        simulator: One of LIBERO's environments, of one of its own suites, that was just made.
    """

    def __init__(self, simulator: Any) -> None:
        self._problem = simulator.env
        self._states = list(self._problem.object_property_initializers)

    def skip(self, resets: int) -> None:
        """Draw as so many resets would, and let the next one draw as it would behind them; the model is as it was built.

        Args:
            resets: Number of resets.
        """
        import mujoco  # here, for the backend has to be chosen before
        from robosuite.utils.errors import RandomizationError

        problem, models = self._problem, 1
        problem.sim.reset()  # some places depend on where drawers stand, which the last episode may have moved
        while resets > 0:
            models += 1  # LIBERO keeps the samplers of drawers and knobs of every model that it ever built
            np.random.randn(len(problem.robots[0].init_qpos))  # noqa: NPY002 (the arm's noise, of magnitude 0, as robosuite draws it)
            for states in self._states * models:
                problem.object_states_dict[states.name].set_joint(states.sample())
            mujoco.mj_kinematics(problem.sim.model._model, problem.sim.data._data)
            try:
                places = problem.placement_initializer.sample()
                places = problem.conditional_placement_initializer.sample(problem.sim, places)
                problem.conditional_placement_on_objects_initializer.sample(places)
            except RandomizationError:  # LIBERO resets once more
                continue
            resets -= 1
        problem.object_property_initializers = self._states * (models if problem.hard_reset else models + 1)
