import pytest
import torch

from vlareg.regularizers import FiLMProjector


@pytest.fixture
def projector():
    torch.manual_seed(0)
    projector = FiLMProjector(6, 4)
    torch.nn.init.normal_(projector.modulation.weight)
    return projector


def test_at_the_start_it_is_its_linear_map():
    projector, x = FiLMProjector(6, 4, layer_norm=False), torch.randn(2, 5, 6)
    torch.testing.assert_close(projector(x), projector.linear(x))


def test_a_patch_is_modulated_by_all_patches_of_its_own_view(projector):
    x = torch.randn(2, 3, 5, 6)
    other = x.clone()
    other[0, 1, 4] = torch.randn(6)
    changed = (projector(x) != projector(other)).any(dim=-1)
    assert changed[0, 1].all()
    assert changed.sum() == 5


def test_the_order_of_patches_does_not_matter(projector):
    x, order = torch.randn(2, 5, 6), [3, 1, 4, 0, 2]
    torch.testing.assert_close(projector(x)[:, order], projector(x[:, order]))


def test_features_without_patches_are_refused(projector):
    with pytest.raises(ValueError, match=r"`features` must be \[\.\.\., patches, in_dim\], but are \[6\]"):
        projector(torch.ones(6))
