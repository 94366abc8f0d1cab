"""Roll-outs: episode records, intervals, and the processes that make them.

Nothing here imports PyTorch or a simulator, so reading results is quick, and a worker chooses its render device before the
simulator that its factory brings is imported.
"""

from vlareg.evaluation.compare import compare
from vlareg.evaluation.comparison import Comparison
from vlareg.evaluation.controls import BlackImages
from vlareg.evaluation.interfaces import Environment, EnvironmentFactory, Episode, Policy
from vlareg.evaluation.intervals import wilson_interval
from vlareg.evaluation.mcnemar import mcnemar_exact
from vlareg.evaluation.records import EpisodeRecord, append_record, read_records
from vlareg.evaluation.rollout import Outcome, rollout
from vlareg.evaluation.summary import Summary, results_table, summarize

__all__ = [
    "BlackImages",
    "Comparison",
    "Environment",
    "EnvironmentFactory",
    "Episode",
    "EpisodeRecord",
    "Outcome",
    "Policy",
    "Summary",
    "append_record",
    "compare",
    "mcnemar_exact",
    "read_records",
    "results_table",
    "rollout",
    "summarize",
    "wilson_interval",
]
