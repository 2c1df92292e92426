"""Subsets and the summary on the page, in a real Chromium: what is drawn and told is what numpy finds."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer import contours
from explorer.palette import GHOST, LEVELS
from explorer.raster import Window
from tests.browser import MAPS, Visit, becomes, eventually, soon
from tests.plain_maps import AXES, CELLS_A_SIDE, STARS_A_CELL, paper_cuts, pixel

HOSTILE = "<img src=x onerror=alert(1)>"

_LINES = """
key => {
  const data = Bokeh.documents[0].get_model_by_name('contours').data
  const numbers = line => Array.from(line, x => isNaN(x) ? null : x)
  const plain = column => Array.from(data[`${key}_${column}`], numbers)
  return {x: plain('xs'), y: plain('ys'), colour: Array.from(data.colour)}
}
"""

_NEWS = """
() => {
  const listed = [...Bokeh.documents[0]._all_models.values()].find(model => model.data?.subsets)
  listed.data.subsets = listed.data.subsets.map(subset => ({...subset, number: "5 stars"}))
}
"""

_ROWS = """
rows => rows.map(row => [row.querySelector('input[type=text]').value, row.querySelector('.number').innerText])
"""


def lines(visit, key):
    """The lines over a view in the browser: (colour, x, y) for each that is there."""
    found = visit.page.evaluate(_LINES, key)
    rows = zip(found["colour"], found["x"], found["y"], strict=True)
    return [(colour, np.array(x, float), np.array(y, float)) for colour, x, y in rows if x]


def counted(table, key, keep, cells, window):
    """(cells, cells) stars in a window, by the rule of the maps."""
    x, y = (table[name][keep].astype(float) for name in AXES[key])
    x0, x1, y0, y1 = window
    here = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    n = np.zeros((cells, cells))
    side = 400 // cells
    np.add.at(n, (pixel(y[here], y0, y1) // side, pixel(x[here], x0, x1) // side), 1)
    return n


def check_contours(visit, table, key, masks):
    """Hold the lines over a map to the stars of each subset, in their order."""
    window = visit.image(key).window
    expected = [
        line
        for keep in masks
        for line in contours.lines(counted(table, key, keep, 100, window), Window(*window))
        if line.x.size
    ]
    drawn = lines(visit, key)
    assert len(drawn) == len(expected)
    for (_, x, y), right in zip(drawn, expected, strict=True):
        assert np.array_equal(x, right.x, equal_nan=True)
        assert np.array_equal(y, right.y, equal_nan=True)


def check_tints(visit, table, key, masks):
    """Hold a tinted map to the stars of each subset, cell by cell."""
    image = visit.image(key)
    inside = counted(table, key, np.logical_or.reduce(masks), 25, image.window).sum()
    cells = next((n for n in CELLS_A_SIDE if inside >= STARS_A_CELL * n * n), CELLS_A_SIDE[-1])
    assert image.levels.shape == (cells, cells)
    numbers = np.array([counted(table, key, keep, cells, image.window) for keep in masks])
    most, winner, band = numbers.max(axis=0), numbers.argmax(axis=0), LEVELS // len(masks)
    strength = np.log(np.maximum(most, 1)) / np.log(max(2, most.max()))
    level = GHOST + 1 + winner * band + (strength * (band - 1)).astype(int)
    assert np.array_equal(image.levels[most > 0], level[most > 0])
    assert image.levels[most == 0].max(initial=0) <= GHOST


def numbers(visit):
    """Names of the subsets, and how many stars the list gives them."""
    told = dict(visit.page.locator("li:has(.number)").evaluate_all(_ROWS))
    assert all(re.fullmatch(r"[\d,]+ stars", words) for words in told.values()), told
    return {name: int(words.split()[0].replace(",", "")) for name, words in told.items()}


def check_numbers(visit, expected):
    assert numbers(visit) == {name: int(keep.sum()) for name, keep in expected.items()}


def make(visit, name, condition):
    """Keep the stars of a condition as a subset."""
    visit.page.get_by_label("Name of the subset").fill(name)
    visit.type_into(visit.page.get_by_label("Condition of the subset"), condition)


def combine(visit, first, word, second):
    for label, option in (("First subset", first), ("Combined by", word), ("Second subset", second)):
        visit.choose(label, option)
    visit.page.get_by_role("button", name="Combine", exact=True).click()


def test_subsets_are_kept_combined_shown_and_used_as_cuts(newcomer, mock_table):
    """From the selection, a condition, a combination; as contours, as steps and as tints."""
    visit = newcomer
    giants = paper_cuts(mock_table, "rz")
    poor = mock_table["fe_h"] < -0.4
    visit.press("Keep as subset")
    eventually(lambda: check_numbers(visit, {"subset 1": giants}))
    visit.type_into(visit.page.get_by_label("Name of subset 1"), "my giants")
    visit.press("Ready-made, written, combined")
    make(visit, "poor", "fe_h < -0.4")
    eventually(lambda: check_numbers(visit, {"my giants": giants, "poor": poor}))
    combine(visit, "my giants", "minus", "poor")
    rest = giants & ~poor & np.isfinite(mock_table["fe_h"])
    every = {"my giants": giants, "poor": poor, "my giants minus poor": rest}
    eventually(lambda: check_numbers(visit, every))

    visit.page.get_by_label("Show my giants", exact=True).click()
    for key in MAPS:
        eventually(lambda key=key: check_contours(visit, mock_table, key, [poor, rest]))
    colours = [
        visit.page.get_by_label(f"Colour of {name}", exact=True).input_value() for name in [*every][1:]
    ]
    assert {colour for colour, _, _ in lines(visit, "rz")} == {*colours}

    def steps() -> None:
        bars = visit.bars()
        for (_, x, y), keep in zip(lines(visit, "histogram"), (poor, rest), strict=True):
            edges = [*bars["left"], bars["right"][-1]]
            n, _ = np.histogram(mock_table["fe_h"][keep].astype(float), bins=edges)
            assert np.allclose(x, np.repeat(edges, 2))
            assert np.abs(y[1:-1:2] - n).sum() <= 4

    eventually(steps)
    visit.press("Tints")
    for key in MAPS:
        eventually(lambda key=key: check_tints(visit, mock_table, key, [poor, rest]))
    becomes(lambda: lines(visit, "rz"), [])
    soon(lambda: re.search(r"up to [0-9,]+ stars a cell", visit.headings[0]) is not None)
    becomes(lambda: visit.count, (giants.sum(), len(giants)))

    visit.page.get_by_label("Use poor as a cut", exact=True).click()
    eventually(lambda: check_count(visit, giants & poor))
    assert visit.chips[-1] == "subset poor"
    visit.type_into(visit.page.get_by_label("Name of poor", exact=True), "metal-poor")
    eventually(lambda: check_chip(visit, "subset metal-poor"))
    visit.page.get_by_label("Remove metal-poor", exact=True).click()
    eventually(lambda: check_chip(visit, "fe_h < -0.4"))


def check_count(visit, keep):
    assert visit.count == (keep.sum(), len(keep))


def check_chip(visit, words):
    assert visit.chips[-1] == words


def test_ready_made_subsets_say_where_they_come_from_and_three_are_shown(newcomer, mock_table):
    visit = newcomer
    visit.press("Ready-made, written, combined")
    for name in ("thin disc", "halo", "chi2 < 7000", "dwarfs"):
        visit.choose("Ready-made", name)
        visit.page.get_by_label(f"Name of {name}", exact=True).wait_for()
    eventually(
        lambda: check_numbers(
            visit,
            {
                "thin disc": mock_table["Jz"] < 30,
                "halo": (mock_table["vT"] < 100) & (np.abs(mock_table["z"]) > 2),
                "chi2 < 7000": mock_table["chi2"] < 7000,
                "dwarfs": mock_table["giantmodel"] == 0,
            },
        )
    )
    for words in ("Stars below the line of eq. 1.", "accreted candidates (orbit) needs eccentricity ("):
        soon(lambda words=words: words in " ".join(visit.text_of("note-block")))
    fourth = visit.page.get_by_label("Show dwarfs", exact=True)
    assert not fourth.is_checked()
    fourth.click()
    visit.page.get_by_text("hide one of them first").wait_for()
    eventually(lambda: fourth_is_off(visit))


def fourth_is_off(visit):
    assert not visit.page.get_by_label("Show dwarfs", exact=True).is_checked()


def test_what_can_not_be_kept_is_refused_in_words(newcomer):
    visit = newcomer
    visit.press("Ready-made, written, combined")
    for name, condition, reason in (
        ("a", "__import__('os')", "no function '__import__'"),
        ("a", HOSTILE, "<img src=x onerror="),
        ("a", "fe_h + 1", "is a number, not a condition"),
        ("a", "nothing > 1", "no column 'nothing'"),
        ("a", "eccentricity > 0.5", "no column eccentricity"),
        ("x" * 60, "fe_h > 0", "1 to 40 printable letters"),
    ):
        make(visit, name, condition)
        visit.page.get_by_text(reason).first.wait_for()
        assert numbers(visit) == {}
        assert visit.page.locator("img[src=x]").count() == 0


def test_hostile_names_are_text(visit):
    visit.press("Keep as subset")
    field = visit.page.get_by_label("Name of subset 1", exact=True)
    visit.type_into(field, HOSTILE)
    renamed = visit.page.get_by_label(f"Use {HOSTILE} as a cut", exact=True)
    renamed.click()
    eventually(lambda: check_chip(visit, f"subset {HOSTILE}"))
    visit.press("Tints")
    visit.point_at("rz", 8.0, 0.0)
    visit.page.wait_for_timeout(500)
    assert visit.page.locator("img[src=x]").count() == 0


def test_a_name_that_is_being_typed_stays_when_news_comes(visit):
    visit.press("Keep as subset")
    words = visit.page.get_by_label(re.compile("^Name of subset 1"))
    number = visit.page.locator(".number").first
    expect(words).to_have_value("subset 1")
    expect(number).to_have_text(re.compile(r"\d stars$"))
    words.press("End")
    words.press_sequentially(", half")
    visit.page.evaluate(_NEWS)
    expect(number).to_have_text("5 stars")
    expect(words).to_have_value("subset 1, half")
    expect(words).to_be_focused()
    words.press_sequentially(" done")
    words.press("Enter")
    expect(visit.page.get_by_label("Name of subset 1, half done", exact=True)).to_be_visible()
    expect(visit.page.get_by_label("Name of subset 1", exact=True)).to_have_count(0)


def summary(visit):
    """The table's rows by label: those of the selected and of the other stars."""
    read = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    rows = visit.page.locator(".frame tbody tr").evaluate_all(read)
    return {first[0]: (first[1:], second) for first, second in zip(rows[::2], rows[1::2], strict=True)}


def check_summary(visit, table, selected, others):
    rows = summary(visit)
    for label, column in (("[Fe/H]", "fe_h"), ("[O/Fe]", "o_fe"), ("log g", "logg")):
        for told, keep in zip(rows[label], (selected, others), strict=True):
            values = table[column][keep].astype(float)
            values = values[np.isfinite(values)]
            assert told[1] == f"{len(values):,}"
            mean, error = (float(part.replace("−", "-")) for part in told[2].split(" ± "))
            right = values.std(ddof=1) / np.sqrt(len(values))
            assert error == pytest.approx(right, rel=0.06)
            assert abs(mean - values.mean()) <= right


def test_summary_follows_the_selection_and_is_told_to_screen_readers(visit, mock_table):
    giants = paper_cuts(mock_table, "rz")
    eventually(lambda: check_summary(visit, mock_table, giants, ~giants))
    visit.page.get_by_label("Remove this cut").nth(1).click()
    all_giants = mock_table["giantmodel"] == 1
    eventually(lambda: check_summary(visit, mock_table, all_giants, ~all_giants))
    table = visit.page.get_by_role("region", name="Summary of the selected stars")
    assert "Statistical errors only" in table.locator("caption").inner_text()
    assert table.get_by_role("columnheader").count() == 9
    table.focus()
    said = visit.page.locator("[aria-live=polite]")

    def spoken() -> None:
        assert said.inner_text().startswith(
            f"{all_giants.sum():,} stars selected, {(~all_giants).sum():,} others"
        )

    eventually(spoken)


def test_two_visitors_keep_their_own_subsets(visit, browser):
    visit.press("Keep as subset")
    visit.page.get_by_label("Name of subset 1", exact=True).wait_for()
    with Visit.of(browser, visit.url) as other:
        other.open()
        assert numbers(other) == {}
        assert lines(other, "rz") == []
