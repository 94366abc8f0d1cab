import numpy as np
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from matplotlib.figure import Figure
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vlareg.callbacks.pictures import show_figure


def test_a_figure_becomes_a_file_and_an_image_in_tensorboard(tmp_path):
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    board = TensorBoardLogger(tmp_path, name="", version="")
    show_figure(figure, tmp_path / "curves.png", [board, CSVLogger(tmp_path)], step=7)
    board.finalize("success")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (260, 130)
        assert np.asarray(picture).std() > 10
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [image.step for image in events.Images("curves")] == [7]
