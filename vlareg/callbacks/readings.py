"""Read many representations of a probe set in one forward pass of the policy, on one rank or several."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor, nn

from vlareg.batch import VLABatch
from vlareg.callbacks.representation import Representation
from vlareg.distributed import gather_rows, rank, world_size
from vlareg.features import FeatureTap
from vlareg.functional.precision import full_precision
from vlareg.shapes import Embeddings


@dataclass(frozen=True)
class Readings:
    """Representations of the same samples.

    Args:
        values: Name -> one vector per sample (float32).
        episode_ids: Episode of each sample.
        sample_ids: Unique number of each sample; they increase.
    """

    values: dict[str, Embeddings]
    episode_ids: Int[Tensor, "samples"]
    sample_ids: Int[Tensor, "samples"]


@torch.no_grad()
def read_probe(
    policy: nn.Module,
    wanted: Sequence[Representation],
    batches: Iterable[VLABatch],
    context: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Readings:
    """Run the policy once over a probe set and return what was wanted of every sample, on every rank.

    The batches are dealt out to the ranks in turn. The order of the samples is that of their ids, so that it does not
    depend on the number of ranks. Of one batch at a time, the outputs of all modules that are read
    are in memory.

    Args:
        policy: Called with `**batch.model_inputs()`, in evaluation mode.
        wanted: What to read, with different names.
        batches: The whole probe set, the same on every rank.
        context: Around the policy's forward pass, such as autocast.

    Raises:
        ValueError: If the policy is in training mode, there is no sample, or one is there twice.
    """
    if policy.training:
        raise ValueError("`policy` must be in evaluation mode, or dropout would be part of what is read.")
    device = next(policy.parameters()).device
    paths = {item.path for item in wanted if item.path is not None}
    rows, ids = [], []
    for batch, is_own in _dealt_out(batches):
        batch = batch.to(device)
        with FeatureTap(policy, paths) as tap, ExitStack() as watches, context():
            for watch in {item.watch for item in wanted}:
                watches.enter_context(watch(policy))
            policy(**batch.model_inputs())
        with full_precision(batch.images):
            values = [item.read(batch, tap[item.path] if item.path else None).float() for item in wanted]
        if is_own:
            rows.append(values)
            ids.append(torch.stack([batch.sample_ids, batch.episode_ids], dim=1))
    return _gathered([item.name for item in wanted], rows, ids, device)


def _dealt_out(batches: Iterable[VLABatch]) -> Iterator[tuple[VLABatch, bool]]:
    """Yield this rank's batches, and the last one of all, which is not its own, where other ranks have one more.

    Where weights are sharded, every rank has to run the policy equally often.
    """
    turn, batch = 0, None
    for number, batch in enumerate(batches):
        turn = number % world_size()
        if turn == rank():
            yield batch, True
    if batch is not None and rank() > turn:
        yield batch, False


def _gathered(names: list[str], rows: list[list[Tensor]], ids: list[Tensor], device: torch.device) -> Readings:
    nothing = torch.zeros(0, 0, device=device)
    numbers = torch.cat(gather_rows(torch.cat(ids) if ids else nothing))
    columns = [torch.cat([row[i] for row in rows]) if rows else nothing for i in range(len(names))]
    values = [torch.cat(gather_rows(column)) for column in columns]
    if len(numbers) == 0:
        raise ValueError("The probe set is empty: `probe_batches` yields nothing.")
    sample_ids, order = numbers[:, 0].sort()
    if bool((sample_ids.diff() == 0).any()):
        twice = sorted(set(sample_ids[:-1][sample_ids.diff() == 0].tolist()))
        raise ValueError(f"The probe set holds samples {twice[:5]} more than once; duplicates look like alignment.")
    by_name = {name: value[order] for name, value in zip(names, values, strict=True)}
    return Readings(by_name, numbers[order, 1], sample_ids)
