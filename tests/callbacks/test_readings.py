from dataclasses import replace

import pytest
import torch

from tests.callbacks.toy import DIM, ToyPolicy, random_batch, rows_of
from tests.two_ranks import on_two_ranks
from vlareg.callbacks.choose import choose
from vlareg.callbacks.readings import read_probe
from vlareg.callbacks.representation import Representation

NAMES = ["block.condition", "block.teacher_forced_actions", "actions.arm", "proprio"]


def _read(batches):
    policy = ToyPolicy().eval()
    return policy, read_probe(policy, choose(NAMES, policy), batches)


def test_everything_is_read_in_one_forward_pass_of_each_batch():
    batch = random_batch()
    policy, readings = _read([rows_of(batch, slice(0, 50)), rows_of(batch, slice(50, None))])
    assert policy.calls == 2
    assert list(readings.values) == NAMES
    torch.testing.assert_close(readings.values["block.condition"], (batch.proprio @ policy.mix).detach())
    assert torch.equal(readings.values["block.teacher_forced_actions"], torch.full((72, DIM), 700.0))
    assert torch.equal(readings.episode_ids, batch.episode_ids)


def test_the_order_is_that_of_the_sample_ids():
    batch = random_batch()
    shuffled = rows_of(batch, torch.randperm(72, generator=torch.Generator().manual_seed(0)))
    (_, ordered), (_, readings) = _read([batch]), _read([shuffled])
    assert torch.equal(ordered.sample_ids, readings.sample_ids)
    torch.testing.assert_close(ordered.values, readings.values)


def test_a_sample_that_is_there_twice_is_refused():
    batch = random_batch()
    with pytest.raises(ValueError, match=r"holds samples \[5\] more than once"):
        _read([batch, rows_of(batch, [5])])


def test_an_empty_probe_set_is_refused():
    with pytest.raises(ValueError, match="The probe set is empty"):
        _read([])


def test_a_policy_in_training_mode_is_refused():
    policy = ToyPolicy()
    with pytest.raises(ValueError, match="must be in evaluation mode"):
        read_probe(policy, choose(NAMES, policy), [random_batch()])


def test_the_policy_runs_in_the_context_and_reading_outside_of_any_autocast():
    """1 + 1/512 is not one of bfloat16's numbers."""
    policy = ToyPolicy().eval()
    batch = replace(random_batch(), proprio=torch.full((72, DIM), 1 + 1 / 512))
    product = Representation("product", lambda batch, _: batch.proprio @ torch.eye(DIM))
    wanted = [product, *choose(["block.condition"], policy)]
    with torch.autocast("cpu", torch.bfloat16):
        values = read_probe(policy, wanted, [batch]).values
        coarse = read_probe(policy, wanted, [batch], lambda: torch.autocast("cpu", torch.bfloat16)).values
    fine = read_probe(policy, wanted, [batch]).values
    assert torch.equal(values["product"], batch.proprio)
    assert torch.equal(coarse["block.condition"], coarse["block.condition"].bfloat16().float())
    assert not torch.equal(fine["block.condition"], fine["block.condition"].bfloat16().float())


def on_both():
    """Read three batches, of which the second rank has one, and one, of which it has none."""
    batch = random_batch()
    parts = [slice(0, 30), slice(30, 60), slice(60, None)]
    result = {}
    for name, batches in {"three": [rows_of(batch, part) for part in parts], "one": [batch]}.items():
        policy, readings = _read(batches)
        result[name] = {**readings.values, "ids": readings.sample_ids, "episodes": readings.episode_ids}
        result[f"{name} calls"] = policy.calls
    return result


def test_two_ranks_share_the_work_and_know_all():
    _, alone = _read([random_batch()])
    expected = {**alone.values, "ids": alone.sample_ids, "episodes": alone.episode_ids}
    for result in on_two_ranks(on_both):
        # Where weights are sharded, a rank waits for the others in every call.
        assert (result["three calls"], result["one calls"]) == (2, 1)
        torch.testing.assert_close(result["three"], expected)
        torch.testing.assert_close(result["one"], expected)
