import pytest

from vlareg.arms.alignment import measure_alignment
from vlareg.arms.runs import find_runs
from vlareg.callbacks.choose import choose
from vlareg.callbacks.readings import read_probe
from vlareg.data import LiberoData
from vlareg.functional import cknna
from vlareg.policies.openvla import OpenVLAForActionPrediction


@pytest.fixture
def runs(experiment, tmp_path, monkeypatch):
    monkeypatch.setenv("VLAREG_CACHE", str(tmp_path))
    return [run for arm in find_runs(experiment).values() for run in arm]


def test_each_policy_is_scored_on_the_same_frames_and_compared(runs, data):
    point = "llm.1.condition"
    found = measure_alignment(runs, [point], "proprio", k=3)[point]
    other, plain, same = [0, 1], [2, 3], [4, 5]

    policy = OpenVLAForActionPrediction.from_pretrained(runs[2].policy).eval()
    module = LiberoData(str(runs[2].policy), data, 32, probe_samples=72)
    module.setup()
    wanted = choose([point, "proprio"], policy)
    readings = read_probe(policy, wanted, module.probe_batches())
    x, y = (readings.values[item.name] for item in wanted)
    expected = cknna(x, y, k=3, space=(wanted[0].space, wanted[1].space), groups=readings.episode_ids)
    assert found.score(plain).value == pytest.approx(float(expected), abs=1e-6)

    none, some = found.difference(same, plain), found.difference(other, plain)
    assert (none.value, none.low, none.high) == (0, 0, 0)
    assert some.low < some.value < some.high
    assert some.value == pytest.approx(found.score(other).value - found.score(plain).value)
    assert some.value == pytest.approx(found.difference([0], [2]).value)
