"""A study from beginning to end."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from vlareg.data import Demonstrations
from vlareg.envs.task_names import task_names
from vlareg.evaluation.subjects import list_subjects
from vlareg.functional.chance_scores import Resampling
from vlareg.page import render_page
from vlareg.study.encoder_drift import encoder_drift
from vlareg.study.encoder_weights import WeightChange, weight_change
from vlareg.study.evaluations import Evaluations, read_evaluations
from vlareg.study.examination import Probe, examine
from vlareg.study.experiments.actions import actions_section
from vlareg.study.experiments.encoders import encoders_section
from vlareg.study.experiments.language import language_section
from vlareg.study.experiments.scale import scale_section
from vlareg.study.experiments.success import correlations, success_section
from vlareg.study.experiments.tasks import tasks_section
from vlareg.study.experiments.training import training_section
from vlareg.study.instructions import all_instructions
from vlareg.study.introduction import introduction
from vlareg.study.language import LanguageScores, score_language
from vlareg.study.measurements import Measurements, measure
from vlareg.study.report import all_scores, write_report
from vlareg.study.sentence_encoder import SentenceEncoder

TITLE = "What the policies' representations agree with"


DATA = Demonstrations()
"""Demonstrations that are looked at by default: the embedded suite's, which are recorded on the first run."""


@dataclass(frozen=True)
class Options:
    """How a study is made.

    Args:
        k: Number of neighbours.
        frames: Upper limit for the number of held-out frames.
        window: Actions in a window (environment steps).
        language: Compare instructions with a sentence encoder, too (`pip install vlareg[study]`).
        permutations: Exchanges of whole episodes behind chance; p is at least 1 / (permutations + 1).
        halvings: Divisions of the episodes into halves behind intervals.
        seed: Seed of the untrained weights.

    Raises:
        ValueError: If a number is too small.
    """

    k: int = 10
    frames: int = 384
    window: int = 8
    language: bool = True
    permutations: int = 200
    halvings: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing."""
        for name, least in {"k": 1, "frames": 1, "window": 1, "permutations": 2, "halvings": 2}.items():
            if getattr(self, name) < least:
                raise ValueError(f"`{name}` must be >= {least}, but got {getattr(self, name)}.")


def run_study(
    checkpoints: Sequence[Path],
    report: Path,
    data: Demonstrations = DATA,
    evaluations: Sequence[Path] = (),
    options: Options = Options(),
) -> tuple[Path, Path]:
    """Compare what policies represent with actions, states and sentences.

    Args:
        checkpoints: Folders of policies; the first one is the start that the others are compared with.
        report: Folder to write `study.html` and `study.json` into.
        data: Demonstrations, with the conventions of the files in their folder; their held-out episodes are looked at.
        evaluations: Results folders of `eval_libero.py`, matched to the policies by their weights.
        options: How the study is made.

    Returns:
        The HTML and the JSON.

    Raises:
        FileNotFoundError: If a folder is no checkpoint or holds no results.
        ModuleNotFoundError: If the sentence encoder is not installed.
        ValueError: If there are too few held-out episodes or frames.
    """
    subjects = list_subjects(checkpoints, options.seed)
    evaluated = read_evaluations(evaluations, subjects, data)
    encoder = SentenceEncoder() if options.language else None
    sentences = all_instructions() if encoder else []
    probe = Probe(data, options.frames, options.window)
    policies = [examine(subject, probe, sentences) for subject in subjects]
    found = measure(policies, _labels(data), probe, options.k, Resampling(options.permutations, options.halvings))
    arranged = {}
    if encoder:
        vectors = encoder(sentences)
        fewer = Resampling(options.permutations // 2, options.halvings // 2)
        arranged = {
            policy.subject.name: {place: score_language(x, vectors, fewer) for place, x in policy.instructions.items()}
            for policy in policies
        }
    first, *others = subjects[1:]
    changes = {other.name: weight_change(first.folder, other.folder) for other in others}
    return _write(report, found, changes, evaluated, arranged, len(sentences))


def _labels(data: Demonstrations) -> list[str]:
    names = task_names(data.suite)
    return [f"{task} {names[task].replace('_', ' ')}" for task in data.tasks]


def _write(
    report: Path,
    found: Measurements,
    changes: dict[str, WeightChange],
    evaluated: Evaluations,
    arranged: dict[str, dict[str, LanguageScores]],
    sentences: int,
) -> tuple[Path, Path]:
    drift, correlated = encoder_drift(found), correlations(found, evaluated)
    sections = [
        training_section(found),
        encoders_section(found, changes, drift),
        tasks_section(found),
        success_section(found, evaluated, correlated),
        scale_section(found),
        actions_section(found),
        language_section(arranged, sentences),
    ]
    numbers = {
        "probe": asdict(found.probe),
        "policies": {
            name: {"folder": p.subject.folder, "parameters": p.parameters} for name, p in found.policies.items()
        },
        "scores": all_scores(found),
        "without_score": {key: grid.reasons for key, grid in found.grids.items() if grid.reasons},
        "encoder_weights": {name: {**asdict(change), "verdict": change.verdict} for name, change in changes.items()},
        "encoder_drift": drift,
        "success": {"rates": evaluated.of, "left_out": evaluated.left_out, "correlations": correlated},
        "language": {"instructions": sentences, "scores": arranged},
    }
    return write_report(report, render_page(TITLE, introduction(found), sections), numbers)
