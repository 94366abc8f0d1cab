"""Where a run's files go, whichever logger it has."""

from pathlib import Path

from lightning import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger


def run_folder(trainer: Trainer) -> Path | None:
    """Return the folder of the first logger if it has one a run (TensorBoard, CSV), else `default_root_dir`.

    `Trainer.log_dir` is the working directory with some loggers, and nothing with others. Every rank has to ask.

    Args:
        trainer: The trainer.

    Returns:
        The folder; None under `fast_dev_run`, which keeps nothing.
    """
    if trainer.fast_dev_run:  # type: ignore[attr-defined]
        return None
    has_own = isinstance(trainer.logger, TensorBoardLogger | CSVLogger)
    return Path((trainer.log_dir if has_own else None) or trainer.default_root_dir)
