import pytest
import torch

from vlareg.policies.openvla.vision import VisionBackbone, build_encoder, count_patches

MINI = ["vit_mini_dinov2", "vit_mini_siglip"]


def test_features_are_those_of_the_second_to_last_block_without_prefix_and_norm() -> None:
    torch.manual_seed(0)
    backbone = VisionBackbone(MINI, 96, [None, None])
    pixels = torch.randn(2, 6, 96, 96)
    for i, encoder in enumerate(backbone.encoders):
        x = encoder.norm_pre(encoder._pos_embed(encoder.patch_embed(pixels[:, 3 * i : 3 * i + 3])))
        x = encoder.blocks[3](encoder.blocks[2](encoder.blocks[1](encoder.blocks[0](x))))
        expected = x[:, encoder.num_prefix_tokens :]
        torch.testing.assert_close(backbone(pixels)[..., 128 * i : 128 * (i + 1)], expected)


def test_views_are_encoded_alike_and_stand_in_order() -> None:
    torch.manual_seed(0)
    two = VisionBackbone(MINI, 96, [None, None], num_views=2)
    one = VisionBackbone(MINI, 96, [None, None])
    one.load_state_dict(two.state_dict())
    pixels = torch.randn(3, 12, 96, 96)
    expected = torch.cat([one(pixels[:, :6]), one(pixels[:, 6:])], dim=1)
    torch.testing.assert_close(two(pixels), expected)


def test_one_encoder_is_enough() -> None:
    backbone = VisionBackbone(MINI[:1], 96, [None])
    assert backbone(torch.zeros(1, 3, 96, 96)).shape == (1, 36, 128)


def test_layer_scale_has_the_official_name() -> None:
    names = build_encoder("vit_mini_dinov2", 96).state_dict()
    assert "blocks.0.ls1.scale_factor" in names
    assert not any(name.endswith("gamma") for name in names)


def test_patches_are_counted_by_the_encoder() -> None:
    assert count_patches("vit_mini_dinov2", 96) == 36
    assert count_patches("vit_mini_siglip", 64) == 16
    assert count_patches("vit_so400m_patch14_siglip_224", 224) == 256


def test_wrong_encoders_are_refused() -> None:
    with pytest.raises(ValueError, match="'vit_unheard_of', which timm"):
        build_encoder("vit_unheard_of", 96)
    with pytest.raises(ValueError, match="not a ViT"):
        build_encoder("resnet18", 96)
    with pytest.raises(ValueError, match="equal numbers of patches"):
        VisionBackbone(["vit_mini_dinov2", "vit_small_patch32_224"], 96, [None, None])
