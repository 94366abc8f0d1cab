"""Samples that the loader prepares a second, with 0, 1 and 2 workers, in turns, beside what a GPU consumes.

    python tests/benchmarks/loader_speed.py                 # OpenVLA-7B's frames: one view of 224 x 224 pixels
    python tests/benchmarks/loader_speed.py --size mini     # the small checkpoint's: two views of 96 x 96

Frames are noise in a memory-mapped file, as a run finds them once they are decoded and resized; the file stays in the system's
memory. Augmentation, normalisation and tokens are those of training. Numbers are medians of the turns; each worker has one thread.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from vlareg.data.loaders import endless_loader
from vlareg.data.prepared import PreparedFile
from vlareg.data.transitions import Split, Transitions
from vlareg.policies.openvla import OpenVLAConfig, OpenVLAProcessor, build_mini_tokenizer, mini_config

FRAMES, STEPS = 512, 64
"""Frames in the file, and of an episode."""
INSTRUCTION = "put the red cube on the plate"
CONSUMED = 44.0
"""Samples a second of OpenVLA-7B with LoRA on an H100, by shapes: 7.54e9 parameters, 296 tokens a sample, 2 operations forward and
2 backward (frozen weights get no gradient), 40 % of the 989e12 operations a second that NVIDIA's data sheet states for bfloat16."""


def make_processor(size: str) -> OpenVLAProcessor:
    """Return a processor for the frames of a checkpoint; the tokenizer is the small one."""
    tokenizer = build_mini_tokenizer([INSTRUCTION])
    config = mini_config(tokenizer, num_views=1 if size == "7b" else 2)
    if size == "7b":
        official = OpenVLAConfig()
        config.timm_model_ids, config.image_sizes = official.timm_model_ids, official.image_sizes
    return OpenVLAProcessor(tokenizer, config)


def make_transitions(processor: OpenVLAProcessor, folder: Path) -> Transitions:
    """Write noise where the cache of frames would be."""
    random, config = np.random.default_rng(0), processor.config
    shape = (FRAMES, config.num_views, config.image_size, config.image_size, 3)
    np.save(folder / "frames.npy", random.integers(0, 256, shape, dtype=np.uint8))
    file = PreparedFile(
        INSTRUCTION,
        np.load(folder / "frames.npy", mmap_mode="r"),
        random.random((FRAMES, 8), dtype=np.float32),
        random.random((FRAMES, 7), dtype=np.float32),
        np.arange(FRAMES) // STEPS,
    )
    return Transitions([Split(file, np.arange(FRAMES), 0)], processor, augmentation_seed=0)


def measure(data: Transitions, batch_size: int, workers: int, seconds: float) -> float:
    """Return samples a second, once the workers run and what they have prepared in advance is used up."""
    batches = iter(endless_loader(data, batch_size, 0, None, workers))
    for _ in range(4 * workers + 1):
        next(batches)
    start, samples = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        samples += len(next(batches))
    return samples / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--size", choices=("mini", "7b"), default="7b", help="whose frames")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=5.0, help="of one turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns")
    parser.add_argument(
        "--consumed", type=float, default=CONSUMED, help="samples a second of a GPU; by default an H100's, by shapes"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data = make_transitions(make_processor(options.size), Path(folder))
        turns = np.array(
            [
                [measure(data, options.batch_size, workers, options.seconds) for workers in options.workers]
                for _ in range(options.rounds)
            ]
        )
    print(f"{options.size}, batch {options.batch_size}, {os.cpu_count()} cores, {options.rounds} turns")
    for workers, speed, ratio in zip(
        options.workers, np.median(turns, axis=0), np.median(turns / turns[:, :1], axis=0), strict=True
    ):
        print(
            f"{workers} workers {speed:8.1f} samples/s  {ratio:5.2f} x {options.workers[0]} workers  "
            f"{speed / options.consumed:6.1f} x consumed ({options.consumed:g}/s)"
        )


if __name__ == "__main__":
    main()
