import pytest
import torch

from vlareg.functional.permutations import episode_permutations, even_frames

INTERLEAVED = torch.tensor([3, 9, 3, 9, 7, 7, 1, 1, 3, 9, 7, 1])
UNEQUAL = torch.arange(8).repeat_interleave(torch.tensor([2, 3, 2, 3, 2, 3, 2, 3]))


@pytest.mark.parametrize("episodes", [INTERLEAVED, UNEQUAL, torch.arange(9)], ids=["interleaved", "unequal", "frames"])
def test_whole_episodes_change_places_and_keep_their_order(episodes):
    moved = 0
    for permutation in episode_permutations(episodes, count=20, seed=1):
        assert permutation.sort().values.tolist() == list(range(len(episodes)))
        for episode in episodes.unique():
            taken = permutation[episodes == episode]
            source = episodes[taken].unique()
            assert len(source) == 1
            assert taken.tolist() == (episodes == source).nonzero().flatten().tolist()
            moved += int(source != episode)
    assert moved > 0


def test_every_order_of_the_episodes_is_as_likely():
    episodes = torch.arange(8) // 2
    orders = episode_permutations(episodes, count=2400)[:, ::2] // 2
    _, counts = torch.unique(orders, dim=0, return_counts=True)
    assert len(counts) == 24
    assert 50 < counts.min() < counts.max() < 150  # 100 expected, standard deviation 9.8


def test_permutations_depend_on_the_seed_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = episode_permutations(UNEQUAL, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)
    assert torch.equal(first, episode_permutations(UNEQUAL, seed=3))
    assert not torch.equal(first, episode_permutations(UNEQUAL, seed=4))


def test_even_frames_make_lengths_equal():
    rows = even_frames(UNEQUAL)
    assert torch.unique(UNEQUAL[rows], return_counts=True)[1].tolist() == [2] * 8
    assert episode_permutations(UNEQUAL[rows], count=3).shape == (3, 16)


def test_even_frames_hold_the_first_and_the_last_frame():
    episodes = torch.tensor([1] * 9 + [0] * 5)
    assert even_frames(episodes, 3).tolist() == [0, 4, 8, 9, 11, 13]
    assert even_frames(episodes, 1).tolist() == [0, 9]


@pytest.mark.parametrize(
    ("episodes", "arguments", "message"),
    [
        (torch.tensor([0, 0, 1, 1, 2, 2]), {}, "Only 3 of `episodes` have 2 samples, and 4.*even_frames"),
        (torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, 4]), {}, "Only 1 of `episodes` have 1 samples"),
        (torch.arange(8), {"count": 0}, "`count` must be >= 1"),
        (torch.arange(8).float(), {}, "one integer per sample, but got torch.float32"),
        (torch.zeros(0, dtype=torch.long), {}, r"one integer per sample.*\[0\]"),
        (torch.zeros(2, 3, dtype=torch.long), {}, r"one integer per sample.*\[2, 3\]"),
    ],
)
def test_what_cannot_be_permuted_is_refused(episodes, arguments, message):
    with pytest.raises(ValueError, match=message):
        episode_permutations(episodes, **arguments)


@pytest.mark.parametrize("frames", [0, 3])
def test_no_episode_gives_more_frames_than_it_has(frames):
    with pytest.raises(ValueError, match=r"`frames` must be in 1\.\.2"):
        even_frames(UNEQUAL, frames)
