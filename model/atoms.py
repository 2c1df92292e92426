"""Atoms and molecules of a star's atmosphere: abundances in the Sun, ionisation, partition functions.

Abundances are those of Asplund et al. (2009, ARA&A 47, 481), energies those of NIST. Partition functions are
held at their values near 5000 K, which is good to some 10 % between 4000 and 6500 K.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Element(NamedTuple):
    """An element.

    Attributes
    ----------
    weight : atomic.
    abundance : in the Sun, log10 of atoms per 10^12 of hydrogen.
    ionisation : energies of the neutral and the singly ionised atom, eV.
    partition : functions of the neutral, singly and doubly ionised atom.
    """

    weight: float
    abundance: float
    ionisation: tuple[float, float]
    partition: tuple[float, float, float]


class Molecule(NamedTuple):
    """A molecule of two atoms (Huber & Herzberg 1979; its lowest electronic state).

    Attributes
    ----------
    parts : the two elements.
    dissociation : energy, eV.
    rotation, vibration : constants B and omega, 1/cm.
    states : statistical weight of the electronic state.
    """

    parts: tuple[str, str]
    dissociation: float
    rotation: float
    vibration: float
    states: float


ELEMENTS: Mapping[str, Element] = MappingProxyType(
    {
        "h": Element(1.008, 12.00, (13.598, 99.0), (2.0, 1.0, 1.0)),
        "c": Element(12.01, 8.43, (11.260, 24.383), (9.3, 6.0, 1.0)),
        "n": Element(14.01, 7.83, (14.534, 29.601), (4.1, 9.0, 6.0)),
        "o": Element(16.00, 8.69, (13.618, 35.117), (8.8, 4.0, 9.0)),
        "na": Element(22.99, 6.24, (5.139, 47.286), (2.1, 1.0, 6.0)),
        "mg": Element(24.31, 7.60, (7.646, 15.035), (1.0, 2.0, 1.0)),
        "al": Element(26.98, 6.45, (5.986, 18.829), (5.9, 1.0, 2.0)),
        "si": Element(28.09, 7.51, (8.152, 16.346), (9.5, 5.8, 1.0)),
        "k": Element(39.10, 5.03, (4.341, 31.625), (2.2, 1.0, 6.0)),
        "ca": Element(40.08, 6.34, (6.113, 11.872), (1.2, 2.3, 1.0)),
        "sc": Element(44.96, 3.15, (6.561, 12.800), (12.0, 23.0, 10.0)),
        "ti": Element(47.87, 4.95, (6.828, 13.576), (30.0, 56.0, 21.0)),
        "v": Element(50.94, 3.93, (6.746, 14.655), (48.0, 43.0, 28.0)),
        "cr": Element(52.00, 5.64, (6.767, 16.486), (10.4, 7.2, 25.0)),
        "mn": Element(54.94, 5.43, (7.434, 15.640), (6.4, 7.7, 6.0)),
        "fe": Element(55.85, 7.50, (7.902, 16.199), (27.5, 42.7, 25.0)),
        "co": Element(58.93, 4.99, (7.881, 17.084), (33.0, 28.0, 28.0)),
        "ni": Element(58.69, 6.22, (7.640, 18.169), (30.0, 10.5, 21.0)),
        "sr": Element(87.62, 2.87, (5.695, 11.030), (1.3, 2.2, 1.0)),
        "y": Element(88.91, 2.21, (6.217, 12.224), (11.8, 15.5, 10.0)),
        "ba": Element(137.3, 2.18, (5.212, 10.004), (2.3, 4.2, 1.0)),
        "eu": Element(152.0, 0.52, (5.670, 11.241), (8.0, 13.0, 8.0)),
    }
)

MOLECULES: Mapping[str, Molecule] = MappingProxyType(
    {
        "co": Molecule(("c", "o"), 11.09, 1.931, 2170.0, 1.0),
        "ch": Molecule(("c", "h"), 3.47, 14.46, 2858.0, 4.0),
        "cn": Molecule(("c", "n"), 7.72, 1.900, 2069.0, 2.0),
        "mgh": Molecule(("mg", "h"), 1.30, 5.826, 1495.0, 2.0),
    }
)
