"""A small OpenVLA of the same anatomy: its tokenizer, and its configuration."""

import json
from collections.abc import Iterable

import torch
from jaxtyping import Float
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from torch import Tensor, nn
from transformers import LlamaConfig, PreTrainedTokenizerFast

from vlareg.policies.openvla.config import NormStats, OpenVLAConfig
from vlareg.policies.openvla.modeling import OpenVLAForActionPrediction
from vlareg.policies.openvla.prompts import action_prompt, question_prompt

SPECIAL_TOKENS = ("<unk>", "<s>", "</s>", "<pad>")
EMPTY_TOKEN = "▁"
LOCATION_TOKENS = tuple(f"<loc{i:02d}>" for i in range(32))
"""Tokens for positions in the picture, 32 steps from left to right or from top to bottom."""

ACTION_TOKENS = tuple(f"<act{i:03d}>" for i in range(256))


def build_mini_tokenizer(texts: Iterable[str], vocab_size: int = 512) -> PreTrainedTokenizerFast:
    """Train a byte-pair tokenizer on the suite's own words.

    Its ids are, in this order: special tokens, the 256 bytes (for what was never seen), characters and merges, location
    tokens, action tokens.

    Args:
        texts: Instructions, questions and answers.
        vocab_size: Upper limit for the number of characters and merges.

    Example:
        >>> tokenizer = build_mini_tokenizer(["put the red cube in the basket"])
        >>> tokenizer.tokenize("put the red cube<loc07>")
        ['▁put', '▁the', '▁red', '▁cube', '<loc07>']
    """
    texts = list(texts)
    corpus = [*texts, *map(action_prompt, texts), *map(question_prompt, texts)]
    trained = Tokenizer(BPE())
    trained.pre_tokenizer = _pre_tokenizer()
    trained.train_from_iterator(
        corpus, BpeTrainer(vocab_size=vocab_size, initial_alphabet=[EMPTY_TOKEN], show_progress=False)
    )
    learned = json.loads(trained.to_str())["model"]
    pieces = [
        *SPECIAL_TOKENS,
        *(f"<0x{byte:02X}>" for byte in range(256)),
        *sorted(learned["vocab"], key=learned["vocab"].get),
    ]
    merges = [tuple(pair) for pair in learned["merges"]]
    tokenizer = Tokenizer(
        BPE(vocab={piece: i for i, piece in enumerate(pieces)}, merges=merges, unk_token="<unk>", byte_fallback=True)
    )
    tokenizer.pre_tokenizer = _pre_tokenizer()
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in (*LOCATION_TOKENS, *ACTION_TOKENS)])
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        padding_side="right",
    )


def _pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(prepend_scheme="first"), pre_tokenizers.Punctuation(behavior="isolated")]
    )


def mini_config(
    tokenizer: PreTrainedTokenizerFast,
    norm_stats: NormStats | None = None,
    num_views: int = 2,
    trained_with_augmentation: bool = True,
) -> OpenVLAConfig:
    """Return the configuration of an OpenVLA of 4 to 5 million parameters.

    Args:
        tokenizer: From `build_mini_tokenizer`.
        norm_stats: Statistics by data set.
        num_views: Number of camera views.
        trained_with_augmentation: Whether training will be on random crops, so that roll-outs need the centre crop.
    """
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=384,
        num_hidden_layers=6,
        num_attention_heads=6,
        max_position_embeddings=512,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return OpenVLAConfig(
        timm_model_ids=["vit_mini_dinov2", "vit_mini_siglip"],
        image_sizes=[96, 96],
        text_config=text,
        pad_token_id=tokenizer.pad_token_id,
        pad_to_multiple_of=0,
        n_action_bins=len(ACTION_TOKENS),
        norm_stats=norm_stats,
        num_views=num_views,
        trained_with_augmentation=trained_with_augmentation,
        prompt_suffix_token_id=tokenizer.get_vocab()[EMPTY_TOKEN],
        vision_backbone_id="dinosiglip-vit-mini-96px",
        llm_backbone_id="llama-mini",
        hf_llm_id="",
        llm_max_length=512,
    )


POSITION_SCALE = 0.3
"""Size of the initial position embedding: about that of a patch embedding, so that "where" is there from the first step."""


@torch.no_grad()
def initialize(model: OpenVLAForActionPrediction) -> None:
    """Give a small random model a start that keeps pictures apart.

    With PyTorch's default initialisation the projector's output is mostly one constant vector (four times what differs between
    pictures); here its weights keep their input's variance, without a bias. Positions start as sines and cosines of row and column.

    Args:
        model: Just constructed.
    """
    for layer in model.projector.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    for encoder in model.vision_backbone.encoders:
        rows, columns = encoder.patch_embed.grid_size
        assert encoder.pos_embed is not None
        encoder.pos_embed.copy_(POSITION_SCALE * _positions(rows, columns, encoder.embed_dim))


def _positions(rows: int, columns: int, dim: int) -> Float[Tensor, "1 patches dim"]:
    frequencies = 10.0 ** -torch.linspace(0, 1, dim // 4)
    angles = [torch.arange(count)[:, None] * frequencies for count in (rows, columns)]
    down, across = (torch.cat([angle.sin(), angle.cos()], dim=1) for angle in angles)
    grid = [down[:, None].expand(-1, columns, -1), across[None].expand(rows, -1, -1)]
    return torch.cat(grid, dim=-1).reshape(1, rows * columns, dim)
