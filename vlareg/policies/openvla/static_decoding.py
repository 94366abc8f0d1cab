"""Greedy decoding with a cache of a fixed size, whose steps can be compiled."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F
from transformers import CompileConfig, LlamaForCausalLM, StaticCache

ROUNDING = 64
"""The cache's size is a multiple of this (positions), so that instructions of other lengths find the same shapes."""


class StaticDecoder:
    """Decode as `decode_greedily` does, with a cache whose size does not grow.

    So all steps after the prompt have the same shapes. Compiled, they are replayed as one CUDA graph, which spares a small batch
    most of its time: the processor no longer starts each kernel. The first calls of a new batch size compile, which takes
    minutes. Hooks that are set after that are not called. The cache is kept for the next call, so keep the decoder, too.

    Args:
        compile_config: transformers' options of `torch.compile`, for example `CompileConfig(dynamic=False)` for a CUDA graph of
            each batch size; None compiles nothing.

    Example:
        >>> from transformers import LlamaConfig
        >>> config = LlamaConfig(vocab_size=9, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
        >>> prompts, mask = torch.zeros(2, 3, 8), torch.ones(2, 3, dtype=torch.bool)
        >>> StaticDecoder()(LlamaForCausalLM(config).eval(), prompts, mask, 4, range(5, 9)).shape
        torch.Size([2, 4])
    """

    def __init__(self, compile_config: CompileConfig | None = None) -> None:
        self.compile_config = compile_config
        self._cache: StaticCache | None = None
        self._kind: tuple[object, ...] = ()

    @torch.no_grad()
    def __call__(
        self,
        model: LlamaForCausalLM,
        embeddings: Float[Tensor, "batch sequence hidden"],
        mask: Bool[Tensor, "batch sequence"],
        num_tokens: int,
        allowed_ids: range,
    ) -> Int[Tensor, "batch new_tokens"]:
        """Decode; the arguments are those of `decode_greedily`."""
        lengths, sequence = mask.sum(dim=1), mask.shape[1]
        size = -(-(sequence + num_tokens) // ROUNDING) * ROUNDING
        cache = self._empty_cache(model, embeddings, size)
        seen = F.pad(mask, (0, size - sequence), value=False)
        prompt = model.model(inputs_embeds=embeddings, attention_mask=seen, past_key_values=cache, use_cache=True)
        rows = torch.arange(len(mask), device=mask.device)
        logits = model.lm_head(prompt.last_hidden_state[rows, lengths - 1])
        step = model if self.compile_config is None else model.get_compiled_call(self.compile_config)
        generated: list[Tensor] = []
        for i in range(num_tokens):
            generated.append(logits[:, allowed_ids.start : allowed_ids.stop].argmax(dim=-1) + allowed_ids.start)
            if i + 1 < num_tokens:
                seen[:, sequence + i] = True
                logits = step(
                    input_ids=generated[-1][:, None],
                    position_ids=(lengths + i)[:, None],
                    attention_mask=seen,
                    past_key_values=cache,
                    use_cache=True,
                ).logits[:, 0]
        return torch.stack(generated, dim=1)

    def _empty_cache(self, model: LlamaForCausalLM, embeddings: Tensor, size: int) -> StaticCache:
        """Return an empty cache, the one of the last call where it fits."""
        kind = (model.config, len(embeddings), size, embeddings.dtype, embeddings.device)
        if self._cache is None or kind != self._kind:
            self._cache, self._kind = StaticCache(config=model.config, max_cache_len=size), kind
        self._cache.reset()  # type: ignore[no-untyped-call]
        return self._cache
