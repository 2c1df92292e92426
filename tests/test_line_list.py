"""The list of lines that mock spectra are made of."""

import numpy as np
import pytest

from model.atoms import ELEMENTS, MOLECULES
from model.line_list import (
    BROADENED,
    HYPERFINE,
    LISTED,
    NODES,
    SPECIES,
    VAN_DER_WAALS,
    element_of,
    hydrogen_lines,
    metal_lines,
    rows,
)
from model.synthesis import LAMOST_GRID
from model.wavelength import air_to_vacuum

LINES = metal_lines(LAMOST_GRID)
PLACES = LAMOST_GRID[0] * 10 ** (1e-4 * LINES.pixel)
each_species = pytest.mark.parametrize("species", SPECIES)


def lines_of(species):
    return LINES.species == SPECIES.index(species)


@each_species
def test_species_is_known_and_its_lines_are_in_order(species):
    if species not in MOLECULES:
        element, charge = element_of(species)
        assert element in ELEMENTS
        assert charge in (0, 1)
    table = rows(LISTED[species])
    assert (np.diff(table[:, 0]) >= 0).all()
    assert table[0, 0] > LAMOST_GRID[0] - 20
    assert table[-1, 0] < LAMOST_GRID[-1] + 20
    assert (table[:, 1] >= 0).all()
    assert (table[:, 3] >= 1).all()


@each_species
def test_lines_are_laid_on_the_grid(species):
    table, own = rows(LISTED[species]), lines_of(species)
    assert PLACES[own] == pytest.approx(table[:, 0], rel=1e-9)
    crowd = table[:, 3] * (1 if species in MOLECULES else HYPERFINE.get(element_of(species)[0], 1))
    assert 10 ** LINES.crowd[own] == pytest.approx(crowd)
    gf = 10 ** (LINES.strength[own] + LINES.crowd[own]) / (table[:, 0] * 1e-8)
    assert gf == pytest.approx(10 ** table[:, 2])


@pytest.mark.parametrize(
    ("species", "air", "energy", "gf"),
    [
        ("ca2", 3933.663, 0.0, 0.13), ("ca2", 8542.091, 1.70, -0.36), ("na1", 5889.951, 0.0, 0.11),
        ("mg1", 5183.604, 2.72, -0.17), ("ba2", 4554.029, 0.0, 0.17), ("eu2", 4129.725, 0.0, 0.22),
        ("y2", 4883.684, 1.08, 0.07), ("o1", 7771.944, 9.15, 0.37), ("sr2", 4077.709, 0.0, 0.15),
        ("fe1", 4045.812, 1.49, 0.28), ("al1", 3961.520, 0.01, -0.32), ("mn1", 4030.753, 0.0, -0.47),
    ],
)  # fmt: skip
def test_famous_lines_are_as_nist_has_them(species, air, energy, gf):
    table = rows(LISTED[species])
    near = table[np.argmin(np.abs(table[:, 0] - air_to_vacuum(air)))]
    assert near[0] == pytest.approx(air_to_vacuum(air), abs=0.03)
    assert near[1] == pytest.approx(energy, abs=0.03)
    assert near[2] == pytest.approx(gf, abs=0.1)


def test_damping_is_the_classical_oscillators_and_unsoelds():
    """Na D2: 6.3e7 / s by radiation, against 6.2e7 measured; by gas after Gray (2005), eq. 11.30."""
    (line,) = np.flatnonzero(lines_of("na1") & (np.abs(PLACES - 5891.58) < 0.1))
    per_width = 5891.58e-8 / (4 * np.pi)
    assert LINES.radiative[line] / per_width == pytest.approx(6.2e7, rel=0.05)
    ionisation, energy = 5.139, 12_398.42 / 5891.58
    c6 = 0.3e-30 * (1 / (ionisation - energy) ** 2 - 1 / ionisation**2)
    log_width = 20 + 0.4 * np.log10(c6) + np.log10(VAN_DER_WAALS * BROADENED["na1"])
    assert np.log10(LINES.pressure[line] / per_width) == pytest.approx(log_width, abs=1e-3)


def test_nodes_are_those_before_the_lines():
    step = (LAMOST_GRID.size - 1) / (NODES - 1)
    for lines in (LINES, hydrogen_lines(LAMOST_GRID)):
        inside = (lines.pixel >= 0) & (lines.pixel < LAMOST_GRID.size - 1)
        place = (lines.node + lines.place) * step
        assert place[inside] == pytest.approx(lines.pixel[inside], abs=1e-6)
        assert lines.node.min() >= 0
        assert lines.node.max() <= NODES - 2
