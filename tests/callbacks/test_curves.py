import json
import math

from vlareg.callbacks import Curves, draw_curves


def test_curves_survive_a_round_trip_and_are_drawn(tmp_path):
    curves = Curves()
    for step in (0, 10, 10):
        curves.add(step, {"alignment/a": step / 10, "val/b": 1.0})
    curves.save(tmp_path / "curves.json")
    assert json.loads((tmp_path / "curves.json").read_text())["alignment/a"] == [[0, 0.0], [10, 1.0]]
    draw_curves({"x": Curves.load(tmp_path / "curves.json")}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_nan_is_null_in_the_file_and_nan_again_after_it(tmp_path):
    curves = Curves()
    curves.add(0, {"alignment/a": math.nan})
    curves.save(tmp_path / "curves.json")
    assert json.loads((tmp_path / "curves.json").read_text())["alignment/a"] == [[0, None]]
    assert math.isnan(Curves.load(tmp_path / "curves.json").points["alignment/a"][0][1])


def test_chance_is_drawn_dashed_and_has_no_panel_of_its_own(tmp_path, monkeypatch):
    figures = []
    monkeypatch.setattr(
        "vlareg.callbacks.curves.FigureCanvasAgg.print_png", lambda canvas, file: figures.append(canvas.figure)
    )
    curves = Curves()
    curves.add(0, {"alignment/a": 0.4, "alignment/a/chance": 0.1, "alignment/a/calibrated": 0.3})
    draw_curves({"x": curves}, tmp_path / "curves.png")
    (panel,) = figures[0].axes
    assert [(line.get_linestyle(), line.get_ydata()[0]) for line in panel.lines] == [("-", 0.4), ("--", 0.1)]
