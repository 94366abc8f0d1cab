import pytest

from tests.callbacks.toy import ToyPolicy
from vlareg.callbacks.choose import choose
from vlareg.policies.openvla import OpenVLAForActionPrediction


@pytest.fixture(scope="module")
def policy(checkpoint):
    return OpenVLAForActionPrediction.from_pretrained(checkpoint)


def _names(names, policy):
    return [item.name for item in choose(names, policy)]


def test_patterns_are_expanded_in_order_and_each_name_comes_once(policy):
    assert _names(["llm.1.condition", "llm.*.condition"], policy) == ["llm.1.condition", "llm.0.condition"]
    assert _names(["vision.*.class_token"], policy) == [f"vision.0.block{i}.class_token" for i in range(4)]


def test_what_is_not_listed_can_be_named_whole(policy):
    names = ["actions.gripper.next5", "language_model.model.layers.0.condition"]
    assert _names(names, policy) == names
    assert _names(["block.last_prompt"], ToyPolicy()) == ["block.last_prompt"]


def test_a_class_token_that_does_not_exist_is_refused_and_not_replaced(policy):
    with pytest.raises(ValueError, match=r"encoder vision.1 has no class token. Read its `patches`."):
        choose(["vision.1.block3.class_token"], policy)
    with pytest.raises(ValueError, match=r"encoder vision.1 has no class token"):
        choose(["vision.1.*.class_token"], policy)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("llm.2.condition", "llm.1.condition"),
        ("vision.0.block4.patches", "vision.0.block3.patches"),
        ("propio", "proprio"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(policy, name, nearest):
    with pytest.raises(ValueError, match=f"`{name}` names nothing in this policy. Did you mean `{nearest}`"):
        choose([name], policy)
