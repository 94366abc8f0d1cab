from tests.callbacks.test_alignment_record import make_record
from vlareg.callbacks.pictures import rendered
from vlareg.callbacks.score_curves import draw_score_curves


def test_a_panel_per_target_has_a_line_per_point_and_dashed_chance_in_one_scale():
    figure = draw_score_curves([make_record(), make_record(100, gain=0.1)])
    arm, proprio = figure.axes
    assert [panel.get_title() for panel in (arm, proprio)] == ["actions.arm", "proprio"]
    lines = [line for line in arm.lines if line.get_linestyle() == "-"]
    assert [list(line.get_ydata()) for line in lines] == [[0.2, 0.2 + 0.1], [0.25, 0.25], [0.3, 0.3]]
    dashed = [line for line in arm.lines if line.get_linestyle() == "--"]
    assert all(list(line.get_ydata()) == [0.1, 0.1] for line in dashed)
    assert len(dashed) == 3
    assert arm.get_ylim() == proprio.get_ylim()
    assert arm.get_ylabel() == "mutual_knn_k10_n192"
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["llm.0.condition", "llm.1.condition", "llm.1.last_prompt", "chance"]
    assert rendered(figure).std() > 10


def test_points_that_differ_in_a_number_have_one_colour_and_deeper_ones_a_darker_one():
    lines = draw_score_curves([make_record()]).axes[0].lines
    shallow, deep, other = (sum(line.get_color()[:3]) for line in lines if line.get_linestyle() == "-")
    assert deep < shallow
    assert other != deep
