"""What a page is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Args:
        words: Plain text.
        important: Whether it stands out.
    """

    words: str
    important: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure, with what may be concluded from it.

    Args:
        figure: The figure.
        shows: A sentence: what it shows.
        hides: A sentence: what it does not show.
    """

    figure: Figure
    shows: str
    hides: str


@dataclass(frozen=True)
class Table:
    """Numbers.

    Args:
        title: What they are.
        columns: Headings.
        rows: Cells; a row of one cell is a heading over the rows below it.
        folded: Whether the reader has to open it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False

    def __post_init__(self) -> None:
        """Refuse rows that do not fit."""
        for row in self.rows:
            if len(row) not in (1, len(self.columns)):
                raise ValueError(f"A row of the table must have {len(self.columns)} cells, but {row} has {len(row)}.")


@dataclass(frozen=True)
class Clip:
    """A short film that is part of the page.

    Args:
        video: The content of an MP4 that browsers play (H.264).
        caption: Stands below it.
        tone: Whether it shows something good or bad.
    """

    video: bytes
    caption: str
    tone: Literal["good", "bad"]


@dataclass(frozen=True)
class Clips:
    """Films side by side.

    Args:
        clips: The films, in order.
    """

    clips: Sequence[Clip]


Block = Text | Picture | Table | Clips
"""What may stand in a page."""


@dataclass(frozen=True)
class Section:
    """One question and its answer.

    Args:
        title: Its name.
        question: What it asks.
        findings: What came out, a sentence each; the first one is the section's short answer.
        blocks: Figures, tables, films and paragraphs.
    """

    title: str
    question: str
    findings: Sequence[str]
    blocks: Sequence[Block]
