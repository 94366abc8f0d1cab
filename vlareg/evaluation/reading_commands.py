"""The commands that read results folders: `compare`, `merge` and `report`."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from vlareg.evaluation.compare import compare
from vlareg.evaluation.comparison_table import WIDTH, comparison_view
from vlareg.evaluation.loggers import log_tensorboard, log_wandb
from vlareg.evaluation.merge import merge
from vlareg.evaluation.results import read_results
from vlareg.evaluation.summary import results_table, summarize
from vlareg.files import atomic_file

COMPARISON_FILE = "compare.json"


def run_reading_command(name: str, arguments: list[str]) -> None:
    """Run one of `COMMANDS`; what is wrong with the folders is one line, and the exit code 1.

    Args:
        name: One of theirs.
        arguments: What follows the name.
    """
    add_arguments, run = COMMANDS[name]
    parser = ArgumentParser(prog=f"python eval_libero.py {name}", description=run.__doc__, allow_abbrev=False)
    add_arguments(parser)
    try:
        run(parser.parse_args(arguments))
    except (ValueError, OSError, ModuleNotFoundError) as error:
        sys.exit(f"error: {error}")


def _compare_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folders", nargs="*", type=Path, metavar="A B", help="Results folders of two policies.")
    for name in "ab":
        text = f"Results folders of arm {name}, one for each training seed; both arms in the same order of the seeds."
        parser.add_argument(f"--{name}", nargs="+", type=Path, metavar="DIR", help=text)
    text = "Pair changed episodes with the unchanged ones from the same initial states."
    parser.add_argument("--across-perturbations", action="store_true", help=text)
    parser.add_argument("--output", type=Path, help=f"Folder for {COMPARISON_FILE}; else one below outputs/comparison.")


def _compare(chosen: Namespace) -> None:
    """Compare two policies, or two arms of training seeds, on the episodes that both ran."""
    a, b = _arms(chosen)
    found = compare(a, b, across_perturbations=chosen.across_perturbations)
    Console(width=WIDTH).print(comparison_view(found))
    file = (chosen.output or Path("outputs/comparison") / f"{a[0].name}-{b[0].name}") / COMPARISON_FILE
    with atomic_file(file) as partial:
        partial.write_text(json.dumps(asdict(found), indent=1, allow_nan=False) + "\n")
    print(file)


def _arms(chosen: Namespace) -> tuple[list[Path], list[Path]]:
    if chosen.folders and not (chosen.a or chosen.b) and len(chosen.folders) == 2:
        return chosen.folders[:1], chosen.folders[1:]
    if chosen.folders or not (chosen.a and chosen.b):
        raise ValueError("`compare` takes two results folders, or `--a DIR ... --b DIR ...`.")
    return chosen.a, chosen.b


def _merge_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("output", type=Path, metavar="OUT", help="Results folder to make.")
    parser.add_argument("shards", nargs="+", type=Path, metavar="DIR", help="Results folders of all parts.")


def _merge(chosen: Namespace) -> None:
    """Put the parts of an evaluation, run with `--shard`, into one results folder."""
    summary = merge(chosen.output, chosen.shards)
    Console(width=WIDTH).print(results_table(summary, str(chosen.output)))


def _report_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="Results folder.")
    parser.add_argument("--output", type=Path, help="The HTML file; report.html in the folder where none is given.")
    parser.add_argument("--megabytes", type=float, help="Size that the films in it may have together.")
    text = "Write the success rates for these as well, into the results folder."
    parser.add_argument("--loggers", nargs="+", choices=("tensorboard", "wandb"), default=(), help=text)


def _report(chosen: Namespace) -> None:
    """Show a results folder as one HTML file with tables, curves and films."""
    from vlareg.evaluation.report import MEGABYTES, write_report  # here, because worker processes draw nothing

    print(write_report(chosen.folder, chosen.output, MEGABYTES if chosen.megabytes is None else chosen.megabytes))
    results = read_results(chosen.folder)
    summary = summarize(results.records)
    if "tensorboard" in chosen.loggers:
        log_tensorboard(summary, chosen.folder / "tensorboard")
    if "wandb" in chosen.loggers:
        log_wandb(summary, chosen.folder, results.settings)


COMMANDS: dict[str, tuple[Callable[[ArgumentParser], None], Callable[[Namespace], None]]] = {
    "compare": (_compare_arguments, _compare),
    "merge": (_merge_arguments, _merge),
    "report": (_report_arguments, _report),
}
"""Name -> what it takes, and what it does."""
