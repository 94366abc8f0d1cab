from itertools import chain, islice

import pytest

from vlareg.data.sampler import EndlessBatches


def _take(batches, count):
    return [[draw.index for draw in batch] for batch in islice(batches, count)]


def test_an_epoch_visits_every_sample_once_and_epochs_differ():
    drawn = list(chain(*_take(EndlessBatches(10, 5, seed=0), 4)))
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert drawn[:10] != drawn[10:]


def test_a_resumed_sequence_is_the_rest_of_the_whole_one():
    whole = list(islice(EndlessBatches(7, 3, seed=1), 9))
    assert list(islice(EndlessBatches(7, 3, seed=1, start=4), 5)) == whole[4:]


def test_ranks_together_see_the_batches_of_one_process():
    one = _take(EndlessBatches(11, 6, seed=2), 5)
    ranks = [_take(EndlessBatches(11, 3, seed=2, rank=rank, world_size=2), 5) for rank in range(2)]
    assert [a + b for a, b in zip(*ranks, strict=True)] == one


def test_seeds_differ():
    assert _take(EndlessBatches(50, 50, seed=0), 1) != _take(EndlessBatches(50, 50, seed=1), 1)


def test_an_empty_data_set_is_refused():
    with pytest.raises(ValueError, match="`num_samples` and `batch_size` must be >= 1"):
        EndlessBatches(0, 3, seed=0)
