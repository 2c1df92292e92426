"""The split of eq. 1, at points worked out by hand, and the labels of either side."""

import numpy as np
import pytest

from data.schema import LABELS
from model.chemistry import FAMILIES, LABEL_SETS, is_giant, kiel_split
from model.measurement import DWARFS, GIANTS
from model.terms import quadratic_terms


@pytest.mark.parametrize(
    ("teff", "line"), [(3500, 4.18), (5199.9, 4.18), (5200, 4.18), (5500, 4.0), (6000, 3.7), (7000, 3.1)]
)
def test_line_of_equation_1(teff, line):
    assert kiel_split(teff) == pytest.approx(line, abs=1e-14)


def test_line_is_missing_where_temperature_is():
    assert np.isnan(kiel_split([np.nan, 5000.0])).tolist() == [True, False]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("teff", "logg", "giant"),
    [
        (4800, 2.4, True),
        (4800, 4.17, True),
        (4800, 4.18, False),
        (4800, 4.6, False),
        (5200, 4.179, True),
        (5200, 4.18, False),
        (5500, 3.999, True),
        (5500, 4.0, False),
        (5850, 3.79, False),
        (6500, 3.399, True),
        (6500, 3.4, False),
        (6500, 4.1, False),
        (np.nan, 2.4, False),
        (4800, np.nan, False),
    ],
)
def test_giants_are_below_the_line(teff, logg, giant, dtype):
    stars = is_giant(np.array([teff], dtype=dtype), np.array([logg], dtype=dtype))
    assert stars.dtype == bool
    assert stars.tolist() == [giant]


def test_shapes_broadcast_and_integers_serve():
    assert is_giant(5000, [[4], [5]]).tolist() == [[True], [False]]


def test_real_giants_are_giants(real_data):
    path = real_data / "lamost-dr3-giants" / "LMDR3_diskRGB2.dat"
    teff, logg = np.loadtxt(path, usecols=(5, 6), unpack=True)
    assert len(teff) == 21_954
    assert is_giant(teff, logg).all()


def test_label_sets_are_the_papers():
    assert {name: len(labels) for name, labels in LABEL_SETS.items()} == {"dwarf": 9, "giant": 10}
    assert {name: len(quadratic_terms(len(labels))) for name, labels in LABEL_SETS.items()} == {
        "dwarf": 55,
        "giant": 66,
    }
    assert set().union(*LABEL_SETS.values()) == {label.name for label in LABELS}
    assert {f"{family}_fe" for family in FAMILIES} < set(LABEL_SETS["dwarf"])


def test_the_mock_survey_measures_the_same_labels():
    for name, model in (("dwarf", DWARFS), ("giant", GIANTS)):
        measured = {label.removesuffix("_fe") for label in LABEL_SETS[name]}
        assert set(model) == measured
