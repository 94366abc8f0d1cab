"""What holds of the matrices of the orthogonal and the spectrally normalised projector."""

import numpy as np
import pytest
import torch

from vlareg.regularizers import FrozenMLPProjector, OrthogonalProjector, SpectralNormProjector


@pytest.mark.parametrize(("in_dim", "out_dim"), [(12, 5), (5, 12), (7, 7), (192, 112)])
def test_the_orthogonal_ones_product_on_the_smaller_side_is_the_identity(in_dim, out_dim):
    weight = OrthogonalProjector(in_dim, out_dim).weight.double()
    product = weight @ weight.T if out_dim <= in_dim else weight.T @ weight
    torch.testing.assert_close(product, torch.eye(min(in_dim, out_dim)).double(), atol=1e-6, rtol=0)


def test_an_orthogonal_map_to_more_dimensions_keeps_every_distance():
    x = torch.randn(9, 5)
    projected = OrthogonalProjector(5, 12, layer_norm=False)(x)
    torch.testing.assert_close(torch.cdist(projected, projected), torch.cdist(x, x))


@pytest.mark.parametrize(("in_dim", "out_dim", "layers"), [(12, 5, 3), (5, 12, 3), (6, 9, 1)])
def test_every_matrix_of_the_spectrally_normalised_one_has_a_largest_singular_value_of_one(in_dim, out_dim, layers):
    projector = SpectralNormProjector(in_dim, out_dim, hidden_dim=8, layers=layers)
    matrices = [p.double().numpy() for p in projector.parameters() if p.ndim == 2]
    assert len(matrices) == layers
    for matrix in matrices:
        assert np.linalg.svd(matrix, compute_uv=False)[0] == pytest.approx(1, abs=1e-6)


def test_the_spectrally_normalised_one_is_the_frozen_perceptron_but_for_the_matrices_scale():
    frozen, normalised = FrozenMLPProjector(6, 4, hidden_dim=8), SpectralNormProjector(6, 4, hidden_dim=8)
    for ours, theirs in zip(normalised.parameters(), frozen.parameters(), strict=True):
        scale = np.linalg.svd(theirs.numpy(), compute_uv=False)[0] if theirs.ndim == 2 else 1
        torch.testing.assert_close(ours, theirs / scale)
