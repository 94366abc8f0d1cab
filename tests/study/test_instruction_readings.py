from dataclasses import replace

import pytest
import torch

from vlareg.data import LiberoData
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.study.instruction_readings import INPUT, LAST, STATES, read_instructions

SENTENCES = ["put the red cube on the plate", "lift the mug", "push the block to the red region"]


@pytest.fixture
def read(checkpoint, data, tmp_path, monkeypatch):
    """Return a function that reads instructions before a picture."""
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path))
    source = LiberoData(str(checkpoint), data, batch_size=4)
    source.setup()
    policy = OpenVLAForActionPrediction.from_pretrained(checkpoint)

    def read(sentences, brightness=1.0):
        def rows(count):
            frames = source.held_out.__getitems__([0] * count)
            return replace(frames, pixel_values=frames.pixel_values * brightness)

        return read_instructions(policy, source.processor, sentences, rows)

    return read, policy, source.processor


def test_input_embeddings_are_the_mean_of_the_instructions_own_tokens(read):
    read, policy, processor = read
    found = read(SENTENCES)
    words = processor.tokenizer("take to lift the mug?", add_special_tokens=False)["input_ids"]
    pieces = processor.tokenizer.convert_ids_to_tokens(words)
    own = [
        i
        for i, piece in zip(words, pieces, strict=True)
        if pieces.index("▁to") < pieces.index(piece) < pieces.index("?")
    ]
    expected = policy.get_input_embeddings()(torch.tensor(own)).mean(dim=0)
    torch.testing.assert_close(found[INPUT][1], expected, atol=1e-5, rtol=0)


def test_the_picture_reaches_the_states_and_not_the_embeddings(read):
    read, *_ = read
    one, other = read(SENTENCES), read(SENTENCES, brightness=0.1)
    assert torch.equal(one[INPUT], other[INPUT])
    assert not torch.allclose(one[STATES], other[STATES])
    assert not torch.allclose(one[LAST], other[LAST])


def test_a_sentence_reads_the_same_among_others_in_any_order(read):
    read, *_ = read
    forward, backward = read(SENTENCES), read(SENTENCES[::-1])
    for name, vectors in forward.items():
        assert len(vectors) == len(SENTENCES)
        torch.testing.assert_close(vectors, backward[name].flip(0), atol=1e-5, rtol=0)
