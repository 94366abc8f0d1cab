"""The house keeps its rules: layers, style and types."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["lint-imports"], ["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=lambda command: "-".join(command[:2]),
)
def test_a_checker_finds_nothing(command):
    result = subprocess.run([TOOLS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]


def test_the_lock_holds_names_and_versions_only():
    lines = (ROOT / "requirements.lock").read_text().split("\n")[:-1]
    assert all(line.count("==") == 1 and not set(line) & set("/@ :;") for line in lines)
