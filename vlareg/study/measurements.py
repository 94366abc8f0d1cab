"""What all experiments look at: the policies, and the scores of each of them in each scope."""

from dataclasses import dataclass

import torch

from vlareg.callbacks.representation import Representation
from vlareg.evaluation.subjects import RANDOM_NAME
from vlareg.functional.chance import Score
from vlareg.functional.chance_scores import Resampling
from vlareg.study.examination import Examined, Probe
from vlareg.study.grid import Difference, Grid, difference
from vlareg.study.scopes import ALL, ANY, OTHER, Scope, list_scopes
from vlareg.study.scoring import score_grid
from vlareg.study.targets import MAIN

SECOND = "cknna"
"""Metric that is to confirm what mutual k-NN says."""


@dataclass(frozen=True)
class Measurements:
    """Policies and their scores.

    Args:
        probe: The frames.
        k: Number of neighbours.
        policies: Name -> what was read of it: the untrained one, the start, the others.
        scopes: Name of a scope -> scope.
        grids: (policy, scope) -> scores by mutual k-NN.
        second: Policy -> scores of all frames by CKNNA, of the last block of each part.
    """

    probe: Probe
    k: int
    policies: dict[str, Examined]
    scopes: dict[str, Scope]
    grids: dict[tuple[str, str], Grid]
    second: dict[str, Grid]

    @property
    def given(self) -> list[str]:
        """Names of the policies without the untrained one."""
        return [name for name in self.policies if name != RANDOM_NAME]

    @property
    def start(self) -> str:
        """Name of the first given policy."""
        return self.given[0]

    @property
    def whole(self) -> str:
        """Name of the scope of all frames."""
        return next(iter(self.scopes))

    @property
    def tasks(self) -> list[str]:
        """Names of the scopes of one task each."""
        return [name for name in self.scopes if name not in (ALL, ANY, OTHER)]

    @property
    def places(self) -> list[str]:
        """Labels of the points that all policies have."""
        everywhere = [policy.places for policy in self.policies.values()]
        return [place for place in self.policies[self.start].places if all(place in places for places in everywhere)]

    def score(self, policy: str, scope: str, place: str, target: str) -> Score:
        """Return a score.

        Args:
            policy: Its name.
            scope: Name of the scope.
            place: Label of a point that all policies have.
            target: Name of the target.
        """
        return self.grids[policy, scope].score([self.policies[policy].places[place]], target)

    def by_block(self, policy: str, place: str, target: str) -> list[Score]:
        """Return the scores of the points of one kind, from the first block to the last, on all frames.

        Args:
            policy: Its name.
            place: Label of the kind.
            target: Name of the target.
        """
        grid = self.grids[policy, self.whole]
        return [grid.score([point], target) for point in self.policies[policy].points_like(place)]

    def best(self, policy: str, place: str, target: str) -> Score:
        """Return the best score of the points of one kind, against the best that they have by chance.

        Args:
            policy: Its name.
            place: Label of the kind.
            target: Name of the target.
        """
        return self.grids[policy, self.whole].score(self.policies[policy].points_like(place), target)

    def difference(self, pair: tuple[str, str], place: str, target: str, best: bool = False) -> Difference:
        """Return how much more a policy scores than another one, on all frames.

        Args:
            pair: Names of the policy and of the other one.
            place: Label of a point that all policies have.
            target: Name of the target.
            best: Compare the best blocks instead of the last ones.
        """
        one, other = (
            self.policies[name].points_like(place) if best else [self.policies[name].places[place]] for name in pair
        )
        more, than = (self.grids[name, self.whole] for name in pair)
        return difference(more, than, (one, other), target)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Policies and what each is compared with: the others with the start, the start with untrained weights."""
        untrained = [(self.start, name) for name in self.policies if name == RANDOM_NAME]
        return [*((name, self.start) for name in self.given[1:]), *untrained]


def measure(policies: list[Examined], names: list[str], probe: Probe, k: int, resampling: Resampling) -> Measurements:
    """Score all policies in all scopes.

    Args:
        policies: The untrained one, the start, the others; read at the same frames.
        names: Names of the tasks.
        probe: The frames.
        k: Number of neighbours.
        resampling: Numbers of exchanges and halvings of episodes.

    Raises:
        ValueError: If a task has too few episodes or frames.
    """
    readings = policies[0].readings
    for policy in policies:
        if not torch.equal(policy.readings.sample_ids, readings.sample_ids):
            raise ValueError(f"All policies must see the same frames, but {policy.subject.name} saw others.")
    scopes = {scope.name: scope for scope in list_scopes(readings.episode_ids, policies[0].tasks, names, resampling)}
    grids = {
        (policy.subject.name, name): score_grid(
            policy.readings, scope, _points(policy, next(iter(scopes)) == name), policy.targets, k
        )
        for policy in policies
        for name, scope in scopes.items()
    }
    whole = next(iter(scopes.values()))
    second = {policy.subject.name: _second(policy, whole, k) for policy in policies}
    return Measurements(probe, k, {policy.subject.name: policy for policy in policies}, scopes, grids, second)


def _second(policy: Examined, scope: Scope, k: int) -> Grid:
    """Score the last blocks against the main targets by another metric."""
    targets = [target for target in policy.targets if target.name in MAIN]
    return score_grid(policy.readings, scope, _points(policy, False), targets, k, SECOND)


def _points(policy: Examined, every: bool) -> list[Representation]:
    """Return every block, or the last one of each part."""
    places = policy.places.values()
    return [point for point in policy.points if every or point.name in places]
