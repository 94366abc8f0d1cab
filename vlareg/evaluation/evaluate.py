"""The evaluation of a checkpoint on a suite, from names and numbers."""

from pathlib import Path
from typing import Any, Literal

from vlareg.envs.libero_env import CAMERAS
from vlareg.evaluation.campaign import Campaign
from vlareg.evaluation.conditions import Conditions, choose_perturbation
from vlareg.evaluation.loggers import Logger
from vlareg.evaluation.own_policy import OwnPolicySource, find_own_policy
from vlareg.evaluation.protocols import EPISODES, SEED, find_protocol
from vlareg.evaluation.render_devices import check_render_devices
from vlareg.evaluation.rollout import WORKERS
from vlareg.evaluation.shards import Shard
from vlareg.evaluation.suites import LiberoTasks, suite_digest, suite_facts
from vlareg.evaluation.summary import Summary
from vlareg.evaluation.versions import checked_versions


def evaluate(
    checkpoint: Path = Path("checkpoints/openvla-mini"),
    suite: str = "libero_mini",
    tasks: list[int] | None = None,
    episodes: int = EPISODES,
    instruction: Literal["own", "other"] = "own",
    image: Literal["normal", "black"] = "normal",
    perturbation: str = "none",
    level: int | None = None,
    random_weights: bool = False,
    policy: str | None = None,
    unnorm_key: str | None = None,
    seed: int = SEED,
    protocol: str = "openvla",
    resolution: int | None = None,
    workers: int = WORKERS,
    render_devices: list[int] | None = None,
    batch_size: int = 4,
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
    decoding: Literal["growing", "fixed", "compiled"] = "growing",
    videos: int = 1,
    retry_errors: bool = False,
    loggers: list[Logger] | None = None,
    shard: str | None = None,
    output: Path | None = None,
) -> Summary:
    """Roll a checkpoint out on a suite and count its successes.

    The results folder holds `episodes.jsonl` (one line an episode), `summary.json` and `videos/`. Interrupt it when you
    like: the same command goes on where it ended.

    Args:
        checkpoint: Folder of the policy, or its repository on the hub, such as openvla/openvla-7b-finetuned-libero-goal.
        suite: Name of the suite.
        tasks: Numbers of the tasks; all where none is given.
        episodes: Number of episodes of each task; episode e starts from stored initial state e.
        instruction: What the policy is told: the episode's own instruction, or that of another task in the same scene, in
            libero_mini_think that of the other episode of the same boards.
        image: What the policy sees: the cameras' images, or black ones.
        perturbation: What is changed about the episodes: a name of `vlareg.envs.perturbations`, or "none". Episodes of
            the same task, initial state and seed without it are its control.
        level: How strongly it is changed; 0 for not at all, 1 where none is given.
        random_weights: Take the weights of an untrained policy of the same shape.
        policy: Your own policy instead of an OpenVLA, as `module:Class` (`vlareg.evaluation.own_policy`); `checkpoint` is then
            the folder that it is loaded from.
        unnorm_key: Whose action statistics to use; not needed where the checkpoint has the suite's own.
        seed: Seed of the simulator, of what the perturbation draws, and of random weights (>= 0).
        protocol: Whose conventions: "openvla", "openvla_oft" or "lerobot" (`vlareg.evaluation.protocols`).
        resolution: Width and height of the images (pixels); the protocol's where none is given: 256, and 128 on libero_mini.
        workers: Number of simulators at once, each with about 0.5 GB of memory. Twice the batch size keeps simulators
            and policy busy at the same time.
        render_devices: Numbers of the EGL devices that render, for worker i the one at place i modulo their number. EGL's order
            is not CUDA's, and OSMesa has no devices. A resumed folder does not ask for the same ones, as little as for the same
            number of workers: what an image may depend on is a device's model and driver, which its number does not say. So
            name devices of one model.
        batch_size: Number of observations that the policy sees at once.
        precision: Data type of the policy; "auto" is bfloat16 on a GPU and float32 without.
        decoding: How tokens are decoded: with a cache that grows, one of fixed size, or that compiled to a CUDA graph, which takes
            minutes at first and then answers a small batch of a large policy faster.
        videos: Number of successes and of failures of each task that are kept as videos.
        retry_errors: Run episodes again whose simulator failed earlier; without it they count as errors and stay.
        loggers: Who is told the success rate after every episode: "tensorboard", "wandb" (offline unless `WANDB_MODE` says
            "online"). The rates of suites and tasks are logged by `python eval_libero.py report DIR --loggers ...` in the end.
        shard: Run one part of the evaluation, such as "2/3", the second of three. Each part has a results folder of its own;
            `python eval_libero.py merge` makes one of all.
        output: Results folder; where none is given, one below `outputs/evaluation` with a name made of the settings.
    """
    # Here, because the workers of a script import again what the script imports at its top, and need no policy.
    from vlareg.evaluation.policy_source import PolicySource, find_policy

    convention, part = find_protocol(protocol), None if shard is None else Shard.parse(shard)
    conditions = Conditions(instruction, image, choose_perturbation(perturbation, level))
    _check(seed, resolution)
    facts = suite_facts(suite)
    found = checked_versions(suite)
    check_render_devices(render_devices)
    planned = conditions.plan(facts, tasks, episodes, seed)
    source: PolicySource | OwnPolicySource
    if policy is None:
        weights_seed = seed if random_weights else None
        source = find_policy(checkpoint, convention, suite, unnorm_key, weights_seed, precision, decoding)
    else:
        others = {
            "random_weights": random_weights,
            "unnorm_key": unnorm_key,
            "precision": precision,
            "decoding": decoding,
        }
        source = find_own_policy(policy, checkpoint, convention, **others)
    settings: dict[str, Any] = {
        **source.settings(),
        "unnorm_key": unnorm_key,
        "suite": suite,
        "perturbation": str(conditions),
        "seed": seed,
        "protocol": protocol,
        "resolution": convention.resolution(suite) if resolution is None else resolution,
        "batch_size": batch_size,
        "suite_files": suite_digest(suite),
        "versions": found,
    }
    if part is not None:
        settings["shard"] = part.settings({episode.task for episode in planned}, episodes)
        planned = part.take(planned)
    cameras, max_steps = CAMERAS[: source.num_views], convention.max_steps[suite]
    environments = LiberoTasks(suite, settings["resolution"], cameras, seed, conditions.perturbation, max_steps)
    campaign = Campaign(
        output or _folder(checkpoint, settings),
        settings,
        workers=workers,
        videos=videos,
        retry_errors=retry_errors,
        render_devices=render_devices,
        loggers=loggers or (),
    )
    return campaign.run(lambda: conditions.handicap(source.load(conditions.wordings(facts))), environments, planned)


def _check(seed: int, resolution: int | None) -> None:
    if not 0 <= seed < 2**32:  # what NumPy's generator takes
        raise ValueError(f"`seed` must be in 0..{2**32 - 1}, but got {seed}.")
    if resolution is not None and resolution < 1:
        raise ValueError(f"`resolution` must be > 0, but got {resolution}.")


def _folder(checkpoint: Path, settings: dict[str, Any]) -> Path:
    parts = [checkpoint.resolve().name, settings["suite"], f"seed{settings['seed']}"]
    parts += ["random_weights"] * settings["random_weights"]
    parts += [settings["perturbation"].replace(", ", "-").replace(" ", "_")] * (settings["perturbation"] != "none")
    parts += [settings["protocol"]] * (settings["protocol"] != "openvla")
    if shard := settings.get("shard"):
        parts.append(f"shard{shard['number']}of{shard['of']}")
    return Path("outputs/evaluation") / "-".join(parts)
