"""Columns of our files that the schema does not know: they come back, and nothing unsound is believed."""

import json
from dataclasses import asdict, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.utils.exceptions import AstropyUserWarning
from hypothesis import given, settings
from hypothesis import strategies as st

from data.catalogue import open_catalogue
from data.description import KEY, LONGEST, describe, described, undescribed
from data.export import export
from data.formats import FORMATS
from data.problem import DataError
from data.rows import write_rows
from data.schema import COLUMNS, Column

FORMS = tuple(FORMATS)
RNG = np.random.default_rng(8)
N = 60


def column(name, dtype="float32", kind="count", **others):
    given = {
        "unit": "", "tex": rf"\mathrm{{{name}}}", "plain": name, "meaning": f"What {name} is.",
        "origin": "this test", "low": 0, "high": 1,
    }  # fmt: skip
    return Column(name=name, dtype=dtype, kind=kind, **given | others)


OWN = (
    column("dof", high=3000.0),
    column("converged", "int8", "flag", meaning='True where it\'s a minimum; "yes", or & no.'),
    column("row", "int64", "identifier"),
    column("file", "str", "identifier"),
    column("residual_mg_fe", "float64", "diverging", tex=r"\sigma(T_\mathrm{eff})", low=-5, high=5),
    column("lmjd", "float64", unit="d", meaning="Day. " + "A long tale with blanks  &  quotes' " * 10),
)
VALUES = {
    "teff": RNG.uniform(4000, 6000, N),
    "fe_h": RNG.normal(size=N),
    "chi2": RNG.uniform(500, 3000, N),
    "dof": np.where(np.arange(N) % 7 == 0, np.nan, np.arange(500, 500 + N)),
    "converged": np.arange(N) % 3 - 1,
    "row": np.where(np.arange(N) % 9 == 0, -1, 2**53 + np.arange(N)),
    "file": np.array([f"spec-{n}.fits".encode() for n in range(N)]),
    "residual_mg_fe": RNG.normal(size=N),
    "lmjd": RNG.uniform(56000, 57000, N),
}


def write(folder, form, columns=OWN, metadata=MappingProxyType({"mock": "false"})):
    out = folder / f"results{FORMATS[form].suffix}"
    write_rows(out, [*(COLUMNS[name] for name in ("teff", "fe_h", "chi2")), *columns], VALUES, metadata)
    return out


@pytest.fixture
def opened(tmp_path):
    return lambda path: open_catalogue(path, cache=tmp_path / "cache")


def assert_whole(catalogue):
    assert catalogue.described == {
        **{name: COLUMNS[name] for name in ("teff", "fe_h", "chi2")},
        **{known.name: known for known in OWN},
    }
    for name, values in VALUES.items():
        stored = values if values.dtype.kind == "S" else values.astype(catalogue.described[name].dtype)
        np.testing.assert_array_equal(catalogue[name][catalogue.row_of_source], stored)
    assert catalogue.unread == ()
    assert KEY not in {key.lower() for key in catalogue.metadata}


@pytest.mark.parametrize("form", FORMS)
def test_columns_come_back_as_they_were_described(tmp_path, opened, form):
    assert_whole(opened(write(tmp_path, form)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("again", FORMS)
def test_they_survive_being_exported(tmp_path, opened, form, again):
    catalogue = opened(write(tmp_path, form))
    assert_whole(opened(export(catalogue, tmp_path / f"again{FORMATS[again].suffix}").path))


@pytest.mark.parametrize("form", FORMS)
def test_they_can_be_asked_for_and_computed_with(tmp_path, opened, form):
    catalogue = opened(write(tmp_path, form))
    done = export(catalogue, tmp_path / "some.parquet", where="converged and chi2 / dof < 2", columns=["row"])
    with np.errstate(invalid="ignore"):
        chosen = (VALUES["converged"] == 1) & (VALUES["chi2"] / VALUES["dof"] < 2)
    rows = VALUES["row"][chosen]
    assert 0 < chosen.sum() < N
    assert pq.read_table(done.path)["row"].to_pylist() == [None if row == -1 else row for row in rows]


@pytest.mark.parametrize("form", FORMS)
def test_a_mock_stays_a_mock(tmp_path, opened, form):
    assert opened(write(tmp_path, form, metadata={"mock": "true"})).mock


@pytest.mark.parametrize("form", FORMS)
def test_computed_columns_come_back(tmp_path, opened, form):
    catalogue = opened(write(tmp_path, form))
    derived = {"per_dof": "chi2 / dof", "good": "per_dof < 2", "[C/O] of mine": "chi2"}
    out = tmp_path / f"derived{FORMATS[form].suffix}"
    again = opened(export(catalogue, out, derived=derived, columns=["fe_h", "chi2", "dof", *derived]).path)
    whole = again.row_of_source
    expected = again["chi2"][whole].astype(float) / again["dof"][whole].astype(float)
    np.testing.assert_array_equal(again["per_dof"][whole], expected)
    good = np.where(np.isnan(expected), -1, expected < 2)
    np.testing.assert_array_equal(again["good"][whole], good)
    assert again.described["good"].kind == "flag"
    assert again.unread == (() if form == "fits" else ("[C/O] of mine",))


def test_other_programs_read_what_was_written(tmp_path):
    with pytest.warns(AstropyUserWarning, match="'converged' contains NULL"):
        table = Table.read(write(tmp_path, "fits"))
    assert str(table["lmjd"].unit) == "d"
    assert json.loads(table.meta["COLUMNS"])[0] == asdict(OWN[0])
    frame = pd.read_parquet(write(tmp_path, "parquet"))
    np.testing.assert_array_equal(frame.dof, VALUES["dof"])
    frame = pd.read_csv(write(tmp_path, "csv"), comment="#")
    assert frame.file.tolist() == [text.decode() for text in VALUES["file"].tolist()]


@pytest.mark.parametrize("form", FORMS)
def test_a_table_of_no_known_label_is_ours_by_what_it_says(tmp_path, opened, form):
    out = tmp_path / f"mass{FORMATS[form].suffix}"
    named = [COLUMNS["obsid"], COLUMNS["ra"], COLUMNS["dec"]]
    values = {"obsid": np.arange(3), "ra": np.arange(3.0), "dec": np.arange(3.0), "mass": np.ones(3)}
    write_rows(out, named, values, {})
    with pytest.raises(DataError, match="no columns we recognise"):
        opened(out)
    write_rows(out, [*named, column("mass")], values, {})
    assert opened(out)["mass"].tolist() == [1, 1, 1]


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_fits_headers_keep_any_meaning(tmp_path_factory, meanings):
    folder = tmp_path_factory.mktemp("any")
    known = tuple(column(f"c{n}", meaning=meaning) for n, meaning in enumerate(meanings))
    write_rows(folder / "a.fits", known, {one.name: np.zeros(1) for one in known}, {})
    assert described(dict(fits.getheader(folder / "a.fits", 1))) == {one.name: one for one in known}


SOUND = asdict(column("dof"))


def test_a_sound_description_is_taken():
    assert described({"COLUMNS": json.dumps([SOUND])}) == {"dof": column("dof")}
    assert describe({"dof": column("dof")}) == {KEY: json.dumps([SOUND], separators=(",", ":"))}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "teff"}, {"name": "v_phi"}, {"name": "../../x"}, {"name": "a b"}, {"name": ""}, {"name": 3},
        {"name": "x" * 65}, {"name": "\u03b1"}, {"name": "a/b"},
        {"dtype": "object"}, {"dtype": "float16"}, {"dtype": ["float32"]}, {"dtype": None},
        {"kind": "flag"}, {"kind": "identifier"}, {"kind": "<b>"}, {"kind": {}},
        {"dtype": "int64", "kind": "count"}, {"dtype": "int8", "kind": "count"},
        {"unit": "furlong"}, {"unit": "x" * 33}, {"unit": 1}, {"unit": "\x1b[2J"},
        {"unit": "10**999999999"}, {"unit": "m**99999999"},
        {"tex": r"\href{javascript:alert(1)}{x}"}, {"tex": r"\require{html}"}, {"tex": "{"}, {"tex": "<b>"},
        {"tex": ""}, {"tex": "x" * 201}, {"tex": None}, {"tex": "a$$b"},
        {"plain": ""}, {"plain": "<img src=x>"}, {"plain": "$$\\href{x}{y}$$"}, {"plain": "x" * 101},
        {"meaning": "x" * 2001}, {"meaning": "two\nlines"}, {"meaning": "\x1b[31m"}, {"origin": ["x"]},
        {"low": 1}, {"low": "0"}, {"low": True}, {"high": float("nan")}, {"high": float("inf")},
        {"low": None},
        {"extra": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_unsound_is_not_believed(tmp_path, opened, change):
    unsound = {**SOUND, **change}
    text = json.dumps([unsound, asdict(column("snr"))])
    assert described({KEY: text}) == {"snr": column("snr")}
    rows = pd.DataFrame({"teff": [5000.0], "logg": [4.0], "fe_h": [0.0], "dof": [1.0], "snr": [2.0]})
    (tmp_path / "a.csv").write_text(f"# {KEY}: {text}\n{rows.to_csv(index=False)}")
    assert set(opened(tmp_path / "a.csv").described) == {"teff", "logg", "fe_h", "snr"}


@pytest.mark.parametrize(
    "text",
    [
        "teff, logg", "[1, 2]", '[{"name":', f'[{{"name":{"[" * 60_000}', json.dumps({"name": 1}), "null",
        f"[{json.dumps(SOUND)},{' ' * LONGEST}]", '[{"name": "a"}]', "",
    ],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_other_meanings_of_the_key_harm_nothing(text):
    assert described({KEY: text}) == {}
    assert undescribed({KEY: "teff, logg", "a": "b"}) == {KEY: "teff, logg", "a": "b"}


def test_descriptions_are_bounded(tmp_path, opened):
    many = tuple(column(f"c{n}", meaning="x" * 300) for n in range(300))
    text = describe({one.name: one for one in many})[KEY]
    assert LONGEST - 1000 < len(text) <= LONGEST
    taken = described({KEY: text})
    assert list(taken.values()) == list(many[: len(taken)])
    values = VALUES | {one.name: np.zeros(N) for one in many}
    for form in FORMS:
        out = tmp_path / f"many{FORMATS[form].suffix}"
        write_rows(out, [COLUMNS[name] for name in ("teff", "fe_h", "chi2")] + list(many), values, {})
        assert len(opened(out).found) == 3 + len(taken)


def test_our_own_columns_need_no_description():
    assert describe({"teff": COLUMNS["teff"]}) == {}
    assert describe({"teff": replace(COLUMNS["teff"], meaning="Something else.")}) == {}
