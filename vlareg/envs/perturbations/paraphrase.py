"""The instruction in words that no demonstration has."""

import re
from dataclasses import dataclass
from typing import ClassVar

from vlareg.envs.perturbations.perturbation import Perturbation

_PATTERN = re.compile(r"(?P<verb>put|push) the (?P<thing>.+?) (?P<place>(?:on|in) the (?:plate|box)|to the \w+ region)")

_VERBS = {
    "put": ("place the {thing} {place}", "set the {thing} down {place}", "lay the {thing} {place}"),
    "push": ("slide the {thing} {place}", "move the {thing} over {place}", "shove the {thing} {place}"),
}
_SENTENCES = {
    "put": (
        "pick up the {thing} and leave it {place}",
        "make sure that the {thing} ends up {place}",
        "i want to see the {thing} {place}",
    ),
    "push": (
        "the {thing} has to get {place} without being lifted",
        "without a grasp, bring the {thing} {place}",
        "i want you to push the {thing} over {place}",
    ),
}
_NOUNS = {
    "cube": "square block",
    "puck": "flat disc",
    "cylinder": "round post",
    "block": "brick",
    "plate": "dish",
    "box": "open container",
    "region": "area",
}
_FRAMES = (
    ("please {instruction}", "{instruction} please"),
    ("your task is to {instruction}", "now go ahead and {instruction}"),
    ("i would be glad if you could {instruction} for me", "the next thing you have to do is to {instruction}"),
)


@dataclass(frozen=True)
class Paraphrase(Perturbation):
    """Tell the policy the same in other words.

    For the instructions of `libero_mini`, and those of LIBERO's that have their form, level 1 changes the verb, level 2
    the sentence, level 3 the nouns as well. Around other instructions it puts polite words, more at a higher level, so
    that the meaning surely stays.

    Example:
        >>> Paraphrase(3).wordings("put the red cube on the plate")[0]
        'pick up the red square block and leave it on the dish'
        >>> Paraphrase(1).wordings("open the middle drawer of the cabinet")
        ('please open the middle drawer of the cabinet', 'open the middle drawer of the cabinet please')
    """

    name: ClassVar[str] = "paraphrase"
    max_level: ClassVar[int] = 3

    def wordings(self, instruction: str) -> tuple[str, ...]:
        """Return the paraphrases of an instruction at this level."""
        if self.level == 0:
            return (instruction,)
        found = _PATTERN.fullmatch(instruction)
        if found is None:
            return tuple(frame.format(instruction=instruction) for frame in _FRAMES[self.level - 1])
        forms = (_VERBS if self.level == 1 else _SENTENCES)[found["verb"]]
        thing, place = found["thing"], found["place"]
        if self.level == 3:
            thing, place = _renamed(thing), _renamed(place)
        return tuple(form.format(thing=thing, place=place) for form in forms)


def _renamed(words: str) -> str:
    return " ".join(_NOUNS.get(word, word) for word in words.split())
