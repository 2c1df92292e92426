"""The page of open clusters in a real Chromium: what is drawn and said is what the study gives."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from data.catalogue import open_catalogue
from explorer.cluster_options import ClusterOptions
from explorer.cluster_study import study_cluster
from explorer.cluster_words import row, title
from explorer.editors import written
from explorer.open_clusters import OPEN_CLUSTERS, REFERENCE
from model.clusters import ClusterCut
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
def study(mock_file, own_folders):
    """What the page is to show, by choices."""
    with pytest.MonkeyPatch.context() as patch:
        for name, place in own_folders.items():
            patch.setenv(name, place)
        catalogue = open_catalogue(mock_file)

    def of(cut, chosen=True, **choices):
        stars = (np.asarray(catalogue["chi2"]) <= 7000) & chosen
        return catalogue, study_cluster(catalogue, stars, ClusterOptions(cut, **choices), silent)

    return of


@pytest.fixture(scope="module")
def page_of_clusters(browser, served, mock_file):
    """One page for all that is tried here."""
    with Visit.of(browser, served(mock_file).url) as visitor:
        visitor.open()
        visitor.tab("Clusters")
        visitor.page.get_by_role("button", name="Run", exact=True).wait_for()
        yield visitor


@pytest.fixture
def opened(page_of_clusters):
    """The page with Praesepe chosen."""
    if "Praesepe" not in page_of_clusters.page.get_by_label("Members").inner_text():
        page_of_clusters.choose("Members", "Praesepe")
    radius = page_of_clusters.page.get_by_label("Radius, deg", exact=True)
    expect(radius).to_have_value(written(OPEN_CLUSTERS["Praesepe"].cut.radius))
    return page_of_clusters


def run(visit):
    visit.page.get_by_role("button", name="Run", exact=True).click()
    expect(visit.page.get_by_text("Up to date with cuts and choices.")).to_be_visible()


def drawn(visit, name):
    values = visit.page.evaluate(SOURCE, name)
    assert values.get("x"), f"{name} is not drawn yet"
    return np.array(values["x"], float), np.array(values["y"], float)


def check(visit, catalogue, found):
    expect(visit.page.get_by_text(title(catalogue, found))).to_be_visible()
    for name in found.drifts:
        eventually(lambda name=name: check_plot(visit, catalogue, found, name))
    cells = [" ".join(each.split()) for each in visit.page.locator("td").all_text_contents()]
    for name in found.drifts:
        for cell in row(catalogue, found, name)[1:]:
            assert cell in cells


def check_plot(visit, catalogue, found, name):
    drift, known = found.drifts[name], np.isfinite(found.values[name])
    teff, label = drawn(visit, f"clusters.{name}")
    np.testing.assert_allclose(teff, found.teff[known], rtol=1e-6)
    np.testing.assert_allclose(label, found.values[name][known], rtol=1e-6)
    np.testing.assert_allclose(drawn(visit, f"clusters.{name}.median"), drift.line, rtol=1e-6)
    ends, line = drawn(visit, f"clusters.{name}.slope")
    assert ends.tolist() == pytest.approx([teff.min(), teff.max()])
    assert (line[1] - line[0]) / (ends[1] - ends[0]) == pytest.approx(drift.slope.value)
    unit = visit.page.evaluate(AXES, f"clusters.{name}")
    assert unit == ["Teff [K]", f"{catalogue.described[name].plain} [dex]"]


def test_what_is_drawn_and_said_is_what_the_study_gives(opened, study):
    assert opened.page.evaluate("Bokeh.documents[0].get_model_by_name('clusters.fe_h')") is None
    run(opened)
    check(opened, *study(OPEN_CLUSTERS["Praesepe"].cut))
    for words in ("How to read it", REFERENCE, "planted in Praesepe", "running median"):
        expect(opened.page.get_by_text(words).first).to_be_visible()


def test_other_clusters_own_cuts_and_lists(opened, study):
    opened.choose("Members", "M67")
    run(opened)
    check(opened, *study(OPEN_CLUSTERS["M67"].cut))
    expect(opened.page.get_by_label("RA, deg")).to_have_value("132.846")
    for field, typed in (("RA, deg", "130"), ("Dec, deg", "19.7"), ("Radius, deg", "1.5")):
        opened.type_into(opened.page.get_by_label(field, exact=True), typed)
    for field in opened.page.get_by_label("within, ").all():
        opened.type_into(field, "")
    expect(opened.page.get_by_text("Out of date: run again.")).to_be_visible()
    expect(opened.page.get_by_label("Members")).to_have_text("a cone of my own")
    run(opened)
    cut = ClusterCut(130.0, 19.7, 1.5, -10.986, -2.964, np.inf, 0.8591, np.inf)
    catalogue, found = study(cut)
    check(opened, catalogue, found)
    expect(opened.page.get_by_text("stars of an own cut")).to_be_visible()
    opened.choose("Members", "source_ids")
    ids = np.asarray(catalogue["source_id"])[found.rows].tolist()
    opened.page.get_by_label("Gaia source_ids").fill(", ".join(map(str, ids)))
    opened.page.get_by_label("Seed").click()
    run(opened)
    check(opened, *study(None, ids=tuple(ids)))


def test_bad_choices_are_refused_in_words(opened):
    radius = opened.page.get_by_label("Radius, deg", exact=True)
    for typed, told in (
        ("<img src=x onerror=alert(1)>", "is '<img src=x onerror=a'"), ("nan", "is nan: give a number from"),
        ("-3", "is -3.0: give a number from"), ("", "a cone needs the radius"),
        ("0.0001", "fewer than 10 members"),
    ):  # fmt: skip
        opened.type_into(radius, typed)
        opened.page.get_by_role("button", name="Run", exact=True).click()
        expect(opened.page.get_by_text(told)).to_be_visible()
    opened.choose("Members", "source_ids")
    opened.page.get_by_label("Gaia source_ids").fill("")
    opened.page.get_by_role("button", name="Run", exact=True).click()
    expect(opened.page.get_by_text("no identifier is given")).to_be_visible()


def test_work_can_be_cancelled_and_begun_again(opened):
    page = opened.page
    for field, typed in (("Radius, deg", "15"), ("within, mas/yr", ""), ("within, kpc", "")):
        opened.type_into(page.get_by_label(field, exact=True), typed)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text(re.compile(r"draws of \[")).wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("Cancelled. ")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_disabled()
    opened.choose("Members", "Praesepe")
    run(opened)
    expect(page.get_by_text("MOCK Praesepe")).to_be_visible()


def test_cuts_make_it_out_of_date_and_count(opened, study):
    run(opened)
    opened.choose("Add a cut", "write a condition …")
    opened.type_into(opened.page.get_by_label("Condition", exact=True), "snrz > 60")
    expect(opened.page.get_by_text("Out of date: run again.")).to_be_visible()
    run(opened)
    catalogue, _ = study(OPEN_CLUSTERS["Praesepe"].cut)
    check(opened, *study(OPEN_CLUSTERS["Praesepe"].cut, np.asarray(catalogue["snrz"]) > 60))
