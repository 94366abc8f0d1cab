import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg.distributed import all_gather_with_grad, gather_rows, rank, rows_of_ranks, world_size


def test_without_a_process_group_nothing_happens():
    x = torch.randn(3, 2, requires_grad=True)
    assert all_gather_with_grad(x) is x
    assert gather_rows(x) == [x]
    assert (world_size(), rank(), rows_of_ranks(x)) == (1, 0, [3])


def gather_where_a_rank_has_none():
    own = dist.get_rank()
    some = torch.arange(6).view(2, 3) if own == 0 else torch.zeros(0)
    none = gather_rows(torch.zeros(0))
    try:
        gather_rows(torch.ones(2, 3 + own))
        message = ""
    except ValueError as error:
        message = str(error)
    return {"some": gather_rows(some), "none": none, "message": message}


def gather_unequal_rows():
    own = dist.get_rank()
    x = (torch.arange(4.0).view(2, 2) if own == 0 else torch.arange(4.0, 10.0).view(3, 2)).requires_grad_()
    gathered = all_gather_with_grad(x)
    # Each rank weighs every entry by its rank + 1, so the summed gradient is 3 times the entry's own factor.
    factor = torch.arange(1.0, 11.0).view(5, 2)
    ((own + 1) * factor * gathered).sum().backward()
    return {"gathered": gathered.detach(), "grad": x.grad, "rows": torch.tensor(rows_of_ranks(x))}


def test_gathers_unequal_rows_and_sums_gradients_over_ranks():
    first, second = on_two_ranks(gather_unequal_rows)
    for result in (first, second):
        assert torch.equal(result["gathered"], torch.arange(10.0).view(5, 2))
        assert result["rows"].tolist() == [2, 3]
    assert torch.equal(torch.cat([first["grad"], second["grad"]]), 3 * torch.arange(1.0, 11.0).view(5, 2))


def test_a_rank_without_rows_takes_the_others_shape_and_type():
    for result in on_two_ranks(gather_where_a_rank_has_none):
        assert torch.equal(result["some"][0], torch.arange(6).view(2, 3))
        assert (result["some"][1].shape, result["some"][1].dtype) == ((0, 3), torch.int64)
        assert [len(part) for part in result["none"]] == [0, 0]
        assert "differs between ranks" in result["message"]
