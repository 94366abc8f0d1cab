import pytest
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from tests.callbacks.toy import ToyModule, random_batch
from vlareg.callbacks import WeightAverage


class Watched(ToyModule):
    """Remember the weights after each step, and those that are validated."""

    def __init__(self) -> None:
        super().__init__()
        self.policy.dropout.p = 0.0
        self.after, self.validated = [], []

    def on_train_batch_end(self, *_):
        self.after.append(self.policy.mix.detach().clone())

    def validation_step(self, batch, batch_idx):
        self.validated.append(self.policy.mix.detach().clone())


def train(folder, *callbacks, module=None, ckpt_path=None, **options) -> Watched:
    module = module or Watched()
    trainer = Trainer(
        default_root_dir=folder, callbacks=list(callbacks), logger=False, accelerator="cpu", val_check_interval=4,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0,
        **{"max_epochs": 1, "enable_checkpointing": False, **options},
    )  # fmt: skip
    torch.manual_seed(0)
    loaders = DataLoader([random_batch()] * 8, batch_size=None), DataLoader([random_batch()], batch_size=None)
    trainer.fit(module, *loaders, ckpt_path=ckpt_path, weights_only=True if ckpt_path else None)
    return module


def test_the_average_is_validated_and_left_at_the_end(tmp_path):
    plain, module = train(tmp_path), train(tmp_path, WeightAverage(decay=0.5))
    # Training goes on as it would without.
    assert all(torch.equal(a, b) for a, b in zip(plain.after, module.after, strict=True))
    start, expected = Watched().policy.mix.detach(), []
    average = start.double()
    for step, weights in enumerate(module.after):
        decay = min(0.5, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * weights.double()
        expected.append(average)
    torch.testing.assert_close(module.validated[0].double(), expected[3], atol=1e-6, rtol=0)
    torch.testing.assert_close(module.policy.mix.detach().double(), expected[-1], atol=1e-6, rtol=0)


def test_a_run_that_is_shorter_than_its_checkpoints_are_apart_is_resumed_to_the_same_weights(tmp_path):
    """Then Lightning writes `last.ckpt` at the very end, when the average is in the weights' place."""

    def run(steps, **options):
        saver = ModelCheckpoint(tmp_path / str(steps), every_n_train_steps=50, save_last=True)
        options |= {"max_steps": steps, "max_epochs": -1, "enable_checkpointing": True}
        return train(tmp_path, WeightAverage(decay=0.5), saver, **options)

    whole = run(6)
    run(3)
    resumed = run(6, ckpt_path=tmp_path / "3" / "last.ckpt")
    assert all(torch.equal(a, b) for a, b in zip(whole.after[3:], resumed.after, strict=True))
    assert torch.equal(whole.policy.mix, resumed.policy.mix)


def test_a_second_training_goes_on_from_the_weights(tmp_path):
    plain, module, average = Watched(), Watched(), WeightAverage(decay=0.5)
    for _ in range(2):
        train(tmp_path, module=plain)
        train(tmp_path, average, module=module)
    assert all(torch.equal(a, b) for a, b in zip(plain.after, module.after, strict=True))


def test_accumulated_batches_count_once(tmp_path):
    average = WeightAverage()
    train(tmp_path, average, accumulate_grad_batches=4)
    assert average.steps == 2


def test_an_average_of_other_weights_is_refused(tmp_path):
    average = WeightAverage()
    average.load_state_dict({"steps": 1, "average": {"other": torch.zeros(1)}})
    with pytest.raises(ValueError, match="average is of other weights"):
        train(tmp_path, average)


def test_the_decay_is_checked():
    with pytest.raises(ValueError, match=r"`decay` must be in \[0, 1\), but got 1"):
        WeightAverage(decay=1.0)
