import math
from dataclasses import replace

import pytest
import yaml

from tests.arms.conftest import write_log
from vlareg.arms.runs import Run, common_data, find_runs


def test_finished_runs_are_found_by_arm_and_seed(experiment, tmp_path):
    found = find_runs(experiment)
    assert {arm: [run.seed for run in runs] for arm, runs in found.items()} == {
        "other": ["0", "1"],
        "plain": ["0", "1"],
        "same": ["0", "1"],
    }
    (tmp_path / "plain/0").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="No finished run in"):
        find_runs(tmp_path)


def test_a_curve_ends_in_the_mean_of_its_last_values_over_resumptions(tmp_path):
    run = Run("arm", "0", tmp_path)
    assert all(math.isnan(end) for end in run.ends("train/rscl/kl"))
    write_log(tmp_path / "csv/version_2", "train/rscl/kl", [9.0, None, 7.0])
    write_log(tmp_path / "csv/version_10", "train/rscl/kl", [5.0, 4.0, None, 3.0, 2.0, 1.0], start=3)
    assert run.ends("train/rscl/kl") == (9.0, 3.0)
    assert all(math.isnan(end) for end in run.ends("train/rscl/loss"))


def test_a_curve_is_of_the_last_run_in_a_folder(tmp_path):
    write_log(tmp_path / "csv/version_0", "train/rscl/kl", [9.0, 7.0])
    write_log(tmp_path / "csv/version_1", "train/rscl/kl", [8.0, 6.0])
    write_log(tmp_path / "csv/version_2", "train/rscl/kl", [4.0], start=2)
    assert Run("arm", "0", tmp_path).ends("train/rscl/kl") == (8.0, 6.0)


def test_seeds_are_in_the_order_of_their_numbers(tmp_path):
    for seed in ("10", "2"):
        (tmp_path / "plain" / seed / "policy").mkdir(parents=True)
    assert [run.seed for run in find_runs(tmp_path)["plain"]] == ["2", "10"]


def test_a_run_of_other_data_is_named(tmp_path):
    settings = {"recordings": {"suite": "libero_spatial"}, "probe_samples": 72}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"data": {"init_args": settings}}))
    with pytest.raises(ValueError, match=f"{tmp_path.name} cannot be compared: .* `LiberoData`"):
        Run("plain", "0", tmp_path).data()


def test_runs_of_other_demonstrations_are_not_compared(experiment, data, tmp_path):
    runs = find_runs(experiment)["plain"]
    assert common_data(runs) == (data, 72)
    settings = yaml.safe_load((runs[0].folder / "config.yaml").read_text())
    settings["data"]["init_args"]["demonstrations"]["train_episodes"] = 1
    del settings["data"]["init_args"]["demonstrations"]["conventions"]  # the default's need not be there
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    with pytest.raises(ValueError, match="other demonstrations"):
        common_data([*runs, replace(runs[0], folder=tmp_path)])
