"""Start a perturbed episode without its waiting steps."""

from collections.abc import Iterator
from contextlib import contextmanager

from vlareg.envs import LiberoEnv
from vlareg.envs.kept_model import KeptModel
from vlareg.envs.perturbations.episode_key import EpisodeKey
from vlareg.envs.perturbations.perturbation import Perturbation
from vlareg.envs.perturbations.perturber import Perturber
from vlareg.envs.perturbations.scene import Scene


class Start:
    """The scenes of a task at the starts of perturbed episodes."""

    def __init__(self, env: LiberoEnv, perturbation: Perturbation, task: int) -> None:
        self.env, self.task = env, task
        self.scene = Scene(env.simulator, env.cameras)
        self._perturber = Perturber(perturbation, self.scene, seed=0, task=task)
        self._kept_model = KeptModel(env.simulator)

    def begin(self, init_index: int) -> EpisodeKey:
        """Set an initial state."""
        self._kept_model.restore()
        self.env.simulator.seed(0)
        self.env.simulator.reset()
        self._perturber.begin(self.env.init_states[init_index], init_index)
        return EpisodeKey(0, self.task, init_index)


@contextmanager
def starts(perturbation: Perturbation, task: int = 0) -> Iterator[Start]:
    """Give the starts of a task of `libero_mini`, unrendered."""
    env = LiberoEnv("libero_mini", task, cameras=())
    yield Start(env, perturbation, task)
    env.close()
