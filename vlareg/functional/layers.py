"""What all metrics need to know about the layers of one side, each thing found once."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vlareg.functional.checks import check_embeddings
from vlareg.functional.hsic import KernelSums, kernel_sums
from vlareg.functional.kernels import Kernel, KernelName, make_kernel
from vlareg.functional.local_kernel import LocalKernel, local_kernel
from vlareg.functional.neighbours import Neighbours, Side, nearest_neighbours
from vlareg.functional.precision import full_precision
from vlareg.functional.space import RAW, Space
from vlareg.functional.svcca import leading_directions
from vlareg.shapes import Embeddings

T = TypeVar("T")


class Layers:
    """The layers of one side: several representations of the same samples.

    Neighbours and kernels are computed when a metric first asks for them, and kept.

    Args:
        vectors: One vector per sample, for each layer; widths may differ.
        side: "x" or "y".
        k: Number of neighbours.
        space: Normalisation and distance, or one for each layer.
        groups: Episode of each sample; neighbours then come from other episodes only.

    Raises:
        ValueError: If there is no layer, or the layers differ in samples or the spaces in number. What is computed from a
            layer without meaningful geometry raises it too, and names the layer.

    Example:
        >>> Layers([torch.randn(20, 3), torch.randn(20, 5)], "x", k=4).neighbours.indices.shape
        torch.Size([2, 20, 4])
    """

    def __init__(
        self,
        vectors: Sequence[Float[Tensor, "samples _"]],
        side: Side = "x",
        k: int = 10,
        space: Space | list[Space] = RAW,
        groups: Int[Tensor, "samples"] | None = None,
    ) -> None:
        self.vectors, self.side, self.k, self.groups = list(vectors), side, k, groups
        self.spaces = [space] * len(self.vectors) if isinstance(space, Space) else space
        self._sums: dict[KernelName, tuple[Layers, KernelSums]] = {}
        shapes = [list(layer.shape) for layer in self.vectors]
        if len({shape[0] for shape in shapes}) != 1 or len(self.spaces) != len(shapes):
            raise ValueError(
                f"`{side}` must be layers of equally many samples, with one space for all or one for each, but has layers "
                f"{shapes} and {len(self.spaces)} spaces."
            )
        self.samples = shapes[0][0]

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.vectors)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Neighbours, [layers, samples, k]."""
        return Neighbours(*map(torch.stack, zip(*self._each(self._neighbours), strict=True)))

    def _neighbours(self, i: int) -> Neighbours:
        space, groups, side = self.spaces[i], self.groups, self.side
        return nearest_neighbours(self.vectors[i], self.k, space=space, groups=groups, side=side)

    @cached_property
    def local_kernels(self) -> LocalKernel:
        """Inner products of neighbours of each layer."""
        return self._local_kernels(row_centred=False)

    @cached_property
    def row_centred_local_kernels(self) -> LocalKernel:
        """Inner products of neighbours less their row's mean, of each layer."""
        return self._local_kernels(row_centred=True)

    def _local_kernels(self, row_centred: bool) -> LocalKernel:
        near = [Neighbours(*layer) for layer in zip(*self.neighbours, strict=True)]
        kernels = self._each(lambda i: local_kernel(self.vectors[i], near[i], self.spaces[i], row_centred))
        return LocalKernel(*map(torch.stack, zip(*kernels, strict=True)))

    def kernel_sums(self, other: "Layers", kernel: KernelName) -> KernelSums:
        """Return sums over the kernels of these layers and of others; those of the last call are kept.

        Args:
            other: The other side, of the same samples.
            kernel: "linear", or "rbf" with the median distance as its width.
        """
        known = self._sums.get(kernel)
        if known is None or known[0] is not other:
            known = other, kernel_sums(self._kernels(kernel), other._kernels(kernel))
            self._sums[kernel] = known
        return known[1]

    def _kernels(self, kernel: KernelName) -> list[Kernel]:
        return self._each(lambda i: make_kernel(self._placed(i), kernel, "median"))

    def directions(self, dim: int) -> list[Float[Tensor, "samples directions"]]:
        """Return the samples' coordinates along the leading principal directions of each layer.

        Args:
            dim: Directions kept.
        """
        return self._each(lambda i: leading_directions(self._placed(i), dim))

    def subset(self, rows: Int[Tensor, "rows"]) -> "Layers":
        """Return some of the samples, or all in another order.

        Args:
            rows: Rows to keep.
        """
        groups = None if self.groups is None else self.groups[rows]
        return Layers([layer[rows] for layer in self.vectors], self.side, self.k, self.spaces, groups)

    def _placed(self, i: int) -> Embeddings:
        check_embeddings(self.vectors[i], self.side)
        return self.spaces[i].place(self.vectors[i], self.side)

    def _each(self, function: Callable[[int], T]) -> list[T]:
        """Call a function for each layer's number; errors say which layer it was."""
        results = []
        for layer in range(len(self)):
            try:
                with torch.no_grad(), full_precision(self.vectors[layer]):
                    results.append(function(layer))
            except ValueError as error:
                raise ValueError(f"Layer {layer} of `{self.side}`: {error}") from error
        return results
