"""An evaluation's success rates, for TensorBoard and Weights & Biases."""

import os
from pathlib import Path
from typing import Any

from vlareg.evaluation.summary import SuccessRate, Summary


def scalars(summary: Summary) -> dict[str, float]:
    """Return the numbers of a summary by their names; what is unknown has none.

    `rollout/success_rate` is that of all episodes, `rollout/SUITE/success_rate` that of a suite, and
    `rollout/SUITE/task03/success_rate` that of a task, all in [0, 1]. Beside each stand `episodes`, `errors` (counts) and
    `steps_to_success` (median, environment steps).

    Args:
        summary: The success rates.
    """
    named: list[tuple[str, SuccessRate]] = [("rollout", summary)]
    named += [(f"rollout/{suite.suite}", suite) for suite in summary.suites]
    named += [(f"rollout/{task.suite}/task{task.task:02d}", task) for task in summary.tasks]
    return {
        f"{name}/{quantity}": float(value)
        for name, counts in named
        for quantity, value in (
            ("success_rate", counts.rate),
            ("episodes", counts.episodes),
            ("errors", counts.errors),
            ("steps_to_success", counts.steps_to_success),
        )
        if value is not None
    }


def log_tensorboard(summary: Summary, folder: str | Path, step: int = 0) -> None:
    """Write a summary for TensorBoard.

    Args:
        summary: The success rates.
        folder: Where the event files go.
        step: The training step of the policy.
    """
    from torch.utils.tensorboard import SummaryWriter  # here, because worker processes import none of PyTorch

    with SummaryWriter(str(folder)) as writer:
        for name, value in scalars(summary).items():
            writer.add_scalar(name, value, step)


def log_wandb(summary: Summary, folder: str | Path, settings: dict[str, Any], step: int = 0) -> None:
    """Write a summary for Weights & Biases: into a folder only, unless the environment's `WANDB_MODE` says "online".

    Args:
        summary: The success rates.
        folder: The results folder, which names the run; its files go below `wandb` there, and `wandb sync` uploads them.
        settings: What the episodes were made with.
        step: The training step of the policy.

    Raises:
        ModuleNotFoundError: If the package `wandb` is not installed.
    """
    try:
        import wandb
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("The logger 'wandb' needs the package wandb: pip install wandb.") from error
    mode: Any = os.environ.get("WANDB_MODE", "offline")
    with wandb.init(project="vlareg", name=Path(folder).resolve().name, dir=folder, config=settings, mode=mode) as run:
        run.log(scalars(summary), step=step)
