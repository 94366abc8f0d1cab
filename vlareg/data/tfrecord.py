"""Read the examples in a TFRecord file, without TensorFlow."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

Feature = list[bytes] | np.ndarray
"""Byte strings, or numbers."""

_BYTES, _FLOATS, _INTEGERS = 1, 2, 3


def read_examples(file: str | Path) -> Iterator[dict[str, Feature]]:
    """Yield the features of every record.

    A record is its length (8 bytes), a checksum of that (4), the content, a checksum of that (4); the checksums are not
    verified. The content is a protocol buffer `tf.train.Example`.

    Args:
        file: Path of the TFRecord file.

    Raises:
        ValueError: The file ends within a record, or a record is no example; the message has the record's number.
    """
    with Path(file).open("rb") as stream:
        number = 0
        while header := stream.read(12):
            length = struct.unpack("<Q", header[:8])[0] if len(header) == 12 else 0
            content = stream.read(length)
            if len(header) < 12 or len(content) < length or len(stream.read(4)) < 4:
                raise ValueError(f"{file} ends within record {number}: it is truncated or no TFRecord.")
            try:
                yield _example(memoryview(content))
            except (IndexError, KeyError, ValueError, struct.error) as error:
                raise ValueError(f"{file}, record {number} is no tf.train.Example ({error!r}).") from error
            number += 1


def _example(content: memoryview) -> dict[str, Feature]:
    """Decode Example { Features { map<string, Feature> } }, where a map is a list of entries (1: key, 2: value)."""
    features: dict[str, Feature] = {}
    for _, group in _fields(content):
        for _, entry in _fields(group):
            parts = dict(_fields(entry))
            features[bytes(parts[1]).decode()] = _feature(parts.get(2, memoryview(b"")))
    return features


def _feature(content: memoryview) -> Feature:
    """Decode one of a list of byte strings, of floats, of integers."""
    for kind, listed in _fields(content):
        values = [value for _, value in _fields(listed)]
        if kind == _BYTES:
            return [bytes(value) for value in values]
        if kind == _FLOATS:  # packed into one field, or one field each
            return np.frombuffer(b"".join(values), dtype="<f4")
        if kind == _INTEGERS:
            return np.array([number for value in values for number in _varints(value)], dtype=np.int64)
    return []


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield a message's fields: number and content."""
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        start = at
        if tag & 7 == 0:
            _, at = _varint(content, at)
        elif tag & 7 == 2:
            length, start = _varint(content, at)
            at = start + length
        else:
            at += {1: 8, 5: 4}[tag & 7]
        if at > len(content):
            raise ValueError("a field is longer than its message")
        yield tag >> 3, content[start:at]


def _varints(content: memoryview) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value - (1 << 64) if value >> 63 else value


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """Return an integer of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
