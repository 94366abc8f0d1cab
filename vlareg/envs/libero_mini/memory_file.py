"""HDF5 files that reach the disk whole or not at all.

HDF5 itself crashes the process when the disk is full. So a file is put together in memory and written by Python, which raises.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from vlareg.files import atomic_file


@contextmanager
def new_hdf5(target: Path) -> Iterator[h5py.File]:
    """Give an HDF5 file in memory to fill; it becomes `target` when the block ends without an error.

    Args:
        target: The file to make or to replace.

    Raises:
        OSError: It cannot be written; an earlier file stays.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "a.hdf5"
        >>> with new_hdf5(file) as root:
        ...     root["x"] = [1, 2]
        >>> with h5py.File(file, "r") as root:
        ...     list(root["x"])
        [np.int64(1), np.int64(2)]
    """
    memory = io.BytesIO()
    with h5py.File(memory, "w") as root:
        yield root
    with atomic_file(target) as partial:
        partial.write_bytes(memory.getbuffer())
