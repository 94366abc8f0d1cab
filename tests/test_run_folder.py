import pytest
from lightning import Trainer
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger

from vlareg.run_folder import run_folder


class _Elsewhere(Logger):
    """A logger that keeps nothing here, or whatever it keeps in the working directory, as W&B's and Comet's do."""

    def __init__(self, save_dir=None):
        super().__init__()
        self._save_dir = save_dir

    @property
    def save_dir(self):
        return self._save_dir

    @property
    def name(self):
        return "elsewhere"

    @property
    def version(self):
        return 0

    def log_metrics(self, metrics, step=None):
        pass

    def log_hyperparams(self, params):
        pass


@pytest.mark.parametrize("logger", [False, _Elsewhere(), _Elsewhere(".")])
def test_it_is_the_runs_own_folder_whatever_the_logger(logger, tmp_path):
    assert run_folder(Trainer(default_root_dir=tmp_path, logger=logger)) == tmp_path


@pytest.mark.parametrize("kind", [TensorBoardLogger, CSVLogger])
def test_a_loggers_own_folder_comes_first(kind, tmp_path):
    trainer = Trainer(default_root_dir=tmp_path, logger=[kind(tmp_path / "logs", name="a", version="b"), _Elsewhere()])
    assert run_folder(trainer) == tmp_path / "logs" / "a" / "b"


def test_a_trial_run_keeps_nothing(tmp_path):
    assert run_folder(Trainer(default_root_dir=tmp_path, fast_dev_run=True)) is None
