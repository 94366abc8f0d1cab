import math

import pytest
from PIL import Image

from tests.diagnose.conftest import OPTIONS, write_pictures
from vlareg.diagnose import Options, run_diagnosis
from vlareg.evaluation.subjects import RANDOM_NAME


def test_all_numbers_are_in_the_file(diagnosis, checkpoint):
    numbers, _ = diagnosis
    names = [RANDOM_NAME, checkpoint.name, "tuned"]
    assert [*numbers["policies"]] == [*numbers["probes"]] == names
    assert numbers["base"] == checkpoint.name
    assert numbers["chance"] == {"brightness": 0.5}
    assert numbers["options"]["seed"] == OPTIONS.seed
    assert numbers["sets"]["brightness"] == {"classes": ["dark", "light"], "pictures": 24}
    for name in names:
        score = numbers["probes"][name]["llm.1.patches"]["sets"]["brightness"]
        assert score["n"] == 12
        assert score["low"] <= score["value"] <= score["high"]
        assert [len(numbers[part][name]) for part in ("attention", "words")] == [2, 2]
        assert numbers["attention"][name][0]["entropy"]["value"] <= math.log(72)
        assert numbers["attention"][name][0]["gain"]["n"] == OPTIONS.scenes


def test_brightness_is_read_from_pixels_and_policies(diagnosis):
    numbers, _ = diagnosis
    assert numbers["pixels"]["mean"]["value"] == 1
    for layers in numbers["probes"].values():
        assert layers["vision.1.block3.patches"]["mean"]["value"] == 1


def test_only_what_was_changed_has_drifted(diagnosis, checkpoint):
    numbers, _ = diagnosis
    assert numbers["layers"][checkpoint.name]["llm.1.patches"]["cka_drift"] is None
    drift = {name: layer["cka_drift"]["value"] for name, layer in numbers["layers"]["tuned"].items()}
    for name, value in drift.items():
        assert (value > 1e-4) == name.startswith("llm.1."), name


def test_the_figures_are_pictures(diagnosis):
    _, files = diagnosis
    assert [file.name for file in files] == [
        "diagnose.json", "probe.png", "attention.png", "embedding.png", "layers.png"
    ]  # fmt: skip
    for file in files[1:]:
        with Image.open(file) as picture:
            assert min(picture.size) > 500


def test_a_base_of_another_depth_stands_in_front(
    checkpoint, deeper, data, tmp_path, monkeypatch, scenes_without_simulator
):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path / "cache"))
    options = Options(**{**vars(OPTIONS), "base": deeper, "tsne": False})
    images = [write_pictures(tmp_path / "brightness")]
    found, _ = run_diagnosis([checkpoint], tmp_path / "report", images, data, options)
    assert found.names == [RANDOM_NAME, deeper.name, checkpoint.name]
    assert found.base == deeper.name
    assert found.layers[checkpoint.name]["llm.1.patches"].cka_drift.value > 0.01
    assert "llm.2.patches" not in found.layers[checkpoint.name]


@pytest.mark.parametrize(("name", "value"), [("scenes", 1), ("k", 1), ("halvings", 0), ("seed", -1)])
def test_numbers_without_meaning_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be >= .*, but got {value}"):
        Options(**{name: value})
