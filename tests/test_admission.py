"""What a link may weigh: it is read and named without asking all stars anything, or refused in words."""

from dataclasses import replace

import numpy as np
import pytest

from data.expression import Expression
from data.predicate import Box, Polygon, Range, Where
from data.problem import DataError
from data.selection import MOST_CLAUSES, Clause, Selection
from explorer import admission, formula, link
from explorer.admission import MOST_SIGNS, MOST_WORDS
from explorer.cuts import Cuts
from explorer.envelope import open_sealed, seal
from explorer.link import VERSION, from_token, to_token
from explorer.session import Bars, Colouring, Derived, Session, State, Subset
from explorer.stars import Stars
from explorer.words import condition
from tests.small_catalogue import catalogue_of

TABS = ("maps",)
EMPTY = State(Selection(), Colouring("teff"), Bars("fe_h"))


@pytest.fixture
def stars():
    rng = np.random.default_rng(4)
    columns = {name: rng.normal(size=400_000).astype("f4") for name in ("R", "z", "fe_h", "teff")}
    columns["R"][::7] = np.nan
    return Stars(catalogue_of(columns))


def long_condition(words):
    """A condition of so many words (an odd number), all of them counted."""
    return Where.parse(" or ".join(f"z > {k}" for k in range(words // 3)))


def heavy(words):
    """A state of so many words, half of them in subsets."""
    parts = [long_condition(300)] * (words // 301)
    half = len(parts) // 2
    cuts = tuple(Clause(f"cut:{k}", part) for k, part in enumerate(parts[:half]))
    kept = tuple(Subset(f"s{k}", part.condition, "#000000", False) for k, part in enumerate(parts[half:]))
    return replace(EMPTY, selection=Selection(cuts), subsets=kept)


def test_what_all_stars_would_take_long_to_be_asked_is_refused(stars, monkeypatch):
    fits, heavier = heavy(1900), heavy(2500)
    assert from_token(to_token(fits), stars, TABS) == fits
    with pytest.raises(DataError, match=f"words, too many for a link: at most {MOST_WORDS:,}"):
        to_token(heavier)
    monkeypatch.setattr(link, "check_size", lambda *_: None)
    token = to_token(heavier)
    with pytest.raises(DataError, match=f"This link .* at most {MOST_WORDS:,}"):
        from_token(token, stars, TABS)


def test_more_cuts_than_a_link_holds_are_not_written():
    cuts = tuple(Clause(f"cut:{k}", Range("R", float(k))) for k in range(MOST_CLAUSES + 1))
    assert to_token(replace(EMPTY, selection=Selection(cuts[1:])))
    with pytest.raises(DataError, match=f"at most {MOST_CLAUSES}"):
        to_token(replace(EMPTY, selection=Selection(cuts)))


def test_corners_are_not_counted():
    corners = [(float(k), float(k % 7)) for k in range(500)]
    lassos = [Clause(f"cut:{k}", Polygon("R", "z", corners)) for k in range(20)]
    admission.check_size(Selection(tuple(lassos)), ())


def test_columns_leave_room_for_the_conditions_on_them(stars):
    """The longest and the deepest column there may be, in a box that is inverted, come back."""
    for text in (" + ".join(["R"] * 39), nested(20), "min(" + ", ".join(["R"] * 20) + ")"):
        made = formula.read(stars, "a", text, ())
        box = Box(Range(made.expression, 0.0, 1.0), Range(made.expression, 0.0, 1.0))
        cut = Clause("cut:a", box, inverted=True)
        state = replace(EMPTY, selection=Selection((cut,)), derived=(made,))
        assert from_token(to_token(state), stars, TABS) == state
        assert Where.parse(cut.effective.text).condition == cut.effective.expression
    twenty = ", ".join(["abs(R * 2)"] * 20)
    for text, problem in ((f"min({twenty}) + max({twenty})", "too many"), (nested(23), "too deep")):
        with pytest.raises(DataError, match=f"{problem} for a column"):
            formula.read(stars, "a", text, ())


def nested(deep):
    """Differences within differences: each needs brackets."""
    return "R - (" * deep + "R - z" + ")" * deep


class Watched(Stars):
    """Stars that nobody may ask for all values of a quantity."""

    def values(self, *_args, **_more):
        raise AssertionError("all stars were asked")


@pytest.mark.parametrize(
    "predicate",
    [
        Range("R - z", 0.0),
        Box(Range("R - z", 0.0), Range("z * 2", 0.0)),
        Polygon("R - z", "z * 2", ((0, 0), (1, 0), (1, 1))),
    ],
    ids=lambda each: type(each).__name__,
)
def test_links_are_read_and_their_cuts_named_without_asking_the_stars(stars, predicate, monkeypatch):
    watched = Watched(stars.catalogue)
    derived = (Derived("a", "R - z"), Derived("b", "z * 2"))
    state = replace(EMPTY, selection=Selection((Clause("cut:a", predicate),)), derived=derived)
    assert from_token(to_token(state), watched, TABS) == state
    monkeypatch.setattr(watched, "_percentiles", None)
    cuts = Cuts(watched, Session(state))
    cuts.show(state.selection)
    assert "\\" not in cuts.words(state.selection["cut:a"])


def test_a_range_to_show_is_that_of_all_values_thinned(stars):
    quantity = "R * 3 - z"
    values = stars.values(quantity)[::4]
    low, high = np.percentile(values[np.isfinite(values)], (1, 99))
    column = stars.describe(quantity)
    assert (column.low, column.high) == (low, high)
    assert stars.describe(quantity, shown=False) == replace(column, low=0.0, high=1.0)
    assert "R" in condition(Range(quantity, 0.0), lambda name: stars.describe(name, shown=False))
    assert Expression.parse(quantity).columns == {"R", "z"}


@pytest.mark.parametrize("end", [1e305, -1e305, float("inf"), float("nan")])
def test_ends_that_a_link_cannot_hold_are_refused_where_they_are_typed(end):
    with pytest.raises(DataError, match="finite ends of size 1e"):
        Range("R", end)


@pytest.mark.parametrize(
    "condition",
    [
        {"where": " or ".join([f"inside(z, R, {', '.join('1' * 1000)})"] * 4)},
        {"outside": {"where": "z in (" + ", ".join("1" * 4000) + ")"}},
        {"range": " + ".join("z" * 3500), "low": 0.0},
    ],
    ids=["where", "outside", "range"],
)
def test_long_texts_are_refused_before_they_are_read(stars, condition, monkeypatch):
    plain = open_sealed(to_token(EMPTY), VERSION)
    plain["selection"]["clauses"] = [{"source": "a", "if": condition}]
    monkeypatch.setattr(Selection, "from_json", None)
    with pytest.raises(DataError, match=f"at most {MOST_SIGNS:,}"):
        from_token(seal(plain, VERSION), stars, TABS)


def test_a_page_with_long_texts_has_no_link():
    corners = [(float(k), float(k % 7)) for k in range(500)]
    condition = Polygon("R", "z", corners).expression
    kept = tuple(Subset(f"s{k}", condition, "#000000", False) for k in range(4))
    assert to_token(replace(EMPTY, subsets=kept[:2]))
    with pytest.raises(DataError, match=f"at most {MOST_SIGNS:,}"):
        to_token(replace(EMPTY, subsets=kept))
