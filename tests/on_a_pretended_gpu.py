"""Training, resumption, answers and scores on a device that is not the processor: nothing is left behind, and all comes out the same.

Run by `test_on_another_device.py`, with the folders of a checkpoint, of demonstrations, and of what is written.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, Trainer
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import SingleDeviceStrategy
from safetensors.torch import load_file
from torch.nn.attention import SDPBackend, sdpa_kernel

from tests.pretended_gpu import GPU, OnGpu, pretended_gpu
from vlareg.callbacks import AlignmentMonitor, StartUpProbes, WeightAverage
from vlareg.data import Demonstrations, LiberoData
from vlareg.evaluation.policy import OpenVLAPolicy
from vlareg.functional.chance_scores import Resampling
from vlareg.functional.layer_pairs import LAYER_METRICS
from vlareg.functional.layer_scores import score_with_chance
from vlareg.functional.layers import Layers
from vlareg.module import RegularizedPolicy
from vlareg.optimization import Optimization
from vlareg.policies.lora import LoRA
from vlareg.policies.openvla import OpenVLAForActionPrediction, OpenVLAProcessor, StaticDecoder
from vlareg.policies.openvla.decoding import decode_greedily
from vlareg.regularizers import RSCL, TeacherAlignment, UpperBlocksAdapter
from vlareg.run_folder import run_folder
from vlareg.teachers import CachedTeacher, EfficientNetLiteTeacher

LAYER = "language_model.model.layers.0"
INSTRUCTIONS = ["put the red cube on the plate", "push the block to the red region"]


class _Anywhere(CPUAccelerator):
    def setup_device(self, device: torch.device) -> None:
        """Take any device."""


class _Monitor(AlignmentMonitor):
    def _draw(self, trainer: Trainer) -> None:
        """Draw nothing, which takes seconds."""


class _Look(Callback):
    """Everything that learns and every tensor of a batch is on the device."""

    def __init__(self, kind: type) -> None:
        self.kind, self.batches = kind, 0

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.batches += 1
        assert all(type(p.data) is self.kind for p in pl_module.parameters() if p.requires_grad)
        assert type(batch.pixel_values) is type(batch.proprio) is type(batch.sample_ids) is self.kind


def train(checkpoint: str, demonstrations: Demonstrations, folder: Path, device: torch.device, steps: int) -> Path:
    """Train with both regularizers and every callback from where the folder's last training ended; return the policy's folder."""
    torch.manual_seed(0)
    teacher = CachedTeacher(EfficientNetLiteTeacher(96, -2), folder=folder / "features")
    rscl = RSCL(LAYER, 192, adapter=UpperBlocksAdapter(192, first_block=1))
    optimization = Optimization(learning_rate=1e-3, warmup_steps=1, eps=1e-5)
    module = RegularizedPolicy(
        checkpoint, [rscl, TeacherAlignment([LAYER], 192, teacher=teacher)], LoRA(dropout=0.1),
        optimization=optimization, gradient_steps=1,
    )  # fmt: skip
    look, last = _Look(OnGpu if device == GPU else torch.Tensor), folder / "last.ckpt"
    monitor = _Monitor(
        ["llm.1.*", "vision.0.block1.patches", "rscl.z"], metrics=["mutual_knn", "cka"], every_n_steps=1, k=3
    )
    saver = ModelCheckpoint(folder, every_n_train_steps=1, save_last=True)
    trainer = Trainer(
        max_steps=steps, max_epochs=-1, default_root_dir=folder, enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, val_check_interval=2, check_val_every_n_epoch=None, use_distributed_sampler=False,
        gradient_clip_val=1.0, log_every_n_steps=1, accumulate_grad_batches=2,
        strategy=SingleDeviceStrategy(device=device, accelerator=_Anywhere()),
        callbacks=[saver, WeightAverage(decay=0.5), StartUpProbes(), monitor, look],
    )  # fmt: skip
    data = LiberoData(checkpoint, demonstrations, batch_size=4)
    trainer.fit(module, data, ckpt_path=last if last.exists() else None, weights_only=True)
    assert look.batches > 0
    return (run_folder(trainer) or folder) / "policy"


def answers(policy: Path, device: torch.device) -> np.ndarray:
    """Return the actions of a trained policy, with both caches."""
    model = OpenVLAForActionPrediction.from_pretrained(policy).to(device)
    frames = np.random.default_rng(0).integers(0, 256, (2, 2, 128, 128, 3), dtype=np.uint8)
    processor = OpenVLAProcessor.from_pretrained(policy)
    policies = [
        OpenVLAPolicy(model, processor, INSTRUCTIONS, decode=decode) for decode in (decode_greedily, StaticDecoder())
    ]
    act = OpenVLAPolicy.act.__wrapped__  # type: ignore[attr-defined]  # without inference mode, which the device has not
    with torch.no_grad():
        return np.stack([act(policy, frames, INSTRUCTIONS) for policy in policies])


def scores(device: torch.device) -> np.ndarray:
    """Return every alignment metric's value, chance and p; one layer has many ties, which are broken at random."""
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 40, 8, generator=generator), torch.randn(2, 40, 6, generator=generator)
    y[1] = y[1].round() + 0.5
    episodes = (torch.arange(40) // 5).to(device)
    sides = [Layers(list(side.to(device)), name, groups=episodes, k=5) for side, name in ((x, "x"), (y, "y"))]
    found = [score_with_chance(metric, *sides, Resampling(10, 4)) for metric in LAYER_METRICS]
    return torch.stack([part for score in found for part in (score.value, score.chance, score.p)]).numpy(force=True)


def main() -> None:
    """Compare the device with the processor."""
    checkpoint, folder = sys.argv[1], Path(sys.argv[3])
    demonstrations = Demonstrations(tasks=(0, 1), train_episodes=3, validation_episodes=2, folder=sys.argv[2])
    with sdpa_kernel(SDPBackend.MATH):
        on_cpu = train(checkpoint, demonstrations, folder / "cpu", torch.device("cpu"), steps=2)
        expected, known = answers(on_cpu, torch.device("cpu")), scores(torch.device("cpu"))
    with pretended_gpu():
        on_gpu = [train(checkpoint, demonstrations, folder / "gpu", GPU, steps) for steps in (1, 2)][-1]
        found, scored = answers(on_gpu, GPU), scores(GPU)
    ours, theirs = (load_file(policy / "model.safetensors") for policy in (on_gpu, on_cpu))
    assert ours.keys() == theirs.keys()
    for name, weight in theirs.items():
        torch.testing.assert_close(ours[name], weight, atol=1e-5, rtol=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(scored, known, atol=1e-6)
    print("the same on both")


if __name__ == "__main__":
    main()
