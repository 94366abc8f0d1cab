import base64

import pytest
from matplotlib.figure import Figure

from vlareg.page import Clip, Clips, Picture, Section, Table, Text, render_page


def _page(*blocks) -> str:
    return render_page("a < b", [Text("x & y", important=True)], [Section("One & two", "Why?", ["It < is."], blocks)])


def test_words_are_escaped():
    page = _page(Table("t", ["a", "b"], [["<i>", "1"], ["a heading"]]), Text("</p>"))
    for expected in (
        "a &lt; b",
        "x &amp; y",
        "It &lt; is.",
        "&lt;i&gt;",
        "&lt;/p&gt;",
        'href="#one-two"',
        'id="one-two"',
    ):
        assert expected in page
    assert "<i>" not in page


def test_numbers_stand_on_the_right_and_words_on_the_left():
    page = _page(
        Table("t", ["a", "b"], [["word", ".123 (.100 to .200)"], ["x", "-"], ["y", "2.5 million"], ["z", "2.1e-05"]])
    )
    assert page.count('<td class="words">') == 4
    assert page.count("<td>") == 4


def test_equal_figures_give_an_equal_page():
    def picture() -> Picture:
        figure = Figure()
        figure.subplots().plot([1, 2], label="x")
        return Picture(figure, "this", "that")

    assert _page(picture()) == _page(picture())


def test_a_row_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"must have 3 cells, but .* has 2"):
        Table("t", ["a", "b", "c"], [["1", "2"]])


def test_films_are_in_the_page_itself():
    page = _page(Clips([Clip(b"film", "task < 6", "bad")]))
    assert f'src="data:video/mp4;base64,{base64.b64encode(b"film").decode()}"' in page
    assert '<figure class="bad">' in page
    assert "task &lt; 6" in page
