"""A diagnosis from beginning to end."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from vlareg.data import Demonstrations
from vlareg.data.image_set import ImageSet
from vlareg.diagnose.examination import examine
from vlareg.diagnose.figures import draw_all
from vlareg.diagnose.findings import Findings, find
from vlareg.diagnose.material import choose_pictures, prepare_materials
from vlareg.diagnose.options import Options
from vlareg.diagnose.projections import check_tsne
from vlareg.evaluation.subjects import Subject, list_subjects
from vlareg.files import write_json

DATA = Demonstrations()
"""Demonstrations that are looked at by default: the embedded suite's, which are recorded on the first run."""

OPTIONS = Options()
"""How a diagnosis is made by default."""


def run_diagnosis(
    checkpoints: Sequence[Path],
    output: Path,
    images: Sequence[Path] = (),
    data: Demonstrations = DATA,
    options: Options = OPTIONS,
) -> tuple[Findings, list[Path]]:
    """Look into policies: linear probes, attention and embeddings of object words, effective rank, drift.

    Args:
        checkpoints: Folders of policies.
        output: Folder to write `diagnose.json` and four PNGs into.
        images: Folders of pictures, with one folder a class, to probe with; the built-in concepts if there is none.
        data: Demonstrations, with the conventions of the files in their folder; their held-out episodes are looked at.
        options: How the diagnosis is made.

    Returns:
        The numbers, and the files.

    Raises:
        FileNotFoundError: If a folder is no checkpoint, or has no pictures.
        ModuleNotFoundError: If t-SNE is wanted and not installed.
        ValueError: If there are too few pictures, episodes or frames.
    """
    if options.tsne:
        check_tsne()
    subjects = list_subjects(_base_first(checkpoints, options.base), options.seed)
    sets = choose_pictures(images, subjects, options)
    materials = prepare_materials(subjects, sets, data, options)
    bar = tqdm(zip(subjects, materials, strict=True), total=len(subjects), desc="policies", unit="policy")
    examined = [examine(subject, material) for subject, material in bar]
    base = 1  # behind the untrained policy
    found = find(examined, subjects[base].name, sets, materials[base].pictures, options)
    file = output / "diagnose.json"
    write_json(file, {**_about(subjects, sets, data, options), **asdict(found)})
    return found, [file, *draw_all(found, examined, output, options.seed if options.tsne else None)]


def _base_first(checkpoints: Sequence[Path], base: Path | None) -> list[Path]:
    if base is None:
        return [*checkpoints]
    return [base, *(folder for folder in checkpoints if folder.resolve() != base.resolve())]


def _about(
    subjects: Sequence[Subject], sets: Sequence[ImageSet], data: Demonstrations, options: Options
) -> dict[str, object]:
    """Return what the numbers are of."""
    return {
        "policies": {subject.name: subject.folder for subject in subjects},
        "options": options,
        "data": data,
        "sets": {images.name: {"classes": images.classes, "pictures": len(images)} for images in sets},
    }
