"""The page Profiles in a real Chromium: what is drawn and said is what the stars give, also under a cut."""

import numpy as np
import pytest
from playwright.sync_api import expect

from data.catalogue import open_catalogue
from explorer.edges import edges_of
from explorer.profile_words import SELECTED_COLOUR, interval
from model.profiles import bins_of, profile, sums_of
from tests.browser import eventually, soon

SOURCE = """
name => {
  const data = Bokeh.documents[0].get_model_by_name(`profiles.${name}`)?.data ?? {}
  return Object.fromEntries(Object.entries(data).map(([column, values]) => [column, Array.from(values)]))
}
"""
AXES = """
number => {
  const figure = Bokeh.documents[0].get_model_by_name(`profiles.${number}`)
  return [figure.below[0].axis_label, figure.left[0].axis_label]
}
"""
BINS, SLICES = edges_of("bins", "7:15:0.5", 60), (0, 0.5, 1, 2, 4)
GREY = "selected stars"


@pytest.fixture(scope="module")
def oracle(mock_file, own_folders):
    """Profiles of [Fe/H] along R of the giants that pass the cuts, of a slice of |z|, by numpy."""
    with pytest.MonkeyPatch.context() as patch:
        for name, place in own_folders.items():
            patch.setenv(name, place)
        catalogue = open_catalogue(mock_file)
    columns = {
        name: np.asarray(catalogue[name], np.float64)
        for name in ("R", "z", "fe_h", "mg_fe", "vT", "giantmodel", "chi2")
    }

    def of(k, chosen=lambda c: c["R"] > 0, label="fe_h"):
        c = columns
        low, high = SLICES[k : k + 2]
        own = (c["giantmodel"] == 1) & (c["chi2"] <= 7000) & chosen(c) & np.isfinite(c[label])
        own &= (abs(c["z"]) >= low) & ((abs(c["z"]) < high) | (high == SLICES[-1]) & (abs(c["z"]) == high))
        bins = bins_of(c["R"], np.array(BINS))
        own &= bins >= 0
        return profile(sums_of(c["R"][own], c[label][own], bins[own], len(BINS) - 1, (10, 0)), (10, 0))

    return of


@pytest.fixture
def opened(newcomer):
    """The page, which was made when it was opened."""
    assert newcomer.page.evaluate("Bokeh.documents[0].get_model_by_name('profiles.points.0')") is None
    newcomer.tab("Profiles")
    newcomer.page.get_by_role("button", name="Run", exact=True).wait_for()
    return newcomer


def drawn(visit, number, group=GREY):
    points = visit.page.evaluate(SOURCE, f"points.{number}")
    own = [k for k, name in enumerate(points["group"]) if name == group]
    return {name: np.array([values[k] for k in own]) for name, values in points.items()}


def like(visit, number, expected, group=GREY):
    points = drawn(visit, number, group)
    shown = expected.stars >= 5
    assert points["stars"].tolist() == expected.stars[shown].tolist()
    np.testing.assert_allclose(points["x"].astype(float), expected.place[shown], rtol=1e-6)
    np.testing.assert_allclose(points["mean"].astype(float), expected.mean[shown], rtol=1e-5, atol=1e-6)
    return points


def test_means_and_gradients_are_those_of_the_stars_and_a_bootstrap_is_run_on_demand(opened, oracle):
    for number in range(4):
        expected = oracle(number)
        points = eventually(lambda number=number, expected=expected: like(opened, number, expected))
        np.testing.assert_allclose(
            points["high"].astype(float), expected.high[expected.stars >= 5], rtol=1e-5, atol=1e-6
        )
        assert set(points["colour"]) == {SELECTED_COLOUR}
        told = interval(expected.gradient)
        soon(lambda told=told: told in " ".join(opened.text_of("star")))
    words = " ".join(opened.text_of("star"))
    assert opened.page.evaluate(AXES, 0) == [
        r"$$R\ [\mathrm{kpc}]$$",
        r"$$\langle [\mathrm{Fe}/\mathrm{H}] \rangle$$",
    ]
    assert words.count("not selection-corrected") >= 5
    assert "analytic" in words
    bootstrapped(opened, oracle(0))


def test_a_cut_is_followed_and_subsets_stand_beside(opened, oracle):
    eventually(lambda: like(opened, 0, oracle(0)))
    page = opened.page
    page.get_by_role("button", name="Ready-made, written, combined").click()
    page.get_by_label("Condition of the subset").fill("vT > 220")
    page.get_by_label("Name of the subset").fill("fast")
    page.get_by_role("button", name="Keep these stars").click()
    eventually(lambda: like(opened, 0, oracle(0, lambda c: c["vT"] > 220), "fast"))
    assert set(drawn(opened, 0, "fast")["colour"]) == {"#0072b2"}
    page.get_by_label("Remove this cut").nth(1).click()
    page.get_by_label("Add a cut").first.wait_for()
    opened.type_into(page.get_by_label("Bins, as 7:15:0.5"), "5 to 9")
    expect(page.get_by_text("'5 to 9' is no edge of bins")).to_be_visible()
    opened.type_into(page.get_by_label("Bins, as 7:15:0.5"), "7, 9, 11")
    expect(page.get_by_text("is no edge of bins")).to_be_hidden()
    eventually(lambda: _two(drawn(opened, 0)))


def _two(points):
    assert len(points["x"]) == 2


def bootstrapped(opened, expected):
    """A bootstrap has bars like those of the equations, and goes with another selection."""
    page = opened.page
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("bootstrap over stars, 200 draws")).to_be_visible()
    points = eventually(lambda: like(opened, 0, expected))
    full = expected.stars[expected.stars >= 5] >= 30
    half = (points["high"] - points["low"]).astype(float)[full] / 2
    analytic = (expected.high - expected.mean)[expected.stars >= 5][full]
    assert np.median(half / analytic) == pytest.approx(1, abs=0.15)
    page.get_by_label("Remove this cut").nth(0).click()
    expect(page.get_by_text("Run for a bootstrap")).to_be_visible()
    opened.type_into(page.get_by_label("Draws"), "1000000")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("give a whole number from 50 to 2,000")).to_be_visible()
