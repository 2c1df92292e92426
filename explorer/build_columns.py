"""What the columns of a build's tables are: those of the schema, and a few of the work's own."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from data.schema import COLUMNS, LAMOST, SPECTRUM, Column, DType, Kind
from explorer.notation import upright
from explorer.results import Columns, formal_error

_BUILD = "this build"


def _own(name: str, dtype: DType, plain: str, meaning: str, origin: str, unit: str = "") -> Column:
    kind: Kind = "identifier" if dtype in ("str", "int64") else "flag" if dtype == "int8" else "count"
    return Column(name, dtype, unit, upright(plain), plain, meaning, origin, 0, 100, kind)


_OWN: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            _own("file", "str", "file", "File of the spectrum.", LAMOST),
            _own(
                "exposure", "str", "exposure", "Day, plate, spectrograph and fibre of the spectrum.", LAMOST
            ),
            _own("problem", "str", "problem", "Why the spectrum can't be read.", _BUILD),
            _own("reason", "str", "reason", "Why the spectrum has no labels.", _BUILD),
            _own("detail", "str", "detail", "What there is to say of this one.", _BUILD),
            _own("row", "int64", "row", "Number of the spectrum in the survey, from 0.", _BUILD),
            _own("star", "int64", "star", "Number of the star in the survey, from 0.", _BUILD),
            _own(
                "lmjd", "float64", "local MJD", "Local modified Julian day of the observation.", LAMOST, "d"
            ),
            _own("snr", "float32", "S/N", "Median signal-to-noise ratio of the pixels.", SPECTRUM),
            _own("dof", "float32", "degrees of freedom", "Pixels less labels, of one spectrum.", SPECTRUM),
            _own("converged", "int8", "converged", "True where the labels are a minimum of chi2.", SPECTRUM),
            _own(
                "chi2_runner_up", "float32", "second chi2", "chi2 of the best other minimum found.", SPECTRUM
            ),
            _own("n_used", "float32", "spectra used", "Those by the model that won, averaged here.", _BUILD),
        )
    }
)


def column_named(name: str) -> Column:
    """What a column of a build is."""
    if name in COLUMNS:
        return COLUMNS[name]
    if name in _OWN:
        return _OWN[name]
    label = name.removeprefix("e_").removesuffix("_formal")
    if name == f"e_{label}_formal":
        return formal_error(column_named(label))
    return _own(name, "float32", name, f"Label {name}, as the reference table has it.", SPECTRUM)


def described(values: Mapping[str, NDArray[Any]]) -> Columns:
    """Columns (N,) by name, with what they are, in the order given."""
    columns = Columns()
    for name, held in values.items():
        columns.add(name, held, described=column_named(name))
    return columns
