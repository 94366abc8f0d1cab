import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg.distributed import all_gather_with_grad, gather_rows, rank, rows_of_ranks, world_size


def test_without_a_process_group_nothing_happens():
    x = torch.randn(3, 2, requires_grad=True)
    assert all_gather_with_grad(x) is x
    assert gather_rows(x)[0] is x
    assert (world_size(), rank(), rows_of_ranks(x)) == (1, 0, [3])


def gather():
    own = dist.get_rank()
    x = (torch.arange(4.0).view(2, 2) if own == 0 else torch.arange(4.0, 10.0).view(3, 2)).requires_grad_()
    gathered = all_gather_with_grad(x)
    # Each rank weighs every entry by its rank + 1, so the summed gradient is 3 times the entry's own factor.
    factor = torch.arange(1.0, 11.0).view(5, 2)
    ((own + 1) * factor * gathered).sum().backward()
    result = {"gathered": gathered.detach(), "grad": x.grad, "rows": rows_of_ranks(x), "none": gather_rows(x[:0])}
    result["some"] = gather_rows(torch.arange(6).view(2, 3) if own == 0 else torch.zeros(0))
    try:
        gather_rows(torch.ones(2, 3 + own))
    except ValueError as error:
        result["message"] = str(error)
    return result


def test_two_ranks():
    first, second = on_two_ranks(gather)
    for result in (first, second):
        assert torch.equal(result["gathered"], torch.arange(10.0).view(5, 2))
        assert result["rows"] == [2, 3]
        # A rank without rows takes the other's shape and type.
        assert torch.equal(result["some"][0], torch.arange(6).view(2, 3))
        assert (result["some"][1].shape, result["some"][1].dtype) == ((0, 3), torch.int64)
        assert [len(part) for part in result["none"]] == [0, 0]
        assert "differs between ranks" in result["message"]
    assert torch.equal(torch.cat([first["grad"], second["grad"]]), 3 * torch.arange(1.0, 11.0).view(5, 2))
