"""Subsets: their algebra against numpy masks with missing values, what a state allows, what is ready-made."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.expression import Expression
from data.predicate import Range, Where
from data.problem import DataError
from data.schema import COLUMNS
from data.selection import Clause, Selection
from explorer import algebra
from explorer.populations import POPULATIONS
from explorer.session import Bars, Colouring, Session, State, Subset
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

N = 3000
RNG = np.random.default_rng(4)


def with_holes(values, share=0.2):
    values = np.asarray(values, np.float32)
    values[RNG.random(N) < share] = np.nan
    return values


COLUMN = {
    "R": with_holes(RNG.uniform(6, 16, N)),
    "z": with_holes(RNG.normal(0, 2, N)),
    "fe_h": with_holes(RNG.normal(-0.5, 0.5, N)),
    "giantmodel": RNG.integers(-1, 2, N).astype(np.int8),
}


@pytest.fixture(scope="module")
def stars():
    return Stars(catalogue_of(COLUMN))


def known(yes, values):
    """(where a condition is true, where it is false)."""
    finite = np.isfinite(values)
    return yes & finite, ~yes & finite


def above(name, limit):
    return f"{name} > {limit!r}", known(COLUMN[name].astype(float) > limit, COLUMN[name])


LEAVES = st.one_of(
    st.builds(
        above, st.sampled_from(["R", "z", "fe_h"]), st.floats(-2, 16, width=32).map(lambda x: round(x, 3))
    ),
    st.just(("giantmodel", (COLUMN["giantmodel"] == 1, COLUMN["giantmodel"] == 0))),
)


@st.composite
def recipes(draw):
    """Leaves, and steps that combine what there is so far."""
    leaves = draw(st.lists(LEAVES, min_size=1, max_size=3))
    steps = draw(
        st.lists(
            st.tuples(st.integers(0, 9), st.sampled_from(["and", "or", "minus", "not"]), st.integers(0, 9)),
            max_size=5,
        )
    )
    return leaves, steps


def numpy_joined(word, one, other):
    """Kleene's logic on pairs of masks."""
    (yes, no), (yes2, no2) = one, other
    return {
        "and": (yes & yes2, no | no2),
        "or": (yes | yes2, no & no2),
        "minus": (yes & no2, no | yes2),
        "not": (no, yes),
    }[word]


@settings(max_examples=80, deadline=None)
@given(recipe=recipes())
def test_combinations_are_those_of_masks_also_where_values_are_missing(stars, recipe):
    leaves, steps = recipe
    made = [
        (Subset(f"s{k}", Expression.parse(text), "#000000"), masks) for k, (text, masks) in enumerate(leaves)
    ]
    for first, word, second in steps:
        (one, masks), (other, masks2) = made[first % len(made)], made[second % len(made)]
        condition = algebra.combined(one, word, other, COLUMNS)
        made.append((Subset(f"s{len(made)}", condition, "#000000"), numpy_joined(word, masks, masks2)))
    for subset, (yes, _) in made:
        where = Where(subset.condition)
        assert np.array_equal(where.mask(COLUMN), yes)
        assert stars.number([where]) == yes.sum()
        assert Expression.parse(subset.condition.text) == subset.condition


def test_a_combination_that_grows_too_large_is_refused_in_words():
    long = Subset("a", Expression.parse(" or ".join(f"R > {k} and z > {k}" for k in range(60))), "#000000")
    with pytest.raises(DataError, match="too many"):
        algebra.combined(long, "minus", long, COLUMNS)
    deep = Expression.parse("not " * 48 + "R > 1")
    with pytest.raises(DataError, match="deep"):
        algebra.combined(Subset("a", deep, "#000000"), "not", Subset("a", deep, "#000000"), COLUMNS)


def state_of(*names, selection=None):
    made = ()
    for k, name in enumerate(names):
        made = algebra.added(made, name, Expression.parse(f"R > {k + 8}"))
    return State(selection or Selection(), Colouring("fe_h"), Bars("fe_h"), subsets=made)


def test_new_subsets_get_other_names_and_colours_and_three_are_shown():
    state = state_of("a", "b", "c", "d")
    assert len({subset.colour for subset in state.subsets}) == 4
    assert [subset.shown for subset in state.subsets] == [True, True, True, False]
    assert algebra.shown(state) == state.subsets[:3]
    assert algebra.free_name(state.subsets, "a") == "a 2"
    assert algebra.free_name(state.subsets, " new  one ") == "new one"
    with pytest.raises(DataError, match="hide one"):
        algebra.changed(state.subsets, "d", shown=True)
    hidden = algebra.changed(state.subsets, "b", shown=False)
    assert [s.name for s in algebra.changed(hidden, "d", shown=True) if s.shown] == ["a", "c", "d"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x00b", "a\u202eb", "taken"])
def test_names_that_will_not_do_are_refused(name):
    with pytest.raises(DataError, match=r"name|called"):
        algebra.added(state_of("taken").subsets, name, Expression.parse("R > 1"))
    with pytest.raises(DataError, match=r"name|called"):
        algebra.renamed(state_of("taken", "other"), "other", name)


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", "#gggggg", "url(x)", "#123456;"])
def test_colours_that_are_none_are_refused(colour):
    with pytest.raises(DataError, match="#rrggbb"):
        algebra.checked_colour(colour)


def test_there_is_an_end_to_the_number_of_subsets():
    names = [f"s{k}" for k in range(algebra.MOST_SUBSETS)]
    state = state_of(*names)
    with pytest.raises(DataError, match="already"):
        algebra.added(state.subsets, "one more", Expression.parse("R > 1"))
    assert algebra.free_name(state.subsets, "s1") == "s1 2"


def test_the_selection_is_kept_with_what_is_inverted_and_without_what_holds_in_some_views(stars):
    selection = Selection(
        (
            Clause("rz", Range("R", 8.0, 10.0), inverted=True),
            Clause("cut:z", Range("z", 0.0)),
            Clause("cut:fe_h", Range("fe_h", 0.0), frozenset({"xy"})),
            Clause("off", Range("R", 15.0), enabled=False),
        )
    )
    kept = algebra.kept(selection)
    r, z = COLUMN["R"].astype(float), COLUMN["z"].astype(float)
    meant = np.isfinite(r) & ~((r >= 8) & (r <= 10)) & (z >= 0)
    assert np.array_equal(kept.evaluate(COLUMN), meant)
    assert stars.number(selection.for_view(None)) == meant.sum()
    with pytest.raises(DataError, match="nothing to keep"):
        algebra.kept(selection.without("rz").without("cut:z"))


def test_a_rename_goes_where_the_subset_is_used_as_a_cut_and_is_undone_in_one_step():
    state = state_of("a", "b")
    used = Clause(algebra.CLAUSE + "a", Where(state.subsets[0].condition))
    session = Session(replace(state, selection=Selection((used,))))
    before = session.state
    session.become(algebra.renamed(session.state, "a", " far  out "))
    assert [subset.name for subset in session.state.subsets] == ["far out", "b"]
    assert [clause.source for clause in session.state.selection] == ["subset:far out"]
    session.undo()
    assert session.state == before
    session.redo()
    assert session.state.subsets[0].name == "far out"
    assert algebra.renamed(before, "a", "a") == before
    with pytest.raises(DataError, match="no subset"):
        algebra.renamed(before, "nothing", "c")


def test_every_change_of_subsets_can_be_undone():
    session = Session(state_of("a"))
    states = [session.state]
    for change in (
        lambda subsets: algebra.added(subsets, "b", Expression.parse("z > 1")),
        lambda subsets: algebra.changed(subsets, "a", colour="#123456"),
        lambda subsets: algebra.changed(subsets, "b", shown=False),
        lambda subsets: algebra.without(subsets, "a"),
    ):
        session.change(subsets=change(session.state.subsets))
        states.append(session.state)
    for state in states[-2::-1]:
        session.undo()
        assert session.state == state
    for state in states[1:]:
        session.redo()
        assert session.state == state


# ready-made ones


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda each: each.name)
def test_ready_made_ones_can_be_read_and_say_where_they_come_from(population):
    assert population.lacking(COLUMNS) == ()
    condition = population.expression(COLUMNS, COLUMNS)
    assert condition.is_condition
    assert algebra.checked_name(population.name, ()) == population.name
    assert population.meaning.endswith(".")
    assert population.origin
    absent = sorted(condition.columns)
    if population.over:
        held = {population.over[0]: None}
        assert population.lacking(held) == ()
        assert population.expression(COLUMNS, held).columns == {population.over[0]}
        assert population.lacking({}) == population.over[:1]
    else:
        assert population.lacking({}) == tuple(absent)
        assert population.lacking(dict.fromkeys(absent[1:])) == (absent[0],)


def test_no_flags_lets_pass_a_star_whose_model_lacks_a_label():
    population = next(each for each in POPULATIONS if each.name == "no flags")
    flags = {
        "kiel_extrap": np.array([0, 0, 1, 0, -1], np.int8),
        "fe_h_extrap": np.array([0, -1, 0, 1, -1], np.int8),
    }
    found = population.expression(COLUMNS, flags).evaluate(flags)
    assert found.tolist() == [True, True, False, False, True]


def test_red_clump_is_the_published_window():
    population = next(each for each in POPULATIONS if each.name == "red clump")
    teff, logg, fe_h = RNG.uniform(4000, 5600, 500), RNG.uniform(1, 4, 500), RNG.uniform(-1, 0.4, 500)
    upper = 0.0018 * (teff - (-382.5 * fe_h + 4607)) + 2.5
    meant = (logg >= 1.8) & (logg <= upper) & (teff > 4400) & (teff < 5300)
    found = population.expression(COLUMNS, COLUMNS).evaluate({"teff": teff, "logg": logg, "fe_h": fe_h})
    assert np.array_equal(found, meant)
    assert 0 < meant.sum() < 500
