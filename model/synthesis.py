"""Mock spectra of stars from their labels, by the formation of lines and not by a polynomial of labels.

One layer of atmosphere (photosphere), a list of lines (line_list) and the curve of growth (line_profile) give
what lines leave of a star's continuum; exposure gives what a spectrograph like LAMOST's makes of it. What is
tested on such spectra, The Cannon above all, does not know how they were made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.atoms import ELEMENTS, MOLECULES
from model.composition import atoms_per_hydrogen, composition
from model.exposure import Exposure, draw_exposures, expose
from model.line_list import HIGHEST, NODES, SPECIES, element_of, hydrogen_lines, metal_lines
from model.line_profile import Atmospheres, Hydrogen, Lines, absorb, tables
from model.photosphere import BOLTZMANN, MASS_UNIT, THINNESS, Layer, molecular_partition
from model.streams import ABUNDANCES, stream

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

LAMOST_GRID: Floats = 10 ** (3.5682 + 1e-4 * np.arange(3909, dtype=np.float64))
"""Vacuum wavelengths (P,) of LAMOST's own pixels, A."""
BATCH = 256
"""Stars computed at once."""

COOLEST, HOTTEST = 3000.0, 30_000.0
"""T_eff between which there are spectra, K; below 4000 K they lack TiO, above 10,000 K helium."""
NEEDED = ("teff", "logg", "vmic", "fe_h")
SURFACE_SHARE = 0.70
"""Temperature of the cores of the strongest lines, in units of T_eff."""
HYDROGEN_SHARE = 1.0
"""Temperature in which hydrogen is excited, in units of T_eff: its wings form deep."""

_LIGHT_KM_S = 299_792.458
_CROSS_SECTION = 0.014_974
"""sqrt(pi) e^2 / (m c), cm^2 / s."""
_HC_K = 1.438_777e8
"""h c / k, A K."""


@dataclass(frozen=True, eq=False)
class Spectra:
    """Spectra of N stars.

    Attributes
    ----------
    wavelength : (P,), vacuum, A, as observed.
    flux, ivar : (N, P), flux in arbitrary units and its inverse variance; 0 where a pixel is bad.
    """

    wavelength: Floats
    flux: Singles
    ivar: Singles


@dataclass(frozen=True, eq=False)
class Synthesis:
    """How mock spectra are made.

    Attributes
    ----------
    hidden : scatter of [X/Fe] of elements of which no label tells, dex.
    blur : scatter of the instrument's resolution from exposure to exposure, a part of it.
    """

    hidden: float = 0.05
    blur: float = 0.03
    _metals: Lines = field(default_factory=lambda: metal_lines(LAMOST_GRID), init=False, repr=False)
    _hydrogen: Hydrogen = field(default_factory=lambda: hydrogen_lines(LAMOST_GRID), init=False, repr=False)

    def normalised(self, stars: Mapping[str, ArrayLike]) -> Singles:
        """What lines leave of the continuum, without noise, at rest, at R = 1800, on LAMOST_GRID.

        Parameters
        ----------
        stars : teff (K), logg, vmic (km/s), fe_h and any [X/Fe] such as mg_fe, (N,) each; see `composition`
            for what follows from what.

        Returns
        -------
        (N, P), 1 where there is no line.

        Raises
        ------
        ValueError
            If a label is missing, not a number, or of another length, or T_eff is out of range.
        """
        known = _checked(stars, NEEDED)
        count = known["teff"].size
        return self._absorbed(known, {}, np.zeros(count), np.ones(count))

    def spectra(
        self, stars: Mapping[str, ArrayLike], *, seed: int, number: ArrayLike, epoch: ArrayLike = 0
    ) -> Spectra:
        """Spectra as observed: shifted, on a continuum, with noise and bad pixels.

        A star's spectrum depends on its own labels, seed, number and epoch only, to the last bit.

        Parameters
        ----------
        stars : as of `normalised`, and snrz, signal-to-noise ratio per pixel in the z band; snrg (g band), rv
            (km/s) and a_v (mag) where known. Other columns are not looked at.
        seed : of every random number, 0 or more.
        number : (N,), whole numbers that tell stars apart, 0 or more.
        epoch : (N,) or one for all; another epoch has other noise, the same star.

        Raises
        ------
        ValueError
            As `normalised`; also if a ratio is not above 0 or a number negative.
        """
        known = _checked(stars, (*NEEDED, "snrz"))
        numbers = np.asarray(number, dtype=np.int64)
        epochs = np.broadcast_to(np.asarray(epoch, dtype=np.int64), numbers.shape)
        if numbers.shape != known["teff"].shape:
            raise ValueError(f"{numbers.size} star numbers for {known['teff'].size} stars: give one for each")
        flux, ivar = np.empty((2, numbers.size, LAMOST_GRID.size), np.float32)
        for first in range(0, numbers.size, BATCH):
            some = slice(first, first + BATCH)
            batch = {name: values[some] for name, values in known.items()}
            self._observe(batch, (seed, numbers[some], epochs[some]), flux[some], ivar[some])
        return Spectra(LAMOST_GRID, flux, ivar)

    def _observe(
        self, stars: Mapping[str, Floats], which: tuple[int, Integers, Integers], flux: Singles, ivar: Singles
    ) -> None:
        """Fill in flux and ivar."""
        seed, number, epoch = which
        elements = [name for name in ELEMENTS if name != "h"]
        scatter = np.array(
            [stream(seed, int(star), ABUNDANCES).standard_normal(len(elements)) for star in number]
        ).reshape(-1, len(elements))
        hidden = {name: self.hidden * scatter[:, column].copy() for column, name in enumerate(elements)}
        drawn: Exposure = draw_exposures(seed, number, epoch, LAMOST_GRID.size)
        shift = np.log1p(stars.get("rv", np.zeros(number.size)) / _LIGHT_KM_S) / (np.log(10.0) * 1e-4)
        left = self._absorbed(stars, hidden, shift, 1 + self.blur * drawn.blur)
        expose(LAMOST_GRID, left, stars, drawn, flux, ivar)

    def _absorbed(
        self, stars: Mapping[str, Floats], hidden: Mapping[str, Floats], shift: Floats, blur: Floats
    ) -> Singles:
        flux = np.empty((shift.size, LAMOST_GRID.size), np.float32)
        absorb(self._metals, self._hydrogen, _atmospheres(stars, hidden, shift, blur), tables(), flux)
        return flux


def _atmospheres(
    stars: Mapping[str, Floats], hidden: Mapping[str, Floats], shift: Floats, blur: Floats
) -> Atmospheres:
    teff, vmic = stars["teff"], 1e5 * stars["vmic"]
    counts = atoms_per_hydrogen(stars["fe_h"], composition(stars, hidden))
    layer = Layer.of(teff, stars["logg"], counts)
    hot = layer.temperature
    nodes = LAMOST_GRID[0] * (LAMOST_GRID[-1] / LAMOST_GRID[0]) ** np.linspace(0.0, 1.0, NODES)
    stimulated = -np.expm1(-_HC_K / (nodes * hot[:, None]))
    surface = _HC_K / (nodes * teff[:, None])
    amounts, weights = _amounts(layer, counts)
    doppler = np.sqrt(2 * BOLTZMANN * hot[:, None] / (weights * MASS_UNIT) + vmic[:, None] ** 2)
    return Atmospheres(
        theta=5040 / hot,
        column=np.log10(THINNESS * _CROSS_SECTION * amounts / doppler + 1e-99),
        doppler=doppler,
        crush=layer.gas_pressure * hot**-0.7,
        levels=_levels(layer, teff),
        dimness=np.log10(stimulated / layer.opacity(nodes)),
        depth=1 - np.expm1(surface) / np.expm1(surface / SURFACE_SHARE),
        shift=shift,
        blur=blur,
    )


def _amounts(layer: Layer, counts: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Atoms or molecules of each species per nucleus of hydrogen, over their partition function; weights."""
    amounts, weights = [], []
    molecules = layer.molecules()
    for species in SPECIES:
        if species in MOLECULES:
            amounts.append(molecules[species] / molecular_partition(species, layer.temperature))
            weights.append(sum(ELEMENTS[part].weight for part in MOLECULES[species].parts))
        else:
            element, charge = element_of(species)
            atom = ELEMENTS[element]
            amounts.append(counts[element] * layer.ionised(element)[charge] / atom.partition[charge])
            weights.append(atom.weight)
    return np.stack(amounts, axis=1), np.array(weights)


def _levels(layer: Layer, teff: Floats) -> Floats:
    """log10 of hydrogen's atoms in the lower levels of its series, times electron pressure, (N, 2)."""
    theta = 5040 / (HYDROGEN_SHARE * teff)
    ground = np.log10(layer.ionised("h")[0] * layer.electron_pressure)
    energy = ELEMENTS["h"].ionisation[0]
    return np.stack([ground + 2 * np.log10(n) - theta * energy * (1 - 1 / n**2) for n in HIGHEST], axis=1)


def _checked(stars: Mapping[str, ArrayLike], needed: tuple[str, ...]) -> dict[str, Floats]:
    """Columns that matter, as arrays of one length."""
    for name in needed:
        if name not in stars:
            raise ValueError(f"{name} is missing of the stars: expected {', '.join(needed)}")
    matter = {*needed, "snrg", "rv", "a_v", *(name for name in stars if name.endswith("_fe"))}
    known = {name: np.array(stars[name], dtype=np.float64, ndmin=1) for name in stars if name in matter}
    for name, values in known.items():
        if values.shape != known["teff"].shape or values.ndim != 1 or not np.isfinite(values).all():
            raise ValueError(
                f"{name} of the stars has shape {values.shape}, or is not finite: expected "
                f"{known['teff'].size} numbers"
            )
    teff = known["teff"]
    if not ((teff >= COOLEST) & (teff <= HOTTEST)).all():
        raise ValueError(
            f"T_eff from {teff.min():.0f} to {teff.max():.0f} K: expected {COOLEST:.0f} to {HOTTEST:.0f}"
        )
    for name in ("snrz", "snrg", "vmic"):
        if name in known and not (known[name] > 0).all():
            raise ValueError(f"{name} of some stars is not above 0: leave these out")
    return known
