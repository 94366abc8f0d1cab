"""Set up the boards of `libero_mini_think` in a simulator."""

from vlareg.envs.libero_mini.think import Boards, boards_of
from vlareg.envs.perturbations.scene import Scene

FIXTURES = ("goal_board_1", "other_board_1")
"""The boards' names in the BDDL: the one of the goal, and the other one."""


class SignBoards:
    """Place and draw the boards, anew in every episode.

    Args:
        scene: The simulator.
        task: Number of the task.
    """

    def __init__(self, scene: Scene, task: int) -> None:
        self._scene, self._task = scene, task

    def begin(self, init_index: int, boards: Boards | None = None) -> str:
        """Set up the boards of an episode in a simulator that was just reset, and return the instruction.

        Args:
            init_index: Number of the initial state.
            boards: The boards; those of the initial state where this is None.
        """
        boards = boards or boards_of(self._task, init_index)
        for fixture, board in zip(FIXTURES, (boards.goal, 1 - boards.goal), strict=True):
            self._set_up(fixture, boards, board)
        return boards.instruction

    def _set_up(self, fixture: str, boards: Boards, board: int) -> None:
        from vlareg.envs.libero_mini.boards import PICTURE_SIZE  # here, for LIBERO has to be prepared before

        scene = self._scene
        scene.model.body_pos[scene.problem.obj_body_id[fixture], :2] = boards.places[board]
        if scene.cameras:
            scene.upload_texture(f"{fixture}_picture", boards.picture(board, PICTURE_SIZE))
