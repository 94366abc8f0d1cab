"""Attention of the words for an object, over the picture, and whether it is on the object."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from vlareg.callbacks.legend import colour_of
from vlareg.diagnose.attention_scores import AttentionScores
from vlareg.diagnose.estimate import Estimate
from vlareg.diagnose.examination import Examined
from vlareg.diagnose.figures.axis import spread
from vlareg.diagnose.findings import Findings
from vlareg.diagnose.scenes import BOX, Scene
from vlareg.page.figures import SMALL, WIDTH

SCENES = 2
"""Scenes that are drawn."""

LARGEST = 4.0
"""Attention, relative to an even one, at which colours end (dimensionless)."""


def draw_attention(found: Findings, shown: Mapping[str, Examined]) -> Figure:
    """Draw maps of some blocks over the first view, and below them every block's numbers.

    Args:
        found: The numbers.
        shown: Name -> policy to draw maps of.
    """
    rows = SCENES * len(shown)
    figure = Figure(figsize=(WIDTH, 1.62 * rows + 3.0), layout="constrained")
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=[1.62 * rows + 0.4, 2.6])[:, 0]
    depth = max(len(policy.words.attention) for policy in shown.values())
    blocks = [int(block) for block in spread([str(i) for i in range(depth)])]
    panels = above.subplots(rows, 1 + len(blocks), squeeze=False)
    image = None
    for row, (scene, name) in zip(panels, product(range(SCENES), shown), strict=True):
        policy = shown[name]
        maps = policy.words.attention[:, scene, 0].numpy()
        image = _draw_row(list(row), policy.scenes[scene], name, maps, blocks)
    for panel, block in zip(panels[0, 1:], blocks, strict=True):
        panel.set_title(f"block {block}", fontsize=SMALL)
    bar = above.colorbar(image, ax=panels, fraction=0.02, pad=0.01, extend="max")
    bar.set_label("attention relative to an even one", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL - 1)
    _draw_numbers(list(below.subplots(1, 3)), found)
    return figure


def _draw_row(
    panels: Sequence[Axes], scene: Scene, name: str, maps: Float[np.ndarray, "blocks rows columns"], blocks: list[int]
) -> object:
    picture = scene.frames[0]
    size = len(picture)
    panels[0].imshow(picture)
    panels[0].set_ylabel(name, fontsize=SMALL)
    panels[0].set_title(_wrapped(scene.instruction), fontsize=SMALL - 1.5)
    image: object = None
    for panel, block in zip(panels[1:], blocks, strict=True):
        if block < len(maps):
            panel.imshow(picture.mean(axis=-1), cmap="gray", vmin=0, vmax=255)
            relative = maps[block] / maps[block].mean()
            image = panel.imshow(
                relative, cmap="inferno", vmin=0, vmax=LARGEST, alpha=0.65, extent=(-0.5, size - 0.5, size - 0.5, -0.5)
            )
    for panel in panels:
        x, y = (size * (place - BOX / 2) - 0.5 for place in scene.centre)
        panel.add_patch(Rectangle((x, y), size * BOX, size * BOX, fill=False, edgecolor="#39ff14", lw=1.2))
        panel.set_xticks([])
        panel.set_yticks([])
    return image


def _wrapped(instruction: str) -> str:
    words = instruction.split()
    return f"{' '.join(words[: len(words) // 2])}\n{' '.join(words[len(words) // 2 :])}"


def _draw_numbers(panels: Sequence[Axes], found: Findings) -> None:
    quantities = {
        "attention in the object's box,\nless that in other scenes' boxes": "gain",
        "entropy over the patches (nats)": "entropy",
        "share of attention on patches": "on_patches",
    }
    colours = colour_of(found.names)
    for panel, (title, key) in zip(panels, quantities.items(), strict=True):
        for number, name in enumerate(found.names):
            _draw_line(panel, found.attention[name], key, colours[name], 0.08 * (number - len(found.names) / 2), name)
        panel.set_title(title, fontsize=SMALL)
        panel.set_xlabel("LLM block", fontsize=SMALL)
        panel.tick_params(labelsize=SMALL - 0.5, length=2)
        panel.grid(alpha=0.25, linewidth=0.6)
    panels[0].axhline(0, color="#333", lw=1, ls=(0, (4, 3)))
    panels[-1].legend(fontsize=SMALL - 0.5, frameon=False)


def _draw_line(panel: Axes, scores: Sequence[AttentionScores], key: str, colour: str, shift: float, name: str) -> None:
    values: list[Estimate] = [getattr(score, key) for score in scores]
    at = [block + shift for block in range(len(values))]
    panel.vlines(at, [v.low for v in values], [v.high for v in values], color=colour, lw=1.2, alpha=0.55)
    panel.plot(at, [v.value for v in values], color=colour, marker="o", markersize=3.5, lw=1.5, label=name)
