"""The runs of an experiment, found by their folders."""

import csv
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

from vlareg.data import Conventions, Demonstrations
from vlareg.data.natural_order import natural
from vlareg.evaluation.records import RECORDS_FILE, EpisodeRecord, read_records

LAST = 5
"""Values of a noisy curve of which the mean is its end."""


@dataclass(frozen=True)
class Run:
    """One training of one arm.

    Args:
        arm: What was done.
        seed: Name of the seed, as the folder has it.
        folder: Output folder of `train.py`, with `policy`, `csv`, `config.yaml` and, once rolled out, a results folder.
        results: Name of the results folder of `eval_libero.py` in it.
    """

    arm: str
    seed: str
    folder: Path
    results: str = "evaluation"

    @property
    def policy(self) -> Path:
        """The fine-tuned checkpoint."""
        return self.folder / "policy"

    @property
    def evaluation(self) -> Path:
        """Results folder of its roll-outs."""
        return self.folder / self.results

    @property
    def rolled_out(self) -> bool:
        """Whether there are roll-outs of it."""
        return (self.evaluation / RECORDS_FILE).exists()

    @property
    def records(self) -> list[EpisodeRecord]:
        """The episodes that were rolled out, none if there was no evaluation."""
        return read_records(self.evaluation / RECORDS_FILE)

    def ends(self, quantity: str) -> tuple[float, float]:
        """Return the first value that was logged and the mean of the last five, NaN if there are none.

        The logs of a resumed run follow one another; one that starts as early as the first is of another run in the same folder.

        Args:
            quantity: Column of the CSV log, such as `train/rscl/kl`.
        """
        values: list[float] = []
        start = inf
        for file in sorted((self.folder / "csv").rglob("metrics.csv"), key=_by_number):
            with file.open() as lines:
                rows = list(csv.DictReader(lines))
            if rows and int(rows[0]["step"]) <= start:
                values, start = [], int(rows[0]["step"])
            values += [float(row[quantity]) for row in rows if row.get(quantity)]
        return (values[0], mean(values[-LAST:])) if values else (nan, nan)

    def data(self) -> tuple[Demonstrations, int]:
        """Return which demonstrations the run had, and the size of its probe set.

        Raises:
            ValueError: If it had none of `Demonstrations`, whose held-out episodes the runs are compared on.
        """
        settings: dict[str, Any] = yaml.safe_load((self.folder / "config.yaml").read_text())["data"]["init_args"]
        if "demonstrations" not in settings:
            raise ValueError(
                f"{self.folder} cannot be compared: it was not trained on `Demonstrations` by `LiberoData`."
            )
        demonstrations = {**settings["demonstrations"], "tasks": tuple(settings["demonstrations"]["tasks"])}
        if "conventions" in demonstrations:
            demonstrations["conventions"] = Conventions(**demonstrations["conventions"])
        return Demonstrations(**demonstrations), settings["probe_samples"]


def _by_number(path: Path) -> list[int | str]:
    return natural(str(path))


def find_runs(experiment: str | Path, results: str = "evaluation") -> dict[str, list[Run]]:
    """Return the finished runs `{arm}/{seed}/policy` of a folder: arm -> runs by seed.

    Args:
        experiment: The folder.
        results: Name of the results folder in each run.

    Raises:
        FileNotFoundError: If there is none.
    """
    arms: dict[str, list[Run]] = {}
    for policy in sorted(Path(experiment).glob("*/*/policy"), key=_by_number):
        folder = policy.parent
        arms.setdefault(folder.parent.name, []).append(Run(folder.parent.name, folder.name, folder, results))
    if not arms:
        raise FileNotFoundError(f"No finished run in {experiment}: there is no folder `{{arm}}/{{seed}}/policy`.")
    return arms


def common_data(runs: list[Run]) -> tuple[Demonstrations, int]:
    """Return what all runs were trained on.

    Args:
        runs: Runs that shall be compared.

    Raises:
        ValueError: If they had different demonstrations, of which different frames are held out.
    """
    data = {run.folder: run.data() for run in runs}
    first = next(iter(data.values()))
    if other := [str(folder) for folder, found in data.items() if found != first]:
        raise ValueError(f"Runs of other demonstrations than {runs[0].folder} cannot be compared with it: {other}.")
    return first
