"""AdamW and its learning-rate schedule."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch


@dataclass(frozen=True)
class Optimization:
    """AdamW with linear warm-up and a constant or cosine learning rate.

    Args:
        learning_rate: Peak learning rate (> 0).
        weight_decay: Decoupled weight decay of matrices; vectors (biases, norms, scales) have none.
        betas: AdamW's moment decays.
        warmup_steps: Steps over which the rate rises linearly from 0 (>= 0).
        decay: "cosine" falls to 0 at the last step; "constant" stays.
        eps: Added to the root of the second moment; gradients far below it, such as rounding noise, move nothing.

    Raises:
        ValueError: If an argument is out of range.
    """

    learning_rate: float = 5e-4
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.95)
    warmup_steps: int = 50
    decay: Literal["cosine", "constant"] = "cosine"
    eps: float = 1e-8

    def __post_init__(self) -> None:
        if not self.learning_rate > 0:
            raise ValueError(f"`learning_rate` must be > 0, but got {self.learning_rate}.")
        if self.warmup_steps < 0:
            raise ValueError(f"`warmup_steps` must be >= 0, but got {self.warmup_steps}.")
        if self.decay not in ("cosine", "constant"):
            raise ValueError(f"`decay` must be 'cosine' or 'constant', but got {self.decay!r}.")

    def configure(self, parameters: Iterable[torch.nn.Parameter], total_steps: int) -> dict[str, Any]:
        """Return what Lightning's `configure_optimizers` returns.

        Args:
            parameters: What to optimize; frozen ones are left out.
            total_steps: Optimizer steps of the whole run.
        """
        trainable = [p for p in parameters if p.requires_grad]
        groups = [
            {"params": [p for p in trainable if p.ndim >= 2], "weight_decay": self.weight_decay},
            {"params": [p for p in trainable if p.ndim < 2], "weight_decay": 0.0},
        ]
        groups = [group for group in groups if group["params"]]
        optimizer = torch.optim.AdamW(groups, lr=self.learning_rate, betas=self.betas, eps=self.eps)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: self.factor(step, total_steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def factor(self, step: int, total_steps: int) -> float:
        """Return the learning rate at a step as a fraction of its peak.

        Example:
            >>> [round(Optimization(warmup_steps=2).factor(step, 10), 3) for step in (0, 1, 2, 6, 10)]
            [0.5, 1.0, 1.0, 0.5, 0.0]
        """
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        if self.decay == "constant":
            return warm
        progress = (step - self.warmup_steps) / max(1, total_steps - self.warmup_steps)
        return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress))))
