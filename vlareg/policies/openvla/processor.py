"""What stands between a simulator or a data set and the model: pictures, words and action tokens."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from numpy.typing import ArrayLike
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from vlareg.batch import IGNORED_LABEL
from vlareg.policies.openvla import preprocessing
from vlareg.policies.openvla.action_tokenizer import ActionTokenizer
from vlareg.policies.openvla.config import OpenVLAConfig
from vlareg.policies.openvla.hub import local_folder
from vlareg.policies.openvla.prompts import action_prompt, question_prompt
from vlareg.shapes import Images

PREPROCESSOR_FILE = "preprocessor_config.json"
FILES = (
    "tokenizer*",
    "added_tokens.json",
    "special_tokens_map.json",
    "vocab*",
    "merges.txt",
    PREPROCESSOR_FILE,
    "processor_config.json",
)
"""Files of tokenizer and processor in a checkpoint folder."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


class OpenVLAProcessor:
    """Turn camera frames and instructions into an OpenVLA's inputs.

    Args:
        tokenizer: The language model's tokenizer; it begins a text with its bos token.
        config: The model's configuration: picture size, views, action tokens, whether roll-outs crop.
        means: Per encoder, what is subtracted from pixels in [0, 1].
        stds: Per encoder, what they are divided by then.

    Raises:
        ValueError: If the tokenizer does not fit the configuration.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        config: OpenVLAConfig,
        means: Sequence[Sequence[float]] = (IMAGENET_MEAN, HALF),
        stds: Sequence[Sequence[float]] = (IMAGENET_STD, HALF),
    ):
        if len(tokenizer) < config.token_end:
            raise ValueError(
                f"`tokenizer` has {len(tokenizer)} tokens, but by `config` the action tokens end at {config.token_end}."
            )
        if tokenizer("a")["input_ids"][:1] != [tokenizer.bos_token_id]:
            raise ValueError(f"`tokenizer` must begin every text with its bos token, {tokenizer.bos_token!r}.")
        self.tokenizer = tokenizer
        self.config = config
        self.action_tokenizer = ActionTokenizer.from_config(config)
        self._source: Path | None = None
        encoders = len(config.timm_model_ids or ())
        self.means = torch.tensor(means[:encoders], dtype=torch.float32)
        self.stds = torch.tensor(stds[:encoders], dtype=torch.float32)

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str]) -> "OpenVLAProcessor":
        """Load the processor of a checkpoint.

        Args:
            folder: Folder with `config.json`, `preprocessor_config.json` and the tokenizer's files, or a repository of
                the hub.

        Raises:
            FileNotFoundError: If one of them is absent.
        """
        path = local_folder(folder)
        for name in ("config.json", PREPROCESSOR_FILE, "tokenizer_config.json"):
            if not (path / name).is_file():
                raise FileNotFoundError(f"{path / name} is absent, so no processor can be read from {str(path)!r}.")
        stored = json.loads((path / PREPROCESSOR_FILE).read_text())
        config = OpenVLAConfig.from_pretrained(path, local_files_only=True)
        tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
        processor = cls(tokenizer, config, means=stored["means"], stds=stored["stds"])
        processor._source = path
        return processor

    def save_pretrained(self, folder: str | os.PathLike[str]) -> None:
        """Write what `from_pretrained` reads; the files of a processor that was loaded are copied.

        So what an older transformers wrote, an older transformers can read: it does not know the tokenizer class of today.

        Args:
            folder: Made if absent. A `config.json` in it is the model's, and stays as it is.
        """
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        if not (path / "config.json").is_file():
            self.config.save_pretrained(path)
        originals = [file for name in FILES for file in self._source.glob(name)] if self._source else []
        for file in originals:
            shutil.copyfile(file, path / file.name)
        if not originals:
            self._write(path)

    def _write(self, path: Path) -> None:
        size = self.config.image_size
        stored = {
            "image_processor_type": "PrismaticImageProcessor",
            "processor_class": "PrismaticProcessor",
            "interpolations": ["bicubic"] * len(self.means),
            "image_resize_strategy": self.config.image_resize_strategy,
            "input_sizes": [[3, size, size]] * len(self.means),
            "means": [[round(value, 6) for value in row] for row in self.means.tolist()],
            "stds": [[round(value, 6) for value in row] for row in self.stds.tolist()],
            "use_fused_vision_backbone": self.config.use_fused_vision_backbone,
        }
        (path / PREPROCESSOR_FILE).write_text(json.dumps(stored, indent=2) + "\n")
        (path / "processor_config.json").write_text(json.dumps({"processor_class": "PrismaticProcessor"}) + "\n")
        self.tokenizer.save_pretrained(path)

    def prepare(self, frames: UInt8[np.ndarray, "*batch height width 3"]) -> UInt8[np.ndarray, "*batch size size 3"]:
        """Turn LIBERO's frames upright, pass them through JPEG and resize them to the model's size.

        Args:
            frames: As the simulator returns them, upside down.
        """
        upright = preprocessing.rotate_180(_checked(frames))
        return preprocessing.resize(preprocessing.jpeg_round_trip(upright), self.config.image_size)

    def centre_crop(
        self, frames: UInt8[np.ndarray, "*batch height width 3"]
    ) -> UInt8[np.ndarray, "*batch height width 3"]:
        """Cut out the centre, which roll-outs of a model trained on random crops need."""
        return preprocessing.centre_crop(_checked(frames))

    def normalize(
        self, images: UInt8[Tensor, "batch views height width 3"] | Images
    ) -> Float[Tensor, "batch channels height width"]:
        """Normalise for every encoder and stack the channels: per view, 3 for the first encoder, then 3 for the second.

        Args:
            images: Frames in 0..255 as uint8 [batch, views, height, width, 3], or images in [0, 1]
                [batch, views, 3, height, width]; prepared, so of the model's size.

        Raises:
            ValueError: If the number of views, the size or the range is not the model's.
        """
        if images.dtype == torch.uint8:
            images = images.movedim(-1, -3).float() / 255.0
        elif images.max() > 2.0:
            raise ValueError(f"`images` must be in [0, 1], or uint8, but go up to {images.max():.4g}.")
        size = self.config.image_size
        if images.shape[1:] != (self.config.num_views, 3, size, size):
            raise ValueError(
                f"`images` must have {self.config.num_views} view(s) of {size} x {size} pixels, but are "
                f"{tuple(images.shape)} (batch, views, 3, height, width); `prepare` resizes frames."
            )
        means, stds = (values.to(images.device)[:, :, None, None] for values in (self.means, self.stds))
        return ((images[:, :, None] - means) / stds).flatten(1, 3)

    def tokenize(self, instructions: Sequence[str], actions: ArrayLike | None = None) -> dict[str, Tensor]:
        """Write instructions as prompts, with actions as their answers.

        Args:
            instructions: One per row.
            actions: Normalised actions [batch, action_dim] in [-1, 1], for training.

        Returns:
            `input_ids`, `attention_mask` (bool) and, with actions, `labels`; right-padded.
        """
        prompts = [action_prompt(instruction) for instruction in instructions]
        answers = None if actions is None else self.action_tokenizer.encode(actions).tolist()
        return self._assemble(prompts, answers)

    def tokenize_text(self, questions: Sequence[str], answers: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Write questions as prompts, with texts as their answers.

        Args:
            questions: One per row.
            answers: One per row, for training.

        Returns:
            As `tokenize`.
        """
        ids = None
        if answers is not None:
            ids = self.tokenizer(list(answers), add_special_tokens=False)["input_ids"]
        return self._assemble([question_prompt(question) for question in questions], ids)

    def observe(
        self, frames: UInt8[np.ndarray, "batch views height width 3"], instructions: Sequence[str]
    ) -> dict[str, Tensor]:
        """Return the keyword arguments of `predict_action` for frames as the simulator returns them.

        Args:
            frames: Upside down, all views.
            instructions: One per row.
        """
        prepared = self.prepare(frames)
        if self.config.trained_with_augmentation:
            prepared = self.centre_crop(prepared)
        return {**self.tokenize(instructions), "pixel_values": self.normalize(torch.from_numpy(prepared))}

    def _assemble(self, prompts: list[str], answers: list[list[int]] | None) -> dict[str, Tensor]:
        """Join prompt, empty token, answer and stop token; label the last two."""
        suffix = self.config.prompt_suffix_token_id
        asked = [ids if suffix is None else [*ids, suffix] for ids in self.tokenizer(prompts)["input_ids"]]
        if answers is None:
            return self._inputs(asked)
        if len(answers) != len(prompts):
            raise ValueError(f"There must be one answer per prompt, but got {len(answers)} for {len(prompts)}.")
        told = [[*answer, self.tokenizer.eos_token_id] for answer in answers]
        labels = [[IGNORED_LABEL] * len(prompt) + answer for prompt, answer in zip(asked, told, strict=True)]
        inputs = self._inputs([prompt + answer for prompt, answer in zip(asked, told, strict=True)])
        return {**inputs, "labels": _padded(labels, IGNORED_LABEL)}

    def _inputs(self, rows: list[list[int]]) -> dict[str, Tensor]:
        mask = _padded([[1] * len(row) for row in rows], 0).bool()
        return {"input_ids": _padded(rows, self.config.pad_token_id), "attention_mask": mask}


def _padded(rows: list[list[int]], value: int) -> Int[Tensor, "batch tokens"]:
    longest = max(map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows], dtype=torch.int64)


def _checked(frames: np.ndarray) -> np.ndarray:
    if frames.dtype != np.uint8 or frames.ndim < 3 or frames.shape[-1] != 3:
        raise ValueError(f"`frames` must be uint8 [..., height, width, 3], but are {frames.dtype} {frames.shape}.")
    return frames
