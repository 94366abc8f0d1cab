"""The k nearest neighbours of every sample, without an N x N matrix."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.checks import check_directions, check_embeddings, check_k, check_pair
from vlareg.functional.precision import full_precision
from vlareg.functional.space import RAW, Space, per_side
from vlareg.functional.ties import draw_lots
from vlareg.shapes import Embeddings

Side = Literal["x", "y"]

BLOCK_ELEMENTS = 4_000_000
"""Similarities held at a time (16 MB in float32)."""


class Neighbours(NamedTuple):
    """Neighbours of every sample, nearest first.

    Args:
        indices: Rows of the neighbours.
        similarity: Inner products of the sample with the neighbours' deviations from the mean, or negative squared
            Euclidean distances, for cosines those of unit vectors.
    """

    indices: Int[Tensor, "samples k"]
    similarity: Float[Tensor, "samples k"]


def nearest_neighbours(
    x: Embeddings,
    k: int,
    *,
    space: Space = RAW,
    groups: Int[Tensor, "samples"] | None = None,
    include_self: bool = False,
    side: Side = "x",
) -> Neighbours:
    """Find the k nearest neighbours of every row among the other rows.

    The search is exact, in float32 (float64 for float64 input). Inner products are taken with deviations from the mean,
    and angles by the distance of unit vectors, which changes no order but keeps the digits where all vectors point
    nearly the same way. Among equally near candidates the neighbours are drawn by lot: their order in memory would be
    the same in any two spaces.

    Args:
        x: One vector per sample.
        k: Number of neighbours; fewer than there are candidates, since otherwise everybody is a neighbour.
        space: Normalisation and distance.
        groups: Episode of each sample. Neighbours then come from other episodes only: frames of one episode resemble
            each other because of time, in any two spaces.
        include_self: Let a sample be its own neighbour (not with `groups`).
        side: Which of the two spaces that are compared this is: each draws other lots, and error messages name it.

    Returns:
        Indices and similarities.

    Raises:
        ValueError: If `x` holds NaN or infinity or is constant, has vectors that are equally near to all, or `k` is out
            of range.

    Example:
        >>> x = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
        >>> nearest_neighbours(x, k=1, space=Space("euclidean")).indices.flatten().tolist()
        [1, 0, 1, 2]
    """
    check_embeddings(x, side)
    check_k(k, len(x), groups, include_self)
    with torch.no_grad(), full_precision(x):
        lots = torch.Generator(x.device).manual_seed(ord(side))
        vectors = space.place(x, side)
        if space.distance == "inner":
            check_directions(vectors, side)
        return _Search(vectors, space, k, groups, include_self, lots).run()


def pair_neighbours(
    x: Tensor,
    y: Tensor,
    k: int | tuple[int, int],
    space: Space | tuple[Space, Space],
    groups: Tensor | None = None,
    include_self: bool = False,
) -> tuple[Neighbours, Neighbours]:
    """Find the neighbours of two views of the same samples.

    Args:
        x: One vector per sample.
        y: One vector per sample, in the same order.
        k: Number of neighbours, or one for each side.
        space: Normalisation and distance, or one for each side.
        groups: Episode of each sample.
        include_self: Let a sample be its own neighbour.

    Raises:
        ValueError: If the numbers of samples differ, or a side has no neighbours.
    """
    check_pair(x, y)
    (k_x, k_y), (space_x, space_y) = per_side(k), per_side(space)
    return (
        nearest_neighbours(x, k_x, space=space_x, groups=groups, include_self=include_self, side="x"),
        nearest_neighbours(y, k_y, space=space_y, groups=groups, include_self=include_self, side="y"),
    )


class _Search:
    """What the blocks of one search share."""

    def __init__(
        self, x: Tensor, space: Space, k: int, groups: Tensor | None, include_self: bool, lots: torch.Generator
    ) -> None:
        self.k, self.groups, self.include_self, self.lots = k, groups, include_self, lots
        self.keys = x - x.mean(dim=0)
        by_distance = space.distance != "inner"
        self.queries = self.keys if by_distance else x
        self.half_square = self.keys.square().sum(dim=1) / 2 if by_distance else None

    def run(self) -> Neighbours:
        """Return the neighbours of all rows."""
        samples = len(self.keys)
        rows = max(1, BLOCK_ELEMENTS // samples)
        # Allocated once: small results kept between large blocks would leave holes in memory that no block fits into.
        nearness = self.keys.new_empty(min(rows, samples), samples)
        found = Neighbours(
            torch.empty(samples, self.k, dtype=torch.long, device=self.keys.device),
            self.keys.new_empty(samples, self.k),
        )
        for start in range(0, samples, rows):
            part = slice(start, min(start + rows, samples))
            found.similarity[part], found.indices[part] = self.block(part, nearness[: part.stop - start])
        return found

    def block(self, rows: slice, nearness: Tensor) -> tuple[Tensor, Tensor]:
        """Return similarities and neighbours of some rows.

        Args:
            rows: The rows.
            nearness: Room for the similarities to all samples.
        """
        if self.half_square is None:
            torch.mm(self.queries[rows], self.keys.T, out=nearness)
        else:
            # Half the candidate's square, and not the row's own, is what matters for the order.
            torch.addmm(self.half_square, self.queries[rows], self.keys.T, beta=-1, out=nearness)
        if self.groups is not None:
            nearness.masked_fill_(self.groups[rows, None] == self.groups, -torch.inf)
        elif not self.include_self:
            nearness.diagonal(rows.start).fill_(-torch.inf)
        # One more than asked for, to see whether the last place is disputed.
        values, indices = draw_lots(nearness, *nearness.topk(self.k + 1, dim=1), self.lots)
        if self.half_square is not None:
            values = (2 * (values - self.half_square[rows, None])).clamp(max=0)
        return values, indices
