"""Inference at its limits: too few pixels, numbers too large or too small, high and low S/N."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import least_squares

from model.cannon import Cannon
from model.inference import BATCH, Objective
from model.newton import polish
from tests.cannon_mock import Sky, from_model


@pytest.fixture(scope="module")
def sky():
    return Sky(pixels=160)


@pytest.fixture(scope="module")
def model(sky):
    stars = sky.stars(200, snr=80)
    return Cannon.train(stars.labels, *stars.spectra, **sky.words())


@pytest.fixture(scope="module")
def stars(sky, model):
    return from_model(model, sky.labels(np.random.default_rng(9), 30), snr=50)


@pytest.fixture(scope="module")
def nine():
    """A model of nine labels, with scatter in nearly all pixels."""
    sky = Sky(labels=9, pixels=600, lines=200, scatter=0.02)
    stars = sky.stars(500, snr=60)
    model = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    assert np.mean(model.s > 0.01) > 0.95
    return sky, model


def sigmas(inference):
    return np.sqrt(np.einsum("mll->ml", inference.covariance))


def chi2_of(model, stars, labels):
    weight = stars.ivar / (1 + stars.ivar * model.s**2)
    return (weight * (stars.flux - model.predict(labels)) ** 2).sum(1)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_fewer_pixels_than_free_labels_fix_nothing(model, stars, precision, count):
    pixels = np.isin(np.arange(160), [20, 70, 120][:count])
    ivar = np.maximum(stars.ivar, 1)
    found = model.infer(stars.flux, ivar, pixels=pixels, precision=precision)
    assert (found.dof == count - 4).all()
    assert not found.converged.any()
    assert np.isnan(found.covariance).all()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_frozen_labels_need_no_pixels(model, stars, precision):
    pixels = np.isin(np.arange(160), [20, 70])
    frozen = dict(zip(model.label_names[1:], stars.labels.T[1:], strict=True))
    found = model.infer(
        stars.flux, np.maximum(stars.ivar, 1), frozen=frozen, pixels=pixels, precision=precision
    )
    assert (found.dof == 1).all()
    assert found.converged.mean() > 0.9
    assert np.isfinite(found.covariance[found.converged]).all()
    poor = model.infer(
        stars.flux, np.maximum(stars.ivar, 1), frozen={"fe": 0.0}, pixels=pixels, precision=precision
    )
    assert not poor.converged.any()
    assert np.isnan(poor.covariance[:, :3, :3]).all()
    assert (poor.covariance[:, 3] == 0).all()
    assert (poor.covariance[:, :, 3] == 0).all()


def test_chi2_is_that_of_the_labels(model, sky):
    """Though the last step moves the labels after it was reckoned."""
    for snr in (50, 1000, 1e4):
        stars = from_model(model, sky.labels(np.random.default_rng(3), 100), snr)
        found = model.infer(*stars.spectra)
        expected = chi2_of(model, stars, found.labels)
        assert (np.abs(found.chi2 - expected) < 1e-2).all()
        assert found.converged.all()


def test_last_step_is_taken_if_slight():
    """Of one label, chi2 = 4 x^2 - 2 g x: from 0 to g / 4, which lowers it by g^2 / 4."""
    gradient = np.array([[0.19], [-0.19], [0.21], [np.nan]])
    labels, covariance = np.zeros((4, 1)), np.zeros((4, 1, 1))
    free = np.full((4, 1), np.nan)
    settled = polish(gradient, np.array([[1]]), free, labels, np.full((4, 1, 1), 4.0), covariance)
    np.testing.assert_allclose(labels[:, 0], [0.0475, -0.0475, 0, 0], rtol=1e-12)
    assert settled.tolist() == [True, True, False, False]
    np.testing.assert_allclose(covariance, 0.25)


def with_one(stars, flux, ivar):
    """Spectra of which star 3 has another flux at a pixel, or another ivar at all."""
    spectra = stars.flux.copy(), stars.ivar.copy()
    if flux is None:
        spectra[1][3] = ivar
    else:
        spectra[0][3, 5], spectra[1][3, 5] = flux, ivar
    return spectra


@pytest.mark.parametrize(
    ("flux", "ivar", "precision"),
    [
        (1e38, 2500.0, "float32"),
        (-1e37, 1e6, "float32"),
        (None, 4e38, "float32"),
        (None, 1e300, "float32"),
        (None, 1e-40, "float32"),
        (None, 1e-300, "float32"),
        (None, 1e-300, "float64"),
    ],
)
def test_numbers_out_of_range_are_refused(model, stars, flux, ivar, precision):
    exact = dataclasses.replace(model, s=0 * model.s)
    with pytest.raises(
        ValueError, match=f"^star 3 has flux or ivar beyond what {precision} holds"
    ) as refused:
        exact.infer(*with_one(stars, flux, ivar), precision=precision)
    assert "\n" not in str(refused.value)
    single = [array.astype("f4") for array in with_one(stars, 1e38, 2500.0)]
    with pytest.raises(ValueError, match="star 3 has flux or ivar beyond"):
        exact.infer(*single)


@pytest.mark.parametrize(
    ("flux", "ivar", "precision"),
    [(1e30, 2500.0, "float32"), (1e38, 2500.0, "float64"), (None, 1e36, "float32")],
)
def test_nonsense_within_range_harms_that_star_alone(model, stars, flux, ivar, precision):
    found = model.infer(*with_one(stars, flux, ivar), precision=precision)
    others = np.arange(30) != 3
    assert np.isfinite(found.labels).all()
    assert found.converged[others].all()
    assert not found.converged[3]
    expected = model.infer(*stars.spectra, precision=precision)
    np.testing.assert_allclose(found.labels[others], expected.labels[others], atol=1e-5)


def test_faint_stars_are_the_same_in_both_precisions(model, stars):
    single, double = (
        model.infer(*with_one(stars, None, 1e-25), precision=precision)
        for precision in ("float32", "float64")
    )
    np.testing.assert_allclose(single.labels[3], double.labels[3], atol=1e-5)


def test_what_was_not_found_is_nan_and_not_what_memory_held(model, stars):
    """As for a chi2 that is no number, which no spectrum let through here has."""
    objective = Objective.of(model.theta, model.s, model.terms, "float64")
    polynomials = objective.polynomials(*stars.spectra)
    polynomials.constant[3] = np.nan
    least = objective.minima(polynomials, np.zeros((1, 1, 4)), np.full((30, 4), np.nan))
    assert np.isnan(least.labels[3]).all()
    assert np.isnan(least.curves[3]).all()
    assert least.found[3].tolist() == [0, 0, 0]
    assert np.isfinite(np.delete(least.labels, 3, 0)).all()


@pytest.mark.parametrize("value", [1e-30, 1e30])
def test_one_faint_or_strong_pixel_harms_no_star(model, stars, value):
    """A pixel with next to no weight is none; one of much weight has no error but s."""
    pixel = int(np.argmax(model.s))
    ivar, instead = stars.ivar.copy(), stars.ivar.copy()
    ivar[:, pixel], instead[:, pixel] = value, 0.0 if value < 1 else 1e12
    found, expected = model.infer(stars.flux, ivar), model.infer(stars.flux, instead)
    assert np.abs((found.labels - expected.labels) / sigmas(expected)).max() < 1e-3


@pytest.mark.parametrize("snr", [500, 1000])
def test_single_precision_at_high_signal(nine, snr):
    """The last step, from the residuals, takes out what rounding in the matrix product left."""
    sky, model = nine
    exact = dataclasses.replace(model, s=0 * model.s)
    stars = from_model(exact, sky.labels(np.random.default_rng(2), 200), snr)
    single, double = (
        exact.infer(*stars.spectra, precision=precision) for precision in ("float32", "float64")
    )
    assert single.converged.all()
    assert np.abs((single.labels - double.labels) / sigmas(double)).max() < 5e-4


def test_a_label_the_spectrum_says_nothing_of_has_no_error(sky, stars):
    training = sky.stars(200, snr=80)
    mask = np.ones((160, 4), bool)
    mask[:, 2] = False
    model = Cannon.train(training.labels, *training.spectra, **sky.words(), mask=mask)
    free = model.infer(*stars.spectra)
    assert np.isnan(free.covariance).any(axis=(1, 2)).all()
    held = model.infer(*stars.spectra, frozen={"vmic": 0})
    assert held.converged.all()
    assert np.isfinite(held.covariance).all()


def test_frozen_values_of_many_stars_stay_with_their_stars(sky, model):
    stars = from_model(model, sky.labels(np.random.default_rng(1), 2 * BATCH + 3), snr=30)
    teff = np.random.default_rng(2).normal(size=len(stars.labels))
    found = model.infer(*stars.spectra, frozen={"teff": teff, "fe": 0.1})
    np.testing.assert_array_equal(found.labels[:, 0], teff)
    assert (found.labels[:, 3] == 0.1).all()
    for star in (0, BATCH - 1, BATCH, 2 * BATCH, 2 * BATCH + 2):
        alone = model.infer(
            stars.flux[star], stars.ivar[star], frozen={"teff": teff[star], "fe": 0.1}, precision="float64"
        )
        assert np.abs((found.labels[star] - alone.labels[0])[1:3] / sigmas(alone)[0, 1:3]).max() < 1e-3
        assert found.chi2[star] == pytest.approx(alone.chi2[0], rel=1e-5)


def best_of_scipy(model, flux, ivar, starts):
    """Least chi2 of many descents, with terms multiplied out here."""
    good = ivar > 0
    root = 1 / np.sqrt(1 / ivar[good] + model.s[good] ** 2)
    theta, labels = model.theta[good] * root[:, None], len(model.label_names)
    pairs = [(a, b) for a in range(labels) for b in range(a, labels)]
    where = {tuple(term): index for index, term in enumerate(model.terms.tolist())}
    unit = np.eye(labels, dtype=int)
    flat = theta[:, where[(0,) * labels]]
    linear = theta[:, [where[tuple(unit[a].tolist())] for a in range(labels)]]
    squares = np.zeros((len(theta), labels, labels))
    for a, b in pairs:
        half = theta[:, where[tuple((unit[a] + unit[b]).tolist())]] / 2
        squares[:, a, b] += half
        squares[:, b, a] += half

    def residual(x):
        return flat + (linear + squares @ x) @ x - root * flux[good]

    def jacobian(x):
        return linear + 2 * squares @ x

    return min(
        2 * least_squares(residual, start, jacobian, method="lm", xtol=1e-9, ftol=1e-9).cost
        for start in starts
    )


def test_ten_descents_of_scipys_do_no_better_at_low_signal(nine):
    sky, model = nine
    stars = from_model(model, sky.labels(np.random.default_rng(5), 24), 7)
    found = model.infer(*stars.spectra)
    starts = np.random.default_rng(3).normal(size=(10, 9))
    least = np.array([best_of_scipy(model, *pair, starts) for pair in stars.pairs()])
    assert found.converged.all()
    assert (found.chi2 <= least + 1e-2).all()
    assert np.mean(np.abs(found.chi2 - least) < 1e-2) > 0.8
