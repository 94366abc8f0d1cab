import pytest
import torch

from tests.callbacks.toy import random_batch
from tests.regularizers.toy import make_batch
from vlareg.callbacks.positions import POSITIONS, action_tokens, mean_at


def test_positions_of_a_padded_batch_with_two_views():
    """Row 1: `<s>`, 8 patches, 3 further tokens of prompt, 2 labelled ones (action, stop), padding."""
    batch = make_batch(size=3)
    places = {name: positions(batch)[1].nonzero().flatten().tolist() for name, positions in POSITIONS.items()}
    assert places == {
        "patches": list(range(1, 9)),
        "condition": list(range(12)),
        "last_prompt": [11],
        "teacher_forced_actions": [12],
    }
    assert action_tokens(batch).sum(dim=1).tolist() == [1, 1, 1]


def test_the_mean_reads_nothing_but_its_positions():
    batch = make_batch(size=3)
    tokens = torch.full((3, 16, 2), torch.nan)
    mask = POSITIONS["condition"](batch)
    tokens[mask] = torch.arange(float(mask.sum()))[:, None].expand(-1, 2)
    mean = mean_at("condition")(batch, tokens)
    assert mean[0].tolist() == [5.0, 5.0]
    assert mean[1].tolist() == [16.5, 16.5]


def test_an_output_that_is_not_the_sequence_is_refused():
    with pytest.raises(ValueError, match=r"positions of the model's sequence, \[72, 7\] .* output is \[72, 4, 8\]"):
        mean_at("patches")(random_batch(), torch.zeros(72, 4, 8))
