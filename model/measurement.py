"""Labels as the paper's method would have measured them: truth, plus scatter, plus trends that are not real.

The paper gives ranges of cross-validated scatter (dwarfs 0.05-0.23, giants 0.07-0.22 dex), 0.06 for the
dwarfs' alpha, and says how labels drift: those of dwarfs with T_eff (alpha scatters 0.07 in Praesepe), of
giants only barium, with T_eff and log g. The numbers per label are ours, inside those ranges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Quality:
    """How well a model measures one label.

    Attributes
    ----------
    scatter : cross-validated one-sigma error, in the label's unit: what a catalogue states.
    trend : part of it that follows dwarf_trend or giant_trend; with a sign.
    low, high : beyond these inferred values the model fails to extrapolate.
    pixels : of the windows around the label's strong lines; 0 where it has none.
    """

    scatter: float
    trend: float
    low: float
    high: float
    pixels: int = 0


DWARFS: Mapping[str, Quality] = MappingProxyType(
    {
        "teff": Quality(85.0, 0.0, 4700.0, 6900.0),
        "logg": Quality(0.11, 0.0, 3.7, 4.75),
        "vmic": Quality(0.11, 0.0, 0.85, 1.9),
        "fe_h": Quality(0.07, -0.030, -0.85, 0.42, 150),
        "o": Quality(0.12, 0.060, -0.20, 0.45, 40),
        "eu": Quality(0.17, -0.080, -0.25, 0.45, 20),
        "alpha": Quality(0.06, 0.036, -0.08, 0.30, 90),
        "sc": Quality(0.05, -0.025, -0.15, 0.25, 30),
        "s": Quality(0.23, -0.110, -0.35, 0.50, 40),
    }
)
"""What the dwarf model infers."""

GIANTS: Mapping[str, Quality] = MappingProxyType(
    {
        "teff": Quality(65.0, 0.0, 4000.0, 5350.0),
        "logg": Quality(0.17, 0.0, 1.0, 3.8),
        "vmic": Quality(0.09, 0.0, 1.0, 2.1),
        "fe_h": Quality(0.08, 0.0, -1.50, 0.42, 150),
        "o": Quality(0.13, 0.0, -0.20, 0.60, 40),
        "eu": Quality(0.17, 0.0, -0.25, 0.60, 20),
        "mg": Quality(0.07, 0.0, -0.12, 0.42, 24),
        "al": Quality(0.11, 0.0, -0.35, 0.48, 18),
        "mn": Quality(0.09, 0.0, -0.45, 0.22, 24),
        "ba": Quality(0.22, 0.090, -0.60, 0.60, 20),
    }
)
"""What the giant model infers."""

ALL_PIXELS = 3600


def dwarf_trend(teff: Floats) -> Floats:
    """Course of the dwarfs' false trends with T_eff: mean 0 and spread 1 over the survey's dwarfs."""
    x = (np.clip(teff, 4000.0, 7000.0) - 5800.0) / 540.0
    return 0.95 * x + 0.18 * (x * x - 1.0)


def giant_trend(teff: Floats, logg: Floats) -> Floats:
    """Course of barium's false trend, mean 0 and spread 1: low in the faint, warm giants near the Sun."""
    faint = (np.clip(logg, 0.5, 4.0) - 2.90) / 0.72
    warm = (np.clip(teff, 3900.0, 5800.0) - 4830.0) / 350.0
    return -0.75 * faint - 0.30 * warm


def measure(
    truth: Mapping[str, Floats], giant: Flags, random: np.random.Generator
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Measure every label with the model of each star's kind.

    Parameters
    ----------
    truth : true labels: teff (K), logg, vmic, fe_h and [X/Fe] of every element.
    giant : whether the giant model is used.
    random : source of random numbers.

    Returns
    -------
    measured labels and their stated errors; NaN where a star's model lacks the label.
    """
    trends = (dwarf_trend(truth["teff"]), giant_trend(truth["teff"], truth["logg"]))
    measured: dict[str, Floats] = {}
    errors: dict[str, Floats] = {}
    for name, true in truth.items():
        noise = random.standard_normal(true.shape)
        value, error = np.full(true.shape, np.nan), np.full(true.shape, np.nan)
        for model, mine, trend in ((DWARFS, ~giant, trends[0]), (GIANTS, giant, trends[1])):
            if name in model:
                quality = model[name]
                random_part = np.sqrt(quality.scatter**2 - quality.trend**2)
                value = np.where(mine, true + quality.trend * trend + random_part * noise, value)
                error = np.where(mine, quality.scatter, error)
        measured[name], errors[name] = value, error
    return measured, errors


def extrapolated(measured: Mapping[str, Floats], giant: Flags) -> dict[str, NDArray[np.int8]]:
    """Flags of labels beyond their model's limits: 1, 0, or -1 where the model lacks the label."""
    flags: dict[str, NDArray[np.int8]] = {}
    for name, value in measured.items():
        low, high = (
            np.where(giant, getattr(GIANTS.get(name), end, np.nan), getattr(DWARFS.get(name), end, np.nan))
            for end in ("low", "high")
        )
        beyond = ((value < low) | (value > high)).astype(np.int8)
        flags[name] = np.where(np.isfinite(value), beyond, np.int8(-1)).astype(np.int8)
    flags["kiel"] = np.maximum(flags.pop("teff"), flags.pop("logg"))
    return flags


def fit_quality(snr: Floats, giant: Flags, random: np.random.Generator) -> tuple[Floats, dict[str, Floats]]:
    """chi2 of the whole spectrum and in the windows of each label.

    Parameters
    ----------
    snr : signal-to-noise ratio per pixel; the better a spectrum, the more the model's own faults show.
    giant : whether the giant model is used.
    random : source of random numbers.

    Returns
    -------
    chi2, and chi2 per label: NaN where a star's model lacks it.
    """
    poor = random.random(snr.shape) < 0.03
    reduced = (1 + (np.minimum(snr, 500) / 150.0) ** 2) * np.exp(0.12 * random.standard_normal(snr.shape))
    reduced = reduced * (1 + poor * random.exponential(1.5, snr.shape))
    windows: dict[str, Floats] = {}
    for name in {**DWARFS, **GIANTS}:
        pixels = max(model[name].pixels for model in (DWARFS, GIANTS) if name in model)
        if pixels:
            lacking = np.where(giant, name not in GIANTS, name not in DWARFS)
            value = pixels * reduced * np.exp(np.sqrt(2 / pixels) * random.standard_normal(snr.shape))
            windows[name] = np.where(lacking, np.nan, value)
    return ALL_PIXELS * reduced, windows
