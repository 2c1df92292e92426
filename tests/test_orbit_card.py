"""How an orbit is shown: the numbers in the table, the points and the scales of the plots."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from bokeh.document import Document

from explorer.orbit_card import SIDE, OrbitPlot, table_of
from model.kinematics import PhaseSpace, SolarFrame, galactocentric
from model.orbit import NUMBERS, Interval, orbit
from model.uncertainty import Observed

SEEN = {"ra": 150.0, "dec": 30.0, "distance": 1.5, "pmra": 3.0, "pmdec": -8.0, "rv": 20.0}
ERRORS = {"distance_lo": 1.4, "distance_hi": 1.62, "e_pmra": 0.05, "e_pmdec": 0.05, "e_rv": 5.0}
NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?")


class Cells(HTMLParser):
    """The text of each cell of a table, by rows; and of what stands around it."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.around, self._open = [], "", []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & {*self._open}:
            self.rows[-1][-1] += data
        else:
            self.around += data


@pytest.fixture(scope="module")
def drawn():
    observed = {name: np.array([value]) for name, value in (SEEN | ERRORS).items()}
    star = galactocentric(*SEEN.values())
    return orbit(star, Observed(np.array([7]), **observed), draws=60, seed=4, gyr=1.0)


@pytest.fixture(scope="module")
def bare():
    return orbit(PhaseSpace(8.0, 0.3, 0.1, 30.0, 220.0, 8.0), gyr=1.0)


def numbers(cell):
    return [float(found.replace(",", "")) for found in NUMBER.findall(cell.replace("−", "-"))]


def unbound():
    return orbit(PhaseSpace(8.0, 0.0, 0.0, 700.0, 0.0, 0.0))


def test_the_table_holds_values_and_percentiles(drawn):
    head, *rows = Cells(table_of(drawn)).rows
    assert head == ["Orbit", "Value", "Median of draws"]
    assert len(rows) == len(NUMBERS)
    for name, (_, value, median) in zip(NUMBERS, rows, strict=True):
        number = drawn.numbers[name]
        assert numbers(value) == [pytest.approx(number.value, rel=5.1e-4)]
        middle, up, down = numbers(median)
        least = min(number.high - number.middle, number.middle - number.low)
        assert middle == pytest.approx(number.middle, abs=0.06 * least)
        assert up == pytest.approx(number.high - number.middle, abs=0.06 * least)
        assert -down == pytest.approx(number.middle - number.low, abs=0.06 * least)


def test_rows_have_names_and_units(drawn):
    named = [row[0] for row in Cells(table_of(drawn)).rows[1:]]
    assert named == [
        "pericentre [kpc]", "apocentre [kpc]", "zmax [kpc]", "eccentricity",
        "JR [kpc km/s]", "Jφ [kpc km/s]", "Jz [kpc km/s]", "E [km2/s2]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("three", "told"),
    [
        ((7.04, 6.89, 7.24), "7.04 +0.20 −0.15"),
        ((-108_830, -109_300, -108_370), "−108,830 +460 −470"),
        ((1.0, 0.996, 4.0), "1.0000 +3.0000 −0.0040"),
        ((0.0, -0.25, 0.0), "0.00 +0.00 −0.25"),
        ((3.25, 3.25, 3.25), "3.25"),
        ((12_345.6, 11_000.0, 14_000.0), "12,300 +1,700 −1,300"),
    ],
)
def test_errors_have_two_digits(drawn, three, told):
    middle, low, high = three
    shown = replace(drawn, numbers={"J_phi": Interval(1.0, low, middle, high)})
    assert Cells(table_of(shown)).rows[1][2] == told


def test_what_it_rests_on_is_named(drawn, bare):
    frame = SolarFrame(R0=8.2)
    around = Cells(table_of(drawn, frame)).around
    for words in ("MWPotential2014", "followed for 1 Gyr.", frame.name, "60 within", "seed 4"):
        assert words in around
    assert "draws" not in table_of(bare).lower()
    assert len(Cells(table_of(bare)).rows[0]) == 2
    back = orbit(PhaseSpace(8.0, 0.3, 0.1, 30.0, 220.0, 8.0), gyr=-1.0)
    assert "followed for 1 Gyr into the past." in table_of(back)


def test_an_unbound_star_is_told_in_words():
    found = unbound()
    cells = Cells(table_of(found))
    assert found.words in cells.around
    assert "followed" not in cells.around
    assert [row[1] for row in cells.rows[1:]].count("none") == 6


def test_names_are_escaped(bare):
    assert "<b>" not in table_of(replace(bare, potential="<b>&"))
    assert "&lt;b&gt;&amp;" in table_of(replace(bare, potential="<b>&"))


# plots


def test_the_course_is_pushed(bare):
    plot = OrbitPlot()
    plot.show(bare)
    stars = bare.course.stars
    expected = {
        "R": stars.R, "z": stars.z, "X": stars.R * np.cos(stars.phi), "Y": -stars.R * np.sin(stars.phi),
    }  # fmt: skip
    assert plot.source.data.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(plot.source.data[name], values, rtol=1e-6, atol=1e-5)
        assert plot.source.data[name].dtype == np.float32


@pytest.mark.parametrize("star", [(8.0, 0.3, 0.1, 30.0, 220.0, 8.0), (8.0, 0.0, 2.0, -150.0, -20.0, 90.0)])
def test_all_of_it_is_in_sight_at_equal_scales(star):
    plot = OrbitPlot()
    plot.show(orbit(PhaseSpace(*star), gyr=1.0))
    for figure, (x, y) in zip(plot.figures, ("Rz", "XY"), strict=True):
        spans = []
        for shown, name in ((figure.x_range, x), (figure.y_range, y)):
            assert shown.start < plot.source.data[name].min()
            assert plot.source.data[name].max() < shown.end
            assert (shown.reset_start, shown.reset_end) == (shown.start, shown.end)
            spans.append(shown.end - shown.start)
        assert spans[0] == pytest.approx(spans[1])
        assert figure.frame_width == figure.frame_height == SIDE
        assert [figure.xaxis[0].axis_label, figure.yaxis[0].axis_label] == [f"{x} [kpc]", f"{y} [kpc]"]
        assert figure.x_range.start < 8 < figure.x_range.end


def test_the_sun_and_the_centre_are_marked():
    frame = SolarFrame(R0=8.2, z_sun=0.03)
    side, above = OrbitPlot(frame).figures
    marks = [
        {
            (marker, x, y)
            for drawn in figure.renderers
            if "marker" in drawn.data_source.data
            for marker, x, y in zip(
                *(drawn.data_source.data[name] for name in ("marker", "x", "y")), strict=True
            )
        }
        for figure in (side, above)
    ]
    assert marks == [{("circle", 8.2, 0.03)}, {("circle", 8.2, 0.0), ("cross", 0.0, 0.0)}]


def test_a_star_without_a_course_leaves_nothing_of_the_one_before(bare):
    plot = OrbitPlot()
    plot.show(bare)
    plot.show(unbound())
    assert all(np.isnan(values).all() for values in plot.source.data.values())
    plot.show(bare)
    plot.clear()
    assert all(np.isnan(values).all() for values in plot.source.data.values())
    for figure in plot.figures:
        assert np.isfinite([figure.x_range.start, figure.x_range.end, figure.y_range.start]).all()


def test_both_draw_from_one_source(bare):
    plot = OrbitPlot()
    document = Document()
    for figure in plot.figures:
        document.add_root(figure)
        assert plot.source in [drawn.data_source for drawn in figure.renderers]
    assert document.get_model_by_name("orbit") is plot.source
