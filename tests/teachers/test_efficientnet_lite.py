import numpy as np
import pytest
import timm
import torch
from matplotlib.cbook import get_sample_data
from PIL import Image

from vlareg.teachers import EfficientNetLiteTeacher
from vlareg.teachers.timm_features import by_order

SUIT, MILITARY_UNIFORM = 834, 652  # ImageNet's classes


@pytest.fixture(scope="module")
def teacher():
    return EfficientNetLiteTeacher()


@pytest.fixture(scope="module")
def photograph():
    """An officer in uniform, which comes with matplotlib."""
    with get_sample_data("grace_hopper.jpg") as file:
        picture = Image.open(file).convert("RGB").crop((40, 0, 470, 430))
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 255


def test_its_weights_recognise_what_is_in_a_photograph(teacher, photograph):
    pixels = torch.nn.functional.interpolate(photograph, (224, 224), mode="bicubic", antialias=True).clamp(0, 1)
    with torch.no_grad():
        likeliest = teacher.encoder((pixels - teacher.mean) / teacher.std)[0].topk(3).indices.tolist()
    assert {SUIT, MILITARY_UNIFORM} <= set(likeliest)


def test_its_mean_and_std_are_those_of_the_weights(teacher, photograph):
    """The stem's outputs have the variance that its normalisation saw; with ImageNet's std it would be 5 times that."""
    seen = []
    norm = teacher.encoder.bn1
    handle = norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].var(dim=(0, 2, 3))))
    teacher(photograph)
    handle.remove()
    alive = norm.running_var > 1e-3
    assert 0.7 < float((seen[0] / norm.running_var)[alive].median()) < 1.4


def test_features_are_not_those_of_random_weights(teacher, photograph):
    features, grid = teacher(photograph)
    torch.manual_seed(0)
    random = timm.create_model("tf_efficientnet_lite0").eval()
    with torch.no_grad():
        untrained = random.forward_features((photograph - 0.5) / 0.5)
    assert grid == (7, 7)
    assert features.shape == (1, 49, 320)
    # Pretrained features tell places of the picture apart; those of random weights are nearly the same everywhere.
    cosines = torch.nn.functional.cosine_similarity(features[0, :, None], features[0, None], dim=-1)
    assert float(cosines.mean()) < 0.5
    places = untrained.flatten(2)[0].T
    assert float(torch.nn.functional.cosine_similarity(places[:, None], places[None], dim=-1).mean()) > 0.5


def test_an_earlier_stage_and_another_size_have_their_own_grid(photograph):
    features, grid = EfficientNetLiteTeacher(image_size=160, layer=-2)(photograph)
    assert grid == (10, 10)
    assert features.shape == (1, 100, 112)


def test_building_it_leaves_the_global_random_state_alone():
    state = torch.get_rng_state()
    EfficientNetLiteTeacher()
    assert torch.equal(torch.get_rng_state(), state)


def test_weights_that_do_not_fit_are_refused(teacher):
    weights = teacher.encoder.state_dict()
    with pytest.raises(ValueError, match="holds 1 tensors"):
        by_order({"a": torch.zeros(1)}, teacher.encoder, "file")
    weights["conv_stem.weight"] = torch.zeros(2, 3, 3, 3)
    with pytest.raises(ValueError, match=r"file: `conv_stem.weight` is \[2, 3, 3, 3\]"):
        by_order(weights, teacher.encoder, "file")
