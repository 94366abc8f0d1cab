"""Draw the contact sheet: `python -m vlareg.envs.perturbations --suite libero_mini --output sheet.png`."""

from pathlib import Path

from jsonargparse import auto_cli

from vlareg.envs.perturbations.by_name import PERTURBATIONS, find_perturbation
from vlareg.envs.perturbations.contact_sheet import contact_sheet
from vlareg.files import atomic_file


def main(
    output: Path,
    suite: str = "libero_mini",
    task: int = 0,
    init_index: int = 0,
    perturbations: list[str] | None = None,
    resolution: int = 128,
    seed: int = 0,
) -> None:
    """Draw every perturbation at every level into one picture.

    Args:
        output: The PNG.
        suite: Name of the suite.
        task: Number of the task.
        init_index: Number of the initial state.
        perturbations: Names of the perturbations; all where none is given.
        resolution: Width and height of one camera's image (pixels).
        seed: Seed of what the perturbations draw.
    """
    kinds = [find_perturbation(name) for name in perturbations or PERTURBATIONS]
    sheet = contact_sheet(suite, task, init_index, kinds, resolution, seed)
    with atomic_file(output) as partial:
        sheet.save(partial, format="PNG")
    print(f"{output}: {sheet.width} x {sheet.height} pixels")


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
