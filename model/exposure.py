"""What a spectrograph like LAMOST's makes of a star's light: continuum, signal-to-noise ratio, bad pixels.

The shapes are ours, after LAMOST's published spectra: two arms that meet near 5800 A, where both see little;
a continuum that is wavy by a few per cent, for the instrument's response is not known better; more noise
under the lines of the night sky.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.compiled import exact
from model.streams import SPECTRUM, stream

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

THROUGHPUT_AT = np.array(
    (3600.0, 3800.0, 4000.0, 4250.0, 4500.0, 4800.0, 5100.0, 5400.0, 5600.0, 5750.0, 5900.0, 6050.0, 6300.0,
     6700.0, 7100.0, 7600.0, 8100.0, 8500.0, 8900.0, 9200.0)
)  # fmt: skip
THROUGHPUT = np.array(
    (0.10, 0.20, 0.34, 0.52, 0.67, 0.80, 0.85, 0.78, 0.60, 0.36, 0.36, 0.60, 0.86, 0.97, 1.00, 0.95, 0.86,
     0.75, 0.58, 0.40)
)  # fmt: skip
"""Relative throughput at those wavelengths (A)."""
G_BAND, Z_BAND = (4000.0, 5500.0), (8250.0, 9000.0)
"""Where snrg and snrz are the medians of the pixels, A."""
SKY = np.array(
    (5578.9, 5891.6, 5897.6, 6302.0, 6365.5, 6865.9, 7278.3, 7318.0, 7342.9, 7753.0, 7796.4, 7823.5, 7915.8,
     7966.9, 7995.5, 8027.7, 8346.9, 8401.9, 8432.5, 8454.7, 8506.6, 8767.9, 8780.4, 8793.5, 8830.1, 8852.5,
     8888.3, 8905.7, 8922.4, 8945.7)
)  # fmt: skip
"""Strong lines of the night sky, vacuum, A (Osterbrock et al. 1996, PASP 108, 277; rounded)."""
SKY_VARIANCE = 3.0
"""Variance at the centre of one of them over that of the continuum."""
DARK = 0.15
"""Part of the variance that does not come from the star's light."""
WAVES, WAVE_HEIGHT = 4, 0.02
"""Waves of the response, and the scatter of their heights, a part of the continuum."""
LEVEL = 1000.0
"""Flux of the continuum at 6000 A; its unit is arbitrary, as in LAMOST's files."""
EXTINCTION_POWER = -1.3
"""Extinction falls as this power of wavelength between 4000 and 9000 A."""
HITS, HIT_SHARE, LONGEST_HIT = 8, 0.6, 4
"""Cosmic rays at most, the chance of each, and how many pixels one spoils at most."""
GAP_SHARE, GAP = 0.06, (5700.0, 5900.0)
"""Part of the spectra with a gap where the arms meet, and where it is, A."""
LAST = 9000.0
"""Pixels beyond are padding, A."""

_NUMBERS = 4 + 2 * WAVES + 3 * HITS
_HC_K = 1.438_777e8
_NODE_PIXELS = 40


class Exposure(NamedTuple):
    """What chance decides of N exposures.

    Attributes
    ----------
    noise : (N, P), of mean 0 and variance 1.
    blur : (N,), the same.
    luck : (N, _NUMBERS), 0 to 1: of the gap, the waves and the cosmic rays.
    """

    noise: Singles
    blur: Floats
    luck: Floats


def draw_exposures(seed: int, number: Integers, epoch: Integers, pixels: int) -> Exposure:
    """Draw each star's exposure from its own stream."""
    noise = np.empty((number.size, pixels), np.float32)
    blur, luck = np.empty(number.size), np.empty((number.size, _NUMBERS))
    for row, (star, when) in enumerate(zip(number, epoch, strict=True)):
        random = stream(seed, int(star), SPECTRUM, int(when))
        random.standard_normal(out=noise[row], dtype=np.float32)
        blur[row] = random.standard_normal()
        random.random(out=luck[row])
    return Exposure(noise, blur, luck)


def continuum(wavelength: Floats, teff: Floats, a_v: Floats, luck: Floats) -> Floats:
    """Continua (N, K) at wavelengths (K,), A: a black body, reddened, times a wavy response."""
    light = wavelength**-5.0 / np.expm1(_HC_K / (wavelength * teff[:, None]))
    middle = 6000.0**-5.0 / np.expm1(_HC_K / (6000.0 * teff))
    dimming = (wavelength / 5500.0) ** EXTINCTION_POWER - (6000.0 / 5500.0) ** EXTINCTION_POWER
    dust = 10 ** (-0.4 * a_v[:, None] * dimming)
    turns = np.log(wavelength / wavelength[0]) / np.log(wavelength[-1] / wavelength[0])
    response = np.ones_like(light)
    for wave in range(WAVES):
        height, phase = luck[:, 4 + 2 * wave, None], luck[:, 5 + 2 * wave, None]
        swing = 2 * np.sqrt(3.0) * WAVE_HEIGHT * (height - 0.5)
        response = response + swing * np.cos(2 * np.pi * ((1.5 * wave + 1) * turns + phase))
    received: Floats = LEVEL * light / middle[:, None] * dust * response
    return received


def signal_to_noise(wavelength: Floats, light: Floats, snrz: Floats, snrg: Floats | None) -> Floats:
    """Of the continuum per pixel at wavelengths (K,), (N, K).

    It goes as the root of the photons in pixels of equal steps in log(wavelength), times a power of the
    wavelength that makes it fit in both bands where snrg is given.
    """
    photons = light * wavelength**2 * np.interp(wavelength, THROUGHPUT_AT, THROUGHPUT)
    shape = np.sqrt(photons)
    red, blue = (_typical(wavelength, shape, band) for band in (Z_BAND, G_BAND))
    if snrg is not None:
        lever = 0.5 * np.log(G_BAND[0] * G_BAND[1] / (Z_BAND[0] * Z_BAND[1]))
        power = np.log(snrg / snrz / (blue / red)) / lever
        shape = shape * (wavelength / wavelength[-1]) ** power[:, None]
        red = _typical(wavelength, shape, Z_BAND)
    ratio: Floats = shape / red[:, None] * snrz[:, None]
    return ratio


def _typical(wavelength: Floats, shape: Floats, band: tuple[float, float]) -> Floats:
    inside = (wavelength >= band[0]) & (wavelength <= band[1])
    middle: Floats = np.exp(np.log(shape[:, inside]).mean(axis=1))
    return middle


def sky(wavelength: Floats) -> Floats:
    """Variance under lines of the night sky, (P,), over that of the continuum."""
    apart = np.log(wavelength[:, None] / SKY) / np.log(wavelength[1] / wavelength[0])
    extra: Floats = SKY_VARIANCE * np.exp(-0.5 * (apart / 1.2) ** 2).sum(axis=1)
    return extra


def expose(
    wavelength: Floats,
    left: Singles,
    stars: Mapping[str, Floats],
    drawn: Exposure,
    flux: Singles,
    ivar: Singles,
) -> None:
    """Fill in flux and ivar, (N, P).

    Parameters
    ----------
    wavelength : (P,), A, of even steps in its logarithm.
    left : (N, P), what lines leave of the continuum.
    stars : teff, snrz and where known snrg and a_v, (N,).
    drawn : what chance decides.
    """
    places = np.linspace(0.0, wavelength.size - 1.0, wavelength.size // _NODE_PIXELS)
    nodes = wavelength[0] * (wavelength[-1] / wavelength[0]) ** (places / (wavelength.size - 1))
    light = continuum(nodes, stars["teff"], stars.get("a_v", np.zeros_like(stars["teff"])), drawn.luck)
    ratio = signal_to_noise(nodes, light, stars["snrz"], stars.get("snrg"))
    weight = (1 - DARK) * left + np.float32(DARK) + sky(wavelength).astype(np.float32)
    _observe(places, light, ratio, left, weight, drawn.noise, flux, ivar)
    _spoil(drawn.luck, np.searchsorted(wavelength, np.array([*GAP, LAST])), flux, ivar)


@exact
def _observe(
    places: Floats,
    light: Floats,
    ratio: Floats,
    left: Singles,
    weight: Singles,
    noise: Singles,
    flux: Singles,
    ivar: Singles,
) -> None:
    """Fill in flux and ivar; weight is the variance over the continuum's."""
    step = places[1]
    for n in range(flux.shape[0]):
        for p in range(flux.shape[1]):
            k = min(int(p / step), places.size - 2)
            at = p / step - k
            here = light[n, k] + (light[n, k + 1] - light[n, k]) * at
            error = here / (ratio[n, k] + (ratio[n, k + 1] - ratio[n, k]) * at)
            variance = error * error * weight[n, p]
            flux[n, p] = here * left[n, p] + np.sqrt(variance) * noise[n, p]
            ivar[n, p] = 1 / variance


@exact
def _spoil(luck: Floats, places: Integers, flux: Singles, ivar: Singles) -> None:
    """Cosmic rays, the gap between the arms, and padding; `places` are the gap's ends and the padding's."""
    first = luck.shape[1] - 3 * HITS
    for n in range(flux.shape[0]):
        for hit in range(HITS):
            at = first + 3 * hit
            chance, place, size = luck[n, at], luck[n, at + 1], luck[n, at + 2]
            if chance < HIT_SHARE:
                start = int(place * flux.shape[1])
                for p in range(start, min(start + 1 + int(size * LONGEST_HIT), flux.shape[1])):
                    flux[n, p] += LEVEL * (1 + 10 * size)
                    ivar[n, p] = 0
        if luck[n, 0] < GAP_SHARE:
            width = places[1] - places[0]
            start = places[0] + int(0.5 * luck[n, 1] * width)
            for p in range(start, start + int((0.1 + 0.4 * luck[n, 2]) * width)):
                ivar[n, p] = 0
        flux[n, places[2] :] = 0
        ivar[n, places[2] :] = 0
