"""Which objects are in a scene, and where they lie."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vlareg.data.concepts.facts import SLOTS
from vlareg.data.concepts.stage import POOL, Stage
from vlareg.data.concepts.vocabulary import COLORS

TARGETS = {"plate": 0.012, "box": 0.008, "region": 0.002}
"""Height above the table at which something lies on or in them (m)."""
_USUAL_COLORS = {"plate": "white", "box": "brown", "region": "gray", "block": "purple"}
_TABLE_X, _TABLE_Y = (-0.22, 0.24), (-0.32, 0.32)
"""Where objects lie (m)."""


@dataclass
class Item:
    """An object in a scene: its number in the pool, colour, place (m), turn (rad), and the slot of what it lies on."""

    pool: int
    color: str
    position: Float[np.ndarray, "3"]
    yaw: float = 0.0
    on: int = -1

    @property
    def kind(self) -> str:
        """Noun."""
        return POOL[self.pool]


def lay_out(stage: Stage, rng: np.random.Generator) -> list[Item]:
    """Lay random objects on the table, or some on a target; leave out what finds no room."""
    items: list[Item] = []
    for pool, color in _choose(rng):
        taken = {item.on for item in items}
        free = [slot for slot, item in enumerate(items) if item.kind in TARGETS and slot not in taken]
        item = Item(pool, color, np.zeros(3))
        item.yaw = 0.0 if item.kind in TARGETS else float(rng.uniform(-np.pi, np.pi))
        spot = _spot(item, items, stage, rng)
        if item.kind not in TARGETS and free and rng.random() < 0.4:
            item.on = free[int(rng.integers(len(free)))]
            spot = items[item.on].position[:2] + rng.uniform(-0.025, 0.025, 2)
        if spot is None:
            continue
        floor = TARGETS[items[item.on].kind] if item.on >= 0 else 0.0
        item.position = np.array([*spot, stage.table + floor + stage.bottoms[pool]])
        items.append(item)
    return items


def _choose(rng: np.random.Generator) -> list[tuple[int, str]]:
    """Choose objects of the pool and their colours, no two alike; the targets, on which others may lie, first."""
    pool = sorted(rng.choice(len(POOL), int(rng.integers(2, SLOTS + 1)), replace=False), reverse=True)
    chosen: dict[tuple[str, str], int] = {}
    for index in pool:
        kind = POOL[index]
        usual = kind in _USUAL_COLORS and (kind == "block" or rng.random() < 0.4)
        color = _USUAL_COLORS[kind] if usual else COLORS[int(rng.integers(len(COLORS)))]
        if (kind, color) != ("cube", "purple"):  # it would look like the block
            chosen.setdefault((kind, color), int(index))
    return [(index, color) for (_, color), index in chosen.items()]


def _spot(item: Item, items: list[Item], stage: Stage, rng: np.random.Generator) -> Float[np.ndarray, "2"] | None:
    """Find a place on the table that is free."""
    for _ in range(30):
        spot = np.array([rng.uniform(*_TABLE_X), rng.uniform(*_TABLE_Y)])
        gaps = [np.hypot(*(spot - o.position[:2])) - stage.radii[o.pool] - stage.radii[item.pool] for o in items]
        if min(gaps, default=1.0) > 0.005:
            return spot
    return None
