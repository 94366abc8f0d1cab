import math

import pytest
import torch

from vlareg.functional import unbiased_cka
from vlareg.functional.chance_scores import Resampling, score_metric


def series(seed, episodes=12, length=20, dim=8, phi=0.995):
    """Stationary AR(1) series, one per episode."""
    z = torch.randn(episodes, length, dim, generator=torch.Generator().manual_seed(seed))
    for t in range(1, length):
        z[:, t] = phi * z[:, t - 1] + (1 - phi**2) ** 0.5 * z[:, t]
    return z.flatten(0, 1)


EPISODES = torch.arange(240) // 20


def kernel_alignment(x, y):
    return lambda i, j: unbiased_cka(x[i], y[j])


def test_time_aligns_kernels_and_whole_episodes_show_that_it_is_time():
    metric = kernel_alignment(series(2), series(3))
    naive = score_metric(metric, torch.arange(240), "cka", resampling=Resampling(halves=0))
    honest = score_metric(metric, EPISODES, "cka", resampling=Resampling(halves=10))
    assert naive.z > 10
    assert naive.p == pytest.approx(1 / 201)
    assert abs(honest.z) < 3
    assert honest.low < honest.chance < honest.high


def test_what_is_alike_is_above_chance():
    x = series(0)
    score = score_metric(kernel_alignment(x, x + series(1) / 2), EPISODES, "cka", resampling=Resampling(halves=10))
    assert (score.name, score.episodes, score.k) == ("cka_n240", 12, None)
    assert score.chance < score.low < score.value < score.high
    assert score.p == pytest.approx(1 / 201)


def test_a_maximum_has_the_null_of_the_maximum():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(60, 4, generator=generator), torch.randn(9, 60, 4, generator=generator)
    episodes = torch.arange(60) // 6

    def each(i, j):
        return torch.stack([unbiased_cka(x[i], layer[j]) for layer in y])

    best = score_metric(lambda i, j: each(i, j).amax(), episodes, "best", resampling=Resampling(60, 0))
    one = score_metric(lambda i, j: each(i, j)[0], episodes, "one", resampling=Resampling(60, 0))
    assert best.chance > one.chance + 0.01
    assert best.value == pytest.approx(float(each(torch.arange(60), torch.arange(60)).max()))


def test_a_metric_that_fails_has_no_z_no_p_and_no_interval():
    score = score_metric(lambda i, j: torch.tensor(torch.nan), EPISODES, "nan", resampling=Resampling(5, 5))
    assert all(math.isnan(number) for number in (score.value, score.chance, score.z, score.p, score.low, score.high))
    assert math.isnan(score.calibrated)


@pytest.mark.parametrize("numbers", [{"permutations": 0}, {"halves": -1}])
def test_resampling_nothing_is_refused(numbers):
    with pytest.raises(ValueError, match="`permutations` must be >= 1 and `halves` >= 0"):
        Resampling(**numbers)
