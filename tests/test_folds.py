"""Models of a cross-validation trained together: each is the one that training on its own stars gives."""

import numpy as np
import pytest

from model import folds
from model.cannon import Cannon
from model.folds import train_without
from model.training import Spectra
from model.validation import folds_of

NAMES = ("teff", "logg", "fe_h")


def survey(n=240, pixels=90, seed=1):
    """Stars of S/N 10 to 200; a third of the pixels without scatter of their own; a tenth of values bad."""
    random = np.random.default_rng(seed)
    labels = np.array([5000.0, 3.0, -0.2]) + np.array([400.0, 0.8, 0.3]) * random.standard_normal((n, 3))
    x = (labels - labels.mean(axis=0)) / labels.std(axis=0)
    a, b, c = x.T
    design = np.stack([np.ones(n), a, b, c, a * a, b * b, c * c, a * b, a * c, b * c], axis=1)
    theta = random.normal(0, 0.05, (10, pixels))
    ivar = np.exp(random.uniform(np.log(10), np.log(200), (n, 1))) ** 2 * random.uniform(0.5, 2, (n, pixels))
    scatter = np.where(np.arange(pixels) % 3, 0.02, 0.0)
    flux = design @ theta + random.standard_normal(ivar.shape) * np.sqrt(1 / ivar + scatter**2)
    bad = random.random(ivar.shape) < 0.1
    return labels, np.where(bad, np.inf, flux), np.where(bad, 0.0, ivar)


def options(pixels=90, **others):
    return {"label_names": NAMES, "wavelength": np.linspace(4000.0, 5000.0, pixels), **others}


def together(stars, fold, **others):
    """The full model and those without each fold."""
    full = Cannon.train(*stars, **options(stars[1].shape[1], **others))
    correction = others.get("dof_correction", False)
    told = []
    models = train_without(
        full, *stars, fold, dof_correction=correction, progress=lambda *done: told.append(done)
    )
    return full, list(models)


def alone(full, stars, fold, one, **others):
    rest = [part[fold != one] for part in stars]
    scaling = {"offset": full.offset, "scale": full.scale}
    return Cannon.train(*rest, **options(stars[1].shape[1], **(others | scaling)))


def agree(model, expected):
    """Coefficients to a thousandth of their errors, scatter to a millionth, zeros exact."""
    np.testing.assert_allclose(model.theta, expected.theta, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.s, expected.s, rtol=1e-5, atol=1e-12)
    np.testing.assert_array_equal(model.s == 0, expected.s == 0)
    assert model.n_train == expected.n_train


LINEAR = np.vstack([np.zeros(3, int), np.eye(3, dtype=int)])
MASK = np.ones((90, 3), dtype=bool)
MASK[:30, 0] = False
MASK[20:50, 2] = False


@pytest.mark.parametrize(
    "others",
    [{}, {"dof_correction": True}, {"mask": MASK}, {"terms": LINEAR}, {"terms": LINEAR, "mask": MASK}],
    ids=["plain", "corrected", "masked", "linear", "linear and masked"],
)
def test_each_is_the_model_of_its_own_stars(others):
    stars, fold = survey(), folds_of(240, 6, seed=1)
    full, models = together(stars, fold, **others)
    assert len(models) == 6
    assert "terms" in others or 0.1 < np.mean(full.s == 0) < 0.4
    for one, model in enumerate(models):
        agree(model, alone(full, stars, fold, one, **others))
        assert not np.array_equal(model.theta, full.theta)


def test_uneven_folds_and_blocks_of_pixels(monkeypatch):
    monkeypatch.setattr(folds, "BLOCK", 7)
    stars, fold = survey(), np.repeat([2, 0, 1], [20, 100, 120])
    full, models = together(stars, fold)
    for one, model in enumerate(models):
        agree(model, alone(full, stars, fold, one))


def test_pixels_seen_in_too_few_stars_are_unknown_to_that_model_only():
    labels, flux, ivar = survey()
    fold = folds_of(240, 6, seed=1)
    ivar[20:, 5] = 0
    ivar[:, 6] = np.where(fold == 2, ivar[:, 6], 0)
    ivar[:12, 7], ivar[12:, 7] = 50.0, 0
    flux[:12, 7] = 1 + 0.1 * np.random.default_rng(1).standard_normal(12)
    full, models = together((labels, flux, ivar), fold)
    for one, model in enumerate(models):
        agree(model, alone(full, (labels, flux, ivar), fold, one))
    assert np.isfinite([model.s[6] for model in models]).tolist() == [True, True, False, True, True, True]
    assert 0 < np.isnan([model.s[7] for model in models]).sum() < 6


def test_pixels_that_do_not_settle_are_trained_by_themselves(monkeypatch):
    stars, fold = survey(), folds_of(240, 4, seed=1)
    monkeypatch.setattr(folds, "STEPS", 1)
    full, models = together(stars, fold)
    for one, model in enumerate(models):
        agree(model, alone(full, stars, fold, one))


@pytest.mark.parametrize("others", [{}, {"mask": MASK}], ids=["plain", "masked"])
def test_hardly_any_pixel_is_trained_by_itself(monkeypatch, others):
    """Else nothing would be gained."""
    counts = []

    def counted(design, flux, *rest):
        counts.append(flux.shape[1])
        return Spectra(design, flux, *rest)

    monkeypatch.setattr(folds, "Spectra", counted)
    together(survey(), folds_of(240, 6, seed=1), **others)
    assert sum(counts) <= 0.02 * 6 * 90


def test_stars_that_only_one_fold_has_make_the_others_singular():
    """One label varies in a single fold: without it the least-squares solution of least norm is taken."""
    labels, flux, ivar = survey()
    fold = folds_of(240, 6, seed=1)
    labels[fold != 3, 1] = 3.0
    _, models = together((labels, flux, ivar), fold)
    assert all(np.isfinite(model.theta).all() for model in models)


def test_bad_values_are_not_looked_at():
    labels, flux, ivar = survey()
    fold = folds_of(240, 4, seed=1)
    _, expected = together((labels, np.where(ivar > 0, flux, 0), ivar), fold)
    for garbage in (np.nan, -1e30):
        _, models = together((labels, np.where(ivar > 0, flux, garbage), ivar), fold)
        for model, other in zip(models, expected, strict=True):
            np.testing.assert_array_equal(model.theta, other.theta)
            np.testing.assert_array_equal(model.s, other.s)
