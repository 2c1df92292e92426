"""Fisher information against finite differences, scipy's regression, inference and draws of noise."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.cannon import Cannon
from model.information import Information, correlation
from tests.cannon_mock import Sky, from_model

LABELS = 4


@pytest.fixture(scope="module")
def sky():
    return Sky(pixels=160, scatter=0.01)


@pytest.fixture(scope="module")
def model(sky):
    stars = sky.stars(200, snr=80)
    return Cannon.train(stars.labels, *stars.spectra, **sky.words())


@pytest.fixture(scope="module")
def star(sky, model):
    stars = from_model(model, sky.labels(np.random.default_rng(9), 1), snr=50)
    ivar = stars.ivar[0]
    ivar[20:30] = 0
    return stars.labels[0], ivar


@pytest.fixture(scope="module")
def known(model, star):
    return Information.of(model, *star)


def close(found, expected, tolerance=1e-8):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


def test_a_pixel_knows_what_its_flux_changes_by(model, star, known):
    labels, ivar = star
    assert (ivar == 0).any()
    assert (model.s > 0).any()
    for label, shift in enumerate(1e-4 * np.eye(LABELS)):
        slope = (model.predict(labels + shift) - model.predict(labels - shift)) / 2e-4
        with np.errstate(divide="ignore"):
            expected = slope**2 / (1 / ivar + model.s**2)
        close(known.alone[:, label], expected, 1e-6)
        assert (known.alone[ivar == 0] == 0).all()


def test_information_is_the_sum_over_pixels(model, star, known):
    labels, ivar = star
    total = np.zeros((LABELS, LABELS))
    for slopes, inverse, s in zip(model.gradient(labels), ivar, model.s, strict=True):
        if inverse > 0:
            total += np.outer(slopes, slopes) / (1 / inverse + s**2)
    close(known.matrix, total)
    close(known.covariance @ total, np.eye(LABELS))
    close(np.diag(known.matrix), known.alone.sum(0))
    close(known.errors**-2, known.remaining.sum(0))


def test_what_remains_is_left_by_a_regression(known):
    root = np.sqrt(known.weight)[:, None]
    for label in range(LABELS):
        others = np.arange(LABELS) != label
        own, theirs = (root * known.gradient)[:, label], (root * known.gradient)[:, others]
        left = own - theirs @ np.linalg.lstsq(theirs, own)[0]
        close(known.remaining[:, label], left**2)
    assert (known.remaining.sum(0) < 0.9 * known.alone.sum(0)).any()


def test_a_label_alone_has_all_its_information(model, star, known):
    one = Information.of(model, *star, held=model.label_names[1:])
    close(one.remaining[:, 0], known.alone[:, 0])
    close(one.errors[0] ** -2, known.alone[:, 0].sum())
    assert (one.remaining[:, 1:] == 0).all()


def test_covariance_is_that_of_inference(model, star):
    """On a spectrum that is the model's, where chi2 has no curvature but this."""
    labels, ivar = star
    for held in ((), ("teff",), ("logg", "fe")):
        found = model.infer(
            model.predict(labels),
            ivar,
            frozen={name: labels[model.label_names.index(name)] for name in held},
            precision="float64",
        )
        expected = Information.of(model, found.labels[0], ivar, held=held)
        close(found.covariance[0], expected.covariance, 1e-4)
        assert (expected.free.tolist()) == [name not in held for name in model.label_names]


def test_draws_of_noise_scatter_as_much(model, star):
    """With little enough of it that the model's curvature does not matter."""
    quiet = dataclasses.replace(model, s=model.s / 10)
    labels, ivar = star[0], 100 * star[1]
    known = Information.of(quiet, labels, ivar)
    draws = 4000
    error = np.sqrt(1 / np.where(ivar > 0, ivar, 1) + quiet.s**2)
    noise = error * np.random.default_rng(8).normal(size=(draws, len(error)))
    found = quiet.infer(quiet.predict(labels) + noise, np.tile(ivar, (draws, 1))).labels
    np.testing.assert_allclose(found.std(0) / known.errors, 1, atol=0.05)
    np.testing.assert_allclose(np.corrcoef(found.T), known.correlation, atol=0.06)


def test_pixels_that_do_not_count_say_nothing(model, star):
    labels, ivar = star
    pixels = np.random.default_rng(1).random(len(ivar)) < 0.6
    part, rest = (Information.of(model, *star, pixels=some) for some in (pixels, ~pixels))
    whole = Information.of(model, *star)
    close(part.matrix + rest.matrix, whole.matrix)
    assert (part.alone[~pixels] == 0).all()
    assert (part.remaining[~pixels] == 0).all()
    assert (part.errors > whole.errors).all()
    unweighted = Information.of(model, labels, ivar * pixels)
    np.testing.assert_array_equal(part.covariance, unweighted.covariance)


def test_pixels_that_were_not_trained_say_nothing(model, star):
    s, theta = model.s.copy(), model.theta.copy()
    s[5], theta[5] = np.nan, np.nan
    lacking = Information.of(dataclasses.replace(model, s=s, theta=theta), *star)
    without = Information.of(model, *star, pixels=np.arange(len(s)) != 5)
    np.testing.assert_array_equal(lacking.covariance, without.covariance)
    np.testing.assert_array_equal(lacking.alone, without.alone)


def test_a_spectrum_of_too_few_pixels_fixes_nothing(model, star):
    labels, ivar = star
    few = Information.of(model, labels, ivar, pixels=np.isin(np.arange(len(ivar)), np.flatnonzero(ivar)[:3]))
    assert np.isnan(few.covariance).all()
    assert np.isnan(few.remaining).all()
    assert np.isfinite(few.alone).all()
    none = Information.of(model, labels, np.zeros_like(ivar))
    assert (none.matrix == 0).all()
    assert np.isnan(none.errors).all()


def test_all_labels_held_leave_no_error(model, star):
    none = Information.of(model, *star, held=model.label_names)
    assert (none.covariance == 0).all()
    assert (none.remaining == 0).all()
    assert np.isnan(none.correlation).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=LABELS, max_size=LABELS))
def test_units_of_labels_do_not_matter(model, star, sizes):
    labels, ivar = star
    units = np.array(sizes)
    scaled = dataclasses.replace(model, offset=model.offset * units, scale=model.scale * units)
    other, own = Information.of(scaled, labels * units, ivar), Information.of(model, labels, ivar)
    np.testing.assert_allclose(other.errors, own.errors * units, rtol=1e-9)
    np.testing.assert_allclose(other.correlation, own.correlation, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.remaining * units**2, own.remaining, rtol=1e-6, atol=1e-6)


def test_correlations_are_between_minus_one_and_one(known):
    close(np.diag(known.correlation), np.ones(LABELS))
    assert (np.abs(known.correlation) <= 1 + 1e-12).all()
    np.testing.assert_array_equal(correlation([[4.0, 1.0], [1.0, 0.0]])[1], [np.nan, np.nan])
    assert correlation([[4.0, 1.0], [1.0, 1.0]])[0, 1] == 0.5


@pytest.mark.parametrize(
    ("labels", "ivar", "more", "words"),
    [
        ([0, 0, 0], 1.0, {}, "labels has shape"),
        ([0, 0, 0, np.nan], 1.0, {}, "finite numbers"),
        ([0, 0, 0, 0], -1.0, {}, "negative"),
        ([0, 0, 0, 0], np.nan, {}, "not finite"),
        ([0, 0, 0, 0], 1.0, {"held": ["mg"]}, "held names mg"),
        ([0, 0, 0, 0], 1.0, {"pixels": np.ones(3, bool)}, "pixels"),
        ([0, 0, 0, 0], 1.0, {"pixels": np.ones(160)}, "True where"),
    ],
)
def test_what_is_no_spectrum_is_refused_in_words(model, labels, ivar, more, words):
    with pytest.raises(ValueError, match=words):
        Information.of(model, labels, np.full(160, ivar), **more)
