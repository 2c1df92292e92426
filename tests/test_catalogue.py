"""Opening catalogues: what comes out is what went in, under our names; mistakes say what they are."""

import gzip
import hashlib
import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray

from data.catalogue import Catalogue, open_catalogue
from data.derivation import Derivation
from data.order import CELLS, inverse, morton_order
from data.problem import DataError
from data.schema import COLUMNS

ROWS = 400
GIANTS = Path("lamost-dr3-giants") / "LMDR3_diskRGB2.dat"
DR1 = Path("lamost-spectra") / "learninglamost-dr1" / "my_data3.csv"


def stars(rows: int = ROWS, seed: int = 1) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    fe_h = rng.normal(-0.3, 0.3, rows).astype(np.float32)
    fe_h[::7] = np.nan
    return {
        "source_id": rng.integers(2**60, 2**62, rows),
        "designation": np.array([f"J{number:06d}+00" for number in range(rows)]),
        "teff": rng.uniform(4000, 7000, rows).astype(np.float32),
        "fe_h": fe_h,
        "ra": rng.uniform(0, 360, rows),
        "dec": rng.uniform(-10, 60, rows),
        "R": rng.uniform(7, 15, rows).astype(np.float32),
        "z": rng.normal(0, 1, rows).astype(np.float32),
    }


def as_fits(columns: Mapping[str, Any], path: Path) -> None:
    Table(dict(columns)).write(path, format="fits")


def as_parquet(columns: Mapping[str, Any], path: Path) -> None:
    pq.write_table(pa.table(dict(columns)), path)


def as_parts(columns: Mapping[str, Any], path: Path) -> None:
    path.mkdir()
    table = pa.table(dict(columns))
    for part in range(4):
        pq.write_table(table.slice(part * ROWS // 4, ROWS // 4), path / f"part-{part}.parquet")


def as_votable(columns: Mapping[str, Any], path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Table(dict(columns)).write(path, format="votable")


def as_csv(columns: Mapping[str, Any], path: Path) -> None:
    Table(dict(columns)).write(path, format="ascii.csv")


def as_packed_csv(columns: Mapping[str, Any], path: Path) -> None:
    as_csv(columns, path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def as_ecsv(columns: Mapping[str, Any], path: Path) -> None:
    Table(dict(columns)).write(path, format="ascii.ecsv")


def as_white_space(columns: Mapping[str, Any], path: Path) -> None:
    Table(dict(columns)).write(path, format="ascii.commented_header", fill_values=[("", "--")])


WRITERS = [as_fits, as_parquet, as_parts, as_votable, as_csv, as_packed_csv, as_ecsv, as_white_space]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., Catalogue]:
    def open_it(path: Path, **options: Any) -> Catalogue:
        return open_catalogue(path, cache=tmp_path / "cache", **options)

    return open_it


def parquet(tmp_path: Path, columns: Mapping[str, Any] | None = None) -> Path:
    path = tmp_path / "stars.parquet"
    as_parquet(stars() if columns is None else columns, path)
    return path


@pytest.mark.parametrize("write", WRITERS)
def test_every_format_opens_to_the_same_catalogue(
    tmp_path: Path, opened: Callable[..., Catalogue], write: Callable[[Mapping[str, Any], Path], None]
) -> None:
    written = stars()
    write(written, tmp_path / "stars.dat")
    catalogue = opened(tmp_path / "stars.dat")
    assert len(catalogue) == ROWS
    assert catalogue.name == "stars"
    assert set(catalogue.found) == set(written)
    for name, values in written.items():
        expected = values[catalogue.source_row]
        expected = np.char.encode(expected) if expected.dtype.kind == "U" else expected
        np.testing.assert_array_equal(catalogue[name], expected, err_msg=name)
        if COLUMNS[name].dtype != "str":
            assert catalogue[name].dtype == COLUMNS[name].dtype


def test_columns_are_read_only_and_mapped_from_disk(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    catalogue = opened(parquet(tmp_path))
    for name in catalogue.columns:
        assert not catalogue[name].flags.writeable
        assert isinstance(catalogue[name].base, np.memmap)
    assert catalogue.nbytes == sum(catalogue[name].nbytes for name in catalogue.columns)
    assert "teff" in catalogue
    assert "chi2" not in catalogue
    with pytest.raises(KeyError):
        catalogue["chi2"]


def test_rows_follow_the_curve_and_find_their_way_back(
    tmp_path: Path, opened: Callable[..., Catalogue]
) -> None:
    columns = stars()
    catalogue = opened(parquet(tmp_path))
    np.testing.assert_array_equal(catalogue.source_row, morton_order(columns["R"], columns["z"]))
    np.testing.assert_array_equal(catalogue.source_row[catalogue.row_of_source], np.arange(ROWS))
    np.testing.assert_array_equal(catalogue["teff"][catalogue.row_of_source], columns["teff"])


@pytest.mark.parametrize(("without", "pair"), [(("R",), ("ra", "dec")), ((), ("R", "z"))])
def test_rows_are_sorted_by_the_best_position_there_is(
    tmp_path: Path, opened: Callable[..., Catalogue], without: tuple[str, ...], pair: tuple[str, str]
) -> None:
    columns = {name: values for name, values in stars().items() if name not in without}
    catalogue = opened(parquet(tmp_path, columns))
    np.testing.assert_array_equal(catalogue.source_row, morton_order(*(columns[name] for name in pair)))


def test_without_positions_rows_keep_their_order(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    columns = {name: stars()[name] for name in ("source_id", "teff", "fe_h")}
    np.testing.assert_array_equal(opened(parquet(tmp_path, columns)).source_row, np.arange(ROWS))


def brute_morton(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[int]:
    """The same curve bit by bit."""
    codes = []
    bounds = [np.percentile(values[np.isfinite(x) & np.isfinite(y)], (0.5, 99.5)) for values in (x, y)]
    for point in zip(x, y, strict=True):
        if not np.all(np.isfinite(point)):
            codes.append(CELLS * CELLS - 1)
            continue
        cells = [
            min(max(int((value - low) / ((high - low) / CELLS)), 0), CELLS - 1)
            for value, (low, high) in zip(point, bounds, strict=True)
        ]
        codes.append(
            sum(((cells[axis] >> bit) & 1) << (2 * bit + axis) for bit in range(8) for axis in (0, 1))
        )
    return sorted(range(len(codes)), key=lambda row: codes[row])


def test_the_curve_is_that_of_interleaved_bits() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 500))
    x[::11], y[::13] = np.nan, np.inf
    order = morton_order(x, y)
    assert order.tolist() == brute_morton(x, y)
    assert inverse(order)[order].tolist() == list(range(500))


@pytest.mark.parametrize("value", [np.nan, 3.0])
def test_a_curve_through_nothing_or_one_point(value: float) -> None:
    assert morton_order(np.full(5, value), np.zeros(5)).tolist() == [0, 1, 2, 3, 4]


def test_what_it_says_of_itself(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    path = parquet(tmp_path)
    catalogue = opened(path)
    assert catalogue.checksum == hashlib.sha256(path.read_bytes()).hexdigest()
    assert catalogue.source == path
    assert catalogue.mapping_name == "explorer"
    assert catalogue.metadata["file_format"] == "Parquet"
    assert catalogue.missing["chi2"] == "not in the file"
    assert not set(catalogue.missing) & set(catalogue.columns)
    assert not any(name.startswith("true_") for name in catalogue.missing)
    assert catalogue.described["teff"] == COLUMNS["teff"]
    assert not catalogue.mock
    summary = catalogue.summaries["fe_h"]
    fe_h = stars()["fe_h"]
    assert summary.missing == np.isnan(fe_h).sum()
    assert (summary.low, summary.high) == (np.nanmin(fe_h), np.nanmax(fe_h))


def test_a_folder_has_one_checksum_that_tells_its_parts(
    tmp_path: Path, opened: Callable[..., Catalogue]
) -> None:
    as_parts(stars(), tmp_path / "a")
    first = opened(tmp_path / "a").checksum
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert opened(tmp_path / "b").checksum == first
    (tmp_path / "b" / "part-3.parquet").unlink()
    assert opened(tmp_path / "b").checksum != first
    assert len(opened(tmp_path / "b")) == ROWS * 3 // 4


def test_a_mock_says_so(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    table = pa.table(stars()).replace_schema_metadata({"mock": "true"})
    pq.write_table(table, tmp_path / "a.parquet")
    assert opened(tmp_path / "a.parquet").mock
    Table(stars(), meta={"MOCK": True}).write(tmp_path / "a.fits")
    assert opened(tmp_path / "a.fits").mock
    Table(stars(), meta={"mock": True}).write(tmp_path / "a.ecsv")
    assert opened(tmp_path / "a.ecsv").mock
    as_csv({**stars(), "true_fe_h": stars()["fe_h"]}, tmp_path / "a.csv")
    assert opened(tmp_path / "a.csv").mock
    as_csv(stars(), tmp_path / "mock.csv")
    text = (tmp_path / "mock.csv").read_text()
    assert not opened(tmp_path / "mock.csv").mock
    (tmp_path / "mock.csv").write_text(f"# title: a mock\n# mock: false\n{text}")
    assert not opened(tmp_path / "mock.csv").mock
    (tmp_path / "mock.csv").write_text(f"# title: a mock\n# mock: true\n{text}")
    assert opened(tmp_path / "mock.csv").mock


def doubling(
    version: str = "1", needs: tuple[str, ...] = ("R",), gives: tuple[str, ...] = ("X",)
) -> Derivation:
    def compute(columns: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        return dict.fromkeys(gives, 2.0 * columns[needs[0]])

    return Derivation(
        "doubling", version, needs, gives, compute, lambda own: (f"saw {', '.join(sorted(own)[:2])}",)
    )


def test_derived_columns_fill_what_is_lacking_and_nothing_else(
    tmp_path: Path, opened: Callable[..., Catalogue]
) -> None:
    chain = (
        doubling(gives=("X", "z")),
        doubling(needs=("X",), gives=("Y",)),
        doubling(needs=("rv",), gives=("vR",)),
    )
    catalogue = opened(parquet(tmp_path), derivations=chain)
    assert catalogue.derived == ("X", "Y")
    np.testing.assert_array_equal(catalogue["X"], 2 * catalogue["R"])
    np.testing.assert_array_equal(catalogue["Y"], 4 * catalogue["R"])
    np.testing.assert_array_equal(catalogue["z"], stars()["z"][catalogue.source_row])
    assert catalogue.missing["vR"] == "needs rv, which the file lacks"
    assert catalogue.metadata["derived doubling"] == "1"
    assert catalogue.notes == ("saw R, dec",) * 3


def test_what_is_lacking_is_named_down_to_its_root(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    chain = (doubling(needs=("rv",), gives=("vR",)), doubling(needs=("vR", "R"), gives=("JR",)))
    assert opened(parquet(tmp_path), derivations=chain).missing["JR"] == "needs rv, which the file lacks"


def builds(opened: Callable[..., Catalogue], path: Path, **options: Any) -> int:
    """How many steps of work opening reports: none where the cache had it."""
    steps: list[str] = []
    opened(path, progress=lambda _done, _total, what: steps.append(what), **options)
    return len(steps)


def test_it_is_read_once_until_something_changes(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    path = parquet(tmp_path)
    assert builds(opened, path)
    assert not builds(opened, path)
    assert builds(opened, path, derivations=(doubling("1"),))
    assert not builds(opened, path, derivations=(doubling("1"),))
    assert builds(opened, path, derivations=(doubling("2"),))
    os.utime(path, ns=(1, 1))
    assert builds(opened, path)
    mapping = tmp_path / "mine.toml"
    for name in ("teff", "ra"):
        mapping.write_text(f"[columns]\nteff = {{from = '{name}'}}\n")
        assert builds(opened, path, mapping=mapping)
        assert not builds(opened, path, mapping=mapping)


def test_a_changed_source_gives_the_new_stars(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    path = parquet(tmp_path)
    opened(path)
    as_parquet(stars(seed=2), path)
    catalogue = opened(path)
    np.testing.assert_array_equal(catalogue["teff"], stars(seed=2)["teff"][catalogue.source_row])


def test_a_damaged_cache_is_made_anew(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    path = parquet(tmp_path)
    opened(path)
    (column,) = (tmp_path / "cache").rglob("teff.npy")
    os.truncate(column, 200)
    np.testing.assert_array_equal(opened(path)["teff"], stars()["teff"][opened(path).source_row])


def test_a_source_that_changes_while_it_is_read(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    path = parquet(tmp_path)
    with pytest.raises(DataError, match="changed while it was read"):
        opened(path, progress=lambda *_: os.utime(path, ns=(7, 7)))


def test_two_catalogues_of_one_file_share_the_cache(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    path = parquet(tmp_path)
    first, second = opened(path), opened(path)
    np.testing.assert_array_equal(first["R"], second["R"])
    assert len(list((tmp_path / "cache" / "catalogues").glob("*/manifest.json"))) == 1


def test_ones_own_mapping(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    as_csv({"id": [2**60 + 1, 2], "T": [5.0, -9999], "d": [1500.0, 10], "c": [0.5, 0.25]}, tmp_path / "a.csv")
    mapping = tmp_path / "mine.toml"
    mapping.write_text(
        "name = 'mine'\nnotes = ['made by me']\ngaia_release = 'DR2'\n[columns]\n"
        "source_id = {from = 'ID'}\nteff = {from = 'T', scale = 1000, sentinels = [-9999]}\n"
        "distance = {from = 'd', unit = 'pc'}\n"
        "c_fe = {from = 'c', unit = 'dex', plain = '[C/Fe]', meaning = 'Carbon.', range = [-0.5, 0.5]}\n"
    )
    catalogue = opened(tmp_path / "a.csv", mapping=mapping)
    assert catalogue["source_id"].tolist() == [2**60 + 1, 2]
    np.testing.assert_array_equal(catalogue["teff"], np.array([5000, np.nan], np.float32))
    np.testing.assert_allclose(catalogue["distance"], [1.5, 0.01])
    assert catalogue.described["c_fe"].plain == "[C/Fe]"
    assert catalogue["c_fe"].tolist() == [0.5, 0.25]
    assert (catalogue.mapping_name, catalogue.mapping_notes) == ("mine", ("made by me",))
    assert catalogue.metadata["gaia_release"] == "DR2"


def test_no_name_of_a_column_stands_for_the_order_of_rows(
    tmp_path: Path, opened: Callable[..., Catalogue]
) -> None:
    described = "plain = 'x', meaning = 'X.', range = [0, 1]"
    mapping = tmp_path / "mine.toml"
    mapping.write_text(
        f"[columns]\nR = {{from = 'R'}}\nz = {{from = 'z'}}\n"
        f"source_row = {{from = 'ra', {described}}}\nrow_of_source = {{from = 'dec', {described}}}\n"
    )
    columns = stars()
    catalogue = opened(parquet(tmp_path, columns), mapping=mapping)
    order = morton_order(columns["R"], columns["z"])
    np.testing.assert_array_equal(catalogue.source_row, order)
    np.testing.assert_array_equal(catalogue["source_row"], columns["ra"][order].astype(np.float32))
    np.testing.assert_array_equal(catalogue["row_of_source"], columns["dec"][order].astype(np.float32))


def test_units_declared_by_the_file_convert(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    table = Table(stars())
    table["R"] = table["R"] * 1000
    table["R"].unit = "pc"
    table.write(tmp_path / "a.fits")
    catalogue = opened(tmp_path / "a.fits")
    np.testing.assert_allclose(catalogue["R"], stars()["R"][catalogue.source_row], rtol=1e-6)


def test_values_that_look_like_marks_are_pointed_out(
    tmp_path: Path, opened: Callable[..., Catalogue]
) -> None:
    columns = stars()
    columns["teff"][3] = -9999
    columns["z"][:] = np.nan
    notes = opened(parquet(tmp_path, columns)).notes
    assert "without any value: z" in notes
    assert any(note.startswith("teff reaches -9999") for note in notes)


def some(**changed: Any) -> dict[str, Any]:
    return {**{name: values[:3] for name, values in stars().items()}, **changed}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({name: values[:0] for name, values in stars().items()}, "has columns but no rows"),
        ({"alpha": [1.0], "beta": [2.0]}, "no columns we recognise"),
        (
            {"teff": [np.nan], "fe_h": [np.nan], "ra": [np.nan]},
            "stars.parquet has no value that is not missing",
        ),
        (some(teff=["hot", "5000", "cold"]), "stars.parquet: column teff must hold numbers"),
        (some(source_id=[4.9e18, 1.0, 2.0]), "digits are lost"),
        (some(giantmodel=["yes", "no", "perhaps"]), "must hold true or false"),
    ],
)
def test_what_cannot_be_used_says_why_and_leaves_nothing(
    tmp_path: Path, opened: Callable[..., Catalogue], columns: dict[str, Any], says: str
) -> None:
    path = parquet(tmp_path, columns)
    with pytest.raises(DataError) as caught:
        opened(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    left = [entry for entry in (tmp_path / "cache" / "catalogues").iterdir() if entry.suffix != ".lock"]
    assert left == []


def test_duplicate_columns_say_so(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    (tmp_path / "a.csv").write_text("teff,fe_h,ra,teff\n5000,0,1,2\n")
    with pytest.raises(DataError, match="has the column 'teff' 2 times"):
        opened(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text("teff,fe_h,ra,x,x\n5000,0,1,2,3\n")
    assert opened(tmp_path / "b.csv")["teff"].tolist() == [5000]


@pytest.mark.parametrize(
    "content", [b"", b"<!DOCTYPE html><html>", gzip.compress(b"teff,ra\n" * 9, mtime=0)[:20]]
)
def test_files_that_are_no_tables_leave_nothing(
    tmp_path: Path, opened: Callable[..., Catalogue], content: bytes
) -> None:
    path = tmp_path / "stars.fits"
    path.write_bytes(content)
    with pytest.raises(DataError):
        opened(path)
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_a_real_catalogue_of_giants(real_data: Path, opened: Callable[..., Catalogue]) -> None:
    path = real_data / GIANTS
    if not path.is_file():
        pytest.skip(f"no real giants at {path}")
    with path.open() as file:
        names = file.readline().lstrip("#").split()
    numbers = np.genfromtxt(path, names=names, deletechars="")
    ids = [int(line.split()[0]) for line in path.read_text().splitlines()[1:]]
    catalogue = opened(path)
    assert (catalogue.mapping_name, len(catalogue)) == ("lamost-dr3-giants", 21954)
    back = catalogue.row_of_source
    assert catalogue["obsid"][back].tolist() == ids
    for ours, theirs in {
        "ra": "ra",
        "R": "R",
        "z": "Z",
        "teff": "teff",
        "fe_h_lamost": "feh",
        "rv": "rv",
    }.items():
        np.testing.assert_array_equal(
            catalogue[ours][back], numbers[theirs].astype(COLUMNS[ours].dtype), err_msg=ours
        )
    expected = numbers["dist"] + numbers["disterr_up"]
    np.testing.assert_allclose(catalogue["distance_hi"][back], expected, rtol=1e-6)


def test_a_real_catalogue_of_lamost_dr1(real_data: Path, opened: Callable[..., Catalogue]) -> None:
    path = real_data / DR1
    if not path.is_file():
        pytest.skip(f"no real LAMOST catalogue at {path}")
    catalogue = opened(path)
    assert (catalogue.mapping_name, len(catalogue)) == ("lamost", 3165)
    assert catalogue["designation"][catalogue.row_of_source[0]] == b"J221202.24+291221.8"
    assert catalogue["plate"][catalogue.row_of_source[0]] == b"B6001"
    for name, column in catalogue.described.items():
        if column.is_number:
            assert catalogue.summaries[name].low > -1000 or name.startswith("teff"), name
    assert catalogue.summaries["snrz"].missing == 82
    assert catalogue.summaries["teff"].missing == 0


def test_a_fits_file_as_a_survey_writes_it(tmp_path: Path, opened: Callable[..., Catalogue]) -> None:
    """APOGEE's style: capitals, vectors beside numbers, big-endian, sentinels."""
    columns = [
        fits.Column("APOGEE_ID", "18A", array=np.array(["2M00000002+7417074", "2M00000019-1924498"])),
        fits.Column("GAIAEDR3_SOURCE_ID", "K", array=np.array([538028216707715712, 0])),
        fits.Column("ASPCAPFLAG", "K", array=np.array([0, 2**40])),
        fits.Column("VHELIO_AVG", "E", unit="km/s", array=np.array([-95.5, np.nan], np.float32)),
        fits.Column("TEFF", "E", array=np.array([4500.5, -9999.99], np.float32)),
        fits.Column("LOGG", "E", array=np.array([2.5, -9999], np.float32)),
        fits.Column("FE_H", "E", array=np.array([-0.25, 99.999], np.float32)),
        fits.Column("MG_FE", "E", array=np.array([0.125, 0.5], np.float32)),
        fits.Column("S_FE", "E", array=np.array([0.25, 0.5], np.float32)),
        fits.Column("GAIAEDR3_R_MED_PHOTOGEO", "E", array=np.array([2500, 1000], np.float32)),
        fits.Column("FPARAM", "9E", array=np.zeros((2, 9), np.float32)),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "allStar.fits")
    catalogue = opened(tmp_path / "allStar.fits")
    assert catalogue.mapping_name == "apogee-dr17"
    assert catalogue["source_id"].tolist() == [538028216707715712, -1]
    assert catalogue["aspcapflag"].tolist() == [0, 2**40]
    assert catalogue["apogee_id"].tolist() == [b"2M00000002+7417074", b"2M00000019-1924498"]
    for name, expected in {"teff": 4500.5, "logg": 2.5, "fe_h": -0.25, "rv": -95.5}.items():
        np.testing.assert_array_equal(catalogue[name], np.array([expected, np.nan], np.float32))
    assert catalogue["distance"].tolist() == [2.5, 1.0]
    assert "s_fe" not in catalogue
    assert catalogue["sulphur_fe"].tolist() == [0.25, 0.5]
