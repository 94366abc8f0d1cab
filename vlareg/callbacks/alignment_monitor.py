"""Watch how well the policy's representation agrees with actions and states while it is fine-tuned."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from torch import nn

from vlareg.batch import VLABatch
from vlareg.callbacks.alignment_record import AlignmentRecord, save_records
from vlareg.callbacks.alignment_scorer import AlignmentScorer
from vlareg.callbacks.curves import Curves
from vlareg.callbacks.matrices import draw_matrices
from vlareg.callbacks.pictures import show_figure
from vlareg.callbacks.score_curves import draw_score_curves
from vlareg.run_folder import run_folder

DRAW_EVERY = 5
"""Scores between two drawings, which take longer than the scores' own arithmetic."""


class AlignmentMonitor(Callback):
    """Score a policy's representation of held-out frames against what the robot does there, every N steps.

    The frames are those of `trainer.datamodule.probe_batches()`, which yields the same `VLABatch`es every time: frames
    of at least 4 held-out episodes, equally many of each, in which the robot moves (as `vlareg.data.LiberoData` does),
    each once, with `episode_ids` and `sample_ids`. They are dealt out to the ranks and read in one forward pass, in
    which nothing random of the training is touched. Neighbours are sought in other episodes only.

    Logged, dimensionless: `alignment/{point}/{target}/{metric}_k{k}_n{samples}`, below it `/chance` (the mean score when
    whole episodes are exchanged) and `/calibrated` (0 at chance, 1 at most). They go to the loggers and into
    `trainer.callback_metrics`, so that a `ModelCheckpoint` can monitor any of them. Beside the logs: `curves.json` (these
    scalars and the validation's), `alignment.json` (matrices of these and of z and p), `alignment.png` (curves) and
    `alignment_matrix.png`, which TensorBoard shows, too. A score that cannot be computed, such as that of a collapsed
    representation, is NaN, with a warning that says why.

    What is scored is agreement: an action is a function of the image, so that a state that only copies the image agrees
    with it to some degree, too.

    Args:
        points: What to score: names or patterns of `vlareg.callbacks.extraction_points`.
        targets: What to score it against: names or patterns of `vlareg.callbacks.listed_targets`, windows of actions
            such as `actions.arm.next8`, or extraction points.
        metrics: Names of `vlareg.functional`'s metrics.
        k: Number of neighbours.
        every_n_steps: Interval (optimizer steps); the first and the last step are scored, too.

    Raises:
        ValueError: An interval or k below 1, or nothing to score; on the start of training, if a name is unknown or the
            data have no probe set.
    """

    def __init__(
        self,
        points: Sequence[str] = ("llm.*.condition", "llm.*.last_prompt"),
        targets: Sequence[str] = ("actions.full", "actions.arm", "proprio"),
        metrics: Sequence[str] = ("mutual_knn", "cknna"),
        k: int = 10,
        every_n_steps: int = 200,
    ) -> None:
        if every_n_steps < 1:
            raise ValueError(f"`every_n_steps` must be >= 1, but got {every_n_steps}.")
        self.scorer, self.every_n_steps = AlignmentScorer(points, targets, metrics, k), every_n_steps
        self.curves, self.records = Curves(), list[AlignmentRecord]()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Score the policy before the first step; a resumed run knows its last scores."""
        if self.records:
            trainer.callback_metrics.update(_tensors(self.records[-1]))
        else:
            self._measure(trainer, pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any, **kwargs: Any) -> None:
        """Score the policy when its step is due."""
        if trainer.global_step % self.every_n_steps == 0:
            self._measure(trainer, pl_module)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the figures of a training's validation beside the scores."""
        if trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking:
            values = {name: float(v) for name, v in trainer.callback_metrics.items() if name.startswith("val/")}
            self.curves.add(trainer.global_step, values)
            self._save(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Score and draw the final weights."""
        self._measure(trainer, pl_module)
        self._draw(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Return the scores so far, so that a resumed run's curves and matrices have no gap."""
        return {"curves": self.curves.points, "records": [asdict(record) for record in self.records]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the scores of the run that is resumed."""
        self.curves = Curves(state_dict["curves"])
        self.records = [AlignmentRecord(**record) for record in state_dict["records"]]

    def _measure(self, trainer: Trainer, module: LightningModule) -> None:
        if self.records and self.records[-1].step == trainer.global_step:
            return  # several batches may make one step, and the last step may have been due
        record = self.scorer.score(
            cast(nn.Module, module.policy),
            _probe_batches(trainer),
            cast(Iterable[nn.Module], getattr(module, "regularizers", ())),
            step=trainer.global_step,
            context=trainer.precision_plugin.forward_context,
        )
        self.records.append(record)
        self.curves.add(record.step, record.scalars())
        trainer.callback_metrics.update(_tensors(record))
        for logger in trainer.loggers:
            logger.log_metrics(record.scalars(), step=record.step)
        self._save(trainer)
        if len(self.records) % DRAW_EVERY == 1:
            self._draw(trainer)

    def _save(self, trainer: Trainer) -> None:
        folder = run_folder(trainer)
        if trainer.is_global_zero and folder:
            self.curves.save(folder / "curves.json")
            save_records(self.records, folder / "alignment.json")

    def _draw(self, trainer: Trainer) -> None:
        folder, step = run_folder(trainer), trainer.global_step
        if trainer.is_global_zero and folder:
            curves, matrices = draw_score_curves(self.records), draw_matrices(self._comparable(), self.records[-1])
            show_figure(curves, folder / "alignment.png", trainer.loggers, step)
            show_figure(matrices, folder / "alignment_matrix.png", trainer.loggers, step)

    def _comparable(self) -> AlignmentRecord:
        """Return the first record of what the last one is of; a resumed run may have been told to score something else."""
        return next(record for record in self.records if record.is_comparable(self.records[-1]))


def _tensors(record: AlignmentRecord) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value) for name, value in record.scalars().items()}


def _probe_batches(trainer: Trainer) -> Iterator[VLABatch]:
    data: Any = getattr(trainer, "datamodule", None)
    if not hasattr(data, "probe_batches"):
        raise ValueError(
            f"AlignmentMonitor needs `trainer.datamodule.probe_batches()`, but {type(data).__name__} has none."
        )
    yield from data.probe_batches()
