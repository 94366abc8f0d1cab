import torch

from vlareg.functional.ties import draw_lots


def lots_of(nearness, k, seed=0):
    return draw_lots(nearness, *nearness.topk(k + 1, dim=1), torch.Generator().manual_seed(seed))


def test_without_ties_nothing_is_drawn():
    nearness = torch.tensor([[1.0, 5.0, 3.0, 4.0]])
    values, indices = lots_of(nearness, 2)
    assert values.tolist() == [[5, 4]]
    assert indices.tolist() == [[1, 3]]


def test_the_nearest_keep_their_places_and_the_rest_is_drawn_evenly():
    nearness = torch.tensor([[2.0, 9.0, 2.0, 1.0, 2.0, -torch.inf]]).expand(3000, -1)
    values, indices = lots_of(nearness, 3)
    assert (values == torch.tensor([9.0, 2.0, 2.0])).all()
    assert (indices[:, 0] == 1).all()
    shares = torch.bincount(indices[:, 1], minlength=6) / 3000
    torch.testing.assert_close(shares, torch.tensor([1, 0, 1, 0, 1, 0]) / 3, atol=0.03, rtol=0)
    assert (indices[:, 1] != indices[:, 2]).all()


def test_the_order_of_equals_is_drawn_too():
    nearness = torch.tensor([[2.0, 2.0, 1.0, 0.0]]).expand(1000, -1)
    _, indices = lots_of(nearness, 3)
    assert (indices[:, 2] == 2).all()
    assert 400 < int((indices[:, 0] == 0).sum()) < 600
