"""A user's own policy is evaluated by its class's name, and what it lacks or cannot take is said before anything starts."""

from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.own_policies import ToAPoint
from vlareg.evaluation.command import main
from vlareg.evaluation.own_policy import find_own_policy
from vlareg.evaluation.protocols import OPENVLA, OPENVLA_OFT
from vlareg.evaluation.results import read_results

HERE = "tests.evaluation.own_policies"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Return a folder with a point above the table."""
    folder = tmp_path / "mine"
    folder.mkdir()
    np.savetxt(folder / "point.txt", [-0.1, 0.15, 1.1])
    return folder


def test_it_is_evaluated_by_openvla_oft_s_protocol(checkpoint: Path, tmp_path: Path) -> None:
    """From the command line; the hand gets where the policy steers it by the state that it is given."""
    ToAPoint.seen.clear()
    words = ["--policy", f"{HERE}:ToAPoint", "--checkpoint", str(checkpoint), "--protocol", "openvla_oft"]
    main([*words, "--tasks", "0", "--episodes", "1", "--resolution", "64", "--output", str(tmp_path / "results")])
    results = read_results(tmp_path / "results")
    (record,) = results.records
    assert (record.success, record.steps, record.error) == (False, 100, None)
    assert len(ToAPoint.seen) == 13  # chunks of eight in a hundred steps
    assert np.linalg.norm(ToAPoint.seen[0][:3] - [-0.1, 0.15, 1.1]) > 0.1
    np.testing.assert_allclose(ToAPoint.seen[-1][:3], [-0.1, 0.15, 1.1], atol=0.02)
    assert results.settings["policy"] == f"{HERE}:ToAPoint"


def test_it_gives_as_many_actions_as_it_says(checkpoint: Path) -> None:
    policy = find_own_policy(f"{HERE}:Hasty", checkpoint, OPENVLA_OFT).load([])
    with pytest.raises(ValueError, match=r"Hasty must return actions of shape \(3, 8, 7\), .* but got \(3, 4, 7\)"):
        policy.act(np.ones((3, 2, 64, 64, 3), np.uint8), ["go"] * 3, np.zeros((3, 8)))


def test_every_file_of_its_folder_counts(checkpoint: Path) -> None:
    source = find_own_policy(f"{HERE}:ToAPoint", checkpoint, OPENVLA_OFT)
    before = source.settings()
    (checkpoint / "point.txt").write_text("0 0 1")
    changed = source.settings()
    assert changed["checkpoint"] != before["checkpoint"]
    (checkpoint / "head").mkdir()
    (checkpoint / "head" / "weights.pt").write_text("one")
    assert source.settings()["checkpoint"] != changed["checkpoint"]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("ToAPoint", "`policy` must be module:Class, but got 'ToAPoint'"),
        (f"{HERE}:Towards", f"`policy`: the module {HERE} has no Towards"),
        (f"{HERE}:Undeclared", "Undeclared must have takes_proprio, of type bool, but it is None"),
        (f"{HERE}:NoViews", "must take 1 to 2 views and give actions, but has num_views 0"),
        (f"{HERE}:OneView", r"openvla_oft needs a checkpoint with 2 views \(it takes 1\), proprio.*, chunks of 8"),
    ],
)
def test_what_it_lacks_is_named(reference: str, message: str, checkpoint: Path) -> None:
    with pytest.raises(ValueError, match=message):
        find_own_policy(reference, checkpoint, OPENVLA_OFT)


def test_what_is_not_there_or_not_for_it_is_named(checkpoint: Path) -> None:
    """A module, a folder, and settings of OpenVLA's checkpoints."""
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        find_own_policy("no_such_module:Policy", checkpoint, OPENVLA)
    with pytest.raises(FileNotFoundError, match=r"must be the folder of .*:OneView, but there is no 'nowhere'"):
        find_own_policy(f"{HERE}:OneView", Path("nowhere"), OPENVLA)
    with pytest.raises(
        ValueError, match=r"`precision` is for OpenVLA's checkpoints, not for .*:OneView, but got 'bfloat16'"
    ):
        find_own_policy(f"{HERE}:OneView", checkpoint, OPENVLA, random_weights=False, precision="bfloat16")
