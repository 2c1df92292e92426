"""The live fit of one star against scipy under constraints, on mock spectra and on real ones."""

import csv
from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.optimize import minimize

from data.labels import read_labels
from data.problem import DataError
from explorer.cannon_file import CannonFile, Trained, Validated
from explorer.conditions import Conditions
from explorer.recipe import Recipe
from explorer.refit import AS_A_GUIDE, NOT_VALIDATED, Refit, Refitter
from explorer.spectra import chosen_pixels, find_spectra
from explorer.training import gather, train
from model.cannon import Cannon
from model.lines import LAMOST_WINDOWS
from model.validation import CrossValidation, cross_validate
from tests.cannon_mock import Sky, from_model

NAMES = ("teff", "logg", "fe_h", "mg_fe")
STARS = 150


def silent(*_done):
    pass


def file_of(model, labels, recipe, validated=None):
    count = len(labels)
    kept = Trained(
        np.array([b"x"] * count), np.arange(count), labels, np.full(labels.shape, np.nan), np.ones(count)
    )
    return CannonFile(model, recipe, kept, validated, {})


@pytest.fixture(scope="module")
def content():
    """A validated model of mock stars on pixels of the survey's."""
    wavelength = chosen_pixels(5000.0, 5400.0)
    sky = Sky(pixels=wavelength.size, scatter=0.01)
    stars = sky.stars(STARS, snr=60)
    words = {"label_names": NAMES, "wavelength": wavelength}
    model = Cannon.train(stars.labels, *stars.spectra, **words)
    found = cross_validate(stars.labels, *stars.spectra, **words, folds=5)
    recipe = Recipe(NAMES, None, 0.0, (0.0, 1e6), (5000.0, 5400.0))
    return file_of(model, stars.labels, recipe, Validated.of(found))


@pytest.fixture(scope="module")
def fitter(content):
    return Refitter.of(content)


@pytest.fixture(scope="module")
def spectrum(content):
    labels = 0.5 * np.random.default_rng(4).normal(size=(1, 4))
    star = from_model(content.model, labels, snr=40)
    flux, ivar = star.flux[0].astype("f4"), star.ivar[0].astype("f4")
    ivar[100:110] = 0
    flux[100:110] = np.nan
    return flux, ivar


@pytest.fixture(scope="module")
def real(real_data):
    """A model of real stars, and the spectrum of one that it was not trained on."""
    folder = real_data / "lamost-spectra"
    if not folder.is_dir():
        pytest.skip(f"no spectra in {folder}: set EXPLORER_REAL_DATA to their folder")
    path = folder / "labelled_spectra.csv"
    with path.open(newline="") as file:
        listed = {row["key"] for row in csv.DictReader(file)}
    files = [file for file in find_spectra(folder) if file.name.removesuffix(".gz") in listed]
    recipe = Recipe(("teff", "logg", "fe_h"), None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0))
    table = read_labels(path, labels=recipe.labels, key=None)
    stars = gather(files, table, recipe, workers=1, progress=silent)
    kept = ("about", "labels", "errors", "flux", "ivar", "snr")
    model = train(replace(stars, **{name: getattr(stars, name)[1:] for name in kept}), recipe)
    return Refitter.of(file_of(model, stars.labels[1:], recipe)), stars.flux[0], stars.ivar[0]


def chi2_of(fitter, spectrum, conditions, labels):
    """By the definition, pixel by pixel; float64."""
    model = fitter.content.model
    flux, ivar = (np.asarray(values, float) for values in spectrum)
    total = 0.0
    predicted = model.predict(labels)
    for x, f, i, p, s in zip(model.wavelength, flux, ivar, predicted, model.s, strict=True):
        left_out = any(low <= x <= high for low, high in conditions.excluded)
        if i > 0 and not np.isnan(s) and not left_out:
            total += (f - p) ** 2 / (1 / i + s**2)
    return total


def by_scipy(fitter, spectrum, conditions, start):
    """Labels of least chi2 by a general minimiser that is told of the constraints."""
    model, held = fitter.content.model, dict(conditions.held)
    scaled = (np.array(start) - model.offset) / model.scale
    fixed = {model.label_names.index(name): value for name, value in held.items()}
    bounds = [(None, None)] * len(scaled)
    for at, value in fixed.items():
        scaled[at] = (value - model.offset[at]) / model.scale[at]
        bounds[at] = (scaled[at], scaled[at])
    found = minimize(
        lambda labels: chi2_of(fitter, spectrum, conditions, labels * model.scale + model.offset),
        scaled,
        bounds=bounds,
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success
    return found.x * model.scale + model.offset, found.fun


def values(fit):
    return np.array([label.value for label in fit.labels])


def formal(fit):
    return np.array([label.formal for label in fit.labels])


def same(one, other):
    for field in fields(Refit):
        np.testing.assert_equal(getattr(one, field.name), getattr(other, field.name))


def asked(fitter, held=None, excluded=()):
    return fitter.conditions(held, excluded)


CONDITIONS = [
    ({}, ()),
    ({"fe_h": 0.1}, ()),
    ({"teff": -0.3, "mg_fe": 0.2}, ()),
    ({}, [(5100, 5150), (5300, 5500)]),
    ({"logg": 0.4}, [(5100, 5150)]),
]


@pytest.mark.parametrize(("held", "excluded"), CONDITIONS)
def test_fit_is_scipys_under_the_same_constraints(fitter, spectrum, held, excluded):
    conditions = asked(fitter, held, excluded)
    fit = fitter.fit(*spectrum, conditions)
    labels, chi2 = by_scipy(fitter, spectrum, conditions, values(fit) + 0.05)
    free = np.array([not label.held for label in fit.labels])
    assert np.abs((values(fit) - labels)[free] / formal(fit)[free]).max() < 0.01
    assert fit.chi2 == pytest.approx(chi2, rel=1e-5)
    assert fit.chi2 == pytest.approx(chi2_of(fitter, spectrum, conditions, values(fit)), rel=1e-5)
    assert [label.value for label in fit.labels if label.held] == [held[n] for n in NAMES if n in held]
    assert fit.converged
    assert fit.conditions == conditions


@pytest.mark.parametrize(
    ("held", "excluded"),
    [({}, ()), ({"teff": 5000.0}, ()), ({"logg": 3.0}, [(4840, 4890)]), ({}, [(4000, 4500)])],
)
def test_fit_of_a_real_star_is_scipys_under_the_same_constraints(real, held, excluded):
    fitter, *spectrum = real
    conditions = asked(fitter, held, excluded)
    fit = fitter.fit(*spectrum, conditions)
    labels, chi2 = by_scipy(fitter, spectrum, conditions, values(fit) + 0.3 * fitter.content.model.scale)
    free = np.array([not label.held for label in fit.labels])
    assert np.abs((values(fit) - labels)[free] / formal(fit)[free]).max() < 0.01
    assert fit.chi2 == pytest.approx(chi2, rel=1e-5)
    np.testing.assert_array_equal(values(fit)[~free], list(held.values()))


def test_without_conditions_it_is_the_catalogues_fit(fitter, spectrum):
    fit = fitter.fit(*spectrum)
    clean = np.where(spectrum[1] > 0, spectrum[0], 1)
    found = fitter.content.model.infer(clean, spectrum[1])
    np.testing.assert_array_equal(values(fit), found.labels[0])
    np.testing.assert_array_equal(fit.covariance, found.covariance[0])
    assert (fit.chi2, fit.dof) == (found.chi2[0], found.dof[0])


def test_left_out_pixels_are_never_looked_at(fitter, spectrum):
    conditions = asked(fitter, {"fe_h": 0.1}, [(5100, 5150), (5180, 5181)])
    flux, ivar = (values.copy() for values in spectrum)
    expected = fitter.fit(flux, ivar, conditions)
    wavelength = fitter.content.model.wavelength
    out = ((wavelength >= 5100) & (wavelength <= 5150)) | ((wavelength >= 5180) & (wavelength <= 5181))
    assert 30 < np.count_nonzero(out) < 100
    assert not expected.used[out].any()
    rng = np.random.default_rng(6)
    for garbage in (rng.normal(0, 1e3, out.sum()), np.nan, np.inf, -1e30):
        flux[out] = garbage
        same(fitter.fit(flux, ivar, conditions), expected)
    for garbage in (0, 1e9, np.nan, -1):
        ivar[out] = garbage
        same(fitter.fit(flux, ivar, conditions), expected)


def test_pixels_and_residuals_are_those_that_make_chi2(fitter, spectrum):
    conditions = asked(fitter, {}, [(5100, 5150)])
    fit = fitter.fit(*spectrum, conditions)
    assert np.nansum(fit.residual**2) == pytest.approx(fit.chi2, rel=1e-5)
    np.testing.assert_array_equal(np.isfinite(fit.residual), fit.used)
    assert fit.dof == fit.used.sum() - 4
    assert fit.reduced == fit.chi2 / fit.dof
    np.testing.assert_array_equal(fit.flux, fitter.content.model.predict(values(fit)))
    np.testing.assert_array_equal(fit.s, fitter.content.model.s)
    held = fitter.fit(*spectrum, asked(fitter, {"fe_h": 0.0, "logg": 0.0}))
    assert held.dof == held.used.sum() - 2


def test_lines_are_looked_at_where_pixels_are_used(fitter, spectrum):
    whole, part = fitter.fit(*spectrum), fitter.fit(*spectrum, asked(fitter, {}, [(5100, 5200)]))
    wavelength = fitter.content.model.wavelength
    for fit in (whole, part):
        found = {one.name: one for one in fit.near}
        inside = np.zeros(wavelength.size, bool)
        for window in LAMOST_WINDOWS["fe_h"]:
            hit = (wavelength >= window.low) & (wavelength <= window.high)
            inside |= hit & (hit.sum() >= 3)
        assert found["fe_h"].pixels == np.count_nonzero(inside & fit.used)
        assert found["fe_h"].chi2 == pytest.approx(np.nansum(fit.residual[inside] ** 2), rel=1e-6)
    magnesium = next(one for one in part.near if one.name == "mg_fe")
    assert magnesium.pixels == 0
    assert np.isnan(magnesium.chi2)
    assert next(one for one in whole.near if one.name == "mg_fe").pixels > 5


def test_errors_are_formal_and_published(fitter, spectrum):
    fit = fitter.fit(*spectrum)
    validated = fitter.content.validated
    np.testing.assert_allclose(formal(fit) ** 2, np.diag(fit.covariance))
    expected = np.hypot(validated.a * formal(fit), validated.b)
    np.testing.assert_allclose([label.published for label in fit.labels], expected)
    assert fit.errors_in_words == ""
    held = fitter.fit(*spectrum, asked(fitter, {"fe_h": 0.1}))
    known = held.labels[2]
    assert (known.held, known.formal, known.published, known.value) == (True, 0.0, 0.0, 0.1)
    assert [label.held for label in held.labels] == [False, False, True, False]
    there = fitter.fit(*spectrum, asked(fitter, {"fe_h": fit.values["fe_h"]}))
    assert (formal(there) < formal(fit)).all()
    assert held.errors_in_words == AS_A_GUIDE


def test_a_model_that_was_not_validated_has_formal_errors_alone(content, spectrum):
    fitter = Refitter.of(replace(content, validated=None))
    fit = fitter.fit(*spectrum, asked(fitter, {"fe_h": 0.1}))
    assert fit.errors_in_words == NOT_VALIDATED
    assert np.isnan([label.published for label in fit.labels if not label.held]).all()
    low, high = fitter.content.ranges["teff"]
    assert [fitter.trust["teff"].flag(x) for x in (low - 0.1, low, high, high + 0.1)] == [1, 0, 0, 1]
    assert "the model has no training stars" in fitter.trust["teff"].words(high + 0.1)


def test_labels_beyond_what_can_be_trusted_say_so(fitter, spectrum):
    limits = fitter.content.validated.limits[2]
    far = fitter.fit(*spectrum, asked(fitter, {"fe_h": limits.high + 0.5})).labels[2]
    assert far.beyond == 1
    assert far.words.startswith(f"[Fe/H] is above {limits.high:.4g}".replace("-", "−"))
    near = fitter.fit(*spectrum, asked(fitter, {"fe_h": (limits.low + limits.high) / 2})).labels[2]
    assert (near.beyond, near.words) == (0, "")
    assert fitter.trust["fe_h"].flag(np.nan) == -1
    assert fitter.trust["fe_h"].words(np.nan) == ""


def test_what_is_wrong_beyond_a_limit_is_what_the_stars_show(content):
    """A model that gives too high values to the highest, and too low ones to the lowest."""
    rng = np.random.default_rng(2)
    true = rng.uniform(-1, 1, (400, 4))
    stretched = 1.5 * true + 0.02 * rng.normal(size=true.shape)
    found = Validated.of(crossed(content.model, true, stretched))
    kept = replace(content.trained, labels=true)
    trust = Refitter.of(replace(content, trained=kept, validated=found)).trust["logg"]
    assert trust.limits.high_reached
    assert trust.limits.low_reached
    assert trust.words(2.0).endswith("truly have less")
    assert trust.words(-2.0).endswith("truly have more")


def crossed(model, true, inferred):
    """What a cross-validation that infers this would be."""
    count = len(true)
    return CrossValidation(
        label_names=NAMES,
        true=true,
        inferred=inferred,
        formal=np.full(true.shape, 0.01),
        chi2=np.ones(count),
        dof=np.ones(count, int),
        converged=np.ones(count, bool),
        fold=np.arange(count) % 5,
        full=model,
    )


def test_changes_are_told_against_a_former_fit(fitter, spectrum):
    old = fitter.fit(*spectrum)
    new = fitter.fit(*spectrum, asked(fitter, {"fe_h": old.values["fe_h"] + 0.3}))
    changes = new.against(old)
    assert [change.name for change in changes.labels] == list(NAMES)
    np.testing.assert_allclose([change.by for change in changes.labels], values(new) - values(old))
    larger = np.maximum(formal(new), formal(old))
    np.testing.assert_allclose([c.errors for c in changes.labels], (values(new) - values(old)) / larger)
    assert changes.chi2 == new.chi2 - old.chi2 > 0
    assert changes.dof == 1
    assert changes.same_pixels
    part = fitter.fit(*spectrum, asked(fitter, {}, [(5100, 5150)]))
    assert not part.against(old).same_pixels
    assert part.against(old).dof < 0
    twice = new.against(new)
    assert np.isnan(twice.labels[2].errors)
    assert {change.by for change in twice.labels} == {0.0}


def test_fits_of_different_models_are_not_compared(fitter, real, spectrum):
    other, *star = real
    with pytest.raises(ValueError, match="other labels"):
        other.fit(*star).against(fitter.fit(*spectrum))


def test_what_if_draws_the_model(fitter):
    labels = dict(zip(NAMES, (0.1, -0.2, 0.3, 0.0), strict=True))
    found = fitter.predicted(dict(reversed(labels.items())))
    np.testing.assert_array_equal(found, fitter.content.model.predict(list(labels.values())))
    for wrong, words in (
        ({**labels, "teff": np.nan}, "finite number"),
        ({**labels, "teff": 1e9}, "absurd"),
        ({**labels, "li_fe": 1.0}, "no label is called"),
        ({"teff": 0.1}, "no value of logg, fe_h, mg_fe"),
    ):
        with pytest.raises(DataError, match=words):
            fitter.predicted(wrong)


def test_information_is_of_the_pixels_and_labels_of_the_fit(fitter, spectrum):
    conditions = asked(fitter, {"fe_h": 0.1}, [(5100, 5150)])
    fit = fitter.fit(*spectrum, conditions)
    found = fitter.information(fit, spectrum[1])
    assert (found.remaining[~fit.used] == 0).all()
    assert found.free.tolist() == [True, True, False, True]
    np.testing.assert_allclose(found.errors, formal(fit), rtol=0.15)
    ivar = np.where(fit.used, spectrum[1], np.nan)
    np.testing.assert_array_equal(fitter.information(fit, ivar).covariance, found.covariance)


def test_spectra_that_are_none_are_refused_in_words(fitter, spectrum):
    flux, ivar = spectrum
    good = np.where(ivar > 0, flux, 1)
    for star, conditions, words in (
        ((flux[:-1], ivar[:-1]), Conditions(), "give both on the"),
        ((flux[None], ivar[None]), Conditions(), "give both on the"),
        ((flux, ivar), asked(fitter, {}, [(4000, 6000)]), "0 good pixels are left"),
        ((flux, 0 * ivar), Conditions(), "0 good pixels are left"),
        ((np.where(np.arange(flux.size) == 3, np.nan, good), ivar), Conditions(), "not finite"),
        ((good, np.where(np.arange(flux.size) == 3, -1, ivar)), Conditions(), "the spectrum has ivar"),
        ((good, np.where(np.arange(flux.size) == 3, np.inf, ivar)), Conditions(), "the spectrum has ivar"),
        ((good, np.where(np.arange(flux.size) == 3, np.nan, ivar)), Conditions(), "the spectrum has ivar"),
    ):
        with pytest.raises(DataError, match=words):
            fitter.fit(*star, conditions)


def test_a_spectrum_is_not_changed(fitter, spectrum):
    before = [values.copy() for values in spectrum]
    fitter.fit(*spectrum, asked(fitter, {"fe_h": 0.1}, [(5100, 5150)]))
    for now, then in zip(spectrum, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_wavelengths_without_a_pixel_are_no_condition(fitter):
    wavelength = fitter.content.model.wavelength
    with pytest.raises(DataError, match="1 to 2 A holds no pixel of the model, which has them from"):
        fitter.conditions(excluded=[[1.0, 2.0]])
    one = [float(wavelength[3]) - 0.01, float(wavelength[3]) + 0.01]
    assert fitter.conditions(excluded=[one]).excluded == (tuple(one),)
