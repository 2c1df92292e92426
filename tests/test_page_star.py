"""The star one looks at, in a real Chromium: which one a click, a name or a step means is numpy's to say."""

import re
from functools import partial
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.envelope import open_sealed, seal
from explorer.link import VERSION
from tests.browser import MAPS, eventually
from tests.plain_maps import AXES, paper_cuts
from tests.shared_visit import SharedVisit

FIELD = "input[aria-label='Find a star']"

RINGS = """
([sheet, keys]) => {
  const rings = Bokeh.documents[0].get_model_by_name(sheet).data
  return keys.map(key => ['x', 'y'].map(axis => Array.from(rings[`${key}_${axis}`])))
}
"""

SCALE = """
key => {
  const {x_range, y_range, inner_width, inner_height} = Bokeh.documents[0].get_model_by_name(key)
  const span = (range) => Math.abs(range.end - range.start)
  return [inner_width / span(x_range), inner_height / span(y_range)]
}
"""

FOCUSED = """
() => {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  return focused?.ariaLabel
}
"""

POINTED = """
([key, sx, sy]) => {
  const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(key))
  const box = view.el.getBoundingClientRect()
  return [view.frame.x_scale.invert(sx - box.left), view.frame.y_scale.invert(sy - box.top)]
}
"""


def look_once(obsid, visit):
    """Look at a star and away again: from then on the page has the figures of a star's drawer."""
    field = visit.page.locator(FIELD)
    field.fill(str(obsid))
    field.press("Enter")
    pane = visit.page.locator("section.pane")
    pane.wait_for()
    expect(pane.locator(".busy")).to_have_text("")
    pane.get_by_label("Close").click()
    pane.wait_for(state="hidden")
    expect(field).to_have_value("")


@pytest.fixture(scope="module")
def shared_visit(browser, served, mock_file, mock_table):
    shared = SharedVisit(browser, served(mock_file).url, partial(look_once, mock_table["obsid"][0]))
    yield shared
    shared.close()


def chosen(visit):
    """What the field calls the star that is looked at, "" where there is none."""
    return visit.page.locator(FIELD).input_value()


def said(visit):
    return visit.page.locator(".said[role=status]").first.inner_text()


def row_of(visit, table):
    """The row in the file of the star that is looked at, by its obsid."""
    name = re.fullmatch(r"obsid (\d+)", chosen(visit))
    assert name
    (row,) = np.flatnonzero(table["obsid"] == int(name[1]))
    return row


def marked(visit, table, row, keys=MAPS, sheet="rings"):
    """Wait until the rings of all views are where a row of the file is; None is nowhere."""
    views = [*keys, *(["histogram"] if sheet == "rings" else [])]
    axes = {**AXES, "histogram": ("fe_h", "fe_h")}

    def check():
        for key, place in zip(views, visit.page.evaluate(RINGS, [sheet, views]), strict=True):
            names = axes[key.partition(".")[0]]
            right = [np.nan if row is None else np.float32(table[name][row]) for name in names]
            right = right if np.isfinite(right).all() else [np.nan, np.nan]
            assert np.allclose(np.array(place, float).T, right, rtol=1e-6, equal_nan=True), key

    eventually(check)


def click(visit, key, x, y, shown):
    """Click at a place of a map; the rows that numpy says may be meant, by their distance on the screen."""
    sx, sy = (round(each) for each in visit.place(key, x, y))
    place, scale = visit.page.evaluate(POINTED, [key, sx, sy]), visit.page.evaluate(SCALE, key)
    visit.page.mouse.click(sx, sy)
    across, up = ((table_of(shown, key, k) - place[k]) * scale[k] for k in (0, 1))
    return np.where(shown["keep"], np.hypot(across, up), np.inf)


def table_of(shown, key, k):
    return shown["table"][AXES[key][k]]


def seen(visit, table, key):
    """The stars that a map shows as it opens."""
    (x0, x1), (y0, y1) = (sorted(ends) for ends in visit.axes(key))
    x, y = (table[name] for name in AXES[key])
    inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    return {"table": table, "keep": paper_cuts(table, key) & inside}


def address(visit):
    """The address of the page, in the browser's own words."""
    return str(visit.page.evaluate("location.href"))


def opened_state(visit):
    """What the address holds."""
    return open_sealed(visit.page.evaluate("new URL(location.href).searchParams.get('s')"), VERSION)


@pytest.mark.parametrize(("key", "place"), [("rz", (9.0, 0.5)), ("kiel", (4600.0, 2.4)), ("xy", (9.5, -1.5))])
def test_a_click_means_the_nearest_star_shown(visit, mock_table, key, place):
    """Kiel's axes grow backwards; (X, Y) has a cut of its own."""
    before, chips = visit.count, visit.chips
    apart = click(visit, key, *place, seen(visit, mock_table, key))
    eventually(lambda: row_of(visit, mock_table))
    row = row_of(visit, mock_table)
    assert apart[row] <= apart.min() + 1e-3 <= 12
    marked(visit, mock_table, row)
    assert (visit.count, visit.chips) == (before, chips)
    assert [visit.brush(each) for each in MAPS] == [None] * len(MAPS)


def test_clicks_at_one_place_go_round_the_stars_there(visit, mock_table):
    shown = seen(visit, mock_table, "rz")
    names = []
    for _ in range(3):
        apart = click(visit, "rz", 8.3, 0.05, shown)
        eventually(lambda: differs(chosen(visit), names[-1:]))
        names.append(chosen(visit))
    tied = np.flatnonzero(apart <= apart.min() + 1)
    assert len(tied) > 3, "the place is not crowded"
    rows = [np.flatnonzero(mock_table["obsid"] == int(name.split()[1]))[0] for name in names]
    assert np.allclose(apart[rows], np.sort(apart)[:3], atol=1e-3)


def differs(name, others):
    assert name
    assert name not in others


def test_a_click_beside_all_stars_changes_nothing(visit, mock_table):
    visit.page.mouse.click(*visit.place("kiel", 7300, 0.3))
    visit.page.wait_for_timeout(1000)
    assert chosen(visit) == ""
    marked(visit, mock_table, None)
    click(visit, "rz", 9.0, 0.5, seen(visit, mock_table, "rz"))
    row = eventually(lambda: row_of(visit, mock_table))
    visit.page.mouse.click(*visit.place("kiel", 7300, 0.3))
    visit.page.wait_for_timeout(1000)
    marked(visit, mock_table, row)


def test_a_click_leaves_brushes_and_a_brush_leaves_the_star(visit, mock_table):
    visit.drag("rz", (8, 0.3), (10.5, 2.5))
    x, y = mock_table["R"], mock_table["z"]

    def counted():
        brush = there(visit.brush("rz"))
        (x0, x1), (y0, y1) = sorted(brush["xs"]), sorted(brush["ys"])
        keep = paper_cuts(mock_table, "rz") & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        assert visit.count == (keep.sum(), len(keep))
        return visit.count

    count = eventually(counted)
    chips = visit.chips
    click(visit, "rz", 9.0, 0.6, seen(visit, mock_table, "rz"))
    row = eventually(lambda: row_of(visit, mock_table))
    marked(visit, mock_table, row)
    assert (eventually(counted), visit.chips) == (count, chips)
    visit.page.keyboard.press("Control+z")
    eventually(lambda: same(visit.brush("rz"), None))
    marked(visit, mock_table, row)
    visit.page.keyboard.press("Control+Shift+z")
    eventually(lambda: there(visit.brush("rz")))
    visit.page.keyboard.press("Escape")
    eventually(lambda: same(chosen(visit), ""))
    marked(visit, mock_table, None)
    assert visit.brush("rz") is not None
    visit.page.keyboard.press("Escape")
    eventually(lambda: same(visit.brush("rz"), None))


def there(thing):
    assert thing
    return thing


def same(thing, other):
    assert thing == other


def fewer(visit, table):
    count = visit.count
    assert count[0] < paper_cuts(table, "rz").sum()
    return count


def test_corners_of_a_polygon_are_no_stars(visit, mock_table):
    visit.take("rz", "polygon")
    for place in ((8.5, 0.5), (9.5, 0.5), (9.5, 1.5)):
        visit.page.mouse.click(*visit.place("rz", *place))
        visit.page.wait_for_timeout(100)
    visit.take("rz", "box")
    visit.page.mouse.click(*visit.place("rz", 9, 0.2))  # the polygon has no end yet
    visit.page.wait_for_timeout(500)
    assert chosen(visit) == ""
    visit.take("rz", "polygon")
    visit.page.mouse.click(*visit.place("rz", 8.5, 1.5))
    visit.page.keyboard.press("Enter")
    eventually(lambda: fewer(visit, mock_table))
    assert chosen(visit) == ""
    visit.take("rz", "box")
    click(visit, "kiel", 4600.0, 2.4, seen(visit, mock_table, "kiel"))
    eventually(lambda: row_of(visit, mock_table))
    assert len(visit.brush("rz")["xs"]) == 4


def test_a_name_or_a_position_finds_a_star(visit, mock_table):
    rows = np.flatnonzero(paper_cuts(mock_table, "rz"))[[10, 500, 900, 1300]].tolist()
    names = (
        str(mock_table["obsid"][rows[0]]),
        f"Gaia DR3 {mock_table['source_id'][rows[1]]}",
        mock_table["designation"][rows[2]].removeprefix("MOCK "),
        f"{mock_table['ra'][rows[3]]:.6f} {mock_table['dec'][rows[3]] + 1e-3:+.6f}",
    )
    for row, name in zip(rows, names, strict=True):
        visit.page.keyboard.press("/")
        assert visit.page.evaluate(FOCUSED) == "Find a star"
        visit.page.keyboard.type(name)
        visit.page.keyboard.press("Enter")
        eventually(lambda row=row: same(chosen(visit), f"obsid {mock_table['obsid'][row]}"))
        marked(visit, mock_table, row)
        visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("/")
    visit.page.keyboard.type(names[3])
    visit.page.keyboard.press("Enter")
    eventually(lambda: same(said(visit), "3.6″ from that position"))
    visit.page.keyboard.type("<b>nobody</b>")
    visit.page.keyboard.press("Enter")
    eventually(lambda: there("'<b>nobody</b>' is no name of a star: give" in said(visit)))
    visit.page.keyboard.press("Escape")
    assert chosen(visit) == f"obsid {mock_table['obsid'][rows[3]]}"
    marked(visit, mock_table, rows[3])


def test_a_star_that_is_not_selected_is_found_and_said_to_be_so(visit, mock_table):
    row = int(np.flatnonzero(~paper_cuts(mock_table, "rz"))[7])
    visit.type_into(visit.page.locator(FIELD), str(mock_table["obsid"][row]))
    eventually(lambda: same(said(visit), "not among the selected stars"))
    marked(visit, mock_table, row)


def test_arrows_step_through_the_selection_and_round_its_ends(visit, mock_table):
    walk = np.flatnonzero(paper_cuts(mock_table, "rz")).tolist()
    visit.page.keyboard.press("ArrowRight")  # without a star there is nothing to step from
    visit.page.wait_for_timeout(500)
    assert chosen(visit) == ""
    visit.type_into(visit.page.locator(FIELD), str(mock_table["obsid"][walk[1]]))
    marked(visit, mock_table, walk[1])
    visit.page.keyboard.press("ArrowLeft")  # in the field the arrows move the caret
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_timeout(500)
    marked(visit, mock_table, walk[1])
    visit.page.keyboard.press("ArrowLeft")
    marked(visit, mock_table, walk[0])
    visit.page.keyboard.press("ArrowLeft")
    marked(visit, mock_table, walk[-1])
    for _ in range(5):
        visit.page.keyboard.press("ArrowRight")
    marked(visit, mock_table, walk[4])
    visit.press("Previous star of the selection")
    marked(visit, mock_table, walk[3])
    visit.press("Let go of the star")
    marked(visit, mock_table, None)
    assert chosen(visit) == ""


def test_link_reload_and_back_bring_the_star_back(newcomer, mock_table):
    """On a page that looked at no star before: such a one would be what back leads to."""
    click(newcomer, "rz", 9.0, 0.5, seen(newcomer, mock_table, "rz"))
    row = eventually(lambda: row_of(newcomer, mock_table))
    star = ["obsid", int(mock_table["obsid"][row])]
    eventually(lambda: there("?s=" in address(newcomer) and opened_state(newcomer)["star"] == star))
    link = address(newcomer)
    newcomer.page.reload()
    newcomer.wait_for(*MAPS)
    marked(newcomer, mock_table, row)
    assert eventually(lambda: row_of(newcomer, mock_table)) == row
    newcomer.page.keyboard.press("ArrowRight")
    eventually(lambda: differs(address(newcomer), [link]))
    newcomer.page.go_back()
    marked(newcomer, mock_table, row)
    newcomer.page.go_back()
    marked(newcomer, mock_table, None)


def test_a_link_to_a_star_of_another_catalogue_says_so(visit, mock_table):
    click(visit, "rz", 9.0, 0.5, seen(visit, mock_table, "rz"))
    eventually(lambda: there("?s=" in address(visit)))
    plain = {**opened_state(visit), "star": ["obsid", 7]}
    visit.page.goto(f"{visit.url}?{urlencode({'s': seal(plain, VERSION)})}")
    visit.wait_for(*MAPS)
    visit.page.get_by_text("the star with obsid 7 is not in this catalogue").wait_for()
    marked(visit, mock_table, None)


def test_the_gallery_and_the_footprint_mark_it_and_take_clicks(visit, mock_table):
    click(visit, "rz", 9.0, 0.5, seen(visit, mock_table, "rz"))
    row = eventually(lambda: row_of(visit, mock_table))
    visit.tab("Footprint")
    visit.wait_for("face", "edge", "sky")
    marked(visit, mock_table, row, ("sky", "face", "edge"))
    visit.tab("Gallery")
    visit.wait_for("rz.mg_fe", "rz.fe_h")
    marked(visit, mock_table, row, ("rz.mg_fe", "rz.teff"), "rz.rings")
    visit.page.mouse.click(*visit.place("rz.fe_h", 10.5, -0.7))
    eventually(lambda: differs(chosen(visit), [f"obsid {mock_table['obsid'][row]}"]))
    marked(visit, mock_table, row_of(visit, mock_table), ("rz.mg_fe", "rz.teff"), "rz.rings")
