"""A tiny causal policy with OpenVLA's sequence, a batch for it, and a teacher that needs no network."""

import torch
from torch import nn

from vlareg.batch import VLABatch
from vlareg.teachers import Teacher

DIM = 16
LAYERS = "language_model.model.layers"


class Block(nn.Module):
    """Each position reads itself and the mean of what stands before it."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2 * DIM, DIM)

    def forward(self, x):
        past = x.cumsum(dim=1) / torch.arange(1, x.shape[1] + 1)[:, None]
        return (x + torch.tanh(self.linear(torch.cat([x, past], dim=-1))),)


class ToyPolicy(nn.Module):
    """Position 0, four patches per view, the rest of the prompt, action tokens."""

    def __init__(self, blocks=3, vocabulary=20):
        super().__init__()
        self.vision = nn.Conv2d(3, DIM, 4, stride=4)
        self.language_model = nn.ModuleDict(
            {
                "embed": nn.Embedding(vocabulary, DIM),
                "model": nn.ModuleDict({"layers": nn.ModuleList(Block() for _ in range(blocks))}),
                "head": nn.Linear(DIM, vocabulary),
            }
        )
        self.calls = 0

    def forward(self, input_ids, attention_mask, pixel_values, labels=None):
        self.calls += 1
        words = self.language_model["embed"](input_ids)
        views = pixel_values.unflatten(1, (-1, 3))
        patches = self.vision(views.flatten(0, 1)).flatten(2).transpose(1, 2).reshape(len(words), -1, DIM)
        x = torch.cat([words[:, :1], patches, words[:, 1:]], dim=1)
        for block in self.language_model["model"]["layers"]:
            (x,) = block(x)
        return self.language_model["head"](x)


def make_batch(size=8, views=2, seed=0):
    """Prompts of 3 to 5 tokens, 2 action tokens, right padding."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 20, (size, 8), generator=generator)
    length = 3 + torch.arange(size) % 3
    position = torch.arange(8)
    attention = position < (length + 2)[:, None]
    labels = torch.where(attention & (position >= length[:, None]), ids, -100)
    images = torch.rand(size, views, 3, 8, 8, generator=generator)
    proprio = torch.rand(size, 8, generator=generator)
    return VLABatch(
        input_ids=ids.where(attention, torch.zeros_like(ids)),
        attention_mask=attention,
        labels=labels,
        pixel_values=images.flatten(1, 2),
        images=images,
        proprio=proprio,
        actions=torch.rand(size, 1, 7, generator=generator),
        episode_ids=torch.arange(size),
        sample_ids=torch.arange(size),
        patches_per_view=4,
    )


class ToyTeacher(Teacher):
    """Mixtures of the mean colours of a grid's cells."""

    def __init__(self, rows=4, columns=4):
        self.rows, self.columns = rows, columns
        super().__init__(nn.Conv2d(3, 6, 1, bias=False), image_size=8, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

    def feature_map(self, pixels):
        return nn.functional.adaptive_avg_pool2d(self.encoder(pixels), (self.rows, self.columns))
