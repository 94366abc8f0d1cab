"""A report as one self-contained HTML page."""

from vlareg.page.blocks import Block, Clip, Clips, Picture, Section, Table, Text
from vlareg.page.html import render_page

__all__ = ["Block", "Clip", "Clips", "Picture", "Section", "Table", "Text", "render_page"]
