"""The command line of a study."""

import os
import sys
from dataclasses import fields
from pathlib import Path

from jsonargparse import ArgumentParser
from transformers.utils import logging

from vlareg.data import Demonstrations
from vlareg.study.run import DATA, Options, run_study

DESCRIPTION = "Compare what policies represent with actions, states and sentences: one HTML page and a JSON."


def main(arguments: list[str] | None = None) -> None:
    """Run a study with arguments from the command line.

    Args:
        arguments: Without the program's name; `sys.argv` if None.
    """
    parser = _parser()
    chosen = parser.instantiate(parser.parse_args(arguments))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        options = Options(**{field.name: getattr(chosen, field.name) for field in fields(Options)})
        files = run_study(chosen.checkpoints, chosen.report, chosen.data, chosen.evaluations, options)
    except (ValueError, FileNotFoundError, ModuleNotFoundError) as error:
        sys.exit(f"error: {error}")
    print(*files, sep="\n")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m vlareg.study", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "checkpoints",
        nargs="+",
        type=Path,
        help="Folders of policies; the first one is the start that the others are compared with.",
    )
    parser.add_argument("--report", type=Path, required=True, help="Folder to write study.html and study.json into.")
    parser.add_argument("--data", type=Demonstrations, default=DATA, help="Demonstrations.")
    parser.add_argument(
        "--evaluations",
        nargs="*",
        type=Path,
        default=[],
        help="Results folders of eval_libero.py, matched to the policies by their weights.",
    )
    parser.add_class_arguments(Options, as_group=False)
    return parser
