import pytest
import torch

from tests.functional.spaces import normal
from vlareg.functional.hsic import kernel_sums, linear_hsic
from vlareg.functional.kernels import Kernel


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("dim", [4, 700])  # more than one part of columns
def test_products_of_columns_give_what_kernels_give(unbiased, dim):
    x, y = normal(0, 50, dim, dtype=torch.float64), normal(1, 50, 9, dtype=torch.float64)
    x, y = x - x.mean(0), y - y.mean(0)
    sums = kernel_sums([Kernel(x, None)], [Kernel(y, None)]).hsic(unbiased)
    expected = torch.stack([linear_hsic(a, b, unbiased) for a, b in ((x, y), (x, x), (y, y))])
    torch.testing.assert_close(torch.cat([part.flatten() for part in sums]), expected)


def test_layers_do_not_mix():
    layers = [Kernel(v - v.mean(0), None) for v in (normal(0, 40, 3), normal(1, 40, 5), normal(2, 40, 2))]
    sums = kernel_sums(layers[:1], layers[1:]).hsic(unbiased=True)
    for i in range(2):
        alone = kernel_sums(layers[:1], [layers[1 + i]]).hsic(unbiased=True)
        torch.testing.assert_close(sums.cross[0, i], alone.cross[0, 0])
        torch.testing.assert_close(sums.own_y[i], alone.own_y[0])


def test_constants_added_to_a_space_do_not_count():
    x, y = normal(0, 40, 3, dtype=torch.float64), normal(1, 40, 3, dtype=torch.float64)
    moved = kernel_sums([Kernel(x + 7, None)], [Kernel(y, None)]).hsic(unbiased=True)
    torch.testing.assert_close(moved.cross, kernel_sums([Kernel(x, None)], [Kernel(y, None)]).hsic(unbiased=True).cross)
