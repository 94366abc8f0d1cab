"""From blocks to HTML."""

import base64
import io
import re
from collections.abc import Sequence
from html import escape

import matplotlib
from matplotlib.figure import Figure

from vlareg.page.blocks import Block, Clip, Clips, Picture, Section, Table, Text
from vlareg.page.style import STYLE

NUMBER = re.compile(r"-|[-.,\d]+(e[-+]\d+)?( to [-.\d]+| [mb]illion| \(.*\)| of \d+)?")
"""Cells that stand on the right."""

_WORDS = ' class="words"'


def render_page(title: str, head: Sequence[Block], sections: Sequence[Section]) -> str:
    """Return a page that needs no other file.

    Args:
        title: Its title.
        head: What stands before the first section.
        sections: The sections, in order.
    """
    links = "".join(f"<li>{_link(section)}</li>" for section in sections)
    body = [*map(_block, head), f"<nav><b>In short</b><ol>{links}</ol></nav>", *map(_section, sections)]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style>\n</head>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    found = "".join(f"<li>{escape(finding)}</li>" for finding in section.findings)
    findings = f'<ul class="findings">{found}</ul>'
    head = (
        f'<h2 id="{_anchor(section)}">{escape(section.title)}</h2>\n<p class="question">{escape(section.question)}</p>'
    )
    return "\n".join([head, findings, *map(_block, section.blocks)])


def _link(section: Section) -> str:
    return f'<a href="#{_anchor(section)}">{escape(section.title)}.</a> {escape(section.findings[0])}'


def _anchor(section: Section) -> str:
    return re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-")


def _block(block: Block) -> str:
    match block:
        case Text():
            kind = ' class="important"' if block.important else ""
            return f"<p{kind}>{escape(block.words)}</p>"
        case Picture():
            return _picture(block)
        case Table():
            return _table(block)
        case Clips():
            return f'<div class="clips">{"".join(map(_clip, block.clips))}</div>'


def _clip(clip: Clip) -> str:
    data = base64.b64encode(clip.video).decode()
    film = f'<video controls loop muted playsinline preload="auto" src="data:video/mp4;base64,{data}"></video>'
    return f'<figure class="{clip.tone}">{film}<figcaption>{escape(clip.caption)}</figcaption></figure>'


def _picture(picture: Picture) -> str:
    data = base64.b64encode(_svg(picture.figure)).decode()
    caption = f"<b>Shows:</b> {escape(picture.shows)} <b>Does not show:</b> {escape(picture.hides)}"
    image = f'<img alt="{escape(picture.shows)}" src="data:image/svg+xml;base64,{data}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _svg(figure: Figure) -> bytes:
    """Draw a figure without a date or random names in it, so that equal numbers give an equal page."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "vlareg"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _table(table: Table) -> str:
    cells = [row for row in table.rows if len(row) == len(table.columns)]
    words = [any(_kind(row[i]) for row in cells) for i in range(len(table.columns))]
    heads = "".join(
        f"<th{_WORDS if is_words else ''}>{escape(column)}</th>"
        for column, is_words in zip(table.columns, words, strict=True)
    )
    rows = "".join(_row(row, len(table.columns)) for row in table.rows)
    caption = "" if table.folded else f"<caption>{escape(table.title)}</caption>"
    html = f'<div class="scroll"><table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f"<details><summary>{escape(table.title)}</summary>{html}</details>" if table.folded else html


def _row(row: Sequence[str], columns: int) -> str:
    if len(row) == 1 < columns:
        return f'<tr class="group"><td colspan="{columns}">{escape(row[0])}</td></tr>'
    return "<tr>" + "".join(_cell(cell) for cell in row) + "</tr>"


def _cell(cell: str) -> str:
    return f"<td{_kind(cell)}>{escape(cell)}</td>"


def _kind(cell: str) -> str:
    return "" if NUMBER.fullmatch(cell) else _WORDS
