"""Write a run's checkpoints so that a full disk costs the newest one only."""

import io
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.fabric.utilities.types import _PATH

from vlareg.files import atomic_file


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write a checkpoint beside its place and move it there when it is complete.

    Lightning's own way goes by the system's folder of temporary files, from which a move to another disk is a copy that can stop in
    the middle of the earlier checkpoint.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any | None = None) -> None:
        """Write a checkpoint.

        Args:
            checkpoint: What to write.
            path: Where to.
            storage_options: Not supported.

        Raises:
            OSError: If it cannot be written; an earlier file at `path` is as it was.
        """
        if storage_options is not None:
            raise ValueError("`storage_options` is not supported: checkpoints are written to local folders.")
        content = io.BytesIO()
        torch.save(checkpoint, content)
        try:
            with atomic_file(path) as partial:
                partial.write_bytes(content.getbuffer())
        except OSError as error:
            raise OSError(
                error.errno,
                f"The checkpoint ({len(content.getbuffer()) / 1e6:.0f} MB) could not be written: {error.strerror}. Earlier checkpoints in "
                f"{Path(path).parent} are whole; make room and resume from the newest by --ckpt_path",
                str(path),
            ) from error
