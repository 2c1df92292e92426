"""The page Systematics in a real Chromium: its maps are those of the equations, and it can be cancelled."""

import numpy as np
import pytest
from playwright.sync_api import expect

from data.catalogue import open_catalogue
from explorer.giant_map import Asked, cells_for
from explorer.systematics_page import DRAWS, SEED
from explorer.systematics_plots import SHOWS, panels_of
from explorer.systematics_table import controlled
from explorer.systematics_words import headline
from tests.browser import eventually, soon
from tests.lamost_mock import silent

WAIT_MS = 60_000

IMAGE = """key => {
  const models = [...Bokeh.documents[0]._all_models.values()]
  const source = models.find(model => model.type === 'ColumnDataSource' && model.name === key)
  const image = source?.data.image[0]
  return image === undefined ? null : Array.from(image, value => Number.isNaN(value) ? null : value)
}"""


def words(visit):
    return " ".join(visit.text_of("section"))


def shown(visit, number):
    return visit.page.evaluate(IMAGE, f"systematics_{number}")


@pytest.fixture
def opened(newcomer):
    newcomer.tab("Systematics")
    newcomer.page.get_by_role("button", name="Run", exact=True).wait_for()
    return newcomer


def test_maps_are_those_of_the_equations(opened, mock_file, own_folders, monkeypatch):
    opened.page.get_by_role("button", name="Run", exact=True).click()
    opened.page.get_by_text("Age stays confounded").wait_for(timeout=WAIT_MS)
    for name, place in own_folders.items():
        monkeypatch.setenv(name, place)
    catalogue = open_catalogue(mock_file)
    asked = Asked("ba_fe", "R", "z", cells_for(6908), "giantmodel and chi2 <= 7000")
    done = controlled(catalogue, asked, draws=DRAWS, seed=SEED, progress=silent)
    for said in (headline(catalogue, done), "not selection-corrected"):
        soon(lambda said=said: said in words(opened))
    for number, panel in enumerate(panels_of(catalogue, done)):
        values = np.array(eventually(lambda number=number: told(opened, number)), dtype=float)
        assert values == pytest.approx(panel.values.ravel(), rel=1e-5, abs=1e-6, nan_ok=True)
    assert len(SHOWS) == len(panels_of(catalogue, done)) + 1  # z, a suspect elsewhere, is an axis here
    opened.page.get_by_label("Remove this cut").nth(1).click()
    expect(opened.page.get_by_text("Out of date: run again.")).to_be_visible()


def told(visit, number):
    values = shown(visit, number)
    assert values is not None, "the map is not there yet"
    return values


def test_work_can_be_cancelled_and_begun_again(opened):
    page = opened.page
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    expect(cancel).to_be_disabled()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Draws of plates: ").wait_for(timeout=WAIT_MS)
    cancel.click()
    expect(page.get_by_text("Cancelled. Nothing is computed until you press Run.")).to_be_visible()
    expect(cancel).to_be_disabled()
    assert "Age stays confounded" not in words(opened)
    page.get_by_role("button", name="(R, vφ)").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("[Ba/Fe] over R and v_phi").wait_for(timeout=WAIT_MS)


def test_a_mistake_is_told_of_in_the_pages_style_and_by_the_pages_names(opened):
    page = opened.page
    opened.choose("Add a cut", "write a condition …")
    opened.type_into(page.get_by_label("Condition", exact=True), "teff > 9000")
    opened.press("Run")
    told = page.get_by_text("no giant with [Ba/Fe], Teff, log g and [Fe/H] lies on the map: choose others")
    expect(told).to_be_visible()
    expect(page.locator(".problem").filter(has_text="no giant with [Ba/Fe]")).to_be_visible()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_the_page_is_made_when_it_is_opened(newcomer):
    assert newcomer.page.evaluate("Bokeh.documents[0].get_model_by_name('systematics_0')") is None
