"""One star under study: what is drawn and fitted of it, held to plain numpy and to the model itself."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from data.catalogue import open_catalogue
from data.lamost import read_spectrum
from data.observation_name import ObservationName, Star
from data.problem import DataError
from data.spectra import Observation, Sources
from explorer.case import STACKED, Case, Wish
from explorer.conditions import Conditions
from explorer.curves import Curves, Manner, runs
from explorer.drawer import Asked
from explorer.mock_observations import MockObservations
from explorer.ready_spectrum import ReadySpectrum, apart
from explorer.refit import Refitter
from explorer.spectra import SpectrumReader, find_spectra, pixels_of
from explorer.spectrum_words import note_of
from explorer.wishes import manner_after, wish_after
from model.wavelength import SURVEY_GRID, air_to_vacuum
from tests.lamost_mock import silent
from tests.small_model import NAMES, model_of

KNOWN = {"teff": 0.1, "logg": -0.2, "fe_h": 0.3, "mg_fe": 0.0}


@pytest.fixture(scope="module")
def catalogue(mock_file, tmp_path_factory):
    return open_catalogue(mock_file, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def refitter():
    return Refitter.of(model_of())


@pytest.fixture(scope="module")
def source(catalogue):
    return Sources((MockObservations.of_catalogue(catalogue.columns, catalogue.metadata),))


@pytest.fixture(scope="module")
def found(catalogue, source):
    row = int(np.argmax(catalogue["snrz"]))
    return Case.of_star(source, Star.at(catalogue.columns, row), KNOWN)


@pytest.fixture(scope="module")
def case(found, refitter):
    return found.with_fit(refitter, Wish(model="small"))


@pytest.fixture(scope="module")
def used(refitter):
    return pixels_of(refitter.content.model.wavelength)


def of_others(case, factor=1.5):
    """The same spectrum as another observation, with other flux and errors."""
    one = case.spectra[0]
    return replace(one, flux=(one.flux * np.float32(factor)), ivar=one.ivar * np.float32(3))


def test_another_spectrum_of_the_star_is_not_taken_for_the_one_that_was_meant(catalogue, source):
    row = int(np.argmax(catalogue["snrz"]))
    meant = ObservationName(obsid=123)
    star = Star("", (meant, *Star.at(catalogue.columns, row).names))
    found = Case.of_star(source, star, KNOWN)
    assert found.missing == "obsid 123"
    said = note_of(found, None)
    assert "obsid 123 itself is not at hand" in said
    assert f"shown is {found.spectra[0].observations[0].name}" in said
    assert Case.of_star(source, Star.at(catalogue.columns, row), KNOWN).missing == ""


def test_a_stack_has_the_continuum_of_those_that_have_one(case):
    one = case.spectra[0]
    half = replace(one, continuum=np.where(np.arange(one.continuum.size) % 2, one.continuum, 0))
    np.testing.assert_allclose(ReadySpectrum.stacked((one, half)).continuum, one.continuum)
    twice = replace(one, continuum=3 * one.continuum)
    np.testing.assert_allclose(ReadySpectrum.stacked((one, twice)).continuum, 2 * one.continuum, rtol=1e-6)


def test_it_is_what_an_inference_reads(real_data):
    files = find_spectra(real_data / "lamost-spectra")[:40]
    (batch,) = SpectrumReader(SURVEY_GRID).batches(files, silent)
    named = {about.file: place for place, about in enumerate(batch.about)}
    assert len(named) > 20
    seen = 0
    for file in files:
        observation = Observation(read_spectrum(file), "a file")
        if file.name in named:
            ready = ReadySpectrum.of(observation)
            np.testing.assert_array_equal(ready.flux, batch.flux[named[file.name]])
            np.testing.assert_array_equal(ready.ivar, batch.ivar[named[file.name]])
            seen += 1
    assert seen == len(named)


def test_what_is_no_stars_is_refused_in_words(real_data):
    refused = 0
    for file in find_spectra(real_data / "lamost-spectra"):
        spectrum = read_spectrum(file)
        if spectrum.object_class == "GALAXY":
            with pytest.raises(DataError, match="GALAXY, not STAR"):
                ReadySpectrum.of(Observation(spectrum, "a file"))
            refused += 1
    assert refused > 5
    with pytest.raises(DataError, match="no redshift"):
        ReadySpectrum.of(Observation(replace(spectrum, z=np.nan, object_class="STAR"), "a file"))


def test_stacked_is_the_weighted_mean_and_gaps_are_never_looked_at(case):
    one = case.spectra[0]
    gap = np.arange(one.ivar.size) % 7 == 0
    first = replace(one, ivar=np.where(gap, 0, one.ivar), flux=np.where(gap, np.nan, one.flux))
    first = replace(first, flux=np.where(gap, np.float32(1), first.flux))
    other = of_others(case)
    stacked = ReadySpectrum.stacked((first, other))
    for pixel in (0, 1, 7, 8, 500, 3000):
        weights = [each.ivar[pixel] for each in (first, other)]
        expected = np.average([first.flux[pixel], other.flux[pixel]], weights=weights) if sum(weights) else 1
        assert stacked.flux[pixel] == pytest.approx(expected, rel=1e-6)
        assert stacked.ivar[pixel] == pytest.approx(sum(weights), rel=1e-6)
    assert len(stacked.observations) == 2


def test_two_reductions_of_one_exposure_count_once(case):
    observation = case.spectra[0].observations[0]
    later = replace(observation, spectrum=replace(observation.spectrum, obsid=observation.spectrum.obsid + 1))
    assert apart([observation, observation, later]) == (observation, later)


def test_the_fit_is_that_of_the_model_on_its_own_pixels(case, refitter, used):
    ready = case.spectra[0]
    expected = refitter.fit(ready.flux[used], ready.ivar[used])
    assert case.fit is case.plain
    assert case.labels == expected.values
    again = case.with_fit(refitter, replace(case.wish, conditions=refitter.conditions({"logg": 0.4})))
    assert again.plain is case.plain
    assert again.labels["logg"] == 0.4
    stacked = replace(case, spectra=(ready, of_others(case))).with_fit(
        refitter, replace(case.wish, observation=STACKED)
    )
    assert len(stacked.spectrum.observations) == 2
    assert stacked.labels != case.labels


def test_a_held_label_gives_the_constrained_minimum(case, refitter, used):
    ready, model = case.spectra[0], refitter.content.model
    wish = replace(case.wish, conditions=refitter.conditions({"logg": 0.4}))
    found = case.with_fit(refitter, wish)
    ivar = ready.ivar[used].astype(float)
    weight = np.sqrt(ivar / (1 + ivar * model.s**2))
    free = [name != "logg" for name in NAMES]

    def residual(values):
        labels = np.full(len(NAMES), 0.4)
        labels[free] = values
        return weight * (ready.flux[used] - model.predict(labels))

    start = np.array([*found.labels.values()])[free] + 0.05
    best = least_squares(residual, start, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    np.testing.assert_allclose(np.array([*found.labels.values()])[free], best.x, atol=1e-4)
    assert found.fit.chi2 == pytest.approx(2 * best.cost, rel=1e-6)


def test_pixels_left_out_carry_no_weight(case, refitter, used):
    wish = replace(case.wish, conditions=refitter.conditions(excluded=[[5160, 5190]]))
    left = case.with_fit(refitter, wish)
    out = (SURVEY_GRID >= 5160) & (SURVEY_GRID <= 5190)
    spoilt = replace(case.spectra[0], flux=np.where(out, np.float32(9), case.spectra[0].flux))
    other = replace(case, spectra=(spoilt,), plain=None).with_fit(refitter, wish)
    assert other.labels == left.labels
    assert left.labels != case.labels
    residual = Curves.of(left, Manner()).lower
    assert np.isnan(residual[out]).all()
    assert np.isfinite(residual[used]).sum() > 50


def test_without_a_spectrum_the_published_labels_are_shown(refitter, used):
    case = Case.of_star(Sources(()), Star(), KNOWN).with_fit(refitter, Wish(model="small"))
    assert case.fit is None
    assert case.labels == KNOWN
    curves = Curves.of(case, Manner())
    expected = refitter.content.model.predict([KNOWN[name] for name in NAMES])
    np.testing.assert_array_equal(curves.model[used], expected)
    assert np.isnan(curves.flux).all()
    assert np.isnan(curves.lower).all()
    assert case.reasons == ("no folder or archive of spectra was named",)
    lacking = replace(case, known={**KNOWN, "logg": np.nan})
    assert lacking.labels is None
    assert np.isnan(Curves.of(lacking, Manner()).model).all()


def test_without_a_model_the_spectrum_is_shown(found):
    case = found.with_fit(None, Wish())
    assert case.labels is None
    curves = Curves.of(case, Manner())
    assert np.isfinite(curves.flux).sum() > 3000
    assert np.isnan(curves.model).all()


def test_curves_are_the_models_and_the_spectrums(case, refitter, used):
    ready, model = case.spectra[0], refitter.content.model
    curves = Curves.of(case, Manner())
    elsewhere = np.ones(SURVEY_GRID.size, bool)
    elsewhere[used] = False
    predicted = model.predict([*case.labels.values()])
    np.testing.assert_array_equal(curves.model[used], predicted)
    assert np.isnan(curves.model[elsewhere]).all()
    good = ready.ivar > 0
    np.testing.assert_array_equal(curves.flux[good], ready.flux[good])
    np.testing.assert_allclose(curves.sigma[good], ready.ivar[good] ** -0.5, rtol=1e-6)
    assert np.isnan(curves.flux[~good]).all()
    both = good[used]
    error = np.sqrt(1 / ready.ivar[used][both] + model.s[both] ** 2)
    expected = (ready.flux[used] - predicted)[both] / error
    np.testing.assert_allclose(curves.lower[used][both], expected, atol=1e-5)
    raw = Curves.of(case, Manner(raw=True))
    np.testing.assert_allclose(raw.flux[good], (ready.flux * ready.continuum)[good], rtol=1e-6)
    np.testing.assert_allclose(raw.model[used], predicted * ready.continuum[used], rtol=1e-6)
    tried = raw.trial(case, {**case.labels, "logg": 0.4})
    other = model.predict([*{**case.labels, "logg": 0.4}.values()])
    np.testing.assert_allclose(tried[used], other * ready.continuum[used], rtol=1e-6)


def test_slopes_are_finite_differences_and_information_adds_up_to_the_error(case, refitter, used):
    model, at = refitter.content.model, np.array([*case.labels.values()])
    place, step = NAMES.index("fe_h"), 1e-4
    ends = [model.predict(at + sign * step * np.eye(len(NAMES))[place]) for sign in (1, -1)]
    slope = Curves.of(case, Manner(below="gradient", label="fe_h")).lower[used]
    good = case.spectra[0].ivar[used] > 0
    np.testing.assert_allclose(slope[good], ((ends[0] - ends[1]) / (2 * step))[good], atol=1e-6)
    told = Curves.of(case, Manner(below="information", label="fe_h")).lower
    ivar = case.spectra[0].ivar[used].astype(float)
    weight = ivar / (1 + ivar * model.s**2)
    gradient = model.gradient(at)
    covariance = np.linalg.inv(gradient.T @ (weight[:, None] * gradient))
    assert np.nansum(told) == pytest.approx(1 / covariance[place, place], rel=1e-6)


def test_frames_of_wavelength():
    z = 0.001
    assert Manner(observed=True).wavelength(SURVEY_GRID, z) == pytest.approx(SURVEY_GRID * 1.001, rel=1e-12)
    air = Manner(observed=True, air=True).wavelength(SURVEY_GRID, z)
    assert air_to_vacuum(air) / 1.001 == pytest.approx(SURVEY_GRID, rel=1e-9)
    np.testing.assert_array_equal(Manner(observed=True).wavelength(SURVEY_GRID, np.nan), SURVEY_GRID)


def test_bands_break_where_nothing_is_known():
    low = np.array([0, 1, np.nan, 3, 4, 5, np.nan, 7.0])
    xs, ys = runs(np.arange(8.0), low, low + 1)
    assert [[*x] for x in xs] == [[0, 1, 1, 0], [3, 4, 5, 5, 4, 3]]
    assert [[*y] for y in ys] == [[0, 1, 2, 1], [3, 4, 5, 6, 5, 4]]
    assert runs(np.arange(8.0), low * np.nan, low) == ([], [])


def test_conditions_in_quick_succession_are_all_kept(case):
    wish = wish_after(case.wish, Asked("hold", {"logg": 0.4}), case)
    wish = wish_after(wish, Asked("exclude", "5160-5170, 5180 - 5190"), case)
    assert wish.conditions == Conditions((("logg", 0.4),), ((5160.0, 5170.0), (5180.0, 5190.0)))
    other = wish_after(wish, Asked("model", "another"), case)
    assert other.conditions == Conditions(excluded=wish.conditions.excluded)
    assert wish_after(wish, Asked("observation", 7), case).observation == 0
    with pytest.raises(DataError, match="no label is called 'Teff'"):
        wish_after(wish, Asked("hold", {"Teff": 1.0}), case)
    with pytest.raises(DataError, match="no model"):
        wish_after(Wish(), Asked("exclude", ""), Case((), ()))


def test_what_is_asked_of_the_lower_plot():
    where = manner_after(Manner(air=True), Asked("where", "mg_fe"))
    assert where == Manner(air=True, below="information", label="mg_fe")
    assert manner_after(where, Asked("where", "")) == Manner(air=True)
    assert manner_after(where, Asked("below", ("gradient", "logg"))).below == "gradient"
