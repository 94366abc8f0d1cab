"""Names of tasks and of their files."""

import pytest

from vlareg.envs.task_names import demonstration_name, task_names


def test_official_suites_have_their_own_names() -> None:
    """The names come from LIBERO."""
    assert task_names("libero_object")[0] == "pick_up_the_alphabet_soup_and_place_it_in_the_basket"


def test_a_task_out_of_range_is_refused() -> None:
    """Negative numbers do not count from the end."""
    with pytest.raises(ValueError, match=r"`task` must be in 0\.\.9 for libero_mini, but got -1"):
        demonstration_name("libero_mini", -1)
