"""What is said of a star: numbers are the catalogue's, hostile texts stay texts, links hold numbers alone."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from data.catalogue import open_catalogue
from data.lamost import read_spectrum
from data.observation_name import Star
from data.spectra import Observation, Sources
from explorer.case import Case, Wish
from explorer.fit_words import fit_html
from explorer.label_rows import NONE, rows_of
from explorer.mock_observations import MockObservations
from explorer.overtaking import OvertakenError
from explorer.published import Published, head_of, links_of
from explorer.ready_spectrum import ReadySpectrum
from explorer.refit import Refitter
from explorer.spectra import find_spectra
from explorer.spectrum_words import POOR, about_html, note_of, observations_of, repeats_html
from tests.small_model import NAMES, model_of

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def catalogue(mock_file, tmp_path_factory):
    return open_catalogue(mock_file, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def row(catalogue):
    return int(np.flatnonzero(catalogue["giantmodel"] == 1)[7])


@pytest.fixture(scope="module")
def case(catalogue, row):
    source = MockObservations.of_catalogue(catalogue.columns, catalogue.metadata)
    star = Published(catalogue, row)
    found = Case.of_star(Sources((source,)), Star.at(catalogue.columns, row), star.labels(NAMES))
    return found.with_fit(Refitter.of(model_of()), Wish(model="small"))


def of_real(catalogue, **changes):
    """A stand-in for a real catalogue with one star."""
    columns = {"obsid": np.array([101]), "source_id": np.array([9_007_199_254_740_993])} | changes
    described = {name: SimpleNamespace(missing=-1, dtype="int64") for name in columns}
    described["designation"] = SimpleNamespace(missing=b"", dtype="str")

    class Real(dict):
        mock = False

    real = Real(columns)
    real.metadata, real.source_row = {"gaia_release": "DR2"}, np.array([0])
    real.described = described
    return Published(real, 0)


def test_the_head_names_the_star_and_says_that_it_is_mock(catalogue, row):
    head = head_of(Published(catalogue, row))
    assert f"<b>obsid {catalogue['obsid'][row]}</b>" in head
    assert str(catalogue["source_id"][row]) in head
    assert "MOCK star" in head
    assert links_of(Published(catalogue, row)) == []


def test_a_hostile_designation_is_text():
    star = of_real(None, designation=np.array([HOSTILE.encode()]), snrz=np.array([30]))
    head = head_of(star)
    assert "<img" not in head
    assert "&lt;img" in head
    assert all("<" not in address and '"' not in address for _, address in links_of(star))


def test_links_keep_all_digits_and_the_release():
    links = dict(links_of(of_real(None)))
    assert links["LAMOST"].endswith("obsid=101")
    assert links["SIMBAD"].endswith("Gaia%20DR2%209007199254740993")
    assert links["Gaia"].endswith("Gaia%20DR2%209007199254740993")
    unknown = of_real(None)
    unknown.catalogue.metadata = {}
    assert [*dict(links_of(unknown))] == ["LAMOST"]


def test_rows_are_the_catalogues_and_the_fits(case, catalogue, row):
    star = Published(catalogue, row)
    rows = rows_of(case, star, {"logg": 0.5})
    assert [each["name"] for each in rows] == [*NAMES]
    for each, label in zip(rows, case.fit.labels, strict=True):
        value, _, error = each["published"].replace("−", "-").partition(" ± ")
        assert float(value) == pytest.approx(catalogue[each["name"]][row], abs=float(error) / 9)
        assert each["low"] <= each["value"] <= each["high"] or label.beyond
        assert each["value"] == (0.5 if each["name"] == "logg" else label.value)
        steps = (each["high"] - each["low"]) / each["step"]
        assert steps == pytest.approx(round(steps), abs=1e-6)
    bare = rows_of(replace(case, fit=None, plain=None), star, {})
    assert all(each["fitted"] == NONE for each in bare)


def test_rows_of_a_spectrum_alone_have_nothing_published(case):
    assert all(each["published"] == NONE for each in rows_of(case, None, {}))


def test_the_fit_in_words(case, catalogue, row):
    star = Published(catalogue, row)
    words = fit_html(case, star, star.window_standings())
    assert f"<b>{case.fit.chi2:,.0f}</b>" in words
    assert "of the giants" in words
    assert "correlation" in words
    held = case.with_fit(
        case.refitter, replace(case.wish, conditions=case.refitter.conditions({"logg": 0.4}))
    )
    assert "Against the fit of all labels to all pixels" in fit_html(held, None, {})
    assert fit_html(replace(case, fit=None, plain=None), None, {}) == "<p>There is no spectrum to fit.</p>"


def test_hostile_headers_are_text(real_data):
    spectrum = read_spectrum(find_spectra(real_data / "lamost-spectra")[0])
    hostile = replace(spectrum, planid=HOSTILE, release=HOSTILE, subclass=HOSTILE, object_class="STAR")
    ready = ReadySpectrum.of(Observation(hostile, HOSTILE))
    case = Case((ready,), (HOSTILE,))
    for words in (about_html(case), note_of(Case((), (HOSTILE,)), None)):
        assert "<img" not in words
        assert "&lt;img" in words


def test_a_poor_fit_and_a_foreign_model_are_cautioned_against(case):
    said = "The model describes this spectrum poorly"
    assert case.fit.reduced > POOR
    assert said in note_of(case, None)
    good = replace(case, fit=replace(case.fit, chi2=POOR * case.fit.dof))
    assert said not in note_of(good, None)
    content = case.refitter.content
    made = replace(content, trained=replace(content.trained, file=np.array([b"mock spectrum 1"])))
    foreign = replace(case, refitter=replace(case.refitter, content=made))
    assert "MOCK spectra" not in note_of(foreign, None)  # nor is the spectrum a real one
    (seen,) = case.spectra
    real = replace(seen, observations=(replace(seen.observations[0], mock=False),))
    assert "learned from MOCK spectra" in note_of(replace(foreign, spectra=(real,)), None)
    assert "MOCK" not in note_of(replace(case, spectra=(real,)), None)


def test_a_label_that_is_held_has_no_information(case):
    held = case.with_fit(
        case.refitter, replace(case.wish, conditions=case.refitter.conditions({"logg": 0.4}))
    )
    assert "no pixel informs on it" in note_of(held, None, "logg")
    assert "no pixel" not in note_of(held, None, "")
    assert "no pixel" not in note_of(case, None, "logg")


def test_what_is_at_hand_is_told(case):
    assert note_of(case, None).endswith("MOCK spectrum: made, not observed.")
    assert "No observed spectrum" in note_of(replace(case, spectra=(), fit=None, plain=None), None)
    assert "MOCK: made, not observed" in about_html(case)
    assert len(observations_of(case)) == 1
    twice = replace(case, spectra=case.spectra * 2)
    assert [number for number, _ in observations_of(twice)] == [0, 1, -1]
    assert repeats_html(case.with_repeats()) == ""
    told = repeats_html(replace(twice, refitter=case.refitter).with_repeats())
    assert told.count(f"<th scope='col'>{case.spectrum.observations[0].name}</th>") == 2


def test_window_chi2_stands_among_stars_of_its_kind(catalogue, row, case):
    star = Published(catalogue, row)
    standings = star.window_standings()
    assert len(standings) > 5
    kin = catalogue["giantmodel"] == catalogue["giantmodel"][row]
    for name, standing in standings.items():
        values = catalogue[name][kin]
        assert standing.lower == sum(value < catalogue[name][row] for value in values.tolist())
        assert standing.count == int(np.isfinite(values).sum())
    words = fit_html(case, star, standings)
    assert "Giants below" in words
    for near in case.fit.near:
        standing = standings.get(f"chi2_{near.name}")
        if standing is not None and np.isfinite(near.chi2):
            percent = 100 * standing.lower / standing.count
            assert 0 <= percent - float(standing.share) < (1 if percent < 99 else 0.1)
            assert f"title='{standing.words('giants')}'>{standing.share} %</td>" in words
    with pytest.raises(OvertakenError):
        Published(catalogue, row).window_standings(lambda: True)


def test_each_of_several_spectra_is_fitted_once(case):
    twice = replace(case, spectra=case.spectra * 2).with_repeats()
    assert [one.chi2 for one in twice.repeats] == [case.plain.chi2] * 2
    assert twice.with_repeats() is twice
    dead = replace(case.spectra[0], ivar=np.zeros_like(case.spectra[0].ivar))
    once = replace(case, spectra=(case.spectra[0], dead)).with_repeats()
    assert [one is None for one in once.repeats] == [False, True]
    assert repeats_html(once).count(f"<td>{NONE}</td>") == len(NAMES)
    held = twice.with_fit(
        case.refitter, replace(case.wish, conditions=case.refitter.conditions({"logg": 0.4}))
    )
    assert held.repeats is twice.repeats
    other = twice.with_fit(case.refitter, replace(case.wish, model="another"))
    assert other.repeats == ()
