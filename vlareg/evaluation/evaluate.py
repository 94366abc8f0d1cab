"""The evaluation of a checkpoint on a suite, from names and numbers."""

from pathlib import Path
from typing import Any, Literal

from vlareg.envs.perturbations import EpisodeKey, Perturbation, UnseenObject, find_perturbation
from vlareg.evaluation.campaign import Campaign
from vlareg.evaluation.controls import BlackImages
from vlareg.evaluation.interfaces import Policy
from vlareg.evaluation.plan import plan_episodes, reword_episodes
from vlareg.evaluation.protocols import EPISODES, SEED, find_protocol
from vlareg.evaluation.settings import fingerprint
from vlareg.evaluation.shards import Shard
from vlareg.evaluation.suites import CAMERAS, LiberoTasks, suite_facts
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
    unnorm_key: str | None = None,
    seed: int = SEED,
    protocol: str = "openvla",
    resolution: int | None = None,
    workers: int = 8,
    batch_size: int = 4,
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
    videos: int = 1,
    retry_errors: bool = False,
    shard: str | None = None,
    output: Path | None = None,
) -> Summary:
    """Roll a checkpoint out on a suite and count its successes.

    The results folder holds `episodes.jsonl` (one line an episode), `summary.json` and `videos/`. Interrupt it when you
    like: the same command goes on where it ended.

    Args:
        checkpoint: Folder of the policy.
        suite: Name of the suite.
        tasks: Numbers of the tasks; all where none is given.
        episodes: Number of episodes of each task; episode e starts from stored initial state e.
        instruction: What the policy is told: the task's own instruction, or that of another task in the same scene.
        image: What the policy sees: the cameras' images, or black ones.
        perturbation: What is changed about the episodes: a name of `vlareg.envs.perturbations`, or "none". Episodes of
            the same task, initial state and seed without it are its control.
        level: How strongly it is changed; 0 for not at all, 1 where none is given.
        random_weights: Take the weights of an untrained policy of the same shape.
        unnorm_key: Whose action statistics to use; not needed where the checkpoint has the suite's own.
        seed: Seed of the simulator, of what the perturbation draws, and of random weights.
        protocol: Whose conventions: "openvla", "openvla_oft" or "lerobot" (`vlareg.evaluation.protocols`).
        resolution: Width and height of the images (pixels); the protocol's where none is given: 256, and 128 on libero_mini.
        workers: Number of simulators at once, each with about 0.5 GB of memory. Twice the batch size keeps simulators
            and policy busy at the same time.
        batch_size: Number of observations that the policy sees at once.
        precision: Data type of the policy; "auto" is bfloat16 on a GPU and float32 without.
        videos: Number of successes and of failures of each task that are kept as videos.
        retry_errors: Run episodes again whose simulator failed earlier.
        shard: Run one part of the evaluation, such as "2/3", the second of three. Each part has a results folder of its own;
            `python eval_libero.py merge` makes one of all.
        output: Results folder; where none is given, one below `outputs/evaluation` with a name made of the settings.
    """
    # PyTorch is imported here, because worker processes import this package and need none of it.
    from vlareg.evaluation.policy import OpenVLAPolicy, choose_numerics, load_model, read_config, statistics_key
    from vlareg.policies.openvla import OpenVLAProcessor

    convention, part = find_protocol(protocol), None if shard is None else Shard.parse(shard)
    change = _perturbation(perturbation, level, instruction)
    facts = suite_facts(suite)
    found = checked_versions(suite)
    planned = reword_episodes(
        plan_episodes(facts, tasks, episodes, instruction),
        lambda told, task, init_index: change.reword(told, EpisodeKey(seed, task, init_index)),
    )
    config = read_config(checkpoint)
    convention.check_policy(config.num_views, OpenVLAPolicy.takes_proprio, OpenVLAPolicy.horizon)
    statistics = statistics_key(config.norm_stats, suite, unnorm_key)
    device, dtype = choose_numerics(precision)
    resolution = convention.resolution(suite) if resolution is None else resolution
    max_steps = convention.max_steps[suite]
    environments = LiberoTasks(suite, resolution, CAMERAS[: config.num_views], seed, change, max_steps)
    settings: dict[str, Any] = {
        "checkpoint": f"{checkpoint.resolve().name} {fingerprint(checkpoint, weights=not random_weights)}",
        "random_weights": random_weights,
        "unnorm_key": unnorm_key,
        "suite": suite,
        "perturbation": _changes(str(change), instruction, image),
        "seed": seed,
        "protocol": protocol,
        "resolution": resolution,
        "batch_size": batch_size,
        "device": device,
        "precision": dtype,
        "versions": found,
    }
    if part is not None:
        settings["shard"] = part.settings({episode.task for episode in planned}, episodes)
        planned = part.take(planned)

    def load() -> Policy:
        model = load_model(checkpoint, device, dtype, random_seed=seed if random_weights else None)
        processor = OpenVLAProcessor.from_pretrained(checkpoint)
        told = [instruction for task in facts for instruction in task.instructions]
        texts = [text for instruction in told for text in (instruction, *change.wordings(instruction))]
        policy = OpenVLAPolicy(model, processor, texts, statistics)
        return BlackImages(policy) if image == "black" else policy

    folder = output or _folder(checkpoint, settings)
    campaign = Campaign(folder, settings, workers=workers, videos=videos, retry_errors=retry_errors)
    return campaign.run(load, environments, planned)


def _perturbation(name: str, level: int | None, instruction: str) -> Perturbation:
    """Return the perturbation that is asked for, at its level."""
    if name == "none":
        if level:
            raise ValueError(f"`level` needs a `perturbation`, but got {level} and none.")
        return Perturbation(0)
    if name == UnseenObject.name and instruction == "other":
        raise ValueError("`instruction` cannot be 'other' with unseen_object, which renames the task's own object.")
    return find_perturbation(name)(1 if level is None else level)


def _changes(perturbation: str, instruction: str, image: str) -> str:
    changes = [
        ("other instruction", instruction == "other"),
        ("black image", image == "black"),
        (perturbation, perturbation != "none"),
    ]
    return ", ".join(change for change, applies in changes if applies) or "none"


def _folder(checkpoint: Path, settings: dict[str, Any]) -> Path:
    parts = [checkpoint.resolve().name, settings["suite"], f"seed{settings['seed']}"]
    parts += ["random_weights"] * settings["random_weights"]
    parts += [settings["perturbation"].replace(", ", "-").replace(" ", "_")] * (settings["perturbation"] != "none")
    parts += [settings["protocol"]] * (settings["protocol"] != "openvla")
    if shard := settings.get("shard"):
        parts.append(f"shard{shard['number']}of{shard['of']}")
    return Path("outputs/evaluation") / "-".join(parts)
