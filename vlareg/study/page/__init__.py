"""A report as one self-contained HTML page."""

from vlareg.study.page.blocks import Picture, Section, Table, Text
from vlareg.study.page.html import render_page

__all__ = ["Picture", "Section", "Table", "Text", "render_page"]
