"""Decode a run of frames of a video file."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
from jaxtyping import UInt8


def read_video(file: Path, count: int, fps: float, start: float = 0.0) -> UInt8[np.ndarray, "{count} height width 3"]:
    """Return consecutive frames.

    Args:
        file: Any file that ffmpeg decodes.
        count: Number of frames.
        fps: The video's rate (Hz).
        start: Time of the first frame (s).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be decoded, or ends too early; the message says at which frame.
    """
    if not file.exists():
        raise FileNotFoundError(f"{file} does not exist.")
    # Half a frame earlier, or rounding may skip the first; without `passthrough` ffmpeg repeats and drops frames.
    begin = ["-ss", f"{max(0.0, start - 0.5 / fps):.6f}"]
    end = ["-frames:v", str(count), "-fps_mode", "passthrough"]
    decoded: list[np.ndarray] = []
    try:
        stream = imageio_ffmpeg.read_frames(str(file), input_params=begin, output_params=end)
        width, height = next(stream)["size"]
        decoded = [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in stream]
    except (OSError, RuntimeError, StopIteration) as error:
        reason = (str(error).strip().splitlines() or ["no picture in it"])[-1]
        raise ValueError(f"{file} cannot be decoded: {reason}") from error
    if len(decoded) != count:
        raise ValueError(f"{file} has no frame {len(decoded)} after {start:g} s, where {count} are expected.")
    return np.stack(decoded)
