"""Training against brute force, pixel by pixel."""

import tracemalloc

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from model import training
from model.cannon import Cannon
from model.terms import expand, quadratic_terms
from tests.cannon_mock import Sky

STARS, SOME = 150, range(0, 160, 7)


@pytest.fixture(scope="module")
def sky():
    return Sky(pixels=160)


@pytest.fixture(scope="module")
def stars(sky):
    return sky.stars(STARS, snr=80)


@pytest.fixture(scope="module")
def model(sky, stars):
    return Cannon.train(stars.labels, *stars.spectra, **sky.words())


def design(model, labels):
    return expand((labels - model.offset) / model.scale, model.terms)


def least_squares(matrix, flux, weight):
    root = np.sqrt(weight)
    return np.linalg.lstsq(root[:, None] * matrix, root * flux)[0]


def likelihood(matrix, flux, ivar, s):
    """Minus twice the profile likelihood of one pixel (eq. 5), coefficients the best at that scatter."""
    good = ivar > 0
    matrix, flux, variance = matrix[good], flux[good], 1 / ivar[good] + s**2
    residual = flux - matrix @ least_squares(matrix, flux, 1 / variance)
    return (residual**2 / variance + np.log(variance)).sum()


def test_scatter_is_where_a_fine_grid_finds_it(model, stars):
    matrix = design(model, stars.labels)
    zeros = 0
    for pixel in SOME:
        flux, ivar = stars.flux[:, pixel], stars.ivar[:, pixel]
        grid = np.r_[0, np.geomspace(1e-5, 0.1, 400)]
        values = [likelihood(matrix, flux, ivar, s) for s in grid]
        least = int(np.argmin(values))
        if least == 0:
            zeros += 1
            assert model.s[pixel] == 0
            continue
        bounds = grid[least - 1], grid[least + 1]
        found = minimize_scalar(
            lambda s, f=flux, i=ivar: likelihood(matrix, f, i, s), bounds=bounds, method="bounded",
            options={"xatol": 1e-12},
        )  # fmt: skip
        assert model.s[pixel] == pytest.approx(found.x, rel=1e-4)
        assert likelihood(matrix, flux, ivar, model.s[pixel]) <= found.fun + 1e-8
    assert 0 < zeros < len(SOME)


def test_coefficients_are_weighted_least_squares(model, stars):
    matrix = design(model, stars.labels)
    for pixel in SOME:
        ivar = stars.ivar[:, pixel]
        weight = ivar / (1 + ivar * model.s[pixel] ** 2)
        expected = least_squares(matrix, stars.flux[:, pixel], weight)
        np.testing.assert_allclose(model.theta[pixel], expected, rtol=1e-7, atol=1e-10)


def test_scaling_is_mean_and_dispersion(model, stars):
    np.testing.assert_allclose(model.offset, stars.labels.mean(0))
    np.testing.assert_allclose(model.scale, stars.labels.std(0))
    assert model.n_train == STARS


def test_other_scalings_give_the_same_model(sky, stars, model):
    other = Cannon.train(
        stars.labels, *stars.spectra, **sky.words(), offset=[1, 0, 0, -1], scale=[2, 1, 0.5, 1]
    )
    np.testing.assert_allclose(other.s, model.s, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(other.predict(stars.labels), model.predict(stars.labels), atol=1e-8)


def test_another_begin_changes_nothing(sky, stars, model):
    some = np.arange(0, STARS, 2)
    few = Cannon.train(stars.labels[some], stars.flux[some], stars.ivar[some], **sky.words())
    led = Cannon.train(stars.labels[some], stars.flux[some], stars.ivar[some], **sky.words(), begin=model)
    np.testing.assert_array_equal(led.s == 0, few.s == 0)
    np.testing.assert_allclose(led.s, few.s, rtol=1e-6)
    np.testing.assert_allclose(led.theta, few.theta, rtol=1e-6, atol=1e-9)


def test_known_scatter_is_recovered_with_the_correction():
    rng = np.random.default_rng(2)
    stars, pixels, scatter = 60, 400, 0.02
    labels = rng.normal(size=(stars, 3))
    flux = 1 + scatter * rng.normal(size=(stars, pixels))
    words = {"label_names": "abc", "wavelength": np.arange(pixels)}
    ivar = np.full(flux.shape, 1e8)
    plain = Cannon.train(labels, flux, ivar, **words)
    corrected = Cannon.train(labels, flux, ivar, **words, dof_correction=True)
    assert np.mean(corrected.s**2) == pytest.approx(scatter**2, rel=0.03)
    np.testing.assert_allclose(corrected.s**2 / plain.s**2, 60 / 50, rtol=1e-3)


def test_scatter_below_the_noise_is_exactly_zero_half_of_the_time():
    rng = np.random.default_rng(3)
    labels, noise = rng.normal(size=(400, 1)), rng.normal(0, 0.01, (400, 300))
    model = Cannon.train(
        labels, 1 + noise, np.full(noise.shape, 1e4), label_names=["a"], wavelength=np.arange(300),
        dof_correction=True,
    )  # fmt: skip
    assert 0.4 < np.mean(model.s == 0) < 0.65


@pytest.mark.parametrize("garbage", [np.nan, np.inf, -np.inf, 1e30])
def test_flux_without_weight_is_never_looked_at(sky, stars, model, garbage):
    flux = np.where(stars.ivar > 0, stars.flux, garbage)
    other = Cannon.train(stars.labels, flux, stars.ivar, **sky.words())
    np.testing.assert_array_equal(other.theta, model.theta)
    np.testing.assert_array_equal(other.s, model.s)


def test_callers_arrays_are_left_alone(sky, stars):
    before = [array.copy() for array in (stars.labels, *stars.spectra)]
    mask = np.ones((160, 4), bool)
    model = Cannon.train(stars.labels, *stars.spectra, **sky.words(), mask=mask)
    for array, copy in zip((stars.labels, *stars.spectra), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    mask[:] = False
    assert model.mask.all()


def test_order_of_stars_does_not_matter(sky, stars, model):
    order = np.random.default_rng(1).permutation(STARS)
    other = Cannon.train(stars.labels[order], stars.flux[order], stars.ivar[order], **sky.words())
    np.testing.assert_allclose(other.theta, model.theta, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(other.s, model.s, rtol=1e-6)


def test_order_of_pixels_permutes_the_model(sky, stars, model):
    order = np.random.default_rng(1).permutation(160)
    other = Cannon.train(stars.labels, stars.flux[:, order], stars.ivar[:, order], **sky.words())
    np.testing.assert_allclose(other.theta, model.theta[order], rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(other.s, model.s[order], rtol=1e-6)


def test_single_precision_spectra_are_welcome(sky, stars, model):
    other = Cannon.train(stars.labels, stars.flux.astype("f4"), stars.ivar.astype("f4"), **sky.words())
    np.testing.assert_allclose(other.predict(stars.labels), model.predict(stars.labels), atol=1e-5)


def test_a_label_acts_where_its_mask_is_true_and_only_there(sky, stars, model):
    mask = np.ones((160, 4), bool)
    mask[:80, 1] = False
    mask[40:, 3] = False
    masked = Cannon.train(stars.labels, *stars.spectra, **sky.words(), mask=mask)
    held = (quadratic_terms(4)[None] > 0) & ~mask[:, None, :]
    assert (masked.theta[held.any(2)] == 0).all()
    assert (masked.theta[~held.any(2)] != 0).all()
    steep = masked.gradient(stars.labels[:3])
    assert (steep[:, ~mask] == 0).all()
    assert (steep[:, mask] != 0).all()


def test_masked_pixels_are_those_of_a_model_without_the_label(sky, stars):
    mask = np.ones((160, 4), bool)
    mask[:, 2] = False
    masked = Cannon.train(stars.labels, *stars.spectra, **sky.words(), mask=mask)
    kept = [0, 1, 3]
    words = {"label_names": [sky.names[i] for i in kept], "wavelength": sky.wavelength}
    without = Cannon.train(stars.labels[:, kept], *stars.spectra, **words)
    np.testing.assert_allclose(masked.s, without.s, rtol=1e-6)
    np.testing.assert_allclose(
        masked.predict(stars.labels), without.predict(stars.labels[:, kept]), atol=1e-9
    )


def test_a_mask_that_is_all_true_is_no_mask(sky, stars, model):
    mask = np.ones((160, 4), bool)
    masked = Cannon.train(stars.labels, *stars.spectra, **sky.words(), mask=mask)
    np.testing.assert_array_equal(masked.theta, model.theta)


def test_pixels_seen_in_too_few_stars_are_not_trained(sky, stars):
    ivar = stars.ivar.copy()
    ivar[:, 5] = 0
    ivar[15:, 6] = 0
    ivar[:16, 7], ivar[16:, 7] = 100.0, 0
    model = Cannon.train(stars.labels, stars.flux, ivar, **sky.words())
    assert np.flatnonzero(np.isnan(model.s)).tolist() == [5, 6]
    assert np.isnan(model.theta[[5, 6]]).all()
    assert np.isfinite(np.delete(model.theta, [5, 6], 0)).all()
    inferred = model.infer(*sky.stars(5, seed=3).spectra)
    assert np.isfinite(inferred.labels).all()
    assert (inferred.dof <= 158 - 4).all()


def test_terms_that_cannot_be_told_apart_share_what_there_is(sky, stars):
    labels = np.c_[stars.labels[:, :2], stars.labels[:, 1]]
    words = {"label_names": "abc", "wavelength": sky.wavelength}
    double = Cannon.train(labels, *stars.spectra, **words)
    single = Cannon.train(labels[:, :2], *stars.spectra, label_names="ab", wavelength=sky.wavelength)
    np.testing.assert_allclose(double.predict(labels), single.predict(labels[:, :2]), atol=1e-6)


def test_terms_of_the_callers_choice(sky, stars):
    terms = [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [3, 0, 0, 0]]
    model = Cannon.train(stars.labels, *stars.spectra, **sky.words(), terms=terms)
    scaled = (stars.labels - model.offset) / model.scale
    matrix = np.c_[np.ones(STARS), scaled, scaled[:, 0] ** 3]
    for pixel in SOME:
        ivar = stars.ivar[:, pixel]
        weight = ivar / (1 + ivar * model.s[pixel] ** 2)
        expected = least_squares(matrix, stars.flux[:, pixel], weight)
        np.testing.assert_allclose(model.theta[pixel], expected, rtol=1e-6, atol=1e-9)


def test_blocks_of_pixels_do_not_matter(sky, stars, model, monkeypatch):
    monkeypatch.setattr(training, "CELLS", 7 * STARS)
    other = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    np.testing.assert_allclose(other.theta, model.theta, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(other.s, model.s, rtol=1e-6)


def test_memory_of_training_does_not_grow_as_stars_times_pixels(monkeypatch):
    """More stars are worked on in fewer pixels at once; what is left are the stars' own terms."""
    monkeypatch.setattr(training, "CELLS", 2**16)
    peaks = []
    for stars in (200, 4000):
        labels = np.random.default_rng(1).normal(size=(stars, 1))
        flux = np.broadcast_to(1 + 0.01 * labels, (stars, 400))
        ivar = np.broadcast_to(np.array(1e4), flux.shape)
        design = training.Design.of(labels, quadratic_terms(1))
        tracemalloc.start()
        training.Spectra(design, flux, ivar, np.ones((400, 3), bool)).fit(np.zeros(400))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
