import numpy as np
import pytest
import torch

from vlareg.losses import CosineAlignmentLoss


def sample(dtype=torch.float64):
    return torch.randn(2, 3, 7, 5, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_numpy(dtype):
    student, teacher = sample(dtype)
    s, t = student.double().numpy(), teacher.double().numpy()
    expected = -np.mean((s * t).sum(-1) / np.linalg.norm(s, axis=-1) / np.linalg.norm(t, axis=-1))
    assert float(CosineAlignmentLoss()(student, teacher)) == pytest.approx(expected, abs=1e-6)


def test_centred_counts_deviations_from_the_means_alone():
    student, teacher = sample()
    s, t = (x.numpy() - x.numpy().mean((0, 1)) for x in (student, teacher))
    expected = -np.mean((s * t).sum(-1) / np.linalg.norm(s, axis=-1) / np.linalg.norm(t, axis=-1))
    loss = CosineAlignmentLoss(centred=True)
    assert float(loss(student, teacher)) == pytest.approx(expected, abs=1e-12)
    assert torch.allclose(loss(student + 9, teacher - 7), loss(student, teacher))
    assert float(loss(student[:1, :1], teacher[:1, :1])) == 0, "one place has no deviation"


@pytest.mark.parametrize(("factor", "expected"), [(2.0, -1.0), (-3.0, 1.0), (0.0, 0.0)])
def test_analytic_values(factor, expected):
    student, _ = sample()
    assert float(CosineAlignmentLoss()(factor * student, student)) == pytest.approx(expected, abs=1e-12)


def test_gradient_reaches_the_student_only():
    student, teacher = (a.clone().requires_grad_() for a in sample())
    assert torch.autograd.gradcheck(lambda s: CosineAlignmentLoss()(s, teacher), (student,))
    CosineAlignmentLoss()(student, teacher).backward()
    assert teacher.grad is None


def test_autocast_changes_nothing():
    student, teacher = sample(torch.float32)
    expected = CosineAlignmentLoss()(student, teacher)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = CosineAlignmentLoss()(student, teacher)
    assert torch.equal(loss, expected)
    assert CosineAlignmentLoss()(student.bfloat16(), teacher).dtype == torch.float32


@pytest.mark.parametrize("shape", [(3, 7, 6), (3, 1, 5), (5,), (3, 8, 5)])
def test_shapes_that_would_broadcast_are_refused(shape):
    with pytest.raises(ValueError, match="`student` and `teacher` must have the same shape"):
        CosineAlignmentLoss()(sample()[0], torch.ones(shape))
