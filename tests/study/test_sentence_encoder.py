import pytest
import torch

from vlareg.study.sentence_encoder import SentenceEncoder


@pytest.fixture(scope="module")
def encoder():
    return SentenceEncoder()


def test_similarities_are_the_published_ones(encoder):
    """The numbers are from the quickstart of Sentence Transformers' documentation, for all-MiniLM-L6-v2."""
    x = encoder(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    expected = torch.tensor([[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]])
    torch.testing.assert_close(x @ x.T, expected, atol=1e-4, rtol=0)


def test_a_sentence_does_not_depend_on_the_others(encoder):
    sentences = ["lift the cup", "put the red cube that stands on the left side of the box on the plate"] * 40
    torch.testing.assert_close(encoder(sentences)[-2:], encoder(sentences[:1] + sentences[1:2]), atol=1e-5, rtol=0)


def test_a_package_that_is_not_installed_is_named():
    with pytest.raises(ModuleNotFoundError, match=r"no_such_encoder is not installed: `pip install vlareg\[study\]`"):
        SentenceEncoder("no_such_encoder")
