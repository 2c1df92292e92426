"""Line profiles of the mock spectra against their integrals, done slowly."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import wofz

from model.line_profile import (
    CORE_DEPTH,
    CROWD,
    PIXEL,
    SIGMA,
    Atmospheres,
    Hydrogen,
    Lines,
    absorb,
    growth,
    tables,
)

PIXELS = 801
MIDDLE = 400.3
DEPTH = 0.8
DOPPLER = 1.6e5
FINE = 64


def star(shift=0.0, blur=1.0, levels=0.0):
    """One star whose lines' eta_0 is their strength, and whose damping is theirs over DOPPLER."""
    one = np.ones(1)
    return Atmospheres(
        theta=0 * one,
        column=np.zeros((1, 1)),
        doppler=np.full((1, 1), DOPPLER),
        crush=0 * one,
        levels=np.full((1, 2), levels),
        dimness=np.zeros((1, 2)),
        depth=np.full((1, 2), DEPTH),
        shift=shift * one,
        blur=blur * one,
    )


NO_METALS = Lines(*(np.zeros(0, kind) for kind in ("f8", "f8", "f8", "i8", "f8", "f8", "f8", "i8", "f8")))
NO_HYDROGEN = Hydrogen(*(np.zeros(0, kind) for kind in ("f8", "f8", "i8", "f8", "f8", "i8", "f8")))


def metals(eta, a, pixel=MIDDLE, crowd=1.0):
    each = [np.array([value]) for value in (pixel, np.log10(eta), 0.0)]
    return Lines(
        *each,
        np.zeros(1, np.int64),
        np.array([a * DOPPLER]),
        np.zeros(1),
        np.array([np.log10(crowd)]),
        np.zeros(1, np.int64),
        np.zeros(1),
    )


def hydrogen(width):
    """A line of hydrogen with wings of a width in pixels."""
    scale = np.log10(width * np.log(10) * 1e-4)
    numbers = [np.array([value]) for value in (MIDDLE, 0.0)]
    whole = np.zeros(1, np.int64)
    return Hydrogen(*numbers, whole, np.array([0.4]), np.array([scale]), whole, np.zeros(1))


def spectrum(metal=NO_METALS, balmer=NO_HYDROGEN, **star_words):
    flux = np.empty((1, PIXELS), np.float32)
    absorb(metal, balmer, star(**star_words), tables(), flux)
    return flux[0].astype(float)


def slowly(depth_at, blur=1.0):
    """What a profile in pixels looks like to the spectrograph, by convolution on a fine grid."""
    fine = np.arange(-200 * FINE, 1001 * FINE) / FINE
    kernel = np.exp(-0.5 * (np.arange(-8 * FINE, 8 * FINE + 1) / FINE / (SIGMA * blur)) ** 2)
    lost = np.convolve(depth_at(fine - MIDDLE), kernel / kernel.sum(), mode="same")
    return 1 - np.interp(np.arange(PIXELS), fine, lost)


def milne_eddington(eta, a):
    def depth_at(x):
        # The core is narrower than a cell of the fine grid: average each cell.
        inner = (np.arange(40) + 0.5) / 40 - 0.5
        u = (x[:, None] + inner / FINE) * PIXEL / DOPPLER
        opacity = eta * wofz(u + 1j * a).real
        return (DEPTH * opacity / (1 + opacity)).mean(axis=1)

    return depth_at


REGIMES = {
    "weak": (0.05, 1e-3), "of unit strength": (1.0, 0.01), "saturated": (30.0, 1e-3),
    "saturated, damped": (1e3, 0.02), "damped": (1e5, 0.05), "very damped": (1e7, 0.1),
}  # fmt: skip


@pytest.mark.parametrize("regime", REGIMES)
def test_line_is_the_integral_of_its_opacity(regime):
    """To 1 % of its depth, but where the core blends into the wings: there to 4 %."""
    eta, a = REGIMES[regime]
    fast, slow = spectrum(metals(eta, a)), slowly(milne_eddington(eta, a))
    depth = 1 - slow.min()
    tolerance = 0.04 if regime in ("saturated, damped", "damped", "very damped") else 0.01
    assert np.abs(fast - slow).max() < tolerance * depth + 2e-4
    assert (1 - fast).sum() == pytest.approx((1 - slow).sum(), rel=0.02, abs=1e-4)


@pytest.mark.parametrize("width", [0.05, 0.7, 4.0, 30.0])
def test_hydrogen_is_the_convolution_of_its_wings(width):
    fast = spectrum(balmer=hydrogen(width))
    slow = slowly(lambda x: CORE_DEPTH * DEPTH / (1 + (np.abs(x) / width) ** 2.5))
    assert np.abs(fast - slow).max() < 0.01 * (1 - slow.min()) + 2e-4


@pytest.mark.parametrize("blur", [0.9, 1.15])
def test_blur_is_the_width_of_the_instruments_profile(blur):
    fast = spectrum(metals(300.0, 0.01), blur=blur)
    slow = slowly(milne_eddington(300.0, 0.01), blur)
    assert np.abs(fast - slow).max() < 0.02 * (1 - slow.min())


def test_shift_moves_lines():
    still, moved = spectrum(metals(1e4, 0.05)), spectrum(metals(1e4, 0.05), shift=7.0)
    assert np.allclose(still[:-7], moved[7:], atol=3e-4)
    assert np.argmin(moved) == np.argmin(still) + 7


def test_curve_of_growth_is_its_integral():
    def slow(eta, a):
        def lost(u):
            opacity = eta * wofz(u + 1j * a).real
            return 2 * opacity / (1 + opacity)

        edges = [0, 1, 3, 10, 100, 1e4, 1e7]
        return sum(quad(lost, *pair, limit=200)[0] for pair in pairwise(edges))

    for eta, a in REGIMES.values():
        assert growth(np.array([eta]), np.array([a]))[0, 0] == pytest.approx(slow(eta, a), rel=1e-4)


def test_curve_of_growth_has_its_three_limits():
    weak, strong, damped = 1e-3, 1e4, 1e7
    assert growth(np.array([weak]), np.array([1e-5]))[0, 0] == pytest.approx(np.sqrt(np.pi) * weak, rel=1e-3)
    log = np.log(strong)
    fermi = 2 * np.sqrt(log) * (1 - np.pi**2 / (24 * log**2))  # Sommerfeld's expansion
    assert growth(np.array([strong]), np.array([1e-7]))[0, 0] == pytest.approx(fermi, rel=2e-3)
    root = np.pi * np.sqrt(damped * 0.1 / np.sqrt(np.pi))
    assert growth(np.array([damped]), np.array([0.1]))[0, 0] == pytest.approx(root, rel=1e-2)


def test_table_of_growth_is_fine_enough():
    assert np.isfinite(tables().growth).all()
    for eta, a in [(0.37, 3e-3), (44.0, 2.2e-2), (7.7e4, 0.13)]:
        width = (1 - spectrum(metals(eta, a))).sum()
        exact = DEPTH * DOPPLER / PIXEL * growth(np.array([eta]), np.array([a]))[0, 0]
        assert width == pytest.approx(exact, rel=0.03)


def test_a_crowd_is_many_lines_until_it_fills_its_place():
    """Against lines at random places, whose transmissions multiply."""
    for eta, tolerance in ((0.5, 0.02), (1e4, 0.1)):
        one = 1 - spectrum(metals(eta, 1e-3))
        alone = one.sum()
        crowd = (1 - spectrum(metals(eta, 1e-3, crowd=20.0))).sum()
        spread = CROWD * DEPTH * (1 - (1 - alone / (CROWD * DEPTH)) ** 20)
        assert crowd == pytest.approx(spread, rel=tolerance)
        assert crowd < CROWD * DEPTH


def test_faint_lines_are_left_out():
    assert (spectrum(metals(1e-4, 1e-3)) == 1).all()
