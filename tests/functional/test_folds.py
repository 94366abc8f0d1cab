import pytest
import torch

from vlareg.functional.folds import held_out_folds


def test_every_sample_is_scored_once_by_what_was_fitted_on_other_episodes():
    groups = torch.tensor([3, 3, 7, 1, 1, 1, 9, 7, 5, 5])
    folds = held_out_folds(groups, 10, 3)
    assert torch.cat([fold.score for fold in folds]).sort().values.tolist() == list(range(10))
    for fold in folds:
        assert not set(groups[fold.fit].tolist()) & set(groups[fold.score].tolist())
        assert len(fold.fit) + len(fold.score) == 10


@pytest.mark.parametrize("folds", [1, 6])
def test_there_are_as_many_episodes_as_folds(folds):
    with pytest.raises(ValueError, match=r"`folds` must be in 2\.\.5, the number of episodes"):
        held_out_folds(torch.arange(5), 5, folds)
