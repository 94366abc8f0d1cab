"""OpenVLA: two vision encoders, a projector and a Llama that answers in action tokens."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForImageTextToText,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)
from transformers.utils.generic import ModelOutput

from vlareg.batch import IGNORED_LABEL
from vlareg.policies.openvla.action_tokenizer import ActionTokenizer
from vlareg.policies.openvla.attention import ATTENTION
from vlareg.policies.openvla.checkpoint import check_folder, check_loading, check_options
from vlareg.policies.openvla.config import OpenVLAConfig
from vlareg.policies.openvla.decoding import Decode, append_token, decode_greedily
from vlareg.policies.openvla.hub import local_folder
from vlareg.policies.openvla.last_block import is_watched, limit_last_block
from vlareg.policies.openvla.normalization import action_statistics, unnormalize_actions
from vlareg.policies.openvla.projector import Projector
from vlareg.policies.openvla.stored import stored_tensors
from vlareg.policies.openvla.vision import VisionBackbone
from vlareg.policies.openvla.writing import write_checkpoint
from vlareg.shapes import Scalar, TokenIds, TokenMask


@dataclass
class OpenVLAOutput(ModelOutput):
    """What a forward pass returns.

    Args:
        loss: Mean cross-entropy of the labelled tokens (nats), None without labels.
        logits: [batch, sequence, vocabulary]; with labels and `logits_at_labels`, [labelled tokens, vocabulary] in the
            order of `labels[:, 1:][labels[:, 1:] != -100]`.
    """

    loss: Scalar | None = None
    logits: Tensor | None = None


class OpenVLAForActionPrediction(PreTrainedModel):  # type: ignore[no-untyped-call]
    """Predict a robot's action from camera views and an instruction.

    The sequence is `<s>`, the patches of view 0, of view 1, ..., the rest of the prompt, the empty token, the action
    tokens, the stop token. Attention is causal and padding stands on the right.

    Args:
        config: The architecture, and the statistics by which actions are un-normalised.

    Reference:
        Kim et al., "OpenVLA: An Open-Source Vision-Language-Action Model", 2024, arXiv:2406.09246. Differs in that
        decoding is constrained to action tokens and works on batches, and in the optional camera views.
    """

    config_class = OpenVLAConfig
    config: OpenVLAConfig
    base_model_prefix = ""
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _no_split_modules = ["Block", "LlamaDecoderLayer", "LastBlock"]  # noqa: RUF012

    def __init__(self, config: OpenVLAConfig):
        super().__init__(config)
        assert config.timm_model_ids is not None
        assert config.timm_override_act_layers is not None
        assert isinstance(config.text_config, LlamaConfig)
        self.vision_backbone = VisionBackbone(
            config.timm_model_ids, config.image_size, config.timm_override_act_layers, config.num_views
        )
        self.projector = Projector(self.vision_backbone.feature_dim, config.text_config.hidden_size)
        self.language_model = LlamaForCausalLM(config.text_config)
        limit_last_block(self.language_model.model)
        if self.language_model.config._attn_implementation == "sdpa":
            self.language_model.set_attn_implementation(ATTENTION)
        self.action_tokenizer = ActionTokenizer.from_config(config)
        self.post_init()  # type: ignore[no-untyped-call]

    def _init_weights(self, module: nn.Module) -> None:
        """Leave every module as its constructor made it; timm and Llama initialise their own."""

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, folder: str | os.PathLike[str], *args: Any, **kwargs: Any
    ) -> Any:
        """Load a checkpoint in the official format, tensor by tensor: host memory holds one copy at most.

        Args:
            folder: Folder with `config.json` and safetensors, or a repository of the hub, such as `openvla/openvla-7b`.
            *args: Passed on to transformers.
            **kwargs: Options of `local_folder`; the others are passed on to transformers: `dtype`, `device_map`,
                `output_loading_info`, ...

        Returns:
            The model in evaluation mode; with `output_loading_info`, also what transformers reports.

        Raises:
            FileNotFoundError: If the folder, its configuration or its weights are absent.
            ValueError: If a weight is missing, unexpected or of another shape, or a file is broken.
        """
        check_options(kwargs)
        options = {
            name: kwargs.pop(name) for name in ("revision", "cache_dir", "token", "local_files_only") if name in kwargs
        }
        path = local_folder(folder, **options)
        check_folder(path)
        config = kwargs.pop("config", None) or OpenVLAConfig.from_pretrained(path, local_files_only=True)
        wants_info = kwargs.pop("output_loading_info", False)
        kwargs |= {"output_loading_info": True, "ignore_mismatched_sizes": True, "state_dict": stored_tensors(path)}
        loaded: Any = super().from_pretrained(None, *args, config=config, **kwargs)
        model, info = loaded
        check_loading(path, info)
        model.config.name_or_path = str(path)
        return (model, info) if wants_info else model

    def save_pretrained(  # type: ignore[override]
        self, folder: str | os.PathLike[str], max_shard_size: int | str = "5GB"
    ) -> None:
        """Write a checkpoint folder in the official format, without the processor's files.

        Args:
            folder: Made if absent.
            max_shard_size: Size of a weight file at most, in bytes or such as "5GB".
        """
        write_checkpoint(folder, self.config, self.state_dict(), max_shard_size)

    def get_input_embeddings(self) -> nn.Module:
        """Return the language model's token embedding."""
        embedding: nn.Module = self.language_model.model.embed_tokens
        return embedding

    def get_output_embeddings(self) -> nn.Module:
        """Return the language model's head, which LoRA's "all-linear" leaves out."""
        head: nn.Module = self.language_model.lm_head
        return head

    @property
    def num_patches(self) -> int:
        """Number of patch positions of all camera views, behind position 0."""
        return self.vision_backbone.patches_per_view * self.vision_backbone.num_views

    def forward(
        self,
        input_ids: TokenIds,
        attention_mask: TokenMask,
        pixel_values: Float[Tensor, "batch channels height width"],
        labels: TokenIds | None = None,
        *,
        logits_at_labels: bool = True,
    ) -> OpenVLAOutput:
        """Run the whole model once, teacher-forced.

        Args:
            input_ids: Text tokens without the patches, right-padded.
            attention_mask: True at tokens, False at padding.
            pixel_values: Normalised images, channels of all views and encoders stacked.
            labels: Token to predict at each position of `input_ids`, -100 where there is none.
            logits_at_labels: With labels, compute logits, and unless a hook reads the last block what comes behind its
                attention, only where there is a label.

        Returns:
            The loss if there are labels, and the logits.

        Raises:
            ValueError: If a row starts with padding, or no position has a label.
        """
        embeddings, mask = self._embed(input_ids, attention_mask, pixel_values)
        if labels is None:
            return OpenVLAOutput(logits=self.language_model.lm_head(self._states(embeddings, mask)))
        sample, token = (labels[:, 1:] != IGNORED_LABEL).nonzero(as_tuple=True)
        if not len(token):
            raise ValueError(f"`labels` must differ from {IGNORED_LABEL} somewhere behind position 0, but do nowhere.")
        read = sample, token + self.num_patches
        if logits_at_labels:
            logits = predicted = self.language_model.lm_head(self._states(embeddings, mask, read))
        else:
            logits = self.language_model.lm_head(self._states(embeddings, mask))
            predicted = logits[read]
        with torch.autocast(device_type=predicted.device.type, enabled=False):
            loss = F.cross_entropy(predicted.float(), labels[sample, token + 1])
        return OpenVLAOutput(loss=loss, logits=logits)

    def _states(
        self,
        embeddings: Float[Tensor, "batch sequence hidden"],
        mask: Bool[Tensor, "batch sequence"],
        read: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Return what the head reads: everywhere, or at some samples and positions."""
        llama = self.language_model.model
        limits = {} if read is None or is_watched(llama) else {"read": read}
        hidden: Tensor = llama(inputs_embeds=embeddings, attention_mask=mask, use_cache=False, **limits)[0]
        return hidden if read is None or limits else hidden[read]

    def _embed(
        self, input_ids: TokenIds, attention_mask: TokenMask, pixel_values: Float[Tensor, "batch channels height width"]
    ) -> tuple[Float[Tensor, "batch sequence hidden"], Bool[Tensor, "batch sequence"]]:
        """Return the embeddings of the model's sequence and its mask."""
        mask = attention_mask.bool()
        if not mask[:, 0].all() or (mask[:, 1:] & ~mask[:, :-1]).any():
            raise ValueError(
                "`attention_mask` must be True at tokens, then False at padding (on the right), in every row."
            )
        patches = self.projector(self.vision_backbone(pixel_values.to(self.dtype)))
        text = self.get_input_embeddings()(input_ids)
        embeddings = torch.cat([text[:, :1], patches.to(text.dtype), text[:, 1:]], dim=1)
        return embeddings, torch.cat([mask[:, :1], mask.new_ones(patches.shape[:2]), mask[:, 1:]], dim=1)

    @torch.no_grad()
    def generate_tokens(
        self,
        input_ids: TokenIds,
        attention_mask: TokenMask,
        pixel_values: Float[Tensor, "batch channels height width"],
        num_tokens: int,
        allowed_ids: range | None = None,
        *,
        decode: Decode = decode_greedily,
    ) -> Int[Tensor, "batch new_tokens"]:
        """Decode greedily; each row as if it were alone.

        Args:
            input_ids: Prompts, right-padded.
            attention_mask: True at tokens, False at padding.
            pixel_values: Normalised images; encoded once.
            num_tokens: Number of tokens to decode.
            allowed_ids: Ids to choose among, those of the vocabulary if None; `action_tokenizer.decode` then refuses what
                is no action.
            decode: Another way to the same tokens, such as a `StaticDecoder`.

        Raises:
            RuntimeError: In training mode with gradient checkpointing, which keeps no cache.
        """
        if self.training and self.language_model.model.gradient_checkpointing:
            raise RuntimeError("Put the policy into evaluation mode (`policy.eval()`) to decode.")
        embeddings, mask = self._embed(input_ids, attention_mask, pixel_values)
        ids = allowed_ids or range(self.config.token_end)
        return decode(self.language_model, embeddings, mask, num_tokens, ids)

    def predict_action(
        self,
        input_ids: TokenIds,
        attention_mask: TokenMask,
        pixel_values: Float[Tensor, "batch channels height width"],
        unnorm_key: str | None = None,
        *,
        decode: Decode = decode_greedily,
    ) -> Float[np.ndarray, "batch action_dim"]:
        """Return the actions in the data set's units.

        Args:
            input_ids: Prompts, right-padded; the empty token is appended where it is absent.
            attention_mask: True at tokens, False at padding.
            pixel_values: Normalised images, channels of all views and encoders stacked.
            unnorm_key: Whose statistics of `config.norm_stats` apply; None where there is only one.
            decode: Another way to the same tokens, such as a `StaticDecoder`.

        Raises:
            ValueError: If there are no statistics under that name.
        """
        stats = action_statistics(self.config.norm_stats, unnorm_key)
        suffix, pad = self.config.prompt_suffix_token_id, self.config.pad_token_id
        if suffix is not None:
            input_ids, attention_mask = append_token(input_ids, attention_mask.bool(), suffix, pad)
        ids = self.generate_tokens(
            input_ids, attention_mask, pixel_values, len(stats["q01"]), self.config.action_token_ids, decode=decode
        )
        return unnormalize_actions(self.action_tokenizer.decode(ids.cpu().numpy()), stats)


AutoConfig.register("openvla", OpenVLAConfig, exist_ok=True)
AutoModel.register(OpenVLAConfig, OpenVLAForActionPrediction, exist_ok=True)
AutoModelForImageTextToText.register(OpenVLAConfig, OpenVLAForActionPrediction, exist_ok=True)
