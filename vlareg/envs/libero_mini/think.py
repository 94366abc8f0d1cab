"""`libero_mini_think`: is it what a policy knows that fails, or what it does?

Two boards stand on the table, each with a sign of the task's category, and the instruction names one of the signs. The
hand has to do the same in all tasks; which board it is has to be known.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from vlareg.envs.signs import SIGNS, draw_sign

CATEGORIES = tuple(SIGNS)
"""The tasks, in order."""

THINK = "libero_mini_think"
"""The suite in which only the named board counts."""

THINK_SUITES = {THINK: "think", "libero_mini_think_any": "think_any"}
"""Both suites with the names of their BDDL files; their episodes are the same. The second one's goal is any of the boards."""

PHRASES = {
    "shape": "a {}",
    "color": "the color {}",
    "arrow": "an arrow {}",
    "parity": "an {} number",
    "traffic": "the traffic sign {}",
    "laundry": "the laundry sign {}",
    "weather": "the weather sign {}",
    "public": "the public sign {}",
}
"""How the instruction names a sign of each category."""

PLACES = np.array([[-0.12, -0.14], [-0.12, 0.14]])
"""Usual places of the boards' middles on the table (m)."""

SHIFT = 0.015
"""Largest distance from there along each axis (m)."""

_MARGIN = 1.2
"""A sign is drawn this much larger than its picture, which then shows the board's inside."""

_GREY = (150, 150, 150)  # what is beside a round board, 0-255

_FRESH = 1_000  # begins the seeds of demonstrations' boards; those of episodes begin with the number of the task

_FOLDER = Path(__file__).parent / "task_files"


@dataclass(frozen=True)
class Boards:
    """The boards of an episode.

    Args:
        category: What kind of signs they show.
        names: The names of their signs.
        goal: Number of the board that the instruction names, 0 or 1.
        places: Their middles on the table (m).
        seed: Seed of their pictures.
    """

    category: str
    names: tuple[str, str]
    goal: int
    places: Float[np.ndarray, "2 2"]
    seed: tuple[int, ...]

    @property
    def instruction(self) -> str:
        """The task in words."""
        return instruction_of(self.category, self.names[self.goal])

    def picture(self, board: int, size: int) -> UInt8[np.ndarray, "size size 3"]:
        """Draw what a board shows.

        It is mirrored, for policies see the mirror image of the table: LIBERO's upside-down pictures turned by half a turn.

        Args:
            board: Number of the board.
            size: Width and height (pixels).
        """
        whole, edge = round(_MARGIN * size), round((_MARGIN - 1) / 2 * size)
        sign = draw_sign(self.category, self.names[board], np.random.default_rng((*self.seed, board)), whole)
        picture = Image.new("RGB", (size, size), _GREY)
        picture.paste(sign, (-edge, -edge), sign)
        return np.ascontiguousarray(np.asarray(picture)[:, ::-1])


def instruction_of(category: str, sign: str) -> str:
    """Return the task in words.

    Args:
        category: One of `CATEGORIES`.
        sign: Name of the sign that the goal's board shows.

    Example:
        >>> instruction_of("parity", "odd")
        'put the red cube on the board that shows an odd number'
    """
    return f"put the red cube on the board that shows {PHRASES[category].format(sign)}"


def boards_of(task: int, init_index: int) -> Boards:
    """Return an episode's boards, a function of task and initial state alone.

    Episodes 2k and 2k + 1 start in the same scene and differ in the instruction alone, so that a policy that does not
    read it, or does not know the signs, is right in one of them at most.

    Args:
        task: Number of the category.
        init_index: Number of the initial state.

    Reference:
        Kachaev et al., "Don't Blind Your VLA: Aligning Visual Representations for OOD Generalization", 2025, arXiv
        2510.25616, whose VL-Think asks a policy to choose between boards of these eight categories; the boards, the
        signs and the table are our own.

    Example:
        >>> boards_of(0, 0).instruction, boards_of(0, 1).instruction
        ('put the red cube on the board that shows a star', 'put the red cube on the board that shows a triangle')
    """
    category, seed = CATEGORIES[task], (task, init_index // 2)
    generator = np.random.default_rng(seed)
    first, second = generator.permutation(len(SIGNS[category]))[:2]
    names = (SIGNS[category][first], SIGNS[category][second])
    return Boards(category, names, init_index % 2, _shifted(generator), seed)


def fresh_boards(task: int, sign: int, index: int, start: int) -> Boards:
    """Return the boards of a demonstration, never those of an episode of `boards_of`.

    The goal's board stands at both places in turn, so that no sign tells the place; all else is drawn.

    Args:
        task: Number of the category.
        sign: Number in the category of the sign that the goal's board shows.
        index: Number of the demonstration.
        start: Seed of its start scene.

    Example:
        >>> fresh_boards(3, 1, index=0, start=5).instruction
        'put the red cube on the board that shows an odd number'
    """
    category, seed = CATEGORIES[task], (_FRESH, task, sign, start)
    generator = np.random.default_rng(seed)
    named, other = SIGNS[category][sign], str(generator.choice(np.delete(SIGNS[category], sign)))
    names = (named, other) if index % 2 == 0 else (other, named)
    return Boards(category, names, index % 2, _shifted(generator), seed)


def _shifted(generator: np.random.Generator) -> Float[np.ndarray, "2 2"]:
    return PLACES + generator.uniform(-SHIFT, SHIFT, PLACES.shape)


def episode_instructions(suite: str, task: int, episodes: int) -> tuple[str, ...]:
    """Return the instructions of a task's first episodes; none where all have the task's own.

    Args:
        suite: One of `SUITES`.
        task: Number of the task.
        episodes: How many.

    Example:
        >>> episode_instructions("libero_mini", 0, 50)
        ()
    """
    if suite not in THINK_SUITES:
        return ()
    return tuple(boards_of(task, index).instruction for index in range(episodes))


def other_episode(init_index: int) -> int:
    """Return the episode that starts in the same scene and names the other board.

    Example:
        >>> other_episode(6), other_episode(7)
        (7, 6)
    """
    return init_index ^ 1


def think_bddl_file(suite: str) -> Path:
    """Return the BDDL of all tasks of one of `THINK_SUITES`."""
    return _FOLDER / f"{THINK_SUITES[suite]}.bddl"


def think_init_states_file() -> Path:
    """Return the file of stored initial states of all tasks, of which two each are the same."""
    return _FOLDER / "think.pruned_init"
