import math

import pytest
import torch

from vlareg.callbacks.readings import Readings
from vlareg.diagnose.drift import score_layers

EPISODES = torch.arange(12).repeat_interleave(8)


def _readings(first: int = 0, **values: torch.Tensor) -> Readings:
    return Readings(values, EPISODES, torch.arange(first, first + len(EPISODES)))


def _noise(seed: int) -> torch.Tensor:
    return torch.randn(len(EPISODES), 6, generator=torch.Generator().manual_seed(seed))


def test_a_policy_has_not_drifted_from_itself():
    x = _noise(0)
    found = score_layers(_readings(x=x), _readings(x=x.clone()), k=5, halvings=4)["x"]
    for drift in (found.cka_drift, found.cknna_drift):
        assert drift.value == pytest.approx(0, abs=1e-6)
        assert drift.n == 96


def test_a_turn_and_a_scale_are_no_drift_and_other_vectors_are():
    x, y = _noise(0), _noise(1)
    turned = 3 * x @ torch.linalg.qr(_noise(2)[:6])[0]
    found = score_layers(_readings(turned=turned, other=y), _readings(turned=x, other=x), k=5, halvings=4)
    assert found["turned"].cka_drift.value == pytest.approx(0, abs=1e-5)
    assert found["turned"].cknna_drift.value == pytest.approx(0, abs=1e-5)
    assert found["other"].cka_drift.value > 0.9
    assert found["other"].cka_drift.low < found["other"].cka_drift.value < found["other"].cka_drift.high


def test_one_direction_has_an_effective_rank_of_one():
    line = torch.linspace(-1, 1, len(EPISODES))[:, None] * torch.ones(6)
    found = score_layers(_readings(line=line, ball=_noise(0)), None, k=5, halvings=4)
    assert found["line"].effective_rank.value == pytest.approx(1, abs=1e-3)
    assert found["ball"].effective_rank.value > 5.5
    assert found["ball"].cka_drift is None


def test_a_layer_that_the_base_lacks_has_no_drift():
    assert score_layers(_readings(x=_noise(0)), _readings(y=_noise(0)), k=5, halvings=4)["x"].cka_drift is None


def test_few_episodes_give_a_number_without_interval():
    readings = Readings({"x": _noise(0)[:40]}, EPISODES[:40], torch.arange(40))
    found = score_layers(readings, readings, k=5, halvings=4)["x"].effective_rank
    assert math.isfinite(found.value)
    assert math.isnan(found.low)


def test_other_frames_are_refused():
    with pytest.raises(ValueError, match="`base` must be read at the same frames"):
        score_layers(_readings(x=_noise(0)), _readings(first=5, x=_noise(0)), k=5, halvings=4)
