"""The ten tasks: their names, in order."""

from pathlib import Path

FOLDER = Path(__file__).parent

TASKS = (
    "put_the_red_cube_on_the_plate",
    "put_the_blue_cube_on_the_plate",
    "put_the_green_cube_in_the_box",
    "put_the_yellow_cube_in_the_box",
    "push_the_white_puck_to_the_left_region",
    "push_the_white_puck_to_the_right_region",
    "put_the_orange_cylinder_on_the_plate",
    "put_the_orange_cylinder_in_the_box",
    "push_the_purple_block_to_the_red_region",
    "push_the_purple_block_to_the_blue_region",
)
"""Tasks 2k and 2k + 1 share their start scenes and differ in the instruction alone; 0-5 pretrain, 6-9 fine-tune."""


def bddl_file(task: int) -> Path:
    """Return the BDDL of a task."""
    return FOLDER / "task_files" / f"{TASKS[task]}.bddl"


def init_states_file(task: int) -> Path:
    """Return the file of stored initial states of a task."""
    return FOLDER / "task_files" / f"{TASKS[task]}.pruned_init"
