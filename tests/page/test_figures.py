from vlareg.page.figures import WIDTH, panels


def test_a_grid_has_its_rows_and_columns():
    figure, grid = panels(2, 3, height=1.5)
    assert [len(row) for row in grid] == [3, 3]
    assert figure.get_size_inches().tolist() == [WIDTH, 3.5]


def test_rows_share_their_scale_unless_told_otherwise():
    for share in (True, False):
        _, [[left, right]] = panels(1, 2, height=2, share_y=share)
        left.set_ylim(0, 7)
        assert (right.get_ylim() == (0, 7)) == share
