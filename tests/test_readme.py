"""The README's Python runs and its command lines exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "code", re.findall(r"```python\n(.*?)```", README, re.DOTALL), ids=lambda code: code.split("\n")[1]
)
def test_a_block_runs(code, monkeypatch):
    # The blocks are for the published width; a small one shows the same.
    exec(compile(code.replace("dim=4096", "dim=32"), "README.md", "exec"), {})


def test_files_named_in_command_lines_exist():
    names = re.findall(r"(?:configs/[\w/.]+yaml|[\w/]+\.py\b)", README)
    assert names
    assert all((ROOT / name).exists() for name in names)


def test_pictures_and_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    assert all((ROOT / target).exists() for target in targets if "://" not in target)


def test_it_is_short():
    assert len(README.splitlines()) <= 210
