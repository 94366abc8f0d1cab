import pytest
import torch

from vlareg.functional.chance_scores import Resampling
from vlareg.study.instructions import all_instructions
from vlareg.study.language import score_language

RESAMPLING = Resampling(permutations=19, halves=4)


def _noise(count: int, dim: int, seed: int) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def test_a_rotated_copy_is_found():
    x = _noise(60, 8, 0)
    rotation = torch.linalg.qr(_noise(8, 8, 1))[0]
    found = score_language(x, 3 * x @ rotation, RESAMPLING)
    assert found.precision.value == 1.0
    assert found.explained.value > 0.999
    assert found.precision.p == pytest.approx(0.05)
    assert found.explained.p == pytest.approx(0.05)


def test_unrelated_vectors_stay_at_chance_even_with_more_dimensions_than_instructions():
    """Fitted and scored on the same instructions, every partner would be found."""
    found = score_language(_noise(60, 200, 0), _noise(60, 300, 1), RESAMPLING)
    assert found.precision.value < 0.25
    assert found.precision.p > 0.05
    assert found.explained.value < 0.1


def test_instructions_are_all_different_words_without_scenes():
    instructions = all_instructions()
    assert len(set(instructions)) == len(instructions)
    assert all(sentence == sentence.lower() and "scene" not in sentence for sentence in instructions)
    assert "put the red cube on the plate" in instructions
