"""A mapping makes a foreign catalogue fit: which of its columns fills which of ours, and how."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from data.convert import convert
from data.problem import DataError
from data.schema import COLUMNS, Column, DType
from data.table import Sort

_SORTS: Mapping[DType, Sort] = MappingProxyType({"str": "text", "int64": "whole", "int8": "text"})


@dataclass(frozen=True)
class Filling:
    """How one of our columns is filled.

    Attributes
    ----------
    column : ours, described.
    names : theirs; the first that the file has is taken.
    unit : theirs; None leaves it to the file, and then to our own.
    sentinels : values of theirs that mean "missing".
    scale, offset : ours = theirs * scale + offset, in our unit.
    plus, minus : a column of theirs to add or to subtract; "" for none. [X/Fe] is [X/H] minus
        [Fe/H]; the upper end of an interval may be a value plus its error.
    """

    column: Column
    names: tuple[str, ...]
    unit: str | None = None
    sentinels: tuple[float | str, ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    plus: str = ""
    minus: str = ""

    @property
    def sort(self) -> Sort:
        """What text formats must read the values as."""
        return _SORTS.get(self.column.dtype, "number")

    def values(
        self, theirs: NDArray[Any], factor: float, added: Mapping[float, NDArray[Any]]
    ) -> NDArray[Any]:
        """Make our values from a chunk of theirs.

        Parameters
        ----------
        theirs : (N,) values as the file stores them.
        factor : turns their unit into ours.
        added : factor into our unit, negative to subtract -> (N,) values of the column to add with it.

        Raises
        ------
        DataError
            As `data.convert.convert`.
        """
        made = convert(theirs, self.column, self.sentinels, self.scale * factor, self.offset)
        for own_factor, values in added.items():
            made += convert(values, self.column, self.sentinels, self.scale * own_factor)
        return made


@dataclass(frozen=True)
class CatalogueMapping:
    """A named set of fillings with where it comes from.

    Attributes
    ----------
    name, description : what catalogue this is.
    source : where the list of its columns is published.
    published : where the catalogue itself is to be had.
    citation : what to cite.
    gaia_release : the release its Gaia identifiers belong to; "" if it has none.
    notes : what its users must know.
    requires : columns of theirs by which it is recognised, each a choice of names.
    fillings : by name of our column.
    own_names : whether columns that bear our names, and are not filled otherwise, are taken as well.
    content : the text it was made from, by which caches tell it apart.
    epoch : Julian year its positions are of, where the file has none for each row; None if not known.
    strict : whether a filling whose column the file lacks is a mistake (true for a person's own mapping).
    """

    name: str
    description: str
    source: str
    published: str
    citation: str
    gaia_release: str
    notes: tuple[str, ...]
    requires: tuple[tuple[str, ...], ...]
    fillings: Mapping[str, Filling]
    own_names: bool
    content: str
    epoch: float | None = None
    strict: bool = False

    def fillings_of(self, names: Iterable[str]) -> Mapping[str, Filling]:
        """Give the fillings for a file with these columns; with `own_names`, also of those that bear ours."""
        if not self.own_names:
            return self.fillings
        own = {name: Filling(COLUMNS[name], (name,)) for name in names if name in COLUMNS}
        return {**own, **self.fillings}


def find_column(wanted: Iterable[str], names: tuple[str, ...], where: str) -> str | None:
    """Find the first wanted name among a file's columns: spelt exactly, else in another case.

    A single letter must be spelt exactly: R and r, Z and z, E and e are different things. Raises DataError if
    the file has the name twice.
    """
    exact = tuple(wanted)
    for spelt, sought in ((str, exact), (str.lower, [name for name in exact if len(name) > 1])):
        for name in sought:
            found = [candidate for candidate in names if spelt(candidate) == spelt(name)]
            if len(found) > 1:
                raise DataError(
                    f"{where} has the column {name!r} {len(found)} times ({', '.join(found)}): "
                    f"expected it once; rename or drop the others"
                )
            if found:
                return found[0]
    return None
