"""Abundances: planted sequences, slopes with age and spreads, measured again from draws."""

import numpy as np
import pytest
from scipy.stats import linregress

from model.enrichment import AGE_SLOPES, KNOTS, SCATTER, SEQUENCES, abundances
from model.galaxy import ACCRETED, HEATED, POPULATIONS, THICK, THIN


def drawn(population, fe_h, *, age=4.5, R=8.0, phi=0.0, z=0.0, ridge=0.0, stars=20_000, seed=0):
    full = [np.broadcast_to(each, stars).astype(np.float64) for each in (fe_h, age, R, phi, z, ridge)]
    number = np.full(stars, POPULATIONS.index(population))
    return abundances(number, full[0], full[1], tuple(full[2:5]), full[5], np.random.default_rng(seed))


@pytest.mark.parametrize("population", [THICK, HEATED, ACCRETED])
@pytest.mark.parametrize("element", sorted(SEQUENCES))
def test_means_lie_on_the_sequence(population, element):
    for fe_h, expected in zip(KNOTS, SEQUENCES[element][population], strict=True):
        assert drawn(population, fe_h)[element].mean() == pytest.approx(expected, abs=0.003)


def test_between_corners_sequences_are_straight():
    middle = drawn(THICK, -0.45)["mg"].mean()
    assert middle == pytest.approx(np.mean(SEQUENCES["mg"][THICK][3:5]), abs=0.002)


@pytest.mark.parametrize("element", sorted(AGE_SLOPES))
def test_thin_disc_follows_age(element):
    age = np.random.default_rng(1).uniform(0.5, 10, 20_000)
    fit = linregress(age, drawn(THIN, 0.0, age=age)[element])
    assert fit.slope == pytest.approx(AGE_SLOPES[element], abs=4 * fit.stderr)


def test_barium_and_europium_spread_at_high_metallicity_and_others_do_not():
    poor, rich = drawn(THICK, -1.2), drawn(THICK, 0.0)
    for element in SCATTER:
        ratio = rich[element].std() / poor[element].std()
        assert (ratio > 2) if element in ("ba", "eu") else (ratio == pytest.approx(1, abs=0.03))


def test_accreted_stars_stand_apart_in_aluminium():
    gap = drawn(HEATED, -1.0)["al"] - drawn(ACCRETED, -1.0)["al"]
    assert gap.mean() > 0.3


def test_main_ridge_is_poorer_in_oxygen_and_richer_in_manganese():
    off, on = drawn(THIN, 0.0), drawn(THIN, 0.0, ridge=1.0)
    assert on["o"].mean() < off["o"].mean() - 0.03
    assert on["mn"].mean() > off["mn"].mean() + 0.02
    assert on["mg"].mean() == pytest.approx(off["mg"].mean(), abs=0.002)


def test_waves_in_azimuth_touch_oxygen_and_manganese_only():
    around = [drawn(THIN, 0.0, phi=phi) for phi in np.linspace(-0.75, 0.75, 7)]
    swing = {element: np.ptp([each[element].mean() for each in around]) for element in around[0]}
    assert min(swing["o"], swing["mn"]) > 0.035
    assert max(swing["mg"], swing["eu"], swing["al"], swing["ba"]) < 0.005


def test_oxygen_and_barium_differ_across_the_midplane():
    north, south = drawn(THIN, 0.0, z=0.5), drawn(THIN, 0.0, z=-0.5)
    assert north["o"].mean() - south["o"].mean() > 0.02
    assert south["ba"].mean() - north["ba"].mean() > 0.02


def test_mean_alpha_follows_magnesium_and_mean_s_follows_barium():
    stars = drawn(THIN, np.random.default_rng(2).uniform(-1, 0.3, 20_000))
    assert np.corrcoef(stars["alpha"], stars["mg"])[0, 1] > 0.95
    assert np.corrcoef(stars["s"], stars["ba"])[0, 1] > 0.95
