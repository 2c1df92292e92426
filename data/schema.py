"""Every column we know, described once: the only place where a column gets a name, a unit and a meaning.

It feeds dtypes, axis labels, filters, hover, export headers and the docs. Columns of the paper's Table 1
carry its names; those it lacks but promises (rv, extrapolation of v_mic) or that its users need
(distance and its errors, parallax quality, l, b, obsid, plate) are added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

Kind = Literal["sequential", "diverging", "count", "angle", "flag", "identifier", "category"]
DType = Literal["float32", "float64", "int64", "int8", "str"]

MISSING_INT: Mapping[str, int] = MappingProxyType({"int64": -1, "int8": -1})
"""What stands for "missing" in integer columns; float columns use NaN, text columns the empty text."""


@dataclass(frozen=True)
class Column:
    """One column of a catalogue.

    Attributes
    ----------
    name : the column's name in our catalogues, expressions and exports.
    dtype : how it is stored. Flags are int8 (0, 1, -1 for missing), identifiers int64 or text.
    unit : an astropy unit string; "" where there is none.
    tex : the label as mathematics (LaTeX, without dollar signs).
    plain : the label as plain text.
    meaning : one sentence for a person who meets the column for the first time.
    origin : where its values come from.
    low, high : sensible display range, in `unit`.
    kind : what sort of quantity it is, which decides its colours.
    """

    name: str
    dtype: DType
    unit: str
    tex: str
    plain: str
    meaning: str
    origin: str
    low: float
    high: float
    kind: Kind = "sequential"

    @property
    def is_number(self) -> bool:
        """Whether the column can be drawn on an axis."""
        return self.kind not in ("identifier", "category")

    @property
    def missing(self) -> float | int | bytes:
        """The value that stands for "missing" in this column."""
        if self.dtype == "str":
            return b""
        return MISSING_INT.get(self.dtype, np.nan)


SPECTRUM = "The Cannon on the LAMOST spectrum"
LAMOST = "LAMOST pipeline"
GAIA = "Gaia"
DERIVED = "derived from position, distance, proper motion and radial velocity"
TRUTH = "truth of the mock survey"

ELEMENTS: Mapping[str, tuple[str, float, float]] = MappingProxyType(
    {
        "o": ("O", -0.2, 0.6),
        "eu": ("Eu", -0.2, 0.6),
        "alpha": (r"\alpha", -0.1, 0.4),
        "sc": ("Sc", -0.2, 0.3),
        "s": ("s", -0.3, 0.5),
        "mg": ("Mg", -0.1, 0.4),
        "al": ("Al", -0.2, 0.5),
        "mn": ("Mn", -0.4, 0.2),
        "ba": ("Ba", -0.4, 0.6),
    }
)
"""Abundances beside iron: key of the column name -> (symbol, display range in dex)."""

STELLAR: tuple[Column, ...] = (
    Column("teff", "float32", "K", r"T_\mathrm{eff}", "Teff", "Effective temperature.", SPECTRUM, 3500, 7500),
    Column(
        "logg", "float32", "dex", r"\log g", "log g", "Surface gravity, log10 of cm/s^2.", SPECTRUM, 0, 5.2
    ),
    Column(
        "vmic", "float32", "km/s", r"v_\mathrm{mic}", "v_mic", "Microturbulent velocity.", SPECTRUM, 0.7, 2.2
    ),
    Column(
        "fe_h",
        "float32",
        "dex",
        r"[\mathrm{Fe}/\mathrm{H}]",
        "[Fe/H]",
        "Iron abundance relative to the Sun.",
        SPECTRUM,
        -2.0,
        0.5,
    ),
)

PAIR_OF_KIEL = "T_eff or log g"


def _abundance(key: str, symbol: str, low: float, high: float) -> Column:
    tex_symbol = symbol if symbol.startswith("\\") else rf"\mathrm{{{symbol}}}"
    plain_symbol = key if key in ("alpha", "s") else symbol
    names = {"alpha": "mean alpha elements (Mg, Si, Ca, Ti)", "s": "mean s-process elements (Ba, Y)"}
    meaning = f"Abundance of {names.get(key, symbol)} relative to iron and to the Sun."
    return Column(
        f"{key}_fe",
        "float32",
        "dex",
        rf"[{tex_symbol}/\mathrm{{Fe}}]",
        f"[{plain_symbol}/Fe]",
        meaning,
        SPECTRUM,
        low,
        high,
    )


ABUNDANCES: tuple[Column, ...] = tuple(_abundance(key, *facts) for key, facts in ELEMENTS.items())
LABELS: tuple[Column, ...] = STELLAR + ABUNDANCES
"""What The Cannon infers, dwarf and giant labels together."""


def _error(label: Column) -> Column:
    span = 0.1 * (label.high - label.low)
    return Column(
        f"e_{label.name}", "float32", label.unit, rf"\sigma({label.tex})", f"error of {label.plain}",
        f"One-sigma error of {label.plain}.", SPECTRUM, 0, span,
    )  # fmt: skip


def _window_chi2(label: Column) -> Column:
    return Column(
        f"chi2_{label.name}", "float32", "", rf"\chi^2_{{{label.tex}}}", f"chi2 near lines of {label.plain}",
        f"chi2 of the fit in windows around strong lines that carry {label.plain}.", SPECTRUM, 0, 200,
    )  # fmt: skip


def _extrapolated(name: str, what: str, tex: str) -> Column:
    return Column(
        f"{name}_extrap", "int8", "", rf"{tex}\ \mathrm{{extrapolated}}", f"{what} extrapolated",
        f"True where {what} lies where the model fails to extrapolate, for any observation of the star.",
        SPECTRUM, 0, 1, "flag",
    )  # fmt: skip


ERRORS: tuple[Column, ...] = tuple(_error(label) for label in LABELS)
WINDOWS: tuple[Column, ...] = tuple(_window_chi2(label) for label in LABELS[3:])
FLAGS: tuple[Column, ...] = (
    _extrapolated("kiel", PAIR_OF_KIEL, r"T_\mathrm{eff},\ \log g"),
    *(_extrapolated(label.name, label.plain, label.tex) for label in LABELS[2:]),
)

IDENTITY: tuple[Column, ...] = (
    Column("source_id", "int64", "", r"\mathrm{Gaia\ id}", "Gaia source_id", "Gaia source identifier (64-bit; see the catalogue's notes for the release).", GAIA, 0, 1, "identifier"),
    Column("designation", "str", "", r"\mathrm{LAMOST\ star}", "LAMOST designation", "LAMOST identifier of the star, made of its position.", LAMOST, 0, 1, "identifier"),
    Column("obsid", "int64", "", r"\mathrm{obsid}", "obsid", "LAMOST identifier of the spectrum.", LAMOST, 0, 1, "identifier"),
    Column("plate", "str", "", r"\mathrm{plate}", "plate", "LAMOST plan (plate) the spectrum was taken with.", LAMOST, 0, 1, "category"),
    Column("giantmodel", "int8", "", r"\mathrm{giant\ model}", "giant", "True where labels come from the giant model: above the line of eq. 1 in LAMOST's Kiel diagram.", "eq. 1", 0, 1, "flag"),
)  # fmt: skip

QUALITY: tuple[Column, ...] = (
    Column("chi2", "float32", "", r"\chi^2", "chi2", "chi2 of the best-fit model over the whole spectrum.", SPECTRUM, 0, 10000, "count"),
    Column("snrz", "float32", "", r"\mathrm{S/N}_z", "S/N (z)", "Signal-to-noise ratio per pixel in the LAMOST z band.", LAMOST, 0, 200, "count"),
    Column("snrg", "float32", "", r"\mathrm{S/N}_g", "S/N (g)", "Signal-to-noise ratio per pixel in the LAMOST g band.", LAMOST, 0, 200, "count"),
    Column("n_obs", "float32", "", r"N_\mathrm{obs}", "spectra", "Number of spectra of the star that have labels.", LAMOST, 1, 10, "count"),
    Column("a_k", "float32", "mag", r"A_K", "A_K", "Extinction in K, by the Rayleigh-Jeans colour excess.", "2MASS and ALLWISE", 0, 0.5),
    Column("a_v", "float32", "mag", r"A_V", "A_V", "Extinction in V.", "2MASS and ALLWISE", 0, 4),
    Column("ruwe", "float32", "", r"\mathrm{RUWE}", "RUWE", "Gaia's renormalised unit weight error: above 1.4 the astrometry is suspect.", GAIA, 0.8, 2, "count"),
)  # fmt: skip

LAMOST_LABELS: tuple[Column, ...] = (
    Column("teff_lamost", "float32", "K", r"T_\mathrm{eff}^\mathrm{LAMOST}", "Teff (LAMOST)", "Effective temperature by LAMOST's own pipeline; decides giant or dwarf (eq. 1).", LAMOST, 3500, 7500),
    Column("logg_lamost", "float32", "dex", r"\log g^\mathrm{LAMOST}", "log g (LAMOST)", "Surface gravity by LAMOST's own pipeline; decides giant or dwarf (eq. 1).", LAMOST, 0, 5.2),
    Column("fe_h_lamost", "float32", "dex", r"[\mathrm{Fe}/\mathrm{H}]^\mathrm{LAMOST}", "[Fe/H] (LAMOST)", "Metallicity by LAMOST's own pipeline.", LAMOST, -2.0, 0.5),
)  # fmt: skip

ASTROMETRY: tuple[Column, ...] = (
    Column("ra", "float64", "deg", r"\alpha", "RA", "Right ascension (ICRS).", LAMOST, 0, 360, "angle"),
    Column("dec", "float64", "deg", r"\delta", "Dec", "Declination (ICRS).", LAMOST, -90, 90),
    Column("l", "float64", "deg", r"l", "l", "Galactic longitude.", "derived from ra, dec", 0, 360, "angle"),
    Column("b", "float64", "deg", r"b", "b", "Galactic latitude.", "derived from ra, dec", -90, 90, "diverging"),
    Column("distance", "float32", "kpc", r"d", "distance", "Distance from the Sun.", "Bailer-Jones or the catalogue's own", 0, 8),
    Column("distance_lo", "float32", "kpc", r"d_{16}", "distance, 16 %", "Lower end of the 68 % interval of the distance.", "Bailer-Jones or the catalogue's own", 0, 8),
    Column("distance_hi", "float32", "kpc", r"d_{84}", "distance, 84 %", "Upper end of the 68 % interval of the distance.", "Bailer-Jones or the catalogue's own", 0, 8),
    Column("parallax", "float32", "mas", r"\varpi", "parallax", "Gaia parallax.", GAIA, -1, 5),
    Column("e_parallax", "float32", "mas", r"\sigma(\varpi)", "error of parallax", "One-sigma error of the parallax.", GAIA, 0, 0.3),
    Column("parallax_over_error", "float32", "", r"\varpi/\sigma", "parallax / error", "Parallax divided by its error: how good the distance can be.", GAIA, 0, 50, "count"),
    Column("pmra", "float64", "mas/yr", r"\mu_{\alpha*}", "pm RA", "Proper motion in right ascension, times cos(dec).", GAIA, -20, 20, "diverging"),
    Column("pmdec", "float64", "mas/yr", r"\mu_\delta", "pm Dec", "Proper motion in declination.", GAIA, -20, 20, "diverging"),
    Column("e_pmra", "float32", "mas/yr", r"\sigma(\mu_{\alpha*})", "error of pm RA", "One-sigma error of pmra.", GAIA, 0, 0.3),
    Column("e_pmdec", "float32", "mas/yr", r"\sigma(\mu_\delta)", "error of pm Dec", "One-sigma error of pmdec.", GAIA, 0, 0.3),
    Column("pmra_pmdec_corr", "float32", "", r"\mathrm{corr}(\mu_{\alpha*}, \mu_\delta)", "correlation of pm errors", "Correlation of the errors of pmra and pmdec.", GAIA, -1, 1, "diverging"),
    Column("rv", "float32", "km/s", r"v_\mathrm{los}", "rv", "Heliocentric radial velocity.", LAMOST, -200, 200, "diverging"),
    Column("e_rv", "float32", "km/s", r"\sigma(v_\mathrm{los})", "error of rv", "One-sigma error of the radial velocity.", LAMOST, 0, 20),
    Column("g_mag", "float32", "mag", r"G", "G", "Gaia G magnitude.", GAIA, 9, 19),
)  # fmt: skip

GALACTIC: tuple[Column, ...] = (
    Column("R", "float32", "kpc", r"R", "R", "Distance from the Galaxy's axis.", DERIVED, 7.5, 15),
    Column("phi", "float32", "rad", r"\phi", "phi", "Galactocentric azimuth: 0 at the Sun, growing with rotation.", DERIVED, -0.6, 0.6, "diverging"),
    Column("z", "float32", "kpc", r"z", "z", "Height above the Galactic plane, towards the north Galactic pole.", DERIVED, -4, 4, "diverging"),
    Column("X", "float32", "kpc", r"X", "X", "Galactocentric X = R cos(phi): the Sun is at +R0.", DERIVED, 4, 14),
    Column("Y", "float32", "kpc", r"Y", "Y", "Galactocentric Y = -R sin(phi), right-handed: rotation goes towards -Y.", DERIVED, -5, 5, "diverging"),
    Column("vR", "float32", "km/s", r"v_R", "v_R", "Velocity away from the Galaxy's axis.", DERIVED, -150, 150, "diverging"),
    Column("vT", "float32", "km/s", r"v_\phi", "v_phi", "Velocity of rotation about the Galaxy's axis; the disc's is positive.", DERIVED, 100, 300),
    Column("vz", "float32", "km/s", r"v_z", "v_z", "Velocity towards the north Galactic pole.", DERIVED, -100, 100, "diverging"),
    Column("JR", "float32", "kpc km/s", r"J_R", "J_R", "Radial action.", DERIVED, 0, 200),
    Column("Jphi", "float32", "kpc km/s", r"J_\phi", "J_phi", "Angular momentum about the Galaxy's axis, the disc's is positive.", DERIVED, 0, 3500),
    Column("Jz", "float32", "kpc km/s", r"J_z", "J_z", "Vertical action.", DERIVED, 0, 100),
    Column("actions_failed", "int8", "", r"\mathrm{no\ actions}", "no actions", "True where the actions could not be computed, as for an unbound star.", DERIVED, 0, 1, "flag"),
    Column("energy", "float32", "km2/s2", r"E", "E", "Orbital energy relative to escape: negative is bound.", DERIVED, -180000, 0),
    Column("eccentricity", "float32", "", r"e", "eccentricity", "Orbital eccentricity.", DERIVED, 0, 1),
    Column("z_max", "float32", "kpc", r"z_\mathrm{max}", "z_max", "Greatest height the orbit reaches.", DERIVED, 0, 6),
    Column("r_peri", "float32", "kpc", r"r_\mathrm{peri}", "pericentre", "Smallest distance of the orbit from the centre.", DERIVED, 0, 12),
    Column("r_apo", "float32", "kpc", r"r_\mathrm{apo}", "apocentre", "Largest distance of the orbit from the centre.", DERIVED, 6, 18),
)  # fmt: skip

_TRUE_OF = (
    "teff",
    "logg",
    "vmic",
    "fe_h",
    *(f"{key}_fe" for key in ELEMENTS),
    "distance",
    "rv",
    "R",
    "z",
    "vT",
)


def _truth(column: Column) -> Column:
    return Column(
        f"true_{column.name}", column.dtype, column.unit, rf"{column.tex}^\mathrm{{true}}", f"true {column.plain}",
        f"The mock star's own {column.plain}, before errors.", TRUTH, column.low, column.high, column.kind,
    )  # fmt: skip


MOCK: tuple[Column, ...] = (
    *(_truth(column) for column in LABELS + ASTROMETRY + GALACTIC if column.name in _TRUE_OF),
    Column("true_age", "float32", "Gyr", r"\tau", "true age", "The mock star's age.", TRUTH, 0, 13),
    Column("true_birth_radius", "float32", "kpc", r"R_\mathrm{birth}", "true birth radius", "Where in the disc the mock star was born, before it migrated.", TRUTH, 0, 16),
    Column("true_population", "str", "", r"\mathrm{population}", "true population", "Which part of the mock Galaxy the star belongs to.", TRUTH, 0, 1, "category"),
    Column("true_cluster", "str", "", r"\mathrm{cluster}", "true cluster", "Open cluster the mock star was planted in.", TRUTH, 0, 1, "category"),
    Column("true_binary", "int64", "", r"\mathrm{binary}", "true wide binary", "Number of the wide binary the mock star is in, shared with its companion.", TRUTH, 0, 1, "identifier"),
)  # fmt: skip

COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            *IDENTITY, *LABELS, *ERRORS, *QUALITY, *WINDOWS, *FLAGS,
            *LAMOST_LABELS, *ASTROMETRY, *GALACTIC, *MOCK,
        )
    }
)  # fmt: skip
"""Every described column by name, in the order in which catalogues and exports list them."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {"v_phi": "vT", "v_R": "vR", "v_z": "vz", "J_R": "JR", "J_phi": "Jphi", "J_z": "Jz"}
)
"""Other names a person may type for a column in an expression."""
