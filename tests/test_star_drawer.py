"""A visitor's star without a browser: what is shown when things come late, fail, or are asked in haste."""

import numpy as np
import panel as pn
import pytest

from data.catalogue import open_catalogue
from data.problem import DataError
from data.spectra import Found, Sources
from explorer.app import Explorer
from explorer.derive import derivations
from explorer.drawer import Asked
from explorer.mock_observations import MockObservations
from explorer.page import VisitorPage
from explorer.painter import Threads
from explorer.session import Star
from explorer.spectroscopy import Spectroscopy
from explorer.star_models import StarModels
from tests.small_model import write_model
from tests.test_visitor import Held, Kept, Visitor


class Broken:
    def find(self, _star):
        raise DataError("the archive is <b>offline</b>")


class Empty:
    def find(self, _star):
        return Found((), ("no file of it",))


@pytest.fixture(scope="module")
def explorer(mock_file, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("EXPLORER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return Explorer(open_catalogue(mock_file, derivations=derivations()))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return StarModels.of_files([write_model(tmp_path_factory.mktemp("models") / "giant.cannon")])


class Reader(Visitor):
    """A visitor with places of spectra and models."""

    def __init__(self, explorer, places, models):
        self.crews, self.document = Held(), Kept()
        threads = Threads(explorer.threads.views, self.crews)
        shared = explorer.stars, explorer.opening, threads, explorer.downloads, self.document
        self.page = VisitorPage(*shared, spectroscopy=Spectroscopy(Sources(places), models))
        self.page.layout()
        self.session = self.page.session
        self.drawer = self.page._drawer

    def look_at(self, explorer, row):
        self.session.change(star=Star("obsid", int(explorer.stars.catalogue["obsid"][row])))

    @property
    def frame(self):
        return self.drawer._parts.frame

    def ask(self, what, how=None):
        self.drawer._hear(Asked(what, how))


@pytest.fixture
def reader(explorer, models):
    pn.extension("mathjax")
    catalogue = explorer.stars.catalogue
    made = Reader(explorer, (MockObservations.of_catalogue(catalogue.columns, catalogue.metadata),), models)
    made.settle()
    yield made
    made.close()
    made.crews.shutdown()


def test_a_page_opens_without_a_drawer(reader):
    assert reader.drawer.view.objects == []


def test_of_stars_in_quick_succession_the_last_is_shown(reader, explorer):
    reader.crews.gate.clear()
    for row in (5, 6, 7):
        reader.look_at(explorer, row)
    reader.crews.gate.set()
    reader.settle()
    case = reader.drawer._case
    assert case.spectra[0].observations[0].spectrum.obsid == explorer.stars.catalogue["obsid"][7]
    assert f"obsid {explorer.stars.catalogue['obsid'][7]}" in reader.frame.head
    assert reader.frame.busy == ""
    assert np.isfinite(reader.drawer._parts.plot.pixels.data["model"]).any()


def test_a_star_that_was_let_go_of_shows_nothing(reader, explorer):
    reader.crews.gate.clear()
    reader.look_at(explorer, 5)
    reader.session.change(star=None)
    reader.crews.gate.set()
    reader.settle()
    assert reader.drawer._case is None
    assert not reader.frame.shown


def test_conditions_asked_in_haste_are_all_kept_and_bad_ones_change_nothing(reader, explorer):
    reader.look_at(explorer, 5)
    reader.settle()
    reader.crews.gate.clear()
    reader.ask("hold", {"logg": 0.2})
    reader.ask("exclude", "5160-5170")
    reader.crews.gate.set()
    reader.settle()
    kept = reader.drawer._case.wish.conditions
    assert kept.names == ("logg",)
    assert kept.excluded == ((5160.0, 5170.0),)
    assert reader.drawer._case.labels["logg"] == 0.2
    reader.ask("exclude", "3000-9999")
    reader.settle()
    assert "good pixels are left" in reader.frame.note
    assert reader.drawer._case.wish.conditions == kept
    reader.ask("exclude", "x")
    assert "is no range of wavelength" in reader.frame.note
    reader.ask("hold", {})
    reader.settle()
    assert reader.drawer._case.wish.conditions.excluded == kept.excluded


def test_labels_are_tried_and_nonsense_is_told(reader, explorer):
    reader.look_at(explorer, 5)
    reader.settle()
    reader.ask("trial", {"logg": 0.3})
    tried = reader.drawer._parts.plot.pixels.data["trial"]
    case = reader.drawer._case
    expected = case.refitter.predicted({**case.labels, "logg": 0.3})
    np.testing.assert_allclose(tried[np.isfinite(tried)], expected, rtol=1e-12)
    reader.ask("trial", {"<i>": 0.3})
    assert "&lt;i&gt;" in reader.frame.note
    reader.ask("trial", {})
    assert np.isnan(reader.drawer._parts.plot.pixels.data["trial"]).all()


def test_places_that_fail_are_told_in_words(explorer, models):
    pn.extension("mathjax")
    visitor = Reader(explorer, (Broken(), Empty()), models)
    visitor.settle()
    visitor.look_at(explorer, 5)
    visitor.settle()
    assert "the archive is &lt;b&gt;offline&lt;/b&gt;" in visitor.frame.note
    assert "<b>No observed spectrum:</b>" in visitor.frame.note
    visitor.close()
    visitor.crews.shutdown()


def test_without_places_and_models_the_star_is_still_named(explorer):
    pn.extension("mathjax")
    visitor = Reader(explorer, (), StarModels())
    visitor.settle()
    visitor.look_at(explorer, 5)
    visitor.settle()
    assert "--model" in visitor.frame.note
    visitor.ask("exclude", "5000-5100")
    assert "no model to fit with" in visitor.frame.note
    visitor.close()
    visitor.crews.shutdown()
