"""Training labels that are missing or noisy: where marginalising them helps, and where not."""

import numpy as np
import pytest

from model.belief import Belief, Evidence
from model.cannon import Cannon
from tests.cannon_mock import Sky

STARS = 200


@pytest.fixture(scope="module")
def sky():
    return Sky(labels=4, pixels=80, lines=40)


@pytest.fixture(scope="module")
def stars(sky):
    return sky.stars(STARS)


@pytest.fixture(scope="module")
def unseen(sky):
    return sky.stars(400, seed=8)


def error_of(model, unseen):
    """Root mean square error of each label."""
    return np.sqrt(np.mean((model.infer(*unseen.spectra).labels - unseen.labels) ** 2, axis=0))


def without(stars, missing):
    labels = stars.labels.copy()
    labels[missing, 3] = np.nan
    return labels


def test_options_change_nothing_if_all_labels_are_known(sky, stars):
    plain = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    exact = Cannon.train(
        stars.labels, *stars.spectra, **sky.words(), missing_labels=True, label_errors=0 * stars.labels
    )
    np.testing.assert_array_equal(exact.theta, plain.theta)


def test_tiny_errors_change_next_to_nothing(sky, stars):
    plain = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    nearly = Cannon.train(stars.labels, *stars.spectra, **sky.words(), label_errors=0 * stars.labels + 1e-6)
    np.testing.assert_allclose(nearly.predict(stars.labels), plain.predict(stars.labels), atol=1e-5)


def compare(sky, stars, unseen, missing):
    """Errors of three models: of complete stars only, of all stars by EM, of all stars with all labels."""
    labels = without(stars, missing)
    dropped = Cannon.train(labels[~missing], *stars[~missing].spectra, **sky.words())
    marginal = Cannon.train(labels, *stars.spectra, **sky.words(), missing_labels=True)
    full = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    return (error_of(model, unseen) for model in (dropped, marginal, full))


def test_labels_missing_at_random_in_most_stars_are_worth_the_effort(sky, stars, unseen):
    missing = np.random.default_rng(1).random(STARS) < 0.8
    dropped, marginal, full = compare(sky, stars, unseen, missing)
    assert (marginal < 1.02 * dropped).all()
    assert (marginal[[0, 1, 3]] < 0.8 * dropped[[0, 1, 3]]).all()
    assert (marginal < 1.4 * full).all()


def test_what_marginalising_gains_grows_with_the_share_that_is_missing(sky, stars, unseen):
    """Errors over those of the complete stars alone, the mean of four labels and three draws."""
    gains = []
    for share in (0.1, 0.3, 0.6, 0.8):
        draws = [np.random.default_rng(seed).random(STARS) < share for seed in (1, 2, 3)]
        both = [list(compare(sky, stars, unseen, missing))[:2] for missing in draws]
        gains.append(np.mean([marginal / dropped for dropped, marginal in both]))
    np.testing.assert_allclose(gains, [0.99, 0.97, 0.91, 0.76], atol=0.04)
    assert (np.diff(gains) < 0).all()


def test_few_missing_labels_are_not(sky, stars, unseen):
    missing = np.random.default_rng(1).random(STARS) < 0.03
    dropped, marginal, _ = compare(sky, stars, unseen, missing)
    np.testing.assert_allclose(marginal, dropped, rtol=0.05)


def test_labels_missing_because_they_are_low_come_out_too_high():
    """A weak element in few lines at low S/N: what is not detected is not missing at random."""
    sky = Sky(labels=2, pixels=40, lines=12, seed=2)
    stars, unseen = sky.stars(STARS, snr=30), sky.stars(600, snr=30, seed=8)
    poor = unseen.labels[:, 1] < 0.3
    low = stars.labels[:, 1] < 0.3
    bias = {}
    for name, missing in (("censored", low), ("random", np.random.default_rng(1).permutation(low))):
        labels = np.where(missing[:, None] & [False, True], np.nan, stars.labels)
        kept = ~missing
        models = {
            "marginal": Cannon.train(labels, *stars.spectra, **sky.words(), missing_labels=True),
            "dropped": Cannon.train(labels[kept], *stars[kept].spectra, **sky.words()),
        }
        for way, model in models.items():
            bias[name, way] = np.median((model.infer(*unseen.spectra).labels - unseen.labels)[poor, 1])
    assert bias["random", "marginal"] < 0.4
    assert bias["censored", "marginal"] > 0.8
    assert bias["censored", "marginal"] < bias["censored", "dropped"]


def test_no_star_needs_to_be_complete(sky, stars, unseen):
    labels = stars.labels.copy()
    lacks = np.random.default_rng(3).integers(0, 4, STARS)
    labels[np.arange(STARS), lacks] = np.nan
    model = Cannon.train(labels, *stars.spectra, **sky.words(), missing_labels=True)
    full = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    assert (error_of(model, unseen) < 1.4 * error_of(full, unseen)).all()


@pytest.mark.parametrize("garbage", [np.nan, np.inf, 1e30])
def test_flux_without_weight_is_never_looked_at(sky, stars, garbage):
    labels = without(stars, np.arange(STARS) % 3 == 0)
    flux = np.where(stars.ivar > 0, stars.flux, garbage)
    words = sky.words() | {"missing_labels": True, "label_errors": np.full(labels.shape, 0.2)}
    clean, dirty = (Cannon.train(labels, values, stars.ivar, **words) for values in (stars.flux, flux))
    np.testing.assert_array_equal(dirty.theta, clean.theta)
    np.testing.assert_array_equal(dirty.s, clean.s)


def test_order_of_stars_and_pixels_does_not_matter(sky, stars):
    labels = without(stars, np.arange(STARS) % 3 == 0)
    errors = np.full(labels.shape, 0.2)
    star, pixel = (np.random.default_rng(1).permutation(many) for many in stars.flux.shape)
    options = sky.words() | {"missing_labels": True}
    plain = Cannon.train(labels, *stars.spectra, **options, label_errors=errors)
    flux, ivar = (values[star][:, pixel] for values in stars.spectra)
    other = Cannon.train(labels[star], flux, ivar, **options, label_errors=errors[star])
    np.testing.assert_allclose(other.theta, plain.theta[pixel], atol=1e-4)
    np.testing.assert_allclose(other.s, plain.s[pixel], atol=1e-4)


def test_errors_of_labels_are_taken_out(sky, stars, unseen):
    errors = np.full(stars.labels.shape, 0.3)
    noisy = stars.labels + errors * np.random.default_rng(4).normal(size=errors.shape)
    naive = Cannon.train(noisy, *stars.spectra, **sky.words())
    aware = Cannon.train(noisy, *stars.spectra, **sky.words(), label_errors=errors)
    assert (error_of(aware, unseen)[:3] < 0.9 * error_of(naive, unseen)[:3]).all()
    assert np.mean(aware.s) < 0.5 * np.mean(naive.s)


def test_posterior_of_a_measured_label_is_that_of_two_gaussians():
    """Precisions add; the mean lies between label and population, weighted by them."""
    evidence = Evidence.of(np.array([[1.0], [np.nan], [3.0]]), np.array([[0.5], [0.5], [0.0]]))
    precision, linear = evidence.among(Belief(np.array([[0.2]]), np.array([[[0.64]]])))
    np.testing.assert_allclose(precision[:2, 0, 0], [1 / 0.64 + 4, 1 / 0.64], rtol=1e-12)
    mean = (0.5**2 * 0.2 + 0.64 * 1.0) / (0.5**2 + 0.64)
    np.testing.assert_allclose(linear[:2, 0] / precision[:2, 0, 0], [mean, 0.2], rtol=1e-12)
    assert evidence.fixed[2, 0] == 3


def test_slope_and_scatter_under_label_errors_are_those_of_the_closed_form():
    """One pixel linear in one label: label and flux are jointly Gaussian, and their moments say all."""
    random, stars, error, noise = np.random.default_rng(1), 4000, 0.5, 0.05
    true = random.normal(size=stars)
    label = true + error * random.normal(size=stars)
    flux = 1 + 0.3 * true + np.hypot(0.2, noise) * random.normal(size=stars)
    model = Cannon.train(
        label[:, None], flux[:, None], np.full((stars, 1), noise**-2), label_names=["x"], wavelength=[5000.0],
        terms=[[0], [1]], label_errors=np.full((stars, 1), error),
    )  # fmt: skip
    moments = np.cov(label, flux, ddof=0)
    slope = moments[0, 1] / (moments[0, 0] - error**2)
    assert model.theta[0, 1] / model.scale[0] == pytest.approx(slope, rel=0.03)
    scatter = np.sqrt(moments[1, 1] - slope * moments[0, 1] - noise**2)
    assert model.s[0] == pytest.approx(scatter, rel=0.05)
