"""Profiles of a catalogue against a loop over its stars; groups, refusals, bootstraps."""

import numpy as np
import pytest

from data.expression import Expression
from data.predicate import Range, Where
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.overtaking import OvertakenError
from explorer.profile_form import ProfileForm, titles
from explorer.profile_sums import (
    NO_SLICES,
    SELECTED,
    Asked,
    Group,
    bootstrapped_profiles,
    check,
    groups_of,
    profiles,
    rows_of,
)
from explorer.profile_words import UNCORRECTED, interval, table, unit_of
from explorer.session import Bars, Colouring, State, Subset
from explorer.stars import Stars
from model.plate_bootstrap import Range as Interval
from tests.small_catalogue import catalogue_of

MANY = 5_003
X_EDGES, Z_EDGES = (7.0, 8.0, 9.5, 12.0), (0.0, 0.5, 2.0)


@pytest.fixture(scope="module")
def stars():
    random = np.random.default_rng(1)
    columns = {
        "R": random.uniform(6, 13, MANY).astype(np.float32),
        "z": random.normal(0, 1, MANY).astype(np.float32),
        "vT": random.normal(220, 30, MANY).astype(np.float32),
        "fe_h": random.normal(-0.2, 0.2, MANY).astype(np.float32),
    }
    for place, name in enumerate(columns):
        columns[name][random.integers(0, MANY, 60)] = (np.nan, np.inf)[place == 3]
    columns["R"][:4] = (7.0, 8.0, 12.0, 9.5)
    columns["z"][:4] = (0.0, 0.5, -2.0, -0.5)
    return Stars(catalogue_of(columns))


def asked(*groups, **changes):
    usual = {"label": "fe_h", "x": "R", "slices": "abs(z)", "x_edges": X_EDGES, "slice_edges": Z_EDGES}
    return Asked(**{**usual, **changes}, groups=groups or (Group(SELECTED, "", ()),))


def fast(cut=220.0):
    return Group("fast", "#0072b2", (Range("vT", cut, None),))


def star_by_star(stars, group, k, j, z_edges=Z_EDGES):
    """Values (x, y) of the stars of bin k of slice j, by the definition of an interval."""
    columns = {name: np.asarray(stars.catalogue[name], np.float64) for name in ("R", "z", "vT", "fe_h")}
    found = []
    for x, z, v, y in zip(*(columns[name] for name in ("R", "z", "vT", "fe_h")), strict=True):
        inside = all(
            edges[at] <= value and (value < edges[at + 1] or (at == len(edges) - 2 and value == edges[-1]))
            for edges, at, value in ((X_EDGES, k, x), (z_edges, j, abs(z)))
        )
        if inside and np.isfinite(y) and (group.name == SELECTED or v >= 220):
            found.append((x, y))
    return np.array(found).reshape(-1, 2).T


@pytest.mark.parametrize("slices", ["abs(z)", ""])
def test_profiles_are_those_of_a_loop_over_stars(stars, slices):
    edges = Z_EDGES if slices else NO_SLICES
    question = asked(Group(SELECTED, "", ()), fast(), slices=slices, slice_edges=edges)
    found = profiles(stars, question, bool)
    assert len(found) == 2 * (len(edges) - 1)
    for (number, j), one in found.items():
        parts = [
            star_by_star(stars, question.groups[number], k, j, edges if slices else (0.0, np.inf))
            for k in range(3)
        ]
        if not slices:  # a star of no known z is in the slice of all
            known = np.asarray(stars.catalogue["z"], np.float64)
            assert sum(one.stars) >= sum(len(x) for x, _ in parts)
            assert sum(one.stars) <= sum(len(x) for x, _ in parts) + (~np.isfinite(known)).sum()
            continue
        assert one.stars.tolist() == [len(x) for x, _ in parts]
        np.testing.assert_allclose(one.place, [x.mean() for x, _ in parts], rtol=1e-9)
        np.testing.assert_allclose(one.mean, [y.mean() for _, y in parts], rtol=1e-7)
        x, y = np.concatenate(parts, axis=1)
        assert one.gradient.value == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-6)


def test_a_bootstrap_has_the_same_stars_and_is_reproducible(stars):
    question = asked(Group(SELECTED, "", ()), fast())
    shares = []
    first, again = (bootstrapped_profiles(stars, question, 50, 3, shares.append) for _ in range(2))
    other = bootstrapped_profiles(stars, question, 50, 4, shares.append)
    analytic = profiles(stars, question, bool)
    for key, one in first.items():
        assert one.stars.tolist() == analytic[key].stars.tolist()
        np.testing.assert_allclose(one.mean, analytic[key].mean, rtol=1e-9)
        assert one.gradient.value == pytest.approx(analytic[key].gradient.value, rel=1e-7)
        assert one.gradient == again[key].gradient
        assert one.gradient != other[key].gradient
        width = one.gradient.high - one.gradient.low
        usual = analytic[key].gradient.high - analytic[key].gradient.low
        assert 0.5 < width / usual < 2
        assert one.draws == 50
    assert shares[0] == 0
    assert max(shares) == pytest.approx(1)


def test_a_bootstrap_can_be_stopped(stars):
    def progress(share):
        if share > 0.3:
            raise OvertakenError

    with pytest.raises(OvertakenError):
        bootstrapped_profiles(stars, asked(), 50, 1, progress)


def test_work_of_no_use_ends(stars):
    with pytest.raises(OvertakenError):
        profiles(stars, asked(), lambda: True)


def test_groups_are_the_selection_and_the_subsets_that_are_shown(stars):
    condition = Expression.parse("vT > 220", stars.catalogue.described)
    cut = Range("fe_h", -1.0, None)
    state = State(
        Selection((Clause("cut:fe_h", cut),)), Colouring("fe_h"), Bars("fe_h"),
        subsets=(Subset("a", condition, "#0072b2"), Subset("b", condition, "#d55e00", shown=False)),
    )  # fmt: skip
    own, within = groups_of(state, within=True)
    assert (own.name, own.colour, own.predicates) == (SELECTED, "", (cut,))
    assert (within.name, within.colour, within.predicates) == ("a", "#0072b2", (cut, Where(condition)))
    assert groups_of(state, within=False)[1].predicates == (Where(condition),)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": "mg_fe"}, "no 'mg_fe'"),
        ({"x": "fe_h"}, "along itself"),
        ({"slices": "teff"}, "no 'teff'"),
        ({"x": "fe_h - vT"}, "both quantities are made of"),
    ],
)
def test_what_the_catalogue_lacks_is_refused(stars, changes, words):
    with pytest.raises(DataError, match=words):
        check(stars, asked(**changes))


def test_a_subset_over_a_column_that_is_not_there_is_refused(stars):
    with pytest.raises(DataError, match="teff, which hot needs"):
        check(stars, asked(Group("hot", "#000000", (Range("teff", 5000.0, None),))))


def test_rows_of_a_bitset(stars):
    chosen = rows_of(stars.select((Range("vT", 220.0, None),)), len(stars))
    assert chosen.tolist() == np.flatnonzero(np.asarray(stars.catalogue["vT"]) >= 220).tolist()


def test_slices_of_the_quantity_along_which_profiles_are_give_way(stars):
    state = State(Selection(), Colouring("fe_h"), Bars("fe_h"))
    asked_for = []
    form = ProfileForm(stars, (), lambda: asked_for.append(form.asked(state)))
    along = form.widgets[1]
    along.value = "abs(z)"
    along.value = "R"
    found = [(each.x, each.slices, each.slice_edges[1], each.x_edges[:2]) for each in asked_for]
    assert list(dict.fromkeys(found)) == [
        ("abs(z)", "R", 9.0, (0.0, 0.25)),
        ("R", "abs(z)", 0.5, (7.0, 7.5)),
    ]
    only_z = Stars(catalogue_of({"z": np.zeros(3, np.float32), "fe_h": np.zeros(3, np.float32)}))
    assert ProfileForm(only_z, (), bool).asked(state).slices == ""


def test_every_gradient_says_that_it_is_not_selection_corrected(stars):
    question = asked(Group(SELECTED, "", ()), Group("<b>", "#0072b2", (Range("vT", 220.0, None),)))
    label, x = (stars.describe(each) for each in ("fe_h", "R"))
    words = table(question, profiles(stars, question, bool), titles(question), label, x)
    assert words.count(f"<i>{UNCORRECTED}</i>") == 4
    assert "&lt;b&gt;" in words
    assert "<b>," not in words
    assert unit_of(label, x) == "dex per kpc"
    assert titles(question) == ("|z| 0 to 0.5 kpc", "|z| 0.5 to 2 kpc")


def test_an_interval_has_no_more_digits_than_it_deserves():
    assert interval(Interval(-0.05234, -0.0554, -0.0492)) == (
        "\N{MINUS SIGN}0.0523 (\N{MINUS SIGN}0.0554 to \N{MINUS SIGN}0.0492)"
    )
    assert interval(Interval(0.12, -0.5, 0.7)) == "+0.12 (\N{MINUS SIGN}0.50 to +0.70)"
    assert interval(Interval(np.nan, np.nan, np.nan)) == "too few stars"
