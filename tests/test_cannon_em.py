"""EM over uncertain labels: its bound, what it undoes, and that it settles at the size of real sets."""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.stats import multivariate_normal, norm

from model import latent
from model.belief import LEAST, Belief, Evidence, population_of
from model.cannon import Cannon
from model.expectation import Surface
from model.latent import Climb, Latent, fit_latent
from model.terms import form_of, quadratic_terms
from model.training import Design, Spectra
from tests.cannon_mock import Sky


def known_model(pixels, bend, seed=7):
    """Coefficients (P, 10) of three labels, curved by so much."""
    theta = np.random.default_rng(seed).normal(0, 0.03, (pixels, 10))
    theta[:, 0] = 1
    theta[:, 4:] *= bend
    return theta


def terms_of(labels):
    """1, linear, squares and products, spelt out."""
    a, b, c = labels.T
    return np.stack([np.ones(len(a)), a, b, c, a * a, b * b, c * c, a * b, a * c, b * c], axis=1)


def stars_of(theta, n, seed, snr=40, scatter=0.01):
    """Labels of which two go together, and spectra: labels, flux, ivar."""
    rng = np.random.default_rng(seed)
    labels = rng.normal(size=(n, 3))
    labels[:, 1] = 0.8 * labels[:, 1] - 0.6 * labels[:, 0]
    flux = terms_of(labels) @ theta.T
    flux += np.hypot(1 / snr, scatter) * rng.normal(size=flux.shape)
    return labels, flux, np.full(flux.shape, float(snr) ** 2)


def latent_of(labels, errors, flux, ivar, exponents, active=None):
    every = np.ones((flux.shape[1], len(exponents)), bool)
    return Latent(
        Evidence.of(labels, errors), flux, ivar, np.array(exponents), every if active is None else active
    )


def fitted(stars):
    return fit_latent(stars, dof_correction=False, begin=np.zeros(stars.flux.shape[1]))


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_regression_dilution_is_undone(share):
    """Errors of variance `share` times the label's make naive slopes 1 / (1 + share) of the true ones."""
    rng, n, noise = np.random.default_rng(1), 3000, 0.1
    slopes = np.array([0.3, -0.2, 0.1, 0.0])
    true, error = rng.normal(size=n), np.sqrt(share)
    flux = 1 + np.outer(true, slopes) + noise * rng.normal(size=(n, 4))
    label = (true + error * rng.normal(size=n))[:, None]
    words = {"label_names": "x", "wavelength": np.arange(4.0), "terms": [[0], [1]]}
    ivar = np.full(flux.shape, noise**-2)
    naive = Cannon.train(label, flux, ivar, **words)
    aware = Cannon.train(label, flux, ivar, **words, label_errors=np.full(label.shape, error))
    diluted, found = (model.theta[:, 1] / model.scale[0] for model in (naive, aware))
    np.testing.assert_allclose(diluted, slopes / (1 + share), atol=0.012)
    np.testing.assert_allclose(found, slopes, atol=0.012)
    assert (naive.s[:3] > 0.05 * np.sqrt(share)).all()
    assert (aware.s < 0.03).all()


@pytest.mark.parametrize("kind", ["errors", "missing", "both", "masked", "odd terms"])
def test_no_round_lowers_the_bound(kind):
    sky = Sky(labels=4, pixels=60, lines=40)
    stars = sky.stars(120, snr=40)
    rng = np.random.default_rng(4)
    labels, errors = stars.labels.copy(), np.zeros(stars.labels.shape)
    if kind != "missing":
        errors += 0.4
        labels += errors * rng.normal(size=labels.shape)
    if kind in ("missing", "both"):
        labels[rng.random(labels.shape) < 0.2] = np.nan
    exponents = quadratic_terms(4)
    if kind == "odd terms":
        exponents = np.delete(exponents, [6, 9, 12], 0)
    active = np.ones((60, len(exponents)), bool)
    if kind == "masked":
        active[:30, exponents[:, 3] > 0] = False
    found = fitted(uncertain := latent_of(labels, errors, *stars.spectra, exponents, active))
    gains = np.diff(found.bound)
    assert len(gains) > 4
    enough = latent.SETTLED * (active.sum() + 60)
    assert uncertain.round(found, align=False)[0].bound[-1] - found.bound[-1] < 2 * enough
    assert gains[0] > 1
    assert (gains > -1e-6).all()


def constants(pixels, error):
    """What the bound leaves out of a star's log likelihood: one label, all pixels with weight."""
    return -(pixels + 1) / 2 * np.log(2 * np.pi) - np.log(error)


def test_bound_of_a_linear_model_is_the_likelihood():
    """Labels and spectrum are then jointly Gaussian, and so is what is thought of the labels."""
    rng, n, noise, error = np.random.default_rng(3), 60, 0.1, 0.5
    true = rng.normal(size=n)
    flux = 1 + np.outer(true, [0.3, -0.2, 0.1]) + np.hypot(noise, 0.05) * rng.normal(size=(n, 3))
    label = true + error * rng.normal(size=n)
    stars = latent_of(
        label[:, None], np.full((n, 1), error), flux, np.full(flux.shape, noise**-2), [[0], [1]]
    )
    found = fitted(stars)
    population = population_of(found.belief)
    mean, variance = population.mean[0, 0], population.covariance[0, 0, 0]
    steep = np.r_[1, found.theta[:, 1]]
    covariance = np.outer(steep, steep) * variance + np.diag(np.r_[error**2, noise**2 + found.s**2])
    centre = np.r_[0, found.theta[:, 0]] + steep * mean
    exact = multivariate_normal(centre, covariance).logpdf(np.c_[label, flux]).sum()
    assert found.bound[-1] + n * constants(3, error) == pytest.approx(exact, abs=0.01)


def test_bound_of_a_curved_model_is_below_the_likelihood_and_near():
    """Whose integral over the label is done on a grid here."""
    rng, n, noise, error = np.random.default_rng(3), 60, 0.1, 0.5
    true = rng.normal(size=n)
    flux = 1 + np.outer(true, [0.3, -0.2, 0.1]) + np.outer(true**2, [0.05, 0.05, -0.02])
    flux += noise * rng.normal(size=flux.shape)
    label = true + error * rng.normal(size=n)
    stars = latent_of(
        label[:, None], np.full((n, 1), error), flux, np.full(flux.shape, noise**-2), [[0], [1], [2]]
    )
    found = fitted(stars)
    population = population_of(found.belief)
    x = np.linspace(-6, 6, 4001)
    model = x[:, None] ** [0, 1, 2] @ found.theta.T
    log = norm.logpdf(x, population.mean[0, 0], np.sqrt(population.covariance[0, 0, 0]))
    log = log + norm.logpdf(label[:, None], x, error)
    log += norm.logpdf(flux[:, None], model, np.hypot(noise, found.s)).sum(2)
    exact = np.log(simpson(np.exp(log), x=x, axis=1)).sum()
    bound = found.bound[-1] + n * constants(3, error)
    assert exact - 0.05 * n < bound < exact + 0.01


def test_it_settles_at_the_size_of_the_real_set_and_labels_are_better_for_it():
    """111 stars, 3583 pixels, and label errors that are large against what spectra say."""
    theta = known_model(3583, 0.2)
    labels, flux, ivar = stars_of(theta, 111, seed=1)
    unseen = stars_of(theta, 300, seed=2)
    errors = np.tile([0.16, 0.33, 0.4], (111, 1))
    noisy = labels + errors * np.random.default_rng(4).normal(size=errors.shape)
    words = {"label_names": "abc", "wavelength": np.arange(3583.0)}

    def error(model):
        return np.sqrt(np.mean((model.infer(*unseen[1:]).labels - unseen[0]) ** 2, axis=0))

    naive = error(Cannon.train(noisy, flux, ivar, **words))
    aware = error(Cannon.train(noisy, flux, ivar, **words, label_errors=errors))
    assert (aware < naive).all()
    assert (aware[1:] < 0.7 * naive[1:]).all()
    assert len(fitted(latent_of(noisy, errors, flux, ivar, quadratic_terms(3))).bound) < 30


def test_where_it_ends_does_not_depend_on_how_soon_it_stops(monkeypatch):
    theta = known_model(100, 0.2)
    labels, flux, ivar = stars_of(theta, 111, seed=1)
    errors = np.full(labels.shape, 0.3)
    noisy = labels + errors * np.random.default_rng(4).normal(size=errors.shape)
    stars = latent_of(noisy, errors, flux, ivar, quadratic_terms(3))
    soon = fitted(stars)
    monkeypatch.setattr(latent, "SETTLED", 1e-8)
    late = fitted(stars)
    assert len(late.bound) > len(soon.bound)
    moved = (late.belief.mean - soon.belief.mean) ** 2 / np.einsum("nll->nl", late.belief.covariance)
    assert np.sqrt(moved.mean()) < 0.1
    assert 0 < late.bound[-1] - soon.bound[-1] < 1


def test_aligned_labels_are_those_of_weighted_least_squares():
    """With labels that are sure; moments of the others are in the bound that alignment raises."""
    rng = np.random.default_rng(2)
    mean = rng.normal(size=(40, 2))
    value = 0.3 + mean @ [[1.2, 0.1], [-0.2, 0.9]] + 0.1 * rng.normal(size=mean.shape)
    errors = rng.uniform(0.1, 0.3, mean.shape)
    value[3, 0] = np.nan
    moved = Evidence.of(value, errors).aligned(Belief(mean, np.zeros((40, 2, 2))))
    matrix = np.c_[np.ones(40), mean]
    for label in range(2):
        use = np.isfinite(value[:, label])
        root = 1 / errors[use, label]
        fit = np.linalg.lstsq(matrix[use] * root[:, None], value[use, label] * root)[0]
        np.testing.assert_allclose(moved.mean[:, label], matrix @ fit, rtol=1e-9)
    tight = np.tile(1e-14 * np.array([[2.0, 0.5], [0.5, 1.0]]), (40, 1, 1))
    turned = Evidence.of(value, errors).aligned(Belief(mean, tight)).covariance
    turn = np.linalg.lstsq(matrix, moved.mean)[0][1:].T
    np.testing.assert_allclose(turned, turn @ tight @ turn.T, rtol=1e-6)
    errors[7, 1] = 0
    stays = Evidence.of(value, errors).aligned(Belief(mean, np.zeros((40, 2, 2))))
    np.testing.assert_array_equal(stays.mean[:, 1], mean[:, 1])
    np.testing.assert_array_equal(stays.mean[:, 0], moved.mean[:, 0])


def test_a_step_on_a_parabola_ends_at_its_gaussian():
    """Of which mean and covariance follow from its coefficients; an exact label stays."""
    form = form_of(quadratic_terms(2)[:3])
    place = {tuple(powers): index for index, powers in enumerate(form.exponents.tolist())}
    precision, linear = np.array([[5.0, 1.0], [1.0, 2.0]]), np.array([3.0, -1.0])
    coefficients = np.zeros((2, len(place)))
    for powers, value in (
        ((1, 0), -2 * linear[0]), ((0, 1), -2 * linear[1]),
        ((2, 0), precision[0, 0]), ((0, 2), precision[1, 1]), ((1, 1), 2 * precision[0, 1]),
    ):  # fmt: skip
        coefficients[:, place[powers]] = value
    free = np.array([[True, True], [True, False]])
    covariance = free[:, :, None] * free[:, None, :] * np.eye(2)
    climb = Climb(Surface(coefficients, form), free)
    found = climb.step(Belief(np.array([[0.3, 0.1], [0.3, 0.7]]), covariance))
    np.testing.assert_allclose(found.mean[0], np.linalg.solve(precision, linear), rtol=1e-10)
    np.testing.assert_allclose(found.covariance[0], np.linalg.inv(precision), rtol=1e-10)
    np.testing.assert_allclose(found.mean[1], [(3 - 0.7) / 5, 0.7], rtol=1e-10)
    np.testing.assert_allclose(found.covariance[1], [[1 / 5, 0], [0, 0]], rtol=1e-10)


def test_no_pixel_gets_worse_in_an_m_step():
    labels, flux, ivar = stars_of(known_model(60, 0.2), 60, seed=1)
    stars = latent_of(labels, np.full(labels.shape, 0.3), flux, ivar, quadratic_terms(3))
    model = fitted(stars)
    worse = dataclasses.replace(model, theta=model.theta.copy())
    worse.theta[::2, 1] += 0.01
    found = stars.maximise(model.belief, np.zeros(60), worse)

    def misfit(one):
        return stars.spectra(model.belief).misfits(one.theta, one.s)

    gain = misfit(worse) - misfit(found)
    assert (gain[::2] > 1).all()
    assert (gain[1::2] >= 0).all()


def test_misfit_is_minus_twice_the_log_likelihood_of_a_pixel():
    labels, flux, ivar = stars_of(known_model(7, 0.2), 60, seed=1)
    ivar[:4, 2] = 0
    model = Cannon.train(labels, flux, ivar, label_names="abc", wavelength=np.arange(7.0))
    design = Design.of((labels - model.offset) / model.scale, model.terms)
    found = Spectra(design, flux, ivar, np.ones((7, 10), bool)).misfits(model.theta, model.s)
    for pixel in range(7):
        seen = ivar[:, pixel] > 0
        error = np.sqrt(1 / ivar[seen, pixel] + model.s[pixel] ** 2)
        log = norm.logpdf(flux[seen, pixel], model.predict(labels[seen])[:, pixel], error).sum()
        assert found[pixel] == pytest.approx(-2 * log - seen.sum() * np.log(2 * np.pi), rel=1e-9)


def test_leaps_save_rounds(monkeypatch):
    """As where a mask forbids labels to be mapped as freely as the measured ones ask for."""
    sky = Sky(labels=4, pixels=30, lines=20)
    spectra = sky.stars(60, snr=40)
    errors = np.full(spectra.labels.shape, 0.4)
    labels = spectra.labels + errors * np.random.default_rng(4).normal(size=errors.shape)
    active = np.ones((30, 15), bool)
    active[:15, quadratic_terms(4)[:, 3] > 0] = False
    stars = latent_of(labels, errors, *spectra.spectra, quadratic_terms(4), active)
    rounds, taken = [], Latent.round
    monkeypatch.setattr(Latent, "round", lambda *given: rounds.append(1) or taken(*given))
    leaping = fitted(stars)
    leapt = len(rounds)
    monkeypatch.setattr(Latent, "leap", lambda self, first, second, model: model)
    walking = fitted(stars)
    walked = len(rounds) - leapt
    assert leapt < 0.75 * walked
    assert leaping.bound[-1] == pytest.approx(walking.bound[-1], abs=5)


def test_population_is_that_of_plain_numpy():
    labels = np.random.default_rng(1).normal(size=(50, 3))
    found = population_of(Belief(labels, np.zeros((50, 3, 3))))
    np.testing.assert_allclose(found.mean[0], labels.mean(0))
    np.testing.assert_allclose(found.covariance[0], np.cov(labels.T, ddof=0) + LEAST * np.eye(3), atol=1e-12)


def test_correction_for_the_number_of_terms_comes_last():
    theta = known_model(60, 0.2)
    labels, flux, ivar = stars_of(theta, 40, seed=1, scatter=0.05)
    words = {"label_names": "abc", "wavelength": np.arange(60.0), "label_errors": np.full(labels.shape, 0.1)}
    plain = Cannon.train(labels, flux, ivar, **words)
    corrected = Cannon.train(labels, flux, ivar, **words, dof_correction=True)
    total = 1 / 40**2 + np.stack([plain.s, corrected.s]) ** 2
    assert np.mean(total[1] / total[0]) == pytest.approx(40 / 30, rel=0.05)


@pytest.mark.parametrize("error", [1.05, 3.0])
def test_a_label_within_its_errors_is_refused(error):
    """Spectra would say what it is: any trend of theirs would do."""
    labels, flux, ivar = stars_of(known_model(40, 0.2), 111, seed=1)
    errors = np.zeros(labels.shape)
    errors[:, 2] = error * labels[:, 2].std()
    words = {"label_names": ["teff", "logg", "fe_h"], "wavelength": np.arange(40.0)}
    with pytest.raises(ValueError, match="label fe_h scatters no more than its label_errors") as refused:
        Cannon.train(labels, flux, ivar, **words, label_errors=errors)
    assert "\n" not in str(refused.value)
    errors[0, 2] = 0
    assert Cannon.train(labels, flux, ivar, **words, label_errors=errors).n_train == 111


def test_labels_that_have_not_settled_are_refused(monkeypatch):
    labels, flux, ivar = stars_of(known_model(40, 0.2), 111, seed=1)
    stars = latent_of(labels, np.full(labels.shape, 0.3), flux, ivar, quadratic_terms(3))
    monkeypatch.setattr(latent, "ROUNDS", 1)
    with pytest.raises(ValueError, match="still change after 1 rounds of EM") as refused:
        fitted(stars)
    assert "\n" not in str(refused.value)


def test_callers_arrays_are_left_alone():
    labels, flux, ivar = stars_of(known_model(40, 0.2), 60, seed=1)
    labels[3, 1] = np.nan
    stars = latent_of(labels, np.full(labels.shape, 0.3), flux, ivar, quadratic_terms(3))
    before = [array.copy() for array in (labels, flux, ivar, stars.evidence.precision)]
    fitted(stars)
    for array, copy in zip((labels, flux, ivar, stars.evidence.precision), before, strict=True):
        np.testing.assert_array_equal(array, copy)
