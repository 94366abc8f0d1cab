"""The table of success rates, growing while episodes end."""

import time
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.live import Live

from vlareg.evaluation.summary import Summary, results_table

_QUIET = 30.0  # s between two lines where the output is no terminal


class LiveTable:
    """Show the results so far: redrawn in a terminal, else a line now and then and the table at the end.

    Args:
        title: Stands above the table.
        planned: Number of episodes that there will be.
        console: Where to print; the terminal where this is None.
    """

    def __init__(self, title: str, planned: int, console: Console | None = None) -> None:
        self._title = title
        self._planned = planned
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False)
        self._started = self._printed = time.monotonic()
        self._at_start: int | None = None

    def __enter__(self) -> "LiveTable":
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if not self._console.is_terminal:
            self._console.line()  # rich leaves the table's last line open there

    def show(self, summary: Summary) -> None:
        """Draw the table anew.

        Args:
            summary: The results so far; those of the first call were there before.
        """
        caption = self._caption(summary.episodes + summary.errors)
        if summary.errors:
            caption += "; what the errors were is in the records"
        self._live.update(results_table(summary, self._title, caption), refresh=True)
        if not self._console.is_terminal and time.monotonic() - self._printed > _QUIET:
            self._printed = time.monotonic()
            self._console.print(f"{summary.successes} successes, {summary.errors} errors; {caption}", highlight=False)

    def _caption(self, done: int) -> str:
        if self._at_start is None:
            self._at_start = done
        caption = f"{done} of {self._planned} episodes"
        if done >= self._planned:
            return caption
        if new := done - self._at_start:
            seconds = (time.monotonic() - self._started) / new
            left = timedelta(seconds=round(seconds * (self._planned - done)))
            caption += f", {60 / seconds:.1f} a minute, {left} left"
        return caption
