"""What the mock spectrograph makes of light: continua, signal-to-noise ratios, bad pixels."""

import numpy as np
import pytest
from astropy import units
from astropy.modeling.physical_models import BlackBody

from model.exposure import (
    _NUMBERS,
    DARK,
    G_BAND,
    HIT_SHARE,
    HITS,
    LEVEL,
    SKY,
    SKY_VARIANCE,
    WAVE_HEIGHT,
    Z_BAND,
    continuum,
    draw_exposures,
    expose,
    signal_to_noise,
    sky,
)

GRID = 10 ** (3.5682 + 1e-4 * np.arange(3909))
NODES = GRID[::60]
TEFF = np.array([4000.0, 5772.0, 9000.0])
CALM = np.full((3, _NUMBERS), 0.5)
"""Luck that makes no waves, hits or gaps; heights of waves are 0 in the middle."""


def test_continuum_is_a_black_body():
    unit = units.erg / units.s / units.cm**2 / units.AA / units.sr
    for row, teff in zip(continuum(NODES, TEFF, np.zeros(3), CALM), TEFF, strict=True):
        body = BlackBody(temperature=teff * units.K, scale=1 * unit)
        planck = body(NODES * units.AA) / body(6000 * units.AA)
        assert row == pytest.approx(LEVEL * planck.value, rel=1e-4)


def test_response_is_wavy_by_as_much_as_is_said():
    luck = np.random.default_rng(3).random((2000, _NUMBERS))
    wavy = continuum(NODES, np.full(2000, 5772.0), np.zeros(2000), luck)
    ratio = wavy / continuum(NODES, TEFF[1:2], np.zeros(1), CALM[:1])
    spread = ratio.std(axis=0)
    assert spread == pytest.approx(WAVE_HEIGHT * np.sqrt(2), rel=0.1)
    assert np.abs(np.diff(np.log(ratio), n=2, axis=1)).max() < 0.02


def test_signal_to_noise_is_photons_root():
    light = continuum(NODES, TEFF, np.zeros(3), CALM)
    ratio = signal_to_noise(NODES, light, np.full(3, 50.0), None)
    bands = [(low <= NODES) & (high >= NODES) for low, high in (G_BAND, Z_BAND)]
    assert np.median(ratio[:, bands[1]], axis=1) == pytest.approx(50, rel=0.05)
    assert (np.diff(np.median(ratio[:, bands[0]], axis=1)) > 0).all()
    double = signal_to_noise(NODES, light, np.full(3, 100.0), None)
    assert double == pytest.approx(2 * ratio)
    told = signal_to_noise(NODES, light, np.full(3, 50.0), np.full(3, 20.0))
    assert np.median(told[:, bands[0]], axis=1) == pytest.approx(20, rel=0.15)
    assert np.median(told[:, bands[1]], axis=1) == pytest.approx(50, rel=0.05)


def exposed(left, luck, snrz=100.0):
    stars = {"teff": TEFF, "snrz": np.full(3, snrz)}
    drawn = draw_exposures(1, np.arange(3), np.zeros(3, np.int64), GRID.size)._replace(luck=luck)
    flux, ivar = np.empty((2, 3, GRID.size), np.float32)
    expose(GRID, left, stars, drawn, flux, ivar)
    return flux, ivar, drawn.noise


def test_variance_is_of_light_dark_and_sky():
    """In a dark line it is DARK of the continuum's; under the sky's brightest line SKY_VARIANCE more."""
    quiet = CALM.copy()
    quiet[:, -3 * HITS :: 3] = 1.0
    full, none = (exposed(np.full((3, GRID.size), level, np.float32), quiet) for level in (1.0, 0.0))
    clean = (sky(GRID) < 1e-6) & (GRID < 9000)
    assert full[1][:, clean] / none[1][:, clean] == pytest.approx(DARK, rel=1e-3)
    under = np.argmin(np.abs(GRID - SKY[0]))
    beside = under + 12
    assert full[1][:, beside] / full[1][:, under] == pytest.approx(1 + SKY_VARIANCE, rel=0.1)
    truth = continuum(GRID, TEFF, np.zeros(3), CALM)
    noise = (full[0] - truth)[:, clean] * np.sqrt(full[1][:, clean])
    assert noise == pytest.approx(full[2][:, clean], abs=0.1)


def test_cosmic_rays_are_flagged_and_bright():
    struck = CALM.copy()
    struck[:, 0] = 1.0
    struck[:, -3 * HITS :: 3] = np.where(np.arange(HITS) < 2, 0.5 * HIT_SHARE, 1.0)
    struck[:, -3 * HITS + 1 :: 3] = (np.arange(HITS) + 1) / 10
    flux, ivar, _ = exposed(np.ones((3, GRID.size), np.float32), struck)
    bad = np.flatnonzero(ivar[0, GRID < 9000] == 0)
    assert set(bad) == {390, 391, 392, 781, 782, 783}
    assert (flux[0, bad] > flux[0, bad - 5] + LEVEL / 2).all()


def test_exposures_are_drawn_star_by_star():
    one = draw_exposures(1, np.array([4]), np.array([2]), 100)
    many = draw_exposures(1, np.arange(9), np.full(9, 2), 100)
    for alone, together in zip(one, many, strict=True):
        assert (alone[0] == together[4]).all()
    assert many.noise.std() == pytest.approx(1, abs=0.1)
    assert 0 <= many.luck.min() < many.luck.max() < 1
