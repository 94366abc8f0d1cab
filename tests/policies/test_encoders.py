import pytest
import timm
import torch

from vlareg.policies.openvla import encoders


@pytest.mark.parametrize(("name", "prefix"), [("vit_mini_dinov2", 5), ("vit_mini_siglip", 0)])
def test_timm_builds_them_with_the_structure_of_the_large_ones(name: str, prefix: int) -> None:
    large = {"vit_mini_dinov2": "vit_large_patch14_reg4_dinov2", "vit_mini_siglip": "vit_so400m_patch14_siglip_224"}
    model = timm.create_model(name, num_classes=0)
    with torch.device("meta"):
        official = timm.create_model(large[name], num_classes=0)
    inner = {key.split(".", 2)[2] for key in model.state_dict() if key.startswith("blocks.")}
    assert inner == {key.split(".", 2)[2] for key in official.state_dict() if key.startswith("blocks.")}
    outer = {key for key in model.state_dict() if not key.startswith(("blocks.", "patch_embed."))}
    assert outer == {key for key in official.state_dict() if not key.startswith(("blocks.", "patch_embed."))}
    assert model.num_prefix_tokens == prefix
    assert model(torch.zeros(2, 3, 96, 96)).shape == (2, 128)


@pytest.mark.parametrize(("size", "patch", "grid"), [(96, 16, 6), (64, 16, 4), (96, 8, 12)])
def test_the_grid_follows_the_picture(size: int, patch: int, grid: int) -> None:
    stem = encoders.ConvStem(img_size=size, patch_size=patch, embed_dim=32)
    assert stem(torch.zeros(2, 3, size, size)).shape == (2, grid * grid, 32)
    assert stem.num_patches == grid * grid


def test_patches_stand_row_after_row() -> None:
    stem = encoders.ConvStem()
    images = torch.zeros(1, 3, 96, 96)
    images[..., 32:36, 80:84] = 5.0  # the corner of row 2, column 5 of the 6 x 6 grid
    change = (stem(images) - stem(torch.zeros(1, 3, 96, 96))).norm(dim=-1)
    assert change.argmax() == 2 * 6 + 5


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(ValueError, match="`patch_size`"):
        encoders.ConvStem(patch_size=12)
    with pytest.raises(ValueError, match="`pretrained` must be False"):
        encoders.vit_mini_dinov2(pretrained=True)
