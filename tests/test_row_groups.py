"""Some rows of a Parquet file, against the whole file read at once."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import row_groups
from data.binary_tables import read_parquet
from data.problem import DataError
from data.row_groups import RowGroups

ROWS, SIZE = 23, 5


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Texts are wider in some groups than in others, and some numbers are missing."""
    file = tmp_path_factory.mktemp("groups") / "t.parquet"
    rows = np.arange(ROWS)
    columns = {
        "obsid": pa.array([None if row == 7 else 2**62 + row for row in range(ROWS)], pa.int64()),
        "ra": pa.array(rows * 0.1),
        "teff": pa.array(rows.astype("f4")),
        "name": pa.array([None if row == 3 else "J" * (1 + row // 4) for row in range(ROWS)]),
    }
    pq.write_table(pa.table(columns), file, row_group_size=SIZE)
    return file


@given(st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=40))
def test_any_rows_in_any_order(path, rows):
    whole = read_parquet(path)
    found = RowGroups(path).take(rows, ("teff", "obsid", "name", "ra", "absent"))
    assert set(found) == set(whole)
    for name, values in whole.items():
        assert found[name].dtype.kind == values.dtype.kind
        assert found[name].tolist() == values[rows].tolist()


def test_only_groups_and_columns_asked_for_are_read_and_once(path, monkeypatch):
    asked = []
    read = row_groups.read_group

    def spy(*what):
        asked.append(what[1:])
        return read(*what)

    monkeypatch.setattr(row_groups, "read_group", spy)
    table = RowGroups(path)
    assert (table.count, table.begin.tolist()) == (ROWS, [0, 5, 10, 15, 20, 23])
    for rows in ([6, 7], [8, 5], [22, 21], [22]):
        assert list(table.take(rows, ("ra",))) == ["ra"]
    assert asked == [(1, ("ra",)), (4, ("ra",))]


def test_a_damaged_file_is_told(path, tmp_path):
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    damaged = tmp_path / "t.parquet"
    damaged.write_bytes(content)
    with pytest.raises(DataError, match="damaged or incomplete"):
        RowGroups(damaged).take([0], ("obsid", "ra", "teff", "name"))
