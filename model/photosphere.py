"""A star's atmosphere as one layer: temperature, pressures, ionisation, molecules, opacity of the continuum.

Lines form in a layer of LINE_SHARE of T_eff whose optical depth in the continuum at 5000 A is LAYER_DEPTH;
its pressure follows from hydrostatic equilibrium and from who gives electrons. Real atmospheres are no single
layer: lines come out right to some 30 %, and change with labels roughly as they do in stars.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.atoms import ELEMENTS, MOLECULES

Floats = NDArray[np.float64]

LINE_SHARE = 0.92
"""Temperature of the layer in units of T_eff."""
LAYER_DEPTH = 0.25
"""Optical depth of the layer in the continuum at REFERENCE."""
THINNESS = 10**-0.55
"""Lines' opacity over what the layer has: they form above it. Chosen, with LINE_SHARE and
line_list.VAN_DER_WAALS, to give the equivalent widths of 44 lines of the Sun, to 30 % in the mean."""
REFERENCE = 5000.0
"""A."""
HELIUM = 0.085
"""Atoms of helium per hydrogen."""
DONORS = ("h", "mg", "si", "fe", "ca", "na", "al", "k", "c")
"""Elements that give electrons."""

BOLTZMANN = 1.380_649e-16
MASS_UNIT = 1.660_539e-24
_EV_K = 11_604.518
_PLANCK, _LIGHT = 6.626_07e-27, 2.997_924_58e10
_RYDBERG_EV = 13.598
_THOMSON = 6.652e-25
_STEPS = 40
_STEEPNESS = 2.0


def saha(element: str, stage: int, temperature: Floats) -> Floats:
    """Electron pressure (dyn/cm^2) times the ratio of atoms ionised once more than `stage` to those in it.

    Saha's equation, in the form of Gray (2005, The Observation and Analysis of Stellar Photospheres),
    eq. 1.20.
    """
    atom = ELEMENTS[element]
    ratio = atom.partition[stage + 1] / atom.partition[stage]
    pressure: Floats = (
        0.6665 * ratio * temperature**2.5 * np.exp(-_EV_K * atom.ionisation[stage] / temperature)
    )
    return pressure


def dissociation(molecule: str, temperature: Floats) -> Floats:
    """Number densities of the two atoms over that of the molecule, 1/cm^3 (Gray 2005, eq. 16.1 and after).

    The molecule is a rigid rotator and harmonic oscillator.
    """
    facts = MOLECULES[molecule]
    one, other = (ELEMENTS[part] for part in facts.parts)
    mass = one.weight * other.weight / (one.weight + other.weight) * MASS_UNIT
    free = (2 * np.pi * mass * BOLTZMANN * temperature / _PLANCK**2) ** 1.5
    inside = molecular_partition(molecule, temperature)
    ratio: Floats = (free * one.partition[0] * other.partition[0] / inside) * np.exp(
        -_EV_K * facts.dissociation / temperature
    )
    return ratio


def molecular_partition(molecule: str, temperature: Floats) -> Floats:
    """Partition function of a molecule's lowest electronic state."""
    facts = MOLECULES[molecule]
    wave = _PLANCK * _LIGHT / (BOLTZMANN * temperature)
    value: Floats = facts.states / (wave * facts.rotation * -np.expm1(-wave * facts.vibration))
    return value


def hydride_opacity(wavelength: Floats | float, temperature: Floats) -> Floats:
    """Opacity of H-, cm^2 per neutral hydrogen atom and dyn/cm^2 of electron pressure.

    Bound-free and free-free, with stimulated emission: the fits of Gray (2005), eqs. 8.12 and 8.13, for 2500
    to 15,000 A.
    """
    theta = 5040.0 / temperature
    bound = np.polynomial.polynomial.polyval(
        wavelength,
        (1.996_54, -1.182_67e-5, 2.642_43e-6, -4.405_24e-10, 3.239_92e-14, -1.395_68e-18, 2.787_01e-23),
    )
    log_wave, log_theta = np.log10(wavelength), np.log10(theta)
    f0 = -2.2763 - 1.6850 * log_wave + 0.766_61 * log_wave**2 - 0.053_346_4 * log_wave**3
    f1 = 15.2827 - 9.2846 * log_wave + 1.993_81 * log_wave**2 - 0.142_631 * log_wave**3
    f2 = (
        -197.789
        + 190.266 * log_wave
        - 67.9775 * log_wave**2
        + 10.6913 * log_wave**3
        - 0.625_151 * log_wave**4
    )
    stimulated = -np.expm1(-1.4388e8 / (wavelength * temperature))
    bound_free = 4.158e-10 * 1e-18 * bound * theta**2.5 * 10 ** (0.754 * theta) * stimulated
    opacity: Floats = bound_free + 1e-26 * 10 ** (f0 + f1 * log_theta + f2 * log_theta**2)
    return opacity


def hydrogen_opacity(wavelength: Floats | float, temperature: Floats) -> Floats:
    """Bound-free opacity of hydrogen from n = 3 up, cm^2 per neutral atom.

    Gray (2005), eq. 8.8, with a Gaunt factor of 1.
    The Paschen jump at 8204 A is left out: it would be in the continuum that spectra are divided by.
    """
    theta = 5040.0 / temperature
    levels = sum(10 ** (-theta * _RYDBERG_EV * (1 - 1 / n**2)) / n**3 for n in (3, 4, 5))
    high = (10 ** (-theta * _RYDBERG_EV * (1 - 1 / 36)) - 10 ** (-theta * _RYDBERG_EV)) * (
        np.log10(np.e) / (2 * theta * _RYDBERG_EV)
    )
    stimulated = -np.expm1(-1.4388e8 / (wavelength * temperature))
    opacity: Floats = 1.0449e-26 * wavelength**3 * (levels + high) * stimulated
    return opacity


@dataclass(frozen=True, eq=False)
class Layer:
    """The layers of N stars in which their lines form.

    Attributes
    ----------
    temperature : K.
    electron_pressure, gas_pressure : dyn/cm^2.
    abundances : atoms per hydrogen, (N,) each.
    """

    temperature: Floats
    electron_pressure: Floats
    gas_pressure: Floats
    abundances: Mapping[str, Floats]

    @classmethod
    def of(cls, teff: Floats, logg: Floats, abundances: Mapping[str, Floats]) -> "Layer":
        """Layers of stars.

        Parameters
        ----------
        teff : K.
        logg : log10 of cm/s^2.
        abundances : atoms per hydrogen of every element in ELEMENTS, (N,) each.
        """
        temperature = LINE_SHARE * teff
        grown = {name: saha(name, 0, temperature) for name in DONORS}
        opacities = hydride_opacity(REFERENCE, temperature), hydrogen_opacity(REFERENCE, temperature)
        weight = MASS_UNIT * (ELEMENTS["h"].weight + 4.0026 * HELIUM)
        target = np.log(LAYER_DEPTH * 10**logg * weight)
        log_pe = np.log(10.0) * (0.4 * logg) + np.zeros_like(temperature)
        for _ in range(_STEPS):
            gas, opacity = _pressure_and_opacity(np.exp(log_pe), grown, abundances, opacities)
            log_pe = log_pe + np.clip((target - np.log(gas * opacity)) / _STEEPNESS, -2.0, 2.0)
        electrons = np.exp(log_pe)
        gas, _ = _pressure_and_opacity(electrons, grown, abundances, opacities)
        return cls(temperature, electrons, gas, abundances)

    @property
    def hydrogen(self) -> Floats:
        """Nuclei of hydrogen per cm^3."""
        heavy = (self.gas_pressure - self.electron_pressure) / (BOLTZMANN * self.temperature)
        nuclei: Floats = heavy / (1 + HELIUM)
        return nuclei

    def ionised(self, element: str) -> tuple[Floats, Floats, Floats]:
        """Shares of an element's atoms that are neutral, ionised once and ionised twice."""
        once = saha(element, 0, self.temperature) / self.electron_pressure
        twice = once * saha(element, 1, self.temperature) / self.electron_pressure
        whole = 1 + once + twice
        return 1 / whole, once / whole, twice / whole

    def opacity(self, wavelength: Floats) -> Floats:
        """Opacity of the continuum, (N, K), cm^2 per nucleus of hydrogen, at wavelengths (K,) in A."""
        hot, pe = self.temperature[:, None], self.electron_pressure[:, None]
        neutral, ions, _ = (share[:, None] for share in self.ionised("h"))
        total: Floats = (
            neutral * (pe * hydride_opacity(wavelength, hot) + hydrogen_opacity(wavelength, hot))
            + _THOMSON * ions
        )
        return total

    def molecules(self) -> dict[str, Floats]:
        """Molecules per nucleus of hydrogen; carbon and oxygen are first locked in CO."""
        gas = self.hydrogen
        carbon, oxygen = (self.abundances[name] * self.ionised(name)[0] for name in ("c", "o"))
        looseness = dissociation("co", self.temperature) / gas
        whole = carbon + oxygen + looseness
        locked = 2 * carbon * oxygen / (whole + np.sqrt(whole**2 - 4 * carbon * oxygen))
        free = {"c": carbon - locked, "h": self.ionised("h")[0]}
        for name in ("n", "mg"):
            free[name] = self.abundances[name] * self.ionised(name)[0]
        found = {"co": locked}
        for name, facts in MOLECULES.items():
            if name != "co":
                one, other = facts.parts
                found[name] = free[one] * free[other] * gas / dissociation(name, self.temperature)
        return found


def _pressure_and_opacity(
    electrons: Floats,
    grown: Mapping[str, Floats],
    abundances: Mapping[str, Floats],
    opacities: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """Gas pressure, and opacity per nucleus of hydrogen at REFERENCE, that go with an electron pressure."""
    given = np.zeros_like(electrons)
    for name, phi in grown.items():
        given = given + abundances[name] * phi / (phi + electrons)
    ions = grown["h"] / (grown["h"] + electrons)
    gas = electrons * (1 + (1 + HELIUM) / given)
    opacity = (1 - ions) * (electrons * opacities[0] + opacities[1]) + _THOMSON * ions
    return gas, opacity
