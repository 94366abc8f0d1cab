import pickle
from dataclasses import fields
from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor

from vlareg.data import LiberoData
from vlareg.data.loaders import ordered_loader


def loaded(checkpoint, demonstrations, workers):
    data = LiberoData(str(checkpoint), demonstrations, batch_size=4, horizon=2, num_workers=workers)
    data.setup()
    return data


def assert_same(first, second):
    for f in fields(first):
        mine, theirs = getattr(first, f.name), getattr(second, f.name)
        assert torch.equal(mine, theirs) if isinstance(mine, Tensor) else mine == theirs, f.name


def test_workers_change_no_batch_and_not_their_order(checkpoint, demonstrations):
    alone, two = (loaded(checkpoint, demonstrations, workers) for workers in (0, 2))
    state = torch.get_rng_state()
    for name, count in (("train_dataloader", 14), ("val_dataloader", None)):  # 14 batches of 4 are more than an epoch
        torch.set_rng_state(state)
        expected = list(islice(getattr(alone, name)(), count))
        after = torch.get_rng_state()
        torch.set_rng_state(state)
        loader = getattr(two, name)()
        batches = list(islice(loader, count))
        assert torch.equal(torch.get_rng_state(), after)
        assert loader.persistent_workers
        assert len(batches) == len(expected) > 5
        for first, second in zip(expected, batches, strict=True):
            assert_same(first, second)


def test_frames_stay_in_their_file(checkpoint, demonstrations):
    """A worker that is no fork gets a pickled data set, and NumPy would pickle all frames."""
    data = loaded(checkpoint, demonstrations, 0)
    stored = pickle.dumps(data.train)
    assert all(isinstance(frames, np.memmap) and not frames.flags.writeable for frames in data.train.frames)
    assert len(stored) < data.train.frames[0].nbytes / 4
    again = pickle.loads(stored)
    assert all(isinstance(frames, np.memmap) for frames in again.frames)
    assert_same(again.__getitems__([0, 30]), data.train.__getitems__([0, 30]))


@pytest.mark.parametrize(("size", "first"), [(4, [[0, 1, 2], [3, 4]]), (1, [[0], [1]])])
def test_ranks_share_each_batch(size, first):
    loaders = [ordered_loader(range(10), np.arange(10), size, rank=rank, ranks=2) for rank in (0, 1)]
    batches = [list(loader.batch_sampler) for loader in loaders]
    assert [rank[0] for rank in batches] == first
    assert sorted(index for rank in batches for batch in rank for index in batch) == list(range(10))
    assert len(batches[0]) == len(batches[1])


def test_of_nothing_there_is_no_batch():
    assert len(ordered_loader(range(10), np.arange(0), 4)) == 0


def test_a_negative_number_of_workers_is_refused(checkpoint):
    with pytest.raises(ValueError, match="`num_workers` must be >= 0, but got -1"):
        LiberoData(str(checkpoint), num_workers=-1)
