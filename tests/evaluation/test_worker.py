"""A worker process: light, and honest about its end."""

import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing.connection import wait

import numpy as np
import pytest

from tests.evaluation.fakes import FakeEnvironment, FakeObservation, Fakes, Refusing
from vlareg.evaluation import Episode
from vlareg.evaluation.worker import EnvironmentFailure, EnvProcess


def test_the_module_alone_imports_no_pytorch() -> None:
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


class _Large(FakeEnvironment):
    """Shows more than a socket takes at once."""

    def _observation(self) -> FakeObservation:
        return FakeObservation(np.zeros((2, 512, 512, 3), np.uint8), np.zeros(8, np.float32))


def test_a_process_killed_within_its_answer_is_reported() -> None:
    process = EnvProcess(_Large, timeout=60.0)
    process.reset(Episode(0, 0))
    with socket.fromfd(process.connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as answer:
        while len(answer.recv(100, socket.MSG_PEEK)) < 100:  # it has begun to write the frames
            time.sleep(0.01)
    process._process.kill()
    process._process.join()
    with pytest.raises(EnvironmentFailure, match="ended with exit code -9"):
        process.receive()
    process.close()


@pytest.mark.parametrize("at", ["build", "reset"])
def test_what_cannot_begin_is_no_failure_of_the_simulator(at: str) -> None:
    """The message is one line, and the worker's traceback a note on it."""
    process = EnvProcess(Refusing(at), timeout=60.0)
    process.reset(Episode(0, 3))
    with pytest.raises(ValueError, match="cannot begin") as caught:
        process.receive()
    assert str(caught.value) == "Task 0 cannot begin from initial state 3: `speed` must be > 0, but got 0."
    assert "in refuse" in caught.value.__notes__[0]
    process.close()


def test_an_interrupt_while_it_starts_is_the_parents_alone() -> None:
    """Ctrl-C reaches the whole group of processes; a worker that has not yet come to Python's own handler would die."""
    process = EnvProcess(Fakes(), timeout=60.0)
    os.kill(process._process.pid or 0, signal.SIGINT)
    process.reset(Episode(0, 1))
    assert process.receive().frames[1, 0, 0, 0] == 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    process.close()
