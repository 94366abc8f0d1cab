from pathlib import Path

import pytest

from tests.policies.conftest import STATISTICS, TOY
from vlareg.policies.openvla import OpenVLAConfig


def test_the_official_defaults() -> None:
    config = OpenVLAConfig()
    assert config.action_token_ids == range(31744, 32000)
    assert (config.num_views, config.prompt_suffix_token_id, config.image_size) == (1, 29871, 224)
    assert config.text_config.hidden_size == 4096


def test_an_official_file_is_read_and_our_fields_survive_a_round_trip(tmp_path: Path) -> None:
    config = OpenVLAConfig.from_pretrained(TOY)
    assert config.patches_per_view == 16
    assert config.text_config.hidden_size == 32
    changed = OpenVLAConfig(**{**config.to_dict(), "num_views": 3, "trained_with_augmentation": False})
    changed.norm_stats = STATISTICS
    changed.save_pretrained(tmp_path)
    read = OpenVLAConfig.from_pretrained(tmp_path)
    assert (read.num_views, read.trained_with_augmentation, read.norm_stats) == (3, False, STATISTICS)
    assert read.num_patches == 48
    assert read.text_config.to_dict() == config.text_config.to_dict()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image_sizes": [224]}, "one entry per encoder: 2"),
        ({"image_sizes": [224, 96]}, "`image_sizes` must all be equal"),
        ({"image_resize_strategy": "letterbox"}, "'resize-naive'"),
        ({"num_views": 0}, "`num_views`"),
        ({"text_config": {"vocab_size": 100}, "pad_to_multiple_of": 0}, "`n_action_bins`"),
        ({"text_config": {"model_type": "mistral"}}, "must be a Llama's, but its model type is 'mistral'"),
    ],
)
def test_contradictions_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OpenVLAConfig(**fields)
