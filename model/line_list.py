"""The lines of the mock spectra laid on a grid of pixels: metals and molecules, and hydrogen's series."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from model.atoms import ELEMENTS, MOLECULES
from model.iron_lines import IRON_LINES
from model.line_profile import Hydrogen, Lines
from model.line_strengths import ATOMIC_LINES
from model.molecular_lines import MOLECULAR_LINES

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LISTED: Mapping[str, str] = MappingProxyType({**ATOMIC_LINES, **IRON_LINES, **MOLECULAR_LINES})
"""Species -> its lines: "fe1" is neutral iron, "fe2" iron ionised once, "ch" a molecule."""
SPECIES = tuple(LISTED)
"""In the order of their numbers."""

NODES = 40
"""Pixels, evenly spread over the grid, at which the continuum is computed."""

RYDBERG = 109_677.583
"""Of hydrogen, 1/cm."""
HIGHEST: Mapping[int, int] = MappingProxyType({2: 24, 3: 18})
"""Lower level of a series -> upper level of its last line: beyond, they have merged."""
GAUNT: Mapping[tuple[int, int], float] = MappingProxyType(
    {(2, 3): 0.757, (2, 4): 0.822, (2, 5): 0.844, (2, 6): 0.862}
)
LATER_GAUNT = 0.88

STARK: Mapping[int, tuple[float, float]] = MappingProxyType({2: (0.18, -1.98), 3: (0.40, -1.00)})
"""Lower level -> power and scale of Stark wings, see Hydrogen. In one layer the power would be 0.4 and Balmer
lines would gain far more from heat than they do, for real ones form where they can: these numbers are ours,
made for the looks of real spectra from 4500 to 8000 K."""
STARK_UNIT = -16.0
"""log10 of the strength that STARK is to be used with."""

VAN_DER_WAALS = 0.5
"""Damping by gas over Unsoeld's approximation in the layer; chosen, with photosphere.LINE_SHARE and
photosphere.THINNESS, to give the Sun's equivalent widths."""
BROADENED: Mapping[str, float] = MappingProxyType({"mg1": 2.5, "ca2": 2.0, "na1": 1.3})
"""Species whose lines gas damps more than that, by what: for the Mg b, Ca II and Na D lines of real stars."""
HYPERFINE: Mapping[str, float] = MappingProxyType({"mn": 1.5, "eu": 2.0, "sc": 1.3, "v": 1.5, "co": 2.0})
"""Components into which the nucleus splits an element's lines, as far as they saturate apart; ours."""

_CLOSEST = 0.5
"""eV between a level and ionisation below which damping does not grow."""


def rows(text: str) -> Floats:
    """Lines as line_strengths lists them, (M, 4): wavelength, energy, log gf, number of lines."""
    lines = [line.split() for line in text.split(",")]
    return np.array([[*map(float, line), 1.0][:4] for line in lines])


def element_of(species: str) -> tuple[str, int]:
    """Element of an atom's species, and how often it is ionised."""
    return species[:-1], int(species[-1]) - 1


def metal_lines(wavelength: Floats) -> Lines:
    """Lines of metals and molecules on a grid of even steps in log(wavelength), (P,), A."""
    found = []
    for number, (species, text) in enumerate(LISTED.items()):
        wave, energy, gf, crowd = rows(text).T
        if species not in MOLECULES:
            crowd = crowd * HYPERFINE.get(element_of(species)[0], 1.0)
        kind = np.full(wave.shape, float(number))
        found.append(
            (wave, energy, gf - np.log10(crowd), np.log10(crowd), kind, _unsoeld(species, wave, energy))
        )
    parts = [np.concatenate(column) for column in zip(*found, strict=True)]
    order = np.argsort(parts[0], kind="stable")
    wave, energy, gf, crowd, kind, gas = (column[order] for column in parts)
    pixel = _pixel(wave, wavelength)
    per_width = wave * 1e-8 / (4 * np.pi)
    # The classical oscillator's: 8 pi^2 e^2 / (3 m c lambda^2).
    radiative = 2.223e15 / wave**2
    return Lines(
        pixel,
        gf + np.log10(wave * 1e-8),
        energy,
        kind.astype(np.int64),
        radiative * per_width,
        gas * per_width,
        crowd,
        *_node(pixel, wavelength.size),
    )


def _unsoeld(species: str, wave: Floats, energy: Floats) -> Floats:
    """Van der Waals damping (1/s) in gas of unit pressure times (T / K)^-0.7 (Gray 2005, eq. 11.30)."""
    if species in MOLECULES:
        return np.zeros_like(wave)
    element, charge = element_of(species)
    ionisation = ELEMENTS[element].ionisation[charge]
    lower = np.maximum(ionisation - energy, _CLOSEST)
    upper = np.maximum(ionisation - energy - 12_398.42 / wave, _CLOSEST)
    c6 = 0.3e-30 * (charge + 1) ** 2 * np.maximum(1 / upper**2 - 1 / lower**2, 1e-3)
    width: Floats = VAN_DER_WAALS * BROADENED.get(species, 1.0) * 10 ** (20 + 0.4 * np.log10(c6))
    return width


def hydrogen_wavelengths(lower: int) -> tuple[Integers, Floats]:
    """Upper levels and vacuum wavelengths (A) of a series' lines, by Rydberg's formula."""
    upper = np.arange(lower + 1, HIGHEST[lower] + 1)
    return upper, 1e8 / (RYDBERG * (1 / lower**2 - 1 / upper**2))


def oscillator_strength(lower: int, upper: int) -> float:
    """Of a line of hydrogen: Kramers' formula times a Gaunt factor (Menzel & Pekeris 1935, MNRAS 96, 77)."""
    gaunt = GAUNT.get((lower, upper), LATER_GAUNT)
    return float(32 / (3 * np.pi * 3**0.5) * gaunt / (lower**5 * upper**3 * (lower**-2 - upper**-2) ** 3))


def hydrogen_lines(wavelength: Floats) -> Hydrogen:
    """The series' lines on a grid of even steps in log(wavelength), (P,), A.

    Stark wings spread as wavelength^2 n^2, hence a strength of f wavelength^2.5 n^3 at a relative distance
    of 1.
    """
    found = []
    for series, lower in enumerate(HIGHEST):
        for upper, wave in zip(*hydrogen_wavelengths(lower), strict=True):
            strength = oscillator_strength(lower, int(upper)) * (wave * 1e-8) ** 2.5 * upper**3.0
            found.append((wave, STARK_UNIT + np.log10(strength), series, *STARK[lower]))
    wave, strength, series_of, power, scale = (np.array(column) for column in zip(*found, strict=True))
    pixel = _pixel(wave, wavelength)
    return Hydrogen(pixel, strength, series_of, power, scale, *_node(pixel, wavelength.size))


def _pixel(wave: Floats, wavelength: Floats) -> Floats:
    place: Floats = np.log(wave / wavelength[0]) / np.log(wavelength[1] / wavelength[0])
    return place


def _node(pixel: Floats, pixels: int) -> tuple[Integers, Floats]:
    """The node before each place, and how far it is from there to the next."""
    along = np.clip(pixel / (pixels - 1) * (NODES - 1), 0, NODES - 1 - 1e-9)
    return along.astype(np.int64), along - np.floor(along)
