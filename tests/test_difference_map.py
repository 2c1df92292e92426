"""Differences on maps against plain masks: groups, overlap, pixels, words and the table."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from data.predicate import Box, OneOf, Range, Where
from data.problem import DataError
from data.selection import Clause, Selection
from explorer import raster
from explorer.difference_map import (
    EVERYONE,
    FEWEST,
    LEAST,
    OTHERS,
    READY,
    SELECTED,
    SIDES,
    STARS_PER_PIXEL,
    Asked,
    compared,
    question_of,
    suitable,
)
from explorer.difference_table import pixel_columns, table_of
from explorer.difference_words import CAUTION, HOW, lines, said, title, warnings
from explorer.overtaking import OvertakenError
from explorer.session import Bars, Colouring, Derived, State, Subset
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

N = 40_000
CUT = Clause("cut", Range("chi2", None, 7000))
PLANE_CUT = Clause("Jz", Range("Jz", None, 30), views=frozenset({"xy"}))
WIDE = Clause("plane", Box(Range("fe_h", -0.5, 0.3), Range("mg_fe", -0.1, 0.1)))
RICH = Clause("cut 2", Range("mg_fe", 0.05, None))
BRUSH = Clause("kiel", Box(Range("teff", 4500, 4900), Range("logg", None, 2.5)))


@pytest.fixture(scope="module")
def columns():
    random = np.random.default_rng(5)
    made = {
        "R": random.uniform(6, 16, N), "z": random.normal(0, 1.5, N), "X": random.uniform(5, 15, N),
        "Y": random.normal(0, 2, N), "teff": random.uniform(4000, 5500, N), "logg": random.uniform(1, 3.5, N),
        "Jz": random.exponential(20, N), "chi2": random.uniform(3000, 8000, N),
        "fe_h": random.normal(-0.3, 0.3, N), "mg_fe": random.normal(0.1, 0.1, N),
    }  # fmt: skip
    made["mg_fe"] += np.where(made["teff"] < 4700, 0.05, 0)
    made["mg_fe"][random.random(N) < 0.2] = np.nan
    made = {name: values.astype(np.float32) for name, values in made.items()}
    return made | {"giantmodel": (made["logg"] < 3).astype(np.int8)}


@pytest.fixture(scope="module")
def stars(columns):
    return Stars(catalogue_of(columns))


def state_of(*clauses, **more):
    cool = Subset("cool", Where.parse("teff < 4700").condition, "#0072b2")
    poor = Subset("poor", Where.parse("fe_h < -0.3").condition, "#d55e00")
    return State(Selection(clauses), Colouring("mg_fe"), Bars("fe_h"), subsets=(cool, poor), **more)


def found_by(stars, state, *groups, view="rz", **how):
    asked = Asked(*groups, view=view, **{"label": "mg_fe", "least": FEWEST, **how})
    return compared(stars, question_of(stars, state, asked))


def check(columns, done, first, second, axes=("R", "z"), window=(7.5, 15, -4, 4), least=FEWEST):
    """Hold a quarter of the pixels against scipy's test of plain masks; gives how many were tested."""
    (x, y), (x0, x1, y0, y1) = axes, window
    across = np.floor((columns[x].astype(float) - x0) / (x1 - x0) * done.side)
    up = np.floor((columns[y].astype(float) - y0) / (y1 - y0) * done.side)
    label = columns["mg_fe"].astype(float)
    masks = [mask & np.isfinite(label) for mask in (first, second)]
    tested = 0
    for row in range(0, done.side, 2):
        strip = [(across[mask & (up == row)], label[mask & (up == row)]) for mask in masks]
        for column in range(0, done.side, 2):
            one, other = (values[place == column] for place, values in strip)
            assert (done.first.n[row, column], done.second.n[row, column]) == (len(one), len(other))
            if min(len(one), len(other)) < least:
                assert np.isnan(done.found.p[row, column])
                continue
            known = ttest_ind(one, other, equal_var=False)
            assert done.found.t[row, column] == pytest.approx(known.statistic, abs=2e-3)
            students = ttest_ind(one, other, equal_var=True)
            assert done.found.p[row, column] == pytest.approx(max(known.pvalue, students.pvalue), rel=1e-2)
            assert done.found.difference[row, column] == pytest.approx(one.mean() - other.mean(), abs=1e-5)
            tested += 1
    return tested


def test_two_subsets_among_the_selected(stars, columns):
    wide = Clause("kiel", Box(Range("teff", 4200, 5300), Range("logg", None, 3)))
    state = state_of(CUT, wide)
    done = found_by(stars, state, "subset:cool", "subset:poor")
    good = (columns["chi2"] <= 7000) & (columns["logg"] <= 3)
    selected = good & (columns["teff"] >= 4200) & (columns["teff"] <= 5300)
    cool, poor = columns["teff"] < 4700, columns["fe_h"] < -0.3
    assert done.shared == (selected & cool & poor).sum() > 0
    assert done.kept_in == "A"
    assert check(columns, done, selected & cool, selected & poor & ~cool) > 5
    told = " ".join(lines(done))
    assert f"A and B share {done.shared:,} stars, which count in A alone" in told
    everywhere = found_by(stars, state, "subset:cool", "subset:poor", within=False)
    assert check(columns, everywhere, cool, poor & ~cool) > 50


def test_selected_and_others_follow_cuts_brushes_and_the_plane(stars, columns):
    chi2, jz = columns["chi2"] <= 7000, columns["Jz"] <= 30
    box = (columns["teff"] >= 4500) & (columns["teff"] <= 4900) & (columns["logg"] <= 2.5)
    xy = {"axes": ("X", "Y"), "window": (6, 14, -4, 4)}
    for clauses, first, second in (
        ((CUT, BRUSH, PLANE_CUT), chi2 & jz & box, chi2 & jz & ~box),
        ((CUT, PLANE_CUT), chi2 & jz, ~(chi2 & jz)),
    ):
        done = found_by(stars, state_of(*clauses), SELECTED, OTHERS, view="xy")
        assert check(columns, done, first, second, **xy, least=FEWEST) > 3
        assert done.shared == 0
    rz = found_by(stars, state_of(CUT, BRUSH, PLANE_CUT), SELECTED, OTHERS)
    assert check(columns, rz, chi2 & box, chi2 & ~box) > 10
    off = replace(BRUSH, enabled=False)
    assert found_by(stars, state_of(CUT, off), SELECTED, OTHERS).stars == tuple(
        int((part & np.isfinite(columns["mg_fe"]) & inside(columns)).sum()) for part in (chi2, ~chi2)
    )


def inside(columns):
    return (columns["R"] >= 7.5) & (columns["R"] <= 15) & (np.abs(columns["z"]) <= 4)


def test_a_brush_of_the_plane_itself_counts(stars, columns):
    brush = Clause("rz", Box(Range("R", 8, 12), Range("z", -1, 1)))
    done = found_by(stars, state_of(brush), "subset:cool", "subset:poor")
    within = (columns["R"] >= 8) & (columns["R"] <= 12) & (np.abs(columns["z"]) <= 1)
    cool, poor = columns["teff"] < 4700, columns["fe_h"] < -0.3
    assert check(columns, done, within & cool, within & poor & ~cool) > 5


def test_stars_of_both_stay_where_something_is_left(stars, columns):
    done = found_by(stars, state_of(), EVERYONE, "subset:cool")
    cool = columns["teff"] < 4700
    assert (done.kept_in, done.shared) == ("B", int(cool.sum()))
    assert check(columns, done, ~cool, cool) > 50
    assert "count in B alone" in " ".join(lines(done))
    with pytest.raises(DataError, match="the same stars"):
        found_by(stars, state_of(), EVERYONE, SELECTED)
    with pytest.raises(DataError, match="B has no stars"):
        found_by(stars, state_of(), "subset:cool", OTHERS)
    with pytest.raises(DataError, match="A has no stars"):
        found_by(stars, state_of(Clause("none", Range("R", 90, 91))), "subset:cool", OTHERS)


def test_what_can_not_be_asked_is_refused_in_words(stars):
    usual = Asked(SELECTED, OTHERS, "rz", "mg_fe")
    for change, words in (
        ({"first": "subset:gone"}, "no subset called 'gone'"),
        ({"second": "nonsense"}, "no subset called"),
        ({"least": 9}, "10 to 100,000 stars"),
        ({"least": 10**6}, "10 to 100,000 stars"),
        ({"view": "nope"}, "no such map"),
        ({"side": 7}, "no such map, size"),
        ({"rate": 0.0}, "no such map"),
        ({"rate": float("nan")}, "no such map"),
        ({"label": "plate"}, "no quantity 'plate'"),
    ):
        with pytest.raises(DataError, match=words):
            question_of(stars, state_of(), replace(usual, **change))


def test_pixels_follow_the_smaller_side_or_what_was_asked(stars):
    for side, factor in SIDES.items():
        assert side * factor == raster.FINE
        assert found_by(stars, state_of(), "subset:cool", "subset:poor", side=side).side == side
        assert SIDES[raster.FINE // suitable(STARS_PER_PIXEL * side**2)] == factor
    assert raster.FINE // suitable(0) == min(SIDES)


def test_the_window_and_axes_are_those_of_the_map(stars, columns):
    state = state_of().with_view("plane", y="mg_fe", window=raster.Window(-1, 0, -0.1, 0.3))
    done = found_by(stars, state, "subset:cool", "subset:poor", view="plane")
    cool, poor = columns["teff"] < 4700, columns["fe_h"] < -0.3
    assert done.question.axes == ("fe_h", "mg_fe")
    assert check(columns, done, cool, poor & ~cool, ("fe_h", "mg_fe"), (-1, 0, -0.1, 0.3)) > 5


def test_numbers_of_pixels_that_pass_are_told(stars):
    done = found_by(stars, state_of(), "subset:cool", "subset:poor", within=False)
    p = done.found.p[np.isfinite(done.found.p)]
    order = np.sort(p)
    k = np.arange(1, p.size + 1)
    passing = k[order <= 0.05 * k / p.size].max(initial=0)
    assert 0 < passing < p.size
    told = list(lines(done))
    assert told[0].startswith(f"{passing} of {p.size} pixels tested pass at a false discovery rate of 0.05")
    assert told[1].startswith(f"Without the control {(p <= 0.05).sum()} would pass at p ≤ 0.05")
    assert f"about {0.05 * p.size:.0f} by chance alone" in told[1]
    html = said(stars, done)
    assert "Statistical errors only" in html
    assert "not selection-corrected" in html
    assert "real" not in f"{html} {HOW}".replace("really", "").split()


def test_a_rate_is_not_promised_of_every_map(stars):
    done = found_by(stars, state_of(), "subset:cool", "subset:poor")
    for told in (" ".join(lines(done)), table_of(stars, done, "csv").decode()):
        assert "on average at most that share is expected to be chance, if values in a pixel are near" in told
        assert "of skewed values, as those of J_R are" in told
    assert "J<sub>R</sub>" in said(stars, done)
    assert (Asked(SELECTED, OTHERS, "rz", "mg_fe").least, FEWEST) == (LEAST, 10) == (30, 10)


def test_other_shares_of_giants_are_warned_of(stars, columns):
    state = replace(state_of(), subsets=(Subset("high", Where.parse("logg > 2.5").condition, "#0072b2"),))
    known = np.isfinite(columns["mg_fe"]) & inside(columns) & (columns["logg"] > 2.5)
    share = columns["giantmodel"][known].mean()
    alike = found_by(stars, state_of(), "subset:cool", "subset:poor")
    assert warnings(alike) == ()
    assert "two models" not in said(stars, alike) + table_of(stars, alike, "csv").decode()
    apart = found_by(stars, state, "subset:high", EVERYONE, within=False)
    assert apart.kept_in == "A"
    assert apart.giants == (pytest.approx(share), 1.0)
    words = (
        f"Giants are {100 * share:.1f} % of A but 100.0 % of B: labels of giants and of dwarfs come from two"
    )
    assert f"<b>{words}" in said(stars, apart)
    assert f"# warning: {words}" in table_of(stars, apart, "csv").decode()
    cut = Clause("giants", OneOf("giantmodel", (1,)))
    among = found_by(stars, replace(state, selection=Selection((cut,))), "subset:high", SELECTED)
    assert among.giants == (1.0, 1.0)
    assert warnings(among) == ()


@pytest.mark.parametrize(("shares", "warned"), [
    ((0.5, 0.509), False), ((0.5, 0.511), True), ((0.0, 1.0), True), ((np.nan, 1.0), False),
])  # fmt: skip
def test_a_hundredth_more_giants_is_too_many(stars, shares, warned):
    done = found_by(stars, state_of(), "subset:cool", "subset:poor")
    assert bool(warnings(replace(done, giants=shares))) == warned


def test_a_catalogue_that_does_not_tell_giants_is_not_warned_of(columns):
    alone = Stars(catalogue_of({name: each for name, each in columns.items() if name != "giantmodel"}))
    done = found_by(alone, state_of(), "subset:cool", "subset:poor")
    assert np.isnan(done.giants).all()
    assert warnings(done) == ()


ALL, SOME, FREE = "pass", "do not all pass", "need not pass"


@pytest.mark.parametrize(("groups", "within", "verbs"), [
    ((SELECTED, OTHERS), True, (ALL, SOME)), (("subset:cool", OTHERS), True, (ALL, SOME)),
    ((OTHERS, SELECTED), True, (SOME, ALL)), ((EVERYONE, SELECTED), True, (FREE, ALL)),
    ((OTHERS, EVERYONE), True, (SOME, FREE)), (("subset:cool", SELECTED), False, (FREE, ALL)),
    (("subset:cool", SELECTED), True, ()), (("subset:cool", "subset:poor"), True, ()),
    (("subset:cool", EVERYONE), False, ()),
])  # fmt: skip
def test_cuts_that_one_side_need_not_pass_are_warned_of(stars, groups, within, verbs):
    done = found_by(stars, state_of(CUT), *groups, within=within)
    words = "A and B do not share the cuts: stars of A {} them, stars of B {} them"
    assert cuts_of(done) == ([words.format(*verbs)] if verbs else [])
    assert cuts_of(found_by(stars, state_of(CUT, BRUSH), SELECTED, OTHERS)) == []
    assert cuts_of(found_by(stars, state_of(), EVERYONE, "subset:cool")) == []


def cuts_of(done):
    """How warnings of cuts begin."""
    return [each.partition(". ")[0] for each in warnings(done) if "share the cuts" in each]


def test_a_label_that_parts_the_sides_is_warned_of(stars):
    state = state_of(CUT)
    rich = Subset("rich", Where.parse("mg_fe > 0.1").condition, "#009e73")
    done = found_by(stars, replace(state, subsets=(*state.subsets, rich)), "subset:cool", "subset:rich")
    assert itself(done) == ["B"]
    twice = replace(state, subsets=(*state.subsets, rich), derived=(Derived("sum", "mg_fe + fe_h"),))
    assert itself(found_by(stars, twice, "subset:poor", "subset:rich", label="mg_fe + fe_h")) == ["A and B"]


@pytest.mark.parametrize(("clauses", "groups", "sides"), [
    ((CUT, WIDE), (SELECTED, OTHERS), ["A and B"]), ((CUT, BRUSH), (SELECTED, OTHERS), []),
    ((RICH, BRUSH), (OTHERS, SELECTED), []), ((RICH,), (OTHERS, SELECTED), ["A and B"]),
    ((RICH, BRUSH), (SELECTED, EVERYONE), ["A"]), ((WIDE,), (SELECTED, "subset:cool"), []),
    ((), (SELECTED, "subset:cool"), []),
])  # fmt: skip
def test_a_brush_or_a_cut_on_the_label_is_warned_of_where_it_parts_the_sides(stars, clauses, groups, sides):
    assert itself(found_by(stars, state_of(*clauses), *groups)) == sides


def itself(done):
    """Sides that the label tells, by the warnings."""
    begins = "The label itself tells which stars are in "
    return [each.removeprefix(begins).partition(":")[0] for each in warnings(done) if each.startswith(begins)]


def test_ready_made_groups_are_taken_without_being_kept(stars, columns):
    sides = f"{READY}high-alpha sequence", f"{READY}low-alpha sequence"
    done = found_by(stars, state_of(CUT), *sides)
    mg_fe, fe_h, passing = columns["mg_fe"], columns["fe_h"], columns["chi2"] <= 7000
    line = np.where(fe_h < 0, 0.12 - 0.13 * fe_h, 0.12)
    assert check(columns, done, passing & (mg_fe > line), passing & (mg_fe <= line)) > 50
    assert title(stars, done).endswith("high-alpha sequence minus low-alpha sequence, over R and z")
    told = " ".join(lines(done))
    assert "A, high-alpha sequence: Stars rich in Mg" in told
    assert told.count("From: Weinberg et al. 2019") == 1
    assert (
        f"# a: high-alpha sequence: ({done.question.conditions[0].text}) and"
        in table_of(stars, done, "csv").decode()
    )
    bare = Stars(catalogue_of({name: each for name, each in columns.items() if name != "fe_h"}))
    for name in ("high-alpha sequence", "<b>"):
        with pytest.raises(DataError, match=f"no ready-made '{name}': choose another"):
            found_by(bare, state_of(CUT), READY + name, SELECTED)


def test_stars_without_the_label_are_told_of(stars, columns):
    done = found_by(stars, state_of(CUT), SELECTED, OTHERS)
    here, passing = inside(columns), columns["chi2"] <= 7000
    known = np.isfinite(columns["mg_fe"])
    a, of_a, b, of_b = (
        int((here & each).sum()) for each in (passing & known, passing, ~passing & known, ~passing)
    )
    assert 0 < a < of_a
    assert f"A {a:,} of {of_a:,}, B {b:,} of {of_b:,};" in " ".join(lines(done))


def test_names_are_escaped(stars):
    state = replace(state_of(), subsets=(replace(state_of().subsets[0], name="<b>x"), state_of().subsets[1]))
    done = found_by(stars, state, "subset:<b>x", "subset:poor")
    assert "<b>x" not in said(stars, done)
    assert "&lt;b&gt;x minus poor" in said(stars, done)


def test_an_empty_map_says_so(stars):
    done = found_by(stars, state_of(), "subset:cool", "subset:poor", least=99_999)
    assert done.found.tested == 0
    assert next(lines(done)).startswith("No pixel has 99,999 stars of each side")
    assert next(lines(replace(done, stars=(12, 0)))).startswith("No star of B on the map has the label")
    box = state_of(Clause("rz", Box(Range("R", 8, 12), Range("z", -1, 1))))
    parted = found_by(stars, box, SELECTED, OTHERS, least=200)
    assert parted.found.tested == 0
    assert "A brush in this very plane" in " ".join(lines(parted))


def test_work_that_is_overtaken_ends(stars):
    question = question_of(stars, state_of(), Asked("subset:cool", "subset:poor", "rz", "mg_fe"))
    with pytest.raises(OvertakenError):
        compared(stars, question, lambda: True)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_table_holds_what_is_drawn(stars, form):
    derived = (Derived("iron", "fe_h + 1"),)
    state = state_of(CUT, derived=derived)
    asked = Asked("subset:cool", OTHERS, "rz", "fe_h + 1", within=True)
    done = compared(stars, question_of(stars, state, asked))
    written = table_of(stars, done, form)
    table = pd.read_csv(io.BytesIO(written), comment="#") if form == "csv" else None
    if table is None:
        table = pd.read_parquet(io.BytesIO(written))
    held = (done.first.n > 0) | (done.second.n > 0)
    assert len(table) == held.sum()
    for name, values in (("n_a", done.first.n), ("n_b", done.second.n), ("difference", done.found.difference),
                         ("error", done.found.error), ("t", done.found.t), ("p", done.found.p),
                         ("q", done.found.q), ("mean_a", done.first.mean)):  # fmt: skip
        assert table[name].to_numpy(float) == pytest.approx(values[held], nan_ok=True), name
    first = table.iloc[0]
    row, column = np.argwhere(held)[0]
    assert (first.x_low, first.y_high) == pytest.approx((7.5 + column * 0.3, -4 + (row + 1) * 8 / 25))
    if form == "csv":
        text = written.decode()
        for words in (
            CAUTION, "# a: cool: (teff < 4700) and (chi2 <= 7000.0)", "label: fe_h + 1", "mock: false",
            "false_discovery_rate: 0.05", "mean iron",
        ):  # fmt: skip
            assert words in text, words


def test_a_mock_names_itself(columns):
    mock = replace(catalogue_of(dict(columns)), mock=True)
    stars = Stars(mock)
    done = found_by(stars, state_of(), "subset:cool", "subset:poor")
    assert title(stars, done).startswith("MOCK catalogue")
    assert "title: MOCK catalogue, no observed stars. Differences" in table_of(stars, done, "csv").decode()
    assert [one.name for one in pixel_columns(stars, done).described][:4] == [
        "x_low", "x_high", "y_low", "y_high",
    ]  # fmt: skip
