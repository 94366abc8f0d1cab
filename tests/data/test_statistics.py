import numpy as np

from vlareg.data.statistics import dataset_statistics, gripper_to_openvla


def test_quantiles_are_numpys_and_the_gripper_is_not_normalised():
    rng = np.random.default_rng(0)
    actions, proprio = rng.normal(size=(500, 7)), rng.normal(size=(500, 8))
    statistics = dataset_statistics(actions, proprio, num_trajectories=9)
    np.testing.assert_allclose(statistics["action"]["q01"], np.quantile(actions, 0.01, axis=0))
    np.testing.assert_allclose(statistics["proprio"]["std"], proprio.std(axis=0))
    assert statistics["action"]["mask"] == [True] * 6 + [False]
    assert (statistics["num_transitions"], statistics["num_trajectories"]) == (500, 9)


def test_liberos_open_gripper_is_one():
    actions = np.zeros((3, 7))
    actions[:, 6] = [-1, 0, 1]
    assert gripper_to_openvla(actions)[:, 6].tolist() == [1.0, 0.5, 0.0]
    assert actions[0, 6] == -1, "the input stays as it was"
