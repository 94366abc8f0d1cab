import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from vlareg.batch import VLABatch
from vlareg.callbacks import AlignmentMonitor, Curves, draw_curves

EPISODES, STEPS, DIM = 12, 6, 8


class _Policy(nn.Module):
    """A policy whose block's output at prompt and patches is a function of the first pixel, and at action tokens of the labels."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Identity()
        self.mix = nn.Parameter(torch.randn(DIM, DIM, generator=torch.Generator().manual_seed(0)))

    def forward(self, input_ids, attention_mask, pixel_values, labels) -> None:
        seen = pixel_values[:, :DIM, 0, 0] @ self.mix
        answer = input_ids[:, -1:].float() * 100
        self.block(torch.cat([seen[:, None].expand(-1, 5, -1), answer[..., None].expand(-1, 1, DIM)], dim=1))


class _Module(nn.Module):
    device = torch.device("cpu")

    def __init__(self) -> None:
        super().__init__()
        self.policy = _Policy()
        self.trainer = SimpleNamespace(precision_plugin=SimpleNamespace(forward_context=torch.no_grad))


def _batch(state: torch.Tensor, actions: torch.Tensor, last_token: int = 7) -> VLABatch:
    count = len(state)
    ids = torch.tensor([[1, 5, 6, last_token]]).expand(count, -1)
    labels = torch.tensor([[-100, -100, -100, last_token]]).expand(count, -1)
    pixels = torch.zeros(count, DIM, 2, 2)
    pixels[:, :, 0, 0] = state
    return VLABatch(
        ids, torch.ones_like(ids, dtype=torch.bool), labels, pixels, torch.zeros(count, 1, 3, 2, 2), state, actions[:, None],
        torch.arange(EPISODES).repeat_interleave(STEPS), torch.arange(count), patches_per_view=2,
    )  # fmt: skip


@pytest.fixture
def batch():
    random = torch.Generator().manual_seed(1)
    state, actions = torch.randn(2, EPISODES * STEPS, DIM, generator=random)
    return _batch(state, actions)


def test_what_the_state_decides_scores_high_and_the_rest_scores_chance(batch):
    scores = AlignmentMonitor(["block"], k=5).score(_Module(), iter([batch]))
    chance = 5 / (EPISODES * STEPS - STEPS)
    assert scores["alignment/block/condition/proprio/mutual_knn"] > 0.4
    assert scores["alignment/block/last_prompt/proprio/cknna"] > 0.4
    assert scores["alignment/block/condition/actions/mutual_knn"] == pytest.approx(chance, abs=0.04)
    assert len(scores) == 8


def test_action_tokens_are_not_read(batch):
    monitor, module = AlignmentMonitor(["block"], k=5), _Module()
    other = _batch(batch.proprio, batch.actions[:, 0], last_token=900)
    assert monitor.score(module, iter([batch])) == monitor.score(module, iter([other]))


def test_neighbours_come_from_other_episodes(batch):
    """Within an episode both sides are constant, between episodes independent: only neighbours in one's own episode would agree."""
    random = torch.Generator().manual_seed(2)
    state, actions = (side.repeat_interleave(STEPS, 0) for side in torch.randn(2, EPISODES, DIM, generator=random))
    noise = 1e-3 * torch.randn(2, EPISODES * STEPS, DIM, generator=random)
    score = AlignmentMonitor(["block"], k=5).score(_Module(), iter([_batch(state + noise[0], actions + noise[1])]))
    assert score["alignment/block/condition/actions/mutual_knn"] < 0.25


def test_the_module_keeps_its_mode(batch):
    module = _Module().train()
    AlignmentMonitor(["block"], k=5).score(module, iter([batch]))
    assert module.training
    assert not module.policy.block._forward_hooks


@pytest.mark.parametrize(
    "wrong", [{"layers": []}, {"layers": ["block"], "k": 0}, {"layers": ["block"], "every_n_steps": 0}]
)
def test_wrong_arguments_are_named(wrong):
    with pytest.raises(ValueError, match="`every_n_steps` and `k` must be >= 1 and `layers` not empty"):
        AlignmentMonitor(**wrong)


def test_curves_survive_a_round_trip_and_are_drawn(tmp_path):
    curves = Curves()
    for step in (0, 10, 10):
        curves.add(step, {"alignment/a": step / 10, "val/b": 1.0})
    curves.save(tmp_path / "curves.json")
    assert json.loads((tmp_path / "curves.json").read_text())["alignment/a"] == [[0, 0.0], [10, 1.0]]
    draw_curves({"x": Curves.load(tmp_path / "curves.json")}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
