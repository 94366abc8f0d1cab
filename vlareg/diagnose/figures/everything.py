"""All figures, as PNGs."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from vlareg.callbacks.pictures import rendered
from vlareg.diagnose.examination import Examined
from vlareg.diagnose.figures.attention import draw_attention
from vlareg.diagnose.figures.embedding import draw_embedding
from vlareg.diagnose.figures.layers import draw_layers
from vlareg.diagnose.figures.probes import draw_probes
from vlareg.diagnose.findings import Findings
from vlareg.files import atomic_file


def draw_all(found: Findings, examined: Sequence[Examined], output: Path, tsne_seed: int | None) -> list[Path]:
    """Draw all figures.

    Args:
        found: The numbers.
        examined: What was read of the policies.
        output: Folder to write into.
        tsne_seed: Seed of t-SNE; None leaves it out.

    Returns:
        The files.
    """
    shown = {policy.subject.name: policy for policy in examined if policy.subject.name in found.given}
    figures: dict[str, Figure] = {
        "probe": draw_probes(found),
        "attention": draw_attention(found, shown),
        "embedding": draw_embedding(shown, tsne_seed),
        "layers": draw_layers(found),
    }
    files = [output / f"{name}.png" for name in figures]
    for file, figure in zip(files, figures.values(), strict=True):
        with atomic_file(file) as path:
            Image.fromarray(rendered(figure)).save(path)
    return files
