import pytest
import torch
import torch.distributed as dist

from tests.two_ranks import on_two_ranks
from vlareg.losses import ContrastiveLoss, EuclideanDistance, Frames, InfoNCELoss, RSCLLoss

LOSSES = {
    "paper": lambda: RSCLLoss(),
    "sum": lambda: RSCLLoss(beta=0.3, reduction="sum"),
    "median": lambda: RSCLLoss(beta=0.25, beta_unit="median"),
    "perplexity": lambda: RSCLLoss(beta=3.0, beta_unit="perplexity", distance=EuclideanDistance()),
    "symmetric": lambda: RSCLLoss(beta=0.3, symmetric=True),
    "without self": lambda: RSCLLoss(beta=0.3, include_self=False),
    "far frames only": lambda: RSCLLoss(beta=0.3, exclude_steps=2, symmetric=True),
    "constant keys": lambda: RSCLLoss(beta=0.3, stop_gradient=True),
    "info_nce": lambda: InfoNCELoss(),
    "info_nce, far frames only": lambda: InfoNCELoss(exclude_steps=2, symmetric=True),
}
SHARES = [slice(0, 5), slice(5, 12)]


def weight_and_loss(make, own=slice(None)):
    """A linear map as the whole model, and the loss of some of 12 samples."""
    generator = torch.Generator().manual_seed(0)
    x, x_cutoff = torch.randn(2, 12, 6, generator=generator, dtype=torch.float64)[:, own]
    states = torch.rand(12, 10, generator=generator, dtype=torch.float64)[own]
    weight = torch.linspace(-1, 1, 36, dtype=torch.float64).view(6, 6).square().requires_grad_()
    frames = Frames((torch.arange(12) % 2)[own], (torch.arange(12) // 2)[own])
    return weight, make()(x @ weight, x_cutoff @ weight, states, frames)


def averaged_over_ranks():
    results = {}
    for name, make in LOSSES.items():
        weight, loss = weight_and_loss(make, SHARES[dist.get_rank()])
        loss.backward()
        results[name] = [loss.detach(), weight.grad]
        for tensor in results[name]:
            dist.all_reduce(tensor)
            tensor /= 2
    return results


def test_two_ranks_with_unequal_shares_equal_one_process():
    for result in on_two_ranks(averaged_over_ranks):
        for name, make in LOSSES.items():
            weight, loss = weight_and_loss(make)
            loss.backward()
            torch.testing.assert_close(result[name], [loss.detach(), weight.grad], rtol=1e-9, atol=1e-10)


def test_the_base_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        ContrastiveLoss()
