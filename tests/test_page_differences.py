"""The page Differences in a real Chromium: what is drawn is what plain masks give, brush or not."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.stats import false_discovery_control, ttest_ind

from tests.browser import becomes, eventually

SIDE, LEAST = 25, 10
X0, X1, Y0, Y1 = 7.5, 15.0, -4.0, 4.0

IMAGES = """
() => {
  const source = Bokeh.documents[0].get_model_by_name('differences.rz')
  const names = ['difference', 'error', 't', 'p', 'q', 'n_a', 'n_b', 'difference_passing']
  const told = image => Array.from(image, value => Number.isNaN(value) ? null : value)
  return source == null ? null : Object.fromEntries(names.map(name => [name, told(source.data[name][0])]))
}
"""
RANGE = """
() => {
  const figure = Bokeh.documents[0].get_model_by_name('differences.rz.difference')
  const mapper = figure.renderers[0].glyph.color_mapper
  return [mapper.low, mapper.high, figure.below[0].axis_label, figure.left[0].axis_label]
}
"""
LINES = """
name => (Bokeh.documents[0].get_model_by_name(name)?.renderers ?? [])
  .filter(one => one.name?.includes('_landmark_') && one.visible).map(one => one.name.split('_')[2])
"""


def expected(table, first, second, label="mg_fe"):
    """Differences of every pixel by plain masks and scipy."""
    across = np.floor((table["R"] - X0) / (X1 - X0) * SIDE)
    up = np.floor((table["z"] - Y0) / (Y1 - Y0) * SIDE)
    known = np.isfinite(table[label])
    made = {name: np.full(SIDE * SIDE, np.nan) for name in ("difference", "error", "t", "p")}
    made |= {name: np.zeros(SIDE * SIDE) for name in ("n_a", "n_b")}
    for pixel in range(SIDE * SIDE):
        row, column = divmod(pixel, SIDE)
        here = known & (up == row) & (across == column)
        one, other = (table[label][here & mask] for mask in (first, second))
        made["n_a"][pixel], made["n_b"][pixel] = len(one), len(other)
        if min(len(one), len(other)) >= LEAST:
            test, students = (ttest_ind(one, other, equal_var=equal) for equal in (False, True))
            made["t"][pixel], made["p"][pixel] = test.statistic, max(test.pvalue, students.pvalue)
            made["difference"][pixel] = one.mean() - other.mean()
            made["error"][pixel] = made["difference"][pixel] / test.statistic
    return made


def drawn(visit):
    found = visit.page.evaluate(IMAGES)
    assert found is not None, "the map is not there yet"
    return {name: np.array(values, float) for name, values in found.items()}


def check(visit, wanted):
    """The page draws these; gives how many pixels were tested and how many pass."""

    def same():
        images = drawn(visit)
        for name in ("n_a", "n_b"):
            assert (images[name] == wanted[name]).all()
        assert (np.isfinite(images["p"]) == np.isfinite(wanted["p"])).all()
        return images

    images = eventually(same)
    for name, tolerance in (("difference", 1e-4), ("error", 1e-4), ("t", 0.02)):
        assert images[name] == pytest.approx(wanted[name], abs=tolerance, nan_ok=True), name
    tested = np.isfinite(wanted["p"])
    q = false_discovery_control(wanted["p"][tested])
    assert images["q"][tested] == pytest.approx(q, rel=0.05, abs=1e-12)
    assert (np.isfinite(images["difference_passing"]) == (images["q"] <= 0.05)).all()
    return int(tested.sum()), int((images["q"] <= 0.05).sum())


def keep(visit, name, condition):
    visit.page.get_by_label("Name of the subset").fill(name)
    visit.type_into(visit.page.get_by_label("Condition of the subset"), condition)
    expect(visit.page.get_by_label(f"Show {name}", exact=True)).to_be_visible()
    expect(visit.page.get_by_label("Name of the subset")).to_have_value("")  # ready for the next


def test_two_subsets_are_compared_and_follow_a_brush(newcomer, mock_table):
    page, table = newcomer.page, mock_table
    page.get_by_role("button", name="Ready-made, written, combined").click()
    keep(newcomer, "cool", "teff < 4700")
    keep(newcomer, "rich", "fe_h > -0.4")
    newcomer.tab("Differences")
    expect(page.get_by_label("Min stars").last).to_have_value("30")
    newcomer.type_into(page.get_by_label("Min stars").last, str(LEAST))
    selected = (table["giantmodel"] == 1) & (table["chi2"] <= 7000)
    cool, rich = table["teff"] < 4700, table["fe_h"] > -0.4
    check(newcomer, expected(table, selected & cool, selected & rich & ~cool))
    expect(page.get_by_text(f"A and B share {(selected & cool & rich).sum():,} stars")).to_be_visible()

    newcomer.choose("A", "rich")
    newcomer.choose("minus B", "all stars")
    tested, passing = check(newcomer, expected(table, selected & rich, ~(selected & rich)))
    assert tested > 20
    expect(page.get_by_text(f"{passing} of {tested} pixels tested pass")).to_be_visible()
    expect(
        page.get_by_text("MOCK catalogue: mean [Mg/Fe], rich minus all stars, over R and z")
    ).to_be_visible()
    expect(page.get_by_text("not selection-corrected")).to_be_visible()
    low, high, *axes = page.evaluate(RANGE)
    assert low == -high
    assert axes == ["R [kpc]", "z [kpc]"]

    newcomer.tab("Maps")
    newcomer.wait_for("kiel")
    newcomer.drag("kiel", (5050, 3.0), (4300, 1.0))
    within = eventually(lambda: brushed(newcomer, table, selected)) & rich
    newcomer.tab("Differences")
    before, _ = check(newcomer, expected(table, within, ~within))
    assert before > 0
    becomes(lambda: page.evaluate(RANGE)[:2], [low, high])

    page.get_by_role("button", name="Undo").click()
    assert check(newcomer, expected(table, selected & rich, ~(selected & rich))) == (tested, passing)


def test_ready_made_subsets_are_compared_until_there_are_others(newcomer, mock_table):
    page, table = newcomer.page, mock_table
    newcomer.tab("Differences")
    expect(
        page.get_by_text("mean [Eu/Fe], high-alpha sequence minus low-alpha sequence, over R and z")
    ).to_be_visible()
    expect(page.get_by_text("From: Weinberg et al. 2019").first).to_be_visible()
    expect(page.get_by_text("do not share the cuts")).to_be_hidden()
    newcomer.type_into(page.get_by_label("Min stars").last, str(LEAST))
    selected = (table["giantmodel"] == 1) & (table["chi2"] <= 7000)
    line = np.where(table["fe_h"] < 0, 0.12 - 0.13 * table["fe_h"], 0.12)
    sides = selected & (table["mg_fe"] > line), selected & (table["mg_fe"] <= line)
    tested, _ = check(newcomer, expected(table, *sides, "eu_fe"))
    assert tested > 20
    expect(page.get_by_label("Show high-alpha sequence")).to_have_count(0)
    expect(page.get_by_label("Show low-alpha sequence")).to_have_count(0)
    newcomer.choose("Label", "[Mg/Fe]")
    expect(page.locator("b").get_by_text("The label itself tells which stars are in A and B")).to_be_visible()
    how = page.get_by_text("Subsets of your own")
    expect(how).to_be_visible()
    page.get_by_role("button", name="Ready-made, written, combined").click()
    for name, condition in (("cool", "teff < 4700"), ("rich", "fe_h > -0.4")):
        keep(newcomer, name, condition)
    expect(how).to_be_hidden()


def brushed(visit, table, selected):
    """Selected stars within the brush on the Kiel diagram, once the page counts just those."""
    brush = visit.brush("kiel")
    assert brush is not None, "nothing is brushed yet"
    (x0, x1), (y0, y1) = sorted(brush["xs"]), sorted(brush["ys"])
    assert (x0, x1, y0, y1) == pytest.approx((4300, 5050, 1.0, 3.0), rel=0.1)
    teff, logg = table["teff"], table["logg"]
    inside = selected & (teff >= x0) & (teff <= x1) & (logg >= y0) & (logg <= y1)
    assert visit.count == (inside.sum(), len(inside))
    return inside


def test_choices_are_refused_in_words_and_lines_are_switched(newcomer):
    page = newcomer.page
    newcomer.tab("Differences")
    expect(page.get_by_text("Stars with a value on the map")).to_be_visible()
    for typed, words in (("9", "10 to 100,000 stars"), ("<b>", "a whole number, not '<b>'")):
        newcomer.type_into(page.get_by_label("Min stars").last, typed)
        expect(page.get_by_text(words)).to_be_visible()
    newcomer.type_into(page.get_by_label("Min stars").last, "12")
    expect(page.get_by_text("Stars with a value on the map")).to_be_visible()
    with page.expect_download() as begun:
        page.get_by_role("button", name="CSV").click()
    text = begun.value.path().read_text()
    assert begun.value.suggested_filename == "MOCK-differences.csv"
    assert "MOCK catalogue, no observed stars" in text
    assert "# fewest_stars: 12" in text
    newcomer.choose("A", "selected stars")
    newcomer.choose("minus B", "selected stars")
    expect(page.get_by_text("A and B are the same stars")).to_be_visible()
    newcomer.choose("minus B", "the others")
    newcomer.choose("Plane", "(R, vφ)")
    page.get_by_role("checkbox", name="ridge").click()
    eventually(lambda: shows(newcomer, "differences.rv.t", {"ridge"}))
    newcomer.press("Copy link")  # has the address written at once
    page.get_by_role("status").get_by_text(re.compile("^(Link copied|Copy the address)")).wait_for()
    page.reload()
    expect(page.get_by_text("Stars with a value on the map")).to_be_visible(timeout=30_000)
    newcomer.tab("Maps")
    newcomer.wait_for("rv", "kiel")
    eventually(lambda: shows(newcomer, "rv", {"ridge"}))
    shows(newcomer, "kiel", {"eq1"})


def shows(visit, figure, keys):
    assert set(visit.page.evaluate(LINES, figure)) == keys


def test_other_shares_of_giants_are_warned_of_in_bold(newcomer, mock_table):
    page, giants = newcomer.page, mock_table["giantmodel"] == 1
    newcomer.tab("Differences")
    expect(page.get_by_text("Stars with a value on the map")).to_be_visible()
    newcomer.choose("A", "selected stars")
    newcomer.choose("minus B", "the others")
    expect(page.locator("b").get_by_text("A and B do not share the cuts")).to_be_visible()
    newcomer.choose("Label", "[Mg/Fe]")
    expect(page.get_by_text("mean [Mg/Fe], selected stars minus the others")).to_be_visible()
    expect(page.get_by_text("come from two models")).to_be_hidden()
    newcomer.choose("Label", "[Fe/H]")
    warned = page.locator("b").get_by_text("Giants are 100.0 % of A")
    expect(warned).to_be_visible()
    expect(page.get_by_text("if values in a pixel are near normal")).to_be_visible()
    on_map = (np.abs(mock_table["z"]) <= Y1) & (mock_table["R"] >= X0) & (mock_table["R"] <= X1)
    others = np.isfinite(mock_table["fe_h"]) & on_map & ~(giants & (mock_table["chi2"] <= 7000))
    expect(warned).to_contain_text(f"but {100 * giants[others].mean():.1f} % of B")


CUT_OFF = """
all => all.filter(one => {
  const card = one.getRootNode().host.getBoundingClientRect()
  return card.width > 0 && one.getBoundingClientRect().right > card.right
}).length
"""
SIZE = """
() => {
  const figure = Bokeh.documents[0].get_model_by_name('differences.rz.t')
  return [figure.frame_width, figure.frame_height]
}
"""


def test_frames_take_the_shape_of_a_window_that_is_zoomed(newcomer):
    page = newcomer.page
    newcomer.tab("Differences")
    expect(page.get_by_text("Stars with a value on the map")).to_be_visible()
    becomes(lambda: page.evaluate(SIZE), [262, 280])
    becomes(lambda: page.locator(".legend").evaluate_all(CUT_OFF), 0)
    newcomer.tab("Maps")
    newcomer.wait_for("rz")
    newcomer.point_at("rz", X0, 0, nudge=-14)  # over the axis, so that z alone is zoomed
    for _ in range(6):
        page.mouse.wheel(0, -300)
    eventually(lambda: narrow(newcomer.axes("rz")[1]))
    newcomer.tab("Differences")
    eventually(lambda: flat(page.evaluate(SIZE)))
    becomes(lambda: page.locator(".legend").evaluate_all(CUT_OFF), 0)


def narrow(ends):
    assert ends[1] - ends[0] < 1


def flat(size):
    assert size == [280, 60]
