import pytest
import torch

from tests.functional.spaces import normal
from vlareg.functional import first_of_each, mutual_knn
from vlareg.functional.space import Space


def test_ten_copies_of_everything_align_independent_data_unless_counted_once():
    ids = torch.arange(1000) % 100
    x, y = normal(0, 100, 8)[ids], normal(1, 100, 8)[ids]
    space = Space("euclidean")
    assert float(mutual_knn(x, y, 9, space=space)) > 0.9
    kept = first_of_each(ids, x, y)
    assert float(mutual_knn(x[kept], y[kept], 9, space=space)) == pytest.approx(9 / 99, abs=0.03)


def test_rounding_makes_no_other_sample_but_another_frame_does():
    x, ids = normal(0, 50, 8), torch.arange(50) % 40
    copies = x[ids]
    assert first_of_each(ids, copies.bfloat16().float() + 1e-3).tolist() == list(range(40))
    copies[45] = normal(1, 8)
    with pytest.raises(ValueError, match="id 5 stands for different samples in rows 5 and 45"):
        first_of_each(ids, x[ids], copies)


def test_ids_need_no_order():
    assert first_of_each(torch.tensor([9, -1, 9, 4, -1, 9])).tolist() == [0, 1, 3]
