"""States at the words for an object, as points in the colours of the objects."""

from collections.abc import Callable, Mapping, Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from vlareg.data.concepts.vocabulary import MOVED
from vlareg.diagnose.examination import Examined
from vlareg.diagnose.figures.axis import spread
from vlareg.diagnose.projections import pca, tsne
from vlareg.diagnose.scenes import Scene
from vlareg.envs.signs.palette import PALETTE
from vlareg.page.figures import GREY, SMALL, WIDTH
from vlareg.shapes import Embeddings

MARKERS = dict(zip(MOVED, "so^D", strict=True))
"""Kind of object -> mark."""

Points = Float[Tensor, "samples 2"]


def draw_embedding(shown: Mapping[str, Examined], tsne_seed: int | None) -> Figure:
    """Draw principal components, and t-SNE, of some blocks.

    Args:
        shown: Name -> policy.
        tsne_seed: Seed of t-SNE; None leaves it out.
    """
    depth = max(len(policy.words.states) for policy in shown.values())
    blocks = [int(block) for block in spread([str(i) for i in range(depth)])]
    ways: dict[str, Callable[[Embeddings], tuple[Points, str]]] = {"PCA": _pca}
    if tsne_seed is not None:
        ways["t-SNE"] = lambda x: (tsne(x, tsne_seed), "")
    rows = [(name, way) for name in shown for way in ways]
    figure = Figure(figsize=(WIDTH, 1.75 * len(rows) + 0.6), layout="constrained")
    grid = figure.subplots(len(rows), len(blocks), squeeze=False)
    for panels, (name, way) in zip(grid, rows, strict=True):
        states, scenes = shown[name].words.states, shown[name].scenes
        panels[0].set_ylabel(f"{name}\n{way}", fontsize=SMALL)
        for panel, block in zip(panels, blocks, strict=True):
            if block < len(states):
                points, words = ways[way](states[block])
                _draw_points(panel, points, scenes)
                panel.set_title(f"block {block}{words}", fontsize=SMALL - 1)
    _add_legend(figure)
    return figure


def _pca(x: Embeddings) -> tuple[Points, str]:
    points, kept = pca(x)
    return points, f" ({kept:.0%} of the variance)"


def _draw_points(panel: Axes, points: Points, scenes: Sequence[Scene]) -> None:
    for (x, y), scene in zip(points.tolist(), scenes, strict=True):
        colour = [value / 255 for value in PALETTE[scene.thing.color]]
        marker = MARKERS[scene.thing.kind]
        panel.plot(x, y, marker, color=colour, markersize=4, markeredgecolor="#555", markeredgewidth=0.4)
    panel.set_facecolor("#e8eaed")
    panel.set_xticks([])
    panel.set_yticks([])


def _add_legend(figure: Figure) -> None:
    marks = [Line2D([], [], marker=m, color=GREY, ls="", markersize=5, label=kind) for kind, m in MARKERS.items()]
    figure.legend(
        handles=marks,
        title="states at the words for an object, in the object's colour",
        title_fontsize=SMALL,
        loc="outside upper left",
        ncols=len(marks),
        fontsize=SMALL,
        frameon=False,
    )
