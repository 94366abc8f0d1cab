"""How much more the policies of one arm agree with the robot's state than those of another, on the same frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vlareg.arms.runs import Run, common_data
from vlareg.callbacks.choose import choose
from vlareg.callbacks.readings import read_probe
from vlareg.data import LiberoData
from vlareg.evaluation.policy import choose_numerics, load_model, read_config
from vlareg.functional.layer_pairs import score_layers
from vlareg.functional.layers import Layers
from vlareg.functional.resampling import episode_halves, half_scores, halves_interval

BATCH_SIZE = 32
HALVES = 50


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval over held-out episodes.

    Args:
        value: The number.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float


class Alignment:
    """Scores of many policies at one extraction point, on the same held-out frames.

    Args:
        value: The score of each policy.
        halves: The scores of halves of the episodes.
        episodes: Number of episodes.
    """

    def __init__(
        self, value: Float[Tensor, "policies"], halves: Float[Tensor, "halvings 2 policies"], episodes: int
    ) -> None:
        self._value, self._halves, self._episodes = value, halves, episodes

    def score(self, policies: Sequence[int]) -> Estimate:
        """Return the mean score of some policies.

        Args:
            policies: Their places in the list that was measured.
        """
        return self._estimate(self._value[list(policies)].mean(), self._halves[..., list(policies)].mean(dim=-1))

    def difference(self, more: Sequence[int], than: Sequence[int]) -> Estimate:
        """Return the mean difference; what an episode does to both cancels.

        Args:
            more: Places of some policies.
            than: Places of those that they are compared with.
        """
        value = self._value[list(more)].mean() - self._value[list(than)].mean()
        halves = self._halves[..., list(more)].mean(dim=-1) - self._halves[..., list(than)].mean(dim=-1)
        return self._estimate(value, halves)

    def _estimate(self, value: Tensor, halves: Tensor) -> Estimate:
        low, high = halves_interval(value, halves, self._episodes)
        return Estimate(float(value), float(low), float(high))


def measure_alignment(
    runs: Sequence[Run], points: Sequence[str], target: str, metric: str = "cknna", k: int = 10
) -> dict[str, Alignment]:
    """Read every run's policy on the held-out frames, and score it against a target.

    Args:
        runs: Runs of the same demonstrations.
        points: Names of `vlareg.callbacks.extraction_points`.
        target: A name of `vlareg.callbacks.listed_targets`.
        metric: A name of `vlareg.functional.layer_pairs.LAYER_METRICS`.
        k: Number of neighbours, from other episodes only.

    Returns:
        Point -> scores of the runs, in their order.

    Raises:
        ValueError: If the runs had different demonstrations, or a name is unknown.
    """
    demonstrations, samples = common_data(list(runs))
    augmented = read_config(runs[0].policy).trained_with_augmentation
    data = LiberoData(str(runs[0].policy), demonstrations, BATCH_SIZE, augmentation=augmented, probe_samples=samples)
    data.setup()
    batches = list(data.probe_batches())
    vectors: dict[str, list[Tensor]] = {point: [] for point in points}
    for run in runs:
        policy = load_model(run.policy, *choose_numerics("float32")).train(False)
        wanted = choose([*points, target], policy)
        readings = read_probe(policy, wanted, batches)
        for point in points:
            vectors[point].append(readings.values[point].cpu())
    y = Layers([readings.values[target].cpu()], "y", k, wanted[-1].space, readings.episode_ids.cpu())
    spaces = {item.name: item.space for item in wanted}
    return {point: _scores(metric, Layers(vectors[point], "x", k, spaces[point], y.groups), y) for point in points}


def _scores(metric: str, x: Layers, y: Layers) -> Alignment:
    assert x.groups is not None
    halves = half_scores(
        lambda rows: score_layers(metric, x.subset(rows), y.subset(rows))[:, 0].double(),
        episode_halves(x.groups, HALVES),
    )
    return Alignment(score_layers(metric, x, y)[:, 0].double(), halves, len(torch.unique(x.groups)))
