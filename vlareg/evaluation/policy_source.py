"""A checkpoint as it is to be evaluated: with which statistics, weights and numerics."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transformers import CompileConfig

from vlareg.evaluation.policy import OpenVLAPolicy, choose_numerics, load_model, read_config, statistics_key
from vlareg.evaluation.protocols import EvaluationProtocol
from vlareg.evaluation.settings import CHECKPOINT_FILES, SHAPE_FILES, fingerprint
from vlareg.policies.openvla import OpenVLAProcessor, StaticDecoder
from vlareg.policies.openvla.decoding import Decode, decode_greedily
from vlareg.policies.openvla.hub import local_folder

Decoding = Literal["growing", "fixed", "compiled"]
"""How an OpenVLA decodes its tokens: with a cache that grows, with one of fixed size, or that compiled to a CUDA graph."""


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
        decoding: How it decodes.
    """

    name: str
    checkpoint: Path
    random_seed: int | None
    unnorm_key: str
    device: str
    dtype: str
    num_views: int
    decoding: Decoding

    def settings(self) -> dict[str, Any]:
        """Return what an episode's result depends on, as JSON values."""
        untrained = self.random_seed is not None
        return {
            "checkpoint": f"{self.name} {fingerprint(self.checkpoint, SHAPE_FILES if untrained else CHECKPOINT_FILES)}",
            "random_weights": untrained,
            "device": self.device,
            "precision": self.dtype,
            "decoding": self.decoding,
        }

    def load(self, instructions: Iterable[str]) -> OpenVLAPolicy:
        """Load the policy.

        Args:
            instructions: All that it can be told.
        """
        model = load_model(self.checkpoint, self.device, self.dtype, self.random_seed)
        processor = OpenVLAProcessor.from_pretrained(self.checkpoint)
        return OpenVLAPolicy(model, processor, instructions, self.unnorm_key, _decoder(self.decoding))


def find_policy(
    checkpoint: Path,
    protocol: EvaluationProtocol,
    suite: str,
    unnorm_key: str | None,
    random_seed: int | None,
    precision: Literal["auto", "float32", "bfloat16"],
    decoding: Decoding = "growing",
) -> PolicySource:
    """Look a checkpoint up, without its weights.

    Args:
        checkpoint: The folder, or a repository of the hub, which is then downloaded.
        protocol: What it is evaluated by.
        suite: What it is evaluated on.
        unnorm_key: Whose action statistics to use; the suite's own where this is None.
        random_seed: Seed of untrained weights of the checkpoint's shape; None for the checkpoint's own.
        precision: Data type of the weights.
        decoding: How it decodes.

    Raises:
        FileNotFoundError: If there is no checkpoint.
        ValueError: If it has no such statistics, lacks what the protocol asks for, or is to be compiled without a GPU.
    """
    folder = local_folder(checkpoint, argument="checkpoint")
    config = read_config(folder)
    protocol.check_policy(config.num_views, OpenVLAPolicy.takes_proprio, OpenVLAPolicy.horizon)
    statistics = statistics_key(config.norm_stats, suite, unnorm_key)
    device, dtype = choose_numerics(precision)
    if decoding == "compiled" and device == "cpu":
        raise ValueError("`decoding` must be 'growing' or 'fixed' without a GPU, but got 'compiled'.")
    name = checkpoint.resolve().name
    return PolicySource(name, folder, random_seed, statistics, device, dtype, config.num_views, decoding)


def _decoder(decoding: Decoding) -> Decode:
    if decoding == "growing":
        return decode_greedily
    return StaticDecoder(CompileConfig(dynamic=False) if decoding == "compiled" else None)
