"""The mock survey on disk: chunks of stars from the model to one Parquet file, or to none."""

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.draft import draft
from data.formats import arrow_field
from data.problem import DataError
from data.schema import COLUMNS, Column
from model.mock import POTENTIAL, Mock

EDITION = 2
"""Of the mock survey: raised whenever the same seed gives other stars, so that no older file is reused."""

TITLE = "Mock survey: not real stars"
LABELS = {"scatter": "truth plus the paper's cross-validated scatter and its trends with stellar parameters"}
"""How the labels of the mock were measured: mode and what it does."""
LARGEST = 100_000_000
SOFTWARE = ("enrichment-explorer", "numpy", "scipy", "galpy", "pyarrow")
"""What a file depends on beside seed and size."""

Progress = Callable[[int, int], None]


def make_demo(
    out: str | Path, *, stars: int, seed: int = 1, labels: str = "scatter", progress: Progress | None = None
) -> Path:
    """Write a mock survey to one Parquet file with our column names.

    The same stars, seed and versions give the same bytes. The file gets its name when it is complete.

    Parameters
    ----------
    out : file to write; an older one is replaced.
    stars : how many.
    seed : 0 or more.
    labels : a mode of LABELS.
    progress : called with stars written so far and in all.

    Returns
    -------
    the file.

    Raises
    ------
    DataError
        The number of stars, the seed, the mode or the place cannot be used.
    """
    if labels not in LABELS:
        raise DataError(f"labels {labels!r} were asked for: give one of {', '.join(LABELS)}")
    if not 1 <= stars <= LARGEST:
        raise DataError(f"{stars} stars were asked for: give a number from 1 to {LARGEST}")
    if seed < 0:
        raise DataError(f"seed {seed} was given: give 0 or a positive number")
    path = Path(out)
    if not path.parent.is_dir() or path.is_dir():
        raise DataError(f"cannot write {path}: give the name of a file in a folder that exists")
    tell = progress or (lambda _done, _total: None)
    tell(0, stars)
    mock = Mock.prepare(stars, seed=seed)
    chunks = (mock.simulate(number) for number in range(mock.chunks))
    first = next(chunks)
    names = tuple(name for name in COLUMNS if name in first)
    schema = pa.schema([arrow_field(COLUMNS[name]) for name in names], metadata=_metadata(mock, labels))
    written = 0
    with (
        draft(path) as unfinished,
        pq.ParquetWriter(unfinished, schema, **_encoding(names)) as file,
    ):
        for simulated in chain((first,), chunks):
            file.write_table(_table(simulated, schema))
            written += len(simulated["ra"])
            tell(written, stars)
    return path


def _metadata(mock: Mock, labels: str) -> dict[str, str]:
    return {
        "mock": "true",
        "title": TITLE,
        "edition": str(EDITION),
        "seed": str(mock.seed),
        "stars": str(mock.stars),
        "labels": labels,
        "labels_meaning": LABELS[labels],
        "frame": mock.plan.frame.name,
        "potential": POTENTIAL,
        "versions": ", ".join(f"{name} {_version(name)}" for name in SOFTWARE),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _encoding(names: tuple[str, ...]) -> dict[str, object]:
    """Parquet options: dictionaries where values repeat, bytes of like weight together where they do not."""
    repeating = [name for name in names if COLUMNS[name].dtype in ("str", "int8") or name.startswith("e_")]
    split = [name for name in names if COLUMNS[name].dtype.startswith("float") and name not in repeating]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": repeating,
        "use_byte_stream_split": split,
    }


def _table(simulated: Mapping[str, NDArray[np.generic]], schema: pa.Schema) -> pa.Table:
    arrays = [_array(simulated[field.name], COLUMNS[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: NDArray[np.generic], column: Column, kind: pa.DataType) -> pa.Array:
    if column.dtype == "str":
        return pa.array(values).cast(kind)
    if column.dtype == "int8":
        return pa.array(values == 1, mask=values == column.missing)
    return pa.array(values.astype(column.dtype))
