"""Polygons and boxes against a loop over rows and edges in plain Python, by every way of writing them."""

import json
import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.expression import CHUNK, Expression
from data.functions import MOST_VERTICES
from data.parser import LARGEST, MAX_LENGTH
from data.predicate import Box, Outside, Polygon, Range, Where
from data.predicate_json import predicate_from_json
from data.problem import DataError
from data.selection import Clause, Selection

GRID = st.sampled_from([-2.0, -1.0, -0.5, -0.0, 0.0, 0.1, 0.5, 1.0, 2.0])
ANY = st.floats(-LARGEST, LARGEST)
TINY = st.floats(-1, 1).map(lambda size: 0.1 + size * 1e-17)
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
BOW = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
FLAT = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.0))


def corners(ends):
    return st.lists(st.tuples(ends, ends), min_size=3, max_size=12).map(tuple)


CORNERS = corners(GRID) | corners(ANY) | corners(TINY) | corners(st.floats(-3, 3, width=32))


def crossed(x, y, vertices):
    """Whether a point is inside, edge by edge; None where x or y is missing."""
    if math.isnan(x) or math.isnan(y):
        return None
    odd = False
    for (xi, yi), (xj, yj) in zip(vertices, (vertices[-1], *vertices[:-1]), strict=True):
        if (yi > y) != (yj > y) and x < (xj - xi) * (y - yi) / (yj - yi) + xi:
            odd = not odd
    return odd


def points(vertices, dtype, seed):
    """Columns whose points are corners, lie on edges, level with corners, anywhere, infinite or missing."""
    rng = np.random.default_rng(seed)
    ends = np.array(vertices)
    middles = (ends + np.roll(ends, 1, axis=0)) / 2
    level = np.stack([rng.permutation(ends[:, 0]), ends[:, 1]], 1)
    near = np.nextafter(ends, np.roll(ends, 1, axis=0))
    around = rng.uniform(-3, 3, (40, 2))
    odd = [(a, b) for a in (math.nan, math.inf, -math.inf, 0.5) for b in (math.nan, math.inf, -math.inf, 0.5)]
    with np.errstate(all="ignore"):
        x, y = np.concatenate([ends, middles, level, near, around, odd]).T.astype(dtype)
    return {"R": x, "z": y}


def expected(vertices, columns):
    return [crossed(float(x), float(y), vertices) for x, y in zip(columns["R"], columns["z"], strict=True)]


def read_back(predicate):
    """The predicate, and what its text and its JSON say."""
    plain = json.loads(json.dumps(predicate.to_json()))
    return predicate, Where.parse(predicate.text), predicate_from_json(plain)


@settings(max_examples=300, deadline=None)
@given(vertices=CORNERS, dtype=st.sampled_from(["f4", "f8"]), seed=st.integers(0, 99))
@example(vertices=SQUARE, dtype="f8", seed=0)
@example(vertices=BOW, dtype="f8", seed=0)
@example(vertices=FLAT, dtype="f8", seed=0)
def test_polygons_equal_the_oracle_row_by_row(vertices, dtype, seed):
    polygon, columns = Polygon("R", "z", vertices), points(vertices, dtype, seed)
    found = expected(vertices, columns)
    for predicate in read_back(polygon):
        assert predicate.mask(columns).tolist() == [inside is True for inside in found]
    for predicate in read_back(Outside(polygon)):
        assert predicate.mask(columns).tolist() == [inside is False for inside in found]
    assert polygon.expression.values(columns).tolist() == [
        -1 if inside is None else int(inside) for inside in found
    ]
    assert read_back(polygon)[2] == polygon
    assert hash(read_back(polygon)[2]) == hash(polygon)


@settings(max_examples=100, deadline=None)
@given(vertices=CORNERS, inverted=st.booleans(), seed=st.integers(0, 99))
def test_a_selection_with_a_polygon_reads_back_to_the_same_rows(vertices, inverted, seed):
    columns = points(vertices, "f4", seed)
    selection = Selection(
        (
            Clause("brush:rz", Polygon("R", "z", vertices), inverted=inverted),
            Clause("cut", Range("R", -1.0, 1.0), inverted=True),
        )
    )
    rows = zip(expected(vertices, columns), columns["R"].astype(float), strict=True)
    found = [inside is (not inverted) and (x < -1 or x > 1) for inside, x in rows]
    assert selection.mask(columns).tolist() == found
    assert Expression.parse(selection.text).evaluate(columns).tolist() == found
    assert Selection.from_json(json.loads(json.dumps(selection.to_json()))) == selection


def test_a_square_holds_its_lower_left_edges_only():
    columns = {"R": np.array([0.0, 1.0, 0.0, 1.0, 0.5, 0.5]), "z": np.array([0.0, 0.0, 1.0, 1.0, 0.0, 1.0])}
    assert Polygon("R", "z", SQUARE).mask(columns).tolist() == [True, False, False, False, True, False]


def test_what_is_enclosed_twice_is_outside():
    star = tuple((math.sin(turn * 0.8 * math.pi), math.cos(turn * 0.8 * math.pi)) for turn in range(5))
    columns = {"R": np.array([0.0, 0.0]), "z": np.array([0.0, 0.8])}
    assert Polygon("R", "z", star).mask(columns).tolist() == [False, True]


@pytest.mark.parametrize("vertices", [SQUARE, BOW, FLAT])
def test_direction_and_beginning_of_a_polygon_do_not_matter(vertices):
    rng = np.random.default_rng(3)
    columns = {name: rng.uniform(-1, 2, 3000) for name in ("R", "z")}
    masks = {
        Polygon("R", "z", turned).mask(columns).tobytes()
        for start in range(len(vertices))
        for turned in (vertices[start:] + vertices[:start], (vertices[start:] + vertices[:start])[::-1])
    }
    assert len(masks) == 1


def test_chunks_of_a_long_polygon():
    rng = np.random.default_rng(4)
    vertices = tuple(zip(*rng.normal(size=(2, MOST_VERTICES)).tolist(), strict=True))
    columns = {name: rng.normal(size=CHUNK + 300).astype("f4") for name in ("R", "z")}
    columns["z"][5::7] = np.nan
    found = Polygon("R", "z", vertices).mask(columns)
    some = {name: values[::97] for name, values in columns.items()}
    assert found[::97].tolist() == [inside is True for inside in expected(vertices, some)]
    assert 0 < found.sum() < len(found)


def test_polygons_over_computed_numbers_flags_and_constants():
    columns = {
        "eu_fe": np.array([0.9, 0.2, np.nan], "f4"),
        "ba_fe": np.array([0.4, 0.1, 0.0], "f4"),
        "giantmodel": np.array([1, -1, 1], "i1"),
    }
    polygon = Polygon("[Eu/Ba]", "giantmodel - 0.5", SQUARE)
    assert polygon.text.startswith("inside(eu_fe - ba_fe, giantmodel - 0.5, 0.0, 0.0, 1.0,")
    assert polygon.columns == {"eu_fe", "ba_fe", "giantmodel"}
    for predicate in read_back(polygon):
        assert predicate.mask(columns).tolist() == [True, False, False]
    inside = "inside(0.5, 0.5, 0, 0, 1, 0, 1, 1, 0, 1)"
    assert Where.parse(f"{inside} and eu_fe > 0.5").mask(columns).tolist() == [True, False, False]
    assert Where.parse(f"not {inside} or eu_fe > 0.5").mask(columns).tolist() == [True, False, False]
    assert Expression.parse(f"where({inside}, eu_fe, 0)").evaluate(columns)[1] == np.float32(0.2)
    named = {"across": Expression.parse("[Eu/Ba]"), "giant": Expression.parse("giantmodel == 1")}
    where = Where.parse("inside(across, giant - 0.5, 0, 0, 1, 0, 1, 1, 0, 1)", definitions=named)
    assert where.mask(columns).tolist() == [True, False, False]


def test_no_rows():
    assert Polygon("R", "z", SQUARE).mask({"R": np.array([]), "z": np.array([])}).shape == (0,)


def test_a_dozen_of_the_largest_polygons_read_back():
    """Every corner with as many digits as a number may have."""
    rng = np.random.default_rng(5)
    ends = -rng.uniform(0.1, 1, (12, MOST_VERTICES, 2)) * 1e-200
    brushes = [Polygon("R", "z", tuple(map(tuple, each.tolist()))) for each in ends]
    selection = Selection(
        tuple(Clause(f"brush:{at}", brush, inverted=True) for at, brush in enumerate(brushes))
    )
    assert 250_000 < len(selection.text) < MAX_LENGTH
    assert Where.parse(selection.text).condition == selection.expression()


def test_polygons_are_values():
    polygon = Polygon("R", "z", [[0, 0], [1, -0.0], [1, 1]])
    assert polygon == Polygon("R", "z", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))
    assert hash(polygon) == hash(Polygon("R", "z", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))))
    assert polygon.text == "inside(R, z, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0)"
    with pytest.raises(FrozenInstanceError):
        polygon.vertices = ()


@pytest.mark.parametrize(
    ("vertices", "problem"),
    [
        ((), "3 to 500 corners, not 0"),
        (SQUARE[:2], "3 to 500 corners, not 2"),
        (SQUARE * 126, "3 to 500 corners, not 504"),
        ((*SQUARE, (math.nan, 0.0)), "finite"),
        ((*SQUARE, (0.0, -math.inf)), "finite"),
        ((*SQUARE, (1e301, 0.0)), "1e\\+300"),
    ],
)
def test_polygons_that_are_none(vertices, problem):
    with pytest.raises(DataError, match=problem):
        Polygon("R", "z", vertices)
    with pytest.raises(DataError, match="ends where"):
        Polygon("R", "z +", SQUARE)


ENDS = st.tuples(GRID, GRID).map(sorted)


@settings(max_examples=200, deadline=None)
@given(x=ENDS, y=ENDS, seed=st.integers(0, 99))
def test_boxes_equal_the_oracle_row_by_row(x, y, seed):
    box = Box(Range("R", *x), Range("z", *y))
    columns = points(SQUARE, "f8", seed)
    rows = [(float(a), float(b)) for a, b in zip(columns["R"], columns["z"], strict=True)]
    held = [(x[0] <= a <= x[1], y[0] <= b <= y[1], a, b) for a, b in rows]
    inside = [across and up for across, up, *_ in held]
    missed = [
        (not across and not math.isnan(a)) or (not up and not math.isnan(b)) for across, up, a, b in held
    ]
    for predicate in read_back(box):
        assert predicate.mask(columns).tolist() == inside
    for predicate in read_back(Outside(box)):
        assert predicate.mask(columns).tolist() == missed
    assert read_back(box)[2] == box


def test_text_of_a_box():
    assert Box(Range("R", 7, 9), Range("z", None, 1)).text == "7.0 <= R <= 9.0 and z <= 1.0"
    assert Outside(Box(Range("R", 7, 9), Range("z", 0, 1))).text == (
        "not (7.0 <= R <= 9.0 and 0.0 <= z <= 1.0)"
    )


RANGE = {"range": "R", "low": 1.0}
TRIANGLE = [0, 0, 1, 0, 0.5, 1]


@pytest.mark.parametrize(
    "plain",
    [
        {"box": None},
        {"box": [RANGE]},
        {"box": [RANGE, RANGE, RANGE]},
        {"box": [RANGE, {"where": "R < 1"}]},
        {"box": [RANGE, {"box": [RANGE, RANGE]}]},
        {"box": [RANGE, {"range": "nope", "low": 1.0}]},
        {"box": [RANGE, {"range": "R < 1", "low": 1.0}]},
        {"polygon": None, "corners": TRIANGLE},
        {"polygon": ["R"], "corners": TRIANGLE},
        {"polygon": ["R", 3], "corners": TRIANGLE},
        {"polygon": ["R", "nope"], "corners": TRIANGLE},
        {"polygon": ["R", "z < 1"], "corners": TRIANGLE},
        {"polygon": ["R", "source_id"], "corners": TRIANGLE},
        {"polygon": ["R", "plate"], "corners": TRIANGLE},
        {"polygon": ["1", "2"], "corners": TRIANGLE},
        {"polygon": ["R", "z"]},
        {"polygon": ["R", "z"], "corners": "0, 1"},
        {"polygon": ["R", "z"], "corners": TRIANGLE[:4]},
        {"polygon": ["R", "z"], "corners": [*TRIANGLE, 1]},
        {"polygon": ["R", "z"], "corners": [*TRIANGLE, 1, "1"]},
        {"polygon": ["R", "z"], "corners": [*TRIANGLE, 1, True]},
        {"polygon": ["R", "z"], "corners": [*TRIANGLE, 1, None]},
        {"polygon": ["R", "z"], "corners": [*TRIANGLE, 1, math.inf]},
        {"polygon": ["R", "z"], "corners": [*TRIANGLE, 1, math.nan]},
        {"polygon": ["R", "z"], "corners": [*TRIANGLE, 1, 10**400]},
        {"polygon": ["R", "z"], "corners": TRIANGLE * 200},
    ],
)
def test_bad_json_is_refused_in_one_line(plain):
    for given_plain in (plain, {"outside": plain}):
        with pytest.raises(DataError) as caught:
            predicate_from_json(given_plain)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500
