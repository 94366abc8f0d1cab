"""Roll the policy out while it is trained, without stopping the training."""

import shutil
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_info, rank_zero_warn
from lightning.pytorch.utilities.seed import isolate_rng

from vlareg.callbacks.rollouts import RolloutProcess, Rollouts
from vlareg.evaluation import Summary
from vlareg.evaluation.loggers import scalars
from vlareg.run_folder import run_folder


class RolloutMonitor(Callback):
    """Every N steps, export a snapshot of the policy and roll it out in a background process.

    The training waits for the export alone; its weights and random numbers are the same with and without the monitor. The
    snapshot is of the weights as they are trained, not of their `WeightAverage`, and is deleted after its episodes. A
    snapshot that falls due while the last one's episodes still run is left out. The first rank does it all.

    Results go to the loggers when they arrive, at the step that the snapshot was taken at, and not to
    `trainer.callback_metrics`, where they would pass for the present step's: `rollout/success_rate` with `rollout/low` and
    `rollout/high`, its 95 % Wilson interval (in [0, 1]), and what `vlareg.evaluation.loggers.scalars` lists, per task too.
    Counted so far are `rollout/skipped` (snapshots that were left out) and `rollout/failed` (snapshots without a result,
    because the process ended with an error, which is shown). Records and output of each snapshot stay in
    `rollouts/step_N` beside the logs.

    The process ends with the training, also where that ends with an error or is killed.

    Args:
        rollouts: Which episodes.
        every_n_steps: Interval between snapshots (optimizer steps, > 0).
        wait_at_end: How long the end of the training waits for the last snapshot's episodes (s, >= 0).
        environment: Environment variables of the process, such as `CUDA_VISIBLE_DEVICES` to give it another GPU than the
            training's, or none.

    Raises:
        ValueError: If a number is out of range; on the start of training, if the module has no `export`.
    """

    def __init__(
        self,
        rollouts: Rollouts = Rollouts(),  # noqa: B008 (frozen)
        every_n_steps: int = 500,
        wait_at_end: float = 0.0,
        environment: dict[str, str] | None = None,
    ) -> None:
        if every_n_steps < 1:
            raise ValueError(f"`every_n_steps` must be > 0, but got {every_n_steps}.")
        if not wait_at_end >= 0:
            raise ValueError(f"`wait_at_end` must be >= 0, but got {wait_at_end}.")
        self.rollouts, self.every_n_steps, self.wait_at_end = rollouts, every_n_steps, wait_at_end
        self.environment = environment or {}
        self.skipped = self.failed = 0
        self._process: RolloutProcess | None = None
        self._folder, self._step = Path(), 0  # of the last snapshot
        self._considered = 0  # the last step that was due

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Check that snapshots can be taken; that of the step that is resumed from was."""
        if not hasattr(pl_module, "export"):
            raise ValueError(f"RolloutMonitor needs a module with `export`, but {type(pl_module).__name__} has none.")
        self._considered = trainer.global_step

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any, **kwargs: Any) -> None:
        """Log what has arrived, and take a snapshot when its step is due."""
        self._collect(trainer)
        step = trainer.global_step
        if step % self.every_n_steps == 0 and step != self._considered:  # several batches may make one step
            self._considered = step
            if trainer.strategy.broadcast(self._process is not None):
                self._count(trainer, "skipped", step)
            else:
                self._take(trainer, pl_module, step)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Wait for the last episodes as long as is allowed, and end the process."""
        if self._process is not None:
            self._process.wait(self.wait_at_end)
        self._collect(trainer)
        if self._process is not None:
            rank_zero_warn(f"The roll-outs of step {self._step} end with the training; `wait_at_end` gives them time.")
        self._stop()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """End the process."""
        self._stop()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """End the process, if that has not happened."""
        self._stop()

    def _take(self, trainer: Trainer, module: Any, step: int) -> None:
        """Every rank has to call this, for the export may gather weights from all of them."""
        self._folder = (run_folder(trainer) or Path(trainer.default_root_dir)) / "rollouts" / f"step_{step}"
        self._step = step
        try:
            if trainer.is_global_zero:
                shutil.rmtree(self._folder, ignore_errors=True)  # of an earlier run that had come as far
            with isolate_rng():
                module.export(self._policy)
            if trainer.is_global_zero:
                self._process = RolloutProcess(self.rollouts, self._policy, self._folder, self.environment)
        except OSError as error:
            shutil.rmtree(self._policy, ignore_errors=True)
            self._fail(trainer, error)

    def _collect(self, trainer: Trainer) -> None:
        """Log the result of a process that has ended."""
        if self._process is None or self._process.is_running:
            return
        try:
            summary = self._process.result()
        except (RuntimeError, ValueError, OSError) as error:
            self._fail(trainer, error)
        else:
            self._log(trainer, summary)
        self._stop()

    def _log(self, trainer: Trainer, summary: Summary) -> None:
        known = {} if summary.rate is None else {"rollout/low": summary.low, "rollout/high": summary.high}
        for logger in trainer.loggers:
            logger.log_metrics(scalars(summary) | known, step=self._step)
        counts = f"{summary.successes} of {summary.episodes} episodes succeeded, {summary.errors} errors"
        rank_zero_info(f"Roll-outs of step {self._step}: {counts}.")

    def _fail(self, trainer: Trainer, error: Exception) -> None:
        rank_zero_warn(f"The roll-outs of step {self._step} have no result: {error}")
        self._count(trainer, "failed", self._step)

    def _count(self, trainer: Trainer, name: str, step: int) -> None:
        count = getattr(self, name) + 1
        setattr(self, name, count)
        for logger in trainer.loggers:
            logger.log_metrics({f"rollout/{name}": float(count)}, step=step)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
            shutil.rmtree(self._policy, ignore_errors=True)

    @property
    def _policy(self) -> Path:
        return self._folder / "policy"
