"""Links: any state survives its text; what is damaged, foreign or hostile is refused in words."""

import base64
import zlib
from dataclasses import fields, replace
from functools import reduce
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.predicate import Box, OneOf, Polygon, Range, Where
from data.problem import DataError
from data.schema import COLUMNS
from data.selection import Clause, Selection
from explorer import choices
from explorer.algebra import MOST_SHOWN, MOST_SUBSETS
from explorer.arrangement import USUAL, added, maximised, moved, removed, resized
from explorer.atlas import DIAGRAMS, PLANES
from explorer.cluster_form import OWN
from explorer.envelope import LONGEST, MOST_BYTES, open_sealed, seal
from explorer.link import VERSION, from_token, to_token
from explorer.offer import Listed, Several, Ticked, Typed
from explorer.opening import default_selection
from explorer.palette import COLOUR_MAPS, Scale
from explorer.raster import STATISTICS, Window
from explorer.science import KINDS
from explorer.session import Bars, Colouring, Derived, Gallery, Layout, Star, State, Subset, ViewState
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

TABS = ("maps", "footprint", "about", "gallery")
FLOATS = ("R", "z", "X", "Y", "vT", "teff", "logg", "fe_h", "mg_fe", "eu_fe", "ba_fe", "Jz", "chi2", "l", "b")
DERIVED = (Derived("[Eu/Ba]", "eu_fe - ba_fe"), Derived("twice", "(eu_fe - ba_fe) * 2"))


@pytest.fixture(scope="module")
def stars():
    rng = np.random.default_rng(1)
    columns = {name: rng.normal(size=50).astype("f4") for name in FLOATS}
    columns |= {
        "giantmodel": rng.integers(-1, 2, 50).astype("i1"),
        "source_id": rng.integers(2**60, 2**62, 50),
        "plate": rng.choice(np.array([b"HD01", b"M31"]), 50),
    }
    return Stars(catalogue_of(columns))


@pytest.fixture(scope="module")
def opening(stars):
    return choices.opening(stars, default_selection(stars))


# any state comes back

FINITE = st.floats(-1e300, 1e300)
ENDS = st.tuples(FINITE, FINITE).map(sorted).filter(lambda ends: ends[0] < ends[1])
NAMES = st.text(min_size=1, max_size=20).filter(str.isprintable)
QUANTITIES = st.sampled_from((*FLOATS, *(known.expression for known in DERIVED)))
AVERAGED = QUANTITIES.filter(lambda name: name not in ("l", "b"))
RANGES = st.one_of(
    st.builds(lambda column, ends: Range(column, *ends), QUANTITIES, ENDS),
    st.builds(Range, QUANTITIES, FINITE, st.none()),
    st.builds(Range, QUANTITIES, st.none(), FINITE),
)
CORNERS = st.lists(st.tuples(FINITE, FINITE), min_size=3, max_size=20).map(tuple)
IDS = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=3).map(tuple)
CONDITIONS = ("fe_h < -1 and not abs(z) > 2", "[Eu/Ba] > 0.3", "plate in ('HD01') or giantmodel")
PREDICATES = st.one_of(
    RANGES,
    st.builds(Box, RANGES, RANGES),
    st.builds(Polygon, QUANTITIES, QUANTITIES, CORNERS),
    st.builds(OneOf, st.just("plate"), st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
    st.builds(OneOf, st.just("giantmodel"), st.sampled_from([(0,), (1,)])),
    st.sampled_from(CONDITIONS).map(Where.parse),
)
ANY_PREDICATES = PREDICATES | st.builds(OneOf, st.just("source_id"), IDS)
KEYS = st.sampled_from([*DIAGRAMS])
CLAUSES = st.builds(Clause, NAMES, PREDICATES, st.none() | st.frozensets(KEYS), st.booleans(), st.booleans())
SELECTIONS = st.lists(CLAUSES, max_size=4, unique_by=lambda clause: clause.source).map(
    lambda clauses: Selection(tuple(clauses))
)
SCALES = st.builds(lambda ends: Scale(*ends), ENDS) | st.builds(
    lambda low: Scale(low, low * 3, log=True), st.floats(1e-300, 1e290)
)


def log_suits(colouring):
    """Of what may be negative, only the numbers of stars and the spread have logarithms."""
    signed = colouring.label not in COLUMNS or COLUMNS[colouring.label].low < 0
    return not (colouring.log and signed and colouring.statistic in ("mean", "median"))


COLOURINGS = st.builds(
    Colouring,
    AVERAGED,
    st.sampled_from([*STATISTICS]),
    st.integers(1, 10_000),
    st.booleans(),
    st.none() | st.sampled_from([*COLOUR_MAPS]),
    st.none() | SCALES,
).filter(log_suits)
WINDOWS = st.none() | st.builds(lambda x, y: Window(*x, *y), ENDS, ENDS)
LINES = st.none() | st.just(())
OTHERS = st.builds(ViewState, WINDOWS, st.none(), st.none() | COLOURINGS, LINES)
PLANE_VIEWS = st.builds(
    ViewState,
    WINDOWS,
    st.sampled_from(["mg_fe", "eu_fe", DERIVED[0].expression]),
    st.none() | COLOURINGS,
    LINES,
)
VIEWS = st.builds(
    lambda others, plane: MappingProxyType({**others, "plane": plane}),
    st.dictionaries(KEYS, OTHERS.filter(lambda view: view != ViewState()), max_size=3),
    PLANE_VIEWS,
)
SUBSETS = st.lists(
    st.builds(
        Subset,
        NAMES.map(lambda name: " ".join(name.split())).filter(bool),
        ANY_PREDICATES.map(lambda predicate: predicate.expression),
        st.integers(0, 0xFFFFFF).map(lambda colour: f"#{colour:06x}"),
        st.booleans(),
    ),
    max_size=MOST_SHOWN,
    unique_by=lambda subset: subset.name,
)
CARDS = st.sampled_from(USUAL)
STEPS = st.one_of(
    st.tuples(st.just(moved), CARDS, st.sampled_from([-3, -1, 1, 2])),
    st.tuples(st.just(resized), CARDS, st.sampled_from([-1, 1])),
    st.tuples(st.sampled_from([removed, added]), CARDS),
    st.tuples(st.just(maximised), st.none() | CARDS),
)
LAYOUTS = st.lists(STEPS, max_size=6).map(
    lambda steps: reduce(lambda layout, step: step[0](layout, *step[1:]), steps, Layout())
)
STATES = st.builds(
    State,
    SELECTIONS,
    COLOURINGS,
    st.builds(Bars, QUANTITIES, st.booleans()),
    VIEWS,
    st.just(DERIVED),
    SUBSETS.map(tuple),
    st.sampled_from(["contours", "tints"]),
    st.sampled_from(TABS),
    LAYOUTS,
    st.builds(Gallery, st.sampled_from(PLANES).filter("actions".__ne__), st.booleans(), st.none() | SCALES),
    st.none() | st.builds(Star, st.just("source_row"), st.integers(0, 49)),
)


LETTERS = st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\n\t")
VALUES = {
    Listed: lambda offer: st.sampled_from([*offer.values]),
    Several: lambda offer: st.lists(st.sampled_from([*offer.values]), unique=True).map(tuple),
    Typed: lambda offer: st.text(LETTERS, max_size=min(offer.longest, 20)),
    Ticked: lambda _offer: st.booleans(),
}
"""What a person may choose of an offer."""


def drawn(data, stars, state):
    """The state with choices on any pages of science, some of them left open."""
    for page in data.draw(st.sets(st.sampled_from([*KINDS]))):
        offers = KINDS[page].offers(stars, state)
        held = [name for name in offers if name != "members"]  # ready-made ones go with their own numbers
        names = data.draw(st.lists(st.sampled_from(held), min_size=1, unique=True))
        chosen = {name: data.draw(VALUES[type(offers[name])](offers[name])) for name in names}
        state = state.with_chosen(page, chosen | ({"members": OWN} if page == "clusters" else {}))
    return state


@settings(max_examples=200, deadline=None)
@given(state=STATES, data=st.data())
def test_any_choices_on_pages_of_science_come_back(stars, state, data):
    state = drawn(data, stars, state)
    token = to_token(state)
    again = from_token(token, stars, TABS)
    assert again == state
    assert to_token(again) == token
    types = [[(name, type(value)) for name, value in page.items()] for page in state.chosen.values()]
    assert [
        [(name, type(again.chosen[page][name])) for name in chosen] for page, chosen in state.chosen.items()
    ] == types


def test_links_from_before_choices_were_in_them_open(stars, opening):
    plain = open_sealed(to_token(opening), VERSION)
    assert "chosen" not in plain
    assert from_token(resealed(plain), stars, TABS).chosen == {}


@settings(max_examples=300, deadline=None)
@given(state=STATES)
def test_any_state_comes_back_to_the_last_bit(stars, state):
    token = to_token(state)
    again = from_token(token, stars, TABS)
    assert again == state
    assert to_token(again) == token


def test_lines_that_were_chosen_come_back(stars, opening):
    state = opening.with_view("rv", landmarks=("ridge", "jphi")).with_view("kiel", landmarks=())
    assert from_token(to_token(state), stars, TABS) == state


@pytest.mark.parametrize("numbers", [(0, 7000), (-0.0, 7000.0)])
def test_equal_states_have_equal_links(opening, stars, numbers):
    cut = Clause("a", Range("R", *numbers))
    state = replace(opening, selection=opening.selection.with_(cut))
    again = from_token(to_token(state), stars, TABS)
    as_floats = replace(opening, selection=opening.selection.with_(Clause("a", Range("R", 0.0, 7000.0))))
    assert again == state == as_floats
    assert to_token(again) == to_token(state) == to_token(as_floats)


UNUSUAL = State(
    Selection((Clause("a", Range("R", 0, 1)),)),
    Colouring("teff", "median", 7, True, "greys", Scale(1.0, 2.0, log=True)),
    Bars("R", True),
    {"plane": ViewState(Window(0, 1, 0, 1), "eu_fe", Colouring("R"), ())},
    DERIVED[:1],
    (Subset("halo", Where.parse("fe_h < -1").condition, "#00ff00", False),),
    "tints",
    "about",
    Layout(("kiel",), {"kiel": 2}, "kiel"),
    Gallery("kiel", True, Scale(0.0, 1.0)),
    Star("source_row", 7),
    {"profiles": {"along": "vT", "bins": "0, 1", "within": False}},
)
USUAL = State(Selection(), Colouring("R"), Bars("z"))


def test_every_part_of_a_state_is_in_its_link(stars):
    """A field that is added to a state must be written too: here each is other than usual."""
    for usual, unusual in (
        (USUAL, UNUSUAL),
        (USUAL.colouring, UNUSUAL.colouring),
        (USUAL.bars, UNUSUAL.bars),
        (ViewState(), UNUSUAL.views["plane"]),
        (USUAL.layout, UNUSUAL.layout),
        (USUAL.gallery, UNUSUAL.gallery),
        (replace(UNUSUAL.subsets[0], name="", colour="", condition=None, shown=True), UNUSUAL.subsets[0]),
    ):
        for field in fields(unusual):
            assert getattr(usual, field.name) != getattr(unusual, field.name), field.name
    assert from_token(to_token(UNUSUAL), stars, TABS) == UNUSUAL


def test_links_are_short(opening, stars):
    """The page as it opens, and three lassos of 100 corners as a pointer draws them, all digits kept."""
    assert len(to_token(opening)) < 400
    rng = np.random.default_rng(2)
    turn = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    selection = opening.selection
    for source, (x, y) in {"rz": ("R", "z"), "xy": ("X", "Y"), "kiel": ("teff", "logg")}.items():
        radius = 1 + 0.2 * rng.normal(size=100)
        corners = np.stack([8 + radius * np.cos(turn), radius * np.sin(turn)], 1)
        selection = selection.with_(Clause(source, Polygon(x, y, tuple(map(tuple, corners.tolist())))))
    state = replace(opening, selection=selection)
    token = to_token(state)
    assert from_token(token, stars, TABS) == state
    assert len(token) < 8000


def test_what_is_too_long_for_an_address_is_said(opening):
    corners = np.random.default_rng(3).normal(size=(2, 500, 2)).tolist()
    brushes = [
        Clause(f"brush:{at}", Polygon("R", "z", tuple(map(tuple, each)))) for at, each in enumerate(corners)
    ]
    assert len(to_token(replace(opening, selection=Selection(tuple(brushes[:1]))))) < LONGEST
    with pytest.raises(DataError, match="too long for a link"):
        to_token(replace(opening, selection=Selection(tuple(brushes))))


# what is damaged


def resealed(plain, version=VERSION):
    """A link of any values, sealed as ours are."""
    return seal(plain, version)


def damaged(body):
    """A link of any bytes, with the checksum they need."""
    letters = base64.urlsafe_b64encode(body).decode().rstrip("=")
    check = base64.urlsafe_b64encode(zlib.crc32(letters.encode()).to_bytes(4, "big")).decode().rstrip("=")
    return f"{VERSION}.{letters}.{check}"


def refused(token, stars, words="link"):
    with pytest.raises(DataError, match=words) as caught:
        from_token(token, stars, TABS)
    said = str(caught.value)
    assert said.startswith("This link")
    assert "\n" not in said
    assert len(said) < 500


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_letter_changed_or_lost_is_noticed(stars, opening, data):
    token = to_token(opening)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("0123456789.-_abcXYZ \0é").filter(lambda letter: letter != token[at]))
    refused(token[:at] + other + token[at + 1 :], stars)
    refused(token[:at], stars)
    refused(token[at + 1 :], stars)
    refused(token[:at] + token[at + 1 :], stars)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=200) | st.from_regex(r"1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{6}", fullmatch=True))
def test_any_text_is_refused(stars, text):
    refused(text, stars)


@settings(max_examples=200, deadline=None)
@given(body=st.binary(min_size=1, max_size=300), packed=st.booleans())
def test_any_bytes_are_refused(stars, body, packed):
    refused(damaged(zlib.compress(body) if packed else body), stars)


def test_bombs_are_not_unpacked(stars):
    bomb = zlib.compress(b"[" + b" " * 11_000_000, 9)
    token = damaged(bomb)
    assert len(token) < LONGEST
    refused(token, stars, f"more than {MOST_BYTES:,} bytes")
    refused(damaged(zlib.compress(b"1" * (MOST_BYTES + 1))), stars, "more than")
    refused(damaged(zlib.compress(b"[1]") + b"more"), stars, "damaged")
    refused("1." + "A" * LONGEST + ".AAAAAA", stars, "too long")


@pytest.mark.parametrize(
    "written",
    [
        b"[" * 100_000,
        b"[" * 60_000 + b"]" * 60_000,
        b"[" * 500 + b"]" * 500,
        b'{"selection":' * 500 + b"1" + b"}" * 500,
        b"NaN",
        b"[Infinity]",
        b"9" * 5000,
        b"\xff",
        b'"\\ud800"',
        b"",
        b"null",
        b"[]",
        b"{}",
    ],
)
def test_values_that_are_no_state_are_refused(stars, written):
    refused(damaged(zlib.compress(written)), stars)


def test_a_link_of_another_version_says_so(stars, opening):
    plain = open_sealed(to_token(opening), VERSION)
    refused(resealed(plain, VERSION + 1), stars, "made by another version of the explorer")
    later = {**plain, "selection": {**plain["selection"], "version": 9}}
    refused(resealed(later), stars, "another version")


# what does not fit the catalogue


@pytest.mark.parametrize(
    "changes",
    [
        {"colouring": Colouring("Jphi")},
        {"bars": Bars("Jphi")},
        {"selection": Selection((Clause("a", Range("Jphi", 0, 1)),))},
        {"selection": Selection((Clause("a", Where.parse("R > 1 or Jphi > 1")),))},
        {"selection": Selection((Clause("a", OneOf("obsid", (1,))),))},
        {"selection": Selection((Clause("a", Polygon("R", "Jphi + 1", ((0, 0), (1, 0), (1, 1)))),))},
        {"derived": (Derived("a", "R + Jphi"),)},
        {"subsets": (Subset("a", Where.parse("Jphi > 1").condition, "#000000"),)},
        {"views": {"plane": ViewState(y="o_fe")}},
        {"gallery": Gallery("actions")},
        {"chosen": {"profiles": {"along": "Jphi"}}},
        {"chosen": {"planes": {"label": "o_fe"}}},
        {"chosen": {"systematics": {"label": "o_fe"}}},
    ],
    ids=str,
)
def test_a_link_to_a_column_that_the_catalogue_lacks_names_it(stars, opening, changes):
    names = "Jphi|obsid|o_fe"
    refused(
        to_token(replace(opening, **changes)),
        stars,
        f"names the column ({names}), which this catalogue lacks",
    )


CUT = {"source": "a", "if": {"range": "R", "low": 1.0}}
UNKNOWN = [
    {"range": "X + 1", "low": 1.0},
    {"range": "plate", "low": 1.0},
    {"box": [{"range": "R", "low": 1.0}, {"range": "X + 1", "low": 1.0}]},
    {"polygon": ["R", "X + 1"], "corners": [0, 0, 1, 0, 1, 1]},
    {"polygon": ["X + 1", "R"], "corners": [0, 0, 1, 0, 1, 1]},
    {"one_of": "teff", "whole": ["5000"]},
    {"one_of": "source_id", "whole": ["5000"]},
    {"one_of": "giantmodel", "whole": ["7"]},
    {"one_of": "giantmodel", "whole": ["0", "1"]},
    {"one_of": "plate", "texts": [f"p{k}" for k in range(61)]},
]
"""Conditions that no control of the page makes: on numbers nobody computed, on values no column has."""
SUBSET = {"name": "a", "if": "R > 1", "colour": "#000000"}
BAD = {
    "colouring": [None, {}, [], "R"]
    + [{"label": label} for label in ("plate", "source_id", "l", "R + 1", "R +", "", 3)]
    + [
        {"label": "R", key: value}
        for key, values in {
            "statistic": ["mode", None],
            "min_stars": [0, 10_001, 2.0, True],
            "log": [1],
            "colours": ["rainbow", 1],
            "range": [[1, 2], [2, 1, False], [0, 1, True], [1, "2", False], [], [1, 10**400, False]],
            "more": [1],
        }.items()
        for value in values
    ]
    + [{"label": "fe_h", "log": True}, {"label": "fe_h", "statistic": "median", "log": True}],
    "bars": [None, {}, {"column": "plate"}, {"column": "nope"}, {"column": "R", "log": None}],
    "views": [None, [], {"nope": {"window": [0, 1, 0, 1]}}]
    + [{"rz": {"window": ends}} for ends in ([0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1e301], [0, 1, 0, "1"])]
    + [{"rz": view} for view in ({}, {"y": "mg_fe"}, {"colouring": {}}, {"zoom": 1})]
    + [{"rz": {"landmarks": ["ridge"]}}, {"rv": {"landmarks": "ridge"}}, {"rv": {"landmarks": ["jr"]}}]
    + [{"rv": {"landmarks": lines}} for lines in ([1], ["ridge"] * 9, [["ridge"]])]
    + [{"plane": {"y": y}} for y in ("R", "plate", "", 1)],
    "derived": [None, "a", [[f"a{n}", "R + 1"] for n in range(21)], [["a", "R + 1"], ["a", "R + 2"]]]
    + [[["a", text]] for text in ("R +", "R > 1", 3, "__import__('os')")]
    + [[pair] for pair in (["a"], ["a", "R", "b"], ["<b>", "R + 1"], ["R", "z"])],
    "subsets": [
        None,
        [{}],
        [SUBSET, SUBSET],
        [{**SUBSET, "name": f"a{n}"} for n in range(MOST_SHOWN + 1)],
        [{**SUBSET, "name": f"a{n}", "shown": False} for n in range(MOST_SUBSETS + 1)],
    ]
    + [
        [{**SUBSET, key: value}]
        for key, values in {
            "name": ["", " ", "a\nb", "a" * 41, "a" * 1001, 1],
            "if": ["R + 1", "R >", 1],
            "colour": ["red", "#00000", "#000000;x", "#GGGGGG", None],
            "shown": [1],
            "more": [1],
        }.items()
        for value in values
    ],
    "subsets_as": [None, "hidden", []],
    "tab": [None, "admin", 1],
    "layout": [None, {"columns": 3}]
    + [{"order": order} for order in (["rz", "rz"], ["nope"], ["sky"], "rz", [1], [[]])]
    + [{"sizes": sizes} for sizes in ({"rz": 0}, {"rz": 1.5}, {"rz": "2"}, {"nope": 2}, {"sky": 2}, [2])]
    + [{"largest": largest} for largest in ("nope", 1, [])],
    "gallery": [None, {"plane": "nope"}, {"plane": "sky"}, {"shared": 0}, {"range": [1, 0, False]}],
    "selection": [None, {"version": 1}]
    + [
        {"version": 1, "clauses": [{**CUT, **changes}]}
        for changes in (
            *({"if": condition} for condition in (*UNKNOWN, *({"outside": each} for each in UNKNOWN))),
            {"views": ["nope"]},
            {"views": [["rz"]]},
        )
    ],
    "star": ["R", 1, {}, [], ["source_row"], ["source_row", 1, 2], [["source_row"], 1]]
    + [["source_row", number] for number in (-1, 50, 2**64, 1.0, "1", True, None)]
    + [["obsid", 1], ["source_id", 1], ["R", 1], ["teff", 5000]],
    "chosen": [None, [], "profiles", {"maps": {}}, {"nope": {"label": "R"}}]
    + [{page: value} for page in KINDS for value in (None, [], {}, {"nope": 1})]
    + [
        {page: {name: value}}
        for page, names in {
            "profiles": {
                "label": ["l", "R + 1", "plate", "", 1, None, ["R"], {"R": 1}],
                "bins": [None, 7, ["7"], "1" * 401, "\ud800"],
                "by": ["vT", "z"],
                "within": [None, 0, 1, "true"],
                "draws": [200, "2" * 10],
            },
            "planes": {"label": ["R"], "shows": ["median", None], "teff": ["1" * 401]},
            "differences": {
                "first": ["subset:gone", "gone", ""],
                "plane": ["nope", "sky+", 1],
                "side": [0.0, False, 26, "25", None],
                "rate": [0.06, 0, 1, "0.05"],
                "least": [30, "1" * 10],
            },
            "systematics": {"label": ["teff", "e_mg_fe"], "plane": ["kiel"]},
            "binaries": {
                "kind": ["bright", None],
                "match": ["fe_h", ["R"], ["fe_h", "fe_h"], [["fe_h"]], [1], ["fe_h"] * 99, None],
            },
            "clusters": {"members": ["M 1"], "ra": [130.0, "1" * 41], "ids": ["1" * 60_001, [1]]},
            "calibration": {"kind": ["all"], "share": [0.5], "seed": ["1" * 21]},
        }.items()
        for name, values in names.items()
        for value in values
    ],
    "more": [1],
}
"""Parts that won't do."""


@pytest.mark.parametrize(
    ("part", "value"), [(part, value) for part, values in BAD.items() for value in values]
)
def test_a_part_that_will_not_do_is_refused(stars, opening, part, value):
    plain = open_sealed(to_token(opening), VERSION)
    refused(resealed({**plain, part: value}), stars)


@pytest.mark.parametrize(
    ("page", "chosen", "said"),
    [
        ("maps", {"label": "R"}, "choices are of the pages profiles, planes, .*, not {'maps'"),
        ("planes", {"along": "R"}, "of the page Planes may be chosen label, colour, .*, not {'along'"),
        ("profiles", {"within": 1}, "of the page Profiles, within: a switch is true or false, not 1"),
        ("profiles", {"bins": "1" * 401}, "bins: a text of at most 400 letters was expected, not '111"),
        ("differences", {"second": "subset:gone"}, "second: 'subset:gone' is not offered here"),
        ("binaries", {"match": ["R"]}, r"match: \['R'\] has what is not offered here"),
        ("clusters", {"members": "M67", "ra": "130"}, "the numbers of the members' cut are not those of M67"),
        ("clusters", {"ra": "5"}, "the numbers of the members' cut are not those of Praesepe"),
        ("binaries", {"match": "fe_h"}, "match: a list of at most 4 was expected, not 'fe_h'"),
    ],
)
def test_what_is_wrong_with_a_choice_is_said(stars, opening, page, chosen, said):
    plain = open_sealed(to_token(opening), VERSION)
    refused(resealed({**plain, "chosen": {page: chosen}}), stars, said)


WORDS = st.sampled_from([*FLOATS, "plate", "R + 1", "R > 1", "rz", "range", "where", "maps"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def mutated(data, value):
    """The value, with something in it replaced, doubled or left out."""
    places = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    if not places or data.draw(st.integers(0, 3)) == 0:
        return data.draw(ANYTHING)
    place = data.draw(st.sampled_from(list(places)))
    changed = dict(value) if isinstance(value, dict) else list(value)
    match data.draw(st.sampled_from(["inside", "inside", "inside", "without", "twice"])):
        case "inside":
            changed[place] = mutated(data, value[place])
        case "without":
            del changed[place]
        case "twice" if isinstance(value, list):
            changed.append(value[place])
        case "twice":
            changed[data.draw(st.text(max_size=8))] = value[place]
    return changed


@settings(max_examples=400, deadline=None)
@given(state=STATES, data=st.data())
def test_anything_sealed_is_a_state_or_refused(stars, state, data):
    state = drawn(data, stars, state)
    token = resealed(mutated(data, open_sealed(to_token(state), VERSION)))
    try:
        read = from_token(token, stars, TABS)
    except DataError as problem:
        said = str(problem)
        assert said.startswith("This link")
        assert "\n" not in said
    else:
        assert from_token(to_token(read), stars, TABS) == read
