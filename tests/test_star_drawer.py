"""A star's drawer without a browser: what it shows when spectra come late, fail, or are not looked at."""

import queue
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import panel as pn
import pytest

from data.lamost import read_spectrum
from data.problem import DataError
from data.selection import Selection
from data.spectra import Found, Observation, Sources
from explorer.background import Background
from explorer.curves import Curves
from explorer.drawer import Asked
from explorer.label_rows import NONE
from explorer.published import Published
from explorer.session import Bars, Colouring, Session, Star, State
from explorer.spectroscopy import Spectroscopy
from explorer.star_drawer import StarDrawer
from explorer.star_models import StarModels
from explorer.stars import Stars
from tests.lamost_mock import spectrum, write
from tests.small_catalogue import catalogue_of
from tests.small_model import NAMES, write_model

PATIENCE_S = 60
OBSIDS = (1001, 1002, 1003)
FIRST, SECOND, THIRD = (Star("obsid", obsid) for obsid in OBSIDS)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return StarModels.of_files([write_model(tmp_path_factory.mktemp("models") / "giant.cannon")])


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """A spectrum of each star."""
    folder = tmp_path_factory.mktemp("spectra")
    found = {}
    for star, obsid in enumerate(OBSIDS):
        path = folder / f"spec-{obsid}.fits"
        write(path, *spectrum(np.full(3, 0.4 * star), 60, star), OBSID=obsid)
        found[obsid] = Observation(read_spectrum(path), "a folder of this test")
    return found


@pytest.fixture(scope="module")
def stars():
    labels = {name: np.array([0.1, 0.2, 0.3], np.float32) for name in NAMES}
    return Stars(
        catalogue_of({"obsid": np.array(OBSIDS), "giantmodel": np.array([1, 1, 1], np.int8), **labels})
    )


class Place:
    """A place of spectra that answers when it is let, and with what it is told to."""

    def __init__(self, observed):
        self.answers = {obsid: Found((one,)) for obsid, one in observed.items()}
        self.gates = {obsid: Event() for obsid in observed}
        self.begun = {obsid: Event() for obsid in observed}
        for gate in self.gates.values():
            gate.set()

    def find(self, star):
        obsid = star.names[0].obsid
        self.begun[obsid].set()
        assert self.gates[obsid].wait(PATIENCE_S)
        answer = self.answers[obsid]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def hold(self, obsid):
        self.gates[obsid].clear()


class Visit:
    """One visitor's drawer, whose page's own thread is the test's."""

    def __init__(self, stars, models, observed):
        self.place, self.waiting, self.complaints, self.owned = Place(observed), queue.Queue(), [], []
        self.workers, self.under_way = ThreadPoolExecutor(2), []
        self.session = Session(State(Selection(()), Colouring("fe_h"), Bars("fe_h")))
        spectroscopy = Spectroscopy(Sources((self.place,)), models)
        self.drawer = StarDrawer(
            stars, self.session, spectroscopy, self.row,
            Background(self, self.waiting.put, self.complaints.append), lambda: self.owned.append(True),
        )  # fmt: skip
        self.drawn = []
        show = self.drawer._parts.plot.show
        self.drawer._parts.plot.show = lambda curves, manner, z: (
            self.drawn.append(curves) or show(curves, manner, z)
        )

    def submit(self, work, *args):
        """As an executor; what is under way is kept."""
        self.under_way.append(self.workers.submit(work, *args))
        return self.under_way[-1]

    def row(self):
        star = self.session.state.star
        return None if star is None else OBSIDS.index(star.number)

    def settle(self):
        """Until nothing is under way any more."""
        while True:
            for each in self.under_way:
                each.result(PATIENCE_S)
            if self.waiting.empty():
                return
            self.step()

    def step(self):
        self.waiting.get(timeout=PATIENCE_S)()

    def look_at(self, star):
        self.session.change(star=star)

    def ask(self, what, how=None):
        self.drawer._hear(Asked(what, how))

    @property
    def view(self):
        return self.drawer._parts.frame

    @property
    def shown(self):
        """obsid of the spectrum that is shown; None where there is none."""
        case = self.drawer._case
        return None if case is None else case.spectrum.observations[0].spectrum.obsid

    @property
    def conditions(self):
        return self.drawer._case.wish.conditions


@pytest.fixture
def visit(stars, models, observed):
    pn.extension("mathjax")
    visit = Visit(stars, models, observed)
    yield visit
    for gate in visit.place.gates.values():
        gate.set()
    visit.drawer.close()
    visit.workers.shutdown()


@pytest.fixture
def open_visit(visit):
    visit.look_at(FIRST)
    visit.settle()
    return visit


def only_cautioned(note):
    """Whether there is nothing but that the fit is poor: these spectra are not of the model's making."""
    return note.startswith("<b>The model describes") and note.endswith("than their errors say.")


def test_a_star_is_named_at_once_and_drawn_when_it_is_found(visit, observed):
    visit.place.hold(1001)
    visit.look_at(FIRST)
    assert visit.view.shown
    assert "obsid 1001" in visit.view.head
    assert visit.view.busy
    assert visit.drawn == []
    visit.place.gates[1001].set()
    visit.settle()
    assert (visit.shown, visit.view.busy) == (1001, "")
    assert only_cautioned(visit.view.note)
    rows = {row["name"]: row for row in visit.drawer._parts.table.rows}
    assert tuple(rows) == NAMES
    assert {name: row["value"] for name, row in rows.items()} == visit.drawer._case.labels
    assert "a folder of this test" in visit.drawer._parts.about.object
    assert visit.complaints == []


@pytest.fixture
def telling(monkeypatch):
    """Words about a fit are the obsid; they are sought until the gate is opened."""
    gate, begun = Event(), Event()

    def told(case, *_):
        begun.set()
        assert gate.wait(PATIENCE_S)
        return f"<p>{case.spectrum.observations[0].spectrum.obsid}</p>"

    monkeypatch.setattr("explorer.study.fit_html", told)
    return gate, begun


def test_a_spectrum_is_drawn_before_words_are_found(visit, telling):
    gate, begun = telling
    visit.look_at(FIRST)
    while not visit.drawn:
        visit.step()
    visit.step()
    assert begun.wait(PATIENCE_S)
    assert visit.drawer._parts.fit.object == ""
    assert tuple(row["name"] for row in visit.drawer._parts.table.rows) == NAMES
    gate.set()
    visit.settle()
    assert visit.drawer._parts.fit.object == "<p>1001</p>"


def test_words_of_a_star_let_go_of_are_not_said(visit, telling):
    gate, begun = telling
    visit.look_at(FIRST)
    while not visit.drawn:
        visit.step()
    visit.step()
    assert begun.wait(PATIENCE_S)
    visit.look_at(SECOND)
    gate.set()
    visit.settle()
    assert visit.drawer._parts.fit.object == "<p>1002</p>"


def test_where_windows_stand_is_found_out_when_the_fit_is_looked_at(open_visit, monkeypatch):
    asked = []
    monkeypatch.setattr(Published, "window_standings", lambda _star, _overtaken: asked.append(1) or {})
    open_visit.ask("hold", {"fe_h": 0.6})
    open_visit.settle()
    assert asked == []
    open_visit.ask("opened", "fit")
    open_visit.settle()
    assert asked == [1]
    open_visit.ask("opened", "labels")
    open_visit.settle()
    assert asked == [1]


def test_the_latest_star_wins(visit):
    visit.place.hold(1001)
    visit.look_at(FIRST)
    assert visit.place.begun[1001].wait(PATIENCE_S)
    visit.look_at(SECOND)
    visit.look_at(THIRD)
    visit.place.gates[1001].set()
    visit.settle()
    assert visit.shown == 1003
    assert "obsid 1003" in visit.view.head
    assert len(visit.drawn) == 1
    assert not visit.place.begun[1002].is_set()


def test_a_star_let_go_of_while_it_is_sought_shows_nothing(visit):
    visit.place.hold(1001)
    visit.look_at(FIRST)
    assert visit.place.begun[1001].wait(PATIENCE_S)
    visit.look_at(None)
    visit.place.gates[1001].set()
    visit.settle()
    assert (visit.view.shown, visit.shown, visit.drawn) == (False, None, [])


@pytest.mark.parametrize("other", [None, SECOND])
def test_what_was_found_but_not_drawn_yet_is_not_drawn_of_a_star_let_go_of(visit, other):
    visit.look_at(FIRST)
    visit.under_way[0].result(PATIENCE_S)
    visit.place.hold(1002)
    visit.look_at(other)
    visit.step()
    assert (visit.shown, visit.drawn) == (None, [])
    visit.place.gates[1002].set()
    visit.settle()
    assert visit.shown == (other and 1002)


@pytest.mark.parametrize("before", [True, False])
def test_a_failure_of_a_star_let_go_of_is_not_told_of_the_next(visit, before):
    """Whether it fails before or after the other star is looked at."""
    visit.place.answers[1001] = OSError("the disk of the first")
    visit.place.hold(1001)
    visit.look_at(FIRST)
    assert visit.place.begun[1001].wait(PATIENCE_S)
    if before:
        visit.place.gates[1001].set()
        visit.under_way[0].result(PATIENCE_S)
    visit.look_at(SECOND)
    visit.place.gates[1001].set()
    visit.settle()
    assert visit.complaints == []
    assert visit.shown == 1002
    assert only_cautioned(visit.view.note)


def test_a_place_that_fails_is_told_in_words_and_the_model_is_shown(visit, stars):
    visit.place.answers[1001] = DataError("the archive <b>rests</b>")
    visit.look_at(FIRST)
    visit.settle()
    assert "the archive &lt;b&gt;rests&lt;/b&gt;" in visit.view.note
    assert "model’s spectrum" in visit.view.note
    assert visit.view.busy == ""
    assert np.isnan(visit.drawn[-1].flux).all()
    assert visit.drawer._case.labels == pytest.approx(dict.fromkeys(NAMES, 0.1))
    assert np.isfinite(visit.drawn[-1].model).any()
    assert visit.complaints == []


def test_a_fault_of_ours_is_complained_of_and_the_next_star_is_shown(visit):
    visit.place.answers[1001] = fault = OSError("no such disk")
    visit.look_at(FIRST)
    visit.settle()
    assert visit.complaints == [fault]
    assert visit.view.busy == ""
    visit.look_at(SECOND)
    visit.settle()
    assert visit.shown == 1002


def test_conditions_that_leave_no_pixel_are_refused_and_the_fit_stays(open_visit):
    visit = open_visit
    before = visit.drawer._case
    visit.ask("exclude", "3000-9500")
    visit.settle()
    assert "good pixels are left" in visit.view.note
    assert visit.drawer._case is before
    visit.ask("hold", {"logg": 0.3})
    visit.settle()
    assert visit.conditions.held == (("logg", 0.3),)
    assert visit.conditions.excluded == ()


@pytest.mark.parametrize(
    ("what", "how", "said"),
    [
        ("exclude", "green <i>", "&#x27;green &lt;i&gt;&#x27; is no range"),
        ("hold", {"<img>": 1.0}, "no label is called"),
        ("hold", dict.fromkeys(NAMES, 0.0), "all labels are held"),
        ("hold", {"logg": 1e9}, "absurd"),
    ],
)
def test_what_cannot_be_is_refused_in_words(open_visit, what, how, said):
    before = open_visit.drawer._case
    open_visit.ask(what, how)
    open_visit.settle()
    assert said in open_visit.view.note
    assert "<i" not in open_visit.view.note
    assert open_visit.drawer._case is before
    assert open_visit.complaints == []


def test_holding_and_leaving_out_in_quick_succession_keeps_both(open_visit):
    visit = open_visit
    visit.ask("hold", {"logg": 0.3})
    visit.ask("exclude", "5160-5170")
    visit.settle()
    assert visit.conditions.held == (("logg", 0.3),)
    assert visit.conditions.excluded == ((5160.0, 5170.0),)
    rows = {row["name"]: row for row in visit.drawer._parts.table.rows}
    assert [name for name in NAMES if rows[name]["held"]] == ["logg"]
    assert rows["logg"]["value"] == 0.3
    assert visit.view.excluded == "5160-5170"


def test_brushed_wavelengths_are_left_out_as_they_are_at_rest(open_visit):
    open_visit.ask("manner", {"raw": False, "observed": False, "air": True})
    open_visit.settle()
    open_visit.drawer._brushed(5160.0, 5170.0)
    open_visit.settle()
    ((low, high),) = open_visit.conditions.excluded
    # Morton (2000): in vacuum longer by 1.44 A here
    assert (low, high) == pytest.approx((5161.44, 5171.44), abs=0.02)


def test_other_labels_are_tried_and_forgotten_with_the_star(open_visit, models):
    visit, tried = open_visit, []
    draw = visit.drawer._parts.plot.try_model
    visit.drawer._parts.plot.try_model = lambda flux: tried.append(flux) or draw(flux)
    visit.ask("trial", {"fe_h": 0.6})
    visit.settle()
    labels = {**visit.drawer._case.labels, "fe_h": 0.6}
    expected = models.get("giant").content.model.predict([labels[name] for name in NAMES])
    np.testing.assert_allclose(tried[-1][np.isfinite(tried[-1])], expected, rtol=1e-12)
    visit.look_at(SECOND)
    visit.settle()
    assert np.isnan(tried[-1]).all()
    assert visit.drawer._parts.table.rows[2]["value"] == visit.drawer._case.labels["fe_h"]


def test_closing_the_drawer_lets_go_of_the_star(open_visit):
    open_visit.ask("close")
    open_visit.settle()
    assert open_visit.session.state.star is None
    assert (open_visit.view.shown, open_visit.shown) == (False, None)
    for what, how in (
        ("trial", {"fe_h": 0.6}),
        ("hold", {"fe_h": 0.6}),
        ("where", "fe_h"),
        ("opened", "orbit"),
    ):
        open_visit.ask(what, how)
    open_visit.settle()
    assert open_visit.shown is None
    assert open_visit.complaints == []


def test_nothing_goes_on_for_a_visitor_who_left(visit):
    visit.place.hold(1001)
    visit.look_at(FIRST)
    assert visit.place.begun[1001].wait(PATIENCE_S)
    visit.drawer.close()
    visit.place.gates[1001].set()
    visit.settle()
    assert visit.drawn == []
    visit.look_at(SECOND)
    visit.settle()
    assert not visit.place.begun[1002].is_set()


def test_a_spectrum_of_ones_own_takes_the_place_of_the_star(open_visit, observed):
    visit = open_visit
    content = observed[1003].spectrum.path.read_bytes()
    visit.drawer.own._hear(("<b>mine.fits", content))
    visit.settle()
    assert visit.session.state.star is None
    assert visit.view.shown
    assert "<b>mine" not in visit.view.head
    assert "&lt;b&gt;mine.fits" in visit.view.head
    assert visit.shown == 1003
    assert visit.drawer.value_of("fe_h") == visit.drawer._case.labels["fe_h"]
    assert np.isnan(visit.drawer.value_of("R"))
    visit.look_at(FIRST)
    visit.settle()
    assert visit.shown == 1001
    assert visit.drawer.value_of("fe_h") == pytest.approx(0.1)
    assert not visit.drawer.own.view.opened


def test_a_star_that_fails_leaves_nothing_of_the_one_before(open_visit):
    visit = open_visit
    visit.place.answers[1002] = OSError("the disk")
    visit.look_at(SECOND)
    assert visit.view.stale
    visit.settle()
    plot, table = visit.drawer._parts.plot, visit.drawer._parts.table
    assert "obsid 1002" in visit.view.head
    assert not visit.view.stale
    assert (table.rows, visit.view.observations, visit.view.note) == ([], [], "")
    assert all(len(column) == 0 for column in plot.pixels.data.values())
    assert all(not band.data["xs"] for band in plot.bands.values())
    visit.look_at(THIRD)
    visit.settle()
    assert visit.shown == 1003
    assert len(plot.pixels.data["flux"]) == len(visit.drawn[-1].flux)


def test_a_spectrum_that_can_not_be_fitted_is_shown_all_the_same(visit, models, monkeypatch):
    def refuse(*_):
        raise DataError("3 good pixels <are> left")

    monkeypatch.setattr(type(models.get("giant")), "fit", refuse)
    visit.look_at(FIRST)
    visit.settle()
    assert "Not fitted:</b> 3 good pixels &lt;are&gt; left" in visit.view.note
    assert np.isfinite(visit.drawn[-1].flux).any()
    assert np.isfinite(visit.drawn[-1].model).any()
    assert visit.drawer._case.labels == pytest.approx(dict.fromkeys(NAMES, 0.1))
    assert [row["fitted"] for row in visit.drawer._parts.table.rows] == [NONE] * len(NAMES)
    assert visit.complaints == []


def test_a_held_label_is_slid_on_and_stays_where_it_was_put(open_visit):
    visit = open_visit
    visit.ask("trial", {"fe_h": 0.6, "logg": -0.1})
    visit.ask("hold", {"fe_h": 0.6})
    visit.settle()
    visit.ask("hold", {"fe_h": 0.4})
    visit.settle()
    rows = {row["name"]: row for row in visit.drawer._parts.table.rows}
    assert (rows["fe_h"]["value"], rows["fe_h"]["held"]) == (0.4, True)
    assert rows["logg"]["value"] == -0.1
    assert visit.drawer._trial == {"logg": -0.1}


def test_the_orbit_of_the_next_star_is_asked_for_while_its_tab_is_open(open_visit, monkeypatch):
    asked = []
    monkeypatch.setattr(open_visit.drawer._parts.orbit, "ask", lambda star: asked.append(star.row))
    open_visit.ask("opened", "orbit")
    open_visit.look_at(SECOND)
    open_visit.settle()
    open_visit.ask("opened", "fit")
    open_visit.look_at(THIRD)
    open_visit.settle()
    assert asked == [0, 1]


def test_a_second_file_has_nothing_of_the_first(open_visit, observed):
    visit = open_visit
    visit.drawer.own._hear(("first.fits", observed[1003].spectrum.path.read_bytes()))
    visit.settle()
    visit.drawer._place_own({"R": 8.0})
    assert visit.drawer.value_of("R") == 8.0
    assert visit.drawer.value_of("fe_h") == visit.drawer._case.labels["fe_h"]
    told = len(visit.owned)
    visit.drawer.own._hear(("second.fits", observed[1002].spectrum.path.read_bytes()))
    visit.settle()
    assert visit.shown == 1002
    assert np.isnan(visit.drawer.value_of("R"))
    assert visit.drawer.value_of("fe_h") == visit.drawer._case.labels["fe_h"]
    assert len(visit.owned) >= told + 2
    assert visit.drawer.own.view.openings == 2


def test_a_star_clicked_while_a_file_is_read_stays(visit, observed):
    content = observed[1003].spectrum.path.read_bytes()
    visit.drawer.own._hear(("mine.fits", content))
    for reading in visit.under_way:
        reading.result(PATIENCE_S)
    visit.look_at(FIRST)
    visit.settle()
    assert visit.session.state.star == FIRST
    assert visit.shown == 1001
    assert not visit.drawer.own.view.opened
    visit.drawer.own._hear(("mine.fits", content))
    visit.settle()
    assert visit.shown == 1003


def test_damaged_spectra_leave_the_star_where_it_is(open_visit):
    open_visit.drawer.own._hear(("mine.fits", b"SIMPLE  = nothing"))
    open_visit.settle()
    assert open_visit.drawer.own.view.wrong
    assert open_visit.shown == 1001
    assert open_visit.complaints == []


def test_an_unknown_model_is_not_asked_for(open_visit):
    before = open_visit.drawer._case
    open_visit.ask("model", "../../etc/passwd")
    open_visit.settle()
    assert open_visit.drawer._case is before
    assert isinstance(open_visit.drawn[-1], Curves)
    assert len(open_visit.drawn) == 1
