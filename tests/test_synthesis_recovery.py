"""The Cannon learns labels from mock spectra that it did not make: well, but not perfectly."""

import numpy as np
import pytest

from model.continuum import Continuum
from model.reference_noise import reference_labels
from model.synthesis import Synthesis
from model.validation import cross_validate
from model.wavelength import SURVEY_GRID, radial_velocity, resample, rest_frame

STARS = 360
NAMES = ("teff", "logg", "fe_h", "mg_fe")
USED = (SURVEY_GRID > 4000) & (SURVEY_GRID < 5700)


def giants():
    """Red giants along a branch, with labels that go together as real ones do."""
    rng = np.random.default_rng(11)
    logg, fe_h = rng.uniform(1.4, 3.3, STARS), rng.normal(-0.3, 0.3, STARS)
    return {
        "logg": logg,
        "fe_h": fe_h,
        "teff": 4650 + 330 * (logg - 2.3) - 250 * fe_h + rng.normal(0, 60, STARS),
        "vmic": 1.9 - 0.22 * logg + rng.normal(0, 0.05, STARS),
        "mg_fe": 0.1 - 0.2 * fe_h + rng.normal(0, 0.09, STARS),
        "snrz": np.full(STARS, 70.0),
        "rv": rng.normal(0, 40, STARS),
    }


def prepared(stars):
    """Spectra as the explorer prepares files: at rest, on the survey's grid, over their continuum."""
    seen = Synthesis().spectra(stars, seed=1, number=np.arange(STARS))
    flux, ivar = np.empty((2, STARS, SURVEY_GRID.size), np.float32)
    for star, rv in enumerate(stars["rv"] + np.random.default_rng(2).normal(0, 4, STARS)):
        wave = rest_frame(seen.wavelength, rv / radial_velocity(1.0))
        flux[star], ivar[star] = resample(wave, seen.flux[star], seen.ivar[star], SURVEY_GRID)
    normal, weight, _ = Continuum(SURVEY_GRID).normalise(flux, ivar)
    return normal[:, USED], weight[:, USED]


@pytest.fixture(scope="module")
def tested():
    """Cross-validation against labels with noise, true labels, and the noise."""
    stars = giants()
    labels, errors = reference_labels(stars, seed=1, number=np.arange(STARS))
    flux, ivar = prepared(stars)
    found = cross_validate(
        np.stack([labels[name] for name in NAMES], axis=1),
        flux,
        ivar,
        label_names=NAMES,
        wavelength=SURVEY_GRID[USED],
        folds=6,
    )
    return (
        found,
        np.stack([stars[name] for name in NAMES], axis=1),
        np.stack([errors[name] for name in NAMES], axis=1),
    )


def test_labels_are_recovered(tested):
    found, true, _ = tested
    off = found.inferred - true
    assert found.converged.all()
    assert (off.std(axis=0) < [90, 0.24, 0.10, 0.10]).all()
    assert (found.recovery().correlation[0] > [0.85, 0.85, 0.85, 0.5]).all()
    assert (np.abs(off.mean(axis=0)) < 0.3 * off.std(axis=0)).all()


def test_but_not_perfectly(tested):
    """Worse than photon noise alone allows, and cross-validation sees the reference labels' noise."""
    found, true, errors = tested
    off = found.inferred - true
    assert (off.std(axis=0) > 1.2 * np.median(found.formal, axis=0)).all()
    assert (found.recovery().scatter[0] > 0.9 * np.sqrt((errors**2).mean(axis=0))).all()
    assert (found.recovery().scatter[0] > off.std(axis=0)).all()


def test_models_fit(tested):
    """chi2 is below 1 per pixel, since resampling takes noise out of pixels that it mixes."""
    found, _, _ = tested
    assert 0.7 < np.median(found.chi2 / found.dof) < 1.1
