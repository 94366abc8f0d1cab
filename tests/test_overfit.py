"""Eight frames, learned by heart: nothing between data, loss and optimizer is broken, whatever is added to the loss."""

import pytest
import torch
from lightning import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from vlareg.batch import VLABatch
from vlareg.data import LiberoData
from vlareg.module import RegularizedPolicy
from vlareg.optimization import Optimization
from vlareg.regularizers import RSCL, Regularizer, TeacherAlignment
from vlareg.teachers import EfficientNetLiteTeacher

LAYER, STEPS = "language_model.model.layers.1", 200


def regularizers(*names: str) -> list[Regularizer]:
    made = {
        "rscl": lambda: RSCL(LAYER, 192),
        "teacher": lambda: TeacherAlignment([LAYER], 192, teacher=EfficientNetLiteTeacher(96, -2)),
    }
    return [made[name]() for name in names]


class EightFrames(LightningDataModule):
    """The same batch in every step."""

    statistics = None

    def __init__(self, data: LiberoData) -> None:
        super().__init__()
        data.setup()
        self.processor, self.quantities, self.splits = data.processor, data.quantities, []
        self.batch: VLABatch = data.train.__getitems__(range(0, 32, 4))

    def train_dataloader(self):
        return DataLoader([self.batch] * STEPS, batch_size=None)


class StopWhenPerfect(RegularizedPolicy):
    """Stop at 100 % token accuracy."""

    def on_train_batch_end(self, *_) -> None:
        self.trainer.should_stop = float(self.trainer.callback_metrics["train/policy/token_accuracy"]) == 1.0


@pytest.mark.parametrize("names", [("rscl",), ("teacher",), ("rscl", "teacher")], ids="+".join)
def test_eight_frames_are_learned_by_heart(checkpoint, demonstrations, tmp_path, names):
    torch.manual_seed(0)
    optimization = Optimization(learning_rate=2e-3, warmup_steps=10, decay="constant")
    module = StopWhenPerfect(str(checkpoint), regularizers(*names), optimization=optimization)
    trainer = Trainer(
        max_steps=STEPS, default_root_dir=tmp_path, logger=False, enable_checkpointing=False, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False, gradient_clip_val=1.0,
    )  # fmt: skip
    trainer.fit(module, EightFrames(LiberoData(str(checkpoint), demonstrations, augmentation=False)))
    assert trainer.callback_metrics["train/policy/token_accuracy"] == 1.0
