"""Cards that are usually wider than others: as wide as there is room for, and no higher."""

from explorer import arrangement
from explorer.arrangement import GAP, HEIGHT, WIDTH, Area
from explorer.session import Layout


def sides(layout, width):
    area = Area(width)
    return arrangement.span(layout, "summary", area), arrangement.rows(layout, "summary", area)


def test_the_summary_is_two_columns_wide_where_there_is_room():
    usual = Layout()
    assert [sides(usual, width) for width in (1192, 776, 384)] == [(2, 1), (2, 1), (1, 1)]
    assert arrangement.box(usual, "summary", Area()) == (2 * WIDTH + GAP, HEIGHT)
    assert arrangement.box(usual, "rz", Area()) == (WIDTH, HEIGHT)


def test_a_larger_summary_keeps_its_shape():
    larger = arrangement.resized(Layout(), "summary", 1)
    assert sides(larger, 2000) == (4, 2)
    assert sides(larger, 1192) == (3, 1)
