"""Stored arrays: the same after reading; every file not whole or not ours is refused with a reason."""

import hashlib
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from data import store
from data.problem import DataError
from data.store import load, save

PROVENANCE = {"made": "from 81 spectra", "seed": 1, "cuts": ["snrg > 30"], "options": {"folds": 12, "α": 0.5}}
ARRAYS = {
    "theta": np.arange(12.0).reshape(4, 3),
    "terms": np.array([[0, 0], [1, 0], [0, 2]], np.int8),
    "mask": np.array([True, False, True]),
    "names": np.array(["teff", "[α/Fe]"]),
    "codes": np.array([b"ab", b"", b"c"]),
    "single": np.array(3.5, np.float32),
    "nothing": np.zeros((0, 5)),
    "limits": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]),
    "ids": np.array([2**63 - 1, -1]),
}


def keep(path, arrays=ARRAYS, kind="cannon", version=3, provenance=PROVENANCE):
    return save(path, arrays, kind=kind, version=version, provenance=provenance)


def rewrite(path, change):
    """Change a file's header and put lengths and checksum right, as somebody with a purpose would."""
    content = path.read_bytes()
    header_size = struct.unpack("<I", content[12:16])[0]
    header = json.loads(content[24 : 24 + header_size])
    arrays_at = 24 + header_size + -(24 + header_size) % 64
    text = change(header)
    text = text if isinstance(text, bytes) else json.dumps(header).encode()
    padding = bytes(-(24 + len(text)) % 64)
    body = text + padding + content[arrays_at:-32]
    whole = content[:12] + struct.pack("<IQ", len(text), 24 + len(body) + 32) + body
    path.write_bytes(whole + hashlib.sha256(whole).digest())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "dwarfs.model"


def refused(path, *words, kind="cannon", version=3):
    with pytest.raises(DataError) as caught:
        load(path, kind=kind, version=version)
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text


# what was saved is loaded


def test_arrays_come_back_bit_by_bit(path):
    keep(path)
    stored = load(path, kind="cannon", version=3)
    assert list(stored.arrays) == list(ARRAYS)
    for name, values in ARRAYS.items():
        back = stored.arrays[name]
        assert (back.dtype, back.shape) == (values.dtype, values.shape)
        assert back.tobytes() == values.tobytes()
        assert back.flags.aligned
    assert stored.version == 3
    assert stored.provenance == PROVENANCE


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=of_numpy.arrays(
        of_numpy.integer_dtypes(endianness="?")
        | of_numpy.floating_dtypes(endianness="?")
        | of_numpy.unicode_string_dtypes(endianness="?")
        | of_numpy.boolean_dtypes(),
        of_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    transposed=st.booleans(),
)
def test_any_plain_array_comes_back(tmp_path, values, transposed):
    given_array = values.T if transposed else values
    path = tmp_path / "any"
    save(path, {"a": given_array, "b": given_array}, kind="k", version=1, provenance={})
    back = load(path, kind="k", version=1).arrays
    for name in "ab":
        assert back[name].dtype == given_array.dtype.newbyteorder("<")
        np.testing.assert_array_equal(back[name], given_array)


def test_what_is_loaded_cannot_be_changed(path):
    keep(path)
    stored = load(path, kind="cannon", version=3)
    with pytest.raises(ValueError, match="read-only"):
        stored.arrays["theta"][0, 0] = 7
    with pytest.raises(TypeError):
        stored.arrays["theta"] = ARRAYS["theta"]
    with pytest.raises(TypeError):
        stored.provenance["seed"] = 2


def test_the_checksum_is_that_of_the_file_before_it(path):
    checksum = keep(path)
    assert checksum == hashlib.sha256(path.read_bytes()[:-32]).hexdigest()
    assert checksum == load(path, kind="cannon", version=3).checksum


def test_the_same_content_makes_the_same_bytes(path, tmp_path):
    keep(path)
    again = tmp_path / "other name"
    keep(again)
    assert again.read_bytes() == path.read_bytes()
    keep(again, provenance={**PROVENANCE, "seed": 2})
    assert again.read_bytes() != path.read_bytes()


def test_an_older_version_is_given_with_its_number(path):
    keep(path, version=2)
    assert load(path, kind="cannon", version=3).version == 2


# what is not whole


def test_a_file_cut_anywhere_is_refused(path):
    keep(path)
    content = path.read_bytes()
    for length in [*range(8, len(content), 37), len(content) - 1]:
        path.write_bytes(content[:length])
        refused(path, "breaks off")


def test_any_changed_byte_is_noticed(path):
    keep(path)
    content = path.read_bytes()
    for place in range(len(content)):
        broken = bytearray(content)
        broken[place] ^= 0x10
        path.write_bytes(broken)
        refused(path)
    broken = bytearray(content)
    broken[-40] ^= 1
    path.write_bytes(broken)
    refused(path, "damaged", "checksum")


def test_added_bytes_are_noticed(path):
    keep(path)
    with path.open("ab") as file:
        file.write(b"\n")
    refused(path, "added to")


# what is not ours, or not the right one


@pytest.mark.parametrize("content", [b"", b"\x93ENR", b"PK\x03\x04" + bytes(100), b"SIMPLE  =    T" * 300])
def test_foreign_files_are_refused(path, content):
    path.write_bytes(content)
    refused(path, "not written by this program")


def test_a_numpy_archive_is_foreign(path):
    with path.open("wb") as file:
        np.savez(file, theta=ARRAYS["theta"])
    refused(path, "not written by this program")


def test_another_kind_is_named(path):
    keep(path, kind="windows")
    refused(path, "windows", "expected a cannon")


def test_a_newer_version_asks_for_an_update(path):
    keep(path, version=4)
    refused(path, "version 4", "up to 3", "update")


def test_a_newer_layout_asks_for_an_update(path):
    keep(path)
    content = path.read_bytes()
    path.write_bytes(content[:8] + struct.pack("<I", 2) + content[12:])
    refused(path, "layout 2", "update")


def test_what_cannot_be_opened_is_said(path, tmp_path):
    refused(path, "No such file")
    refused(tmp_path, "no ordinary file")
    os.mkfifo(path)
    refused(path, "no ordinary file")


# a header that lies, under a checksum that fits


def lie(name, **facts):
    def change(header):
        header["arrays"][name] |= facts

    return change


LIES = {
    "too large": lie("theta", shape=[10**9, 10**9]),
    "empty but vast": lie("nothing", shape=[0, 2**70]),
    "negative": lie("theta", shape=[-4, -3]),
    "too small": lie("ids", shape=[1]),
    "objects": lie("theta", dtype="|O"),
    "records": lie("theta", dtype="<f4,<f4"),
    "unknown type": lie("theta", dtype="theta"),
    "endless text": lie("names", dtype="<U2000000000"),
    "no shape": lambda header: header["arrays"]["theta"].pop("shape"),
    "no kind": lambda header: header.pop("kind"),
    "a list": lambda header: header.update(arrays=[1, 2]),
    "infinite": lie("theta", shape=[float("inf"), 3]),
    "not JSON": lambda header: b"import os",
    "bottomless": lambda header: b"[" * 100_000,
    "not text": lambda header: b"\xff\xfe\x00",
}


@pytest.mark.parametrize("change", LIES.values(), ids=LIES)
def test_a_header_that_lies_is_refused(path, change):
    keep(path)
    rewrite(path, change)
    refused(path, "does not describe its content properly")


def test_the_same_forger_can_write_a_good_file(path):
    """Else the lies above could be refused for another reason."""
    keep(path)
    rewrite(path, lambda header: header.update(version=1))
    stored = load(path, kind="cannon", version=3)
    assert stored.version == 1
    np.testing.assert_array_equal(stored.arrays["theta"], ARRAYS["theta"])


def test_impossible_lengths_are_refused_before_anything_is_read(path):
    keep(path)
    content = path.read_bytes()
    path.write_bytes(content[:12] + struct.pack("<I", 2**31) + content[16:])
    refused(path, "impossible lengths")
    path.write_bytes(content[:16] + struct.pack("<Q", 2**62) + content[24:])
    refused(path, "impossible lengths")


# what cannot be stored


@pytest.mark.parametrize(
    "values",
    [np.array([{}, None]), np.array(["2020-01-01"], "M8[D]"), np.zeros(2, [("a", "f4")])],
    ids=["objects", "dates", "records"],
)
def test_other_types_are_not_stored(path, values):
    with pytest.raises(DataError, match="'odd' is of type"):
        keep(path, arrays={"odd": values})
    assert not path.exists()


@pytest.mark.parametrize("odd", [np.nan, np.int64(1), Path("x"), {1, 2}, b"x"])
def test_provenance_that_is_not_json_is_not_stored(path, odd):
    with pytest.raises(DataError, match="provenance of dwarfs"):
        keep(path, provenance={"odd": odd})
    assert not path.exists()


def test_too_much_is_not_stored(path, monkeypatch):
    monkeypatch.setattr(store, "LIMIT", 1000)
    with pytest.raises(DataError, match="the most"):
        keep(path, arrays={"many": np.zeros(200)})
    assert not path.exists()


def test_a_failed_write_keeps_the_old_file(path, tmp_path):
    keep(path)
    before = path.read_bytes()
    with pytest.raises(DataError, match="is of type"):
        keep(path, arrays={"odd": np.array([None])})
    with pytest.raises(DataError, match="cannot write"):
        keep(tmp_path / "absent" / "file")
    with pytest.raises(DataError, match="cannot write"):
        keep(tmp_path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
