import multiprocessing
import os
import signal
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.regularizers.toy import DIM, LAYERS, ToyPolicy
from tests.teachers.frame_sets import GridTeacher, RandomFrames
from vlareg.data.augmentation import crop_boxes
from vlareg.regularizers import TeacherAlignment
from vlareg.teachers import CachedTeacher, EfficientNetLiteTeacher

BOXES = crop_boxes(torch.rand(6, 2, generator=torch.Generator().manual_seed(0)))
COMPARED = 3
"""Samples that are computed anew when a file is opened."""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own."""
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path))
    return tmp_path / "teacher_features"


def loss_of(teacher, batch):
    """Return the alignment loss of a policy that does not change."""
    torch.manual_seed(0)
    alignment, policy = TeacherAlignment([f"{LAYERS}.1"], dim=DIM, teacher=teacher), ToyPolicy()
    with alignment.watch(policy), torch.no_grad():
        policy(**batch.model_inputs())
    return alignment(batch).loss


def prepared(data, teacher=None, **options):
    cached = CachedTeacher(teacher or GridTeacher(), **options)
    cached.prepare(data)
    return cached


@pytest.mark.parametrize("boxes", [None, BOXES], ids=["whole", "cropped"])
def test_live_and_cached_give_the_same_loss(boxes):
    data = RandomFrames()
    batch = data.batch([3, 19, 0, 7, 3, 11], boxes)
    live = loss_of(GridTeacher(), batch)
    assert torch.equal(loss_of(prepared(data, dtype="float32"), batch), live)
    torch.testing.assert_close(loss_of(prepared(data), batch), live, atol=1e-4, rtol=0)


def test_pretrained_teachers_too():
    data, teacher = RandomFrames(), EfficientNetLiteTeacher(96, -2)
    batch = data.batch([3, 19, 0, 7, 5, 11], BOXES)
    live, cached = teacher.features_of(batch), prepared(data, teacher, dtype="float32").features_of(batch)
    assert live.grid == cached.grid == (6, 6)
    torch.testing.assert_close(cached.features, live.features, atol=1e-4, rtol=1e-4)
    half = prepared(data, teacher).features_of(batch).features
    assert half.dtype == torch.float32
    assert float(F.cosine_similarity(half, live.features, dim=-1).min()) > 1 - 1e-5


def test_autocast_changes_neither():
    data = RandomFrames()
    batch, teacher, cached = data.batch([3, 4]), GridTeacher(), prepared(data, dtype="float32")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = teacher.features_of(batch), cached.features_of(batch)
    assert torch.equal(features[0].features, teacher.features_of(batch).features)
    assert torch.equal(features[0].features, features[1].features)


def test_frames_are_not_looked_at_once_they_are_known():
    data = RandomFrames()
    cached = prepared(data)
    batch = data.batch([3, 19])
    wrong = replace(batch, images=torch.zeros_like(batch.images))
    assert torch.equal(cached.features_of(wrong).features, cached.features_of(batch).features)


def test_features_are_computed_once(cache):
    first, second = RandomFrames(), RandomFrames()
    cached = prepared(first)
    cached.prepare(first)
    prepared(second)
    assert first.calls == 1 + 20 + COMPARED
    assert second.calls == 1 + COMPARED
    assert len(list(cache.glob("GridTeacher-*.npy"))) == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda: prepared(RandomFrames(seed=1)),
        lambda: prepared(RandomFrames(count=19)),
        lambda: prepared(RandomFrames(), GridTeacher(scale=2.0)),
        lambda: prepared(RandomFrames(), GridTeacher(seed=1)),
        lambda: prepared(RandomFrames(), dtype="float32"),
    ],
    ids=["data", "number", "argument", "weights", "type"],
)
def test_whatever_decides_the_features_is_in_the_files_name(cache, other):
    prepared(RandomFrames())
    other()
    assert len(list(cache.glob("*.npy"))) == 2


def test_data_sets_and_splits_are_never_mixed_up():
    train, held_out, unknown = RandomFrames(), RandomFrames(seed=1), RandomFrames(seed=2)
    cached = prepared(train)
    cached.prepare(held_out)
    for data in (held_out, train):
        batch = data.batch([3, 5])
        live = GridTeacher().features_of(batch).features
        torch.testing.assert_close(cached.features_of(batch).features, live, atol=2e-3, rtol=0)
    for batch in (unknown.batch([3]), replace(train.batch([3]), dataset="")):
        with pytest.raises(RuntimeError, match=r"No features of the data set `.*` are open: call `prepare`"):
            cached.features_of(batch)


@pytest.mark.parametrize("ids", [[3, 20], [-1, 0]])
def test_samples_that_the_data_set_has_not_are_refused(ids):
    data = RandomFrames()
    cached, batch = prepared(data), data.batch([0, 1])
    with pytest.raises(
        ValueError, match=r"`batch` has samples .* but the features of its data set are of samples 0..19"
    ):
        cached.features_of(replace(batch, sample_ids=torch.tensor(ids)))
    with pytest.raises(ValueError, match="of 1 views, but"):
        cached.features_of(replace(batch, images=batch.images[:, :1]))


class Secretive(GridTeacher):
    """It keeps an argument where the checksum does not look."""

    def __init__(self, power):
        self._power = power
        super().__init__()

    def feature_map(self, pixels):
        return super().feature_map(pixels) ** self._power


def test_a_file_of_other_features_is_refused():
    data = RandomFrames()
    prepared(data, Secretive(1.0))
    with pytest.raises(ValueError, match="holds other features than the teacher computes now"):
        prepared(data, Secretive(1.5))


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="`dtype` must be float16 or float32, but got 'int8'"):
        CachedTeacher(GridTeacher(), dtype="int8")
    with pytest.raises(ValueError, match="`batch_size` must be > 0, but got 0"):
        CachedTeacher(GridTeacher(), batch_size=0)
    data = RandomFrames()
    data.fingerprint = ""
    with pytest.raises(ValueError, match="`data` must have a fingerprint"):
        prepared(data)


def test_an_empty_split_needs_no_features(cache):
    prepared(RandomFrames(count=0))
    assert not cache.exists()


def test_the_teacher_itself_stays_on_the_processor():
    cached = prepared(RandomFrames())
    owner = nn.ModuleList([cached]).to("meta").to(torch.float64)
    assert cached.encoder.weight.device.type == "cpu"
    assert cached.encoder.weight.dtype == torch.float32
    assert not list(owner.parameters())
    assert not owner.state_dict()
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(cached(images).features, GridTeacher()(images).features)


def killed_at(limit):
    def kill(index):
        if index == limit:
            os.kill(os.getpid(), signal.SIGKILL)

    prepared(RandomFrames(on_read=kill), batch_size=4)


def test_a_killed_computation_goes_on(cache, tmp_path):
    process = multiprocessing.get_context("fork").Process(target=killed_at, args=(13,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not list(cache.glob("*.npy"))
    data = RandomFrames()
    prepared(data, batch_size=4)
    assert data.calls == 1 + (20 - 12) + COMPARED
    prepared(RandomFrames(), batch_size=4, folder=tmp_path / "whole")
    (resumed,), (whole,) = cache.glob("*.npy"), (tmp_path / "whole").glob("*.npy")
    assert resumed.name == whole.name
    assert resumed.read_bytes() == whole.read_bytes()


def prepare_at(start, results):
    data = RandomFrames(count=400)
    start.wait()
    cached = prepared(data, batch_size=7)
    calls = data.calls
    results.put((calls, cached.features_of(data.batch([399, 1])).features.numpy()))


def test_of_several_processes_one_computes():
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(2), context.Queue()
    processes = [context.Process(target=prepare_at, args=(start, results)) for _ in range(2)]
    for process in processes:
        process.start()
    (calls, features), (other_calls, other_features) = (results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert sorted([calls, other_calls]) == [1 + COMPARED, 1 + 400 + COMPARED]
    assert (features == other_features).all()
