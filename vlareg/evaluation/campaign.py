"""Run the episodes of an evaluation that are not done yet, and keep what comes of each at once."""

import json
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vlareg.evaluation.interfaces import EnvironmentFactory, Episode, Policy
from vlareg.evaluation.intervals import CONFIDENCE
from vlareg.evaluation.loggers import Logger, running_log
from vlareg.evaluation.progress import LiveTable
from vlareg.evaluation.records import RECORDS_FILE, EpisodeRecord, append_record, not_written, read_records
from vlareg.evaluation.rollout import WORKERS, Outcome, rollout
from vlareg.evaluation.settings import claim_folder
from vlareg.evaluation.summary import Summary, summarize
from vlareg.evaluation.videos import VideoShelf
from vlareg.files import atomic_file

SUMMARY_FILE = "summary.json"
VIDEO_FOLDER = "videos"


@dataclass(frozen=True)
class Campaign:
    """One evaluation in one results folder; running it again goes on where it ended.

    Args:
        folder: The results folder.
        settings: What every episode's result depends on, as JSON values: `suite`, `seed`, `perturbation` ("none" where
            nothing is changed), `batch_size`, and whatever else; a folder with results of other settings is refused.
        workers: Number of environments at once (> 0).
        videos: How many successes and how many failures of each task are kept as videos (>= 0).
        retry_errors: Whether episodes whose simulator failed are run again.
        render_devices: Numbers of the EGL devices that the workers render on, in turn; None for EGL's choice.
        loggers: Who is told the success rate after every episode.
    """

    folder: Path
    settings: dict[str, Any]
    workers: int = WORKERS
    videos: int = 1
    retry_errors: bool = False
    render_devices: Sequence[int] | None = None
    loggers: Sequence[Logger] = ()

    def run(
        self, make_policy: Callable[[], Policy], environments: EnvironmentFactory, episodes: Sequence[Episode]
    ) -> Summary:
        """Run what is left of the episodes.

        Args:
            make_policy: Loads the policy; called only if something is left.
            environments: Makes the environment of a task in a worker process; picklable.
            episodes: All episodes of the evaluation.

        Returns:
            The summary of all episodes in the folder; it is also in `summary.json`.

        Raises:
            ValueError: If the folder holds results with other settings, or an environment cannot begin an episode.
            EvaluationStopped: If another process writes to the folder, or the simulator is broken.
        """
        with claim_folder(self.folder, self.settings):
            records = {record.key: record for record in read_records(self.folder / RECORDS_FILE)}
            planned = len(records.keys() | {(episode.task, episode.init_index) for episode in episodes})
            todo = [episode for episode in episodes if self._is_open(records.get((episode.task, episode.init_index)))]
            new_records = self._run(make_policy(), environments, todo) if todo else _nothing()
            with (
                LiveTable(str(self.folder), planned) as table,
                running_log(self.loggers, self.folder, self.settings) as log,
                closing(new_records),
            ):
                summary = self._show(records.values(), planned, table)
                for record in new_records:
                    records[record.key] = record
                    summary = self._show(records.values(), planned, table)
                    log(summary)
        return summary

    def _is_open(self, record: EpisodeRecord | None) -> bool:
        return record is None or (self.retry_errors and record.error is not None)

    def _run(
        self, policy: Policy, environments: EnvironmentFactory, todo: Sequence[Episode]
    ) -> Generator[EpisodeRecord, None, None]:
        shelf = VideoShelf(self.folder / VIDEO_FOLDER, self.videos)
        outcomes = rollout(
            policy,
            environments,
            todo,
            workers=self.workers,
            batch_size=self.settings["batch_size"],
            keep_frames=shelf.wants,
            render_devices=self.render_devices,
        )
        with closing(outcomes):
            for outcome in outcomes:
                record = self._record(outcome)
                append_record(self.folder / RECORDS_FILE, record)
                yield record
                shelf.add(outcome)

    def _record(self, outcome: Outcome) -> EpisodeRecord:
        return EpisodeRecord(
            suite=self.settings["suite"],
            task=outcome.episode.task,
            init_index=outcome.episode.init_index,
            seed=self.settings["seed"],
            success=outcome.success,
            steps=outcome.steps,
            instruction=outcome.instruction,
            perturbation=self.settings["perturbation"],
            attempts=outcome.attempts,
            error=outcome.error,
            seconds=round(outcome.seconds, 2),
        )

    def _show(self, records: Collection[EpisodeRecord], planned: int, table: LiveTable) -> Summary:
        summary = write_summary(self.folder, records, self.settings, complete=len(records) == planned)
        table.show(summary)
        return summary


def write_summary(
    folder: Path, records: Collection[EpisodeRecord], settings: dict[str, Any], complete: bool
) -> Summary:
    """Write what a folder's episodes come to into its `summary.json`.

    Args:
        folder: The results folder.
        records: Its episodes.
        settings: What they were made with.
        complete: Whether they are all that were planned.

    Raises:
        OSError: If it cannot be written.
    """
    summary = summarize(records)
    state = {"complete": complete, "confidence": CONFIDENCE, "settings": settings}
    try:
        with atomic_file(folder / SUMMARY_FILE) as partial:
            partial.write_text(json.dumps({**asdict(summary), **state}, indent=2) + "\n")
    except OSError as error:
        raise not_written(folder / SUMMARY_FILE, error) from error
    return summary


def _nothing() -> Generator[EpisodeRecord, None, None]:
    yield from ()
