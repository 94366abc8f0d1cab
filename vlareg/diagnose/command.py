"""The command line of a diagnosis."""

import os
import sys
from dataclasses import fields
from pathlib import Path

from jsonargparse import ArgumentParser
from rich.console import Console
from transformers.utils import logging

from vlareg.data import Demonstrations
from vlareg.diagnose.options import Options
from vlareg.diagnose.run import DATA, run_diagnosis
from vlareg.diagnose.tables import all_tables

DESCRIPTION = "Look into policies: linear probes, attention and embeddings of object words, effective rank, drift."

WIDTH = 100
"""Width of the tables where the output is no terminal (columns)."""


def main(arguments: list[str] | None = None) -> None:
    """Run a diagnosis with arguments from the command line.

    Args:
        arguments: Without the program's name; `sys.argv` if None.
    """
    parser = _parser()
    chosen = parser.instantiate(parser.parse_args(arguments))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        options = Options(**{field.name: getattr(chosen, field.name) for field in fields(Options)})
        found, files = run_diagnosis(chosen.checkpoints, chosen.output, chosen.images, chosen.data, options)
    except (ValueError, FileNotFoundError, ModuleNotFoundError) as error:
        sys.exit(f"error: {error}")
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for table in all_tables(found):
        console.print(table)
    print(*files, sep="\n")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m vlareg.diagnose", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("checkpoints", nargs="+", type=Path, help="Folders of policies, drawn side by side.")
    parser.add_argument("--output", type=Path, required=True, help="Folder to write diagnose.json and the PNGs into.")
    parser.add_argument(
        "--images",
        nargs="*",
        type=Path,
        default=[],
        help="Folders of pictures with one folder a class, to probe with instead of the built-in concepts.",
    )
    parser.add_argument("--data", type=Demonstrations, default=DATA, help="Demonstrations.")
    parser.add_class_arguments(Options, as_group=False)
    return parser
