"""Training with a cached teacher, by the same YAML and module as any other."""

import pytest
import torch
import yaml
from jsonargparse import ArgumentParser
from lightning import Callback, Trainer

from vlareg.data import LiberoData
from vlareg.module import RegularizedPolicy
from vlareg.regularizers import Regularizer, TeacherAlignment
from vlareg.teachers import CachedTeacher, EfficientNetLiteTeacher

LAYER = "language_model.model.layers.1"
CACHED = """
class_path: vlareg.regularizers.TeacherAlignment
init_args:
  layers: [language_model.model.layers.1]
  dim: 192
  teacher:
    class_path: vlareg.teachers.CachedTeacher
    init_args:
      teacher: {class_path: vlareg.teachers.EfficientNetLiteTeacher, init_args: {image_size: 96, layer: -2}}
"""


class Losses(Callback):
    def __init__(self):
        self.values = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.values.append(trainer.callback_metrics["train/teacher/loss"])


def fit(checkpoint, demonstrations, folder, teacher):
    torch.manual_seed(0)
    module = RegularizedPolicy(str(checkpoint), [TeacherAlignment([LAYER], 192, teacher=teacher)])
    losses = Losses()
    trainer = Trainer(
        max_steps=2, max_epochs=-1, logger=False, default_root_dir=folder, callbacks=[losses], accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, use_distributed_sampler=False,
        limit_val_batches=2, num_sanity_val_steps=0,
    )  # fmt: skip
    data = LiberoData(str(checkpoint), demonstrations, batch_size=8)
    trainer.fit(module, data)
    held_out = trainer.validate(module, data, verbose=False)[0]["val/teacher/loss"]
    return torch.stack(losses.values), held_out


def test_a_run_with_a_cached_teacher_is_the_run_with_the_live_one(checkpoint, demonstrations, tmp_path):
    live, held_out = fit(checkpoint, demonstrations, tmp_path, EfficientNetLiteTeacher(96, -2))
    teacher = CachedTeacher(EfficientNetLiteTeacher(96, -2), dtype="float32")
    cached, cached_held_out = fit(checkpoint, demonstrations, tmp_path, teacher)
    torch.testing.assert_close(cached, live, atol=1e-6, rtol=0)
    assert cached_held_out == pytest.approx(held_out, abs=1e-6)


def test_it_is_chosen_in_yaml():
    parser = ArgumentParser()
    parser.add_subclass_arguments(Regularizer, "regularizer")
    made = parser.instantiate(parser.parse_object({"regularizer": yaml.safe_load(CACHED)})).regularizer
    assert isinstance(made.teacher, CachedTeacher)
    assert made.teacher.dim == 112
