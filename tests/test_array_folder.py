"""Arrays in a folder: all of them or none."""

import numpy as np
import pytest

from data.array_folder import read_arrays, write_arrays
from data.problem import DataError

ARRAYS = {
    "id": np.array([2**62 + 1, -1]),
    "name": np.array([b"J1", b""]),
    "x": np.array([[1.5, np.nan]]),
    "flag": np.array([1, 0, -1], np.int8),
    "none": np.zeros(0),
}


def test_arrays_come_back_as_they_were(tmp_path):
    write_arrays(tmp_path / "kept", ARRAYS)
    found = read_arrays(tmp_path / "kept")
    assert set(found) == set(ARRAYS)
    for name, values in ARRAYS.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)
        assert not found[name].flags.writeable
    assert [place.name for place in tmp_path.iterdir()] == ["kept"]


def test_nothing_is_left_where_it_fails(tmp_path):
    with pytest.raises(DataError, match="cannot write"):
        write_arrays(tmp_path / "gone" / "kept", ARRAYS)
    write_arrays(tmp_path / "kept", ARRAYS)
    with pytest.raises(DataError, match="cannot write"):
        write_arrays(tmp_path / "kept", {"x": np.ones(3)})
    assert [place.name for place in tmp_path.iterdir()] == ["kept"]
    np.testing.assert_array_equal(read_arrays(tmp_path / "kept")["id"], ARRAYS["id"])


def test_a_damaged_array_is_named(tmp_path):
    write_arrays(tmp_path / "kept", ARRAYS)
    (tmp_path / "kept" / "id.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match=r"id\.npy can't be read"):
        read_arrays(tmp_path / "kept")


def test_objects_are_never_loaded(tmp_path):
    (tmp_path / "kept").mkdir()
    np.save(tmp_path / "kept" / "evil.npy", np.array([print], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"evil\.npy can't be read"):
        read_arrays(tmp_path / "kept")
