"""Predicates and selections against plain numpy; their text selects the same rows; links are not trusted."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.expression import Expression
from data.predicate import OneOf, Outside, Range, Where
from data.predicate_json import predicate_from_json
from data.problem import DataError
from data.schema import COLUMNS
from data.selection import MOST_CLAUSES, Clause, Selection

COLUMN = {
    "fe_h": np.array([np.nan, -1.0, 0.1, 0.2, 0.3, np.inf, -np.inf, 0.0], "f4"),
    "R": np.array([8.0, 9.0, 7.5, np.nan, 8.2, 8.3, 12.0, 1.0], "f4"),
    "Jz": np.array([5, 10, 20, 30, 40, np.nan, 60, 70], "f4"),
    "chi2": np.array([1, 2, 3, 4, 5, 6, 7, 8], "f4") * 1000,
    "giantmodel": np.array([1, 0, -1, 1, 1, 0, 1, -1], "i1"),
    "source_id": np.array([2**62 + 1, 2**62, -1, 4, 5, 6, 7, 8]),
    "true_population": np.array(
        [b"thin", b"", b"thick", b"halo", b"thin", b"caf\xc3\xa9", b'a"b', b"x"], "S8"
    ),
}
FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@settings(max_examples=300, deadline=None)
@given(
    ends=st.tuples(FINITE, FINITE).map(sorted),
    single=st.booleans(),
    values=st.lists(st.floats(width=32), min_size=1),
)
def test_range_equals_float64_comparison_of_stored_values(ends, single, values):
    low, high = ends
    with np.errstate(all="ignore"):
        column = np.array([*values, low, high, np.nextafter(low, high)]).astype("f4" if single else "f8")
        wide = column.astype(float)
    for predicate, expected in (
        (Range("R", low, high), (wide >= low) & (wide <= high)),
        (Range("R", low, None), wide >= low),
        (Range("R", None, high), wide <= high),
    ):
        np.testing.assert_array_equal(predicate.mask({"R": column}), expected)
        assert Expression.parse(predicate.text) == predicate.expression
        np.testing.assert_array_equal(Expression.parse(predicate.text).evaluate({"R": column}), expected)
        assert predicate_from_json(json.loads(json.dumps(predicate.to_json()))) == predicate


def test_range_of_something_computed():
    predicate = Range("v_phi / 2 + R", 100, None)
    assert predicate.columns == {"vT", "R"}
    assert predicate.text == "100.0 <= vT / 2 + R"
    assert predicate.mask({"vT": np.array([200.0, 100.0]), "R": np.array([1.0, 1.0])}).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("low", "high", "problem"),
    [
        (None, None, "one or two finite"),
        (math.nan, 3, "finite"),
        (-math.inf, 3, "finite"),
        (4, 3, "swap them"),
    ],
)
def test_ranges_that_are_none(low, high, problem):
    with pytest.raises(DataError, match=problem):
        Range("R", low, high)
    with pytest.raises(DataError, match="ends where"):
        Range("R +", 1, 2)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("giantmodel", (1,), [0, 3, 4, 6]),
        ("giantmodel", (0, 1), [0, 1, 3, 4, 5, 6]),
        ("source_id", (2**62 + 1, 4), [0, 3]),
        ("true_population", ("thin", "caf\u00e9"), [0, 4, 5]),
        ("true_population", ('a"b', "absent", "a text longer than the column"), [6]),
    ],
)
def test_one_of_selects_these_rows(column, values, expected):
    predicate = OneOf(column, values)
    assert np.flatnonzero(predicate.mask(COLUMN)).tolist() == expected
    assert Expression.parse(predicate.text).evaluate(COLUMN).tolist() == predicate.mask(COLUMN).tolist()
    assert predicate_from_json(json.loads(json.dumps(predicate.to_json()))) == predicate
    assert OneOf(column, values[::-1]) == predicate


def test_identifiers_travel_as_text():
    """JavaScript rounds whole numbers beyond 2**53."""
    assert OneOf("source_id", (2**62 + 1,)).to_json() == {
        "one_of": "source_id",
        "whole": ["4611686018427387905"],
    }


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=8).filter(str.isprintable), min_size=1, max_size=4))
def test_any_text_value_survives_the_text_form(values):
    try:
        width = max(len(value.encode()) for value in values)
    except UnicodeEncodeError:
        return
    predicate = OneOf("plate", tuple(values))
    column = np.array([*(value.encode() for value in values), b"", b"other value"], f"S{width + 12}")
    assert Expression.parse(predicate.text) == predicate.expression
    assert predicate.mask({"plate": column}).tolist() == [True] * len(values) + [
        False,
        "other value" in values,
    ]


@pytest.mark.parametrize("values", [(), (1, "a"), ("a\nb",)])
def test_lists_that_are_none(values):
    with pytest.raises(DataError):
        OneOf("plate", values)


def test_outside_leaves_unknown_out():
    inside, outside = Range("fe_h", 0, 0.25), Outside(Range("fe_h", 0, 0.25))
    assert np.flatnonzero(inside.mask(COLUMN)).tolist() == [2, 3, 7]
    assert np.flatnonzero(outside.mask(COLUMN)).tolist() == [1, 4, 5, 6]
    assert outside.text == "not 0.0 <= fe_h <= 0.25"
    assert predicate_from_json(json.loads(json.dumps(outside.to_json()))) == outside


def test_where_must_be_a_condition():
    assert Where.parse("giantmodel").mask(COLUMN).tolist() == OneOf("giantmodel", (1,)).mask(COLUMN).tolist()
    with pytest.raises(DataError, match="is a number, not a condition"):
        Where.parse("fe_h + 1")


SELECTION = Selection(
    (
        Clause("giants", OneOf("giantmodel", (1,))),
        Clause("chi2", Range("chi2", None, 6999)),
        Clause("Jz", Range("Jz", None, 30), views=frozenset({"xy", "rvphi"})),
        Clause("rz", Where.parse("7 < R < 9 or z > 1000000"), inverted=True),
        Clause("off", Range("R", 0, 0.1), enabled=False),
    )
)
ALL = {**COLUMN, "z": np.zeros(8, "f4")}


def test_a_view_ignores_its_own_clause_and_those_of_other_views():
    giants, chi2, thin, brush, _ = (clause.predicate for clause in SELECTION)
    assert SELECTION.for_view(None) == (giants, chi2, Outside(brush))
    assert SELECTION.for_view("rz") == (giants, chi2)
    assert SELECTION.for_view("xy") == (giants, chi2, thin, Outside(brush))
    assert SELECTION.for_view("kiel") == (giants, chi2, Outside(brush))
    assert SELECTION.with_(Clause("xy", chi2)).for_view("xy") == (giants, chi2, thin, Outside(brush))


@pytest.mark.parametrize("view", [None, "rz", "xy", "chi2"])
def test_mask_is_the_conjunction_and_its_text_selects_the_same_rows(view):
    giant, chi2, jz, radius = (COLUMN[name].astype(float) for name in ("giantmodel", "chi2", "Jz", "R"))
    expected = giant == 1
    if view != "chi2":
        expected &= chi2 <= 6999
    if view == "xy":
        expected &= jz <= 30
    if view != "rz":
        expected &= ~((radius > 7) & (radius < 9)) & ~np.isnan(radius)
    assert SELECTION.mask(ALL, view).tolist() == expected.tolist()
    text = SELECTION.expression(view).text
    assert Expression.parse(text).evaluate(ALL).tolist() == expected.tolist()
    assert Expression.parse(text) == SELECTION.expression(view)


def test_text_of_a_selection():
    assert SELECTION.text == "giantmodel in (1) and chi2 <= 6999.0 and not (7 < R < 9 or z > 1000000)"
    either = Selection((Clause("a", Where.parse("R < 1 or z > 2")), Clause("b", Range("R", 1, None))))
    assert either.text == "(R < 1 or z > 2) and 1.0 <= R"


def test_the_most_clauses_there_may_be_read_back_from_their_text():
    predicates = [Range("R", number, number + 1) for number in range(MOST_CLAUSES)]
    selection = Selection(
        tuple(Clause(f"s{place}", item, inverted=True) for place, item in enumerate(predicates))
    )
    assert Where.parse(selection.text).condition == selection.expression()


def test_an_empty_selection_passes_everything():
    assert Selection().text == ""
    assert Selection().expression() is None
    assert Selection().mask(COLUMN).tolist() == [True] * 8
    assert len(Selection()) == 0


def test_selections_are_values():
    again = Selection(tuple(SELECTION))
    assert again == SELECTION
    assert hash(again) == hash(SELECTION)
    changed = SELECTION.with_(Clause("chi2", Range("chi2", None, 5)))
    assert [clause.source for clause in changed] == [clause.source for clause in SELECTION]
    assert changed["chi2"].predicate == Range("chi2", None, 5)
    assert SELECTION["chi2"].predicate == Range("chi2", None, 6999)
    assert changed.with_(SELECTION["chi2"]) == SELECTION
    assert "chi2" not in SELECTION.without("chi2")
    assert SELECTION.without("chi2").with_(SELECTION["chi2"]).clauses[-1].source == "chi2"
    assert SELECTION.without("absent") == SELECTION
    assert SELECTION.without("chi2", "absent", "rz") == SELECTION.without("chi2").without("rz")
    assert SELECTION.without(*(clause.source for clause in SELECTION)) == Selection()
    with pytest.raises(dataclasses.FrozenInstanceError):
        SELECTION.clauses = ()
    with pytest.raises(DataError, match="two clauses of one source"):
        Selection((SELECTION["chi2"], SELECTION["chi2"]))


def test_switches_of_a_clause_keep_its_place():
    switched = SELECTION.switched("chi2", enabled=False).switched("chi2", inverted=True)
    assert [clause.source for clause in switched] == [clause.source for clause in SELECTION]
    assert switched["chi2"] == dataclasses.replace(SELECTION["chi2"], enabled=False, inverted=True)
    assert switched.switched("chi2", enabled=True, inverted=False) == SELECTION
    assert SELECTION.switched("rz", enabled=False)["rz"].inverted
    assert SELECTION.switched("rz") == SELECTION
    with pytest.raises(KeyError):
        SELECTION.switched("absent", enabled=False)


def test_a_selection_survives_json():
    plain = json.loads(json.dumps(SELECTION.to_json()))
    assert Selection.from_json(plain) == SELECTION
    assert Selection.from_json(json.loads(json.dumps(Selection().to_json()))) == Selection()


def clause(**changes):
    return {"version": 1, "clauses": [{"source": "a", "if": {"range": "R", "low": 1.0}} | changes]}


BAD = [
    None,
    [],
    "{}",
    {},
    {"version": 2, "clauses": []},
    {"version": 1},
    {"version": 1, "clauses": {}},
    {"version": 1, "clauses": [None]},
    {"version": 1, "clauses": clause()["clauses"] * 2},
    {"version": 1, "clauses": clause()["clauses"] * (MOST_CLAUSES + 1)},
    clause(source=3),
    clause(source=""),
    clause(source="a\nb"),
    clause(source="x" * 101),
    clause(surprise=1),
    clause(views="xy"),
    clause(views=[1]),
    clause(enabled=1),
    clause(inverted="no"),
    clause(**{"if": None}),
    clause(**{"if": {}}),
    clause(**{"if": {"range": "R", "where": "R < 1"}}),
    clause(**{"if": {"range": "R"}}),
    clause(**{"if": {"range": 3, "low": 1}}),
    clause(**{"if": {"range": "nope", "low": 1}}),
    clause(**{"if": {"range": "plate", "low": 1}}),
    clause(**{"if": {"range": "source_id", "low": 1}}),
    clause(**{"if": {"range": "R < 3", "low": 1}}),
    clause(**{"if": {"range": "R", "low": "1"}}),
    clause(**{"if": {"range": "R", "low": True}}),
    clause(**{"if": {"range": "R", "low": math.nan}}),
    clause(**{"if": {"range": "R", "low": 10**400}}),
    clause(**{"if": {"range": "R", "low": 2, "high": 1}}),
    clause(**{"if": {"range": "R", "low": [1]}}),
    clause(**{"if": {"one_of": "plate", "texts": []}}),
    clause(**{"if": {"one_of": "plate", "texts": [1]}}),
    clause(**{"if": {"one_of": "plate", "texts": [""]}}),
    clause(**{"if": {"one_of": "plate", "whole": ["1"]}}),
    clause(**{"if": {"one_of": "source_id", "whole": ["1.5"]}}),
    clause(**{"if": {"one_of": "source_id", "whole": ["9" * 5000]}}),
    clause(**{"if": {"one_of": "source_id", "whole": [1]}}),
    clause(**{"if": {"one_of": "source_id"}}),
    clause(**{"if": {"one_of": ["plate"], "texts": ["a"]}}),
    clause(**{"if": {"where": "R +"}}),
    clause(**{"if": {"where": 3}}),
    clause(**{"if": {"where": "fe_h"}}),
    clause(**{"if": {"where": "__import__('os')"}}),
    clause(**{"if": {"outside": {"outside": {"range": "R", "low": 1.0}}}}),
    clause(**{"if": {"outside": 3}}),
    clause(**{"if": {"polygon": ["R", "z"], "corners": [0, 0, 1, 1]}}),
]


@pytest.mark.parametrize("plain", BAD, ids=range(len(BAD)))
def test_a_bad_link_is_refused_in_one_line(plain):
    with pytest.raises(DataError) as caught:
        Selection.from_json(plain)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_link_to_a_column_another_catalogue_lacks_says_so():
    plain = Selection((Clause("v", Range("vT", 0, 100)),)).to_json()
    described = {name: column for name, column in COLUMNS.items() if name != "vT"}
    with pytest.raises(DataError, match="this catalogue has no column vT"):
        Selection.from_json(json.loads(json.dumps(plain)), described)
