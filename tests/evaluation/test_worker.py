"""A worker process: light, and honest about its end."""

import subprocess
import sys
from multiprocessing.connection import wait

import numpy as np
import pytest

from tests.evaluation.fakes import Fakes
from vlareg.evaluation import Episode
from vlareg.evaluation.worker import EnvironmentFailure, EnvProcess


def test_workers_do_not_import_pytorch() -> None:
    program = (
        "import sys, vlareg.evaluation.worker; sys.exit(any(m in sys.modules for m in ('torch', 'triton', 'mujoco')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_questions_and_answers() -> None:
    process = EnvProcess(Fakes(raises=(5,)), timeout=60.0)
    process.reset(Episode(1, 3))
    reply = process.receive()
    assert (reply.success, reply.instruction, reply.max_steps) == (False, "go to 2", 12)
    assert (reply.frames.shape, reply.frames[0, 0, 0, 0]) == ((2, 16, 16, 3), 3)
    process.step(np.array([1.0, 0, 0, 0, 0, 0, 0]))
    assert process.receive().frames[0, 0, 0, 0] == 13
    process.step(np.array([1.0, 0, 0, 0, 0, 0, 0]))
    assert process.receive().success
    process.close()


def test_a_traceback_comes_through_and_the_process_lives_on() -> None:
    process = EnvProcess(Fakes(raises=(5,)), timeout=60.0)
    process.reset(Episode(0, 5))
    process.receive()
    process.step(np.zeros(7))
    process.receive()
    process.step(np.zeros(7))
    with pytest.raises(EnvironmentFailure, match="RuntimeError: state 5 cannot be simulated"):
        process.receive()
    process.reset(Episode(0, 1))
    assert process.receive().frames[1, 0, 0, 0] == 1
    process.close()


def test_a_killed_process_is_reported() -> None:
    process = EnvProcess(Fakes(), timeout=60.0)
    process.reset(Episode(0, 0))
    process.receive()
    process._process.kill()
    process._process.join()
    process.step(np.zeros(7))
    assert wait([process.connection], timeout=5)
    with pytest.raises(EnvironmentFailure, match="ended with exit code -9"):
        process.receive()
    process.close()
