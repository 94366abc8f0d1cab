"""The picture with all perturbations."""

from pathlib import Path

import numpy as np
from PIL import Image

from vlareg.envs.perturbations.__main__ import main
from vlareg.envs.perturbations.contact_sheet import CAPTION


def test_rows_are_perturbations_and_columns_levels(tmp_path: Path) -> None:
    """Level 0 stands first and looks the same in every row."""
    main(output=tmp_path / "sheet.png", perturbations=["candidates", "camera_distance"], resolution=64)
    sheet, row = np.asarray(Image.open(tmp_path / "sheet.png")), 64 + CAPTION
    assert sheet.shape == (2 * row, 4 * 128, 3)
    np.testing.assert_array_equal(sheet[:64, :128], sheet[row : row + 64, :128])
    assert np.any(sheet[:64, 128:256] != sheet[:64, :128])
    assert np.any(sheet[row : row + 64, 384:448] != sheet[:64, :64])
    np.testing.assert_array_equal(sheet[row : row + 64, 448:], sheet[:64, 64:128])
    assert np.all(sheet[:row, 384:] == 255)
