"""Questions and short answers about rendered scenes: what pretrains the vision and the language of a small policy."""

from typing import Any

import numpy as np
from torch.utils.data import Dataset

from vlareg.data.concepts.facts import Facts, Scenes, facts
from vlareg.data.concepts.families import FAMILIES, QuestionAnswer, yes_or_no
from vlareg.data.concepts.locations import location
from vlareg.data.concepts.vocabulary import CATEGORY_QUESTIONS, CATEGORY_WORDS
from vlareg.envs.signs.pictograms import SIGNS
from vlareg.policies.openvla.prompts import question_prompt

_FAMILIES = list(FAMILIES)
_LIMITS = np.cumsum(list(FAMILIES.values()))


def ask(scene: Facts, rng: np.random.Generator) -> QuestionAnswer:
    """Choose a question that the scene can answer.

    Args:
        scene: What is true.
        rng: Decides which question.

    Returns:
        The question and the answer.
    """
    question, answer = _ask(scene, rng)
    return f"{question}?", answer


def _ask(scene: Facts, rng: np.random.Generator) -> QuestionAnswer:
    if scene.sign is not None:
        return _ask_sign(*scene.sign, rng) if rng.random() < 0.8 else ("where is the sign", location(*scene.sign_pixel))
    if not (seen := scene.seen):
        return "what is in the gripper", scene.in_gripper.name if scene.in_gripper else "nothing"
    while True:
        family = _FAMILIES[int(np.searchsorted(_LIMITS, rng.random() * _LIMITS[-1]))]
        if (pair := family(scene, seen[int(rng.integers(len(seen)))], rng)) is not None:
            return pair


def _ask_sign(category: str, name: str, rng: np.random.Generator) -> QuestionAnswer:
    other = name if rng.random() < 0.4 else SIGNS[category][int(rng.integers(len(SIGNS[category])))]
    return (
        ("what sign is this", name),
        (CATEGORY_QUESTIONS[category], name),
        ("what kind of sign is this", CATEGORY_WORDS[category]),
        (f"is this the sign for {other}", yes_or_no(other == name)),
    )[int(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1)))]


class SceneQuestions(Dataset[dict[str, Any]]):
    """Pictures with a question and its answer; sample i depends on the seed and i alone.

    Args:
        scenes: The arrays of `render_scenes` or `load_scenes`.
        seed: Seed of the choice of questions.
        questions_per_scene: Samples a scene gives; sample i shows scene i modulo the number of scenes.
    """

    def __init__(self, scenes: Scenes, *, seed: int = 0, questions_per_scene: int = 16) -> None:
        if questions_per_scene < 1:
            raise ValueError(f"`questions_per_scene` must be at least 1, but got {questions_per_scene}.")
        self.scenes, self.seed, self.questions_per_scene = scenes, seed, questions_per_scene

    def __len__(self) -> int:
        return len(self.scenes["frames"]) * self.questions_per_scene

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return `frames` (uint8, [views height width 3], upright), `question`, `prompt` (around it) and `answer`."""
        if not 0 <= index < len(self):
            raise IndexError(f"`index` must be in 0..{len(self) - 1}, but got {index}.")
        scene = index % len(self.scenes["frames"])
        question, answer = ask(facts(self.scenes, scene), np.random.default_rng((self.seed, index)))
        frames = np.array(self.scenes["frames"][scene])
        return {"frames": frames, "question": question, "prompt": question_prompt(question), "answer": answer}
