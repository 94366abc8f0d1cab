"""The words of questions, answers and instructions."""

from itertools import product

from vlareg.envs.libero_mini.tasks import TASKS
from vlareg.envs.signs.palette import PALETTE
from vlareg.envs.signs.pictograms import SIGNS
from vlareg.policies.openvla.mini import LOCATION_TOKENS

KINDS = ("cube", "cylinder", "puck", "block", "plate", "box", "region")
"""Nouns; a scene's arrays hold their index, -1 where there is no object."""
COLORS = tuple(PALETTE)
"""Adjectives; a scene's arrays hold their index."""
CATEGORIES = tuple(SIGNS)
CATEGORY_WORDS = {name: name for name in CATEGORIES} | {"parity": "number", "public": "public information"}
CATEGORY_QUESTIONS = {
    "shape": "which shape is on the sign",
    "color": "what color is on the sign",
    "arrow": "which way does the arrow point",
    "parity": "is the number odd or even",
    "traffic": "what does the traffic sign say",
    "laundry": "how should this be washed",
    "weather": "what does the weather sign say",
    "public": "what does the public sign say",
}

COUNTS = ("zero", "one", "two", "three", "four", "five", "six")

SYNONYMS = {
    "cube": "block",
    "block": "cube",
    "cylinder": "can",
    "puck": "disc",
    "plate": "dish",
    "box": "container",
    "region": "area",
}
"""Another noun for each kind, sometimes used behind a colour."""

MOVED = ("cube", "cylinder", "puck", "block")
"""The kinds that instructions are about; the others are where they go."""

INSTRUCTIONS = {
    "plate": ("put the {} on the {}", "place the {} onto the {}", "move the {} on top of the {}"),
    "box": ("put the {} in the {}", "place the {} inside the {}", "drop the {} into the {}"),
    "region": ("push the {} to the {}", "slide the {} onto the {}", "move the {} to the {}"),
}
"""What can be done with something and a target: first the suite's own words, then others."""

PREPOSITIONS = {"plate": "on", "box": "in", "region": "on"}

PARAPHRASES = (
    "pick up lift grab grasp take hold carry bring set lay release shove drag stack get leave",
    "within upon over above below under behind beside near next towards from off with by at middle center",
    "brick disk tube tray bin basket bowl zone patch spot field square round",
    "please now then first and or not an that one thing item robot arm hand",
    "what action should the robot take to do",
)
"""Words that paraphrased instructions need and that no question contains."""


def plural(kind: str) -> str:
    """Return the plural of a kind."""
    return "boxes" if kind == "box" else f"{kind}s"


def all_texts() -> list[str]:
    """Return texts that hold every word of the questions, the answers, the instructions and their paraphrases."""
    names = [f"{color} {kind}" for color, kind in product(COLORS, (*KINDS, *SYNONYMS.values()))]
    tasks = [task.replace("_", " ") for task in TASKS]
    tasks += [template.format(*names[:2]) for templates in INSTRUCTIONS.values() for template in templates]
    signs = [text for category, members in SIGNS.items() for text in (*members, CATEGORY_WORDS[category])]
    questions = [
        "where is the", "what is at", "how far is the gripper from the", "where is the start to", "where is the end to",
        "what color is the", "on the left", "on the right", "at the back", "in front", "which object is", "is there a",
        "left of", "right of", "which object is next to the gripper", "which objects are on the table",
        "is the in the gripper", "where is the gripper", "what is in the gripper", "is the gripper open or closed",
        "what sign is this", "what kind of sign is this", "is this the sign for", "where is the sign",
        *CATEGORY_QUESTIONS.values(), *(f"how many {plural(kind)} are there" for kind in KINDS),
    ]  # fmt: skip
    answers = ["open", "closed", "yes", "no", "nothing", "red cube, blue cube", *COUNTS]
    asked = [f"{question}?" for question in questions]
    return [*asked, *names, *tasks, *signs, *answers, *LOCATION_TOKENS, *PARAPHRASES]
