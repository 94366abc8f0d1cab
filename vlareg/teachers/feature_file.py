"""Features of a whole data set in one file: written once, whatever interrupts it, then memory-mapped."""

import errno
import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from tqdm import tqdm

from vlareg.files import locked

Compute = Callable[[range], Shaped[np.ndarray, "samples views rows columns dim"]]


@dataclass(frozen=True)
class FeatureFile:
    """A `.npy` file with one row per sample of a data set.

    It grows beside its place under the ending `.partial`, a whole number of parts at a time, and gets its name when it
    is complete. A process that is killed loses the part it was at. Of several processes one computes and the others
    wait; should it die, the next one goes on.

    Args:
        path: The file.
        shape: Samples, views, rows, columns and dim.
        dtype: NumPy's name of the type.
    """

    path: Path
    shape: tuple[int, int, int, int, int]
    dtype: str

    @property
    def nbytes(self) -> int:
        """Size of the features (bytes)."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize

    def open(self) -> Shaped[np.ndarray, "samples views rows columns dim"]:
        """Return the features, memory-mapped."""
        stored: np.ndarray = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return stored

    def fill(self, compute: Compute, part: int, title: str) -> None:
        """Compute what the file lacks, after saying how large it will be.

        Args:
            compute: Returns the features of a range of samples.
            part: Samples that are computed and stored at a time.
            title: Whose features they are.

        Raises:
            OSError: If the disk has no room for the file.
            ValueError: If a feature is not a finite number in the file's type.
        """
        if self.path.exists():
            return
        with locked(self.path.with_suffix(".lock")):
            if not self.path.exists():
                partial = self.path.with_suffix(".partial")
                with partial.open("ab") as file:
                    self._append(file, compute, part, title)
                os.replace(partial, self.path)

    def _append(self, file: io.BufferedWriter, compute: Compute, part: int, title: str) -> None:
        header, row = self._header(), self.nbytes // self.shape[0]
        done = max(0, file.tell() - len(header)) // (part * row) * part
        file.truncate(len(header) + done * row if file.tell() >= len(header) else 0)
        if not file.seek(0, os.SEEK_END):
            file.write(header)
        self._announce(title, (self.shape[0] - done) * row)
        with tqdm(total=self.shape[0], initial=done, desc="teacher features", unit=" samples") as bar:
            for start in range(done, self.shape[0], part):
                numbers = range(start, min(start + part, self.shape[0]))
                file.write(self._encoded(compute(numbers)))
                file.flush()
                os.fsync(file.fileno())
                bar.update(len(numbers))

    def _announce(self, title: str, missing: int) -> None:
        free = shutil.disk_usage(self.path.parent).free
        samples, views, rows, columns, dim = self.shape
        what = f"{title}: {samples} samples, {views} views of {rows} x {columns} patches, {dim} x {self.dtype}"
        if missing > free:
            raise OSError(
                errno.ENOSPC,
                f"{what}: {_size(missing)} are to be written to {self.path.parent}, which has {_size(free)} left; "
                "make room, choose another folder, or let the teacher run in every step",
            )
        tqdm.write(f"{what}: {_size(self.nbytes)} in {self.path}")

    def _encoded(self, features: Shaped[np.ndarray, "samples views rows columns dim"]) -> bytes:
        with np.errstate(over="ignore"):
            encoded = np.ascontiguousarray(features, dtype=self.dtype)
        if not np.isfinite(encoded).all():
            raise ValueError(f"`dtype`: a feature of up to {np.abs(features).max():.3g} is no finite {self.dtype}.")
        return encoded.tobytes()

    def _header(self) -> bytes:
        buffer = io.BytesIO()
        description = {"descr": np.dtype(self.dtype).str, "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_2_0(buffer, description)
        return buffer.getvalue()


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
