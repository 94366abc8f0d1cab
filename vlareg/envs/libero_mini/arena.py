"""The suite's table, floor, lamp and cameras."""

import vlareg.envs.prepared_libero  # noqa: F401  # before LIBERO and robosuite

# isort: split
from pathlib import Path

from robosuite.models.arenas import Arena


class MiniArena(Arena):  # type: ignore[misc]
    """The arena of `assets/arena.xml`; LIBERO appends the BDDL's zones to `table_body`."""

    def __init__(self) -> None:
        super().__init__(str(Path(__file__).parent / "assets" / "arena.xml"))
        self.table_body = self.worldbody.find("./body[@name='table']")
        self.visual = self.root.find("visual")
        self.statistic = self.root.find("statistic")
