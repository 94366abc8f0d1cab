"""What one arm of an experiment came to, beside its control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vlareg.arms.alignment import Alignment, Estimate
from vlareg.arms.runs import Run
from vlareg.evaluation import Comparison, compare


@dataclass(frozen=True)
class Arm:
    """An arm over its training seeds.

    Args:
        name: The arm.
        seeds: Names of its seeds.
        loss: First and last value of a curve, of each seed.
        score: Extraction point -> alignment, the mean over seeds.
        difference: Extraction point -> the mean of what each seed scores above the control of the same seed.
        differences: Extraction point -> the same of each seed.
        success: Paired comparison with the control (a the control, b the arm); None where a run was not rolled out.
    """

    name: str
    seeds: tuple[str, ...]
    loss: tuple[tuple[float, float], ...]
    score: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
    differences: Mapping[str, tuple[Estimate, ...]]
    success: Comparison | None


def summarize_arm(
    pairs: Sequence[tuple[Run, Run]], runs: Sequence[Run], alignment: Mapping[str, Alignment], loss: str
) -> Arm:
    """Compare the runs of an arm with their controls.

    Args:
        pairs: A run and the control of the same seed.
        runs: All runs, in the order in which their alignment was measured.
        alignment: Extraction point -> scores of all runs.
        loss: Name of the curve.
    """
    mine, controls = ([runs.index(run) for run in side] for side in zip(*pairs, strict=True))
    each = {
        point: tuple(scores.difference([i], [j]) for i, j in zip(mine, controls, strict=True))
        for point, scores in alignment.items()
    }
    return Arm(
        pairs[0][0].arm,
        tuple(run.seed for run, _ in pairs),
        tuple(run.ends(loss) for run, _ in pairs),
        {point: scores.score(mine) for point, scores in alignment.items()},
        {point: scores.difference(mine, controls) for point, scores in alignment.items()},
        each,
        _success(pairs),
    )


def _success(pairs: Sequence[tuple[Run, Run]]) -> Comparison | None:
    if any(run == control for run, control in pairs) or not all(run.rolled_out for pair in pairs for run in pair):
        return None
    return compare([control.evaluation for _, control in pairs], [run.evaluation for run, _ in pairs])
