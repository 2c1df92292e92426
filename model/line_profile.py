"""Absorption lines as a spectrograph shows them: the curve of growth, and profiles on its pixels.

The star is a Milne-Eddington atmosphere (Mihalas 1978, Stellar Atmospheres, ch. 10): where a line's opacity
is eta times the continuum's, it takes the part A eta / (1 + eta) of the flux, A being its greatest depth.
With eta = eta_0 H(a, u), u in Doppler widths b, the equivalent width is A b F(eta_0, a): weak lines grow with
eta_0, strong ones saturate, damped ones grow with its root.

Lines are narrower than what the spectrograph resolves, but for their damping wings, which fall as A w^2 / x^2
with w^2 = b^2 eta_0 a / sqrt(pi). A Voigt function of the line's equivalent width W and the Lorentzian
width pi A w^2 / W has the right strength and the right wings in every regime. Hydrogen's Stark wings, eta =
(w / x)^(5/2), are broader than its Doppler core.

Widths are in pixels of equal steps in log(wavelength), in which all lines are equally broad. All that is
compiled is in this file, since numba's cache looks at one only.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile, wofz

from model.compiled import exact

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

SIGMA = 1 / (1800 * np.log(10) * 1e-4 * 2.354_820_045)
"""Standard deviation of what the spectrograph makes of a narrow line at R = 1800, pixels."""
STRENGTH_STEP, DAMPING_STEP, WIDTH_STEP = 0.1, 0.25, 0.1
STRENGTHS = np.round(np.arange(-4.0, 12.001, STRENGTH_STEP), 6)
"""log10 of eta_0 in the table of the curve of growth."""
DAMPINGS = np.round(np.arange(-5.0, 1.001, DAMPING_STEP), 6)
"""log10 of a."""
WIDTHS = np.round(np.arange(-3.0, 3.001, WIDTH_STEP), 6)
"""log10 of the wings' widths in the tables of profiles, pixels."""
STEP, REACH = 0.1, 16.0
"""Step and end of the distances in them, pixels; beyond, profiles are their wings."""
FAINT = 2e-4
"""Depth at which a wing is cut."""
FARTHEST = 500.0
"""Distance at which any is, pixels."""
WEAKEST = -2.5
"""log10 of eta_0 below which lines are left out: they would be less deep than 1e-4."""
CORE = 4.0
"""Half-width of lines without wings, pixels."""
CORE_DEPTH = 0.68
"""Greatest depth of hydrogen's lines over that of others: their cores form higher, where T rises again."""
PIXEL = 2.997_924_58e10 * np.log(10.0) * 1e-4
"""A pixel as a velocity, cm/s."""
CROWD = 2.0
"""Pixels over which the lines that one entry stands for are spread at random."""


class Tables(NamedTuple):
    """What the kernel looks up.

    Attributes
    ----------
    growth : ln of F / eta_0, (len(STRENGTHS), len(DAMPINGS)).
    voigt, stark : profiles of a Lorentzian of area 1, and of 1 / (1 + (x / w)^(5/2)), convolved with the
        Gaussian of SIGMA, (len(WIDTHS), REACH / STEP + 1).
    """

    growth: Floats
    voigt: Floats
    stark: Floats


class Lines(NamedTuple):
    """M lines of metals and molecules, (M,) each.

    Attributes
    ----------
    pixel : place on the grid, from 0.
    strength : log10 of gf times wavelength in cm.
    excitation : eV.
    species : number of the species.
    radiative, pressure : damping over 4 pi / wavelength, cm/s: by radiation, and by gas of unit
        pressure (dyn/cm^2) times (T / K)^-0.7.
    crowd : log10 of the number of equal lines that the entry stands for.
    node, place : the node before it, and how far it is from there to the next.
    """

    pixel: Floats
    strength: Floats
    excitation: Floats
    species: Integers
    radiative: Floats
    pressure: Floats
    crowd: Floats
    node: Integers
    place: Floats


class Hydrogen(NamedTuple):
    """H lines of hydrogen, (H,) each.

    Attributes
    ----------
    pixel : place on the grid, from 0.
    strength : log10 of eta at a relative distance of 1 from the line, for one atom of its lower level per
        nucleus of hydrogen, one dyn/cm^2 of electrons and an opacity of 1 cm^2; see line_list.STARK_UNIT.
    series : number of the lower level, from 0.
    power, scale : the wings' width is 10**scale eta**power, relative to the wavelength.
    node, place : the node before it, and how far it is from there to the next.
    """

    pixel: Floats
    strength: Floats
    series: Integers
    power: Floats
    scale: Floats
    node: Integers
    place: Floats


class Atmospheres(NamedTuple):
    """N stars.

    Attributes
    ----------
    theta : (N,), 5040 K over the layer's temperature.
    column : (N, S), log10 of the lines' part of eta_0 of each species: of sqrt(pi) e^2 / (m c) times
        atoms per nucleus of hydrogen, over partition function and Doppler width in cm/s.
    doppler : (N, S), Doppler width, cm/s.
    crush : (N,), gas pressure times (T / K)^-0.7.
    levels : (N, 2), log10 of hydrogen's atoms in n = 2 and 3 per nucleus, times electron pressure.
    dimness : (N, K), log10 of stimulated emission's factor over the continuum's opacity, at the nodes.
    depth : (N, K), greatest depth A of lines at the nodes.
    shift, blur : (N,), Doppler shift in pixels, and width of the instrument's profile in units of SIGMA.
    """

    theta: Floats
    column: Floats
    doppler: Floats
    crush: Floats
    levels: Floats
    dimness: Floats
    depth: Floats
    shift: Floats
    blur: Floats


def growth(strength: Floats, damping: Floats) -> Floats:
    """F(eta_0, a), the integral of eta / (1 + eta) over u, for every eta_0 (M,) and a (A,): (M, A)."""
    t = np.linspace(0.0, np.arcsinh(1e8), 1200)
    u, stretch = np.sinh(t), np.cosh(t) * (t[1] - t[0])
    stretch[0] /= 2
    columns = []
    for a in damping:
        eta = strength[:, None] * wofz(u + 1j * a).real
        columns.append(2 * (eta / (1 + eta) * stretch).sum(axis=1))
    return np.stack(columns, axis=1)


@cache
def tables() -> Tables:
    """The tables, computed once."""
    distance = np.arange(round(REACH / STEP) + 1) * STEP
    voigt: Floats = np.asarray(voigt_profile(distance, SIGMA, 10 ** WIDTHS[:, None]), np.float64)
    z = np.linspace(-5.0, 5.0, 401)
    weight = np.exp(-0.5 * z**2)
    weight /= weight.sum()
    apart = np.abs(distance[:, None] - SIGMA * z)
    stark = np.array([(1 / (1 + (apart / width) ** 2.5)) @ weight for width in 10**WIDTHS])
    grown = np.log(growth(10**STRENGTHS, 10**DAMPINGS) / 10 ** STRENGTHS[:, None])
    return Tables(grown, voigt, stark)


@exact
def _corner(value: float, cells: int) -> tuple[int, float]:
    """Cell of a table in which a coordinate lies, and where in it; the nearest cell's edge if in none."""
    value = min(max(value, 0.0), cells - 1e-6)
    cell = int(value)
    return cell, value - cell


@exact
def _profile(table: Floats, i: int, y: float, x: float) -> float:
    """A table's profile, a part y of the way from width i to the next, at a distance x within REACH."""
    at = x * (1 / STEP)
    j = int(at)
    at -= j
    upper: float = table[i, j] + (table[i, j + 1] - table[i, j]) * at
    lower: float = table[i + 1, j] + (table[i + 1, j + 1] - table[i + 1, j]) * at
    return upper + (lower - upper) * y


@exact
def absorb_voigt(row: Floats, centre: float, area: float, wing: float, blur: float, table: Floats) -> None:
    """Take a line out of a spectrum.

    Parameters
    ----------
    row : (P,), changed.
    centre, area, wing : place, equivalent width and Lorentzian width, pixels.
    blur : width of the instrument's profile in units of SIGMA.
    table : Tables.voigt.
    """
    reach = min(max(CORE * blur, np.sqrt(area * wing / (np.pi * FAINT))), FARTHEST)
    first, last = max(int(np.ceil(centre - reach)), 0), min(int(centre + reach), row.size - 1)
    sharp = 1 / blur
    gamma, height = wing * sharp, area * sharp
    i, y = 0, 0.0
    if gamma > 10 ** WIDTHS[0]:
        i, y = _corner((np.log(gamma) / np.log(10.0) - WIDTHS[0]) / WIDTH_STEP, table.shape[0] - 1)
    for p in range(first, last + 1):
        x = abs(p - centre) * sharp
        if x < REACH:
            row[p] *= 1 - height * _profile(table, i, y, x)
        else:
            square = x * x + gamma * gamma
            broader = SIGMA**2 * (3 * x * x - gamma * gamma) / (square * square)
            row[p] *= 1 - height * gamma / (np.pi * square) * (1 + broader)


@exact
def absorb_stark(row: Floats, centre: float, depth: float, wing: float, blur: float, table: Floats) -> None:
    """Take a line of hydrogen out of a spectrum: as `absorb_voigt`, but with its greatest depth."""
    reach = min(max(CORE * blur, wing * (depth / FAINT) ** 0.4), FARTHEST)
    first, last = max(int(np.ceil(centre - reach)), 0), min(int(centre + reach), row.size - 1)
    sharp = 1 / blur
    w = wing * sharp
    if not w > 10 ** WIDTHS[0]:
        return
    i, part = _corner((np.log10(w) - WIDTHS[0]) / WIDTH_STEP, table.shape[0] - 1)
    for p in range(first, last + 1):
        x = abs(p - centre) * sharp
        if x < REACH:
            value = _profile(table, i, part, x)
        else:
            y = (x / w) * (x / w) * np.sqrt(x / w)
            value = 1 / (1 + y)
            value *= 1 + SIGMA**2 / (2 * x * x) * y * value * (12.5 * y * value - 3.75)
        row[p] *= 1 - depth * value


@exact
def _along(values: Floats, cell: int, place: float) -> float:
    value: float = values[cell] + (values[cell + 1] - values[cell]) * place
    return value


@exact
def _growth(table: Floats, log_eta: float, log_a: float) -> float:
    """Ln of F / eta_0: unlike F it is nearly constant where most lines are."""
    i, y = _corner((log_eta - STRENGTHS[0]) / STRENGTH_STEP, STRENGTHS.size - 1)
    j, x = _corner((log_a - DAMPINGS[0]) / DAMPING_STEP, DAMPINGS.size - 1)
    upper: float = table[i, j] + (table[i, j + 1] - table[i, j]) * x
    lower: float = table[i + 1, j] + (table[i + 1, j + 1] - table[i + 1, j]) * x
    return upper + (lower - upper) * y


@exact
def _absorb_metals(row: Floats, lines: Lines, stars: Atmospheres, n: int, tables: Tables) -> None:
    """Take the lines of metals and molecules out of the spectrum of star n."""
    ten, root = np.log(10.0), np.sqrt(np.pi)
    column, doppler, dimness, deepest = stars.column[n], stars.doppler[n], stars.dimness[n], stars.depth[n]
    theta, crush, shift, blur = stars.theta[n], stars.crush[n], stars.shift[n], stars.blur[n]
    for m in range(lines.pixel.size):
        s, k, at = lines.species[m], lines.node[m], lines.place[m]
        log_eta = lines.strength[m] + column[s] - theta * lines.excitation[m] + _along(dimness, k, at)
        log_eta = min(log_eta, STRENGTHS[-1])
        if log_eta < WEAKEST - lines.crowd[m]:
            continue
        depth, b = _along(deepest, k, at), doppler[s] / PIXEL
        a = (lines.radiative[m] + lines.pressure[m] * crush) / doppler[s]
        eta = np.exp(ten * log_eta)
        area = depth * b * eta * np.exp(_growth(tables.growth, log_eta, np.log(a) / ten))
        wing = root * depth * b * b * eta * a / area
        if lines.crowd[m] > 0:
            area = CROWD * depth * -np.expm1(-np.exp(ten * lines.crowd[m]) * area / (CROWD * depth))
        absorb_voigt(row, lines.pixel[m] + shift, area, wing, blur, tables.voigt)


@exact
def _absorb_hydrogen(row: Floats, lines: Hydrogen, stars: Atmospheres, n: int, tables: Tables) -> None:
    for m in range(lines.pixel.size):
        k, at = lines.node[m], lines.place[m]
        log_eta = lines.strength[m] + stars.levels[n, lines.series[m]] + _along(stars.dimness[n], k, at)
        depth = CORE_DEPTH * _along(stars.depth[n], k, at)
        wing = 10 ** (lines.power[m] * log_eta + lines.scale[m]) / (np.log(10.0) * 1e-4)
        absorb_stark(row, lines.pixel[m] + stars.shift[n], depth, wing, stars.blur[n], tables.stark)


@exact
def absorb(lines: Lines, hydrogen: Hydrogen, stars: Atmospheres, tables: Tables, flux: Singles) -> None:
    """Fill in what lines leave of the continuum, (N, P)."""
    row = np.empty(flux.shape[1])
    for n in range(flux.shape[0]):
        row[:] = 1.0
        _absorb_metals(row, lines, stars, n, tables)
        _absorb_hydrogen(row, hydrogen, stars, n, tables)
        for p in range(row.size):
            flux[n, p] = max(row[p], 0.0)
