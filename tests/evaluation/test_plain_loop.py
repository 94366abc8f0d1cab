"""Roll-outs on LIBERO's own suite are those of a plain loop after the published protocol, bit by bit."""

from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.plain_loop import ByImage, plain_loop
from vlareg.envs.libero_setup import ASSETS_VARIABLE
from vlareg.evaluation import Episode, rollout
from vlareg.evaluation.suites import LiberoTasks

ASSETS = Path(__file__).parents[3] / "shared" / "libero-assets"
STEPS, RESOLUTION = 4, 64


@pytest.mark.skipif(not ASSETS.is_dir(), reason="LIBERO's assets are not here")
@pytest.mark.parametrize(
    ("suite", "episodes"),
    [("libero_object", [Episode(0, 1), Episode(1, 0)]), ("libero_goal", [Episode(0, 0), Episode(0, 2)])],
)
def test_episodes_of_libero_s_suites_are_the_plain_loop_s(
    suite: str, episodes: list[Episode], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the same time in two processes: instruction, outcome, and both views of every step.

    In libero_goal the fixtures stand elsewhere in each episode. Actions depend on every pixel, so a difference in any step
    would grow. `tests/benchmarks/rollout_speed.py` does the same with longer episodes, and with several in one environment.
    """
    monkeypatch.setenv(ASSETS_VARIABLE, str(ASSETS))
    tasks = LiberoTasks(suite, RESOLUTION, max_steps=STEPS)
    ours = {
        outcome.episode: outcome
        for outcome in rollout(ByImage(), tasks, episodes, workers=2, batch_size=2, keep_frames=lambda _: True)
    }
    for plain in plain_loop(ByImage(), suite, episodes, max_steps=STEPS, resolution=RESOLUTION):
        mine = ours[plain.episode]
        assert (mine.error, mine.instruction, mine.success, mine.steps) == (None, plain.instruction, False, STEPS)
        np.testing.assert_array_equal(mine.frames, plain.frames)
        assert (mine.frames[0] != mine.frames[-1]).mean() > 0.01
