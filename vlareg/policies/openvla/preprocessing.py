"""Camera frames to model inputs: the one pre-processing of training and roll-outs.

Frames are uint8 NumPy arrays [..., height, width, 3] in 0..255. All resampling is two small matrix products, so that
any number of frames is one call.
"""

from functools import lru_cache
from io import BytesIO

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

CROP_AREA = 0.9
"""Share of the picture's area that training's random crops and the roll-out's centre crop keep."""

JPEG_QUALITY = 95
"""Quality of the JPEG round trip that training data went through."""

_LANCZOS_RADIUS = 3


def rotate_180(frames: UInt8[np.ndarray, "*batch height width 3"]) -> UInt8[np.ndarray, "*batch height width 3"]:
    """Turn LIBERO's upside-down frames upright, by a half turn, as the published data sets were."""
    return np.ascontiguousarray(frames[..., ::-1, ::-1, :])


def jpeg_round_trip(frames: UInt8[np.ndarray, "*batch height width 3"]) -> UInt8[np.ndarray, "*batch height width 3"]:
    """Compress and decompress each frame, at the quality and chroma subsampling of the published data sets."""
    flat = [_jpeg(frame) for frame in frames.reshape(-1, *frames.shape[-3:])]
    return np.stack(flat).reshape(frames.shape) if flat else frames.copy()


def _jpeg(frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    buffer = BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    return np.asarray(Image.open(buffer))


def resize(
    frames: UInt8[np.ndarray, "*batch height width 3"], size: int
) -> UInt8[np.ndarray, "*batch {size} {size} 3"]:
    """Resize by Lanczos (radius 3) with antialiasing, the aspect ratio not kept.

    Args:
        frames: Pictures.
        size: Height and width of the result (pixels).
    """
    height, width = frames.shape[-3:-1]
    if (height, width) == (size, size):
        return frames
    resampled = _resample(frames, _lanczos_matrix(height, size), _lanczos_matrix(width, size))
    return np.asarray(np.rint(resampled.clip(0.0, 255.0)).astype(np.uint8))


def centre_crop(
    frames: UInt8[np.ndarray, "*batch height width 3"], area: float = CROP_AREA
) -> UInt8[np.ndarray, "*batch height width 3"]:
    """Cut out the centre and resize it back, linearly.

    Args:
        frames: Pictures.
        area: Share of the area to keep (dimensionless, in (0, 1]).

    Raises:
        ValueError: If the share is not in (0, 1].
    """
    if not 0.0 < area <= 1.0:
        raise ValueError(f"`area` must be in (0, 1], but got {area}.")
    height, width = frames.shape[-3:-1]
    resampled = _resample(frames, _crop_matrix(height, area), _crop_matrix(width, area))
    # TensorFlow, and so the published crops, turn floats into uint8 by truncation after a scale of 255.5 / 255.
    return np.asarray(np.floor(resampled * np.float32(255.5 / 255.0)).clip(0, 255).astype(np.uint8))


def _resample(
    frames: UInt8[np.ndarray, "*batch height width 3"],
    rows: Float[np.ndarray, "new_height height"],
    columns: Float[np.ndarray, "new_width width"],
) -> Float[np.ndarray, "*batch new_height new_width 3"]:
    flat = frames.reshape(-1, *frames.shape[-3:]).astype(np.float32)
    tall = np.einsum("oh,nhwc->nowc", rows, flat, optimize=True)
    resampled = np.einsum("pw,nowc->nopc", columns, tall, optimize=True)
    return np.ascontiguousarray(resampled).reshape(*frames.shape[:-3], len(rows), len(columns), 3)


@lru_cache(maxsize=32)
def _lanczos_matrix(old: int, new: int) -> Float[np.ndarray, "{new} {old}"]:
    step = old / new
    centers = (np.arange(new) + 0.5) * step
    distance = (np.arange(old) + 0.5 - centers[:, None]) / max(step, 1.0)
    kernel = np.sinc(distance) * np.sinc(distance / _LANCZOS_RADIUS)
    weights = np.where(np.abs(distance) < _LANCZOS_RADIUS, kernel, 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


@lru_cache(maxsize=32)
def _crop_matrix(size: int, area: float) -> Float[np.ndarray, "{size} {size}"]:
    side = area**0.5
    position = ((1.0 - side) / 2.0 * (size - 1)) + side * np.arange(size)
    hat = 1.0 - np.abs(position[:, None] - np.arange(size))
    return np.asarray(hat.clip(0.0, None), dtype=np.float32)
