"""Pictures of concepts that a small policy has to know, with questions about them, for vision-language pretraining.

Sign boards (drawn by `vlareg.envs.signs`) as classified pictures: `sign_sets`. Tabletops in the suite's simulator: `stage`, `layout`,
`arm`, `cameras`, `tabletop`. Both together, rendered and stored: `scene`, `scenes`. What is true in them and what can
be asked: `facts`, `vocabulary`, `locations`, `families`, `questions`. `python -m vlareg.data.concepts` renders.
"""

from vlareg.data.concepts.questions import SceneQuestions
from vlareg.data.concepts.scenes import load_scenes, render_scenes
from vlareg.data.concepts.vocabulary import all_texts
from vlareg.envs.signs import render_sign

__all__ = ["SceneQuestions", "all_texts", "load_scenes", "render_scenes", "render_sign"]
