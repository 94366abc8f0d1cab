import resource

import pytest
import torch

from vlareg.checkpoint_io import AtomicCheckpointIO


@pytest.fixture
def small_disk():
    """Let no file grow beyond 100 kB; a write beyond fails as on a full disk, with another number."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_written_is_read(tmp_path):
    plugin, file = AtomicCheckpointIO(), tmp_path / "checkpoints/last.ckpt"
    plugin.save_checkpoint({"step": 3, "weight": torch.arange(4.0)}, file)
    found = plugin.load_checkpoint(file)
    assert found["step"] == 3
    assert torch.equal(found["weight"], torch.arange(4.0))
    assert list(file.parent.iterdir()) == [file]


def test_a_full_disk_leaves_the_earlier_checkpoint_and_says_so(tmp_path, small_disk):
    plugin, file = AtomicCheckpointIO(), tmp_path / "last.ckpt"
    plugin.save_checkpoint({"step": 1}, file)
    with pytest.raises(OSError, match=r"could not be written: .* make room and resume .*last\.ckpt"):
        plugin.save_checkpoint({"step": 2, "weight": torch.zeros(100_000)}, file)
    assert plugin.load_checkpoint(file) == {"step": 1}
    assert list(tmp_path.iterdir()) == [file]


def test_remote_storage_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`storage_options`"):
        AtomicCheckpointIO().save_checkpoint({}, tmp_path / "last.ckpt", storage_options={"key": 1})
