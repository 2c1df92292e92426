"""Any brushes in any views, painted by threads: every view against a mask and plain numpy, to each cell."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.predicate import Box, OneOf, Polygon, Range, Where
from data.selection import Clause, Selection
from explorer import picture
from explorer.atlas import DIAGRAMS, HISTOGRAM
from explorer.codes import Coded
from explorer.painter import Easel
from explorer.raster import Window
from explorer.session import Bars, Colouring, State
from explorer.stars import Stars
from tests.plain_maps import STATISTICS
from tests.small_catalogue import catalogue_of
from tests.test_picture import cells_of

N = 4000
VIEWS = ("rz", "kiel", "plane")
AXES = {"rz": ("R", "z"), "kiel": ("teff", "logg"), "plane": ("fe_h", "mg_fe")}
ODD = np.array([np.nan, np.inf, -np.inf], np.float32)


def random_columns():
    rng = np.random.default_rng(21)

    def floats(low, high):
        values = rng.uniform(low, high, N).astype(np.float32)
        odd = rng.random(N) < 0.05
        values[odd] = rng.choice(ODD, odd.sum())
        return values

    return {
        "R": floats(7, 16),
        "z": floats(-5, 5),
        "teff": floats(3400, 7600),
        "logg": floats(-0.5, 5.5),
        "fe_h": floats(-2.2, 0.6),
        "mg_fe": floats(-0.2, 0.5),
        "rv": (floats(-300, 300) ** 3 / 300).astype(np.float32),
        "giantmodel": rng.integers(-1, 2, N).astype(np.int8),
    }


COLUMN = random_columns()
STARS = Stars(catalogue_of(COLUMN))
WIDE = {name: values.astype(np.float64) for name, values in COLUMN.items()}


def corner_of(view):
    window = DIAGRAMS[view].window
    return st.tuples(st.floats(window.x0, window.x1), st.floats(window.y0, window.y1))


@st.composite
def brushes(draw, view):
    """What a person draws: box, lasso, range of a histogram; at times inside out or switched off."""
    if view == HISTOGRAM:
        drawn = Range("fe_h", *sorted((draw(st.floats(-2, 0.5)), draw(st.floats(-2, 0.5)))))
    elif draw(st.booleans()):
        (x0, y0), (x1, y1) = draw(corner_of(view)), draw(corner_of(view))
        x, y = AXES[view]
        drawn = Box(Range(x, *sorted((x0, x1))), Range(y, *sorted((y0, y1))))
    else:
        drawn = Polygon(*AXES[view], tuple(draw(st.lists(corner_of(view), min_size=3, max_size=20))))
    return Clause(view, drawn, enabled=draw(st.integers(0, 4)) > 0, inverted=draw(st.booleans()))


CUTS = st.sampled_from(
    (
        Clause("cut:giantmodel", OneOf("giantmodel", (1,))),
        Clause("cut:z", Range("abs(z)", None, 2.0), frozenset({"rz", "plane"})),
        Clause("cut:far", Range("R", 90.0)),
        Clause("cut:any", Where.parse("not (fe_h < -1 and giantmodel or mg_fe > 0.3)")),
    )
)
DRAWN = st.sets(st.sampled_from((*VIEWS, HISTOGRAM))).flatmap(
    lambda views: st.tuples(*(brushes(view) for view in sorted(views)))
)
SELECTIONS = st.builds(
    lambda drawn, cuts: Selection((*drawn, *{cut.source: cut for cut in cuts}.values())),
    DRAWN,
    st.lists(CUTS, max_size=2),
)
COLOURINGS = st.builds(
    Colouring,
    st.sampled_from(("mg_fe", "rv", "giantmodel", "fe_h + mg_fe")),
    st.sampled_from((*STATISTICS, "count")),
    st.integers(1, 4),
)
LABELS = WIDE | {
    "giantmodel": np.where(COLUMN["giantmodel"] == -1, np.nan, COLUMN["giantmodel"]),
    "fe_h + mg_fe": np.where(np.isfinite(WIDE["fe_h"]), WIDE["fe_h"], np.nan) + WIDE["mg_fe"],
}
WINDOWS = st.sampled_from((None, Window(8, 9, -1, 1), Window(-100, 100, -100, 100)))


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(2) as threads:
        yield threads


def plain(grid, view, mask, colouring):
    """Cell by cell: number of stars with a value, and what is drawn."""
    inside, row, column = cells_of(*(WIDE[name] for name in AXES[view]), grid.window, grid.coarsening)
    label = LABELS[colouring.label]
    counts = colouring.statistic == "count"
    used = inside & mask & (counts | np.isfinite(label))
    n, drawn = np.zeros(grid.n.shape), np.full(grid.n.shape, np.nan)
    order = np.argsort((row * grid.cells + column)[used], kind="stable")
    where, first = np.unique((row * grid.cells + column)[used][order], return_index=True)
    for cell, values in zip(where, np.split(label[used][order], first)[1:], strict=True):
        n.flat[cell] = len(values)
        if counts:
            drawn.flat[cell] = len(values)
        elif len(values) >= colouring.min_stars:
            drawn.flat[cell] = STATISTICS[colouring.statistic](values)
    return n, drawn


@settings(deadline=None, max_examples=150)
@given(selection=SELECTIONS, colouring=COLOURINGS, window=WINDOWS)
def test_views_show_what_a_mask_lets_through(pool, selection, colouring, window):
    state = State(selection, colouring, Bars("fe_h")).with_view("rz", window=window)
    painted = Easel(STARS, DIAGRAMS, pool).paint(state, {*VIEWS, HISTOGRAM})
    label = picture.label_of(STARS, colouring)
    step = label.step if isinstance(label, Coded) else 0.0
    for view in VIEWS:
        mask, made = selection.mask(COLUMN, view), painted.pictures[view]
        grid = picture.grid_of(STARS, DIAGRAMS[view], state)
        n, drawn = plain(grid, view, mask, colouring)
        assert np.array_equal(grid.n, n)
        np.testing.assert_allclose(grid.values, drawn, rtol=1e-6, atol=0.75 * step + 1e-6)  # float32
        assert np.array_equal(made.image, picture.paint(STARS, DIAGRAMS[view], state, grid, made.scale).image)
        assert (made.lattice, made.known) == (grid.lattice, n.sum())
        inside, _, _ = cells_of(*(WIDE[name] for name in AXES[view]), grid.window, grid.coarsening)
        assert grid.inside == (inside & mask).sum()
    assert painted.selected == selection.mask(COLUMN).sum()
    shown = WIDE["fe_h"][selection.mask(COLUMN, HISTOGRAM)]
    bars = painted.histogram
    assert bars.total == np.isfinite(shown).sum()
    expected, _ = np.histogram(shown[np.isfinite(shown)], picture.BINS, (bars.edges[0], bars.edges[-1]))
    assert np.abs(bars.selected - expected).sum() <= 2  # a star within rounding of a border of bins
    assert bars.selected.sum() == expected.sum()


def test_labels_are_coded_where_codes_are_fine_enough():
    """Both ways are taken above: rv reaches far beyond what is displayed of it."""
    assert isinstance(picture.label_of(STARS, Colouring("mg_fe")), Coded)
    assert not isinstance(picture.label_of(STARS, Colouring("rv")), Coded)
    assert not isinstance(picture.label_of(STARS, Colouring("mg_fe", "median")), Coded)
