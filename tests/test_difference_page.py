"""The page of differences without a browser: catalogues that lack what it needs, and shapes of its frames."""

import numpy as np
import pytest

from data.predicate import Range, Where
from data.selection import Clause, Selection
from explorer.atlas import DIAGRAMS
from explorer.background import Background
from explorer.difference_form import LACKING, PAIR, DifferenceForm
from explorer.difference_map import EVERYONE, OTHERS, SELECTED, Asked, compared, question_of
from explorer.difference_page import DifferencePage
from explorer.difference_plots import FRAME, NARROWEST, SIDES, DifferencePlots, frame_of
from explorer.raster import Window
from explorer.session import Bars, Colouring, Session, State, Subset
from explorer.stars import Stars
from tests.small_catalogue import catalogue_of

N = 4000


def stars_of(*names):
    random = np.random.default_rng(3)
    return Stars(catalogue_of({name: random.uniform(1, 9, N).astype(np.float32) for name in names}))


def page_of(stars, label):
    session = Session(State(Selection(), Colouring(label), Bars(label)))
    work = Background(Never(), lambda do: do(), pytest.fail)
    return DifferencePage(stars, session, work), session


class Never:
    """Takes work on, and never does it."""

    def __init__(self):
        self.taken = []

    def submit(self, fn, /, *_args, **_kwargs):
        self.taken.append(fn)


@pytest.mark.parametrize("names", [("fe_h", "snrz", "chi2", "parallax", "pmra", "pmdec"), ("teff",)])
def test_a_catalogue_without_a_plane_or_a_label_is_told_so(names):
    page, session = page_of(stars_of(*names), names[0])
    for _ in range(2):
        page.follow()
        assert [each.object for each in page.view] == [LACKING]
        session.change(selection=Selection((Clause("cut", Range(names[0], 2, None)),)))
    page.close()


def test_a_catalogue_with_a_plane_has_its_controls():
    page, _ = page_of(stars_of("R", "z", "fe_h"), "fe_h")
    page.follow()
    assert LACKING not in [getattr(each, "object", "") for each in page.view]
    assert len(page.view) > 1
    page.close()


COOL, HOT = (
    Subset(name, Where.parse(f"teff {sign} 4").condition, "#0072b2")
    for name, sign in (("cool", "<"), ("hot", ">="))
)
RICH = Subset("rich", Where.parse("mg_fe > 2").condition, "#009e73")
BRUSHED = Selection((Clause("kiel", Range("teff", 2, 4)),))
NAMES = ("R", "z", "teff", "mg_fe", "fe_h", "eu_fe")


@pytest.mark.parametrize(("names", "selection", "subsets", "groups", "label"), [
    (NAMES, Selection(), (), PAIR, "eu_fe"),
    (NAMES, Selection((Clause("cut", Range("teff", 2, 4)),)), (COOL,), PAIR, "eu_fe"),
    (NAMES, BRUSHED, (), (SELECTED, OTHERS), "mg_fe"),
    (NAMES, Selection((Clause("plane", Range("mg_fe", 2, 4)),)), (), (SELECTED, OTHERS), "eu_fe"),
    (NAMES, Selection(), (COOL, RICH), ("subset:cool", "subset:rich"), "eu_fe"),
    (NAMES, BRUSHED, (COOL, HOT), ("subset:cool", "subset:hot"), "mg_fe"),
    (("R", "z", "mg_fe"), Selection(), (), (SELECTED, OTHERS), "mg_fe"),
    (("R", "z", "mg_fe", "fe_h", "o_fe"), Selection(), (), PAIR, "o_fe"),
])  # fmt: skip
def test_what_is_compared_at_first_is_parted_within_the_same_cuts(names, selection, subsets, groups, label):
    state = State(selection, Colouring("mg_fe"), Bars("mg_fe"), subsets=subsets)
    session = Session(state)
    asked = DifferenceForm(stars_of(*names), session).asked
    assert (asked.first, asked.second, asked.label, asked.within) == (*groups, label, True)
    assert session.state is state


def test_ready_made_groups_stay_chosen_as_subsets_come():
    stars, session = stars_of(*NAMES), Session(State(Selection(), Colouring("mg_fe"), Bars("mg_fe")))
    form = DifferenceForm(stars, session)
    before = session.state
    twin = Subset("high-alpha sequence", COOL.condition, "#0072b2")
    session.change(subsets=(twin,))
    form.follow(before, session.state)
    assert (form.asked.first, form.asked.second) == PAIR
    assert form.first.options["subset high-alpha sequence"] == f"subset:{twin.name}"


@pytest.mark.parametrize(
    ("window", "equal", "frame"),
    [
        (Window(0, 8, 0, 8), True, (FRAME, FRAME)),
        (Window(0, 8, 0, 4), True, (FRAME, FRAME // 2)),
        (Window(0, 4, 0, 8), True, (FRAME // 2, FRAME)),
        (Window(0, 1e-4, -4, 4), True, (NARROWEST, FRAME)),
        (Window(0, 8, 0, 1e-4), True, (FRAME, NARROWEST)),
        (Window(0, 1e-4, -4, 4), False, (FRAME, FRAME)),
    ],
)
def test_frames_have_the_shape_of_a_window_but_are_never_a_line(window, equal, frame):
    assert frame_of(window, equal=equal) == frame


def test_frames_follow_the_window():
    stars = stars_of("R", "z", "fe_h", "teff")
    cool = Subset("cool", Where.parse("teff < 4").condition, "#0072b2")
    state = State(Selection(), Colouring("fe_h"), Bars("fe_h"), subsets=(cool,))
    axes = tuple(stars.describe(name) for name in ("R", "z"))
    plots = DifferencePlots(DIAGRAMS["rz"], axes, Window(0, 1e-4, 0, 8))
    for window, frame in (
        (Window(1, 9, 1, 5), (FRAME, FRAME // 2)),
        (Window(1, 3, 1, 9), (FRAME // 4, FRAME)),
        (Window(1, 1.001, 1, 9), (NARROWEST, FRAME)),
    ):
        there = state.with_view("rz", window=window)
        asked = Asked(EVERYONE, "subset:cool", "rz", "fe_h", least=10)
        plots.show(compared(stars, question_of(stars, there, asked)), "dex", fade=True, fit=True)
        for plot, card in zip(plots.figures.values(), plots.view, strict=True):
            assert (plot.frame_width, plot.frame_height) == frame
            assert card.width == frame[0] + SIDES
