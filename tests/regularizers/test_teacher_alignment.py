import numpy as np
import pytest
import torch
from torch import nn

from tests.regularizers.toy import DIM, LAYERS, ToyPolicy, ToyTeacher, make_batch
from vlareg.losses import L2AlignmentLoss
from vlareg.regularizers import MLPProjector, TeacherAlignment
from vlareg.regularizers.teacher_alignment import resample, square_grid
from vlareg.teachers import PatchFeatures


def make(*layers, **parts):
    torch.manual_seed(1)
    return TeacherAlignment([f"{LAYERS}.{i}" for i in layers or (1,)], dim=DIM, **{"teacher": ToyTeacher(), **parts})


def run(alignment, policy, batch):
    with alignment.watch(policy):
        policy(**batch.model_inputs())
    return alignment(batch)


def planted(alignment, batch, shift=0, order=slice(None)):
    """Tokens that hold the teacher's own features at the patch positions, in some order, `shift` positions too late."""
    tokens = torch.randn(len(batch), batch.condition_mask.shape[1], alignment.teacher.dim)
    patches = batch.num_views * batch.patches_per_view
    tokens[:, 1 + shift : 1 + shift + patches] = alignment.target(batch)[:, order]
    return alignment.regularize(batch, {alignment.layers[0]: tokens})


@pytest.fixture
def policy():
    torch.manual_seed(0)
    return ToyPolicy()


@pytest.mark.parametrize("loss", [None, L2AlignmentLoss()])
def test_equals_numpy(policy, loss):
    batch, alignment = make_batch(), make(0, 2, loss=loss, teacher=ToyTeacher(2, 2))
    result = run(alignment, policy, batch)
    with alignment.watch(policy), torch.no_grad():
        policy(**batch.model_inputs())
    losses = []
    with torch.no_grad():
        for layer in alignment.layers:
            tokens = alignment._features[layer]
            for view, start in enumerate((1, 5)):
                s = alignment.projector(tokens[:, start : start + 4]).double().numpy()
                t = alignment.teacher(batch.images[:, view]).features.double().numpy()
                norms = np.linalg.norm(s, axis=-1) * np.linalg.norm(t, axis=-1)
                losses.append(np.mean((s - t) ** 2) if loss else -np.mean((s * t).sum(-1) / norms))
    assert float(result.loss.detach()) == pytest.approx(np.mean(losses), abs=1e-6)


def test_the_teachers_own_features_are_aligned_and_any_other_place_is_not():
    batch = make_batch()
    alignment = make(projector=nn.Identity())
    assert float(planted(alignment, batch).loss) == pytest.approx(-1, abs=1e-6)
    assert float(planted(alignment, batch, shift=1).loss) > -0.95
    within_a_view = [1, 0, 2, 3, 4, 5, 6, 7]
    views_swapped = [4, 5, 6, 7, 0, 1, 2, 3]
    for order in (within_a_view, views_swapped):
        assert float(planted(alignment, batch, order=order).loss) > -0.95


def test_layers_are_averaged_and_logged_each(policy):
    batch = make_batch()
    both, first, last = (run(make(*layers), policy, batch) for layers in ((0, 2), (0,), (2,)))
    torch.testing.assert_close(both.loss, (first.loss + last.loss) / 2)
    torch.testing.assert_close(both.logs["cosine_1"], last.logs["cosine"])
    assert set(both.logs) == {"loss", "cosine", "cosine_0", "cosine_1"}
    assert set(first.logs) == {"loss", "cosine"}
    assert float(first.logs["cosine"]) == pytest.approx(-float(first.loss.detach()), abs=1e-6)


def test_the_policy_learns_and_neither_teacher_nor_projector_do(policy):
    alignment = make()
    run(alignment, policy, make_batch()).loss.backward()
    assert policy.vision.weight.grad.abs().sum() > 0
    assert alignment.teacher.encoder.weight.grad is None
    assert not [p for p in alignment.parameters() if p.requires_grad]


def test_training_raises_the_teacher_cosine(policy):
    alignment, batch = make(), make_batch()
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    cosines = []
    for _ in range(40):
        result = run(alignment, policy, batch)
        optimizer.zero_grad()
        result.loss.backward()
        optimizer.step()
        cosines.append(float(result.logs["cosine"]))
    assert cosines[-1] > cosines[0] + 0.2


def test_the_projector_is_saved_and_the_teacher_is_not():
    names = make().state_dict()
    assert any(name.startswith("projector.") for name in names)
    assert not any(name.startswith("teacher.") for name in names)


def test_a_trainable_projector_is_trained(policy):
    alignment = make(projector=MLPProjector(DIM, 6, hidden_dim=8, layers=3, layer_norm=True))
    run(alignment, policy, make_batch()).loss.backward()
    assert all(p.grad is not None for p in alignment.projector.parameters())


def test_a_grid_that_is_not_square_is_given(policy):
    batch = make_batch()
    tall, wide = make(grid=(4, 1)), make(grid=(1, 4))
    assert tall.target(batch).shape == (8, 8, 6)
    assert not torch.allclose(tall.target(batch), wide.target(batch))
    with pytest.raises(ValueError, match=r"`grid` \(3, 2\) does not fit the batch, which has 4 patches"):
        make(grid=(3, 2)).target(batch)
    with pytest.raises(ValueError, match="`grid` is needed: 12"):
        square_grid(12)


def test_resampling_keeps_places_and_means():
    ramp = torch.arange(12.0).view(1, 12, 1)
    features = PatchFeatures(ramp, (3, 4))
    assert resample(features, (3, 4)) is ramp
    halved = resample(PatchFeatures(torch.arange(16.0).view(1, 16, 1), (4, 4)), (2, 2)).flatten()
    assert halved[0] < halved[1] < halved[2] < halved[3]
    assert float(halved.mean()) == pytest.approx(7.5, abs=1e-5)
    grown = resample(features, (6, 8)).view(6, 8)
    assert float(grown.mean()) == pytest.approx(5.5, abs=1e-5)
    assert (grown.diff(dim=0) >= 0).all()
    assert (grown.diff(dim=1) >= 0).all()


def test_the_paper_weighs_it_by_a_fifth_throughout():
    assert [make().weight(step, 10) for step in (0, 10)] == [0.2, 0.2]
