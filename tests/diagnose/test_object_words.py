import numpy as np
import pytest
import torch

from vlareg.diagnose.object_words import object_words
from vlareg.diagnose.policy_inputs import policy_batch
from vlareg.policies.openvla import OpenVLAProcessor

INSTRUCTIONS = ["put the red cube on the plate", "Push the block to the red region"]


@pytest.fixture
def processor(checkpoint):
    return OpenVLAProcessor.from_pretrained(checkpoint)


def _batch(processor):
    size = processor.config.image_size
    return policy_batch(processor, np.zeros((2, 2, size, size, 3), dtype=np.uint8), INSTRUCTIONS)


def test_the_positions_are_those_of_the_names_own_tokens(processor):
    batch = _batch(processor)
    mask = object_words(processor, batch, INSTRUCTIONS, ["red cube", "block"])
    patches = batch.num_views * batch.patches_per_view
    assert not mask[:, : 1 + patches].any()
    text = torch.cat([mask[:, :1], mask[:, 1 + patches :]], dim=1)
    found = [processor.tokenizer.decode(ids[row]).strip() for ids, row in zip(batch.input_ids, text, strict=True)]
    assert found == ["red cube", "block"]


def test_a_name_that_is_not_in_the_instruction_is_refused(processor):
    with pytest.raises(ValueError, match="'mug' is not in the instruction"):
        object_words(processor, _batch(processor), INSTRUCTIONS, ["red cube", "mug"])
