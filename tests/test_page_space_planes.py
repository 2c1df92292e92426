"""The page Planes in a real Chromium: what panels show, and the cuts that clicks and boxes make."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from data.catalogue import open_catalogue
from tests.browser import becomes, eventually, soon

DATA = """
name => {
  const data = Bokeh.documents[0].get_model_by_name(`planes.${name}`)?.data ?? {}
  return Object.fromEntries(Object.entries(data).map(([column, values]) =>
    [column, Array.from(values, each => each?.shape ? Array.from(each) : each)]))
}
"""
LAID = """
() => {
  const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name('planes') ?? {})
  return view?.frame?.bbox.width > 100 && view.is_idle
}
"""
"""Whether the panels are on the screen."""
PANEL = ("7 ≤ R ≤ 9 kpc", "0 ≤ abs(z) ≤ 2 kpc", "4800 ≤ Teff ≤ 5000 K")
"""Chips of a panel that is clicked."""
ACROSS, UP = (3, 5, 7, 9, 11, 13), (0, 2, 4, 6)


@pytest.fixture(scope="module")
def counts(mock_file, own_folders):
    """Stars of each panel, by numpy."""
    with pytest.MonkeyPatch.context() as patch:
        for name, place in own_folders.items():
            patch.setenv(name, place)
        catalogue = open_catalogue(mock_file)
    c = {
        name: np.asarray(catalogue[name], np.float64)
        for name in ("R", "z", "fe_h", "ba_fe", "eu_fe", "teff", "giantmodel", "chi2")
    }

    def of(label, *, windowed):
        own = (c["giantmodel"] == 1) & (c["chi2"] <= 7000) & np.isfinite(c["fe_h"] + c[label])
        if windowed:
            own &= (c["teff"] >= 4800) & (c["teff"] <= 5000)
        return np.histogram2d(abs(c["z"])[own], c["R"][own], bins=(UP, ACROSS))[0].astype(int)

    return of


@pytest.fixture
def opened(newcomer):
    """The page, which was made when it was opened."""
    assert newcomer.page.evaluate("Bokeh.documents[0].get_model_by_name('planes.stars')") is None
    newcomer.tab("Planes")
    newcomer.page.get_by_label("Edges in R, kpc").wait_for()
    soon(lambda: newcomer.page.evaluate(LAID))
    return newcomer


def numbers(visit):
    """What the panels say: stars drawn, and there."""
    words = visit.page.evaluate(DATA, "words").get("text")
    assert words is not None, "there are no panels yet"
    found = [re.findall(r"[\d,]+", each) for each in words if "kpc" not in each]
    return [[int(number.replace(",", "")) for number in each] for each in found]


def tells(visit, expected, *, drawn=True):
    found = numbers(visit)
    assert [each[-1] for each in found] == expected.ravel().tolist()
    if drawn:
        assert [each[0] for each in found] == np.minimum(expected, 700).ravel().tolist()


def test_panels_show_the_stars_of_their_place_between_edges_that_are_checked(opened, counts):
    eventually(lambda: tells(opened, counts("ba_fe", windowed=True)))
    dots = eventually(lambda: dotted(opened))
    expected = np.minimum(counts("ba_fe", windowed=True), 700)
    found = np.histogram2d(dots["y"], dots["x"], bins=(range(4), range(6)))[0]
    assert (found <= expected).all()
    assert found.sum() > 0.8 * expected.sum()
    opened.choose("Abundance", "[Eu/Fe]")
    eventually(lambda: tells(opened, counts("eu_fe", windowed=False)))
    expect(opened.page.get_by_label("Teff from, to, K")).to_have_value("")
    opened.page.get_by_role("button", name="number of all").click()
    images = eventually(lambda: _images(opened))
    eventually(lambda: tells(opened, counts("eu_fe", windowed=False), drawn=False))
    sums = [sum(10**value for value in image if value is not None and np.isfinite(value)) for image in images]
    there = counts("eu_fe", windowed=False).ravel()
    assert (np.round(sums) <= there).all()
    assert sum(sums) > 0.9 * there.sum()
    field = opened.page.get_by_label("Edges in R, kpc")
    opened.type_into(field, "9, 7")
    expect(opened.page.get_by_text("the edges of R have to ascend")).to_be_visible()
    opened.type_into(field, "7, 9, 11")
    eventually(lambda: tells(opened, counts("eu_fe", windowed=False)[:, 2:4], drawn=False))
    expect(opened.page.get_by_text("the edges of R have to ascend")).to_be_hidden()


def test_colours_are_not_chosen_where_numbers_are_shown_and_their_range_is_checked(opened, counts):
    page = opened.page
    eventually(lambda: tells(opened, counts("ba_fe", windowed=True)))
    colour = page.get_by_role("combobox", name="Colour by")
    ends, wrong = (
        page.get_by_label("Colours from, to"),
        page.get_by_text("the range of colours is '250, 100'"),
    )
    opened.type_into(ends, "250, 100")
    expect(wrong).to_be_visible()
    expect(page.get_by_text("edges of colours")).to_have_count(0)
    page.get_by_role("button", name="number of all").click()
    expect(wrong).to_be_hidden()
    expect(colour).to_be_disabled()
    expect(ends).to_be_disabled()
    eventually(lambda: _images(opened))
    page.get_by_role("button", name="mean of all").click()
    expect(colour).to_be_enabled()
    expect(wrong).to_be_visible()
    opened.type_into(ends, "100, 250")
    expect(wrong).to_be_hidden()
    opened.type_into(page.get_by_label("Teff from, to, K"), "5000")
    expect(page.get_by_text("the range of Teff is '5000': type two numbers")).to_be_visible()


def test_a_click_cuts_to_a_panel_another_takes_it_back_and_a_box_cuts_to_the_box(opened, counts):
    expected = counts("ba_fe", windowed=True)
    eventually(lambda: tells(opened, expected))
    chips = opened.chips
    page = opened.page
    page.mouse.click(*opened.place("planes", 2.5, 0.5))
    eventually(lambda: _chips(opened, [*chips, *PANEL]))
    eventually(lambda: _selected(opened, expected[0, 2]))
    eventually(lambda: tells(opened, expected))
    becomes(lambda: sum(width > 1 for width in page.evaluate(DATA, "panels")["width"]), 1)
    page.wait_for_timeout(400)  # two clicks at once are one double click
    page.mouse.click(*opened.place("planes", 2.5, 0.5))
    eventually(lambda: _chips(opened, chips))
    opened.drag("planes", (2.6, 0.3), (2.9, 0.8))
    eventually(lambda: _more(opened, len(chips) + 4))
    assert re.fullmatch(r"box: −0\.\d+ ≤ \[Fe/H\] ≤ 0\.\d+, −0\.\d+ ≤ \[Ba/Fe\] ≤ 0\.\d+", opened.chips[-1])
    assert opened.chips[-4] == "7 ≤ R ≤ 9 kpc"
    becomes(lambda: framed(opened), pytest.approx([2.6, 2.9, 0.3, 0.8], abs=0.02))


def dotted(visit):
    dots = visit.page.evaluate(DATA, "stars")
    assert len(dots.get("x", ())), "no star is drawn yet"
    return dots


def framed(visit):
    """Sides of the newest frame."""
    frames = visit.page.evaluate(DATA, "panels")
    return [frames[end][-1] for end in ("left", "right", "bottom", "top")]


def _images(visit):
    images = visit.page.evaluate(DATA, "cells")["image"]
    assert len(images) == 15
    return images


def _chips(visit, expected):
    assert visit.chips == expected


def _more(visit, number):
    assert len(visit.chips) == number


def _selected(visit, number):
    assert visit.count[0] == number
