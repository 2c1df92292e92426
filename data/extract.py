"""Some rows and columns of a catalogue, on their way out, with all that says where they come from."""

import csv
import json
import re
import shlex
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.expression import CHUNK, Expression, define
from data.formats import FORMATS, Content, Format
from data.predicate import Where
from data.problem import DataError
from data.schema import ALIASES, Column
from data.selection import Selection

CITATION = (
    "Columns as in Wheeler, Ness, Buder & Simpson, The Milky Way's enrichment across five nucleosynthetic "
    "channels from 4 million LAMOST spectra, arXiv:2001.08227"
)
_STRUCTURE = re.compile(
    r"pandas|ARROW:.*|SIMPLE|EXTEND|XTENSION|BITPIX|NAXIS\d*|[PG]COUNT|TFIELDS|EXTNAME|T[A-Z]+\d+"
)
"""Metadata of a source that tells how its bytes are laid out, and nothing of its stars."""
_SOFTWARE = ("enrichment-explorer", "numpy", "astropy", "pyarrow", "galpy")


@dataclass(frozen=True, eq=False)
class Extract:
    """What is to be exported. Cheap to make and to keep: rows are found only when it is streamed.

    Attributes
    ----------
    catalogue : where the rows come from.
    where : their condition; None for all rows.
    derived : columns computed from those of the catalogue, by name.
    columns : what is exported, in order.
    form : name of the format.
    whole : whether these are all columns there are.
    """

    catalogue: Catalogue
    where: Expression | None
    derived: Mapping[str, Expression]
    columns: tuple[Column, ...]
    form: str
    whole: bool

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        form: str,
        *,
        where: Selection | str | None = None,
        columns: Sequence[str] | None = None,
        derived: Mapping[str, Expression | str] | None = None,
    ) -> "Extract":
        """Check what is asked for.

        Parameters
        ----------
        catalogue : where the rows come from.
        form : a name of `FORMATS`.
        where : a selection, or a condition in the expression language; None or "" for all rows.
        columns : names, in the order wanted; None for all, the derived ones last.
        derived : names and expressions of columns to compute; each may use those before it, and the
            condition all of them.

        Raises
        ------
        DataError
            Where a column, the condition, an expression or the format is not one.
        """
        if form not in FORMATS:
            raise DataError(f"no format '{form}': choose one of {', '.join(FORMATS)}")
        described = {name: column for name, column in catalogue.described.items() if name in catalogue}
        defined = define(derived or {}, described)
        condition = _condition(where, described, defined)
        described |= {name: expression.describe(name, described) for name, expression in defined.items()}
        chosen = tuple(described.values()) if columns is None else _chosen(columns, described, catalogue)
        return cls(catalogue, condition, defined, chosen, form, whole=chosen == tuple(described.values()))

    @property
    def format(self) -> Format:
        """How it is written."""
        return FORMATS[self.form]

    @property
    def filename(self) -> str:
        """A name for its file that is safe on every system."""
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", self.catalogue.name).strip("-")[:60] or "catalogue"
        mock = "MOCK-" if self.catalogue.mock else ""
        return f"{mock}{stem}{'' if self.where is None else '-selection'}{self.format.suffix}"

    def rows(self) -> NDArray[np.int64]:
        """Find the catalogue's rows that pass, in the order of the source."""
        in_source_order = self.catalogue.row_of_source
        if self.where is None:
            return np.asarray(in_source_order)
        mask = np.empty(len(self.catalogue), bool)
        for start in range(0, len(mask), CHUNK):
            part = slice(start, start + CHUNK)
            mask[part] = self.where.evaluate(self._read(part, self.where.columns))
        return np.asarray(in_source_order[mask[in_source_order]])

    def stream(self, filename: str | None = None) -> tuple[int, Generator[bytes, None, None]]:
        """Find the rows, and write them piece by piece as the pieces are asked for.

        Parameters
        ----------
        filename : what the file will be called, for the command that makes it again.

        Returns
        -------
        How many rows pass, and the file's bytes.
        """
        rows = self.rows()
        metadata = self.metadata(len(rows), filename or self.filename)
        content = Content(self.columns, self._dtypes(), len(rows), metadata, partial(self._chunks, rows))
        return len(rows), self.format.write(content)

    def _chunks(self, rows: NDArray[np.int64], size: int) -> Iterator[Mapping[str, NDArray[Any]]]:
        names = [column.name for column in self.columns]
        for start in range(0, len(rows), size):
            yield self._read(rows[start : start + size], names)

    def _read(
        self, part: slice | NDArray[np.int64], names: Sequence[str] | frozenset[str]
    ) -> Mapping[str, NDArray[Any]]:
        """Read some rows of columns, and compute the derived ones among them."""
        computed = [name for name in names if name in self.derived]
        needed = set(names).difference(computed).union(*(self.derived[name].columns for name in computed))
        read = {name: np.asarray(self.catalogue[name][part]) for name in needed}
        return read | {name: self.derived[name].values(read) for name in computed}

    def _dtypes(self) -> Mapping[str, np.dtype[Any]]:
        return {
            column.name: np.dtype(column.dtype)
            if column.name in self.derived
            else self.catalogue[column.name].dtype
            for column in self.columns
        }

    def metadata(self, number: int, filename: str) -> Mapping[str, str]:
        """Say where a number of rows come from, and how a file of that name is made again."""
        catalogue = self.catalogue
        kind = "MOCK catalogue, no observed stars" if catalogue.mock else "Catalogue"
        notes = (*catalogue.mapping_notes, *catalogue.notes)
        derived = [f"{name} = {expression.text}" for name, expression in self.derived.items()]
        facts = {
            "title": f"{kind}: {number} of {len(catalogue)} rows of {catalogue.name}",
            "mock": "true" if catalogue.mock else "false",
            "name": catalogue.name,
            "source": catalogue.source.name,
            "sha256": catalogue.checksum,
            "rows": str(number),
            "out_of": str(len(catalogue)),
            "where": "all rows" if self.where is None else self.where.text,
            "derived": "; ".join(derived),
            "mapping": catalogue.mapping_name,
            "gaia_release": catalogue.metadata.get("gaia_release", ""),
            "notes": " | ".join(notes),
            "software": ", ".join(f"{library} {version_of(library)}" for library in _SOFTWARE),
            "about": _about(catalogue.metadata),
            "citation": catalogue.metadata.get("citation") or CITATION,
            "command": self._command(filename),
        }
        return {key: value for key, value in facts.items() if value}

    def _command(self, filename: str) -> str:
        source = self.catalogue.source.name
        words = ["explorer", "export", f"./{source}" if source.startswith("-") else source]
        words += self.catalogue.options
        if self.where is not None:
            words += ["--where", self.where.text]
        for name, expression in self.derived.items():
            words += ["--derive", f"{name} = {expression.text}"]
        if not self.whole:
            words += ["--columns", _listed(column.name for column in self.columns)]
        return shlex.join([*words, "--out", filename])


def _chosen(
    names: Sequence[str], described: Mapping[str, Column], catalogue: Catalogue
) -> tuple[Column, ...]:
    resolved = [ALIASES.get(name, name) for name in names]
    if not resolved or len(set(resolved)) < len(resolved):
        raise DataError(f"columns {', '.join(names)[:80]!r} are none or named twice: name each once")
    for name in resolved:
        if name in described:
            continue
        if reason := catalogue.missing.get(name):
            raise DataError(f"this catalogue has no column {name}: {reason}; leave it out")
        near = get_close_matches(name, described, n=3)
        advice = f"did you mean {' or '.join(near)}?" if near else "see 'explorer info' for those there are"
        raise DataError(f"no column {name[:40]!r} to export: {advice}")
    return tuple(described[name] for name in resolved)


def _condition(
    where: Selection | str | None, described: Mapping[str, Column], defined: Mapping[str, Expression]
) -> Expression | None:
    text = where.text if isinstance(where, Selection) else where
    return Where.parse(text, described, defined).expression if text else None


def _listed(names: Iterable[str]) -> str:
    """Names with commas between them, as one line of CSV: names may hold commas."""
    line = StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def _about(metadata: Mapping[str, str]) -> str:
    """Write what the source says of itself as one line."""
    told = {key: value for key, value in metadata.items() if not _STRUCTURE.fullmatch(key)}
    return json.dumps(told, ensure_ascii=False) if told else ""


def version_of(library: str) -> str:
    """Version of an installed library, for people."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
