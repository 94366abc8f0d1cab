"""An evaluation's success rates, for TensorBoard and Weights & Biases."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

from vlareg.evaluation.summary import SuccessRate, Summary

Logger = Literal["tensorboard", "wandb"]

_Log = Callable[[dict[str, float], int], None]  # takes values by their names, and the step


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
    with _tensorboard(folder) as log:
        log(scalars(summary), step)


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
    with _wandb(folder, settings) as log:
        log(scalars(summary), step)


@contextmanager
def running_log(
    loggers: Sequence[Logger], folder: Path, settings: dict[str, Any]
) -> Iterator[Callable[[Summary], None]]:
    """Give a function that logs how an evaluation goes: the rates of all episodes so far, by the number of those that have ended.

    Args:
        loggers: Which ones. TensorBoard's files go below `tensorboard/running` in the results folder, those of W&B below `wandb`.
        folder: The results folder.
        settings: What the episodes are made with.

    Raises:
        ModuleNotFoundError: If a logger's package is not installed.
    """
    with ExitStack() as stack:
        logs = []
        if "tensorboard" in loggers:
            logs.append(stack.enter_context(_tensorboard(folder / "tensorboard/running")))
        if "wandb" in loggers:
            logs.append(stack.enter_context(_wandb(folder, settings)))

        def log_all(summary: Summary) -> None:
            values = {name: value for name, value in scalars(summary).items() if name.count("/") == 1}
            for log in logs:
                log(values, summary.episodes + summary.errors)

        yield log_all


@contextmanager
def _tensorboard(folder: str | Path) -> Iterator[_Log]:
    from torch.utils.tensorboard import SummaryWriter  # here, because worker processes import none of PyTorch

    def log(values: dict[str, float], step: int) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, step)

    with SummaryWriter(str(folder)) as writer:
        yield log


@contextmanager
def _wandb(folder: str | Path, settings: dict[str, Any]) -> Iterator[_Log]:
    try:
        import wandb
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("The logger 'wandb' needs the package wandb: pip install wandb.") from error
    mode: Any = os.environ.get("WANDB_MODE", "offline")
    with wandb.init(project="vlareg", name=Path(folder).resolve().name, dir=folder, config=settings, mode=mode) as run:
        yield lambda values, step: run.log(values, step=step)
