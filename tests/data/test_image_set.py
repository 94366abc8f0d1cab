import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from vlareg.data.image_set import image_folder


@pytest.fixture
def root(tmp_path):
    """Return a folder of three classes with 5, 6 and 7 pictures, one of them grey, one in a folder below."""
    for number, name in enumerate(("cat", "dog", "bird")):
        (tmp_path / name / "more").mkdir(parents=True)
        for i in range(5 + number):
            file = tmp_path / name / ("more" if i == 3 else "") / f"{i}.{'jpeg' if i % 2 else 'png'}"
            Image.new("L" if i == 0 else "RGB", (8 + i, 6), 40 * number + i).save(file)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    return tmp_path


def test_the_pictures_are_those_of_torchvision(root):
    images, reference = image_folder(root, 100), ImageFolder(root, allow_empty=True)
    names = [reference.classes[label] for _, label in reference.samples]
    assert sorted(images.classes) == sorted(set(names))
    assert [images.classes[label] for label in images.labels] == names
    for i, (picture, _) in enumerate(reference):
        np.testing.assert_array_equal(images.read(i), np.asarray(picture))


def test_as_many_pictures_of_each_class_are_drawn_by_the_seed(root):
    first, again, other = (image_folder(root, 14, seed) for seed in (0, 0, 4))
    assert first.labels.bincount().tolist() == [4, 4, 4]
    shown = [[tuple(images.read(i)[0, 0]) for i in range(len(images))] for images in (first, again, other)]
    assert shown[0] == shown[1] != shown[2]
    assert torch.equal(first.labels, other.labels)


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="`images` must be folders with one folder a class"):
        image_folder(tmp_path / "nowhere", 10)


def test_too_few_classes_and_pictures_are_named(root):
    with pytest.raises(ValueError, match=r"`pictures` must be >= 12 for the 3 classes, but got 11"):
        image_folder(root, 11)
    for i in (0, 2):
        (root / "cat" / f"{i}.png").unlink()
    with pytest.raises(ValueError, match=r"cat has 3 picture\(s\), but a class needs at least 4"):
        image_folder(root, 100)


def test_a_broken_picture_is_named(root):
    (root / "bird" / "0.png").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"bird/0\.png cannot be read as a picture"):
        image_folder(root, 100).read(0)
