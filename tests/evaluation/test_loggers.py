"""What the loggers wrote, read back."""

import re
import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vlareg.evaluation import EpisodeRecord, summarize
from vlareg.evaluation.loggers import log_tensorboard, log_wandb, scalars

SUMMARY = summarize(
    [
        EpisodeRecord("libero_mini", 6, 0, 0, True, 40, "go"),
        EpisodeRecord("libero_mini", 6, 1, 0, False, 100, "go"),
        EpisodeRecord("libero_mini", 7, 0, 0, None, 3, "go", error="boom"),
    ]
)


def test_what_is_unknown_has_no_number() -> None:
    named = scalars(SUMMARY)
    assert named["rollout/success_rate"] == named["rollout/libero_mini/task06/success_rate"] == 0.5
    assert named["rollout/libero_mini/steps_to_success"] == 40
    assert named["rollout/libero_mini/task07/errors"] == 1
    assert "rollout/libero_mini/task07/success_rate" not in named


def test_tensorboard_holds_the_numbers(tmp_path: Path) -> None:
    log_tensorboard(SUMMARY, tmp_path, step=500)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    written = {name: [(event.step, event.value) for event in events.Scalars(name)] for name in events.Tags()["scalars"]}
    assert written == {name: [(500, value)] for name, value in scalars(SUMMARY).items()}


def test_wandb_holds_the_numbers_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    log_wandb(SUMMARY, tmp_path, {"seed": 0}, step=500)
    wandb.teardown()  # waits until the file is written; else the end of the process does
    (file,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    content = file.read_bytes()
    for name, value in (("rollout/success_rate", b"0.5"), ("rollout/libero_mini/task06/steps_to_success", b"40")):
        assert re.search(re.escape(name.encode()) + b".{3}" + value, content, re.DOTALL)  # 3: protobuf's tag and length


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ModuleNotFoundError, match="pip install wandb"):
        log_wandb(SUMMARY, tmp_path, {})
