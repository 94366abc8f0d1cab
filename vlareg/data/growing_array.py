"""Write a .npy file whose length is not known before its end."""

from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.lib import format as npy


class GrowingArray:
    """A .npy file that grows along its first axis; use it as a context.

    Args:
        file: The file to make.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "a.npy"
        >>> with GrowingArray(file) as grown:
        ...     grown.append(np.zeros((2, 3)))
        ...     grown.append(np.ones((1, 3)))
        >>> np.load(file).shape
        (3, 3)
    """

    def __init__(self, file: Path) -> None:
        self._handle = file.open("wb")
        self._first: np.ndarray | None = None
        self._length = 0

    def __enter__(self) -> "GrowingArray":
        return self

    def append(self, rows: np.ndarray) -> None:
        """Add rows at the end.

        Args:
            rows: Of the same type, and of the same size but for the first axis, as those before.

        Raises:
            ValueError: They are not.
        """
        if self._first is None:
            self._first = rows[:0]
            self._write_header(self._first)
        if rows.dtype != self._first.dtype or rows.shape[1:] != self._first.shape[1:]:
            was = f"{self._first.dtype} {self._first.shape[1:]}"
            raise ValueError(f"`rows` must be {was} but for their number, but are {rows.dtype} {rows.shape[1:]}.")
        self._handle.write(np.ascontiguousarray(rows).data)
        self._length += len(rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._first is not None and error is None:
            self._handle.seek(0)
            self._write_header(self._first)
        self._handle.close()

    def _write_header(self, like: np.ndarray) -> None:
        # NumPy pads the header so that another length along the first axis takes the same room.
        header = npy.header_data_from_array_1_0(like)
        shape = (self._length, *like.shape[1:])
        npy.write_array_header_1_0(self._handle, {**header, "fortran_order": False, "shape": shape})
