"""Lines that planes are read by: they run where the paper has them, and each says where it comes from."""

import numpy as np
import pytest
from bokeh.plotting import figure

from data.schema import COLUMNS
from explorer import rulings
from explorer.atlas import DIAGRAMS
from explorer.landmarks import LANDMARKS, over, shown_over
from model.chemistry import kiel_split

PLACES = [(key, axes) for key, landmark in LANDMARKS.items() for axes in landmark.planes]


def points(key, *axes):
    return [tuple(point) for line in LANDMARKS[key].planes[axes]().lines for point in line]


def test_each_lies_over_a_diagram_and_names_its_source():
    planes = {(diagram.x, diagram.y) for diagram in DIAGRAMS.values()}
    for key, landmark in LANDMARKS.items():
        assert key.isidentifier()
        assert landmark.source
        assert landmark.planes.keys() <= planes
        assert any(words in landmark.source for words in ("the paper", "ours"))


@pytest.mark.parametrize(("key", "axes"), PLACES)
def test_it_crosses_the_window_of_its_diagram(key, axes):
    (window,) = [d.window for d in DIAGRAMS.values() if (d.x, d.y) == axes]
    for line in LANDMARKS[key].planes[axes]().lines:
        fine = [np.interp(np.linspace(0, 1, 10_001), np.linspace(0, 1, len(line)), side) for side in line.T]
        inside = (fine[0] >= window.x0) & (fine[0] <= window.x1)
        assert np.any(inside & (fine[1] >= window.y0) & (fine[1] <= window.y1)), (key, line[0])
    assert set(axes) <= COLUMNS.keys()


def test_curves_keep_their_angular_momentum():
    for key in ("momentum", "jphi"):
        drawn = LANDMARKS[key].planes["R", "vT"]()
        for line, (x, y, words) in zip(drawn.lines, drawn.words, strict=True):
            assert line[:, 0] * line[:, 1] == pytest.approx(float(words))
            assert x * y == pytest.approx(float(words))
    assert {words for *_, words in LANDMARKS["jphi"].planes["R", "vT"]().words} == {"1500"}


def test_cuts_of_the_halo_and_the_line_of_eq_1():
    assert {x for x, _ in points("jphi", "Jphi", "JR")} == {1500}
    assert {y for _, y in points("jr", "Jphi", "JR")} == {100}
    for teff, logg in points("eq1", "teff", "logg"):
        assert logg == pytest.approx(4.18 if teff < 5200 else 7.3 - 6e-4 * teff, abs=1e-6)
        assert logg == kiel_split(teff)


def test_the_box_of_the_ridge_is_closed_and_says_that_its_corners_are_ours():
    box = points("ridge", "R", "vT")
    assert box[0] == box[-1]
    assert len(set(box)) == 4
    assert "are ours" in LANDMARKS["ridge"].source


def test_a_figure_shows_those_that_were_chosen():
    rv = DIAGRAMS["rv"]
    assert shown_over(rv, None) == ()
    assert shown_over(rv, ("momentum", "ridge", "jr")) == ("ridge", "momentum")
    assert shown_over(DIAGRAMS["kiel"], None) == ("eq1",)
    assert shown_over(DIAGRAMS["kiel"], ()) == ()
    drawn = figure(name="rv")
    rulings.rule(drawn, rv.x, rv.y, ("ridge",))
    assert visible(drawn) == {"ridge"}
    rulings.show(drawn, ("jphi", "momentum"))
    assert visible(drawn) == {"jphi", "momentum"}
    assert {r.name.split("_")[2] for r in drawn.renderers} == over(rv.x, rv.y).keys()


def visible(drawn):
    return {renderer.name.split("_")[2] for renderer in drawn.renderers if renderer.visible}
