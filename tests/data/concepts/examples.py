"""A scene written by hand, and everything that is asked about a scene."""

import numpy as np

from vlareg.data.concepts.facts import Facts, Thing
from vlareg.data.concepts.questions import ask

CUBE = Thing("cube", "red", (0.1, 0.2, 0.02), (0.2, 0.7), True)
OTHER = Thing("cube", "blue", (0.0, -0.2, 0.02), (0.8, 0.5), True)
PLATE = Thing("plate", "yellow", (-0.1, 0.0, 0.01), (0.5, 0.3), True)
PUCK = Thing("puck", "pink", (-0.11, 0.04, 0.03), (0.45, 0.3), True, 2)
HIDDEN = Thing("cylinder", "green", (0.2, 0.1, 0.01), (0.6, 0.3), False)
SCENE = Facts((CUBE, OTHER, PLATE, PUCK, HIDDEN), (0.1, 0.2, 0.02), (0.2, 0.65), 0.04, 0, None, (0.0, 0.0))


def sign_scene(category: str, name: str) -> Facts:
    """Return a scene that shows a sign and nothing else."""
    return Facts((), (0.0, 0.0, 0.0), (0.5, 0.5), 0.0, -1, (category, name), (0.25, 0.5))


def answers(scene: Facts, count: int = 12000) -> dict[str, set[str]]:
    """Ask many times; return the answers to each question."""
    found: dict[str, set[str]] = {}
    for seed in range(count):
        question, answer = ask(scene, np.random.default_rng(seed))
        found.setdefault(question, set()).add(answer)
    return found
