"""Colour by, statistic, colours, range, zoom: each changes what it should, and nothing else."""

from functools import partial

import numpy as np
from playwright.sync_api import expect

from explorer.palette import GHOST, palette
from explorer.raster import STATISTICS
from tests.browser import MAPS, becomes, eventually
from tests.plain_maps import PlainMap, check, check_page, meant, paper_cuts


def test_each_statistic_is_numpys(visit, mock_table):
    """Chosen by keyboard alone or by mouse. A count is shown logarithmically, unless asked otherwise."""
    giants = paper_cuts(mock_table, "rz")
    visit.page.get_by_role("combobox", name="Statistic").focus()
    for key in ("Enter", "ArrowDown", "Enter"):
        visit.page.keyboard.press(key)
        visit.page.wait_for_timeout(300)
    eventually(lambda: check_page(visit, mock_table, giants, ("rz", "kiel"), statistic="median"))
    for statistic in reversed(STATISTICS):
        log = statistic == "count"
        visit.choose("Statistic", statistic)
        eventually(
            lambda how={"statistic": statistic, "log": log}: check_page(
                visit, mock_table, giants, ("rz", "kiel", "plane"), **how
            )
        )
        assert visit.page.get_by_role("checkbox", name="log").first.is_checked() == log


def test_label_min_stars_and_log(visit, mock_table):
    """And a label that no star has is said to be missing."""
    giants = paper_cuts(mock_table, "rz")
    visit.choose("Colour by", "Teff [K]")
    eventually(lambda: check_page(visit, mock_table, giants, ("rz", "plane"), label="teff"))
    assert visit.range[0] > 3000
    least = visit.page.get_by_label("Min stars")
    visit.type_into(least, "none")
    eventually(lambda: expect(least).to_have_value("3"))
    for number in (30, 12):
        visit.type_into(least, str(number))
        eventually(
            partial(check_page, visit, mock_table, giants, ("rz", "kiel"), label="teff", min_stars=number)
        )
    visit.page.get_by_role("checkbox", name="log").first.click()
    eventually(
        lambda: check_page(visit, mock_table, giants, ("rz", "kiel"), label="teff", min_stars=12, log=True)
    )
    assert not np.isfinite(mock_table["s_fe"][paper_cuts(mock_table, "kiel")]).any()
    visit.choose("Colour by", "[s/Fe]")

    def said() -> None:
        assert all("none with [s/Fe]" in visit.heading(key) for key in MAPS)

    eventually(said)


def test_colours_change_on_the_canvas_and_no_pixel_does(visit):
    before = visit.image("rv")
    visit.choose("Colours", "blue to sand")
    drawn = [tuple(cell) for cell in np.argwhere(before.levels > GHOST)[::20]]
    places = [before.centre(*cell) for cell in drawn]
    right = [[*bytes.fromhex(palette("blue to sand")[before.levels[cell]][1:])] for cell in drawn]

    def repainted() -> None:
        assert visit.colours("rv", places) == right

    eventually(repainted)
    assert np.array_equal(visit.image("rv").levels, before.levels)


def test_range_is_typed_and_fitted_and_zoom_keeps_it(visit, mock_table):
    giants = paper_cuts(mock_table, "rz")
    fitted = visit.range
    visit.type_into(visit.page.locator("input.low"), "0.1")
    becomes(lambda: visit.range, (0.1, fitted[1]))
    eventually(lambda: check_page(visit, mock_table, giants, ("rz", "kiel")))
    visit.type_into(visit.page.locator("input.high"), "0.05")
    becomes(lambda: visit.range, (0.1, fitted[1]))  # a high end below the low one is taken back
    visit.press("Fit the colour range")

    def as_before() -> None:
        assert visit.range == fitted
        check_page(visit, mock_table, giants, ("rz", "kiel"))

    eventually(as_before)
    check_zoom(visit, mock_table)


def check_zoom(visit, mock_table):
    """The new window is drawn in the same colours till `Fit range` is pressed; reset goes back."""
    key = "rz"
    giants = paper_cuts(mock_table, key)
    home, others, ends = visit.image(key), visit.image("xy"), visit.range

    def settled() -> None:
        image = visit.image(key)
        x, y = visit.axes(key)
        assert np.allclose(image.window, [*x, *y], rtol=1e-9)
        assert image.window != home.window
        assert check(image, meant(mock_table, key, image, giants), ends) > 0

    visit.point_at(key, 9.0, 0.5)
    visit.page.mouse.wheel(0, -300)
    eventually(settled)
    zoomed = visit.image(key).window
    assert zoomed[1] - zoomed[0] < 0.8 * (home.window[1] - home.window[0])
    assert zoomed[0] < 9.0 < zoomed[1]
    assert visit.range == ends
    assert np.array_equal(visit.image("xy").levels, others.levels)

    visit.press("Fit the colour range")

    def fitted() -> None:
        assert visit.range != ends
        image = visit.image(key)
        check(image, meant(mock_table, key, image, giants), visit.range)

    eventually(fitted)
    visit.point_at(key, *np.mean(np.reshape(zoomed, (2, 2)), axis=1))
    visit.page.locator(".bk-tool-icon-reset").nth(MAPS.index(key)).click()

    def back() -> None:
        image = visit.image(key)
        assert image.window == home.window
        check(image, meant(mock_table, key, image, giants), visit.range)

    eventually(back)


def test_note_at_the_pointer_after_a_zoom_and_with_missing_labels(visit, mock_table):
    """Without the cut to giants most stars of a cell lack the giants' label: the note says so."""
    visit.page.get_by_label("Remove this cut").first.click()
    keep = mock_table["chi2"] <= 7000

    becomes(lambda: visit.count, (keep.sum(), len(keep)))  # of the means no cell changes
    check_page(visit, mock_table, keep, ("rz", "kiel"))
    image = visit.image("rz")
    expected = meant(mock_table, "rz", image, keep)
    cell = max(expected.stars, key=lambda cell: len(expected.stars[cell]))
    finite = expected.finite(cell)
    assert 0 < len(finite) < len(expected.stars[cell])

    def told() -> None:
        note = visit.tip("rz", *image.centre(*cell))
        assert f"{len(expected.stars[cell]):,} stars" in note
        assert f"{len(finite):,} with" in note

    eventually(told)


def test_a_view_has_colours_and_a_plane_of_its_own(visit, mock_table):
    giants = paper_cuts(mock_table, "rz")
    shared = visit.range
    visit.page.get_by_label("Settings of [X/Fe]").click()
    dialog = visit.page.get_by_role("dialog")
    visit.choose("Vertical axis", "[Al/Fe]", within=dialog)
    dialog.get_by_label("Colours of its own").click()
    visit.choose("Colour by", "log g", within=dialog)

    def own() -> None:
        ends = [float(dialog.locator(f"input.{end}").input_value()) for end in ("low", "high")]
        image = visit.image("plane")
        x, y, label = (mock_table[name][giants] for name in ("fe_h", "al_fe", "logg"))
        assert check(image, PlainMap.of(x, y, label, image.window), ends) > 50

    eventually(own)
    check_page(visit, mock_table, giants, ("rz", "kiel"))
    assert visit.range == shared
    heading = visit.heading("plane")
    assert "[Al/Fe]" in heading
    assert "log g" in heading


def test_a_window_in_numbers_is_drawn_anew(visit, mock_table):
    """Axes of one scale keep it, and that is said."""
    key = "rz"
    giants, ends, home = paper_cuts(mock_table, key), visit.range, visit.image(key)
    visit.page.get_by_label("Settings of (R, z)").click()
    dialog = visit.page.get_by_role("dialog")
    left = dialog.get_by_label("horizontal from")
    visit.type_into(left, "9")

    def settled() -> None:
        image = visit.image(key)
        assert image.window != home.window
        x, y = visit.axes(key)
        assert np.allclose(image.window, [*x, *y], rtol=1e-9)
        assert check(image, meant(mock_table, key, image, giants), ends) > 0

    eventually(settled)
    window = visit.image(key).window
    assert window[0] < 9 < window[1]
    words = dialog.get_by_text("Both axes keep one scale").inner_text()
    shown = [
        float(word.rstrip(".")) for word in words.replace("−", "-").split() if word[-2:].strip("-.").isdigit()
    ]
    np.testing.assert_allclose(shown, window, rtol=1e-4)
    visit.type_into(left, "99")
    dialog.get_by_text("Each 'from' must be a number below its 'to'.").wait_for()
    assert visit.image(key).window == window
