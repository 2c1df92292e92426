"""The mock survey on disk: columns, metadata, repeatable bytes, and no file where something failed."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.problem import DataError
from data.schema import COLUMNS
from explorer.demo import TITLE, make_demo
from model.kinematics import SolarFrame
from model.mock import Mock

STARS = 2_000
ARROW = {
    "float32": pa.float32(),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "int8": pa.bool_(),
    "str": pa.string(),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("demo") / "mock.parquet", stars=STARS, seed=2)


def test_columns_are_the_schemas_with_their_types_and_units(demo):
    schema = pq.read_schema(demo)
    assert schema.names == [name for name in COLUMNS if name in schema.names]
    assert {"source_id", "fe_h", "ba_fe", "JR", "energy", "true_population"} <= set(schema.names)
    for field in schema:
        assert field.type == ARROW[COLUMNS[field.name].dtype]
        assert field.metadata[b"unit"].decode() == COLUMNS[field.name].unit


def test_metadata_say_it_is_a_mock(demo):
    said = pq.read_schema(demo).metadata
    assert said[b"mock"] == b"true"
    assert said[b"title"].decode() == TITLE == "Mock survey: not real stars"
    assert said[b"seed"] == b"2"
    assert said[b"stars"] == str(STARS).encode()
    assert said[b"labels"] == b"scatter"
    assert said[b"frame"].decode() == SolarFrame().name
    assert said[b"potential"] == b"MWPotential2014"
    assert b"galpy" in said[b"versions"]


def test_file_holds_what_the_model_simulated(demo):
    table = pq.read_table(demo)
    simulated = Mock.prepare(STARS, seed=2).simulate(0)
    assert table.num_rows == STARS
    for name in ("source_id", "ra", "pmra", "giantmodel", "true_binary"):
        np.testing.assert_array_equal(table[name].to_numpy(), simulated[name])
    np.testing.assert_array_equal(table["mg_fe"].to_numpy(), simulated["mg_fe"].astype(np.float32))
    for name in ("designation", "plate", "true_population", "true_cluster"):
        assert table[name].to_pylist() == [text.decode() for text in simulated[name].tolist()]
    assert table["source_id"].null_count == table["mg_fe"].null_count == 0


def test_same_seed_writes_the_same_bytes(demo, tmp_path):
    again = make_demo(tmp_path / "again.parquet", stars=STARS, seed=2)
    assert again.read_bytes() == demo.read_bytes()


def test_progress_ends_with_all_stars_and_the_file_replaces_an_older_one(tmp_path):
    heard = []
    out = tmp_path / "mock.parquet"
    out.write_text("older", encoding="ascii")
    make_demo(out, stars=50, progress=lambda *at: heard.append(at))
    assert heard == [(0, 50), (50, 50)]
    assert pq.read_metadata(out).num_rows == 50


def test_interrupted_writing_leaves_what_was_there(tmp_path):
    out = tmp_path / "mock.parquet"
    out.write_text("older", encoding="ascii")

    def interrupt(done, _total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_demo(out, stars=50, progress=interrupt)
    assert [each.name for each in tmp_path.iterdir()] == ["mock.parquet"]
    assert out.read_text(encoding="ascii") == "older"


def test_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(DataError, match=r"cannot write .*: the disk is full; free some space"):
        make_demo(tmp_path / "mock.parquet", stars=50)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"stars": 0}, "0 stars .* give a number from 1"),
        ({"stars": 10**9}, "give a number from 1 to"),
        ({"seed": -1}, "seed -1 .* give 0 or"),
        ({"labels": "pipeline"}, "'pipeline' .* give one of scatter"),
        ({"out": "absent/mock.parquet"}, "cannot write .* folder that exists"),
        ({"out": "."}, "cannot write"),
    ],
)
def test_impossible_requests_say_what_to_do(tmp_path, wrong, says):
    given = {"out": "mock.parquet", "stars": 10} | wrong
    with pytest.raises(DataError, match=says):
        make_demo(tmp_path / given.pop("out"), **given)
    assert not list(tmp_path.iterdir())
