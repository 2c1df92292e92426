"""The linked page as a person arranges it: cards are moved, sized, maximised, removed and remembered."""

import numpy as np
import pytest

from tests.browser import CARDS, MAPS, Visit, eventually
from tests.plain_maps import check_page

_BOXES = """
keys => keys.map(key => {
  const card = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(key))
  const {x0, x1, y0, y1} = card.frame.bbox, box = card.el.getBoundingClientRect()
  return [box.left, box.top, box.right, box.bottom, x1 - x0, y1 - y0]
})
"""
_FOCUS = """
() => {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  return focused?.getAttribute('aria-label') ?? ''
}
"""
FIRST = {"rz": "(R, z)", "xy": "(X, Y)", "rv": "(R, v", "kiel": "Kiel", "plane": "[Mg/Fe]", "actions": "(J"}


def order(visit: Visit) -> list[str]:
    """Keys of the cards on the page, by their headings."""
    starts = {**FIRST, "histogram": "Histogram", "summary": "Summary"}
    return [next(key for key in starts if words.startswith(starts[key])) for words in visit.headings]


def has_order(visit: Visit, *keys: str) -> None:
    def settled() -> None:
        assert order(visit) == [*keys]

    eventually(settled)


def boxes(visit: Visit, *keys: str) -> np.ndarray:
    """Left, top, right and bottom of each figure on the page; width and height of its frame."""
    return np.array(visit.page.evaluate(_BOXES, list(keys)))


def arrange(visit: Visit, name: str, *acts: str) -> None:
    """Open the buttons of a card and press some of them."""
    visit.page.get_by_role("button", name=f"Arrange {name}", exact=True).click()
    for act in acts:
        visit.page.get_by_role("button", name=f"{act}: {name}", exact=True).click()


def others(*gone: str) -> list[str]:
    return [key for key in CARDS if key not in gone]


def test_card_is_moved_by_its_buttons_and_the_focus_stays(visit):
    """The usual arrangement is six maps, and then the rest."""
    assert order(visit) == [*CARDS]
    arrange(visit, "(R, z)", "Move right")
    has_order(visit, "xy", "rz", *CARDS[2:])
    eventually(lambda: holds(visit.page.evaluate(_FOCUS) == "Move right: (R, z)"))
    visit.page.keyboard.press("Enter")
    has_order(visit, "xy", "rv", "rz", *CARDS[3:])
    visit.page.keyboard.press("Shift+Tab")
    assert visit.page.evaluate(_FOCUS) == "Move left: (R, z)"
    visit.page.keyboard.press("Enter")
    has_order(visit, "xy", "rz", *CARDS[2:])
    eventually(lambda: holds(visit.page.evaluate(_FOCUS) == "Move left: (R, z)"))
    visit.page.keyboard.press("Escape")
    assert visit.page.evaluate(_FOCUS) == "Arrange (R, z)"
    assert visit.page.get_by_role("button", name="Move left: (R, z)").count() == 0


def holds(true: bool) -> None:
    assert true


def test_dragging_a_heading_swaps_two_cards_and_moves_no_other(visit):
    before = boxes(visit, *MAPS)
    start, end = (
        visit.page.locator("h2.heading").nth(CARDS.index(key)).bounding_box() for key in ("rz", "kiel")
    )
    mouse = visit.page.mouse
    mouse.move(start["x"] + 30, start["y"] + 12)
    mouse.down()
    for share in np.linspace(0, 1, 6):
        x, y = (start[side] + share * (end[side] - start[side]) for side in ("x", "y"))
        mouse.move(x + 40, y + 80)
    during = boxes(visit, *MAPS)
    assert np.array_equal(during[1:], before[1:])
    assert during[0, 1] > before[0, 1] + 200
    mouse.up()
    has_order(visit, "kiel", "xy", "rv", "rz", *CARDS[4:])
    now = boxes(visit, "kiel", "rz")
    assert np.allclose(now[0, :2], before[0, :2])
    mouse.move(start["x"] + 30, start["y"] + 12)
    mouse.down()
    mouse.move(end["x"] + 40, end["y"] + 80, steps=4)
    visit.page.keyboard.press("Escape")
    mouse.up()
    assert np.allclose(boxes(visit, "kiel", "rz"), now)
    assert order(visit)[0] == "kiel"


def test_larger_card_keeps_one_scale_and_its_picture(visit, mock_table):
    images = {key: visit.image(key) for key in MAPS}
    usual = boxes(visit, "rz")[0]
    arrange(visit, "(R, z)", "Larger")

    def larger() -> None:
        box = boxes(visit, "rz")[0]
        assert box[5] > 2.2 * usual[5]
        assert box[4] / box[5] == pytest.approx(usual[4] / usual[5], rel=0.01)

    eventually(larger)
    x, y = visit.axes("rz")
    assert np.allclose([*x, *y], images["rz"].window)
    for key, image in images.items():
        assert np.array_equal(visit.image(key).levels, image.levels)
    corners = boxes(visit, *MAPS)
    for k, one in enumerate(corners):
        for other in corners[k + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_larger_and_smaller(visit):
    usual = boxes(visit, "kiel")[0]
    arrange(visit, "Kiel diagram", "Larger")
    eventually(lambda: holds(boxes(visit, "kiel")[0, 4] > 2 * usual[4]))
    visit.page.get_by_role("button", name="Smaller: Kiel diagram").click()
    eventually(lambda: holds(np.allclose(boxes(visit, "kiel")[0, 4:], usual[4:])))


def without_chi2(visit: Visit, table) -> np.ndarray:
    """Remove the cut to good fits; the rows that are left."""
    visit.page.get_by_label("Remove this cut").nth(1).click()
    return table["giantmodel"] == 1


def test_card_fills_the_page_and_the_others_are_painted_when_they_are_back(visit, mock_table):
    visit.page.get_by_role("button", name="Fill the page with Kiel diagram").click()
    has_order(visit, "kiel")

    def filled() -> None:
        left, _top, right, bottom, *_ = boxes(visit, "kiel")[0]
        assert right - left > 1000
        assert 800 < bottom <= 900

    eventually(filled)
    giants = without_chi2(visit, mock_table)
    eventually(lambda: check_page(visit, mock_table, giants, ("kiel",)))
    stale = visit.image("rz")
    assert visit.page.get_by_role("button", name="Back to all views from Kiel diagram").is_visible()
    visit.page.locator("h2.heading").first.click()
    visit.page.keyboard.press("Escape")
    has_order(visit, *CARDS)
    visit.wait_for(*MAPS)
    eventually(lambda: check_page(visit, mock_table, giants, ("rz", "kiel")))
    assert not np.array_equal(visit.image("rz").levels, stale.levels)


def test_what_is_off_the_page_is_not_painted_until_it_is_back(visit, mock_table):
    arrange(visit, "(X, Y)", "Remove from the page")
    has_order(visit, *others("xy"))
    stale = visit.image("xy")
    giants = without_chi2(visit, mock_table)
    eventually(lambda: check_page(visit, mock_table, giants, ("rz", "kiel")))
    assert np.array_equal(visit.image("xy").levels, stale.levels)
    visit.press("Views")
    box = visit.page.get_by_role("checkbox", name="(X, Y)")
    assert not box.is_checked()
    box.check()
    has_order(visit, *CARDS)
    visit.wait_for("xy")
    thin = giants & (mock_table["Jz"] <= 30)
    eventually(lambda: check_page(visit, mock_table, thin, ("xy",)))
    assert not np.array_equal(visit.image("xy").levels, stale.levels)


def test_views_are_chosen_from_a_list_by_keyboard_and_the_last_stays(visit):
    visit.page.get_by_role("button", name="Views").focus()
    keyboard = visit.page.keyboard
    keyboard.press("Enter")
    for _ in CARDS[1:]:
        keyboard.press("Space")
        keyboard.press("Tab")
    has_order(visit, "summary")
    keyboard.press("Space")
    last = visit.page.get_by_role("checkbox", name="Summary")
    assert not last.is_checked()
    eventually(lambda: holds(last.is_checked()))
    assert order(visit) == ["summary"]
    keyboard.press("Tab")
    keyboard.press("Enter")
    has_order(visit, *CARDS)
    keyboard.press("Escape")
    assert visit.page.get_by_role("checkbox", name="(X, Y)").count() == 0
    assert visit.page.evaluate(_FOCUS) == "Views"
    visit.wait_for(*MAPS)


def test_arrangement_is_remembered_by_the_browser(newcomer):
    """What it kept of another version is forgotten."""
    visit = newcomer
    arrange(visit, "(R, z)", "Move right", "Larger")
    arrange(visit, "Histogram", "Remove from the page")
    has_order(visit, "xy", "rz", *others("rz", "xy", "histogram"))
    visit.open()
    has_order(visit, "xy", "rz", *others("rz", "xy", "histogram"))
    eventually(lambda: holds(boxes(visit, "rz")[0, 4] > 2 * boxes(visit, "xy")[0, 4]))
    visit.press("Views")
    visit.press("Usual arrangement")
    has_order(visit, *CARDS)
    visit.open()
    has_order(visit, *CARDS)

    store = "localStorage.setItem('milky-way-enrichment-explorer:views', '{\"order\": [\"moon\"]}')"
    visit.page.evaluate(store)
    visit.open()
    assert order(visit) == [*CARDS]
    arrange(visit, "(R, z)", "Move right")
    has_order(visit, "xy", "rz", *CARDS[2:])


def test_tab_goes_through_the_cards_in_their_order(visit):
    visit.page.get_by_role("button", name="Views").focus()
    named = []
    for _ in range(40):
        visit.page.keyboard.press("Tab")
        named.append(visit.page.evaluate(_FOCUS))
    fills = [name for name in named if name.startswith("Fill the page with")]
    assert fills[:4] == [
        f"Fill the page with {name}" for name in ("(R, z)", "(X, Y)", "(R, vφ)", "Kiel diagram")
    ]
    assert named.index("Settings of (R, z)") < named.index("Arrange (R, z)") < named.index(fills[0])


def test_large_card_on_a_small_screen_is_as_wide_as_the_page(browser, served, mock_file):
    with Visit.of(browser, served(mock_file).url, width=1024, height=768) as visit:
        visit.open()
        arrange(visit, "(R, z)", "Larger", "Larger")
        eventually(lambda: holds(boxes(visit, "rz")[0, 4] > 500))
        assert (boxes(visit, *MAPS)[:, 2] <= 1024).all()
        wide = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        assert visit.page.evaluate(wide) == 0
