"""What a person calls a star, and which rows of the catalogue are meant."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from astropy import units
from astropy.coordinates import SkyCoord, angular_separation
from numpy.typing import NDArray

from data.problem import DataError
from data.schema import COLUMNS
from explorer.stars import Stars

Rows = NDArray[np.int64]

CONE = 10.0
"""A star farther from a position on the sky than this, in arcsec, is not meant."""

LONGEST = 100
"""Letters of what a person calls a star."""

_RELEASES: Mapping[str, str] = MappingProxyType({"EDR3": "DR3"})
"""Releases of Gaia whose ids are those of another."""

_KNOWN = (
    "a LAMOST obsid, a designation such as J012345.67+123456.7, a Gaia source_id such as Gaia DR3 "
    "5853498713190525696, or ra and dec: 83.822 -5.391 or 05:35:17.3 -05:23:28"
)


@dataclass(frozen=True)
class Found:
    """The star that a text names.

    Attributes
    ----------
    rows : its rows, that which is meant first: a star may have several spectra.
    note : what else there is to say, in words; "" if nothing.
    """

    rows: tuple[int, ...]
    note: str = ""


def identify(stars: Stars, text: str) -> Found:
    """The star that a person calls by a text: an obsid, a designation, a Gaia source_id, or "ra dec".

    A position, in degrees or sexagesimal (ICRS), means the nearest star within CONE arcsec.

    Raises
    ------
    DataError
        Where the text is no name, or no star of the catalogue has it: in words for the person who typed it.
    """
    if len(text) > LONGEST:
        raise DataError(f"that is too long for the name of a star: at most {LONGEST} letters")
    asked = " ".join(text.replace("\N{MINUS SIGN}", "-").split())
    for form, find in _FORMS.items():
        match = form.fullmatch(asked)
        if match:
            return find(stars, match)
    raise DataError(f"{asked!r:.60} is no name of a star: give {_KNOWN}")


def _by_gaia(stars: Stars, match: re.Match[str]) -> Found:
    number, given = int(match["number"]), (match["release"] or "").upper()
    own = str(stars.catalogue.metadata.get("gaia_release", "")).upper()
    if given and own and _RELEASES.get(given, given) != _RELEASES.get(own, own):
        raise DataError(
            f"the Gaia ids of this catalogue are of {own:.8}, and in {given} the same number may be another "
            f"star: give its id in {own:.8}, or ra and dec"
        )
    unsure = given and not own
    note = "the catalogue does not say of which Gaia release its ids are" if unsure else ""
    return _named(stars, _numbered(stars, "source_id", number), f"the Gaia source_id {number}", note)


def _by_obsid(stars: Stars, match: re.Match[str]) -> Found:
    number = int(match["number"])
    return _named(stars, _numbered(stars, "obsid", number), f"the obsid {number}")


def _by_number(stars: Stars, match: re.Match[str]) -> Found:
    number = int(match["number"])
    known = [name for name in ("obsid", "source_id") if name in stars.catalogue]
    rows = next((rows for name in known if (rows := _numbered(stars, name, number)).size), _NONE)
    return _named(stars, rows, f"the obsid or Gaia source_id {number}")


def _by_designation(stars: Stars, match: re.Match[str]) -> Found:
    name = match["name"].upper()
    if "designation" in stars.catalogue:
        designations = stars.catalogue["designation"]
        for form in (f"J{name}", f"LAMOST J{name}", f"MOCK J{name}", f"LAMOSTJ{name}"):
            rows = np.flatnonzero(designations == form.encode())
            if rows.size:
                return _named(stars, rows)
    near = _by_sexagesimal(stars, match)
    return Found(near.rows, f"no star here is called so; this one is {near.note}")


def _by_degrees(stars: Stars, match: re.Match[str]) -> Found:
    ra, dec = float(match["ra"]), float(match["dec"])
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        raise DataError(f"ra runs from 0 to 360 and dec from -90 to 90 degrees, not {ra:g} and {dec:g}")
    return _around(stars, SkyCoord(ra, dec, unit="deg"))


def _by_sexagesimal(stars: Stars, match: re.Match[str]) -> Found:
    ra, dec = (":".join(match.group(*names)) for names in (("h", "m", "s"), ("d", "arcm", "arcs")))
    return _around(stars, _sky(ra, dec))


def _sky(ra: str, dec: str) -> SkyCoord:
    """A position from h:m:s and d:m:s."""
    try:
        return SkyCoord(ra, dec, unit=(units.hourangle, units.deg))
    except ValueError:
        raise DataError(f"ra {ra} and dec {dec} are no position on the sky: give {_KNOWN}") from None


def _around(stars: Stars, centre: SkyCoord) -> Found:
    """The nearest star to a position on the sky."""
    if "ra" not in stars.catalogue or "dec" not in stars.catalogue:
        raise DataError("this catalogue has no ra and dec: give an obsid, a designation or a Gaia source_id")
    ra, dec = stars.values("ra"), stars.values("dec")
    rows = np.flatnonzero(np.abs(dec - centre.dec.deg) <= 1.01 * CONE / 3600)
    places = (np.radians(np.asarray(values[rows], np.float64)) for values in (ra, dec))
    apart = angular_separation(centre.ra.rad, centre.dec.rad, *places)
    arcsec = np.degrees(apart) * 3600
    if not (arcsec <= CONE).any():
        raise DataError(
            f"no star of this catalogue is within {CONE:g} arcsec of ra {centre.ra.deg:.5f}, dec "
            f"{centre.dec.deg:.5f} degrees: look whether the position is of ICRS"
        )
    k = int(np.nanargmin(arcsec))
    return _named(stars, rows[k : k + 1], note=f"{arcsec[k]:.1f}\N{DOUBLE PRIME} from that position")


_NONE: Rows = np.empty(0, np.int64)
_NUMBER = r"(?P<number>[0-9]{1,19})"
_RELEASE = r"(?P<release>e?dr[0-9])"
_SIXTY = "[0-5][0-9]"
_DEGREES = r"[0-9]{1,3}(?:\.[0-9]{0,20})?"
_SECONDS = rf"{_SIXTY}(?:\.[0-9]{{1,9}})?"
_HOURS = "(?P<h>[01]?[0-9]|2[0-3])"
_NAME = (
    rf"{_HOURS}(?P<m>{_SIXTY})(?P<s>{_SECONDS})(?P<d>[+-][0-9]{{2}})(?P<arcm>{_SIXTY})(?P<arcs>{_SECONDS})"
)
_ACROSS = rf"{_HOURS}[: h] ?(?P<m>{_SIXTY})[: m] ?(?P<s>{_SECONDS})s?"
_UP = rf"(?P<d>[+-]?[0-9]{{1,2}})[: d°] ?(?P<arcm>{_SIXTY})[: m'] ?(?P<arcs>{_SECONDS})[s\"]?"
_FORMS: Mapping[re.Pattern[str], Callable[[Stars, re.Match[str]], Found]] = MappingProxyType(
    {
        re.compile(form, re.IGNORECASE | re.ASCII): find
        for form, find in (
            (rf"(?:gaia|source_id)[ :=]*{_RELEASE}?[ :=]*{_NUMBER}", _by_gaia),
            (rf"{_RELEASE}[ :=]*{_NUMBER}", _by_gaia),
            (rf"(?:lamost )?obsid[ :=]*{_NUMBER}", _by_obsid),
            (_NUMBER, _by_number),
            (rf"(?:lamost ?|mock ?)?J(?P<name>{_NAME})", _by_designation),
            (rf"(?P<ra>{_DEGREES})(?: ?, ?| )(?P<dec>[+-]?{_DEGREES})", _by_degrees),
            (rf"{_ACROSS}(?: ?, ?| ){_UP}", _by_sexagesimal),
        )
    }
)
"""How names are written, and who looks for them."""


def _numbered(stars: Stars, name: str, number: int) -> Rows:
    """Rows that have a number in a column of identifiers."""
    if name not in stars.catalogue:
        raise DataError(f"this catalogue has no {COLUMNS[name].plain}: give ra and dec")
    fits = number <= np.iinfo(np.int64).max and number != stars.catalogue.described[name].missing
    return np.flatnonzero(stars.catalogue[name] == number) if fits else _NONE


def _named(stars: Stars, rows: Rows, what: str = "", note: str = "") -> Found:
    """All spectra of the star of the first of some rows, and how many they are."""
    if not rows.size:
        raise DataError(f"no star of this catalogue has {what}: look for it by ra and dec")
    every = observations(stars, int(rows[0]))
    many = f"{len(every)} spectra of this star" if len(every) > 1 else ""
    return Found(every, "; ".join(filter(None, (note, many))))


def observations(stars: Stars, row: int) -> tuple[int, ...]:
    """All rows of the star of a row, that one first, the others in the order of the file.

    They are of one star if they have one Gaia source_id or, without any, one designation.
    """
    catalogue = stars.catalogue
    for name in ("source_id", "designation"):
        if name in catalogue and catalogue[name][row] != catalogue.described[name].missing:
            rows = np.flatnonzero(catalogue[name] == catalogue[name][row])
            others = rows[np.argsort(catalogue.source_row[rows])]
            return (row, *others[others != row].tolist())
    return (row,)
