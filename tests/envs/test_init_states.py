"""Stored initial states are read, and nothing in them is executed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vlareg.envs.init_states import read_init_states
from vlareg.envs.libero_setup import import_libero


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.target,))


def test_libero_s_own_file_is_read() -> None:
    """The shape is the published one, and so is what LIBERO's own (unsafe) reader gives."""
    libero = import_libero()
    from libero.libero.benchmark import get_benchmark

    suite = get_benchmark("libero_spatial")()
    task = suite.get_task(0)
    states = read_init_states(Path(libero.get_libero_path("init_states"), task.problem_folder, task.init_states_file))
    assert states.shape == (50, 92)
    np.testing.assert_array_equal(states, suite.get_task_init_states(0))


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    """The file is refused before anything in it runs."""
    torch.save(Bomb(tmp_path / "exploded"), tmp_path / "bomb.pruned_init")
    with pytest.raises(ValueError, match=r"bomb.pruned_init cannot be read as stored initial states"):
        read_init_states(tmp_path / "bomb.pruned_init")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [np.zeros(3), np.full((2, 3), np.nan)])
def test_an_array_that_is_no_list_of_states_is_refused(tmp_path: Path, content: np.ndarray) -> None:
    """One dimension too few, or not finite."""
    torch.save(content, tmp_path / "wrong.init")
    with pytest.raises(ValueError, match=r"must hold a finite array \[episodes, state\]"):
        read_init_states(tmp_path / "wrong.init")


def test_missing_and_truncated_files_are_told_apart(tmp_path: Path) -> None:
    """Each has its own error."""
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_init_states(tmp_path / "none.init")
    torch.save(np.zeros((2, 3)), tmp_path / "cut.init")
    (tmp_path / "cut.init").write_bytes((tmp_path / "cut.init").read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"cut.init cannot be read"):
        read_init_states(tmp_path / "cut.init")
