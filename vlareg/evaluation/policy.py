"""OpenVLA as a policy for roll-outs."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from vlareg.evaluation.gripper import dataset_to_simulator_gripper
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAForActionPrediction, OpenVLAProcessor
from vlareg.policies.openvla.config import NormStats
from vlareg.policies.openvla.decoding import Decode, decode_greedily
from vlareg.policies.openvla.normalization import action_statistics


class OpenVLAPolicy:
    """Ask an OpenVLA for actions in the simulator's convention.

    All prompts are padded to one length, so that a row's arithmetic does not depend on the other rows of its batch.

    Args:
        model: The policy.
        processor: Its pre-processing.
        instructions: The instructions of the suite; the longest one gives the length.
        unnorm_key: Whose action statistics to use; may be None where the model has only one.
        decode: How tokens are decoded.

    Raises:
        ValueError: If the model has no such statistics.
    """

    takes_proprio = False
    """It sees images and words only."""

    horizon = 1
    """It gives one action at a time."""

    def __init__(
        self,
        model: OpenVLAForActionPrediction,
        processor: OpenVLAProcessor,
        instructions: Iterable[str],
        unnorm_key: str | None = None,
        decode: Decode = decode_greedily,
    ) -> None:
        action_statistics(model.config.norm_stats, unnorm_key)  # here, rather than after the simulators have started
        self._model = model
        self._model.train(False)
        self._processor = processor
        self._unnorm_key, self._decode = unnorm_key, decode
        # One more than the longest: a mask without any padding would take another attention kernel.
        self._length = processor.tokenize(list(instructions))["input_ids"].shape[1] + 1

    @torch.inference_mode()
    def act(
        self,
        frames: UInt8[np.ndarray, "batch views height width 3"],
        instructions: Sequence[str],
        proprio: Float[np.ndarray, "batch 8"] | None = None,
    ) -> Float[np.ndarray, "batch 7"]:
        """Return one action per observation; `frames` are as the simulator gives them, `proprio` is not looked at."""
        padded = self._padded(self._processor.observe(frames, list(instructions)))
        inputs: dict[str, Any] = {name: value.to(self._model.device) for name, value in padded.items()}
        inputs["pixel_values"] = inputs["pixel_values"].to(self._model.dtype)
        actions = self._model.predict_action(**inputs, unnorm_key=self._unnorm_key, decode=self._decode)
        return dataset_to_simulator_gripper(actions)

    def _padded(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        missing = max(0, self._length - inputs["input_ids"].shape[1])
        ids = F.pad(inputs["input_ids"], (0, missing), value=self._model.config.pad_token_id)
        mask = F.pad(inputs["attention_mask"], (0, missing), value=False)
        return {**inputs, "input_ids": ids, "attention_mask": mask}


def statistics_key(norm_stats: NormStats | None, suite: str, unnorm_key: str | None = None) -> str:
    """Find a suite's action statistics in a checkpoint.

    Those of another suite would move the robot by wrong distances, so a checkpoint's only statistics are not taken unless they
    are the suite's: named as the suite or a beginning of its name, with or without OpenVLA's ending `_no_noops`.

    Args:
        norm_stats: Statistics by data set.
        suite: Name of the suite.
        unnorm_key: The data set, where it is known.

    Raises:
        ValueError: If there are none of this data set, or of this suite where no data set is named.

    Example:
        >>> statistics_key({"bridge_orig": {"action": {}}, "libero_goal_no_noops": {"action": {}}}, "libero_goal")
        'libero_goal_no_noops'
        >>> statistics_key({"libero_mini": {"action": {}}, "libero_mini_think": {"action": {}}}, "libero_mini_think_any")
        'libero_mini_think'
    """
    names = norm_stats or {}
    ours = [name for name in names if f"{suite}_".startswith(name.removesuffix("_no_noops") + "_")]
    chosen = unnorm_key or max(ours, key=len, default=None)
    if names and chosen is None:
        raise ValueError(
            f"`unnorm_key`: the checkpoint has action statistics of {', '.join(sorted(names))} and none of {suite}; "
            "name those of the data that it was trained on."
        )
    action_statistics(norm_stats, chosen)
    assert chosen is not None
    return chosen


def load_model(
    checkpoint: str | Path, device: str, dtype: str, random_seed: int | None = None
) -> OpenVLAForActionPrediction:
    """Load a checkpoint's model, or make an untrained one of its shape.

    Args:
        checkpoint: The folder.
        device: Where it runs.
        dtype: Data type of the weights.
        random_seed: Seed of untrained weights; None for the checkpoint's.
    """
    model: OpenVLAForActionPrediction
    if random_seed is None:
        model = OpenVLAForActionPrediction.from_pretrained(checkpoint)
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(random_seed)
            model = OpenVLAForActionPrediction(read_config(checkpoint))
    return model.to(device=device, dtype=getattr(torch, dtype))  # type: ignore[call-arg, no-any-return]


def read_config(checkpoint: str | Path) -> OpenVLAConfig:
    """Read the configuration in a checkpoint's folder.

    Raises:
        FileNotFoundError: If there is none.
    """
    if not (Path(checkpoint) / "config.json").is_file():
        raise FileNotFoundError(f"`checkpoint` must be a policy's folder, but {str(checkpoint)!r} has no config.json.")
    return OpenVLAConfig.from_pretrained(checkpoint, local_files_only=True)


def choose_numerics(precision: Literal["auto", "float32", "bfloat16"]) -> tuple[str, str]:
    """Choose where and in which data type a policy runs beside the simulators.

    Without a GPU, PyTorch is kept to one thread: its threads wait for each other by spinning, and where simulators take
    the same cores that made a call 20 to 50 times slower. The result is then also the same on any number of cores.

    Args:
        precision: The data type, or "auto" for bfloat16 on a GPU and float32 without.

    Returns:
        The device, a GPU where there is one, and the data type.
    """
    if torch.cuda.is_available():
        return "cuda", "bfloat16" if precision == "auto" else precision
    torch.set_num_threads(1)
    return "cpu", "float32" if precision == "auto" else precision
