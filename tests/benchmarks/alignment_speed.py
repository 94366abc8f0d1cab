"""How many times as fast as a plain transcription of the published arithmetic the alignment metrics are, and their memory.

    python tests/benchmarks/alignment_speed.py [--device cuda] [--case layers samples many permutations]

The plain functions below do per pair of layers what the published ones do: a full argsort of each Gram matrix and dense masks of
all pairs of samples. "Bare" is what no search can avoid: one product and one top-k per layer, in blocks. All take turns, so that
what else the machine does falls on all of them; times are medians of wall-clock time. Where the plain functions would take too
long, some pairs are timed and multiplied, which the output says. Memory is the growth of a fresh process's largest resident set
over what it held before the call, or of the device's largest allocation.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from vlareg.functional import cknna, mutual_knn
from vlareg.functional.chance_null import mutual_knn_null
from vlareg.functional.layer_pairs import score_layers
from vlareg.functional.layers import Layers
from vlareg.functional.permutations import episode_permutations

K = 10
ROUNDS = 3
BLOCK = 4_000_000
PLAIN_PAIRS = 4
"""Pairs of layers that the plain functions are timed on."""


def plain_neighbours(x: Tensor) -> Tensor:
    """Sort everybody by inner product."""
    return (x @ x.T).fill_diagonal_(-1e8).argsort(dim=1, descending=True)[:, :K]


def plain_mask(indices: Tensor) -> Tensor:
    """Return 1 for neighbours in a dense matrix."""
    mask = torch.zeros(len(indices), len(indices), device=indices.device)
    return mask.scatter_(1, indices, 1)


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


def bare(layers: list[Tensor]) -> None:
    """Multiply and take the largest, nothing else."""
    for x in layers:
        for part in x.split(max(1, BLOCK // len(x))):
            (part @ x.T).topk(K, dim=1)


def ours(metric: str, x: list[Tensor], y: list[Tensor]) -> Tensor:
    """Score all pairs of layers."""
    return score_layers(metric, Layers(x, "x", K), Layers(y, "y", K))


def synchronize(device: str) -> None:
    """Wait for the device."""
    if device != "cpu":
        torch.cuda.synchronize()


def seconds(device: str, *calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return each call's median time (s), the calls taking turns."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(rounds + 1):
        for call, own in zip(calls, times, strict=True):
            synchronize(device)
            start = time.perf_counter()
            call()
            synchronize(device)
            if turn > 0:  # the first warms up
                own.append(time.perf_counter() - start)
    return [statistics.median(own) for own in times]


def features(device: str, samples: int, *dims: int) -> list[Tensor]:
    """Return random layers."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(samples, dim, generator=generator).to(device) for dim in dims]


def report(name: str, time_s: float, bare_s: float, plain_s: float | None = None) -> None:
    """Print one line."""
    ratio = "" if plain_s is None else f"  plain {plain_s:8.2f} s  {plain_s / time_s:6.1f} times as fast"
    print(f"{name:38} {time_s:8.3f} s  {time_s / bare_s:5.2f} x bare{ratio}", flush=True)


def case_layers(device: str) -> None:
    """Compare all pairs of 24 and 32 layers of 1,024 samples and 1,024 dimensions."""
    layers = features(device, 1024, *[1024] * 56)
    x, y = layers[:24], layers[24:]
    print(f"N = 1,024, 24 x 32 layers, D = 1,024; plain: {PLAIN_PAIRS} pairs timed, times {768 / PLAIN_PAIRS:.0f}")
    for metric, plain in (("mutual_knn", plain_mutual_knn), ("cknna", plain_cknna)):
        time_s, plain_s, bare_s = seconds(
            device,
            lambda metric=metric: ours(metric, x, y),
            lambda plain=plain: [plain(a, b) for a, b in zip(x[:PLAIN_PAIRS], y, strict=False)],
            lambda: bare(layers),
        )
        report(metric, time_s, bare_s, plain_s * 768 / PLAIN_PAIRS)


def case_samples(device: str) -> None:
    """Compare one pair of 10,000 samples."""
    x, y = features(device, 10_000, 1024, 10)
    print("N = 10,000, D 1,024 against 10")
    for metric, plain in ((mutual_knn, plain_mutual_knn), (cknna, plain_cknna)):
        time_s, plain_s, bare_s = seconds(
            device,
            lambda metric=metric: metric(x, y, K),
            lambda plain=plain: plain(x, y),
            lambda: bare([x, y]),
            rounds=1,
        )
        report(metric.__name__, time_s, bare_s, plain_s)
        print(f"{'':38} {extra_memory(device, metric.__name__, 10_000, 1024, 10):8.0f} MB extra")


def case_many(device: str) -> None:
    """Compare one pair of 100,000 samples."""
    x, y = features(device, 100_000, 64, 10)
    print("N = 100,000, D 64 against 10")
    for metric in (mutual_knn, cknna):
        time_s, bare_s = seconds(device, lambda metric=metric: metric(x, y, K), lambda: bare([x, y]), rounds=1)
        report(metric.__name__, time_s, bare_s)
        print(f"{'':38} {extra_memory(device, metric.__name__, 100_000, 64, 10):8.0f} MB extra")


def case_permutations(device: str) -> None:
    """Compare 200 permutations of stored neighbours with the scores themselves."""
    print("200 permutations")
    for name, samples, widths, split in (
        ("24 x 32 layers", 1000, [1024] * 56, 24),
        ("one pair", 10_000, [1024, 10], 1),
    ):
        layers = features(device, samples, *widths)
        episodes = torch.arange(samples, device=device) // 50
        sides = Layers(layers[:split], "x", K, groups=episodes), Layers(layers[split:], "y", K, groups=episodes)
        indices = [side.neighbours.indices for side in sides]
        permutations = episode_permutations(episodes, 200)
        time_s, score_s, bare_s = seconds(
            device,
            lambda indices=indices, permutations=permutations: mutual_knn_null(*indices, permutations),
            lambda layers=layers, split=split: ours("mutual_knn", layers[:split], layers[split:]),
            lambda layers=layers: bare(layers),
            rounds=1,
        )
        report(f"scores, {name}, N = {samples:,}", score_s, bare_s)
        print(f"{'null':38} {time_s:8.3f} s  {time_s / score_s:5.2f} x the scores", flush=True)


def extra_memory(device: str, *arguments: object) -> float:
    """Return how much more memory than before a call needs (MB), in a process of its own."""
    command = [sys.executable, __file__, "--device", device, "--memory", *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_memory(device: str, metric: str, samples: int, *dims: int) -> None:
    """Print what a call adds to the largest resident set of this process, or to the device's largest allocation (MB)."""
    function = {"mutual_knn": mutual_knn, "cknna": cknna}[metric]
    small = features(device, 100, *dims)
    function(*small, K)  # libraries load on first use
    x, y = features(device, samples, *dims)
    before = peak_memory(device)
    function(x, y, K)
    print(peak_memory(device) - before)


def peak_memory(device: str) -> float:
    """Return the largest memory so far (MB)."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


CASES = {"layers": case_layers, "samples": case_samples, "many": case_many, "permutations": case_permutations}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES), help="what to measure")
    parser.add_argument("--memory", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        metric, *numbers = options.memory
        print_memory(options.device, metric, *map(int, numbers))
        return
    print(f"{options.device}, {torch.get_num_threads()} threads, torch {torch.__version__}, k = {K}")
    for case in options.case:
        CASES[case](options.device)


if __name__ == "__main__":
    main()
