"""Which giants of a catalogue a map with T_eff and log g taken out is made of, and what pixels it has."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.expression import Expression
from data.extract import Extract
from data.problem import DataError
from data.schema import ALIASES, Column
from explorer.atlas import DIAGRAMS
from explorer.populations import POPULATIONS
from model.sky_fields import sky_fields
from model.systematics import Giants

CELLS = 40
MOST_CELLS = 200
"""Along a side of a map."""
FEWEST_CELLS, STARS_PER_PIXEL = 10, 60
"""Maps of few stars have fewer pixels, as a pixel of few can't be compared with others."""
KIEL = ("teff", "logg", "fe_h")
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "fe_h": "it sets T_eff, so that taking T_eff out would take out what is asked for",
        "teff": "it is what would be taken out",
        "logg": "it is what would be taken out",
        "vmic": "it follows from T_eff and log g",
    }
)
"""Labels that nothing is taken out of, and why."""
SUSPECTS = ("a_v", "snrz", "z", "Jz")
"""Other quantities that the paper checked its maps against (section 5.4)."""
SLICES = ((4200, 4500), (4500, 4800), (4800, 5100))
"""T_eff of giants whose maps stand beside, K: within one a drift can do little."""

NONE: Mapping[str, Expression | str] = MappingProxyType({})

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """What map is asked for.

    Attributes
    ----------
    label : an abundance relative to iron.
    x, y : columns of the plane.
    cells : along each side.
    where : condition on the giants; "" for all.
    """

    label: str
    x: str
    y: str
    cells: int = CELLS
    where: str = ""


@dataclass(frozen=True, eq=False)
class GiantMap:
    """The giants of a map.

    Attributes
    ----------
    asked : what was asked for.
    giants : as the equations take them.
    rows : (N,) of the catalogue.
    extract : that they are chosen by.
    lacking : giants in the window that lack the label, a parameter or their plate.
    fields : whether fields on the sky stand for plates.
    sides : (2,) of a pixel, in the units of the axes.
    """

    asked: Asked
    giants: Giants
    rows: NDArray[np.int64]
    extract: Extract
    lacking: int
    fields: bool
    sides: Array


def giants_of(catalogue: Catalogue, where: str) -> int:
    """How many giants pass a condition; DataError where it can't be told."""
    if "giantmodel" not in catalogue:
        return 0
    rows = Extract.of(catalogue, "csv", where=where).rows()
    return int(np.count_nonzero(np.asarray(catalogue["giantmodel"])[rows] == 1))


def cells_for(stars: int) -> int:
    """Pixels along each side of a map of so many stars."""
    return min(max(math.isqrt(stars // STARS_PER_PIXEL), FEWEST_CELLS), CELLS)


def plane_of(text: str) -> tuple[str, str]:
    """Columns of a plane that is written as "R,z"; DataError if there are not two different ones."""
    names = [ALIASES.get(name.strip(), name.strip()) for name in text.split(",")]
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        raise DataError(f"the plane '{text[:40]}' is not two columns: write them as in R,z or X,Y or R,v_phi")
    return names[0], names[1]


def giant_map(
    catalogue: Catalogue, asked: Asked, form: str = "csv", derived: Mapping[str, Expression | str] = NONE
) -> GiantMap:
    """Find the giants of a map.

    Parameters
    ----------
    catalogue : of the stars.
    asked : what map.
    form : of the file that is to be written.
    derived : columns that the condition may use, beside those of the catalogue.

    Raises
    ------
    DataError
        The label or plane can't be had, or no giant is left.
    """
    _check(catalogue, asked)
    extract = Extract.of(catalogue, form, where=asked.where, derived=derived)
    rows = extract.rows()
    rows = rows[catalogue["giantmodel"][rows] == 1]
    window = _window(catalogue, asked)
    place = np.stack([_numbers(catalogue, name, rows) for name in (asked.x, asked.y)], axis=1)
    sides = (window[1] - window[0]) / asked.cells
    inside = ((place >= window[0]) & (place < window[1])).all(axis=1)
    rows, place = rows[inside], place[inside]
    values = {name: _numbers(catalogue, name, rows) for name in (asked.label, *KIEL)}
    fields = "plate" not in catalogue
    known = np.isfinite(np.stack(list(values.values()))).all(axis=0)
    if fields:
        known &= np.isfinite(_numbers(catalogue, "ra", rows) + _numbers(catalogue, "dec", rows))
    else:
        known &= catalogue["plate"][rows] != b""
    kept = rows[known]
    if not len(kept):
        named = catalogue.described[asked.label].plain
        raise DataError(f"no giant with {named}, T_eff, log g and [Fe/H] lies on the map: choose others")
    across, up = np.floor((place[known] - window[0]) / sides).astype(np.int64).clip(0, asked.cells - 1).T
    above, right = np.divmod(np.arange(asked.cells**2), asked.cells)
    label, *kiel = (each[known] for each in values.values())
    giants = Giants(
        label=label,
        pixel=up * asked.cells + across,
        plate=_fields(catalogue, kept)
        if fields
        else np.unique(catalogue["plate"][kept], return_inverse=True)[1],
        teff=kiel[0],
        logg=kiel[1],
        fe_h=kiel[2],
        pixels=asked.cells**2,
        centres=window[0] + (np.stack([right, above], axis=1) + 0.5) * sides,
    )
    return GiantMap(asked, giants, kept, extract, int((~known).sum()), fields, sides)


def _check(catalogue: Catalogue, asked: Asked) -> None:
    if asked.label in REFUSED:
        raise DataError(
            f"{asked.label} isn't offered: {REFUSED[asked.label]}; ask for an abundance, as ba_fe"
        )
    if not asked.label.endswith("_fe") or asked.label.startswith(("e_", "chi2_")):
        raise DataError(f"'{asked.label[:40]}' is no abundance relative to iron: ask for one, as ba_fe")
    if not 2 <= asked.cells <= MOST_CELLS:
        raise DataError(f"{asked.cells} cells a side were asked for: give 2 to {MOST_CELLS}")
    for name in (asked.label, asked.x, asked.y, *KIEL, "giantmodel"):
        if name not in catalogue:
            reason = catalogue.missing.get(name)
            told = f" ({reason})" if reason else ""
            raise DataError(f"{catalogue.source.name} has no column '{name[:40]}'{told}: the map needs it")
    for name in (asked.x, asked.y):
        if not catalogue.described[name].is_number or name in KIEL:
            raise DataError(f"'{name}' is no axis of such a map: give places or velocities, as in R,z")
    if "plate" not in catalogue and not {"ra", "dec"} <= catalogue.columns.keys():
        raise DataError(
            f"{catalogue.source.name} has neither plates nor ra and dec: how sure a map is can't be told"
        )


def _numbers(catalogue: Catalogue, name: str, rows: NDArray[np.int64]) -> Array:
    return np.asarray(catalogue[name][rows], dtype=np.float64)


def _fields(catalogue: Catalogue, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return sky_fields(_numbers(catalogue, "ra", rows), _numbers(catalogue, "dec", rows))


def _window(catalogue: Catalogue, asked: Asked) -> Array:
    """Ends of the map, lower and upper, (2, 2): those of the diagram, else of the columns."""
    for diagram in DIAGRAMS.values():
        if (diagram.x, diagram.y) == (asked.x, asked.y):
            window = diagram.window
            return np.array([[window.x0, window.y0], [window.x1, window.y1]], dtype=np.float64)
    axes = [catalogue.described[name] for name in (asked.x, asked.y)]
    return np.array([[axis.low for axis in axes], [axis.high for axis in axes]], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Beside:
    """A map that stands beside, to compare with.

    Attributes
    ----------
    column : what it shows.
    stars : (P,) in each pixel.
    mean : (P,) NaN without stars.
    """

    column: Column
    stars: NDArray[np.int64]
    mean: Array


def beside(catalogue: Catalogue, made: GiantMap) -> tuple[Beside, ...]:
    """Make maps of the label for the red clump alone and in slices of T_eff, then of the suspects."""
    label = catalogue.described[made.asked.label]
    giants = made.giants
    clump = next(each for each in POPULATIONS if each.name == "red clump")
    condition = clump.expression(catalogue.described, catalogue.columns)
    read = {name: np.asarray(catalogue[name][made.rows]) for name in condition.columns}
    chosen = {"red_clump": ("red clump", np.asarray(condition.evaluate(read), dtype=bool))}
    for low, high in SLICES:
        within = (giants.teff >= low) & (giants.teff < high)
        chosen[f"teff_{low}_{high}"] = (f"giants of {low} to {high} K", within)
    maps = [
        _mean(made, giants.label, some, _beside(label, suffix, f"{label.plain}, {words}", words))
        for suffix, (words, some) in chosen.items()
    ]
    for name in SUSPECTS:
        if name in catalogue and name not in (made.asked.x, made.asked.y):
            values, column = _numbers(catalogue, name, made.rows), catalogue.described[name]
            described = _beside(column, "mean", f"mean {column.plain}", "giants")
            maps.append(_mean(made, values, np.isfinite(values), described))
    return tuple(maps)


def _beside(column: Column, suffix: str, plain: str, words: str) -> Column:
    meaning = f"Mean {column.plain} of the pixel's {words}."
    return replace(column, name=f"{column.name}_{suffix}", dtype="float32", plain=plain, meaning=meaning)


def _mean(made: GiantMap, values: Array, chosen: NDArray[np.bool_], column: Column) -> Beside:
    pixel = made.giants.pixel[chosen]
    stars = np.bincount(pixel, minlength=made.giants.pixels)
    total = np.bincount(pixel, values[chosen], made.giants.pixels)
    return Beside(column, stars, np.divide(total, stars, out=np.full(len(stars), np.nan), where=stars > 0))
