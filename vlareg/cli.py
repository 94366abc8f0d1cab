"""The command lines behind `train.py` and `eval_libero.py`."""

import sys
from typing import Any

import torch
from lightning import LightningDataModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from vlareg.callbacks import StartUpProbes
from vlareg.checkpoint_io import AtomicCheckpointIO
from vlareg.evaluation.command import main as evaluate_cli
from vlareg.module import RegularizedPolicy

__all__ = ["evaluate_cli", "train"]

DEFAULT_CONFIG = "configs/train.yaml"
SUBCOMMANDS = ("fit", "validate")


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

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Give the data the model's checkpoint folder and seed, probe every run at its start, and set defaults."""
        parser.add_lightning_class_args(StartUpProbes, "start_up_probes")
        parser.link_arguments("model.policy", "data.init_args.policy")
        parser.link_arguments("model.seed", "data.init_args.seed")
        parser.set_defaults({"trainer.precision": fast_precision()})

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Write checkpoints atomically, and log to TensorBoard and CSV below `trainer.default_root_dir`, where nothing else is configured.

        A resumed run gets another CSV file, since Lightning's logger starts its file anew.
        """
        trainer = self.config_init[self.subcommand].trainer
        if trainer.logger is None:
            root = trainer.default_root_dir or "outputs"
            kwargs["logger"] = [TensorBoardLogger(root, name="", version=""), CSVLogger(root, name="csv")]
        if trainer.plugins is None:
            kwargs["plugins"] = AtomicCheckpointIO()
        return super().instantiate_trainer(**kwargs)


def train(arguments: list[str] | None = None) -> None:
    """Fine-tune a policy; without arguments, by `configs/train.yaml`.

    Args:
        arguments: LightningCLI's, the subcommand `fit` being the default; `sys.argv` if None.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] not in (*SUBCOMMANDS, "--help", "-h"):
        arguments.insert(0, "fit")
    asks = {"--help", "-h", "--print_config"} & set(arguments)
    if not asks and not any(argument.split("=")[0] in ("-c", "--config") for argument in arguments):
        arguments[1:1] = ["--config", DEFAULT_CONFIG]
    # A checkpoint is data: it is read without executing what it holds.
    arguments += ["--weights_only", "true"]
    options: dict[str, Any] = {
        "subclass_mode_data": True,
        "save_config_kwargs": {"overwrite": True},
        "auto_configure_optimizers": False,
    }
    TrainCLI(RegularizedPolicy, LightningDataModule, args=arguments, seed_everything_default=0, **options)
