"""Inference against scipy's least squares star by star, finite differences and brute force."""

import tracemalloc
from dataclasses import fields

import numpy as np
import pytest
from scipy.optimize import least_squares

from model.cannon import Cannon
from model.inference import BATCH, Inference
from model.terms import quadratic_terms
from tests.cannon_mock import Sky, Stars, from_model


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
def inferred(model, stars):
    return model.infer(*stars.spectra, precision="float64")


@pytest.fixture(scope="module")
def nine():
    """A model of nine labels on many pixels, the kind with several minima at low S/N, with scatter."""
    sky = Sky(labels=9, pixels=1200, lines=300, scatter=0.02)
    stars = sky.stars(500, snr=60)
    model = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    assert np.mean(model.s > 0.01) > 0.95
    return sky, model


def residuals(model, flux, ivar, labels):
    weight = ivar / (1 + ivar * model.s**2)
    return np.sqrt(weight) * (flux - model.predict(labels))


def by_scipy(model, flux, ivar, start, frozen=None, tolerance=1e-13):
    """Labels of one star; `frozen` are values of the first labels, which stay."""
    held = [] if frozen is None else list(frozen)

    def of(free):
        return np.r_[held, free]

    found = least_squares(
        lambda free: residuals(model, flux, ivar, of(free)),
        start[len(held) :],
        jac=lambda free: -(
            np.sqrt(ivar / (1 + ivar * model.s**2))[:, None] * model.gradient(of(free))[:, len(held) :]
        ),
        xtol=tolerance, ftol=tolerance, gtol=tolerance, x_scale="jac",
    )  # fmt: skip
    return of(found.x), 2 * found.cost


def sigmas(inference):
    return np.sqrt(np.einsum("mll->ml", inference.covariance))


def test_labels_are_those_of_scipy(model, stars, inferred):
    for star, (flux, ivar) in enumerate(stars.pairs()):
        labels, chi2 = by_scipy(model, flux, ivar, stars.labels[star])
        assert np.abs((inferred.labels[star] - labels) / sigmas(inferred)[star]).max() < 1e-5
        assert inferred.chi2[star] == pytest.approx(chi2, rel=1e-10)
    assert inferred.converged.all()


def test_nine_labels_are_those_of_scipy(nine):
    sky, model = nine
    stars = from_model(model, sky.labels(np.random.default_rng(8), 6), snr=40)
    found = model.infer(*stars.spectra, precision="float64")
    for star, (flux, ivar) in enumerate(stars.pairs()):
        labels, chi2 = by_scipy(model, flux, ivar, stars.labels[star])
        assert np.abs((found.labels[star] - labels) / sigmas(found)[star]).max() < 1e-5
        assert found.chi2[star] == pytest.approx(chi2, rel=1e-10)


def test_visits_to_one_star_agree_within_errors(nine):
    """At S/N 30 and 60, with the model's scatter drawn anew."""
    sky, model = nine
    labels = sky.labels(np.random.default_rng(12), 800)
    once, again = (model.infer(*from_model(model, labels, snr, seed=snr).spectra) for snr in (30, 60))
    pulls = (once.labels - again.labels) / np.hypot(sigmas(once), sigmas(again))
    assert (np.abs(pulls.std(0) - 1) < 0.1).all(), pulls.std(0)
    assert (np.abs(pulls.mean(0)) < 0.15).all(), pulls.mean(0)


def test_single_precision_costs_next_to_nothing(model, stars, inferred):
    quick = model.infer(*stars.spectra)
    assert np.abs((quick.labels - inferred.labels) / sigmas(inferred)).max() < 2e-4
    np.testing.assert_allclose(quick.chi2, inferred.chi2, rtol=1e-6)
    np.testing.assert_allclose(quick.covariance, inferred.covariance, rtol=1e-3, atol=1e-7)
    flux, ivar = (array.astype("f4") for array in stars.spectra)
    assert np.abs((model.infer(flux, ivar).labels - inferred.labels) / sigmas(inferred)).max() < 1e-2


def test_gradient_is_a_finite_difference(model, stars):
    steep = model.gradient(stars.labels)
    for label, shift in enumerate(1e-5 * np.eye(4)):
        numeric = (model.predict(stars.labels + shift) - model.predict(stars.labels - shift)) / 2e-5
        np.testing.assert_allclose(steep[:, :, label], numeric, rtol=1e-5, atol=1e-9)


def test_one_star_has_the_shapes_of_one(model, stars):
    np.testing.assert_allclose(model.predict(stars.labels[3]), model.predict(stars.labels)[3], rtol=1e-12)
    np.testing.assert_allclose(model.gradient(stars.labels[3]), model.gradient(stars.labels)[3], rtol=1e-12)


def test_covariance_inverts_the_curvature_of_chi2(model, stars, inferred):
    def chi2(star, labels):
        return (residuals(model, stars.flux[star], stars.ivar[star], labels) ** 2).sum()

    for star in range(10):
        labels, errors = inferred.labels[star], sigmas(inferred)[star]
        shifts = 0.03 * np.diag(errors)
        curve = np.array(
            [
                [
                    sum(i * j * chi2(star, labels + i * a + j * b) for i in (-1, 1) for j in (-1, 1))
                    for a in shifts
                ]
                for b in shifts
            ]
        )
        expected = np.linalg.inv(curve / (4 * 0.03**2) / 2)
        np.testing.assert_allclose(
            inferred.covariance[star] / np.outer(errors, errors), expected, rtol=0, atol=2e-3
        )


def test_covariance_is_nearly_the_inverse_fisher_matrix_of_a_clean_spectrum(model, stars):
    found = model.infer(model.predict(stars.labels), stars.ivar, precision="float64")
    for star in range(10):
        weight = stars.ivar[star] / (1 + stars.ivar[star] * model.s**2)
        steep = model.gradient(stars.labels[star])
        expected = np.linalg.inv(steep.T * weight @ steep)
        errors = np.sqrt(np.diag(expected))
        np.testing.assert_allclose(
            found.covariance[star] / np.outer(errors, errors),
            expected / np.outer(errors, errors),
            rtol=0,
            atol=1e-4,
        )


@pytest.mark.parametrize("snr", [40, 80])
def test_pulls_and_chi2_with_the_true_model(nine, snr):
    sky, model = nine
    truth = from_model(model, sky.labels(np.random.default_rng(4), 1000), snr)
    found = model.infer(*truth.spectra)
    pulls = (found.labels - truth.labels) / sigmas(found)
    assert ((pulls.std(0) > 0.9) & (pulls.std(0) < 1.1)).all(), pulls.std(0)
    assert (np.abs(pulls.mean(0)) < 0.15).all(), pulls.mean(0)
    assert np.mean(found.chi2 / found.dof) == pytest.approx(1, abs=0.01)


def test_known_labels_are_recovered(sky, model):
    clean = Stars(
        labels := sky.labels(np.random.default_rng(6), 50), model.predict(labels), np.full((50, 160), 1e6)
    )
    found = model.infer(*clean.spectra, precision="float64")
    np.testing.assert_allclose(found.labels, labels, atol=1e-6)
    assert (found.chi2 < 1e-6).all()


def test_dof_are_pixels_less_free_labels(model, stars, inferred):
    np.testing.assert_array_equal(inferred.dof, (stars.ivar > 0).sum(1) - 4)
    frozen = model.infer(*stars.spectra, frozen={"teff": 0.0})
    np.testing.assert_array_equal(frozen.dof, (stars.ivar > 0).sum(1) - 3)


@pytest.mark.parametrize("garbage", [np.nan, np.inf, -np.inf, 1e30])
def test_flux_without_weight_is_never_looked_at(model, stars, garbage):
    flux = np.where(stars.ivar > 0, stars.flux, garbage)
    clean, dirty = model.infer(*stars.spectra), model.infer(flux, stars.ivar)
    for field in fields(Inference):
        np.testing.assert_array_equal(getattr(clean, field.name), getattr(dirty, field.name))


def test_pixels_left_out_are_pixels_without_weight(model, stars):
    pixels = np.random.default_rng(2).random(160) < 0.7
    left_out = model.infer(*stars.spectra, pixels=pixels)
    unweighted = model.infer(np.where(pixels, stars.flux, np.nan), stars.ivar * pixels)
    np.testing.assert_allclose(left_out.labels, unweighted.labels, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(left_out.dof, unweighted.dof)
    assert (left_out.dof < 0.8 * 160).all()


def test_frozen_labels_stay_and_the_others_are_the_best(model, stars):
    teff = stars.labels[:, 0] + 0.3
    found = model.infer(*stars.spectra, frozen={"teff": teff, "logg": 0.1}, precision="float64")
    np.testing.assert_allclose(found.labels[:, 0], teff, rtol=1e-12)
    np.testing.assert_allclose(found.labels[:, 1], 0.1, rtol=1e-12)
    assert (found.covariance[:, :2] == 0).all()
    assert (found.covariance[:, :, :2] == 0).all()
    for star in range(5):
        labels, chi2 = by_scipy(
            model, stars.flux[star], stars.ivar[star], stars.labels[star], frozen=(teff[star], 0.1)
        )
        assert np.abs((found.labels[star] - labels)[2:] / sigmas(found)[star, 2:]).max() < 1e-5
        assert found.chi2[star] == pytest.approx(chi2, rel=1e-9)


def test_all_labels_frozen_leaves_chi2(model, stars):
    names = model.label_names
    found = model.infer(*stars.spectra, frozen=dict(zip(names, stars.labels.T, strict=True)))
    np.testing.assert_allclose(found.labels, stars.labels, atol=1e-12)
    chi2 = [(residuals(model, *star) ** 2).sum() for star in zip(*stars.spectra, stars.labels, strict=True)]
    np.testing.assert_allclose(found.chi2, chi2, rtol=1e-5)


def test_batches_do_not_matter(sky, model):
    many = from_model(model, sky.labels(np.random.default_rng(1), 2 * BATCH + 3), snr=30)
    whole = model.infer(*many.spectra)
    alone = [model.infer(many.flux[i], many.ivar[i]) for i in (0, BATCH - 1, BATCH, 2 * BATCH + 2)]
    for star, i in zip(alone, (0, BATCH - 1, BATCH, 2 * BATCH + 2), strict=True):
        assert star.labels.shape == (1, 4)
        assert np.abs((star.labels[0] - whole.labels[i]) / sigmas(star)[0]).max() < 1e-4
    order = np.random.default_rng(2).permutation(len(many.labels))
    shuffled = model.infer(many.flux[order], many.ivar[order])
    assert np.abs((shuffled.labels - whole.labels[order]) / sigmas(shuffled)).max() < 1e-4


def test_memory_does_not_grow_with_the_number_of_stars(model, stars):
    """But for the labels and their errors themselves."""
    peaks = []
    for count in (4 * BATCH, 40 * BATCH):
        many = [np.broadcast_to(array[0], (count, 160)) for array in stars.spectra]
        tracemalloc.start()
        found = model.infer(*many)
        kept = sum(getattr(found, field.name).nbytes for field in fields(Inference))
        peaks.append(tracemalloc.get_traced_memory()[1] - 1.3 * kept)
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2**20


def test_order_of_pixels_does_not_matter(model, stars, inferred):
    order = np.random.default_rng(1).permutation(160)
    other = Cannon(
        model.theta[order], model.s[order], model.offset, model.scale, model.terms, model.label_names,
        model.wavelength, None, model.n_train,
    )  # fmt: skip
    shuffled = other.infer(stars.flux[:, order], stars.ivar[:, order], precision="float64")
    np.testing.assert_allclose(shuffled.labels, inferred.labels, atol=1e-9)


def test_callers_arrays_are_left_alone(model, stars):
    before = [array.copy() for array in stars.spectra]
    model.infer(*stars.spectra)
    for array, copy in zip(stars.spectra, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_linear_models_are_solved_in_one_step(sky, stars):
    linear = quadratic_terms(4)[:5]
    training = sky.stars(200, snr=80)
    model = Cannon.train(training.labels, *training.spectra, **sky.words(), terms=linear)
    found = model.infer(*stars.spectra, precision="float64")
    for star in range(5):
        ivar = stars.ivar[star]
        root = np.sqrt(ivar / (1 + ivar * model.s**2))
        matrix = root[:, None] * model.theta[:, 1:]
        scaled = np.linalg.lstsq(matrix, root * (stars.flux[star] - model.theta[:, 0]))[0]
        np.testing.assert_allclose(found.labels[star], scaled * model.scale + model.offset, rtol=1e-7)
    assert (found.iterations <= 2).all()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_terms_of_third_order(sky, precision):
    cubic = np.vstack([quadratic_terms(4), 3 * np.eye(4, dtype=int), [[1, 1, 1, 0]]])
    training = sky.stars(300, snr=80)
    model = Cannon.train(training.labels, *training.spectra, **sky.words(), terms=cubic)
    stars = from_model(model, sky.labels(np.random.default_rng(9), 20), snr=60)
    found = model.infer(*stars.spectra, precision=precision)
    for star in range(20):
        labels, chi2 = by_scipy(model, stars.flux[star], stars.ivar[star], found.labels[star])
        assert np.abs((found.labels[star] - labels) / sigmas(found)[star]).max() < {"float32": 2e-4}.get(
            precision, 1e-5
        )
        assert found.chi2[star] == pytest.approx(chi2, rel=1e-6)
    assert found.converged.all()


def test_starts_can_be_given(model, stars, inferred):
    found = model.infer(*stars.spectra, starts=stars.labels[:3], precision="float64")
    np.testing.assert_allclose(found.labels, inferred.labels, atol=1e-6)
    assert set(found.start) <= {0, 1, 2}


def test_winner_and_runner_up_of_a_star_with_two_minima():
    """Flux = x^2 with a little slope: +x and -x fit nearly as well."""
    pixels = 50
    theta = np.zeros((pixels, 3))
    theta[:, 2], theta[:, 1] = 1, 0.02 * np.linspace(-1, 1, pixels)
    model = Cannon(theta, np.zeros(pixels), [0], [1], quadratic_terms(1), ("x",), np.arange(pixels), None, 9)
    flux, ivar = model.predict(np.array([[1.5]])), np.full((1, pixels), 1e4)
    found = model.infer(flux, ivar, starts=[[-1], [1], [2], [-2]], precision="float64")
    assert found.labels[0, 0] == pytest.approx(1.5, abs=1e-8)
    assert found.start[0] == 1
    grid = np.linspace(-2, -1, 200_001)
    chi2 = [1e4 * ((flux[0] - model.predict([x])) ** 2).sum() for x in grid[::2000]]
    near = least_squares(lambda x: 100 * (flux[0] - model.predict(x)), [grid[::2000][np.argmin(chi2)]])
    assert found.runner_up_chi2[0] == pytest.approx(2 * near.cost, rel=1e-6)
    alone = model.infer(flux, ivar, starts=[[1]])
    assert np.isnan(alone.runner_up_chi2[0])


@pytest.mark.parametrize("snr", [7, 10, 20])
def test_low_signal_converges_to_the_best_minimum(nine, snr):
    sky, model = nine
    stars = from_model(model, sky.labels(np.random.default_rng(snr), 400), snr)
    found = model.infer(*stars.spectra)
    starts = model.offset + model.scale * np.random.default_rng(77).normal(size=(10, 9))
    brute = model.infer(*stars.spectra, starts=starts, precision="float64")
    assert found.converged.all()
    assert np.mean(found.chi2 <= brute.chi2 + 1e-2) >= 0.995


def test_no_start_of_scipys_does_better(nine):
    sky, model = nine
    (star,) = from_model(model, sky.labels(np.random.default_rng(5), 1), 7)[:1].pairs()
    found = model.infer(*star)
    for start in np.random.default_rng(3).normal(size=(4, 9)) * model.scale + model.offset:
        assert found.chi2[0] <= by_scipy(model, *star, start, tolerance=1e-7)[1] + 1e-3


@pytest.mark.parametrize("label", range(4))
def test_masked_regions_say_nothing_of_the_label(sky, label):
    training = sky.stars(200, snr=80)
    mask = np.ones((160, 4), bool)
    mask[:100, label] = False
    model = Cannon.train(training.labels, *training.spectra, **sky.words(), mask=mask)
    pixels = np.arange(160) >= 100
    stars = from_model(model, sky.labels(np.random.default_rng(9), 10), snr=50)
    others = {name: stars.labels[:, i] for i, name in enumerate(sky.names) if i != label}
    whole = model.infer(*stars.spectra, frozen=others, precision="float64")
    part = model.infer(*stars.spectra, frozen=others, pixels=pixels, precision="float64")
    np.testing.assert_allclose(whole.labels, part.labels, atol=1e-7)
