"""Table files: every format and compression gives back what was written; what is no table says what it is."""

import bz2
import gzip
import lzma
import os
import shutil
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from numpy.typing import NDArray

from data.binary_tables import read_parquet
from data.catalogue import open_catalogue
from data.problem import DataError
from data.table import CHUNK_ROWS, Sort
from data.tables import open_table, source_parts

IDS = np.array([4929746660437392257, 9007199254740993, 1, 6917528997577384321], dtype=np.int64)
FE_H = np.array([-0.25, np.nan, 0.5, 1e-3])
NAMES = ["J1+2", "b c", "", "d"]
WANTED: Mapping[str, Sort] = {"source_id": "whole", "[Fe/H]": "number", "name": "text"}


def stars() -> Table:
    table = Table({"source_id": IDS, "[Fe/H]": FE_H, "name": NAMES})
    table["[Fe/H]"].unit = "dex"
    return table


def as_fits(path: Path) -> Path:
    table = stars()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy advises against a name such as [Fe/H]
        hdu = fits.table_to_hdu(table)
        hdu.header["MOCK"], hdu.header["TUNIT2"] = True, "dex"
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((2, 2))), hdu]).writeto(path)
    return path


def as_parquet(path: Path) -> Path:
    fields = [
        pa.field("source_id", pa.int64()),
        pa.field("[Fe/H]", pa.float64(), metadata={"unit": "dex"}),
        pa.field("name", pa.string()),
    ]
    schema = pa.schema(fields, metadata={"mock": "true"})
    pq.write_table(pa.table([IDS, FE_H, NAMES], schema=schema), path)
    return path


def as_votable(path: Path, form: str = "tabledata") -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy makes up an identifier for [Fe/H]
        stars().write(path, format="votable", tabledata_format=form)
    return path


def as_ecsv(path: Path) -> Path:
    table = stars()
    table.meta["mock"] = True
    table.write(path, format="ascii.ecsv")
    return path


def as_csv(path: Path) -> Path:
    stars().write(path, format="ascii.csv")
    return path


def as_white_space(path: Path) -> Path:
    lines = [f"{i} {f} {n.replace(' ', '_') or '--'}" for i, f, n in zip(IDS, FE_H, NAMES, strict=True)]
    path.write_text("# made by hand\n# source_id [Fe/H] name\n" + "\n".join(lines) + "\n")
    return path


FORMATS: dict[str, Callable[[Path], Path]] = {
    "FITS": as_fits,
    "Parquet": as_parquet,
    "VOTable": as_votable,
    "ECSV": as_ecsv,
    "CSV": as_csv,
    "white-space table": as_white_space,
}


def read(
    path: Path, wanted: Mapping[str, Sort] = WANTED, marks: frozenset[str] = frozenset()
) -> dict[str, NDArray[Any]]:
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    with open_table(path, scratch) as table:
        chunks = list(table.chunks(wanted, marks))
    return {name: np.ma.concatenate([chunk[name] for chunk in chunks]) for name in wanted}


def digits(values: NDArray[Any]) -> list[int]:
    return [int(value) for value in values.tolist()]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_back_what_was_written(tmp_path: Path, form: str) -> None:
    path = FORMATS[form](tmp_path / "stars.dat")
    with open_table(path, tmp_path) as table:
        assert table.format == form
        assert table.names == ("source_id", "[Fe/H]", "name")
        assert table.rows in (None, 4)
    found = read(path)
    assert digits(found["source_id"]) == IDS.tolist()
    np.testing.assert_array_equal(np.asarray(found["[Fe/H]"], dtype=float), FE_H)
    assert found["name"].dtype.kind == "S"
    assert [name.strip() for name in found["name"].tolist()] in (
        [b"J1+2", b"b c", b"", b"d"],
        [b"J1+2", b"b_c", b"", b"d"],
    )


@pytest.mark.parametrize("form", ["FITS", "Parquet", "VOTable", "ECSV"])
def test_units_of_the_file_are_kept(tmp_path: Path, form: str) -> None:
    with open_table(FORMATS[form](tmp_path / "stars"), tmp_path) as table:
        assert table.units == {"[Fe/H]": "dex"}


@pytest.mark.parametrize(("form", "key"), [("FITS", "MOCK"), ("Parquet", "mock"), ("ECSV", "mock")])
def test_metadata_of_the_file_are_kept(tmp_path: Path, form: str, key: str) -> None:
    with open_table(FORMATS[form](tmp_path / "stars"), tmp_path) as table:
        assert table.metadata[key].lower() == "true"


def test_comments_above_a_text_table_are_metadata(tmp_path: Path) -> None:
    comments = "# title: a mock\n# a remark: no\n# column a [kpc]: size\n#mock: true\n"
    for body in ("a,b\n1,2\n# late: 1\n", "# a b\n1 2\n# late: 1\n"):
        (tmp_path / "a").write_text(comments + body)
        with open_table(tmp_path / "a", tmp_path) as table:
            assert table.metadata == {"title": "a mock", "mock": "true"}


def test_layout_cards_are_no_metadata(tmp_path: Path) -> None:
    with open_table(as_fits(tmp_path / "stars"), tmp_path) as table:
        assert set(table.metadata) == {"MOCK"}


@pytest.mark.parametrize("form", ["binary", "binary2"])
def test_binary_votables(tmp_path: Path, form: str) -> None:
    assert digits(read(as_votable(tmp_path / "stars", form))["source_id"]) == IDS.tolist()


def zstd(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize("squeeze", [gzip.compress, bz2.compress, lzma.compress, zstd])
@pytest.mark.parametrize("form", ["FITS", "CSV", "VOTable", "white-space table"])
def test_compressed_files(tmp_path: Path, form: str, squeeze: Callable[[bytes], bytes]) -> None:
    plain = FORMATS[form](tmp_path / "stars")
    packed = tmp_path / "packed.whatever"
    packed.write_bytes(squeeze(plain.read_bytes()))
    assert digits(read(packed)["source_id"]) == IDS.tolist()


def test_the_content_counts_not_the_name(tmp_path: Path) -> None:
    path = shutil.move(as_parquet(tmp_path / "stars.parquet"), tmp_path / "stars.fits")
    assert digits(read(Path(path))["source_id"]) == IDS.tolist()


def test_missing_whole_numbers_stay_exact(tmp_path: Path) -> None:
    masked = pa.array([IDS[0], None, IDS[2]], pa.int64())
    pq.write_table(pa.table({"source_id": masked}), tmp_path / "a.parquet")
    table = Table({"source_id": MaskedColumn(IDS[:3], mask=[False, True, False])})
    table["source_id"].fill_value = -7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.write(tmp_path / "a.fits")
        table.write(tmp_path / "a.vot", format="votable")
    for name in ("a.parquet", "a.fits", "a.vot"):
        found = read(tmp_path / name, {"source_id": "whole"})["source_id"]
        assert np.ma.getmaskarray(found).tolist() == [False, True, False], name
        assert [int(found[0]), int(found[2])] == [IDS[0], IDS[2]], name


def test_arrow_types_of_text_and_numbers(tmp_path: Path) -> None:
    columns = {
        "category": pa.array(["a", None, "a"]).dictionary_encode(),
        "decimal": pa.array([1.0, None, 3.0]).cast(pa.decimal128(5, 1)),
        "large": pa.array(["x", "yy", None], pa.large_string()),
        "truth": pa.array([True, None, False]),
        "vector": pa.array([[1.0], [2.0], [3.0]]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a")
    with open_table(tmp_path / "a", tmp_path) as table:
        assert table.names == ("category", "decimal", "large", "truth")
    found = read(tmp_path / "a", {"category": "text", "decimal": "number", "large": "text", "truth": "text"})
    assert found["category"].tolist() == [b"a", b"", b"a"]
    np.testing.assert_array_equal(np.asarray(found["decimal"]), [1, np.nan, 3])
    assert found["large"].tolist() == [b"x", b"yy", b""]
    assert found["truth"].tolist() == [True, None, False]


def test_fits_vectors_are_left_out_and_scaled_columns_are_scaled(tmp_path: Path) -> None:
    columns = [
        fits.Column("v", "3E", array=np.ones((2, 3))),
        fits.Column("wide", "PE()", array=np.array([np.ones(2), np.ones(1)], dtype=object)),
        fits.Column("u", "K", bzero=2**63, array=np.array([2**63 + 1, 5], dtype=np.uint64)),
        fits.Column("s", "E", bscale=0.5, bzero=10.0, array=np.array([11.0, 12.0], dtype=np.float32)),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "a.fits")
    with open_table(tmp_path / "a.fits", tmp_path) as table:
        assert table.names == ("u", "s")
    found = read(tmp_path / "a.fits", {"u": "whole", "s": "number"})
    assert digits(found["u"]) == [2**63 + 1, 5]
    assert found["s"].tolist() == [11.0, 12.0]


def test_fits_null_is_a_number_as_stored_also_where_columns_are_scaled(tmp_path: Path) -> None:
    stored = np.array([-32768, 150, -32767], np.int16)
    columns = [fits.Column(name, "I", array=stored) for name in ("scaled", "unsigned", "plain")]
    hdu = fits.BinTableHDU.from_columns(columns)
    for place in (1, 2, 3):
        hdu.header[f"TNULL{place}"] = -32768
    hdu.header["TSCAL1"], hdu.header["TZERO2"] = 0.01, 32768
    hdu.writeto(tmp_path / "a.fits")
    found = read(tmp_path / "a.fits", {"scaled": "number", "unsigned": "whole", "plain": "whole"})
    for name, values in found.items():
        assert np.ma.getmaskarray(values).tolist() == [True, False, False], name
    np.testing.assert_allclose(found["scaled"][1:], [1.5, -327.67])
    assert digits(found["unsigned"][1:]) == [32918, 1]
    assert digits(found["plain"][1:]) == [150, -32767]


def test_fits_logicals_are_read_from_their_bytes(tmp_path: Path) -> None:
    stored = np.frombuffer(b"TF\0TF", np.int8)
    columns = [fits.Column("flag", "L", array=stored == ord("T")), fits.Column("n", "J", array=np.arange(5))]
    path = tmp_path / "logical.fits"
    fits.BinTableHDU.from_columns(columns).writeto(path)
    content = path.read_bytes()
    assert fits.getheader(path, 1)["TFORM1"] == "L"
    rows = b"".join(
        bytes([byte]) + np.int32(n).byteswap().tobytes() for n, byte in enumerate(stored.tolist())
    )
    head = content[: content.index(b"T\0\0\0\0")]
    path.write_bytes((head + rows).ljust(len(content), b"\0"))
    with open_table(path, tmp_path) as table:
        (chunk,) = table.chunks({"flag": "text"}, frozenset())
    assert np.ma.filled(chunk["flag"].astype(np.int8), -1).tolist() == [1, 0, -1, 1, 0]


def test_flags_of_older_files_are_small_numbers(tmp_path: Path) -> None:
    columns = [
        fits.Column("teff", "E", array=np.full(3, 5000.0)),
        fits.Column("fe_h", "E", array=np.zeros(3)),
        fits.Column("giantmodel", "B", null=255, array=np.array([1, 0, 255], np.uint8)),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "older.fits")
    rows = {"teff": [5000.0] * 3, "fe_h": [0.0] * 3, "giantmodel": pa.array([1, 0, None], pa.int8())}
    pq.write_table(pa.table(rows), tmp_path / "older.parquet")
    pq.write_table(pa.table({**rows, "giantmodel": [True, False, None]}), tmp_path / "newer.parquet")
    for name in ("older.fits", "older.parquet", "newer.parquet"):
        opened = open_catalogue(tmp_path / name, cache=tmp_path / "cache")
        assert opened["giantmodel"].dtype == np.int8
        assert opened["giantmodel"][opened.row_of_source].tolist() == [1, 0, -1]
    for name in ("older.parquet", "newer.parquet"):
        held = read_parquet(tmp_path / name, ("giantmodel",))["giantmodel"]
        assert (held.dtype, held.tolist()) == (np.int8, [1, 0, -1])


def test_long_tables_come_in_chunks(tmp_path: Path) -> None:
    rows = CHUNK_ROWS + 10
    numbers = np.arange(rows, dtype=np.int64) + 2**60
    Table({"n": numbers}).write(tmp_path / "a.fits")
    pq.write_table(pa.table({"n": numbers}), tmp_path / "a.parquet")
    (tmp_path / "a.txt").write_text("n\n" + "\n".join(map(str, numbers)))
    for name in ("a.fits", "a.parquet", "a.txt"):
        with open_table(tmp_path / name, tmp_path) as table:
            chunks = [len(chunk["n"]) for chunk in table.chunks({"n": "whole"}, frozenset())]
        assert len(chunks) > 1, name
        assert max(chunks) <= CHUNK_ROWS, name
        assert digits(read(tmp_path / name, {"n": "whole"})["n"]) == numbers.tolist(), name


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a,b\n1,2\n3,4\n", "CSV"),
        ("\ufeffa;b\n1;2\n3;4\n", "CSV"),
        ("a\tb\n1\t2\n3\t4\n", "CSV"),
        ("# a remark\n\n#a|b\n1|2\n3|4", "CSV"),
        ("a b\n1 2\n3 4\n", "white-space table"),
        ("#a  b\n 1   2\n 3 4\n", "white-space table"),
        ("# remark of many words\n# a b\n1 2\n# another\n3 4\n", "white-space table"),
    ],
)
def test_layouts_of_text(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "a"
    path.write_text(text, encoding="utf-8")
    with open_table(path, tmp_path) as table:
        assert (table.format, table.names) == (kind, ("a", "b"))
    found = read(path, {"b": "number"})
    assert found["b"].tolist() == [2, 4]


def test_marks_of_text_become_missing(tmp_path: Path) -> None:
    for name, text in (("a.csv", "a,b\n***,x\n1.5,y\nnull,z\n"), ("a.dat", "a b\n*** x\n1.5 y\nnull z\n")):
        (tmp_path / name).write_text(text)
        found = read(tmp_path / name, {"a": "number"}, frozenset({"***"}))
        np.testing.assert_array_equal(np.asarray(found["a"]), [np.nan, 1.5, np.nan])


def test_a_folder_of_parts(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(3):
        pq.write_table(pa.table({"n": pa.array([number], pa.int64())}), folder / f"part-{number}.parquet")
    (folder / "_metadata").write_bytes(b"PAR1")
    (folder / "README").write_text("text")
    assert digits(read(folder, {"n": "whole"})["n"]) == [0, 1, 2]


def test_a_hats_catalogue_counts_its_partitions_only(tmp_path: Path) -> None:
    dataset = tmp_path / "catalogue" / "dataset"
    for order, pixel in ((1, 4), (2, 70)):
        place = dataset / f"Norder={order}" / "Dir=0"
        place.mkdir(parents=True)
        pq.write_table(pa.table({"n": [pixel]}), place / f"Npix={pixel}.parquet")
    pq.write_table(pa.table({"n": [4, 70]}), dataset / "data_thumbnail.parquet")
    assert len(source_parts(tmp_path / "catalogue")) == 2
    assert digits(read(tmp_path / "catalogue", {"n": "whole"})["n"]) == [4, 70]


def truncated(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    return path


def bad(tmp_path: Path, what: str) -> Path:
    path = tmp_path / "stars.fits"
    if what == "folder":
        path.mkdir()
    elif what == "images":
        fits.PrimaryHDU(np.zeros((4, 4))).writeto(path)
    elif what == "truncated FITS":
        Table({"x": np.arange(5000.0)}).write(path)
        truncated(path)
    elif what == "truncated Parquet":
        truncated(as_parquet(path))
    elif what == "truncated VOTable":
        truncated(as_votable(path))
    elif what == "truncated gzip":
        path.write_bytes(gzip.compress(os.urandom(5000))[:3000])
    elif what == "odd parts":
        path.mkdir()
        pq.write_table(pa.table({"n": [1]}), path / "a.parquet")
        pq.write_table(pa.table({"m": [1]}), path / "b.parquet")
    elif what != "missing":
        content = {
            "empty": b"",
            "HTML": b"\n<!DOCTYPE html>\n<html><body>Please log in</body></html>",
            "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
            "zip": b"PK\x03\x04" + bytes(100),
            "binary": bytes(range(256)) * 4,
            "nothing packed": gzip.compress(b""),
            "only remarks": b"# a b\n",
            "no names": b"1,2\n3,4\n",
            "ragged": b"a,b\n1,2\n3\n",
            "words": b"a,b\n1,2\n3,four\n",
            "words in columns": b"a b\n1 2\n3 four\n",
            "ECSV header": b"# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a\n",
        }[what]
        path.write_bytes(content)
    return path


def spoilt(part: bytes, how: str) -> bytes:
    """A Parquet file whose footer is gone, or whose values are rotten."""
    return (
        part[: len(part) // 2]
        if how == "cut"
        else part[:60] + bytes(len(part) // 2 - 60) + part[len(part) // 2 :]
    )


@pytest.mark.parametrize("how", ["cut", "rotten"])
@pytest.mark.parametrize("place", [0, 1])
def test_the_damaged_part_of_a_folder_is_named(tmp_path: Path, how: str, place: int) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(3):
        pq.write_table(pa.table({"n": np.arange(5000.0)}), folder / f"part-{number}.parquet")
    bad_one = folder / f"part-{place}.parquet"
    bad_one.write_bytes(spoilt(bad_one.read_bytes(), how))
    with pytest.raises(DataError, match="is damaged or incomplete") as caught:
        read(folder, {"n": "number"})
    assert str(caught.value).startswith(f"{bad_one} is")


@pytest.mark.parametrize(
    "what", ["truncated FITS", "images", "truncated Parquet", "no names", "ragged", "words"]
)
def test_what_is_wrong_inside_a_compressed_file_is_said_of_that_file(tmp_path: Path, what: str) -> None:
    inner = bad(tmp_path, what)
    path = tmp_path / "stars.gz"
    path.write_bytes(gzip.compress(inner.read_bytes()))
    with pytest.raises(DataError) as caught:
        read(path, {"b": "number"})
    assert str(path) in str(caught.value)
    assert "scratch" not in str(caught.value)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("missing", "does not exist"),
        ("empty", "is empty"),
        ("folder", "folder without Parquet files"),
        ("odd parts", "lacks the column 'n'"),
        ("HTML", "web page"),
        ("HDF5", "HDF5"),
        ("zip", "zip archive"),
        ("binary", "no known format"),
        ("images", "holds images but no table"),
        ("truncated FITS", "breaks off: its header promises 5,000 rows"),
        ("truncated Parquet", "damaged or incomplete"),
        ("truncated VOTable", "damaged or incomplete"),
        ("truncated gzip", "breaks off or is damaged"),
        ("nothing packed", "unpacks to nothing"),
        ("only remarks", "holds no rows"),
        ("no names", "no line of column names"),
        ("ragged", "every row needs as many fields"),
        ("words", "column 'b'"),
        ("words in columns", "column 'b'"),
        ("ECSV header", "the ECSV header"),
    ],
)
def test_what_is_no_table_says_so_in_one_line(tmp_path: Path, what: str, says: str) -> None:
    path = bad(tmp_path, what)
    with pytest.raises(DataError) as caught:
        read(path, {"b": "number"} if what in ("words", "words in columns", "ragged") else WANTED)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert str(path) in message


def test_a_bomb_stops_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_UNPACKED_GIB", "0.001")
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"0" * (20 << 20)))
    with pytest.raises(DataError, match=r"unpacks to more than 1\.0 MiB"):
        read(path, {"a": "number"})
    assert (tmp_path / "scratch" / "unpacked").stat().st_size <= 1 << 20


@pytest.mark.parametrize("bound", ["much", "nan", "inf", "-1", "0"])
def test_the_bound_must_be_a_positive_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setenv("EXPLORER_UNPACKED_GIB", bound)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(DataError, match=f"{bound}.: expected a positive number of GiB"):
        read(path, {"a": "number"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "a.csv")
    path.chmod(0)
    with pytest.raises(DataError, match="may not be read"):
        read(path)


def test_a_mistake_of_the_reader_is_not_taken_for_a_damaged_file(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "a.csv")
    with pytest.raises(KeyError, match="mine"), open_table(path, tmp_path):
        raise KeyError("mine")


def test_a_fits_table_is_not_copied_as_it_closes(tmp_path: Path) -> None:
    """Astropy copies columns that are still referred to then: a survey's whole table."""
    number = 4 * CHUNK_ROWS
    path = tmp_path / "long.fits"
    Table({name: np.zeros(number) for name in "abcdefgh"}).write(path)
    tracemalloc.start()
    try:
        with open_table(path, tmp_path) as table:
            assert sum(len(chunk["a"]) for chunk in table.chunks({"a": "number"}, frozenset())) == number
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 8
