"""What is wrong with the command, the checkpoint or the machine is one line; what was done before is kept."""

import json
import os
from pathlib import Path

import pytest

from tests.evaluation.fakes import FakePolicy, Fakes
from vlareg.envs import rendering
from vlareg.envs.libero_setup import ASSETS_VARIABLE
from vlareg.evaluation import Episode, command, read_records
from vlareg.evaluation.campaign import Campaign
from vlareg.evaluation.policy_source import find_policy
from vlareg.evaluation.protocols import find_protocol
from vlareg.policies.openvla import build_mini_tokenizer, hub, mini_config


@pytest.fixture(scope="module")
def trained_on_bridge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint of one view with the statistics of another data set, as far as it is read before the weights."""
    folder = tmp_path_factory.mktemp("bridge")
    mini_config(build_mini_tokenizer(["go"]), {"bridge_orig": {"action": {}}}, num_views=1).save_pretrained(folder)
    return folder


def refused(words: list[str], tmp_path: Path) -> str:
    """Run the command, and return the one line in which it is refused before anything is made."""
    with pytest.raises(SystemExit) as exit_:
        command.main([*words, "--output", str(tmp_path / "results")])
    message = str(exit_.value.code)
    assert message.startswith("error: ")
    assert "\n" not in message
    assert not (tmp_path / "results").exists()
    return message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--suite", "libero_minni"], "Did you mean libero_mini?"),
        (["--tasks", "3", "10"], "`tasks` must be in 0..9, but got [10]."),
        (["--episodes", "51"], "`episodes` must be in 1..50, the number of initial states of task 0, but got 51."),
        (["--resolution", "0"], "`resolution` must be > 0, but got 0."),
        (["--seed", "-1"], "`seed` must be in 0..4294967295, but got -1."),
        (["--shard", "3/2"], "`shard` must be 1/n, 2/n, ... or n/n, but got 3/2."),
        (["--protocol", "openpi"], "`protocol` must be one of openvla, openvla_oft, lerobot, but got 'openpi'."),
        (["--protocol", "openvla_oft"], "openvla_oft needs a checkpoint with 2 views (it takes 1), proprioception"),
        ([], "the checkpoint has action statistics of bridge_orig and none of libero_mini"),
        (["--unnorm-key", "austin"], "`unnorm_key` must be one of ['bridge_orig'], but got 'austin'."),
        (["--checkpoint", "."], "'.' has no config.json."),
        (
            ["--checkpoint", "./nowhere/policy"],
            "`checkpoint` must be a checkpoint folder or a repository of the hub, but",
        ),
    ],
)
def test_wrong_words(words: list[str], message: str, trained_on_bridge: Path, tmp_path: Path) -> None:
    assert message in refused(["--checkpoint", str(trained_on_bridge), *words], tmp_path)


def test_compiling_needs_a_gpu(trained_on_bridge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    words = ["--checkpoint", str(trained_on_bridge), "--unnorm-key", "bridge_orig", "--decoding", "compiled"]
    assert "`decoding` must be 'growing' or 'fixed' without a GPU, but got 'compiled'" in refused(words, tmp_path)


def test_a_repository_of_the_hub(trained_on_bridge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def download(name: str, **options: object) -> str:
        asked.append(name)
        return str(trained_on_bridge)

    monkeypatch.setattr(hub, "snapshot_download", download)
    assert "statistics of bridge_orig" in refused(["--checkpoint", "someone/openvla-7b"], tmp_path)
    source = find_policy(Path("someone/openvla-7b"), find_protocol("openvla"), "bridge_orig", None, 0, "auto")
    assert source.name == "openvla-7b"
    assert source.settings()["checkpoint"].startswith("openvla-7b ")
    assert set(asked) == {"someone/openvla-7b"}


def test_missing_assets(trained_on_bridge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ASSETS_VARIABLE, str(tmp_path))
    message = refused(["--checkpoint", str(trained_on_bridge), "--suite", "libero_object"], tmp_path)
    assert "libero_object needs LIBERO's `assets` folder" in message


def test_no_renderer(trained_on_bridge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLAREG_GL")
    monkeypatch.delenv("MUJOCO_GL")
    monkeypatch.setattr(rendering, "_failure", lambda backend, timeout: f"no lib{backend}.so")
    message = refused(["--checkpoint", str(trained_on_bridge)], tmp_path)
    assert (
        "MuJoCo cannot render here (egl: no libegl.so; osmesa: no libosmesa.so). On Debian: apt-get install" in message
    )


EPISODES = [Episode(0, init_index) for init_index in range(3)]


@pytest.mark.parametrize(("at", "records"), [(4, 1), (5, 1), (7, 2)])
def test_a_full_disk(at: int, records: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a record or a summary can no longer be flushed: what is written is kept, and the next run goes on from there."""
    campaign = Campaign(
        tmp_path, {"suite": "counting", "seed": 0, "perturbation": "none", "batch_size": 1}, workers=1, videos=0
    )
    flushed, fsync = [], os.fsync

    def full(handle: int) -> None:
        flushed.append(handle)
        if len(flushed) >= at:
            raise OSError(28, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            OSError, match="No space left on device; the episodes so far are kept: make room and run the"
        ):
            campaign.run(FakePolicy, Fakes(), EPISODES)
    assert len(read_records(tmp_path / "episodes.jsonl")) == records
    json.loads((tmp_path / "summary.json").read_text())
    policy = FakePolicy()
    assert campaign.run(lambda: policy, Fakes(), EPISODES).episodes == 3
    assert {shown for _, shown in policy.seen}.isdisjoint({0})  # the first episode was not run again
    assert len((tmp_path / "episodes.jsonl").read_text().splitlines()) == 3


def test_an_evaluation_that_cannot_go_on_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device", "episodes.jsonl")

    monkeypatch.setattr(command, "evaluate", full)
    with pytest.raises(SystemExit, match=r"^error: .*No space left on device: 'episodes.jsonl'$"):
        command.main([])
