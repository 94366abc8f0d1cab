"""The configuration of an OpenVLA, readable from and writable to the official `config.json`."""

from typing import Any, no_type_check

from transformers import LlamaConfig, PreTrainedConfig

from vlareg.policies.openvla.config_fields import official_fields
from vlareg.policies.openvla.vision import count_patches

NormStats = dict[str, dict[str, Any]]
"""Data set -> "action", "proprio" -> "q01", "q99", "mask", ... (lists in the data set's units)."""


# transformers gives a configuration an `__init__` whose signature is not the one that it has, so it cannot be checked.
@no_type_check
class OpenVLAConfig(PreTrainedConfig):  # type: ignore[no-untyped-call]
    """Describe an OpenVLA of any width.

    The fields are the official ones, then three of our own, whose defaults are the official behaviour.

    Args:
        timm_model_ids: timm names of the encoders; the first sees ImageNet's mean and std, the second 0.5 and 0.5.
        timm_override_act_layers: Activation layer per encoder, None for the encoder's own.
        image_sizes: Height and width that each encoder expects (pixels); all equal, because the images are stacked.
        image_resize_strategy: Only "resize-naive" (the aspect ratio is not kept).
        use_fused_vision_backbone: Two encoders rather than one.
        text_config: The Llama's configuration, or its fields.
        pad_token_id: Token at which sequences are padded on the right.
        pad_to_multiple_of: Number of rows at the end of the embedding that no token of the vocabulary uses.
        n_action_bins: Number of action tokens, the last ones of the vocabulary.
        norm_stats: Statistics by data set.
        vision_backbone_id: Name of the pair of encoders (informative).
        llm_backbone_id: Name of the language model (informative).
        hf_llm_id: Where the language model came from (informative).
        arch_specifier: Name of the recipe (informative).
        llm_max_length: Longest text that the model was trained on (tokens).
        output_projector_states: Kept for the file format.
        num_views: Number of camera views; their patches stand one view after the other behind position 0.
        prompt_suffix_token_id: The "empty" token between the prompt and the first action token; None for none.
        trained_with_augmentation: Trained on random crops, so that roll-outs need the centre crop.

    Example:
        >>> config = OpenVLAConfig(text_config={"vocab_size": 32064})
        >>> config.action_token_ids
        range(31744, 32000)
    """

    model_type = "openvla"
    sub_configs = {"text_config": LlamaConfig}  # noqa: RUF012

    timm_model_ids: list[str] | None = None
    timm_override_act_layers: list[str | None] | None = None
    image_sizes: list[int] | None = None
    image_resize_strategy: str = "resize-naive"
    use_fused_vision_backbone: bool = True
    text_config: LlamaConfig | dict[str, Any] | None = None
    pad_token_id: int = 32000
    pad_to_multiple_of: int = 64
    n_action_bins: int = 256
    norm_stats: NormStats | None = None
    vision_backbone_id: str = "dinosiglip-vit-so-224px"
    llm_backbone_id: str = "llama2-7b-pure"
    hf_llm_id: str = "meta-llama/Llama-2-7b-hf"
    arch_specifier: str = "no-align+fused-gelu-mlp"
    llm_max_length: int = 2048
    output_projector_states: bool = False
    num_views: int = 1
    prompt_suffix_token_id: int | None = 29871
    trained_with_augmentation: bool = True

    def __post_init__(self, **kwargs: Any) -> None:
        if not isinstance(self.text_config, LlamaConfig):
            fields = dict(self.text_config or {"vocab_size": 32064})
            if (kind := fields.pop("model_type", "llama")) != "llama":
                raise ValueError(f"`text_config` must be a Llama's, but its model type is {kind!r}.")
            self.text_config = LlamaConfig(**{"pad_token_id": self.pad_token_id, **fields})
        self.timm_model_ids = list(
            self.timm_model_ids or ["vit_large_patch14_reg4_dinov2.lvd142m", "vit_so400m_patch14_siglip_224"]
        )
        self.timm_override_act_layers = list(self.timm_override_act_layers or [None] * len(self.timm_model_ids))
        self.image_sizes = list(self.image_sizes or [224] * len(self.timm_model_ids))
        self._check()
        super().__post_init__(**kwargs)  # type: ignore[no-untyped-call]

    def _check(self) -> None:
        assert self.timm_model_ids is not None
        assert self.image_sizes is not None
        assert self.timm_override_act_layers is not None
        encoders = 2 if self.use_fused_vision_backbone else 1
        lists = (self.timm_model_ids, self.image_sizes, self.timm_override_act_layers)
        if {len(values) for values in lists} != {encoders}:
            raise ValueError(
                "`timm_model_ids`, `image_sizes` and `timm_override_act_layers` must have one entry per encoder: "
                f"{encoders}, because `use_fused_vision_backbone` is {self.use_fused_vision_backbone}."
            )
        if len(set(self.image_sizes)) != 1:
            raise ValueError(f"`image_sizes` must all be equal, but got {self.image_sizes}.")
        if self.image_resize_strategy != "resize-naive":
            raise ValueError(f"`image_resize_strategy` must be 'resize-naive', but got {self.image_resize_strategy!r}.")
        if self.num_views < 1:
            raise ValueError(f"`num_views` must be >= 1, but got {self.num_views}.")
        if not 2 <= self.n_action_bins <= self.token_end:
            raise ValueError(f"`n_action_bins` must be in 2..{self.token_end}, but got {self.n_action_bins}.")

    def to_diff_dict(self) -> dict[str, Any]:
        """Return what `config.json` holds: the official fields, and our own where they say anything new."""
        assert isinstance(self.text_config, LlamaConfig)
        return official_fields(super().to_diff_dict(), self.text_config)

    @property
    def image_size(self) -> int:
        """Height and width of the input images (pixels)."""
        assert self.image_sizes
        return self.image_sizes[0]

    @property
    def token_end(self) -> int:
        """One past the largest token id in use: the rows of the embedding without the padding rows."""
        assert isinstance(self.text_config, LlamaConfig)
        return int(self.text_config.vocab_size) - self.pad_to_multiple_of

    @property
    def action_token_ids(self) -> range:
        """Ids of the action tokens."""
        return range(self.token_end - self.n_action_bins, self.token_end)

    @property
    def patches_per_view(self) -> int:
        """Number of positions that one camera view takes in the model's sequence, asked of the encoder itself."""
        assert self.timm_model_ids
        return count_patches(self.timm_model_ids[0], self.image_size)

    @property
    def num_patches(self) -> int:
        """Number of positions that all camera views take in the model's sequence."""
        return self.num_views * self.patches_per_view
