"""The page of calibration in a real Chromium: what is drawn and said is what the study gives."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from data.catalogue import open_catalogue
from explorer.calibration import calibrate
from explorer.calibration_options import CalibrationOptions
from explorer.calibration_plots import GRID, drawn
from explorer.calibration_words import row, title
from explorer.pair_source import pairs_of
from tests.browser import Visit, eventually
from tests.lamost_mock import silent

SOURCE = """
name => {
  const data = Bokeh.documents[0].get_model_by_name(name)?.data ?? {}
  return Object.fromEntries(Object.entries(data).map(([column, values]) => [column, Array.from(values)]))
}
"""
AXES = """
name => {
  const figure = Bokeh.documents[0].get_model_by_name(`${name}.figure`)
  return [figure.below[0].axis_label, figure.left[0].axis_label]
}
"""


@pytest.fixture(scope="module")
def study(sibling_file, own_folders):
    """What the page is to show, by choices."""
    catalogue = open_catalogue(sibling_file, cache=Path(own_folders["EXPLORER_CACHE"]))

    def of(**choices):
        chosen = np.asarray(catalogue["chi2"]) <= 7000
        options = CalibrationOptions(**choices)
        return catalogue, calibrate(catalogue, chosen, options, pairs_of(catalogue, None), None, silent)

    return of


@pytest.fixture
def opened(browser, served, sibling_file):
    with Visit.of(browser, served(sibling_file).url) as visitor:
        visitor.open()
        visitor.tab("Calibration")
        visitor.page.get_by_role("button", name="Run", exact=True).wait_for()
        yield visitor


def run(visit):
    visit.page.get_by_role("button", name="Run", exact=True).click()


def source(visit, name):
    values = visit.page.evaluate(SOURCE, name)
    assert len(values.get("x", ())), f"{name} is not drawn yet"
    return {column: np.array(numbers, float) for column, numbers in values.items()}


def test_it_draws_and_tells_what_the_study_finds(opened, study):
    expect(opened.page.get_by_text("Nothing is computed until you press Run.")).to_be_visible()
    run(opened)
    expect(opened.page.get_by_text("Up to date with cuts and choices.")).to_be_visible(timeout=120_000)
    catalogue, found = study()
    expect(opened.page.get_by_text(title(catalogue, found))).to_be_visible()
    for name, one in found.corrections.items():
        stars = eventually(lambda name=name: source(opened, f"calibration.{name}"))
        teff, lie = drawn(one)
        np.testing.assert_allclose(stars["x"], teff, rtol=1e-6)
        np.testing.assert_allclose(stars["y"], lie, rtol=1e-5, atol=1e-7)
        course = source(opened, f"calibration.{name}.course")
        assert len(course["x"]) == GRID
        np.testing.assert_allclose(course["y"], one.course(course["x"]), atol=1e-6)
        band = source(opened, f"calibration.{name}.band")
        np.testing.assert_allclose([band["low"], band["high"]], one.band(band["x"]), atol=1e-6)
        label = catalogue.described[name].plain
        assert opened.page.evaluate(AXES, f"calibration.{name}") == ["Teff [K]", f"f of {label} [dex]"]
        cells = row(catalogue, found, name)[1:]
        table = " ".join(opened.page.locator("table").last.inner_text().split())
        assert " ".join(cells) in table
    for words in (
        "section 5.1",
        "Nothing is extrapolated",
        "flagged (calibrator)",
        "explorer calibrate siblings",
    ):
        expect(opened.page.get_by_text(words)).to_be_visible()
    opened.page.get_by_label("f is 0 at, K").fill("5200")
    opened.page.get_by_label("f is 0 at, K").press("Enter")
    expect(opened.page.get_by_text("Out of date: run again.")).to_be_visible()
    run(opened)
    expect(opened.page.get_by_text("f is 0 at 5200 K")).to_be_visible(timeout=120_000)


def test_it_can_be_cancelled_and_mistakes_are_told(opened):
    field = opened.page.get_by_label("Share of binaries to learn from")
    field.fill("half")
    field.press("Enter")
    run(opened)
    expect(opened.page.get_by_text("the share of wide binaries that are used is 'half'")).to_be_visible()
    field.fill("0.5")
    field.press("Enter")
    run(opened)
    opened.page.locator("progress").wait_for()
    opened.page.get_by_role("button", name="Cancel", exact=True).click()
    expect(opened.page.get_by_text("Cancelled. Nothing is computed until you press Run.")).to_be_visible()
