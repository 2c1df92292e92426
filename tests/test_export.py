"""Exports read back by other programs: every value, every missing one, and what the file says of itself."""

import ast
import csv
import json
import os
import resource
import shlex
from dataclasses import replace
from errno import EDQUOT, ENOSPC
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.utils.exceptions import AstropyUserWarning

from data import formats
from data.catalogue import Catalogue, open_catalogue
from data.export import export
from data.expression import Expression
from data.extract import Extract
from data.formats import FORMATS
from data.predicate import Polygon, Range
from data.problem import DataError
from data.schema import COLUMNS
from data.selection import Clause, Selection

N = 400
FORMS = tuple(FORMATS)
TEXTS = ["HD5920", "", "caf\u00e9 \u03b1", 'say "hi"', "a, b", "# not a comment", "  spaces  "]


@pytest.fixture(scope="module")
def in_source_order():
    """Values of each column as the source lists them."""
    rng = np.random.default_rng(3)
    columns = {}
    for name in ("teff", "fe_h", "eu_fe", "ba_fe", "R"):
        columns[name] = rng.normal(size=N).astype("f4")
        columns[name][rng.random(N) < 0.1] = np.nan
    columns["teff"][:4] = [np.inf, 1e-38, 16777216, -0.0]
    columns["ra"] = rng.uniform(0, 360, N)
    columns["source_id"] = rng.integers(2**62, 2**63 - 1, N)
    columns["source_id"][5:9] = [-1, 0, 2**53 + 1, 2**63 - 1]
    columns["obsid"] = rng.integers(0, 10**9, N)
    columns["giantmodel"] = rng.integers(-1, 2, N).astype("i1")
    columns["plate"] = np.array([text.encode() for text in rng.choice(TEXTS, N)], "S20")
    return {name: columns[name] for name in COLUMNS if name in columns}


@pytest.fixture(scope="module")
def catalogue(in_source_order, tmp_path_factory):
    rng = np.random.default_rng(4)
    source_row = rng.permutation(N)
    source = tmp_path_factory.mktemp("source") / "my stars.fits"
    source.write_bytes(b"the source itself")
    return Catalogue(
        name="my stars",
        source=source,
        checksum="0123abcd" * 8,
        mapping_name="own",
        mapping_notes=("teff from the pipeline",),
        columns=MappingProxyType({name: values[source_row] for name, values in in_source_order.items()}),
        described=MappingProxyType({name: COLUMNS[name] for name in in_source_order}),
        source_row=source_row,
        row_of_source=np.argsort(source_row),
        found=tuple(in_source_order),
        missing={"vT": "needs rv, which the file lacks"},
        mock=True,
        metadata={"seed": "1", "pandas": "{}", "frame": "R0 = 8 kpc", "citation": "Someone 2020"},
        notes=("azimuth is mirrored",),
    )


@pytest.fixture
def written(catalogue, tmp_path):
    """Write an export and give its path."""

    def write(form, **request):
        return export(catalogue, tmp_path / f"out{FORMATS[form].suffix}", **request).path

    return write


def comments(path):
    lines = [line[2:] for line in path.read_text("utf-8").splitlines() if line.startswith("# ")]
    return dict(line.split(": ", 1) for line in lines)


def passing(columns):
    """R > 0 and not giants, in plain numpy."""
    return (columns["R"] > 0) & (columns["giantmodel"] == 0)


WHERE = "R > 0 and not giantmodel"


def expected(columns):
    return {name: values[passing(columns)] for name, values in columns.items()}


def is_missing(values):
    if values.dtype.kind == "f":
        return np.isnan(values)
    return values == (b"" if values.dtype.kind == "S" else -1)


def test_csv_holds_every_value_in_source_order(written, in_source_order):
    path = written("csv", where=WHERE)
    lines = [line for line in path.read_text("utf-8").splitlines(keepends=True) if not line.startswith("# ")]
    found = list(csv.DictReader(lines))
    for name, values in expected(in_source_order).items():
        fields = [row[name] for row in found]
        assert [field == "" for field in fields] == is_missing(values).tolist()
        present = [field for field in fields if field]
        if values.dtype.kind == "S":
            assert [field.encode() for field in present] == values[~is_missing(values)].tolist()
        else:
            read = np.array([values.dtype.type(field) for field in present])
            np.testing.assert_array_equal(read, values[~is_missing(values)])


def test_csv_floats_are_as_short_as_they_can_be(written, in_source_order):
    values = expected(in_source_order)["fe_h"]
    frame = pd.read_csv(written("csv", where=WHERE), comment="#", dtype=str)
    shortest = [
        np.format_float_scientific(value, unique=True, trim="-") for value in values if not np.isnan(value)
    ]
    digits = [sum(map(str.isdigit, text.split("e")[0].lstrip("-0."))) for text in frame["fe_h"].dropna()]
    assert digits == [sum(map(str.isdigit, text.split("e")[0])) for text in shortest]


def test_csv_is_read_by_pandas_as_its_header_says(written, in_source_order):
    path = written("csv")
    recipe = comments(path)["read with"]
    dtype = ast.literal_eval(recipe[recipe.index("dtype=") + len("dtype=") : -1])
    frame = pd.read_csv(path, comment="#", dtype=dtype, keep_default_na=False, na_values=[""])
    for name, values in in_source_order.items():
        missing = is_missing(values)
        assert frame[name].isna().tolist() == missing.tolist()
        present = frame[name][~missing]
        if values.dtype.kind == "S":
            assert [text.encode() for text in present] == values[~missing].tolist()
        else:
            np.testing.assert_array_equal(present.to_numpy(dtype=values.dtype), values[~missing])


def test_parquet_holds_every_value_with_units(written, in_source_order):
    table = pq.read_table(written("parquet", where=WHERE))
    for name, values in expected(in_source_order).items():
        column = table[name].combine_chunks()
        missing = is_missing(values)
        assert column.is_null().to_pylist() == missing.tolist()
        if values.dtype.kind == "S":
            assert [text.encode() for text in column.drop_null().to_pylist()] == values[~missing].tolist()
        else:
            assert (
                str(column.type)
                == {"f4": "float", "f8": "double", "i8": "int64", "i1": "bool"}[values.dtype.str[1:]]
            )
            present = column.drop_null().to_numpy(zero_copy_only=False)
            np.testing.assert_array_equal(present, values[~missing])
        field = table.schema.field(name)
        assert field.metadata == {
            b"unit": COLUMNS[name].unit.encode(),
            b"meaning": COLUMNS[name].meaning.encode(),
        }


def test_fits_holds_every_value_with_units(written, in_source_order):
    path = written("fits", where=WHERE)
    assert path.stat().st_size % 2880 == 0
    table = Table.read(path)
    assert table["giantmodel"].dtype == bool
    with fits.open(path) as file:
        file.verify("exception")
        raw, header = file["STARS"].data, file["STARS"].header
        for place, (name, values) in enumerate(expected(in_source_order).items(), start=1):
            missing = is_missing(values)
            np.testing.assert_array_equal(np.ma.getmaskarray(np.ma.asarray(table[name])), missing)
            assert np.asarray(raw.field(name))[~missing].tolist() == values[~missing].tolist()
            assert header[f"TTYPE{place}"] == name
            assert header[f"TCOMM{place}"].startswith(COLUMNS[name].meaning)
    assert str(table["R"].unit) == "kpc"
    assert table["fe_h"].unit is None  # FITS knows no dex
    place = table.colnames.index("fe_h") + 1
    assert fits.getheader(path, 1)[f"TCOMM{place}"].endswith("Unit: dex.")


@pytest.fixture
def facts(written):
    """What a file says of itself, whatever its format."""

    def read(form, **request):
        path = written(form, **request)
        if form == "csv":
            return comments(path)
        if form == "parquet":
            return {key.decode(): value.decode() for key, value in pq.read_schema(path).metadata.items()}
        header = fits.getheader(path, 1)
        return {key.lower(): str(value) for key, value in header.items()}

    return read


@pytest.mark.parametrize("form", FORMS)
def test_the_file_says_where_it_comes_from(facts, catalogue, form, in_source_order):
    told = facts(form, where=WHERE, derived={"eu_ba": "[Eu/Ba]"})
    number = int(passing(in_source_order).sum())
    assert told["title"] == f"MOCK catalogue, no observed stars: {number} of {N} rows of my stars"
    assert (told["mock"], told["name"], told["source"]) == ("true", "my stars", "my stars.fits")
    assert (told["sha256"], told["mapping"]) == (catalogue.checksum, "own")
    assert (told["rows"], told["out_of"]) == (str(number), str(N))
    assert Expression.parse(told["where"]) == Expression.parse(WHERE)
    assert told["derived"] == "eu_ba = eu_fe - ba_fe"
    assert told["notes"] == "teff from the pipeline | azimuth is mirrored"
    assert json.loads(told["about"]) == {"seed": "1", "frame": "R0 = 8 kpc", "citation": "Someone 2020"}
    assert told["citation"] == "Someone 2020"
    assert f"numpy {np.__version__}" in told["software"]


@pytest.mark.parametrize("form", FORMS)
def test_any_condition_is_kept_to_the_letter(facts, form):
    texts = [text for text in TEXTS if text] + ["two  blanks", "it's", "e" * 90]
    text = Expression.parse(f"plate in ({', '.join(map(repr, texts))})").text
    kept = facts(form, where=text)["where"]
    if form == "fits":
        kept = kept.encode().decode("unicode_escape")  # its header is ASCII
    assert kept == text


@pytest.mark.parametrize("form", FORMS)
def test_long_brushes_are_kept_to_the_letter(facts, form):
    """A dozen polygons of 100 corners, all digits of every number."""
    rng = np.random.default_rng(8)
    brushes = [Polygon("R", "fe_h", tuple(map(tuple, rng.normal(9, 3, (100, 2))))) for _ in range(12)]
    selection = Selection(tuple(Clause(f"b{at}", brush, inverted=True) for at, brush in enumerate(brushes)))
    assert facts(form, where=selection)["where"] == selection.text


@pytest.mark.parametrize("form", ["csv", "fits"])
def test_notes_of_many_lines_stay_one_line(catalogue, tmp_path, form):
    noted = replace(catalogue, notes=("one\ntwo\r\n# three",))
    path = export(noted, tmp_path / f"out{FORMATS[form].suffix}").path
    if form == "csv":
        assert comments(path)["notes"] == "teff from the pipeline | one two  # three"
        assert len(pd.read_csv(path, comment="#", low_memory=False)) == N
    else:
        assert fits.getheader(path, 1)["NOTES"] == "teff from the pipeline | one two  # three"


@pytest.mark.parametrize("form", FORMS)
def test_the_command_in_the_file_makes_the_file_again(facts, catalogue, form, tmp_path):
    derived = {"eu_ba": "[Eu/Ba]", "rich": "eu_ba > 0"}
    text = "eu_ba > -1 and plate == 'say \"hi\"'"
    command = facts(form, where=text, derived=derived, columns=["eu_ba", "source_id", "rich"])["command"]
    first = (tmp_path / f"out{FORMATS[form].suffix}").read_bytes()
    program, verb, source, *options = shlex.split(command)
    assert (program, verb, source) == ("explorer", "export", "my stars.fits")
    pairs = list(zip(options[::2], options[1::2], strict=True))
    given = dict(pairs)
    again = export(
        catalogue,
        tmp_path / given["--out"],
        where=given["--where"],
        derived=dict(value.split(" = ", 1) for option, value in pairs if option == "--derive"),
        columns=given["--columns"].split(","),
        overwrite=True,
    )
    assert again.path.read_bytes() == first


@pytest.mark.parametrize("form", FORMS)
def test_equal_requests_give_equal_bytes_however_many_rows_at_a_time(written, monkeypatch, form):
    first = written(form, where=WHERE).read_bytes()
    assert written(form, where=WHERE, overwrite=True).read_bytes() == first
    if form != "parquet":
        monkeypatch.setattr(formats, "TEXT_ROWS", 7)
        monkeypatch.setattr(formats, "BINARY_ROWS", 7)
        assert written(form, where=WHERE, overwrite=True).read_bytes() == first


@pytest.mark.parametrize("form", FORMS)
def test_our_own_program_reads_it_back(written, in_source_order, tmp_path, form):
    opened = open_catalogue(written(form), cache=tmp_path / "cache")
    for name, values in in_source_order.items():
        finite = np.where(np.isinf(values), np.nan, values) if values.dtype.kind == "f" else values
        read_as = np.char.strip(values) if values.dtype.kind == "S" else finite
        assert opened[name].dtype.kind == values.dtype.kind
        np.testing.assert_array_equal(opened[name][opened.row_of_source], read_as)


@pytest.mark.parametrize("form", FORMS)
def test_identifiers_keep_their_release_when_read_back(catalogue, tmp_path, form):
    told = replace(catalogue, metadata={**catalogue.metadata, "gaia_release": "DR2"})
    done = export(told, tmp_path / f"out{FORMATS[form].suffix}")
    assert open_catalogue(done.path, cache=tmp_path / "cache").metadata["gaia_release"] == "DR2"


@pytest.mark.parametrize("form", FORMS)
def test_no_row_passes_is_a_valid_empty_table(catalogue, tmp_path, form):
    done = export(
        catalogue, tmp_path / f"none{FORMATS[form].suffix}", where="R > 1e30", columns=["R", "plate"]
    )
    assert done.rows == 0
    assert done.size == done.path.stat().st_size
    read = {
        "csv": lambda path: pd.read_csv(path, comment="#"),
        "parquet": lambda path: pq.read_table(path).to_pandas(),
        "fits": lambda path: Table.read(path).to_pandas(),
    }[form]
    frame = read(done.path)
    assert frame.columns.tolist() == ["R", "plate"]
    assert len(frame) == 0


def test_a_selection_and_its_text_export_the_same_rows(catalogue, tmp_path):
    selection = Selection((Clause("R", Range("R", 0.25, None)), Clause("x", Range("[Eu/Ba]", None, 0.1))))
    one = export(catalogue, tmp_path / "one.csv", where=selection)
    other = export(catalogue, tmp_path / "other.csv", where=selection.text)
    assert one.rows == other.rows == int(selection.mask(catalogue.columns).sum())
    assert one.path.read_text().replace("one.csv", "other.csv") == other.path.read_text()
    assert export(catalogue, tmp_path / "all.csv", where=Selection()).rows == N


@pytest.fixture
def flags(catalogue, in_source_order, tmp_path):
    """Write stars with a flag that all have, and one that some lack."""

    def write(form):
        known = in_source_order["giantmodel"] >= 0
        whole = replace(
            catalogue,
            columns={
                **catalogue.columns,
                "kiel_extrap": known[catalogue.source_row].astype("i1"),
            },
            described={**catalogue.described, "kiel_extrap": COLUMNS["kiel_extrap"]},
        )
        return export(whole, tmp_path / f"flags{FORMATS[form].suffix}").path

    return write


def test_flags_choose_rows_in_astropy(flags, in_source_order):
    path, ids, flag = flags("fits"), in_source_order["source_id"], in_source_order["giantmodel"]
    header = fits.getheader(path, 1)
    forms = {header[f"TTYPE{place}"]: header[f"TFORM{place}"] for place in range(1, header["TFIELDS"] + 1)}
    assert (forms["giantmodel"], forms["kiel_extrap"]) == ("L", "L")
    with pytest.warns(AstropyUserWarning, match="'giantmodel' contains NULL"):
        table = Table.read(path)
    for chosen, rows in (
        (table["giantmodel"], flag == 1),
        (table["kiel_extrap"], flag >= 0),
        (~table["kiel_extrap"], flag < 0),
    ):
        assert table[chosen]["source_id"].filled(-1).tolist() == ids[rows].tolist()
    with fits.open(path, logical_as_bytes=True) as file:
        stored = file[1].data["giantmodel"].tolist()
    assert stored == [{0: b"F", 1: b"T", -1: b""}[value] for value in flag.tolist()]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_flags_choose_rows_in_pandas(flags, in_source_order, form):
    path, ids, flag = flags(form), in_source_order["source_id"], in_source_order["giantmodel"]
    if form == "csv":
        recipe = comments(path)["read with"]
        frame = pd.read_csv(
            path, comment="#", dtype=ast.literal_eval(recipe[recipe.index("dtype=") + 6 : -1])
        )
    else:
        frame = pd.read_parquet(path, dtype_backend="numpy_nullable")
        assert pd.read_parquet(path)["kiel_extrap"].dtype == bool
    assert frame["giantmodel"].dtype == frame["kiel_extrap"].dtype == "boolean"
    for chosen, rows in (
        (frame.giantmodel, flag == 1),
        (~frame.giantmodel, flag == 0),
        (frame.giantmodel.isna(), flag == -1),
        (frame.kiel_extrap, flag >= 0),
        (~frame.kiel_extrap, flag < 0),
    ):
        assert frame[chosen].source_id.fillna(-1).tolist() == ids[rows].tolist()


def test_flags_of_csv_are_numbers_in_astropy(flags, in_source_order):
    """Words would be text there, and every text is true."""
    table = Table.read(flags("csv"), format="ascii.csv", comment="#")
    flag = in_source_order["giantmodel"]
    assert np.ma.filled(table["giantmodel"], -1).tolist() == flag.tolist()
    assert table["kiel_extrap"].tolist() == (flag >= 0).astype(int).tolist()


@pytest.mark.parametrize("form", FORMS)
def test_flags_come_back_as_they_were(flags, in_source_order, tmp_path, form):
    opened = open_catalogue(flags(form), cache=tmp_path / "cache")
    flag = in_source_order["giantmodel"]
    for name, values in (("giantmodel", flag), ("kiel_extrap", flag >= 0)):
        assert opened[name].dtype == np.int8
        assert opened[name][opened.row_of_source].tolist() == values.astype(int).tolist()


def test_derived_columns_are_like_any_other(written, in_source_order):
    derived = {"[Eu/Ba]": Expression.parse("eu_fe - ba_fe"), "twice": "`[Eu/Ba]` * 2", "rich": "twice > 1"}
    table = pq.read_table(written("parquet", derived=derived, where="twice < 3", columns=["rich", "twice"]))
    twice = (in_source_order["eu_fe"].astype(float) - in_source_order["ba_fe"].astype(float)) * 2
    twice = twice[twice < 3]
    assert table.column_names == ["rich", "twice"]
    np.testing.assert_array_equal(table["twice"].to_numpy(), twice)
    assert table["rich"].to_pylist() == (twice > 1).tolist()
    with fits.open(written("fits", derived=derived), logical_as_bytes=True) as file:
        whole = file[1].data
        assert whole.names[-3:] == ["Eu_Ba", "twice", "rich"]
        unknown = np.isnan(in_source_order["eu_fe"] - in_source_order["ba_fe"])
        assert ((whole["rich"] == b"") == unknown).all()


def test_the_condition_in_the_file_stands_alone(facts):
    told = facts("csv", where="rich and eu_ba < 2", derived={"eu_ba": "[Eu/Ba]", "rich": "eu_ba > 0"})
    assert told["where"] == "eu_fe - ba_fe > 0 and eu_fe - ba_fe < 2"
    assert told["derived"] == "eu_ba = eu_fe - ba_fe; rich = eu_fe - ba_fe > 0"


def test_a_column_that_the_catalogue_lacks_may_be_computed(written, in_source_order):
    table = pq.read_table(written("parquet", derived={"vT": "R * 2"}, columns=["vT"], where="vT > 0"))
    twice = in_source_order["R"].astype(float) * 2
    np.testing.assert_array_equal(table["vT"].to_numpy(), twice[twice > 0])


def test_the_command_repeats_how_the_catalogue_was_opened(catalogue):
    opened = replace(
        catalogue, source=Path("-my stars.csv"), options=("--r0", "8.2", "--mapping", "it's.toml")
    )
    extract = Extract.of(opened, "csv", derived={"a, b": "R"}, columns=["R", "a, b"])
    words = shlex.split(extract._command("out.csv"))
    assert words[:7] == ["explorer", "export", "./-my stars.csv", "--r0", "8.2", "--mapping", "it's.toml"]
    assert words[words.index("--columns") + 1] == 'R,"a, b"'


def test_fits_names_differ_also_without_case(catalogue, tmp_path):
    derived = {"[Eu/Ba]": "[Eu/Ba]", "eu_ba": "[Eu/Ba]"}
    path = export(catalogue, tmp_path / "a.fits", derived=derived, columns=["[Eu/Ba]", "eu_ba"]).path
    assert Table.read(path).colnames == ["Eu_Ba", "eu_ba_2"]


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"columns": ["nope"]}, "no column 'nope' to export: see 'explorer info' for those there are$"),
        ({"columns": ["fe_hh"]}, r"no column 'fe_hh' to export: did you mean fe_h.*\?$"),
        ({"columns": ["v_phi"]}, "has no column vT: needs rv"),
        ({"columns": []}, "none or named twice"),
        ({"columns": ["R", "R"]}, "named twice"),
        ({"where": "R"}, "number, not a condition"),
        ({"where": "vT > 3"}, "this catalogue has no column vT"),
        ({"where": "R >"}, "ends where"),
        ({"where": Selection((Clause("v", Range("vT", 0, 1)),))}, "this catalogue has no column vT"),
        ({"derived": {"r": "R * 2"}}, "taken by R"),
        (
            {"derived": {"new": "newer + R", "newer": "R"}},
            "new is computed from newer, which is defined after",
        ),
        ({"derived": {"a\nb": "R"}}, "cannot name"),
        ({"form": "xls"}, "no format 'xls': choose one of csv, fits, parquet"),
    ],
)
def test_wrong_requests_are_refused_and_leave_nothing(catalogue, tmp_path, request_, problem):
    with pytest.raises(DataError, match=problem) as caught:
        export(catalogue, tmp_path / "out.csv", **request_)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "problem"),
    [
        (
            "stars.xls",
            "cannot tell a format from the name 'stars.xls': end it with one of .csv, .fits, .parquet",
        ),
        ("stars", "cannot tell a format"),
        ("absent/stars.csv", "does not exist"),
        ("folder.csv", "is a folder"),
        ("old.csv", "exists already"),
    ],
)
def test_wrong_places_are_refused(catalogue, tmp_path, out, problem):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "old.csv").write_text("old")
    with pytest.raises(DataError, match=problem):
        export(catalogue, tmp_path / out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "old.csv"]
    assert (tmp_path / "old.csv").read_text() == "old"


def test_overwriting_must_be_asked_for_and_never_hits_the_source(catalogue, tmp_path):
    out = tmp_path / "old.csv"
    out.write_text("old")
    assert export(catalogue, out, overwrite=True).rows == N
    assert out.read_text().startswith("# title: MOCK")
    with pytest.raises(DataError, match="is the catalogue itself"):
        export(catalogue, catalogue.source, overwrite=True)
    assert catalogue.source.read_bytes() == b"the source itself"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_may_not_grow_leaves_nothing(catalogue, tmp_path, form):
    out = tmp_path / f"out{FORMATS[form].suffix}"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        with pytest.raises(DataError, match=r"cannot write .*may not grow that large"):
            export(catalogue, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("code", "problem"), [(ENOSPC, "disk is full"), (EDQUOT, "quota is used up")])
def test_a_full_disk_leaves_the_old_file(catalogue, tmp_path, monkeypatch, code, problem):
    out = tmp_path / "out.csv"
    out.write_text("old")

    def full(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=problem):
        export(catalogue, out, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert out.read_text() == "old"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_failure_midway_leaves_nothing(catalogue, tmp_path, form):
    broken = {**catalogue.columns, "plate": np.full(N, b"\xff\xfe", "S20")}
    with pytest.raises(DataError, match="plate holds text that is not UTF-8"):
        export(replace(catalogue, columns=broken), tmp_path / f"out{FORMATS[form].suffix}")
    assert list(tmp_path.iterdir()) == []


def test_names_of_files_are_safe(catalogue):
    names = {
        "my stars": "MOCK-my-stars.csv",
        "../../etc/passwd": "MOCK-etc-passwd.csv",
        'a"b\r\nc': "MOCK-a-b-c.csv",
        "\u03b1": "MOCK-catalogue.csv",
        "x" * 300: f"MOCK-{'x' * 60}.csv",
    }
    for name, expected_name in names.items():
        assert Extract.of(replace(catalogue, name=name), "csv").filename == expected_name
    real = Extract.of(replace(catalogue, mock=False), "fits", where="R > 0")
    assert real.filename == "my-stars-selection.fits"
