"""The command lines behind `train.py` and `eval_libero.py`."""

import re
import sys
from argparse import ArgumentError
from typing import Any

import torch
from lightning import LightningDataModule, Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from vlareg.callbacks import StartUpProbes
from vlareg.checkpoint_io import AtomicCheckpointIO
from vlareg.data.demonstrations import RecordingError
from vlareg.envs.rendering import NoRendererError
from vlareg.evaluation.command import main as evaluate_cli
from vlareg.module import RegularizedPolicy
from vlareg.run_folder import run_folder

__all__ = ["evaluate_cli", "train"]

DEFAULT_CONFIG = "configs/train.yaml"
_EXPECTED = (
    ArgumentError,
    MisconfigurationException,
    ModuleNotFoundError,
    NoRendererError,
    OSError,
    RecordingError,
    ValueError,
)


def fast_precision() -> str:
    """Return "bf16-mixed" where the hardware multiplies bfloat16 matrices, else "32-true"."""
    has_units = (
        torch.cuda.is_bf16_supported(including_emulation=False)
        if torch.cuda.is_available()
        else torch.cpu._is_amx_tile_supported()
    )
    return "bf16-mixed" if has_units else "32-true"


class TrainCLI(LightningCLI):
    """LightningCLI with the links between model and data, start-up probes, and the precision that the hardware is fast at."""

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Offer what a policy can do; there is nothing to test or predict."""
        return {name: LightningCLI.subcommands()[name] for name in ("fit", "validate")}

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse without Lightning's warning that `args` differs from `sys.argv`, which is meant here."""
        self.config = parser.parse_args(args)
        # A checkpoint is data: it is read without executing what it holds.
        self.config[self.config.subcommand].weights_only = True

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Give the data the model's checkpoint folder and seed, probe every run at its start, and set defaults."""
        parser.add_lightning_class_args(StartUpProbes, "start_up_probes")
        parser.link_arguments("model.policy", "data.init_args.policy")
        parser.link_arguments("model.seed", "data.init_args.seed")
        parser.set_defaults({"trainer.precision": fast_precision()})

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Write checkpoints atomically, and log to TensorBoard and CSV below `trainer.default_root_dir`, where nothing else is configured.

        A resumed run gets another CSV file, since Lightning's logger starts its file anew. A validation keeps out of the files of the
        run whose folder it has: it logs to `validate` in there, and saves no configuration.
        """
        trainer = self.config_init[self.subcommand].trainer
        validates = self.subcommand == "validate"
        if trainer.logger is None:
            root = (trainer.default_root_dir or "outputs") + ("/validate" if validates else "")
            kwargs["logger"] = [TensorBoardLogger(root, name="", version=""), CSVLogger(root, name="csv")]
        if trainer.plugins is None:
            kwargs["plugins"] = AtomicCheckpointIO()
        if validates:
            self.save_config_callback = None
        return super().instantiate_trainer(**kwargs)

    def before_fit(self) -> None:
        """Put the `last.ckpt` of an earlier run in the same folder aside, so that `last.ckpt` is this run's or is not there."""
        folder = run_folder(self.trainer)
        if folder is None or self.config_init["fit"].ckpt_path or not self.trainer.is_global_zero:
            return
        last, aside = (folder / "checkpoints" / name for name in ("last.ckpt", "earlier_run.ckpt"))
        if last.exists():
            self.trainer.strategy.remove_checkpoint(aside)  # a checkpoint of several processes is a folder
            last.replace(aside)


def train(arguments: list[str] | None = None, description: str = "") -> None:
    """Fine-tune a policy; without arguments, by `configs/train.yaml`.

    What is wrong with the arguments, the files or the machine is one line, and the exit code 1; `python -X dev` shows the traceback
    as well.

    Args:
        arguments: LightningCLI's, the subcommand `fit` being the default; `sys.argv` if None.
        description: What `--help` prints.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] in (["--help"], ["-h"]):
        print(description)
        return
    options: dict[str, Any] = {
        "subclass_mode_data": True,
        "save_config_kwargs": {"overwrite": True},
        "auto_configure_optimizers": False,
        "parser_kwargs": {"exit_on_error": False},
    }
    try:
        TrainCLI(
            RegularizedPolicy, LightningDataModule, args=_completed(arguments), seed_everything_default=0, **options
        )
    except _EXPECTED as error:
        if sys.flags.dev_mode:
            raise
        sys.exit(f"error: {_one_line(error)}")


def _completed(arguments: list[str]) -> list[str]:
    """Return the arguments with the default subcommand and, where no other is named, the default configuration."""
    has_subcommand = bool(arguments) and not arguments[0].startswith("-")
    subcommand, *rest = arguments if has_subcommand else ["fit", *arguments]
    named = any(argument.split("=")[0] in ("-c", "--config", "-h", "--help") for argument in rest)
    return [subcommand, *([] if named else ["--config", DEFAULT_CONFIG]), *rest]


def _one_line(error: BaseException) -> str:
    """Return what is wrong, without the list of the types of a union that a value has none of."""
    if re.search(r"lightning\.LightningDataModule'|required: \w+\.data$", str(error)):
        return f"`data.class_path` is missing: put the file that yours changes before it, such as `--config {DEFAULT_CONFIG}`."
    key = re.match('Parser key "[^"]+":', str(error))
    inner = error
    while "of the Union subtypes" in str(inner) and inner.__cause__:
        inner = inner.__cause__
    return " ".join(f"{key[0] if key and inner is not error else ''} {inner}".split())
