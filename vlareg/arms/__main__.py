"""Compare the arms of an experiment over training seeds.

python -m vlareg.arms outputs/rscl --control plain

reads the finished runs `outputs/rscl/{arm}/{seed}` (folders of `train.py`, with the roll-outs of `eval_libero.py` in
`evaluation`, or what `--evaluation` says, such as `light` for those under another light) and prints one row an arm; all
numbers, each seed's among them, are in `outputs/rscl/arms.json`.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from jsonargparse import auto_cli
from rich.console import Console

from vlareg.arms.alignment import measure_alignment
from vlareg.arms.arm import summarize_arm
from vlareg.arms.runs import Run, find_runs
from vlareg.arms.table import arms_table
from vlareg.evaluation import summarize
from vlareg.files import atomic_file

POINTS = ("llm.3.condition", "llm.5.last_prompt")


def compare_arms(
    experiment: str,
    control: str = "plain",
    points: tuple[str, ...] = POINTS,
    target: str = "proprio",
    metric: str = "cknna",
    k: int = 10,
    loss: str = "train/rscl/kl",
    evaluation: str = "evaluation",
) -> None:
    """Print what each arm did, beside the control of the same seeds.

    Args:
        experiment: Folder of the runs.
        control: The arm that the others are compared with.
        points: Where the policies are read.
        target: What that is compared with.
        metric: By which metric.
        k: Number of neighbours, from other episodes only.
        loss: Column of the runs' CSV log of which the first and the last values are shown.
        evaluation: Name of the results folder in each run.

    Raises:
        FileNotFoundError: If there is no finished run.
        ValueError: If the control is not among them, or lacks a seed.
    """
    found = find_runs(experiment, evaluation)
    runs = [run for of_arm in found.values() for run in of_arm]
    pairs = {arm: _with_control(of_arm, found.get(control, []), control) for arm, of_arm in found.items()}
    alignment = measure_alignment(runs, points, target, metric, k)
    arms = [summarize_arm(of_arm, runs, alignment, loss) for of_arm in pairs.values()]
    rates = {
        arm: summarize(record for run in of_arm for record in run.records)
        for arm, of_arm in found.items()
        if all(run.rolled_out for run in of_arm)
    }
    with atomic_file(Path(experiment) / "arms.json") as path:
        path.write_text(json.dumps([asdict(arm) for arm in arms], indent=1))
    Console().print(arms_table(arms, rates, control))


def _with_control(runs: list[Run], controls: list[Run], name: str) -> list[tuple[Run, Run]]:
    of_seed = {run.seed: run for run in controls}
    if missing := [run.seed for run in runs if run.seed not in of_seed]:
        raise ValueError(f"`control`: there is no finished run {name}/{missing[0]} to compare {runs[0].folder} with.")
    return [(run, of_seed[run.seed]) for run in runs]


def main(arguments: list[str] | None = None) -> None:
    """Run `compare_arms` with arguments from the command line.

    What is wrong with them or with the folders is one line, and the exit code 1; `python -X dev` shows the traceback as well.

    Args:
        arguments: Without the program's name; `sys.argv` if None.
    """
    try:
        auto_cli(compare_arms, args=arguments, as_positional=True, prog="python -m vlareg.arms")
    except (ValueError, OSError, ModuleNotFoundError) as error:
        if sys.flags.dev_mode:
            raise
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
