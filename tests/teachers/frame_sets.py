"""A data set of random frames, a batch of it, and a teacher that is computed in no time."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

from tests.regularizers.toy import make_batch
from vlareg.teachers import Teacher


class RandomFrames:
    """Frames that depend on their number and the seed; `calls` counts how many were read."""

    def __init__(self, count=20, seed=0, on_read=lambda index: None):
        self.fingerprint, self.count, self.on_read = f"frames-{seed}", count, on_read
        self.seed, self.calls = seed, 0

    def __len__(self):
        return self.count

    def whole_images(self, indices):
        rows = []
        for index in indices:
            self.on_read(index)
            self.calls += 1
            random = torch.Generator().manual_seed(1000 * self.seed + index)
            rows.append(torch.rand(2, 3, 8, 8, generator=random))
        return torch.stack(rows)

    def batch(self, indices, boxes=None):
        """Return a batch of these frames, as a data module would."""
        batch = make_batch(size=len(indices))
        return replace(
            batch,
            images=self.whole_images(indices),
            sample_ids=torch.tensor(indices),
            dataset=self.fingerprint,
            boxes=boxes,
        )


class GridTeacher(Teacher):
    """Mixtures of the mean colours of a grid that is not square, after a square root."""

    def __init__(self, rows=4, columns=2, scale=1.0, seed=0):
        self.rows, self.columns, self.scale = rows, columns, scale
        encoder = nn.Conv2d(3, 6, 1, bias=False)
        weight = torch.randn(6, 3, 1, 1, generator=torch.Generator().manual_seed(seed))
        encoder.weight.data = weight
        super().__init__(encoder, image_size=16, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

    def feature_map(self, pixels):
        return self.scale * F.adaptive_avg_pool2d(self.encoder(pixels).abs().sqrt(), (self.rows, self.columns))
