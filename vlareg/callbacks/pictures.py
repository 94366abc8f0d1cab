"""From figures to pixels, files and TensorBoard."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from vlareg.files import atomic_file

DPI = 130


def rendered(figure: Figure) -> UInt8[np.ndarray, "height width 3"]:
    """Return a figure's pixels.

    Args:
        figure: Any figure.
    """
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels: np.ndarray = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    return pixels


def show_figure(figure: Figure, file: Path, loggers: Iterable[Any], step: int) -> None:
    """Draw a figure once, into a PNG and into every TensorBoard among the loggers.

    Args:
        figure: Any figure.
        file: The PNG; its name without suffix is the figure's name in TensorBoard.
        loggers: Lightning's loggers.
        step: Optimizer step.
    """
    pixels = rendered(figure)
    with atomic_file(file) as path:
        Image.fromarray(pixels).save(path)
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(file.stem, pixels, step, dataformats="HWC")
