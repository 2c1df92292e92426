"""The page that tests use in turn: a turn begins with it as it opened, or with another."""

import pytest

from tests.browser import MAPS, PATIENCE_S, Visit, eventually


def told(visit: Visit) -> list[object]:
    """What a page says and shows of its state."""
    windows = [(visit.axes(key), visit.image(key).levels.tobytes()) for key in MAPS]
    return [visit.page.url, visit.headings, visit.chips, visit.count, visit.range, visit.bars(), windows]


def test_a_page_that_was_used_is_as_it_opened(shared_visit):
    """Though its last change was still under way when it was given back."""
    with shared_visit.turn(PATIENCE_S) as visit:
        opening, brushes = told(visit), [visit.brush(key) for key in MAPS]
        visit.point_at("rz", 9.0, 0.5)
        visit.page.mouse.wheel(0, -300)
        visit.press("Keep as subset")
        visit.page.get_by_label("Remove this cut").nth(1).click()
        visit.take("kiel", "lasso")
        visit.drag("kiel", (4200, 1), (5000, 1), (5000, 3))
        visit.page.get_by_role("button", name="Arrange (R, z)", exact=True).click()
        visit.page.get_by_role("button", name="Move right: (R, z)").click()

        def changed() -> None:
            assert all(now != then for now, then in zip(told(visit)[1:4], opening[1:4], strict=True))

        eventually(changed)
        visit.scroll_to("histogram")
        visit.drag("plane", (-0.8, 0.1), (0, 0.3))
        visit.press("Download")
    with shared_visit.turn() as again:
        assert again is visit
        assert told(again) == opening
        assert [again.brush(key) for key in MAPS] == brushes
        assert again.page.get_by_role("dialog").count() == 0
        again.drag("kiel", (4200, 1), (5000, 3))
        eventually(lambda: has_box(again))


def has_box(visit: Visit) -> None:
    assert visit.chips[3].startswith("box Kiel diagram")


def test_what_a_turn_can_not_take_back_ends_with_its_page(shared_visit):
    """As colours that the page keeps, and another theme. What the browser complains of is the turn's own."""
    with pytest.raises(AssertionError, match="out of order"), shared_visit.turn() as first:
        first.page.evaluate("console.error('out of order')")
    with shared_visit.turn() as second:
        assert second is not first
        second.page.get_by_label("Toggle theme").click()
    with shared_visit.turn() as third:
        assert third is not second
        ends = third.range
        third.choose("Statistic", "count")

        def counted() -> None:
            assert third.range != ends

        eventually(counted)
    with shared_visit.turn() as fourth:
        assert fourth is not third
        assert fourth.range == ends
