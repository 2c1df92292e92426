"""The layer of atmosphere of the mock spectra against closed forms in SI units, and against the Sun."""

import numpy as np
import pytest
from astropy import constants, units

from model.atoms import ELEMENTS, MOLECULES
from model.composition import atoms_per_hydrogen, composition
from model.photosphere import (
    BOLTZMANN,
    DONORS,
    HELIUM,
    LAYER_DEPTH,
    MASS_UNIT,
    REFERENCE,
    Layer,
    dissociation,
    hydride_opacity,
    hydrogen_opacity,
    saha,
)

TEFF = np.array([4000.0, 4800.0, 5772.0, 6500.0, 8000.0, 9600.0, 15_000.0])
LOGG = np.array([1.0, 2.6, 4.44, 4.2, 4.0, 4.0, 4.0])


def layers(fe_h=0.0, **x_fe):
    stars = {"logg": LOGG, **{f"{name}_fe": np.full(LOGG.shape, value) for name, value in x_fe.items()}}
    return Layer.of(TEFF, LOGG, atoms_per_hydrogen(np.full(LOGG.shape, fe_h), composition(stars, {})))


def quantum_concentration(mass, temperature):
    """(2 pi m k T / h^2)^(3/2) per cm^3."""
    length = constants.h / np.sqrt(2 * np.pi * mass * constants.k_B * temperature * units.K)
    return (length**-3).to_value(units.cm**-3)


@pytest.mark.parametrize(("element", "stage"), [("fe", 0), ("fe", 1), ("ca", 0), ("h", 0), ("ba", 1)])
def test_saha_is_its_closed_form(element, stage):
    atom = ELEMENTS[element]
    energy = (atom.ionisation[stage] * units.eV / constants.k_B / units.K).to_value(units.one)
    ratio = atom.partition[stage + 1] / atom.partition[stage]
    density = 2 * ratio * quantum_concentration(constants.m_e, TEFF) * np.exp(-energy / TEFF)
    pressure = density * constants.k_B.cgs.value * TEFF
    assert saha(element, stage, TEFF) == pytest.approx(pressure, rel=3e-3)


@pytest.mark.parametrize("molecule", MOLECULES)
def test_dissociation_is_its_closed_form(molecule):
    facts = MOLECULES[molecule]
    weights = [ELEMENTS[part].weight for part in facts.parts]
    reduced = weights[0] * weights[1] / sum(weights) * constants.u
    levels = np.arange(400)[:, None]
    wave = (constants.h * constants.c / constants.k_B).to_value(units.cm * units.K) / TEFF
    rotation = ((2 * levels + 1) * np.exp(-wave * facts.rotation * levels * (levels + 1))).sum(axis=0)
    vibration = np.exp(-wave * facts.vibration * levels).sum(axis=0)
    energy = (facts.dissociation * units.eV / constants.k_B / units.K).to_value(units.one)
    atoms = ELEMENTS[facts.parts[0]].partition[0] * ELEMENTS[facts.parts[1]].partition[0]
    closed = quantum_concentration(reduced, TEFF) * atoms / (facts.states * rotation * vibration)
    assert dissociation(molecule, TEFF) == pytest.approx(closed * np.exp(-energy / TEFF), rel=0.02)


def test_hydride_opacity_is_its_cross_section_times_its_saha_equation():
    """With 3.95e-17 cm^2 at its peak near 8500 A (Wishart 1979, MNRAS 187, 59P); free-free adds a little."""
    temperature = np.array([5500.0])
    energy = (0.754 * units.eV / constants.k_B / units.K).to_value(units.one)
    per_pressure = np.exp(energy / temperature) / (
        4 * quantum_concentration(constants.m_e, temperature) * constants.k_B.cgs.value * temperature
    )
    stimulated = 1 - np.exp(-1.4388e8 / (8500 * temperature))
    total = hydride_opacity(8500.0, temperature)
    assert 1.0 < total / (3.95e-17 * per_pressure * stimulated) < 1.2
    beyond = hydride_opacity(np.array([8500.0, 14_000.0, 16_000.0]), temperature)
    assert beyond[0] > 2 * beyond[2]


def test_hydrogen_opacity_is_a_sum_over_levels():
    """Kramers' cross-section of level n at wavelength: 7.907e-18 n (wavelength / edge)^3 cm^2."""
    temperature = np.array([9600.0])
    n = np.arange(3, 40)[:, None]
    share = n**2 * np.exp(-13.598 * 11_604.5 * (1 - 1 / n**2) / temperature)
    edge = 911.753 * n**2
    slow = (share * 7.907e-18 * n * (5000 / edge) ** 3).sum(axis=0) * (
        1 - np.exp(-1.4388e8 / 5000 / temperature)
    )
    assert hydrogen_opacity(5000.0, temperature) == pytest.approx(slow, rel=0.05)


@pytest.mark.parametrize("fe_h", [0.0, -2.0])
def test_layer_is_in_hydrostatic_equilibrium(fe_h):
    layer = layers(fe_h)
    mass = MASS_UNIT * (ELEMENTS["h"].weight + 4.0026 * HELIUM)
    depth = layer.gas_pressure * layer.opacity(np.array([REFERENCE]))[:, 0] / (mass * 10**LOGG)
    assert depth == pytest.approx(LAYER_DEPTH, rel=2e-3)


@pytest.mark.parametrize("fe_h", [0.3, -2.0])
def test_layer_is_neutral(fe_h):
    """Electrons are as many as the donors' ions, but for second ions, which are few."""
    layer = layers(fe_h)
    ions = sum(layer.abundances[name] * layer.ionised(name)[1] for name in DONORS)
    twice = sum(layer.abundances[name] * layer.ionised(name)[2] for name in DONORS)
    electrons = layer.electron_pressure / (BOLTZMANN * layer.temperature)
    assert electrons / layer.hydrogen == pytest.approx(ions + twice, rel=1e-3)


def test_shares_of_an_element_add_up():
    for name in ELEMENTS:
        assert sum(layers().ionised(name)) == pytest.approx(1)


def test_the_suns_layer_is_the_suns():
    """Models of the Sun have log P_gas of about 4.9 and log P_e of 0.9 there (Holweger & Mueller 1974)."""
    sun = np.flatnonzero(TEFF == 5772)
    layer = layers()
    assert np.log10(layer.gas_pressure[sun]) == pytest.approx(4.9, abs=0.4)
    assert np.log10(layer.electron_pressure[sun]) == pytest.approx(0.9, abs=0.4)
    assert layer.ionised("fe")[0][sun] < 0.2
    assert layer.ionised("ca")[0][sun] < 0.02


def test_carbon_is_conserved_and_oxygen_takes_it():
    poor, rich = layers(o=-0.3).molecules(), layers(o=0.4).molecules()
    assert (rich["co"] >= poor["co"]).all()
    assert (rich["co"] <= layers().abundances["c"]).all()
    cool = TEFF < 5000
    assert (rich["ch"][cool] < 0.7 * poor["ch"][cool]).all()
    assert (rich["cn"][cool] < 0.7 * poor["cn"][cool]).all()
    hot = TEFF > 6000
    assert rich["ch"][hot] == pytest.approx(poor["ch"][hot], rel=0.1)


def test_co_obeys_its_law_of_mass_action():
    layer = layers()
    found = layer.molecules()["co"]
    carbon, oxygen = (layer.abundances[name] * layer.ionised(name)[0] for name in ("c", "o"))
    left = (carbon - found) * (oxygen - found) * layer.hydrogen / found
    assert left == pytest.approx(dissociation("co", layer.temperature), rel=1e-4)
