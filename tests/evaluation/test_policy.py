"""OpenVLA as a policy: the gripper's sign, and rows that do not depend on their company."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from vlareg.envs.libero_mini.think import THINK_SUITES
from vlareg.evaluation import BlackImages
from vlareg.evaluation.gripper import dataset_to_simulator_gripper
from vlareg.evaluation.policy import OpenVLAPolicy, statistics_key
from vlareg.policies.openvla import (
    OpenVLAForActionPrediction,
    OpenVLAProcessor,
    StaticDecoder,
    build_mini_tokenizer,
    mini_config,
)
from vlareg.policies.openvla.decoding import Decode, decode_greedily

INSTRUCTIONS = ["put the red cube on the plate", "push the white puck to the left region", "lift it"]
STATISTICS = {"q01": [-0.5] * 6 + [0.0], "q99": [0.5] * 6 + [1.0], "mask": [True] * 6 + [False]}


@pytest.fixture(scope="module")
def parts() -> tuple[OpenVLAForActionPrediction, OpenVLAProcessor]:
    tokenizer = build_mini_tokenizer(INSTRUCTIONS)
    config = mini_config(tokenizer, {"libero_mini": {"action": STATISTICS}})
    config.text_config.num_hidden_layers = 2
    torch.manual_seed(0)
    model = OpenVLAForActionPrediction(config)
    with torch.no_grad():  # an untrained head hardly looks at its input
        model.language_model.lm_head.weight.mul_(50)
    return model, OpenVLAProcessor(tokenizer, config)


def frames(count: int) -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 256, (count, 2, 16, 16, 3), dtype=np.uint8)
    return coarse.repeat(8, axis=2).repeat(8, axis=3)


@contextmanager
def logits(model: OpenVLAForActionPrediction) -> Iterator[list[np.ndarray]]:
    """Collect the logits of every decoding step, which are finer than the actions."""
    seen: list[np.ndarray] = []
    hook = model.language_model.lm_head.register_forward_hook(lambda m, i, output: seen.append(output.numpy().copy()))
    yield seen
    hook.remove()


@pytest.mark.parametrize("decode", [decode_greedily, StaticDecoder()])
def test_a_row_does_not_depend_on_its_company(
    decode: Decode, parts: tuple[OpenVLAForActionPrediction, OpenVLAProcessor]
) -> None:
    """Short and long prompts in one batch, against batches of one prompt: bit by bit the same logits."""
    policy = OpenVLAPolicy(*parts, INSTRUCTIONS, decode=decode)
    views = frames(3)
    with logits(parts[0]) as mixed:
        policy.act(views, INSTRUCTIONS)
    for row, instruction in enumerate(INSTRUCTIONS):
        with logits(parts[0]) as alone:
            policy.act(np.stack([views[row]] * 3), [instruction] * 3)
        for step in range(7):
            np.testing.assert_array_equal(alone[step][0], mixed[step][row])


def test_every_row_is_padded(
    parts: tuple[OpenVLAForActionPrediction, OpenVLAProcessor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attention without any padding takes another kernel, and then a row depends on whether others are shorter."""
    masks = []
    monkeypatch.setattr(
        parts[0], "predict_action", lambda **inputs: masks.append(inputs["attention_mask"]) or np.zeros(7)
    )
    for instruction in INSTRUCTIONS:
        OpenVLAPolicy(*parts, INSTRUCTIONS).act(frames(1), [instruction])
    assert len({mask.shape[1] for mask in masks}) == 1
    assert not any(mask.all() for mask in masks)


def test_actions_are_in_the_simulators_convention(
    parts: tuple[OpenVLAForActionPrediction, OpenVLAProcessor], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = OpenVLAPolicy(*parts, INSTRUCTIONS)
    dataset_actions = np.array([[0.1] * 6 + [0.996], [0.1] * 6 + [0.004], [0.1] * 6 + [-0.3]])
    monkeypatch.setattr(parts[0], "predict_action", lambda **inputs: dataset_actions)
    actions = policy.act(frames(3), INSTRUCTIONS)
    assert actions[:, -1].tolist() == [-1.0, 1.0, 1.0]
    np.testing.assert_array_equal(actions[:, :6], dataset_actions[:, :6])


def test_unknown_statistics_are_refused_at_once(parts: tuple[OpenVLAForActionPrediction, OpenVLAProcessor]) -> None:
    with pytest.raises((KeyError, ValueError), match="bridge"):
        OpenVLAPolicy(*parts, INSTRUCTIONS, unnorm_key="bridge")


@pytest.mark.parametrize(
    ("suite", "chosen"),
    [
        ("libero_mini", "libero_mini"),
        ("libero_mini_signs", "libero_mini"),
        ("libero_10", "libero_10_no_noops"),
        ("libero_goal", "libero"),
    ],
)
def test_a_suite_s_statistics_are_found_by_its_name(suite: str, chosen: str) -> None:
    stored = {name: {"action": {}} for name in ("bridge_orig", "libero", "libero_mini", "libero_10_no_noops")}
    assert statistics_key(stored, suite) == chosen


def test_both_think_suites_take_the_statistics_of_their_demonstrations() -> None:
    """Which are recorded once, for `libero_mini_think`; the checkpoint before fine-tuning left its own beside them."""
    stored = {name: {"action": {}} for name in ("libero_mini", "libero_mini_think")}
    assert {statistics_key(stored, suite) for suite in THINK_SUITES} == {"libero_mini_think"}
    assert statistics_key(stored, "libero_mini") == "libero_mini"
    with pytest.raises(ValueError, match="has action statistics of libero_mini_think and none of libero_mini;"):
        statistics_key({"libero_mini_think": {"action": {}}}, "libero_mini")


def test_statistics_of_other_data_are_not_taken_unless_they_are_named() -> None:
    stored = {"libero_mini": {"action": {}}}
    with pytest.raises(ValueError, match="has action statistics of libero_mini and none of libero_object; name those"):
        statistics_key(stored, "libero_object")
    assert statistics_key(stored, "libero_object", "libero_mini") == "libero_mini"
    with pytest.raises(ValueError, match=r"`unnorm_key` must be one of \['libero_mini'\], but got 'libero_object'"):
        statistics_key(stored, "libero_mini", "libero_object")
    with pytest.raises(ValueError, match="is empty"):
        statistics_key(None, "libero_mini")


def test_black_images_hide_what_was_there(parts: tuple[OpenVLAForActionPrediction, OpenVLAProcessor]) -> None:
    policy = OpenVLAPolicy(*parts, INSTRUCTIONS)
    blind = BlackImages(policy)
    one, other = frames(4)[:2], frames(4)[2:]
    with logits(parts[0]) as seen:
        policy.act(one, INSTRUCTIONS[:2])
        policy.act(other, INSTRUCTIONS[:2])
    assert (seen[0] != seen[7]).any()
    with logits(parts[0]) as seen:
        blind.act(one, INSTRUCTIONS[:2], np.zeros((2, 8)))
        blind.act(other, INSTRUCTIONS[:2], np.zeros((2, 8)))
    np.testing.assert_array_equal(seen[:7], seen[7:])


def test_the_gripper_function_leaves_its_argument_alone() -> None:
    given = np.array([0, 0, 0, 0, 0, 0, 1.0])
    assert dataset_to_simulator_gripper(given)[-1] == -1.0
    assert given[-1] == 1.0
