import numpy as np
import pytest

from tests.data.make_rlds import write_shard
from vlareg.data.tfrecord import read_examples

FEATURES = {
    "words": [b"a", b"", b"\x00\xff" * 300],
    "floats": np.array([0.5, -2.25, 3e30]),
    "integers": np.array([0, 1, 127, 128, -1, 2**40, -(2**63)]),
    "none": [],
}


def test_what_protocol_buffers_write_is_read(tmp_path):
    first, second = read_examples(write_shard(tmp_path / "a.tfrecord", [FEATURES, {"x": np.array([7])}]))
    assert first["words"] == FEATURES["words"]
    np.testing.assert_array_equal(first["floats"], FEATURES["floats"].astype(np.float32))
    np.testing.assert_array_equal(first["integers"], FEATURES["integers"])
    assert first["none"] == []
    assert second["x"].tolist() == [7]


@pytest.mark.parametrize("kept", [5, 40, -1])
def test_a_truncated_file_is_named_with_the_record(tmp_path, kept):
    file = write_shard(tmp_path / "a.tfrecord", [FEATURES])
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"a\.tfrecord ends within record 0"):
        list(read_examples(file))


def test_something_else_in_a_record_is_named(tmp_path):
    file = write_shard(tmp_path / "a.tfrecord", [FEATURES])
    content = bytearray(file.read_bytes())
    content[12] ^= 7
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.tfrecord, record 0 is no tf\.train\.Example"):
        list(read_examples(file))
