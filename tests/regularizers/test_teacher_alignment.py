import numpy as np
import pytest
import torch
from torch import nn

from tests.regularizers.projectors import PROJECTORS, TRAINABLE, in_numpy
from tests.regularizers.toy import DIM, LAYERS, ToyPolicy, ToyTeacher, make_batch
from vlareg.data import LiberoData
from vlareg.losses import CosineAlignmentLoss, L2AlignmentLoss, PatchInfoNCELoss
from vlareg.policies.openvla import OpenVLAForActionPrediction
from vlareg.regularizers import TeacherAlignment

PREFIX = 5
TOY_DIM = 6  # of the teacher's features


def make(*layers, **parts):
    torch.manual_seed(1)
    return TeacherAlignment([f"{LAYERS}.{i}" for i in layers or (1,)], dim=DIM, **{"teacher": ToyTeacher(), **parts})


def run(alignment, policy, batch):
    with alignment.watch(policy):
        policy(**batch.model_inputs())
    return alignment(batch)


@pytest.fixture
def policy():
    torch.manual_seed(0)
    return ToyPolicy()


def cosine(s, t):
    return -np.mean((s * t).sum(-1) / np.linalg.norm(s, axis=-1) / np.linalg.norm(t, axis=-1))


def patch_info_nce(s, t, temperature=0.2):
    s, t = (side / np.linalg.norm(side, axis=-1, keepdims=True) for side in (s, t))
    scores = s @ t.swapaxes(-1, -2) / temperature
    return np.mean(np.log(np.exp(scores).sum(-1)) - np.diagonal(scores, axis1=-2, axis2=-1))


LOSSES = {
    "cosine": (CosineAlignmentLoss(), cosine),
    "l2": (L2AlignmentLoss(), lambda s, t: np.mean((s - t) ** 2)),
    "patch_info_nce": (PatchInfoNCELoss(), patch_info_nce),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("projector", PROJECTORS)
def test_equals_numpy(policy, projector, loss):
    """Two layers and two views; the teacher has the student's grid."""
    batch = make_batch()
    alignment = make(
        0, 2, projector=PROJECTORS[projector](DIM, TOY_DIM), loss=LOSSES[loss][0], teacher=ToyTeacher(2, 2)
    )
    run(alignment.train(), policy, batch)  # for the statistics of a whitening
    alignment.eval()
    with alignment.watch(policy), torch.no_grad():
        policy(**batch.model_inputs())
    expected = []
    for tokens in alignment._features.values():
        for view, start in enumerate((1, 5)):
            student = in_numpy(alignment.projector, tokens[:, start : start + 4].double().numpy())
            teacher = alignment.teacher(batch.images[:, view]).features.double().numpy()
            expected.append((LOSSES[loss][1](student, teacher), -cosine(student, teacher)))
    result = alignment(batch)
    losses, cosines = np.array(expected).reshape(2, 2, 2).transpose(2, 0, 1)  # [loss or cosine, layers, views]
    logged = {name: float(value) for name, value in result.logs.items()}
    assert float(result.loss.detach()) == pytest.approx(losses.mean(), abs=1e-6)
    assert logged == pytest.approx(
        {
            "loss": losses.mean(),
            "cosine": cosines.mean(),
            **{f"cosine_layer_{i}": cosines[i].mean() for i in range(2)},
            **{f"cosine_view_{i}": cosines[:, i].mean() for i in range(2)},
        },
        abs=1e-6,
    )


class Planted(nn.Module):
    """Modules that put out the teacher's own features at the patches of each layout, and noise elsewhere."""

    def __init__(self):
        super().__init__()
        self.block, self.projector, self.encoder = nn.Identity(), nn.Identity(), nn.Sequential(nn.Identity())
        self.encoder.num_prefix_tokens = PREFIX

    def forward(self, batch, patches, shift=0):
        """Put them `shift` positions later than they belong."""
        generator = torch.Generator().manual_seed(0)
        views, tokens = patches.flatten(0, 1), patches.flatten(1, 2)
        images, sequence = PREFIX + views.shape[1], batch.condition_mask.shape[1]
        for module, held, length, first in (
            (self.encoder[0], views, images, PREFIX),
            (self.block, tokens, sequence, 1),
            (self.projector, tokens, tokens.shape[1], 0),
        ):
            around = torch.randn(len(held), length, held.shape[-1], generator=generator)
            places = (torch.arange(held.shape[1]) + first + shift) % length
            around[:, places] = held
            module(around)


@pytest.mark.parametrize("layer", ["block", "projector", "encoder.0"])
def test_the_teachers_own_features_are_aligned_and_any_other_place_is_not(layer):
    batch = make_batch()
    alignment = TeacherAlignment([layer], TOY_DIM, teacher=ToyTeacher(), projector=nn.Identity())
    target = alignment.target(batch).reshape(len(batch), 2, 4, -1)

    def loss(patches=target, shift=0):
        planted = Planted()
        with alignment.watch(planted):
            planted(batch, patches, shift)
        return float(alignment(batch).loss)

    assert loss() == pytest.approx(-1, abs=1e-6)
    assert loss(shift=1) > -0.95
    assert loss(shift=-1) > -0.95
    assert loss(target[:, :, [1, 0, 2, 3]]) > -0.95
    assert loss(target[:, :, [0, 2, 1, 3]]) > -0.95  # columns for rows
    assert loss(target.flip(1)) > -0.95  # the views swapped
    assert loss(target.roll(1, dims=0)) > -0.95  # another sample's


def test_layers_are_averaged_and_logged_each(policy):
    batch = make_batch()
    both, first, last = (run(make(*layers), policy, batch) for layers in ((0, 2), (0,), (2,)))
    torch.testing.assert_close(both.loss, (first.loss + last.loss) / 2)
    torch.testing.assert_close(both.logs["cosine_layer_1"], last.logs["cosine"])
    views = {"cosine_view_0", "cosine_view_1"}
    assert set(both.logs) == {"loss", "cosine", "cosine_layer_0", "cosine_layer_1", *views}
    assert set(first.logs) == {"loss", "cosine", *views}
    assert float(first.logs["cosine"]) == pytest.approx(-float(first.loss.detach()), abs=1e-6)


def test_one_view_of_one_layer_is_logged_once(policy):
    assert set(run(make(), policy, make_batch(views=1)).logs) == {"loss", "cosine"}


@pytest.mark.parametrize("name", PROJECTORS)
def test_the_policy_learns_and_no_teacher_does(policy, name):
    alignment = make(0, 1, projector=PROJECTORS[name](DIM, TOY_DIM))
    run(alignment, policy, make_batch()).loss.backward()
    assert policy.vision.weight.grad.abs().sum() > 0
    assert alignment.teacher.encoder.weight.grad is None
    learned = {key for key, p in alignment.named_parameters() if p.grad is not None}
    expected = {f"projector.{key}" for key, _ in alignment.projector.named_parameters()} if name in TRAINABLE else set()
    assert learned == expected


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


def test_autocast_leaves_the_loss_as_exact_as_the_projected_features(policy):
    alignment, batch = make(projector=nn.Linear(DIM, TOY_DIM)), make_batch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = run(alignment, policy, batch)
    assert result.loss.dtype == torch.float32
    assert float(result.logs["cosine"]) == pytest.approx(-float(result.loss.detach()), abs=1e-6)


def test_the_projector_is_saved_and_the_teacher_is_not():
    names = make().state_dict()
    assert any(name.startswith("projector.") for name in names)
    assert not any(name.startswith("teacher.") for name in names)


def test_a_real_policy_is_aligned_at_encoder_projector_and_language_model(checkpoint, demonstrations):
    data = LiberoData(str(checkpoint), demonstrations)
    data.setup()
    batch = data.train.__getitems__([0, 9, 30])
    policy = OpenVLAForActionPrediction.from_pretrained(checkpoint)
    encoders = [f"vision_backbone.{name}.blocks.{i}" for name in ("featurizer", "fused_featurizer") for i in (0, 3)]
    vision = TeacherAlignment(encoders, 128, teacher=ToyTeacher(), name="vision")
    language = TeacherAlignment(["projector", "language_model.model.layers.1"], 192, teacher=ToyTeacher())
    with vision.watch(policy), language.watch(policy):
        policy(**batch.model_inputs())
    results = vision(batch), language(batch)
    sum(result.loss for result in results).backward()
    assert [sum(name.startswith("cosine_layer") for name in result.logs) for result in results] == [4, 2]
    for name in ("vision_backbone.featurizer.blocks.0", "vision_backbone.fused_featurizer.blocks.3", "projector"):
        assert all(p.grad is not None for p in policy.get_submodule(name).parameters())


def test_a_layer_of_another_width_is_named(policy):
    alignment = TeacherAlignment([f"{LAYERS}.0", "language_model.head"], DIM, teacher=ToyTeacher())
    with pytest.raises(ValueError, match=r"must all be `dim` = 16 wide, but the output of `language_model.head` is"):
        run(alignment, policy, make_batch())


def test_outputs_without_the_patches_are_refused(policy):
    alignment = TeacherAlignment(["embed"], DIM, teacher=ToyTeacher())
    with pytest.raises(ValueError, match=r"`embed` is \[8, 8, 16\], in which the patches of this batch"):
        run(alignment, policy, make_batch(views=1))


def test_what_was_read_serves_one_call_only(policy):
    alignment, batch = make(), make_batch()
    run(alignment, policy, batch)
    with pytest.raises(RuntimeError, match="`teacher` has read nothing"):
        alignment(batch)


def test_a_projector_to_another_width_than_the_teachers_is_refused(policy):
    with pytest.raises(ValueError, match="`student` and `teacher` must have the same shape"):
        run(make(projector=nn.Linear(DIM, TOY_DIM + 1)), policy, make_batch())


def test_a_grid_that_is_not_square_is_given(policy):
    batch = make_batch()
    tall, wide = make(grid=(4, 1)), make(grid=(1, 4))
    assert tall.target(batch).shape == (8, 8, 6)
    assert not torch.allclose(tall.target(batch), wide.target(batch))
    with pytest.raises(ValueError, match=r"`grid` \(3, 2\) does not fit the batch, which has 4 patches"):
        make(grid=(3, 2)).target(batch)


def test_the_paper_weighs_it_by_a_fifth_throughout():
    assert [make().weight(step, 10) for step in (0, 10)] == [0.2, 0.2]
