"""The page of binaries in a real Chromium: what is drawn and said is what the study gives."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from data.catalogue import open_catalogue
from explorer.binaries import study_binaries
from explorer.binary_options import BinaryOptions
from explorer.pair_source import pairs_of
from explorer.star_models import StarModels
from tests.binary_mock import quiet
from tests.browser import Visit, eventually
from tests.served import Served

SOURCE = """
name => {
  const data = Bokeh.documents[0].get_model_by_name(`binaries.${name}`)?.data ?? {}
  return Object.fromEntries(Object.entries(data).map(([column, values]) => [column, Array.from(values)]))
}
"""
AXES = """
name => {
  const figure = Bokeh.documents[0].get_model_by_name(`binaries.${name}.figure`)
  return [figure.below[0].axis_label, figure.left[0].axis_label]
}
"""
HOSTILE = """
name => {
  const source = Bokeh.documents[0].get_model_by_name(`binaries.${name}`)
  source.selected.indices = [100000]
}
"""


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """A mock survey with many binaries."""
    from explorer.demo import make_demo

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.truth.PAIR_SHARE", 0.01)
        return make_demo(tmp_path_factory.mktemp("binaries") / "paired.parquet", stars=20_000, seed=2)


@pytest.fixture(scope="module")
def study(paired, tmp_path_factory):
    """What the page is to show, by choices."""
    catalogue = open_catalogue(paired, cache=tmp_path_factory.mktemp("cache"))
    pairs = pairs_of(catalogue, None)

    def of(chosen=None, **choices):
        stars = np.asarray(catalogue["chi2"]) <= 7000
        if chosen is not None:
            stars &= chosen(catalogue)
        options = BinaryOptions(**choices)
        return catalogue, study_binaries(catalogue, pairs, stars, options, StarModels(), quiet)

    return of


@pytest.fixture
def page(browser, served, paired):
    with Visit.of(browser, served(paired).url) as visitor:
        visitor.open()
        visitor.tab("Binaries")
        visitor.page.get_by_role("button", name="Run", exact=True).wait_for()
        yield visitor


def run(visit):
    visit.page.get_by_role("button", name="Run", exact=True).click()
    expect(visit.page.get_by_text("Up to date with cuts and choices.")).to_be_visible()


def drawn(visit, name):
    return {column: np.array(values, float) for column, values in visit.page.evaluate(SOURCE, name).items()}


def plotted(visit, result):
    """The pairs are plotted that a study found."""
    shown = drawn(visit, "separation")
    np.testing.assert_allclose(shown["separation"], result.separation)
    np.testing.assert_allclose(shown["distance"], result.binaries.distance)


def plain_density(values, weight, edges):
    counts = [
        sum(w for v, w in zip(values, weight, strict=True) if a <= v < b or (b == edges[-1] and v == b))
        for a, b in pairwise(edges)
    ]
    return np.array(counts) / weight.sum() / np.diff(edges)


def test_what_is_drawn_and_said_is_what_the_study_gives(page, study):
    run(page)
    _, result = study()
    auc = result.auc
    said = (
        f"A binary is closer than a matched pair in {100 * auc.value:.0f} % of cases "
        f"({100 * auc.low:.0f}\N{EN DASH}{100 * auc.high:.0f} %)."
    )
    expect(page.page.get_by_text(said)).to_be_visible()
    eventually(lambda: plotted(page, result))
    there = result.weight > 0
    for name, own, field in (
        ("distance", result.binaries.distance, result.field.distance),
        *(
            (name, np.abs(result.binaries.delta[place]), np.abs(result.field.delta[place]))
            for place, name in enumerate(result.abundances)
        ),
    ):
        shown = drawn(page, name)
        edges = shown["x"][::2]
        for sample, values, weight in (
            ("binaries", own, np.ones(len(own))), ("field", field[there], result.weight[there]),
        ):  # fmt: skip
            np.testing.assert_allclose(shown[sample][1:-1:2], plain_density(values, weight, edges))
            np.testing.assert_allclose(shown[sample][2:-1:2], shown[sample][1:-1:2])
    assert page.page.evaluate(AXES, "distance") == ["chemical distance, eq. 6 (in σ)", "density"]
    assert page.page.evaluate(AXES, "separation") == ["separation [AU]", "chemical distance"]
    assert page.page.evaluate(AXES, "o_fe") == ["|Δ[O/Fe]| [dex]", "density"]
    for words in ("How to read it", "Balance", "What each abundance adds", "Pairs left", "MOCK binaries"):
        expect(page.page.get_by_text(words).first).to_be_attached()
    gains = [f"{100 * gain:+.1f}".replace("-", "\N{MINUS SIGN}") for gain in result.parts.gain]
    cells = page.page.locator("td").all_text_contents()
    assert all(any(cell.startswith(f"{gain} (") for cell in cells) for gain in gains)


def test_other_cuts_make_it_out_of_date_and_p_exploratory(page, study):
    run(page)
    expect(page.page.get_by_text("Exploratory")).to_have_count(0)
    page.choose("Add a cut", "write a condition …")
    page.type_into(page.page.get_by_label("Condition", exact=True), "logg > 4.2")
    expect(page.page.get_by_text("Out of date: run again.")).to_be_visible()
    run(page)
    _, result = study(lambda catalogue: np.asarray(catalogue["logg"]) > 4.2)
    expect(page.page.get_by_text("stars chosen by other cuts or brushes")).to_be_visible()
    eventually(lambda: plotted(page, result))
    page.page.get_by_role("button", name="Undo").click()
    expect(page.page.get_by_text("Out of date: run again.")).to_be_visible()


def test_choices_are_obeyed_and_bad_ones_refused_in_words(page, study):
    scatters = page.page.get_by_label("Scatters of your own, dex")
    for words, told in (
        ("o_fe = <img src=x onerror=alert(1)>", "is no scatter"),
        ("zz=0.1", "no abundance 'zz'"),
        ("o_fe=-3", "the scatter of o_fe"),
    ):
        page.type_into(scatters, words)
        page.page.get_by_role("button", name="Run", exact=True).click()
        expect(page.page.get_by_text(told)).to_be_visible()
    page.type_into(scatters, "o_fe=0.3")
    cut = page.page.get_by_label("|ΔTeff| below, K")
    page.type_into(cut, "nan")
    page.page.get_by_role("button", name="Run", exact=True).click()
    expect(page.page.get_by_text("the cut in Delta Teff is nan")).to_be_visible()
    page.type_into(cut, "150")
    run(page)
    _, result = study(sigma={"o_fe": 0.3}, teff_cut=150.0)
    eventually(lambda: plotted(page, result))
    expect(page.page.get_by_text("the cut in ΔTeff not as usual; scatters not as usual")).to_be_visible()
    page.type_into(cut, "160")
    expect(page.page.get_by_text("Out of date: run again.")).to_be_visible()


def test_a_click_opens_the_first_star_and_a_button_the_second(page, study):
    run(page)
    catalogue, result = study()
    page.page.evaluate(HOSTILE, "separation")
    pair = int(np.argmax(result.binaries.distance))
    name = "binaries.separation.figure"
    page.scroll_to(name)
    page.page.mouse.click(*place_of(page, name, result, pair))
    pane = page.page.locator("section.pane")
    for end, button in (("first", None), ("second", "Second star"), ("first", "First star")):
        if button:
            page.page.get_by_role("button", name=button).click()
        row = getattr(result.binaries, end)[pair]
        expect(pane.locator("header")).to_contain_text(str(int(catalogue["obsid"][row])))
    expect(page.page.get_by_text(re.compile("^Pair at"))).to_be_visible()


def place_of(page, name, result, pair):
    """Where on the screen a binary is drawn: the separations' axis is logarithmic."""
    left, right = page.axes(name)[0]
    across = np.log(result.separation[pair] / left) / np.log(right / left)
    return page.place(name, left + across * (right - left), float(result.binaries.distance[pair]))


def test_a_study_can_be_cancelled_and_run_again(page):
    page.type_into(page.page.get_by_label("Draws"), "20000")
    page.page.get_by_role("button", name="Run", exact=True).click()
    expect(page.page.get_by_role("progressbar", name="How far it is")).to_be_visible()
    page.page.get_by_role("button", name="Cancel").click()
    expect(page.page.get_by_text("Cancelled. Nothing is computed until you press Run.")).to_be_visible()
    expect(page.page.get_by_role("progressbar", name="How far it is")).to_have_count(0)
    assert drawn(page, "separation") == {}
    page.type_into(page.page.get_by_label("Draws"), "many")
    page.page.get_by_role("button", name="Run", exact=True).click()
    expect(page.page.get_by_text("the number of draws is 'many': give a whole number")).to_be_visible()
    expect(page.page.get_by_text("Nothing is computed")).to_have_count(0)
    page.type_into(page.page.get_by_label("Draws"), "200")
    run(page)


def test_a_catalogue_without_pairs_says_how_they_are_given(browser, served, tmp_path_factory):
    stars = tmp_path_factory.mktemp("pairless") / "stars.csv"
    rows = "".join(f"{5000 + k},{k / 100},{8 + k / 50},{k / 100}\n" for k in range(50))
    stars.write_text(f"teff,fe_h,R,z\n{rows}")
    with Visit.of(browser, served(stars).url) as visitor:
        visitor.open("rz")
        visitor.tab("Binaries")
        expect(visitor.page.get_by_text("explorer serve CATALOGUE --pairs FILE")).to_be_visible()
        expect(visitor.page.get_by_role("button", name="Run", exact=True)).to_have_count(0)


def test_pairs_of_a_file_are_named_with_what_became_of_them(
    browser, paired, own_folders, tmp_path, tmp_path_factory
):
    catalogue = open_catalogue(paired, cache=tmp_path_factory.mktemp("cache"))
    found = pairs_of(catalogue, None).found
    columns = {
        f"{axis}{end}": catalogue[axis][rows]
        for end, rows in ((1, found.first), (2, found.second))
        for axis in ("source_id", "ra", "dec")
    }
    more = {"sep_AU": np.arange(len(found)) + 100.0, "R_chance_align": np.arange(len(found)) / 500}
    pairs = tmp_path / "<b>pairs.csv"
    pd.DataFrame(columns | more).to_csv(pairs, index=False)
    server = Served.catalogue(paired, tmp_path / "log", "--pairs", str(pairs), "--by-place", **own_folders)
    try:
        server.wait()
        with Visit.of(browser, server.url) as visitor:
            visitor.open()
            visitor.tab("Binaries")
            said = f"MOCK stars. <b>pairs.csv (el-badry-2021, Gaia EDR3): {found.report}."
            expect(visitor.page.get_by_text(said)).to_be_visible()
            expect(visitor.page.get_by_label("Chance alignment up to")).to_have_value("0.1")
            run(visitor)
            shown = drawn(visitor, "separation")["separation"]
            assert shown.min() >= 100
            assert shown.max() <= 150
    finally:
        server.stop()
