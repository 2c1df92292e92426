"""What there is to draw and to choose: every diagram says what it is, every choice leads somewhere."""

import numpy as np
import pytest

from data.predicate import OneOf, Range
from data.problem import DataError
from data.schema import ABUNDANCES, COLUMNS, LABELS
from data.selection import Selection
from explorer import choices, picture
from explorer.atlas import DEFAULT_CUTS, DIAGRAMS
from explorer.marks import MARKS
from explorer.notation import to_html
from explorer.session import Derived
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

DRAWABLE = [column for column in COLUMNS.values() if column.is_number]
each_diagram = pytest.mark.parametrize("diagram", DIAGRAMS.values(), ids=DIAGRAMS)


def stars_with(*names):
    """Five stars with some columns."""
    types = {"str": "S4"}
    columns = {
        name: np.ones(5, types.get(COLUMNS[name].dtype, COLUMNS[name].dtype)) for name in names or COLUMNS
    }
    return Stars(catalogue_of(columns))


# diagrams


@each_diagram
def test_diagram_says_what_it_is(diagram):
    assert DIAGRAMS[diagram.key] is diagram
    assert diagram.key.isidentifier()
    assert diagram.meaning[0].isupper()
    assert diagram.meaning.endswith(".")
    parts = diagram.title.split("$")
    assert len(parts) % 2 == 1
    assert not any(sign in to_html(part) for part in parts[1::2] for sign in "\\{}_^")


@each_diagram
def test_diagram_draws_columns_where_they_have_values(diagram):
    window = diagram.window
    for name, low, high in ((diagram.x, window.x0, window.x1), (diagram.y, window.y0, window.y1)):
        column = COLUMNS[name]
        assert column.is_number
        assert column.kind != "flag"
        assert min(high, column.high) - max(low, column.low) >= 0.4 * (column.high - column.low)
    if diagram.equal:
        assert COLUMNS[diagram.x].unit == COLUMNS[diagram.y].unit


@each_diagram
def test_diagram_is_one_the_page_can_show(diagram):
    assert diagram.group in ("maps", "footprint")
    assert set(diagram.marks) <= MARKS.keys()
    assert not (diagram.counts and diagram.sets_range)
    if diagram.y_choice:
        assert diagram.y in {column.name for column in ABUNDANCES}


def test_diagrams_differ():
    assert len({diagram.title for diagram in DIAGRAMS.values()}) == len(DIAGRAMS)
    assert len({diagram.meaning for diagram in DIAGRAMS.values()}) == len(DIAGRAMS)


def test_every_mark_is_drawn_somewhere():
    assert {mark for diagram in DIAGRAMS.values() for mark in diagram.marks} == MARKS.keys()


def test_habits_of_the_field():
    kiel, sky = DIAGRAMS["kiel"], DIAGRAMS["sky"]
    assert (kiel.flip_x, kiel.flip_y, sky.flip_x) == (True, True, True)
    spatial = [d for d in DIAGRAMS.values() if {d.x, d.y} <= {"R", "z", "X", "Y"}]
    assert len(spatial) == 4
    assert all(diagram.equal and "sun" in diagram.marks for diagram in spatial)
    assert all("compass" in d.marks for d in spatial if d.x == "X")


# default cuts


def test_default_cuts_are_the_papers():
    found = {(cut.column, cut.low, cut.high, cut.views) for cut in DEFAULT_CUTS}
    everywhere = frozenset()
    assert found == {
        ("giantmodel", 1, 1, everywhere),
        ("chi2", None, 7000, everywhere),
        ("Jz", None, 30, frozenset({"xy", "rv"})),
    }


@pytest.mark.parametrize("cut", DEFAULT_CUTS, ids=lambda cut: cut.column)
def test_default_cut_can_be_made(cut):
    assert cut.views <= DIAGRAMS.keys()
    flag = COLUMNS[cut.column].kind == "flag"
    predicate = OneOf(cut.column, (1,)) if flag else Range(cut.column, cut.low, cut.high)
    predicate.expression.check(COLUMNS)


# choices


def test_every_drawable_column_is_offered_once():
    groups = choices.quantities(stars_with())
    offered = [name for options in groups.values() for name in options.values()]
    assert sorted(offered) == sorted(column.name for column in DRAWABLE)
    assert len(choices.flat(groups)) == len(DRAWABLE)
    assert set(groups["Labels"].values()) == {column.name for column in LABELS}
    assert all(name.startswith("true_") for name in groups["Mock truth"].values())
    assert {"e_fe_h", "chi2", "chi2_fe_h", "kiel_extrap", "snrz"} <= set(groups["Quality and light"].values())
    assert {"R", "Jz", "eccentricity", "energy"} <= set(groups["Space and motion"].values())


def test_choices_name_units():
    assert choices.name_of(COLUMNS["R"]) == "R [kpc]"
    assert choices.name_of(COLUMNS["fe_h"]) == "[Fe/H]"
    assert choices.name_of(COLUMNS["chi2"]) == "chi2"


def test_only_what_the_catalogue_has_is_offered():
    stars = stars_with("fe_h", "R", "plate", "source_id")
    assert choices.quantities(stars) == {"Labels": {"[Fe/H]": "fe_h"}, "Space and motion": {"R [kpc]": "R"}}
    assert choices.planes(stars) == {}
    assert choices.planes(stars_with("fe_h", "eu_fe", "s_fe")) == {"[Eu/Fe]": "eu_fe", "[s/Fe]": "s_fe"}


def test_computed_columns_are_offered():
    derived = (Derived("[Eu/Ba]", "eu_fe - ba_fe"),)
    groups = choices.quantities(stars_with("eu_fe", "ba_fe"), derived)
    assert groups["Computed here"] == {"[Eu/Ba]": "eu_fe - ba_fe"}
    assert choices.flat(groups)["[Eu/Ba]"] == "eu_fe - ba_fe"


@pytest.mark.parametrize(
    ("columns", "label", "bars", "vertical"),
    [
        ((), "mg_fe", "fe_h", "mg_fe"),
        (("fe_h", "alpha_fe", "o_fe"), "alpha_fe", "fe_h", "alpha_fe"),
        (("teff", "logg", "fe_h"), "fe_h", "fe_h", None),
        (("ra", "dec", "source_id"), "ra", "ra", None),
    ],
)
def test_page_opens_on_what_there_is(columns, label, bars, vertical):
    stars = stars_with(*columns)
    state = choices.opening(stars, Selection())
    assert (state.colouring.label, state.bars.column, state.view("plane").y) == (label, bars, vertical)
    for diagram in DIAGRAMS.values():
        x, y = picture.columns_of(diagram, state)
        if stars.has(x) and stars.has(y):
            assert picture.grid_of(stars, diagram, state).cells > 0


def test_page_without_a_number_to_draw():
    with pytest.raises(DataError, match="no column of numbers to draw"):
        choices.opening(stars_with("source_id", "plate"), Selection())
