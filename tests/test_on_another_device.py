"""Nothing is left on the processor where the policy is elsewhere: a training, its resumption, the trained policy's answers, scores."""

import os
import subprocess
import sys
from pathlib import Path

from vlareg.data import Demonstrations


def test_a_training_and_its_policy_are_the_same_on_another_device(
    checkpoint: Path, demonstrations: Demonstrations, tmp_path: Path
) -> None:
    """In a process of its own, since the device that is pretended there stays registered."""
    command = [sys.executable, "-m", "tests.on_a_pretended_gpu", str(checkpoint), str(demonstrations.folder)]
    done = subprocess.run(
        [*command, str(tmp_path)],
        cwd=Path(__file__).parents[1],
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.endswith("the same on both\n")
