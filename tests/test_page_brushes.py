"""Brushes drawn with the mouse: header, maps and histogram are those of a numpy mask, whatever was done."""

import math
import re

import numpy as np

from tests.browser import MAPS, Visit, eventually
from tests.plain_maps import AXES, check, meant, paper_cuts
from tests.plain_polygon import surrounded

LASSO = [(4800 + 900 * math.cos(t / 4), 2.2 + 1.6 * math.sin(t / 4)) for t in range(26)]

FOCUSED = """
() => {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  return focused?.ariaLabel
}
"""

WATCH = """
() => {
  window.told = []
  for (const page of Bokeh.documents) {
    page.on_change((event) => window.told.push(`${event.model?.name ?? event.model?.type} ${event.attr}`))
  }
}
"""


def inside(visit, table, key):
    """Rows in the brush that a figure shows, by its geometry on the screen."""
    brush = visit.brush(key)
    assert brush, f"no brush in {key}"
    if key == "histogram":
        low, high = sorted(brush["xs"])
        return (table["fe_h"] >= low) & (table["fe_h"] <= high)
    x, y = (table[name] for name in AXES[key])
    if len(brush["xs"]) > 2:
        return surrounded(
            *(np.asarray(each, float) for each in (x, y)), [*zip(brush["xs"], brush["ys"], strict=True)]
        )
    (x0, x1), (y0, y1) = sorted(brush["xs"]), sorted(brush["ys"])
    return (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)


def holds(visit, table, masks):
    """Wait until everything on the page is what these brushes make of it."""
    eventually(lambda: held(visit, table, masks))


def held(visit, table, masks):
    """Everything on the page is what these brushes make of it; each view ignores its own."""

    def but(view):
        return [mask for source, mask in masks.items() if source != view]

    keep = np.logical_and.reduce([paper_cuts(table, "rz"), *masks.values()])
    assert visit.count == (keep.sum(), len(keep))
    for key in MAPS:
        image = visit.image(key)
        keep = np.logical_and.reduce([paper_cuts(table, key), *but(key)])
        check(image, meant(table, key, image, keep), visit.range)
    bars = visit.bars()
    keep = np.logical_and.reduce([paper_cuts(table, "rz"), *but("histogram")])
    right, _ = np.histogram(table["fe_h"][keep], bins=[*bars["left"], bars["right"][-1]])
    assert np.abs(np.array(bars["selected"]) - right).sum() <= 4


def brushed(visit, table, *keys):
    """Wait until figures show brushes and the page is what they make of it; those brushes."""

    def both():
        masks = {key: inside(visit, table, key) for key in keys}
        held(visit, table, masks)
        return masks

    return eventually(both)


def test_box_lasso_and_range_combine_and_can_be_undone(visit, mock_table):
    visit.drag("rz", (8, 0.3), (10.5, 2.5))
    masks = brushed(visit, mock_table, "rz")
    told(visit, "box (R, z): 8 ≤ R ≤ 10.5 kpc, 0.3 ≤ z ≤ 2.5 kpc")

    visit.take("kiel", "lasso")
    visit.drag("kiel", *LASSO)
    masks |= brushed(visit, mock_table, "rz", "kiel")
    assert "lasso Kiel diagram: " in visit.chips[4]

    visit.scroll_to("histogram")
    visit.drag("histogram", (-1.2, 500), (-0.3, 500))
    masks |= brushed(visit, mock_table, "rz", "kiel", "histogram")
    assert visit.chips[5] == "histogram: −1.2 ≤ [Fe/H] ≤ −0.3"

    for key, there in (
        ("Control+z", ("rz", "kiel")),
        ("Control+z", ("rz",)),
        ("Control+Shift+z", ("rz", "kiel")),
        ("Control+y", ("rz", "kiel", "histogram")),
        ("Escape", ("rz", "kiel")),
        ("Escape", ("rz",)),
        ("Escape", ()),
        ("Control+z", ("rz",)),
    ):
        visit.page.keyboard.press(key)
        holds(visit, mock_table, {source: masks[source] for source in there})
        assert [bool(visit.brush(source)) for source in masks] == [source in there for source in masks]


def test_two_visitors_brush_at_once_and_neither_sees_the_other(visit, browser, mock_table):
    with Visit.of(browser, visit.url) as other:
        other.open()
        starts = visit.place("rz", 8, 0.3), other.place("rv", 8, 240)
        ends = visit.place("rz", 10.5, 2.5), other.place("rv", 9, 190)
        both = (visit, other)
        for visitor, start in zip(both, starts, strict=True):
            visitor.page.mouse.move(*start)
            visitor.page.mouse.down()
        for part in np.linspace(0.1, 1, 8):
            for visitor, start, end in zip(both, starts, ends, strict=True):
                visitor.page.mouse.move(*((1 - part) * np.array(start) + part * np.array(end)).tolist())
        for visitor in both:
            visitor.page.mouse.up()
        mine = brushed(visit, mock_table, "rz")["rz"]
        theirs = brushed(other, mock_table, "rv")["rv"]
        assert not np.array_equal(mine, theirs)
        for visitor, chip in zip(both, ("box (R, z)", "box (R, vφ)"), strict=True):
            assert len(visitor.chips) == 4
            assert visitor.chips[3].startswith(chip)
            visitor.page.get_by_role("img", name=f"brush {chip}").wait_for()


def test_a_brush_is_moved_resized_and_drawn_anew(visit, mock_table):
    visit.drag("rv", (8, 180), (10, 220), hold_ms=450)
    brushed(visit, mock_table, "rv")
    told(visit, "box (R, vφ): 8 ≤ R ≤ 10 kpc, 180 ≤ vφ ≤ 220 km/s")
    visit.drag("rv", (9, 200), (10, 210))
    brushed(visit, mock_table, "rv")
    told(visit, "box (R, vφ): 9 ≤ R ≤ 11 kpc, 190 ≤ vφ ≤ 230 km/s")
    visit.drag("rv", (11, 210), (12.5, 240))
    brushed(visit, mock_table, "rv")
    told(visit, "box (R, vφ): 9 ≤ R ≤ 12.5 kpc, 190 ≤ vφ ≤ 230 km/s")
    visit.drag("rv", (7.5, 270), (8.5, 250))
    brushed(visit, mock_table, "rv")
    told(visit, "box (R, vφ): 7.5 ≤ R ≤ 8.5 kpc, 250 ≤ vφ ≤ 270 km/s")
    visit.drag("rv", (10, 270), (10.35, 270))
    told(visit, "box (R, vφ): 7.5 ≤ R ≤ 8.5 kpc, 250 ≤ vφ ≤ 270 km/s")
    brushed(visit, mock_table, "rv")
    visit.drag("kiel", (5200, 3.2), (4200, 1.2))
    brushed(visit, mock_table, "rv", "kiel")
    visit.drag("kiel", (4200, 2.2), (4000, 2.2))
    brushed(visit, mock_table, "rv", "kiel")
    assert visit.chips[4:] == ["box Kiel diagram: 4000 ≤ Teff ≤ 5200 K, 1.2 ≤ log g ≤ 3.2"]
    for _ in range(4):
        visit.press("Undo")
    holds(visit, mock_table, {"rv": inside_box(mock_table, (9, 11), (190, 230))})


def told(visit, *chips):
    """Wait until these are the chips after the cuts that the page opens with."""

    def check():
        assert tuple(visit.chips[3:]) == chips

    eventually(check)


def inside_box(table, across, up):
    """Rows in a box of (R, v_phi)."""
    x, y = table["R"], table["vT"]
    return (x >= across[0]) & (x <= across[1]) & (y >= up[0]) & (y <= up[1])


def test_a_chip_inverts_switches_off_and_removes(visit, mock_table):
    visit.drag("plane", (-0.8, 0.1), (0, 0.3))
    inner = brushed(visit, mock_table, "plane")["plane"]
    button = visit.page.get_by_role("button", name="Select what is outside instead").nth(3)
    button.focus()
    visit.page.keyboard.press("Enter")
    known = np.isfinite(mock_table["fe_h"]) & np.isfinite(mock_table["mg_fe"])
    holds(visit, mock_table, {"plane": known & ~inner})
    assert visit.chips[3].startswith("outside box")
    assert visit.page.evaluate(FOCUSED) == "Select what is inside again"

    visit.page.get_by_role("button", name="Switch this cut off").nth(3).click()
    holds(visit, mock_table, {})
    assert visit.chips[3].startswith("off outside box")
    visit.page.get_by_role("button", name="Switch this cut on").click()
    holds(visit, mock_table, {"plane": known & ~inner})
    visit.drag("plane", (-0.4, 0.2), (-0.6, 0.2))

    def moved_to():
        moved = inside(visit, mock_table, "plane")
        held(visit, mock_table, {"plane": known & ~moved})
        return moved

    moved = eventually(moved_to)
    assert not np.array_equal(moved, inner)
    visit.page.get_by_role("button", name="Remove this cut").nth(3).click()
    holds(visit, mock_table, {})
    assert visit.brush("plane") is None
    visit.press("Undo")
    visit.press("Clear brushes")
    holds(visit, mock_table, {})
    visit.press("Clear all")
    everyone = len(mock_table["R"])

    def bare():
        assert visit.chips == []
        assert visit.count == (everyone, everyone)

    eventually(bare)


def test_a_polygon_is_set_corner_by_corner(visit, mock_table):
    visit.take("xy", "polygon")
    for corner in ((8, -3), (12, -2), (12, 2)):
        visit.page.mouse.click(*visit.place("xy", *corner))
    brushed(visit, mock_table, "xy")
    visit.page.mouse.click(*visit.place("xy", 9, 2.5))
    visit.page.keyboard.press("Enter")
    brushed(visit, mock_table, "xy")
    assert "lasso (X, Y): 4 corners" in visit.chips[3]
    visit.drag("xy", (10, 0), (9, 0))
    brushed(visit, mock_table, "xy")
    assert "X 7 to 11 kpc" in visit.chips[3]
    visit.press("Undo")
    told(visit, "lasso (X, Y): 4 corners, X 8 to 12 kpc, Y −3 to 2.5 kpc")
    visit.press("Undo")
    holds(visit, mock_table, {})
    assert visit.brush("xy") is None


def test_numbers_do_what_the_mouse_does(visit, mock_table):
    visit.page.get_by_role("button", name="Settings of (R, vφ)").click()
    dialog = visit.page.get_by_role("dialog").filter(has_text="Let go of the brush")
    fields = dialog.get_by_role("textbox")
    for place, number in ((-4, "8"), (-3, "10"), (-2, "180"), (-1, "220")):
        visit.type_into(fields.nth(place), number)
    box = "box (R, vφ): 8 ≤ R ≤ 10 kpc, 180 ≤ vφ ≤ 220 km/s"
    told(visit, box)
    visit.page.keyboard.press("Escape")
    eventually(lambda: focus_is_on(visit, "Settings of (R, vφ)"))
    typed = brushed(visit, mock_table, "rv")["rv"]
    assert np.array_equal(typed, inside_box(mock_table, (8, 10), (180, 220)))
    visit.press("Clear brushes")
    holds(visit, mock_table, {})
    visit.drag("rv", (8, 180), (10, 220))
    assert np.array_equal(brushed(visit, mock_table, "rv")["rv"], typed)
    told(visit, box)

    visit.page.get_by_label("Change this cut").nth(3).click()
    low = visit.page.get_by_role("textbox", name=re.compile("^R from"))
    visit.type_into(low, "9")
    holds(visit, mock_table, {"rv": inside_box(mock_table, (9, 10), (180, 220))})
    visit.type_into(low, "eleven")
    visit.page.get_by_text("'eleven' is not a number").wait_for()
    visit.type_into(low, "11")
    visit.page.get_by_text("lies above the upper end").wait_for()
    holds(visit, mock_table, {"rv": inside_box(mock_table, (9, 10), (180, 220))})


def focus_is_on(visit, name):
    assert visit.page.evaluate(FOCUSED) == name


def test_a_brush_stays_as_a_cut_when_its_view_has_another_axis(visit, mock_table):
    visit.drag("plane", (-0.8, 0.1), (0, 0.3))
    mask = brushed(visit, mock_table, "plane")["plane"]
    visit.page.get_by_role("button", name="Settings of [X/Fe]").click()
    visit.choose("Vertical axis", "[Mn/Fe]")
    visit.page.keyboard.press("Escape")
    keep = paper_cuts(mock_table, "rz") & mask

    def shown():
        assert visit.brush("plane") is None
        assert visit.chips[3] == "box: −0.8 ≤ [Fe/H] ≤ 0, 0.1 ≤ [Mg/Fe] ≤ 0.3"
        image = visit.image("plane")
        table = {**mock_table, "mg_fe": mock_table["mn_fe"]}
        drawn = meant(table, "plane", image, keep)
        assert f"{drawn.inside:,} stars" in visit.headings[MAPS.index("plane")]
        assert visit.count == (keep.sum(), len(keep))

    eventually(shown)


def test_the_note_asks_only_while_no_button_is_down(newcomer):
    """And it follows the pointer by itself: of where it is, the server need not hear."""
    visit = newcomer
    visit.page.evaluate(WATCH)
    assert "star" in visit.tip("rz", 8.0, 0.3)
    told = visit.page.evaluate("() => window.told")
    assert "pointer data" in told
    assert not any(each.endswith((" styles", " tags")) for each in told)

    visit.page.mouse.down()
    visit.page.evaluate("() => window.told.splice(0)")
    for step in range(10):
        visit.point_at("rz", 8.0 + step / 5, 0.3 + step / 5)
        visit.page.wait_for_timeout(80)
    assert "pointer data" not in visit.page.evaluate("() => window.told")
    assert not visit.page.locator(".bk-Div .bk-clearfix").is_visible()
    visit.page.mouse.up()
    assert "star" in visit.tip("rz", 8.0, 0.3)
