"""A tiny policy whose block sees the state, a batch for it, and a module and data to train it in Lightning."""

import torch
from lightning import LightningDataModule, LightningModule
from torch import nn
from torch.utils.data import DataLoader

from vlareg.batch import VLABatch

EPISODES, STEPS, DIM, HORIZON = 12, 6, 8, 3


class ToyPolicy(nn.Module):
    """The block's output at patches and prompt is a function of the first pixel, and at action tokens of the labels."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.randn(DIM, DIM, generator=torch.Generator().manual_seed(0)))
        self.block, self.dropout = nn.Identity(), nn.Dropout(dropout)
        self.calls = 0

    def forward(self, input_ids, attention_mask, pixel_values, labels):
        self.calls += 1
        seen = self.dropout(pixel_values[:, :DIM, 0, 0] @ self.mix)
        answer = input_ids[:, 3:].float()[..., None].expand(-1, -1, DIM) * 100
        return self.block(torch.cat([seen[:, None].expand(-1, 5, -1), answer], dim=1))


def make_batch(state, actions, episodes=None, action_token=7) -> VLABatch:
    """Position 0, two patches, two tokens of prompt, an action token and the stop token."""
    count = len(state)
    ids = torch.tensor([[1, 5, 6, action_token, 2]]).expand(count, -1)
    labels = torch.tensor([[-100, -100, -100, action_token, 2]]).expand(count, -1)
    pixels = torch.zeros(count, DIM, 2, 2)
    pixels[:, :, 0, 0] = state
    episodes = torch.arange(EPISODES).repeat_interleave(STEPS) if episodes is None else episodes
    return VLABatch(
        ids, torch.ones_like(ids, dtype=torch.bool), labels, pixels, torch.zeros(count, 1, 3, 2, 2), state,
        actions.unsqueeze(1).repeat(1, HORIZON, 1), episodes, torch.arange(count), patches_per_view=2,
    )  # fmt: skip


def random_batch(seed: int = 1, **arguments) -> VLABatch:
    """States and actions that have nothing to do with each other."""
    random = torch.Generator().manual_seed(seed)
    return make_batch(*torch.randn(2, EPISODES * STEPS, DIM, generator=random), **arguments)


def rows_of(batch: VLABatch, rows) -> VLABatch:
    """Return some samples of a batch."""
    return batch._map(lambda tensor: tensor[rows])


class ToyData(LightningDataModule):
    """A probe set in batches of 30, 30 and 12; the loader draws from the global random state, as every loader does."""

    def __init__(self) -> None:
        super().__init__()
        self.batch = random_batch()

    def train_dataloader(self):
        return DataLoader([self.batch] * 8, batch_size=None)

    def probe_batches(self):
        parts = [slice(0, 30), slice(30, 60), slice(60, None)]
        yield from DataLoader([rows_of(self.batch, part) for part in parts], batch_size=None)


class ToyModule(LightningModule):
    """Training that draws dropout's masks from the global random state."""

    def __init__(self, rate: float = 0.05) -> None:
        super().__init__()
        self.policy, self.rate = ToyPolicy(dropout=0.5), rate

    def training_step(self, batch, batch_idx):
        output = self.policy(**batch.model_inputs())[:, 0]
        return (output - batch.actions[:, 0]).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.rate)
