"""Leave a simulator as a wild episode would."""

import numpy as np

from vlareg.envs import LiberoEnv


def disturb(env: LiberoEnv) -> None:
    """Move doors, drawers and knobs to an end, and close the fingers for good."""
    env.reset(7)
    model, data, generator = env.simulator.sim.model._model, env.simulator.sim.data._data, np.random.default_rng(0)
    for joint in (model.joint(number) for number in range(model.njnt)):
        if len(data.joint(joint.name).qpos) == 1 and not joint.name.startswith(("robot", "gripper")):
            data.joint(joint.name).qpos[:] = generator.choice(joint.range)
    for gripper in (-1.0, *[1.0] * 8):
        env.step(np.array([0.3, 0.2, 0.1, 0.0, 0.0, 0.0, gripper]))
