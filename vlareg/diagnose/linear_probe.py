"""How well a linear map tells classes apart: what can be read out of frozen features without more computation."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from vlareg.functional.checks import RESOLUTION, check_embeddings
from vlareg.functional.precision import full_precision
from vlareg.shapes import Embeddings

WEIGHT_DECAY = 1e-3
"""Weight of half the squared norm of the linear map, beside the mean cross-entropy (1/nats)."""

LEARNING_RATE, MOMENTUM, STEPS, BATCH = 6.0, 0.9, 200, 4096
"""With vectors of length 1 the loss curves by at most 1/2, so that this rate is stable; 200 steps of one batch reach the
optimum to 1e-4 nats. More pictures than a batch take as many epochs as steps, at most."""

Labels = Int[Tensor, "samples"]


@dataclass(frozen=True)
class Split:
    """Which samples a probe learns from, and which it is asked about.

    Args:
        train: Positions of the first.
        test: Positions of the others.
    """

    train: Int[Tensor, "train"]
    test: Int[Tensor, "test"]


def split_classes(labels: Labels, seed: int = 0) -> Split:
    """Divide every class into two halves by lot; of an odd number the test gets one more.

    Args:
        labels: Class of each sample.
        seed: Determines the lots.

    Raises:
        ValueError: If there are fewer than two classes, or a class has one sample.

    Example:
        >>> split = split_classes(torch.tensor([0, 0, 0, 0, 1, 1, 1]))
        >>> len(split.train), len(split.test)
        (3, 4)
    """
    generator = torch.Generator().manual_seed(seed)
    rows = [(labels == label).nonzero().flatten() for label in torch.unique(labels)]
    if len(rows) < 2 or min(map(len, rows)) < 2:
        raise ValueError(f"`labels` must be of two classes with two samples each, but are {[len(r) for r in rows]}.")
    mixed = [row[torch.randperm(len(row), generator=generator)] for row in rows]
    return Split(torch.cat([row[: len(row) // 2] for row in mixed]), torch.cat([row[len(row) // 2 :] for row in mixed]))


def probe(features: Embeddings, labels: Labels, split: Split, seed: int = 0) -> Bool[Tensor, "test"]:
    """Fit a linear classifier to the training half, and say which of the test samples it gets right.

    Args:
        features: One vector per sample.
        labels: Class of each, from 0.
        split: Which samples are which.
        seed: Determines the order of the samples where there are more than one batch.

    Raises:
        ValueError: If the features are not finite, or constant in the training half.

    Reference:
        Alain, Bengio, "Understanding intermediate layers using linear classifier probes", 2016, arXiv 1610.01644, section 3.
        Here the features are standardised, and the map has a weight decay, without which it has no optimum on classes that
        can be separated.

    Example:
        >>> labels = torch.arange(40) % 2
        >>> float(probe(torch.randn(40, 8) + 9 * labels[:, None], labels, split_classes(labels)).float().mean())
        1.0
    """
    check_embeddings(features[split.train], "features")
    check_embeddings(features[split.test], "features")
    with full_precision(features):
        x = standardised(features.float(), split.train)
        classifier = fit_linear(x[split.train], labels[split.train], int(labels.max()) + 1, seed)
        with torch.no_grad():
            right: Tensor = classifier(x[split.test]).argmax(dim=1) == labels[split.test]
            return right


def standardised(features: Embeddings, train: Int[Tensor, "train"]) -> Float[Tensor, "samples columns"]:
    """Give columns mean 0 and standard deviation 1 over the training half, and vectors a mean squared length of 1 there.

    Columns that do not vary become 0. Where there are more columns than training samples, vectors are written in coordinates
    of the space that the training vectors span: gradient descent never leaves it, so that no prediction changes.

    Args:
        features: One vector per sample.
        train: Positions of the training half.
    """
    known = features[train]
    centre, spread, largest = known.mean(dim=0), known.std(dim=0), known.abs().amax(dim=0)
    scale = torch.where(spread > RESOLUTION * largest, 1 / spread, 0)
    x: Tensor = (features - centre) * scale / features.shape[1] ** 0.5
    if features.shape[1] > len(train):
        x = x @ torch.linalg.qr(x[train].T).Q
    return x


@torch.enable_grad()
def fit_linear(x: Embeddings, labels: Labels, classes: int, seed: int = 0) -> nn.Linear:
    """Minimise cross-entropy plus weight decay by stochastic gradient descent with a falling learning rate.

    Args:
        x: One vector per sample, of mean squared length 1.
        labels: Class of each, from 0.
        classes: Number of classes.
        seed: Determines the order of the samples where there are more than one batch.
    """
    linear = nn.Linear(x.shape[1], classes, device="meta").to_empty(device=x.device)  # draws no random numbers
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    groups: list[dict[str, Any]] = [
        {"params": [linear.weight], "weight_decay": WEIGHT_DECAY},
        {"params": [linear.bias]},
    ]
    optimizer = torch.optim.SGD(groups, lr=LEARNING_RATE, momentum=MOMENTUM, nesterov=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(STEPS):
        for rows in torch.randperm(len(x), generator=generator).split(BATCH):  # type: ignore[no-untyped-call]
            optimizer.zero_grad()
            F.cross_entropy(linear(x[rows]), labels[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        schedule.step()
    return linear
