"""What a teacher is, in a few letters."""

import hashlib

import torch
from torch import Tensor

from vlareg.teachers.base import Teacher

PREPROCESSING_VERSION = 1
"""Grows with every change of what `Teacher.forward` does to pixels."""

PLAIN = (str, int, float, tuple, list, type(None))


def checksum(teacher: Teacher) -> str:
    """Return a checksum of a teacher's class, arguments, pre-processing and weights.

    Arguments are the teacher's public attributes that are numbers, texts or lists, so that is where a teacher keeps
    what decides its features; everything else is in its encoder.

    Args:
        teacher: Any teacher.

    Example:
        >>> from vlareg.teachers import EfficientNetLiteTeacher
        >>> checksum(EfficientNetLiteTeacher(96, -2)) == checksum(EfficientNetLiteTeacher(96, -1))
        False
    """
    kind = type(teacher)
    attributes = {name: value for name, value in sorted(vars(teacher).items()) if not name.startswith("_")}
    attributes.pop("training")
    arguments = {name: value for name, value in attributes.items() if isinstance(value, PLAIN)}
    colours = teacher.mean.flatten().tolist(), teacher.std.flatten().tolist()
    parts = (PREPROCESSING_VERSION, kind.__module__, kind.__qualname__, arguments, colours, str(teacher.encoder))
    digest = hashlib.sha256(repr(parts).encode())
    for name, weight in teacher.encoder.state_dict().items():
        digest.update(f"{name} {weight.dtype} {list(weight.shape)}".encode())
        digest.update(_bytes(weight))
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> bytes:
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
