"""A checkpoint as it is to be evaluated: with which statistics, weights and numerics."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vlareg.evaluation.policy import OpenVLAPolicy, choose_numerics, load_model, read_config, statistics_key
from vlareg.evaluation.protocols import EvaluationProtocol
from vlareg.evaluation.settings import CHECKPOINT_FILES, SHAPE_FILES, fingerprint
from vlareg.policies.openvla import OpenVLAProcessor
from vlareg.policies.openvla.hub import local_folder


@dataclass(frozen=True)
class PolicySource:
    """A policy that is not loaded yet.

    Args:
        name: What it is called.
        checkpoint: Its folder.
        random_seed: Seed of untrained weights of the checkpoint's shape; None for the checkpoint's own.
        unnorm_key: Whose action statistics it uses.
        device: Where it runs.
        dtype: Data type of its weights.
        num_views: How many cameras it takes.
    """

    name: str
    checkpoint: Path
    random_seed: int | None
    unnorm_key: str
    device: str
    dtype: str
    num_views: int

    def settings(self) -> dict[str, Any]:
        """Return what an episode's result depends on, as JSON values."""
        untrained = self.random_seed is not None
        return {
            "checkpoint": f"{self.name} {fingerprint(self.checkpoint, SHAPE_FILES if untrained else CHECKPOINT_FILES)}",
            "random_weights": untrained,
            "device": self.device,
            "precision": self.dtype,
        }

    def load(self, instructions: Iterable[str]) -> OpenVLAPolicy:
        """Load the policy.

        Args:
            instructions: All that it can be told.
        """
        model = load_model(self.checkpoint, self.device, self.dtype, self.random_seed)
        return OpenVLAPolicy(model, OpenVLAProcessor.from_pretrained(self.checkpoint), instructions, self.unnorm_key)


def find_policy(
    checkpoint: Path,
    protocol: EvaluationProtocol,
    suite: str,
    unnorm_key: str | None,
    random_seed: int | None,
    precision: Literal["auto", "float32", "bfloat16"],
) -> PolicySource:
    """Look a checkpoint up, without its weights.

    Args:
        checkpoint: The folder, or a repository of the hub, which is then downloaded.
        protocol: What it is evaluated by.
        suite: What it is evaluated on.
        unnorm_key: Whose action statistics to use; the suite's own where this is None.
        random_seed: Seed of untrained weights of the checkpoint's shape; None for the checkpoint's own.
        precision: Data type of the weights.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it has no such statistics, or lacks what the protocol asks for.
    """
    folder = local_folder(checkpoint, argument="checkpoint")
    config = read_config(folder)
    protocol.check_policy(config.num_views, OpenVLAPolicy.takes_proprio, OpenVLAPolicy.horizon)
    statistics = statistics_key(config.norm_stats, suite, unnorm_key)
    numerics = choose_numerics(precision)
    return PolicySource(checkpoint.resolve().name, folder, random_seed, statistics, *numerics, config.num_views)
