"""Questions about rendered scenes as a LightningDataModule: vision-language pretraining."""

from collections.abc import Sequence

import numpy as np
import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from vlareg.batch import VLABatch
from vlareg.data.concepts import SceneQuestions, render_scenes
from vlareg.data.loaders import endless_loader, ordered_loader
from vlareg.data.sampler import Draw
from vlareg.policies.openvla import OpenVLAProcessor


class QuestionBatches(Dataset[VLABatch]):
    """Questions as batches, in which proprioception and actions are zero.

    Args:
        questions: Pictures with questions and answers.
        processor: Tokenizes and normalises.
        indices: Scenes that belong to the split.
    """

    def __init__(self, questions: SceneQuestions, processor: OpenVLAProcessor, indices: np.ndarray) -> None:
        self.questions, self.processor, self.indices = questions, processor, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitems__(self, draws: Sequence[Draw | int]) -> VLABatch:
        """Return a batch; the same scene is asked another question at another position of the training sequence."""
        scenes = len(self.questions.scenes["frames"])
        drawn = [draw if isinstance(draw, Draw) else Draw(draw, 0) for draw in draws]
        visits = [draw.position // len(self) % self.questions.questions_per_scene for draw in drawn]
        rows = [
            self.questions[int(self.indices[draw.index]) + visit * scenes]
            for draw, visit in zip(drawn, visits, strict=True)
        ]
        images = torch.from_numpy(np.stack([row["frames"] for row in rows])).movedim(-1, 2).float().div_(255)
        tokens = self.processor.tokenize_text([row["question"] for row in rows], [row["answer"] for row in rows])
        count = len(rows)
        return VLABatch(
            **tokens,
            pixel_values=self.processor.normalize(images),
            images=images,
            proprio=torch.zeros(count, 8),
            actions=torch.zeros(count, 1, 7),
            episode_ids=torch.arange(count),
            sample_ids=torch.tensor([draw.index for draw in drawn]),
            patches_per_view=self.processor.config.patches_per_view,
            dataset="",
        )


class QuestionData(LightningDataModule):
    """Scenes rendered on the first run into the user's cache, nine tenths of them for training.

    Args:
        policy: Checkpoint folder; its processor decides normalisation and tokens.
        tabletops: Number of rendered tabletops.
        signs: Number of rendered sign boards.
        batch_size: Questions per step and device.
        questions_per_scene: Different questions a scene is asked over the run.
        seed: Decides scenes, questions and their order.
    """

    statistics = None

    def __init__(
        self,
        policy: str,
        tabletops: int = 12000,
        signs: int = 6000,
        batch_size: int = 64,
        questions_per_scene: int = 64,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.processor = OpenVLAProcessor.from_pretrained(policy)
        self.processor.config.trained_with_augmentation = False
        self.tabletops, self.signs, self.batch_size, self.seed = tabletops, signs, batch_size, seed
        self.questions_per_scene = questions_per_scene

    def prepare_data(self) -> None:
        """Render what is missing; runs in one process."""
        render_scenes(self.tabletops, self.seed, signs=self.signs)

    def setup(self, stage: str | None = None) -> None:
        """Hold every tenth scene out."""
        scenes = render_scenes(self.tabletops, self.seed, signs=self.signs)
        questions = SceneQuestions(scenes, seed=self.seed, questions_per_scene=self.questions_per_scene)
        numbers = np.arange(len(scenes["frames"]))
        self.train = QuestionBatches(questions, self.processor, numbers[numbers % 10 != 0])
        self.held_out = QuestionBatches(questions, self.processor, numbers[numbers % 10 == 0])

    def train_dataloader(self) -> DataLoader[VLABatch]:
        """Return an endless loader that starts where the trainer's step is."""
        return endless_loader(self.train, self.batch_size, self.seed, self.trainer)

    def val_dataloader(self) -> DataLoader[VLABatch]:
        """Return the held-out scenes, each with one question."""
        return ordered_loader(self.held_out, np.arange(len(self.held_out)), self.batch_size)
