"""Scores of every layer of one side against every layer of the other, over steps and ranks."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torchmetrics.utilities.data import dim_zero_cat

from vlareg.functional.chance import Score
from vlareg.functional.chance_scores import Resampling
from vlareg.functional.layer_pairs import check_metric, score_layers
from vlareg.functional.layer_scores import WITHOUT_INTERVALS, LayerScores, score_with_chance
from vlareg.functional.layers import Layers
from vlareg.functional.precision import at_least_float32
from vlareg.functional.space import RAW, Space, per_side
from vlareg.metrics.pairs import PairMetric

Spaces = Space | list[Space]
LayerVectors = Float[Tensor, "samples _ _"] | Sequence[Float[Tensor, "samples _"]]


class AlignmentMatrix(PairMetric):
    """All pairs of layers of two sides at once, by one metric or several.

    Neighbours and kernels are found once per layer, and shared by all metrics and pairs.

    Args:
        metric: A name of `vlareg.functional.layer_pairs.LAYER_METRICS`, or several.
        k: Number of neighbours, or one for each side.
        space: Normalisation and distance, or a pair of them, for each side one; a side's may be a list, for each layer one.
        kwargs: Further arguments of `torchmetrics.Metric`.

    Raises:
        ValueError: If a metric's name is unknown or `k` is below 1.

    Example:
        >>> metric = AlignmentMatrix(k=5)
        >>> metric.update(torch.randn(40, 3, 8), torch.randn(40, 2, 16))
        >>> metric.compute().shape
        torch.Size([3, 2])
    """

    widths_x: list[Tensor]
    widths_y: list[Tensor]

    def __init__(
        self,
        metric: str | Sequence[str] = "mutual_knn",
        k: int | tuple[int, int] = 10,
        space: Spaces | tuple[Spaces, Spaces] = RAW,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(per_side(k)) < 1:
            raise ValueError(f"`k` must be >= 1, but got {k}.")
        self.metrics = (metric,) if isinstance(metric, str) else tuple(metric)
        for name in self.metrics:
            check_metric(name)
        self.only, self.space = isinstance(metric, str), space
        self.k: int | tuple[int, int] = k
        self._layers: tuple[Layers, Layers] | None = None
        for name in ("widths_x", "widths_y"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(
        self,
        x: LayerVectors,
        y: LayerVectors,
        episode_ids: Int[Tensor, "samples"] | None = None,
        sample_ids: Int[Tensor, "samples"] | None = None,
    ) -> None:
        """Add samples.

        Args:
            x: One vector per sample and layer, or one tensor [samples, dim] for each layer, which may then differ in width.
            y: The other side, of the same samples in the same order.
            episode_ids: Episode of each sample; neighbours then come from other episodes only.
            sample_ids: Id of each sample, unique over the data set; copies are counted once.

        Raises:
            ValueError: If the numbers of samples or the layers' widths differ, or ids were given in some calls only.
        """
        (flat_x, widths_x), (flat_y, widths_y) = _flatten(x, "x"), _flatten(y, "y")
        for state, widths in ((self.widths_x, widths_x), (self.widths_y, widths_y)):
            if state and not torch.equal(state[0], widths):
                raise ValueError(f"Layers must keep their widths, but {state[0].tolist()} became {widths.tolist()}.")
        super().update(flat_x, flat_y, episode_ids, sample_ids)
        self._layers = None
        if not self.widths_x:
            self.widths_x.append(widths_x)
            self.widths_y.append(widths_y)

    def reset(self) -> None:
        """Forget all samples, and what was found about them."""
        super().reset()
        self._layers = None

    def value(
        self, x: Tensor, y: Tensor, groups: Tensor | None = None
    ) -> Float[Tensor, "layers_x layers_y"] | dict[str, Float[Tensor, "layers_x layers_y"]]:
        """Return the scores of all pairs of layers, by metric if several were asked for.

        Args:
            x: The first side's layers, side by side.
            y: The second side's layers, side by side.
            groups: Episode of each sample.
        """
        k: tuple[int, int] = per_side(self.k)
        space: tuple[Spaces, Spaces] = per_side(self.space)
        self._layers = (
            Layers(_split(x, self.widths_x), "x", k[0], space[0], groups),
            Layers(_split(y, self.widths_y), "y", k[1], space[1], groups),
        )
        scores = {name: score_layers(name, *self._layers) for name in self.metrics}
        return scores[self.metrics[0]] if self.only else scores

    def scores(self, resampling: Resampling = WITHOUT_INTERVALS) -> dict[str, LayerScores]:
        """Return, by metric, the scores of all pairs with chance, and the best of them beside the null of the best.

        Args:
            resampling: Numbers of permutations, and of halves of the episodes for intervals; none by default, since they cost
                some thirty times as much as the scores.

        Raises:
            ValueError: If episode ids were not given, or too few episodes have equally many samples.
        """
        return {name: score_with_chance(name, *self.layers, resampling) for name in self.metrics}

    def score(self, title: str | None = None, resampling: Resampling = WITHOUT_INTERVALS) -> Score:
        """Return the best score of all pairs of layers beside the null of the best.

        Args:
            title: What is compared; the metric's name by default.
            resampling: Numbers of permutations and halves of the episodes.

        Raises:
            ValueError: If there are several metrics, or what `scores` refuses.
        """
        if len(self.metrics) > 1:
            raise ValueError(f"`score` is of one metric, but there are {list(self.metrics)}; use `scores`.")
        return score_with_chance(self.metrics[0], *self.layers, resampling, title).best

    @property
    def layers(self) -> tuple[Layers, Layers]:
        """Both sides with the neighbours and kernels behind the last scores: what a null permutes."""
        self.compute()
        assert self._layers is not None
        return self._layers


def _flatten(side: LayerVectors, name: str) -> tuple[Tensor, Tensor]:
    """Return all layers side by side, [samples, sum of widths], and their widths, [1, layers]."""
    layers = list(side.unbind(1)) if isinstance(side, Tensor) and side.ndim == 3 else list(side)
    if (isinstance(side, Tensor) and side.ndim != 3) or not layers or any(layer.ndim != 2 for layer in layers):
        raise ValueError(f"`{name}` must be [samples, layers, dim], or one tensor [samples, dim] for each layer.")
    if len({len(layer) for layer in layers}) > 1:
        raise ValueError(
            f"`{name}` must have layers of the same samples, but has {[len(layer) for layer in layers]} rows."
        )
    widths = torch.tensor([[layer.shape[1] for layer in layers]], device=layers[0].device)
    # A common type, so that a layer in bfloat16 can stand beside one in float32.
    return torch.cat([at_least_float32(layer.detach()) for layer in layers], dim=1), widths


def _split(flat: Tensor, widths: list[Tensor] | Tensor) -> list[Tensor]:
    """Return the layers that stand side by side."""
    of_ranks = dim_zero_cat(widths)
    if bool((of_ranks != of_ranks[0]).any()):
        raise ValueError(f"Layers must have the same widths on all ranks, but have {of_ranks.tolist()}.")
    return list(torch.split(flat, of_ranks[0].tolist(), dim=1))
