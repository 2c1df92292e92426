"""Measured labels: the paper's scatter and trends recovered from observed minus true."""

import numpy as np
import pytest

from model.measurement import (
    ALL_PIXELS,
    DWARFS,
    GIANTS,
    dwarf_trend,
    extrapolated,
    fit_quality,
    giant_trend,
    measure,
)

STARS = 40_000
ELEMENTS = ("o", "eu", "alpha", "sc", "s", "mg", "al", "mn", "ba")


def truth(teff, logg):
    return {
        "teff": teff,
        "logg": logg,
        "vmic": np.full(teff.shape, 1.2),
        "fe_h": np.zeros(teff.shape),
        **{element: np.full(teff.shape, 0.1) for element in ELEMENTS},
    }


@pytest.fixture(scope="module")
def dwarfs():
    draw = np.random.default_rng(1)
    true = truth(draw.normal(5800, 540, STARS), draw.normal(4.4, 0.2, STARS))
    return true, *measure(true, np.zeros(STARS, dtype=bool), np.random.default_rng(2))


@pytest.fixture(scope="module")
def giants():
    draw = np.random.default_rng(3)
    logg = draw.normal(2.9, 0.72, STARS)
    true = truth(4830 + 350 * (0.8 * (logg - 2.9) / 0.72 + 0.6 * draw.standard_normal(STARS)), logg)
    return true, *measure(true, np.ones(STARS, dtype=bool), np.random.default_rng(4))


def test_scatter_lies_in_the_papers_ranges():
    for model, low, high in ((DWARFS, 0.05, 0.23), (GIANTS, 0.07, 0.22)):
        spread = [quality.scatter for name, quality in model.items() if name not in ("teff", "logg", "vmic")]
        assert min(spread) == low
        assert max(spread) == high
    assert DWARFS["alpha"].scatter == 0.06


@pytest.mark.parametrize("label", sorted(DWARFS))
def test_dwarfs_scatter_as_stated(dwarfs, label):
    true, measured, errors = dwarfs
    assert np.std(measured[label] - true[label]) == pytest.approx(DWARFS[label].scatter, rel=0.06)
    assert np.all(errors[label] == DWARFS[label].scatter)


@pytest.mark.parametrize("label", sorted(GIANTS))
def test_giants_scatter_as_stated(giants, label):
    true, measured, errors = giants
    assert np.std(measured[label] - true[label]) == pytest.approx(GIANTS[label].scatter, rel=0.06)
    assert np.all(errors[label] == GIANTS[label].scatter)


def test_labels_a_model_lacks_are_missing(dwarfs, giants):
    for (_, measured, errors), model in ((dwarfs, DWARFS), (giants, GIANTS)):
        for label, value in measured.items():
            assert np.all(np.isnan(value) == (label not in model))
            assert np.all(np.isnan(errors[label]) == (label not in model))


def test_dwarf_abundances_drift_with_temperature(dwarfs):
    true, measured, _ = dwarfs
    for label in ("fe_h", "o", "eu", "alpha", "sc", "s"):
        drift = np.corrcoef(true["teff"], measured[label])[0, 1]
        assert abs(drift) > 0.3
        assert np.sign(drift) == np.sign(DWARFS[label].trend)


def test_only_barium_drifts_in_giants(giants):
    true, measured, _ = giants
    for label in ("fe_h", "o", "eu", "mg", "al", "mn"):
        assert abs(np.corrcoef(true["logg"], measured[label])[0, 1]) < 0.02
    assert np.corrcoef(true["logg"], measured["ba"])[0, 1] < -0.3
    narrow = np.abs(true["logg"] - 2.9) < 0.1
    assert np.corrcoef(true["teff"][narrow], measured["ba"][narrow])[0, 1] < -0.05


def test_trends_are_centred_and_scaled(dwarfs, giants):
    trends = dwarf_trend(dwarfs[0]["teff"]), giant_trend(giants[0]["teff"], giants[0]["logg"])
    for trend in trends:
        assert np.mean(trend) == pytest.approx(0, abs=0.1)
        assert np.std(trend) == pytest.approx(1, abs=0.1)


def test_flags_say_what_lies_beyond_the_limits(giants):
    _, measured, _ = giants
    flags = extrapolated(measured, np.ones(STARS, dtype=bool))
    assert set(flags) == {"kiel", "vmic", "fe_h", *ELEMENTS}
    quality = GIANTS["mg"]
    np.testing.assert_array_equal(
        flags["mg"] == 1, (measured["mg"] < quality.low) | (measured["mg"] > quality.high)
    )
    assert np.all(flags["alpha"] == -1)
    outside = [
        (measured[name] < GIANTS[name].low) | (measured[name] > GIANTS[name].high)
        for name in ("teff", "logg")
    ]
    np.testing.assert_array_equal(flags["kiel"] == 1, outside[0] | outside[1])
    assert all(flag.dtype == np.int8 for flag in flags.values())


def test_chi2_is_near_the_number_of_pixels_with_a_tail_beyond_7000():
    giant = np.random.default_rng(5).random(STARS) < 0.5
    snr = np.random.default_rng(6).lognormal(3.3, 0.7, STARS)
    chi2, windows = fit_quality(snr, giant, np.random.default_rng(7))
    assert np.median(chi2) == pytest.approx(ALL_PIXELS, rel=0.15)
    assert 0.01 < np.mean(chi2 > 7000) < 0.1
    assert np.all(np.isnan(windows["alpha"]) == giant)
    assert np.all(np.isnan(windows["ba"]) == ~giant)
    assert np.nanmedian(windows["ba"] / chi2) == pytest.approx(GIANTS["ba"].pixels / ALL_PIXELS, rel=0.02)
