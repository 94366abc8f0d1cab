import numpy as np
import torch

from vlareg.policies.openvla import ActionTokenizer
from vlareg.policies.openvla.action_errors import action_errors

TOKENIZER = ActionTokenizer(300)


def example(actions: np.ndarray, predicted: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits that prefer a token that is no action's, then the predicted ones, and labels."""
    ids = torch.from_numpy(TOKENIZER.encode(actions))
    stop = torch.full((len(ids), 1), 2)
    labels = torch.cat([torch.full((len(ids), 3), -100), ids, stop], dim=1)
    chosen = torch.cat([torch.from_numpy(TOKENIZER.encode(predicted)), stop], dim=1).flatten()
    logits = torch.zeros(len(chosen), 300)
    logits[:, 5] = 2.0
    logits[torch.arange(len(chosen)), chosen] = 1.0
    return logits, labels


def test_errors_are_those_of_the_bins_centres_by_dimension():
    random = np.random.default_rng(0)
    actions, predicted = random.uniform(-1, 1, (2, 4, 7))
    errors = action_errors(*example(actions, predicted), TOKENIZER)
    assert list(errors) == ["x", "y", "z", "roll", "pitch", "yaw", "gripper"]
    found = np.array([float(error) for error in errors.values()])
    np.testing.assert_allclose(found, np.abs(actions - predicted).mean(axis=0), atol=2 / 255)


def test_answers_in_words_have_no_error():
    logits, labels = example(np.zeros((2, 3)), np.zeros((2, 3)))
    labels[0, 3] = 7
    assert action_errors(logits, labels, TOKENIZER) == {}
    labels[0, 3] = -100
    assert action_errors(logits[1:], labels, TOKENIZER) == {}
