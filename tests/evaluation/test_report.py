"""The page stands alone and says what the records say."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.evaluation.results_folders import LONG, write_results
from vlareg.evaluation.report import write_report
from vlareg.evaluation.videos import write_video

SETTINGS = {"checkpoint": "policy 1a2b", "suite": "libero_mini", "versions": {"mujoco": "3.3.2"}}


class Words(HTMLParser):
    """The text of a page, and every address in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "poster")]


def read(folder: Path, **options: float) -> Words:
    return Words(write_report(folder, **options).read_text())


def test_says_what_the_records_say(tmp_path: Path) -> None:
    words = read(write_results(tmp_path / "run", {6: "++-+", 7: "--!-"}, SETTINGS))
    text = " ".join(words.text)
    for expected in (
        "Policy: policy 1a2b. Suite: libero_mini. Perturbation: none.",
        "3 of 7 episodes, 42.9 % (95 % interval 15.8 to 75.0).",
        "The simulator failed in 1 of 8 episodes.",
        "75.0 (30.1 to 95.4)",
        "Half of the successful episodes took at most 21 steps.",
        "Within 50 steps, half of the longest episode, 42.9 % had succeeded.",
        "RuntimeError: no GL",
        "There are no films.",
        LONG,
    ):
        assert expected in text
    assert re.search(r"Initial states that failed.* 2 .* 0 1 3 ", text, re.DOTALL)


def test_needs_no_other_file(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "run", {6: "+-"}, SETTINGS)
    write_video(folder / "videos/task06_init000_success.mp4", [np.zeros((1, 32, 32, 3), np.uint8)] * 2)
    words = read(folder)
    assert {address.split(";")[0] for address in words.addresses} == {
        "#success",
        "#steps",
        "#films",
        "data:image/svg+xml",
        "data:video/mp4",
    }
    assert "Films: 1, of which 1 of a success." in " ".join(words.text)


def test_films_are_left_out_where_the_page_would_be_too_large(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "run", {6: "+-"}, SETTINGS)
    write_video(folder / "videos/task06_init000_success.mp4", [np.zeros((1, 32, 32, 3), np.uint8)])
    text = " ".join(read(folder, megabytes=0).text)
    assert "Left out for their size: task06_init000_success.mp4." in text


def test_without_any_outcome_there_is_no_rate(tmp_path: Path) -> None:
    text = " ".join(read(write_results(tmp_path / "run", {6: "!!"})).text)
    assert "No episode has an outcome." in text
    assert "unknown, since the folder has no settings" in text
    assert "How long does it take?" not in text


def test_many_tasks_of_two_suites(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "run", dict.fromkeys(range(12), "+-"), suite="libero_90")
    other = write_results(tmp_path / "other", {0: "++"}, suite="libero_goal", perturbation="black image")
    with (folder / "episodes.jsonl").open("a") as file:
        file.write((other / "episodes.jsonl").read_text())
    text = " ".join(read(folder).text)
    assert "Suite: libero_90, libero_goal. Perturbation: black image." in text
    assert "All suites" in text
    assert "14 of 26" in text


@pytest.mark.parametrize("complete", [True, False])
def test_an_evaluation_that_has_not_ended_says_so(tmp_path: Path, complete: bool) -> None:
    folder = write_results(tmp_path / "run", {6: "+-"}, SETTINGS)
    (folder / "summary.json").write_text(json.dumps({"complete": complete}))
    assert ("The evaluation has not ended" in " ".join(read(folder).text)) != complete


def test_equal_records_give_an_equal_page(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "run", {6: "+-"}, SETTINGS)
    assert write_report(folder).read_text() == write_report(folder, tmp_path / "page.html").read_text()


def test_bad_sizes_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"`megabytes` must be >= 0, but got -1"):
        write_report(tmp_path, megabytes=-1)
    with pytest.raises(FileNotFoundError, match=r"no episodes\.jsonl"):
        write_report(tmp_path)
