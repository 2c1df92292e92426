"""Mappings: their files are checked, the shipped ones recognise their catalogues, values convert exactly."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from astropy import units

from data.convert import convert, unit_factor
from data.mapping import CatalogueMapping, find_column
from data.mapping_file import load_mapping, parse_mapping
from data.matching import match
from data.problem import DataError
from data.recognition import is_mock, named_mapping, own_names, recognise, shipped_mappings
from data.schema import COLUMNS, Column, DType, Kind
from data.table import Table
from explorer.notation import to_html, upright

HERE = Path("stars.fits")
DESCRIBED = "from = 'C', plain = 'C', meaning = 'C.'"


def table(names: tuple[str, ...], declared: Mapping[str, str] | None = None, **metadata: str) -> Table:
    return Table("FITS", names, declared or {}, metadata, 3, lambda _wanted, _marks: iter(()))


def columns_of(mapping: CatalogueMapping) -> tuple[str, ...]:
    """A table with the first choice of each required column."""
    return tuple(choice[0] for choice in mapping.requires)


def own(name: str = "x", dtype: str = "float32", unit: str = "") -> Column:
    return Column(name, dtype, unit, name, name, "A test.", "", 0, 1)  # type: ignore[arg-type]


def table_of_kinds() -> dict[str, set[str]]:
    """What the documentation says of dtypes and the kinds that go with them."""
    text = (Path(__file__).resolve().parents[1] / "docs" / "catalogues.md").read_text()
    rows = re.findall(r"^\| (`(?:float|int|str).*?) \|.*?\| (.*?) \|$", text, re.MULTILINE)
    words = [[set(re.findall("`(.*?)`", cell)) for cell in row] for row in rows]
    return {dtype: kinds for dtypes, kinds in words for dtype in dtypes}


@pytest.mark.parametrize("dtype", get_args(DType))
@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_documentation_says_which_kinds_go_with_a_dtype(dtype: str, kind: str) -> None:
    text = f"[columns]\nx = {{{DESCRIBED}, range = [0, 1], dtype = '{dtype}', kind = '{kind}'}}"
    if kind in table_of_kinds()[dtype]:
        assert parse_mapping(text, "a").fillings["x"].column.kind == kind
    else:
        with pytest.raises(DataError, match=f"{dtype} goes with"):
            parse_mapping(text, "a")


def test_the_documentation_names_the_mathematics_that_a_label_may_hold() -> None:
    text = (Path(__file__).resolve().parents[1] / "docs" / "catalogues.md").read_text()
    told = set(re.findall(r"\\[a-z]{2,}", text))
    used = {command for column in COLUMNS.values() for command in re.findall(r"\\[a-z]{2,}", column.tex)}
    assert used <= told
    for command in told:
        label = f"[columns]\nx = {{{DESCRIBED}, range = [0, 1], tex = '{command}{{x}}\\_\\,\\ ^2'}}"
        assert command in parse_mapping(label, "a").fillings["x"].column.tex
        assert command not in to_html(parse_mapping(label, "a").fillings["x"].column.tex)


@pytest.mark.parametrize("name", shipped_mappings())
def test_a_shipped_mapping_recognises_its_catalogue(name: str) -> None:
    mapping = shipped_mappings()[name]
    assert len(mapping.requires) >= 8
    assert recognise(table((*columns_of(mapping), "something_else")), HERE).name == name


@pytest.mark.parametrize("name", shipped_mappings())
def test_a_shipped_mapping_says_where_it_comes_from_and_describes_what_it_adds(name: str) -> None:
    mapping = shipped_mappings()[name]
    assert mapping.name == name
    assert mapping.source
    assert mapping.published
    assert mapping.citation
    assert mapping.description
    for ours, filling in mapping.fillings.items():
        column = filling.column
        assert column.name == ours
        assert column.meaning.endswith("."), ours
        assert column.low < column.high, ours
        assert ours in COLUMNS or column.origin == mapping.fillings["teff"].column.origin


@pytest.mark.parametrize("name", shipped_mappings())
def test_labels_of_shipped_mappings_keep_to_the_restricted_mathematics(name: str) -> None:
    known = re.compile(r"\\(mathrm|alpha|delta|phi|chi|sigma|varpi|mu|tau|log|ast|[ ,_])")
    for filling in shipped_mappings()[name].fillings.values():
        assert "\\" not in known.sub("", filling.column.tex), filling.column.tex
        assert not set("~$<>") & set(filling.column.tex)


def test_a_label_is_made_of_plain_words() -> None:
    mapping = parse_mapping(
        "[columns]\nx_1 = {from = 'X', plain = 'my x_1', meaning = 'X.', range = [0, 1]}", "a"
    )
    assert mapping.fillings["x_1"].column.tex == r"\mathrm{my\ x\_1}"


@pytest.mark.parametrize("plain", ["my x_1", r"\href{a}{b}", "$x$ & ^~#%", "été [Fe/H]"])
def test_plain_words_become_the_same_label_everywhere(plain: str) -> None:
    mapping = parse_mapping(
        f"[columns]\nx = {{from = 'X', plain = '{plain}', meaning = 'X.', range = [0, 1]}}", "a"
    )
    assert mapping.fillings["x"].column.tex == upright(plain)
    assert not set("\\{}$") & set(to_html(upright(plain)))


@pytest.mark.parametrize("tex", sorted({column.tex for column in COLUMNS.values()}))
def test_a_label_may_be_like_any_of_ours(tex: str) -> None:
    described = f"{{{DESCRIBED}, range = [0, 1], tex = '{tex}'}}"
    assert parse_mapping(f"[columns]\nx = {described}", "a").fillings["x"].column.tex == tex
    assert "\\" not in to_html(tex)


def test_the_printed_spelling_of_the_kiel_flag() -> None:
    names = columns_of(shipped_mappings()["table1"])
    assert "keil_extrap" in names
    found = match(recognise(table(names), HERE), table(names), HERE)
    assert found.fills["kiel_extrap"].theirs == "keil_extrap"


def test_gaia_releases_are_told_apart() -> None:
    releases = {name: mapping.gaia_release for name, mapping in shipped_mappings().items()}
    assert releases["table1"] == "DR2"
    assert releases["galah-dr4"] == "DR3"
    assert releases["apogee-dr17"] == "EDR3"


def test_sulphur_is_not_taken_for_the_s_process() -> None:
    for name in ("apogee-dr17", "astronn"):
        assert "s_fe" not in shipped_mappings()[name].fillings
        assert shipped_mappings()[name].fillings["sulphur_fe"].names[0].startswith("S_")


def test_our_own_names_are_recognised_but_a_lone_z_is_not_a_height() -> None:
    assert recognise(table(("teff", "fe_h", "ra", "R", "z")), HERE).fillings.keys() == {
        "teff", "fe_h", "ra", "R", "z",
    }  # fmt: skip
    found = own_names(table(("teff", "fe_h", "ra", "z")))
    assert found is not None
    assert "z" not in found.fillings
    assert own_names(table(("obsid", "designation", "ra", "dec", "snrg", "z"))) is None


def test_a_mock_is_taken_as_it_is_even_if_it_has_all_of_table_1() -> None:
    names = columns_of(shipped_mappings()["table1"])
    assert recognise(table((*names, "kiel_extrap"), mock="true"), HERE).name == "explorer"
    assert recognise(table((*names, "true_fe_h")), HERE).name == "explorer"
    assert recognise(table(names), HERE).name == "table1"


@pytest.mark.parametrize(
    ("metadata", "names", "mock"),
    [
        ({"mock": "true"}, (), True),
        ({"MOCK": "True"}, (), True),
        ({"MOCK": "T"}, (), True),
        ({"mock": "false"}, (), False),
        ({"title": "a mock"}, (), False),
        ({}, ("true_age",), True),
        ({}, ("mock",), False),
    ],
)
def test_a_mock_is_known_by_what_it_says(
    metadata: dict[str, str], names: tuple[str, ...], mock: bool
) -> None:
    assert is_mock(metadata, names) is mock


def test_a_file_we_exported_keeps_the_columns_of_its_survey() -> None:
    names = ("sobject_id", "teff", "fe_h", "c_fe", "flag_sp", "unknown")
    found = recognise(table(names, MAPPING="galah-dr4"), HERE)
    assert set(found.fillings) == set(names) - {"unknown"}
    assert found.fillings["c_fe"].column.plain == "[C/Fe]"


def test_nothing_recognised_says_what_was_found_and_expected() -> None:
    with pytest.raises(DataError) as caught:
        recognise(table(("alpha", "beta", "obsid")), HERE)
    message = str(caught.value)
    assert "found alpha, beta, obsid" in message
    assert "table1" in message
    assert "--mapping" in message
    assert "\n" not in message


def test_two_that_fit_equally_ask_for_a_choice() -> None:
    first, second = shipped_mappings()["galah-dr3"], shipped_mappings()["galah-dr4"]
    assert len(first.requires) == len(second.requires)
    with pytest.raises(DataError, match="galah-dr3 and galah-dr4 equally well"):
        recognise(table(tuple(dict.fromkeys((*columns_of(first), *columns_of(second))))), HERE)


def test_exact_names_come_before_other_cases() -> None:
    assert find_column(["teff"], ("TEFF", "teff"), "a") == "teff"
    assert find_column(["teff"], ("TEFF", "x"), "a") == "TEFF"
    assert find_column(["ra", "b"], ("RA", "b"), "a") == "b"
    assert find_column(["a"], ("b",), "a") is None
    assert find_column(["e"], ("E",), "a") is None


@pytest.mark.parametrize("names", [("teff", "teff"), ("TEFF", "Teff")])
def test_a_column_that_stands_twice(names: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match=r"teff.* 2 times"):
        find_column(["teff"], names, "stars.fits")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("columns = ", "is no TOML"),
        ("name = 'a'", "has no [columns]"),
        ("colums = 1", "unknown key 'colums': did you mean 'columns'?"),
        ("[columns]\nteff = {from = 'T', sentinel = [1]}", "key 'sentinel': did you mean 'sentinels'?"),
        ("[columns]\nteff = {from = 'T', meaning = 'x'}", "unknown key 'meaning'"),
        ("[columns]\nteff = {unit = 'K'}", "does not say what fills it"),
        ("[columns]\nteff = 'T'", "does not say what fills it"),
        ("[columns]\nteff = {from = 3}", "names a column by 3"),
        ("[columns]\nteff = {from = 'T', unit = 'Kelvins'}", "'Kelvins' is not known: expected one that"),
        ("[columns]\ndistance = {from = 'd', unit = 'mas'}", "unit 'mas' measures something else"),
        ("[columns]\nteff = {from = 'T', scale = 'big'}", "scale = 'big': expected a number"),
        ("[columns]\nteff = {from = 'T', sentinels = -9999}", "sentinels = -9999: expected a list"),
        ("[columns]\nfe_hh = {from = 'F'}", "did you mean 'fe_h'?"),
        (f"[columns]\nc_fe = {{{DESCRIBED}, range = [1]}}", "range is [1]"),
        (f"[columns]\nc_fe = {{{DESCRIBED}, range = [0, 1], kind = 'big'}}", "kind is 'big'"),
        (f"[columns]\n'c fe' = {{{DESCRIBED}, range = [0, 1]}}", "letters, digits and _"),
        *(
            (f"[columns]\nc_fe = {{{DESCRIBED}, range = {ends}}}", "range is [")
            for ends in ("[1, 0]", "[0, 0]", "[0, inf]", "[nan, 1]", "[false, true]", "[0, 1, 2]")
        ),
        *(
            (f"[columns]\nc_fe = {{{DESCRIBED}, range = [0, 1], {given}}}", says)
            for given, says in (
                ("kind = 'identifier'", "kind is 'identifier', but float32 goes with sequential"),
                ("kind = 'category', dtype = 'int8'", "kind is 'category', but int8 goes with flag"),
                ("dtype = 'str'", "kind is 'sequential', but str goes with identifier or category"),
                ("dtype = 'int64', kind = 'count'", "but int64 goes with identifier or category"),
                ("dtype = 'str', kind = 'category', unit = '\\href{a}'", "is not known"),
                ("dtype = 'int64', kind = 'identifier', minus = 'D'", "minus goes with numbers"),
            )
        ),
        *(
            (f"[columns]\nc_fe = {{{DESCRIBED}, range = [0, 1], tex = '{tex}'}}", "tex is")
            for tex in (r"\href{a}{b}", r"\unicode{x}", r"\require{html}", r"\alphabet", "$x$", "x\\", "{x")
        ),
        *(
            (f"[columns]\nteff = {{from = 'T', sentinels = [{mark}]}}", "expected finite numbers or texts")
            for mark in ("true", "2020-01-01", "[1]", "inf", "nan")
        ),
        ("[columns]\nteff = {from = 'T', scale = 0}", "scale is 0"),
        ("[columns]\nteff = {from = 'T', scale = inf}", "scale = inf: expected a finite number"),
        ("[columns]\nteff = {from = 'T', offset = nan}", "offset = nan: expected a finite number"),
        ("[columns]\nobsid = {from = 'O', scale = 2}", "scale goes with numbers, but it is int64"),
        ("[columns]\ngiantmodel = {from = 'G', plus = 'H'}", "plus goes with numbers, but it is int8"),
        ("own_names = 1\n[columns]\nteff = {from = 'T'}", "own_names = 1: expected true or false"),
    ],
)  # fmt: skip
def test_a_mapping_with_a_mistake_says_which(text: str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        parse_mapping(text, "mine.toml")
    assert says in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mapping_by_name_by_path_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[columns]\nteff = {from = 'T_EFF'}\n")
    assert named_mapping("lamost") is shipped_mappings()["lamost"]
    assert named_mapping(path).name == "mine"
    assert load_mapping(path).strict
    with pytest.raises(DataError, match="there is no mapping 'lamots'"):
        named_mapping("lamots")
    with pytest.raises(DataError, match="cannot be read"):
        load_mapping(tmp_path / "absent.toml")


def test_ones_own_mapping_must_name_columns_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[columns]\nteff = {from = 'TEF'}\n")
    with pytest.raises(DataError, match=r"fills teff from 'TEF'.* did you mean 'TEFF'"):
        match(load_mapping(path), table(("TEFF", "LOGG")), HERE)


def test_the_unit_of_the_mapping_counts_before_that_of_the_file() -> None:
    mapping = parse_mapping("[columns]\ndistance = {from = 'd', unit = 'pc'}\nrv = {from = 'v'}", "a")
    found = match(mapping, table(("d", "v"), {"d": "kpc", "v": "m s-1"}), HERE)
    assert found.fills["distance"].factor == pytest.approx(0.001)
    assert found.fills["rv"].factor == pytest.approx(0.001)
    assert found.notes == ("d says its unit is 'kpc'; the mapping says 'pc', which counts",)


def test_an_unknown_unit_of_the_file_stops_where_it_matters() -> None:
    mapping = parse_mapping("[columns]\ndistance = {from = 'd'}\nlogg = {from = 'g'}", "a")
    found = match(mapping, table(("d", "g"), {"g": "log(cm.s**-2)"}), HERE)
    assert found.fills["logg"].factor == 1
    assert found.notes == ("g says its unit is 'log(cm.s**-2)'; taken as dex",)
    with pytest.raises(DataError, match="unit 'furlongz' is not known: expected one that converts to kpc"):
        match(mapping, table(("d", "g"), {"d": "furlongz"}), HERE)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("pc", "kpc"),
        ("km s-1", "km/s"),
        ("mas.yr**-1", "mas/yr"),
        ("hourangle", "deg"),
        ("km**2/s**2", "km2/s2"),
        ("arcmin", "deg"),
    ],
)
def test_units_convert_as_astropy_says(theirs: str, ours: str) -> None:
    form = "fits" if "." in theirs else None
    assert unit_factor(theirs, ours) == pytest.approx(
        units.Unit(theirs, format=form).to(units.Unit(ours)), rel=1e-15
    )


@pytest.mark.parametrize("relative", ["", "dex", "[cm/s2]"])
def test_decimal_exponents_are_plain_numbers(relative: str) -> None:
    assert unit_factor(relative, "dex") == unit_factor(relative, "") == 1


BIG = np.array([4929746660437392257, 9007199254740993, -1], dtype=np.int64)


@pytest.mark.parametrize(
    "values",
    [
        BIG,
        BIG.astype(">i8"),
        BIG.astype("S"),
        BIG.astype("U"),
        np.array([f" {value} ".encode() for value in BIG]),
        np.ma.MaskedArray(np.where(BIG < 0, 0, BIG), mask=BIG < 0),
        np.array([b"4929746660437392257", b"9007199254740993", b""]),
    ],
)
def test_identifiers_keep_every_digit(values: np.ndarray) -> None:
    assert convert(values, own(dtype="int64")).tolist() == BIG.tolist()


def test_identifiers_stored_as_decimals_pass_only_while_exact() -> None:
    assert convert(np.array([605006.0, np.nan]), own(dtype="int64")).tolist() == [605006, -1]
    assert convert(np.array([b"605006.0", b""]), own(dtype="int64")).tolist() == [605006, -1]
    for lossy in (np.array([4.9e18]), np.array([b"4.929746660437392e+18"]), np.array([1.5])):
        with pytest.raises(DataError, match="digits are lost"):
            convert(lossy, own(dtype="int64"))
    with pytest.raises(DataError, match="beyond 64 signed bits"):
        convert(np.array([2**63 + 1], dtype=np.uint64), own(dtype="int64"))


def test_sentinels_are_met_in_the_precision_of_the_file() -> None:
    marks = (-9999, -9999.99)
    for values in (np.array([-9999.99, 1, -9999]), np.array([-9999.99, 1, -9999], np.float32)):
        np.testing.assert_array_equal(
            convert(values, own(), marks), np.array([np.nan, 1, np.nan], np.float32)
        )
    assert convert(np.array([-9999, 7]), own(dtype="int64"), marks).tolist() == [-1, 7]
    assert convert(np.array([b"-9999", b"7"]), own(dtype="int64"), marks).tolist() == [-1, 7]
    assert convert(np.array([b"none", b"x"]), own(dtype="str"), ("none",)).tolist() == [b"", b"x"]


def test_sentinels_are_met_as_numbers_where_numbers_are_text() -> None:
    texts = np.array([b"-9999.00", b" -9.999e3", b"-9999.99", b"7", b""])
    for values in (texts, texts.astype("U")):
        np.testing.assert_array_equal(
            convert(values, own(), (-9999, -9999.99)), np.array([np.nan] * 3 + [7, np.nan], np.float32)
        )
    near = np.array([str(2**60).encode(), str(2**60 + 1).encode()])
    assert convert(near, own(dtype="int64"), (2**60,)).tolist() == [-1, 2**60 + 1]
    assert convert(np.array([b"0.0", b"x", b"sNaN"]), own(dtype="str"), (0,)).tolist() == [b"", b"x", b"sNaN"]


def test_numbers_scale_shift_and_lose_infinities() -> None:
    values = np.array([1.0, np.inf, -np.inf, 1e300])
    found = convert(values, own(), scale=2, offset=0.5)
    np.testing.assert_array_equal(found, np.array([2.5, np.nan, np.nan, np.nan], np.float32))
    assert found.dtype == np.float32


def test_text_that_is_a_number_is_read_and_other_text_refused() -> None:
    np.testing.assert_array_equal(
        convert(np.array([b" 1.5 ", b""]), own()), np.array([1.5, np.nan], np.float32)
    )
    with pytest.raises(DataError, match=r"column x must hold numbers but has text .*four"):
        convert(np.array([b"1", b"four"]), own())


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 0, -1], np.int8),
        np.array([1.0, 0.0, np.nan]),
        np.array([b"True", b"false", b""]),
        np.array(["T", "F", ""]),
        np.ma.MaskedArray([True, False, True], mask=[False, False, True]),
    ],
)
def test_flags_are_true_false_or_missing(values: np.ndarray) -> None:
    assert convert(values, own(dtype="int8")).tolist() == [1, 0, -1]


def test_a_strange_flag_is_refused() -> None:
    with pytest.raises(DataError, match="must hold true or false but has 'perhaps'"):
        convert(np.array([b"perhaps"]), own(dtype="int8"))


def test_text_is_trimmed_and_encoded() -> None:
    assert convert(np.array([" é ", "b"]), own(dtype="str")).tolist() == ["é".encode(), b"b"]
    assert convert(np.array([55862, 1]), own(dtype="str")).tolist() == [b"55862", b"1"]


def test_one_column_may_be_the_sum_or_difference_of_two() -> None:
    mapping = parse_mapping(
        "[columns]\n"
        "o_fe = {from = 'O_H', minus = 'FE_H', sentinels = [-9999]}\n"
        "distance_hi = {from = 'd', plus = 'e', unit = 'pc'}\n",
        "a",
    )
    chunk = {
        "O_H": np.array([0.5, -9999, 0.5]), "FE_H": np.array([0.25, 0.25, -9999]),
        "d": np.array([1000.0, 2000, 3000]), "e": np.array([100.0, 200, np.nan]),
    }  # fmt: skip
    found = match(mapping, table(tuple(chunk)), HERE)
    assert set(found.wanted) == set(chunk)
    np.testing.assert_array_equal(
        found.fills["o_fe"].values(chunk), np.array([0.25, np.nan, np.nan], np.float32)
    )
    np.testing.assert_allclose(found.fills["distance_hi"].values(chunk), [1.1, 2.2, np.nan], rtol=1e-6)


def test_columns_added_have_units_of_their_own() -> None:
    mapping = parse_mapping("[columns]\ndistance_hi = {from = 'd', plus = 'e', scale = 2}", "a")
    chunk = {"d": np.array([1.0]), "e": np.array([100.0])}
    for declared, expected in (({"d": "kpc", "e": "pc"}, 2.2), ({"d": "pc"}, 0.202), ({"e": "pc"}, 2.2)):
        found = match(mapping, table(("d", "e"), declared), HERE)
        np.testing.assert_allclose(found.fills["distance_hi"].values(chunk), expected, rtol=1e-6)


def test_a_source_column_may_feed_several_of_ours() -> None:
    mapping = shipped_mappings()["lamost"]
    names = (*columns_of(mapping), "planid")
    found = match(mapping, table(names), HERE)
    assert found.fills["teff"].theirs == found.fills["teff_lamost"].theirs == "teff"
    assert found.wanted["obsid"] == "whole"
    assert found.wanted["planid"] == "text"
    assert found.missing["designation"] == "the file has no column designation"
