import math

import numpy as np
import pytest
import torch

from vlareg.losses import PatchInfoNCELoss

VIEWS = 2 * 3
PATCHES = 7


def sample(dtype=torch.float64):
    return torch.randn(2, 2, 3, PATCHES, 5, generator=torch.Generator().manual_seed(0), dtype=dtype)


def reference(student, teacher, temperature):
    """The equation for one set of patches, [patches, dim]."""
    s, t = (np.asarray(side, dtype=np.float64) for side in (student, teacher))
    scores = s @ t.T / np.linalg.norm(s, axis=1)[:, None] / np.linalg.norm(t, axis=1) / temperature
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - np.diag(scores))


@pytest.mark.parametrize("temperature", [0.07, 0.2, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_numpy(temperature, dtype):
    student, teacher = sample(dtype)
    images = zip(student.flatten(0, 1), teacher.flatten(0, 1), strict=True)
    expected = np.mean([reference(s, t, temperature) for s, t in images])
    assert float(PatchInfoNCELoss(temperature)(student, teacher)) == pytest.approx(expected, rel=1e-6)
    expected = reference(student.flatten(0, 2), teacher.flatten(0, 2), temperature)
    assert float(PatchInfoNCELoss(temperature, "batch")(student, teacher)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("negatives", "keys"), [("image", PATCHES), ("batch", VIEWS * PATCHES)])
def test_equal_features_cost_log_n(negatives, keys):
    equal = torch.ones(2, 3, PATCHES, 5)
    assert float(PatchInfoNCELoss(0.07, negatives)(equal, equal)) == pytest.approx(math.log(keys), abs=1e-6)


def test_orthogonal_patches():
    expected = math.log(1 + 3 * math.exp(-5))
    assert float(PatchInfoNCELoss(0.2)(torch.eye(4), 3 * torch.eye(4))) == pytest.approx(expected, abs=1e-6)


def test_negatives_of_the_same_image_do_not_tell_images_apart():
    """The same patches in every image are told apart within an image, and not within the batch."""
    image = torch.eye(4).expand(8, 4, 4)
    within, over = (float(PatchInfoNCELoss(0.05, negatives)(image, image)) for negatives in ("image", "batch"))
    assert within < 1e-6
    assert over == pytest.approx(math.log(8), abs=1e-6)


def test_the_mean_over_ranks_is_that_of_the_whole_batch():
    student, teacher = sample()
    ranks = [PatchInfoNCELoss()(s, t) for s, t in zip(student, teacher, strict=True)]
    torch.testing.assert_close(sum(ranks) / 2, PatchInfoNCELoss()(student, teacher))


@pytest.mark.parametrize("negatives", ["image", "batch"])
def test_gradient_reaches_the_student_only(negatives):
    student, teacher = (a[:, :2, :4].clone().requires_grad_() for a in sample())
    loss = PatchInfoNCELoss(negatives=negatives)
    assert torch.autograd.gradcheck(lambda s: loss(s, teacher), (student,))
    loss(student, teacher).backward()
    assert teacher.grad is None


def test_autocast_changes_nothing():
    student, teacher = sample(torch.float32)
    expected = PatchInfoNCELoss()(student, teacher)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = PatchInfoNCELoss()(student, teacher)
    assert torch.equal(loss, expected)
    assert PatchInfoNCELoss()(student.bfloat16(), teacher).dtype == torch.float32


def test_features_of_zeros_have_a_value_and_a_gradient():
    student, teacher = sample(torch.float32)
    student = torch.zeros_like(student).requires_grad_()
    loss = PatchInfoNCELoss()(student, teacher)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(math.log(PATCHES), abs=1e-6)
    assert student.grad.isfinite().all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s, t: PatchInfoNCELoss(temperature=-1.0), r"`temperature` must be > 0, but got -1\.0"),
        (lambda s, t: PatchInfoNCELoss(temperature=math.nan), "`temperature` must be > 0"),
        (lambda s, t: PatchInfoNCELoss(negatives="view"), "`negatives` must be 'image' or 'batch', but got 'view'"),
        (lambda s, t: PatchInfoNCELoss()(s, t[..., :1, :]), "`student` and `teacher` must have the same shape"),
        (lambda s, t: PatchInfoNCELoss()(s[:0], t[:0]), "not be empty"),
        (lambda s, t: PatchInfoNCELoss()(s[..., :1, :], t[..., :1, :]), "at least 2 patches to compare"),
        (lambda s, t: PatchInfoNCELoss()(torch.ones(5), torch.ones(5)), "at least 2 patches to compare"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make(*sample())
