"""How many times as fast as a plain transcription of the published arithmetic the alignment metrics are, and their memory.

    python tests/benchmarks/alignment_speed.py [--device cuda] [--case layers samples many permutations]

The plain functions below do per pair of layers what the published ones do: a full argsort of each Gram matrix and dense masks of
all pairs of samples. "Bare" is what no exact search can avoid: one product and one top-k per layer, in blocks. All take turns, so
that what else the machine does falls on all of them; times are medians, ratios are by wall clock and, on a processor that does
other things too, by processor time. Where the plain functions would take too long some pairs are timed and multiplied, which the
output says. Memory is the growth of a fresh process's largest resident set over what it held before the call, or of the device's
largest allocation.
"""

import argparse
import functools
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vlareg.functional import cknna, mutual_knn
from vlareg.functional.layer_null import layer_null
from vlareg.functional.layer_pairs import score_layers
from vlareg.functional.layers import Layers
from vlareg.functional.permutations import episode_permutations

K = 10
BLOCK = 4_000_000
PLAIN_PAIRS = 4
"""Pairs of layers that the plain functions are timed on."""


def plain_neighbours(x: Tensor) -> Tensor:
    """Sort everybody by inner product."""
    return (x @ x.T).fill_diagonal_(-1e8).argsort(dim=1, descending=True)[:, :K]


def plain_mask(indices: Tensor) -> Tensor:
    """Return 1 for neighbours in a dense matrix."""
    return torch.zeros(len(indices), len(indices), device=indices.device).scatter_(1, indices, 1)


def plain_mutual_knn(x: Tensor, y: Tensor) -> Tensor:
    """Multiply the dense masks of one pair."""
    masks = plain_mask(plain_neighbours(x)), plain_mask(plain_neighbours(y))
    return ((masks[0] * masks[1]).sum(dim=1) / K).mean()


def plain_hsic(a: Tensor, b: Tensor) -> Tensor:
    """Return the unbiased HSIC of dense matrices."""
    n = len(a)
    a, b = a.clone().fill_diagonal_(0), b.clone().fill_diagonal_(0)
    trace, total = (a * b.T).sum(), a.sum() * b.sum()
    return (trace + total / ((n - 1) * (n - 2)) - 2 * (a @ b).sum() / (n - 2)) / (n * (n - 3))


def plain_cknna(x: Tensor, y: Tensor) -> Tensor:
    """Mask dense kernels of one pair, anew for each of the three similarities."""
    grams = x @ x.T, y @ y.T

    def similarity(a: Tensor, b: Tensor) -> Tensor:
        masks = [plain_mask(g.clone().fill_diagonal_(-torch.inf).topk(K, dim=1).indices) for g in (a, b)]
        mask = masks[0] * masks[1]
        return plain_hsic(mask * a, mask * b)

    own = similarity(grams[0], grams[0]) * similarity(grams[1], grams[1])
    return similarity(*grams) / (own.sqrt() + 1e-6)


PLAIN = {"mutual_knn": plain_mutual_knn, "cknna": plain_cknna}
OURS = {"mutual_knn": mutual_knn, "cknna": cknna}


def bare(layers: list[Tensor]) -> None:
    """Multiply and take the largest, nothing else."""
    for x in layers:
        for part in x.split(max(1, BLOCK // len(x))):
            (part @ x.T).topk(K, dim=1)


def all_pairs(metric: str, x: list[Tensor], y: list[Tensor]) -> Tensor:
    """Score all pairs of layers from scratch."""
    return score_layers(metric, Layers(x, "x", K), Layers(y, "y", K))


def plain_pairs(metric: str, x: list[Tensor], y: list[Tensor]) -> None:
    """Score some pairs of layers."""
    for a, b in zip(x[:PLAIN_PAIRS], y, strict=False):
        PLAIN[metric](a, b)


class Clock:
    """Times calls in turns.

    Args:
        device: "cpu" or "cuda".
        rounds: Turns, after one that warms up.
    """

    def __init__(self, device: str, rounds: int) -> None:
        self.device, self.rounds = device, rounds

    def seconds(self, *calls: Callable[[], object]) -> list[np.ndarray]:
        """Return each call's median wall-clock and processor time (s)."""
        times: list[list[tuple[float, float]]] = [[] for _ in calls]
        for _ in range(self.rounds + 1):
            for call, own in zip(calls, times, strict=True):
                own.append(self._once(call))
        return [np.median(own[1:], axis=0) for own in times]

    def _once(self, call: Callable[[], object]) -> tuple[float, float]:
        wall, processor = time.perf_counter(), time.process_time()
        call()
        if self.device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - wall, time.process_time() - processor


def features(device: str, samples: int, *dims: int) -> list[Tensor]:
    """Return random layers."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(samples, dim, generator=generator).to(device) for dim in dims]


def report(name: str, taken: np.ndarray, **others: np.ndarray) -> None:
    """Print a time, and its ratios to others by wall clock (by processor time)."""
    against = ""
    for other, time_s in others.items():
        wall, processor = taken / time_s if other in ("bare", "scores") else time_s / taken
        against += f"  {wall:6.2f} ({processor:.2f}) " + (
            f"x {other}" if other != "plain" else "times as fast as plain"
        )
    print(f"{name:32} {taken[0]:8.3f} s{against}", flush=True)


def case_layers(clock: Clock) -> None:
    """Compare all pairs of 24 and 32 layers of 1,024 samples and 1,024 dimensions."""
    layers = features(clock.device, 1024, *[1024] * 56)
    x, y = layers[:24], layers[24:]
    print(f"N = 1,024, 24 x 32 layers, D = 1,024; plain: {PLAIN_PAIRS} pairs timed, times {768 // PLAIN_PAIRS}")
    for metric in PLAIN:
        taken, plain, least = clock.seconds(
            functools.partial(all_pairs, metric, x, y),
            functools.partial(plain_pairs, metric, x, y),
            functools.partial(bare, layers),
        )
        report(metric, taken, plain=plain * 768 / PLAIN_PAIRS, bare=least)


def case_samples(clock: Clock) -> None:
    """Compare one pair of 10,000 samples."""
    x, y = features(clock.device, 10_000, 1024, 10)
    print("N = 10,000, D 1,024 against 10")
    for metric, ours in OURS.items():
        taken, plain, least = clock.seconds(
            functools.partial(ours, x, y, K), functools.partial(PLAIN[metric], x, y), functools.partial(bare, [x, y])
        )
        report(metric, taken, plain=plain, bare=least)
        print(f"{'':32} {extra_memory(clock.device, metric, 10_000, 1024, 10):8.0f} MB extra", flush=True)


def case_many(clock: Clock) -> None:
    """Compare one pair of 100,000 samples."""
    x, y = features(clock.device, 100_000, 64, 10)
    print("N = 100,000, D 64 against 10")
    for metric, ours in OURS.items():
        taken, least = clock.seconds(functools.partial(ours, x, y, K), functools.partial(bare, [x, y]))
        report(metric, taken, bare=least)
        print(f"{'':32} {extra_memory(clock.device, metric, 100_000, 64, 10):8.0f} MB extra", flush=True)


def case_permutations(clock: Clock) -> None:
    """Compare 200 permutations of stored neighbours with the scores themselves."""
    print("mutual_knn and 200 permutations of 20 episodes or more")
    for name, samples, dims, split in (("24 x 32 layers", 1000, [1024] * 56, 24), ("one pair", 10_000, [1024, 10], 1)):
        layers = features(clock.device, samples, *dims)
        episodes = torch.arange(samples, device=clock.device) // 50
        x, y = Layers(layers[:split], "x", K, groups=episodes), Layers(layers[split:], "y", K, groups=episodes)
        scores, null = clock.seconds(
            functools.partial(all_pairs, "mutual_knn", x.vectors, y.vectors),
            functools.partial(layer_null, "mutual_knn", x, y, episode_permutations(episodes, 200)),
        )
        report(f"null, {name}, N = {samples:,}", null, scores=scores)


def extra_memory(device: str, *arguments: object) -> float:
    """Return how much more memory than before a call needs (MB), in a process of its own."""
    command = [sys.executable, __file__, "--device", device, "--memory", *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_memory(device: str, metric: str, samples: int, *dims: int) -> None:
    """Print what a call adds to this process's largest memory (MB)."""
    OURS[metric](*features(device, 100, *dims), K)  # libraries load on first use
    x, y = features(device, samples, *dims)
    before = peak_memory(device)
    OURS[metric](x, y, K)
    print(peak_memory(device) - before)


def peak_memory(device: str) -> float:
    """Return the largest resident set so far, or the device's largest allocation (MB)."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 1e6
    # Not `getrusage`, whose figure begins with that of the program that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


CASES = {"layers": case_layers, "samples": case_samples, "many": case_many, "permutations": case_permutations}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES), help="what to measure")
    parser.add_argument("--rounds", type=int, default=3, help="turns after one that warms up")
    parser.add_argument("--memory", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        metric, *numbers = options.memory
        print_memory(options.device, metric, *map(int, numbers))
        return
    print(f"{options.device}, {torch.get_num_threads()} threads, torch {torch.__version__}, k = {K}")
    for case in options.case:
        CASES[case](Clock(options.device, options.rounds))


if __name__ == "__main__":
    main()
