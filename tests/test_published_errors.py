"""From training to published errors: new stars scatter by what cross-validation said they would."""

import numpy as np
import pytest

from model.errors import ErrorModel, pulls
from model.extrapolation import Density
from model.validation import cross_validate
from tests.cannon_mock import Sky

SNR = [15, 25, 40, 65, 100, 150]
TEFF = [-3, -1, -0.3, 0.3, 1, 3]
"""In standard deviations, as the mock has it; some lines grow with it, others fade."""


@pytest.fixture(scope="module")
def sky():
    return Sky(labels=4, pixels=400, lines=100)


def survey(sky, n, seed):
    """Labels, flux, ivar and S/N, which is from 15 to 150, of stars."""
    rng = np.random.default_rng(seed)
    snr = np.exp(rng.uniform(np.log(15), np.log(150), n))
    labels = sky.labels(rng, n)
    return labels, *sky.observe(rng, sky.flux(labels), snr[:, None]), snr


@pytest.fixture(scope="module")
def validation(sky):
    """Of as many stars as the paper's dwarfs."""
    labels, flux, ivar, _ = survey(sky, 1190, seed=1)
    return cross_validate(labels, flux, ivar, **sky.words())


@pytest.fixture(scope="module")
def new(sky, validation):
    """Residuals, formal errors, S/N and T_eff of new stars within all limits."""
    labels, flux, ivar, snr = survey(sky, 6000, seed=2)
    found = validation.full.infer(flux, ivar)
    limits = [
        Density.of(*pair).limits() for pair in zip(validation.true.T, validation.inferred.T, strict=True)
    ]
    flags = [one.flags(values) for one, values in zip(limits, found.labels.T, strict=True)]
    inside = (np.array(flags) == 0).all(0)
    assert inside.mean() > 0.95
    formal = np.sqrt(np.einsum("nll->nl", found.covariance))
    return (found.labels - labels)[inside], formal[inside], snr[inside], labels[inside, 0]


def in_bins(new, sigma):
    """Widths of pulls, and how many stars are behind them, (10, 4): bins of S/N, then of T_eff."""
    residuals, _, snr, teff = new
    spreads = [pulls(residuals, sigma, by, edges) for by, edges in ((snr, SNR), (teff, TEFF))]
    return (np.concatenate([getattr(one, name) for one in spreads]) for name in ("scatter", "n"))


def test_pulls_of_new_stars_are_near_one_in_bins_of_signal_to_noise_and_teff(validation, new):
    """In most bins within a tenth, in all within a fifth: the error is no sum of just two parts."""
    errors = ErrorModel.fit(validation.residuals, validation.formal)
    widths, stars = in_bins(new, errors.sigma(new[1]))
    assert stars.min() > 300
    assert np.mean(np.abs(widths - 1) < 0.1) >= 0.9, widths.round(2)
    assert np.abs(widths - 1).max() < 0.2, widths.round(2)
    whole = np.mean((new[0] / errors.sigma(new[1])) ** 2, axis=0)
    assert (np.abs(np.sqrt(whole) - 1) < 0.1).all(), whole


def test_formal_errors_alone_are_too_small_where_noise_is_low(new):
    """There the model's own error rules, which a factor and a floor have to make up for."""
    widths, _ = in_bins(new, new[1])
    assert (widths[4] > widths[0]).all()
    assert np.mean(np.abs(widths - 1) < 0.1) < 0.5


def test_the_signal_to_noise_of_a_bin_shows_in_its_errors(validation, new):
    """The published error falls as S/N grows, less than the formal one does."""
    sigma = ErrorModel.fit(validation.residuals, validation.formal).sigma(new[1])
    faint, bright = new[2] < 20, new[2] > 120
    published, formal = (np.median(e[faint], 0) / np.median(e[bright], 0) for e in (sigma, new[1]))
    assert (published > 1.2).all()
    assert (published < formal).all()
