"""Repeats against a plain loop over stars, by hand, in any order, and at the survey's size."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.repeats import Repeats

A, B = np.array([[1.5, 2.0], [1.0, 3.0]]), np.array([[0.1, 0.05], [0.2, 0.0]])
SNRZ = st.one_of(st.floats(1, 300), st.sampled_from([0.0, -9999.0, np.nan, np.inf, 30.0]))
VALUE = st.one_of(st.floats(-5, 5), st.just(np.nan))
ONE = st.tuples(
    st.integers(0, 4), st.sampled_from([-1, 0, 1]), SNRZ, VALUE, VALUE, st.floats(0.01, 1), VALUE,
    st.sampled_from([-1, 0, 1]),
)  # fmt: skip


def average(values, weights):
    """Weighted mean of what is there, and the shares by which it was made."""
    known = [(x, w) for x, w in zip(values, weights, strict=True) if math.isfinite(x)]
    if known and not any(w for _, w in known):
        known = [(x, 1.0) for x, _ in known]
    total = math.fsum(w for _, w in known)
    return math.fsum(w * x for x, w in known) / total if known else math.nan


def plain(rows):
    """One star, given its observations: (giant, snrz, label, label, formal, formal, flag)."""
    weights = [row[1] if math.isfinite(row[1]) and row[1] > 0 else 0.0 for row in rows]
    sides = {
        kind: (sum(w for row, w in zip(rows, weights, strict=True) if row[0] == kind), n, kind)
        for kind in (0, 1)
        if (n := sum(row[0] == kind for row in rows))
    }
    giant = max(sides, key=sides.get, default=-1)
    used = [(row, w) for row, w in zip(rows, weights, strict=True) if row[0] == giant]
    chosen, weights = [row for row, _ in used], [w for _, w in used]
    means, errors = [], []
    for label in (0, 1):
        x = [row[2 + label] for row in chosen]
        means.append(average(x, weights))
        known = [(row[4 + label], w) for row, w in used if math.isfinite(row[2 + label])]
        if known and not any(w for _, w in known):
            known = [(f, 1.0) for f, _ in known]
        variance = sum((w * A[giant, label] * f) ** 2 for f, w in known)
        total = sum(w for _, w in known)
        ok = known and giant >= 0
        errors.append(math.sqrt(variance / total**2 + B[giant, label] ** 2) if ok else math.nan)
    snrz = average([w or math.nan for w in weights], weights)
    return giant, len(rows), len(chosen), means, errors, max(row[6] for row in chosen), snrz


@settings(deadline=None, max_examples=200)
@given(table=st.lists(ONE, min_size=1, max_size=25), seed=st.integers(0, 2**32 - 1))
def test_stars_are_those_of_a_plain_loop(table, seed):
    star, giant, snrz, x, y, f, g, flag = (np.array(column) for column in zip(*table, strict=True))
    obsid = np.random.default_rng(seed).permutation(len(table)) + 100
    found = Repeats.of(star, obsid, giant, snrz)
    labels, formal = np.column_stack([x, y]), np.column_stack([f, np.abs(g)])
    means, errors = found.mean(labels), found.error(labels, formal, A, B)
    assert found.star.tolist() == sorted(set(star.tolist()))
    for i, one in enumerate(found.star):
        mine = np.flatnonzero(star == one)
        rows = [(giant[k], snrz[k], x[k], y[k], formal[k, 0], formal[k, 1], flag[k]) for k in mine]
        kind, n_obs, n_used, mean, error, flagged, snr = plain(rows)
        assert (found.giant[i], found.n_obs[i], found.n_used[i]) == (kind, n_obs, n_used)
        assert found.any(flag)[i] == flagged
        assert means[i] == pytest.approx(mean, rel=1e-12, abs=1e-12, nan_ok=True)
        assert errors[i] == pytest.approx(error, rel=1e-12, nan_ok=True)
        assert found.snrz[i] == pytest.approx(snr, rel=1e-12, nan_ok=True)


def survey(observations, stars, seed=1):
    random = np.random.default_rng(seed)
    star = random.integers(0, stars, observations)
    return {
        "star": star,
        "obsid": random.permutation(observations),
        "giant": ((star % 4 == 0) ^ (random.random(observations) < 0.01)).astype(np.int8),
        "snrz": random.lognormal(4, 0.7, observations),
    }, random.normal(size=(observations, 3))


def test_order_of_the_input_changes_no_bit():
    table, labels = survey(20_000, 6_000)
    mixed = np.random.default_rng(2).permutation(20_000)
    first, second = Repeats.of(**table), Repeats.of(**{name: x[mixed] for name, x in table.items()})
    np.testing.assert_array_equal(first.star, second.star)
    np.testing.assert_array_equal(first.giant, second.giant)
    assert first.mean(labels).tobytes() == second.mean(labels[mixed]).tobytes()
    assert first.snrz.tobytes() == second.snrz.tobytes()


def test_stars_do_not_depend_on_what_else_is_there():
    table, labels = survey(20_000, 6_000)
    some = table["star"] % 3 == 1
    first, second = Repeats.of(**table), Repeats.of(**{name: x[some] for name, x in table.items()})
    assert first.mean(labels)[first.star % 3 == 1].tobytes() == second.mean(labels[some]).tobytes()


def test_names_serve_as_numbers_do():
    table, labels = survey(3_000, 900)
    names = np.char.add("J", np.char.zfill(table["star"].astype(str), 5))
    for star in (names, names.astype("S")):
        found = Repeats.of(**table | {"star": star})
        assert found.mean(labels).tobytes() == Repeats.of(**table).mean(labels).tobytes()


def test_one_observation_keeps_its_labels_to_the_bit():
    random = np.random.default_rng(3)
    labels = random.normal(size=(1000, 2)) * 5000
    found = Repeats.of(np.arange(1000), np.arange(1000), np.ones(1000, int), random.uniform(1, 99, 1000))
    assert found.mean(labels).tobytes() == labels.tobytes()


def test_a_star_by_hand():
    """Two of three observations are by the giant model, with S/N 30 and 60 against the dwarf's 80."""
    found = Repeats.of([7, 7, 7], [1, 2, 3], [1, 0, 1], [30.0, 80.0, 60.0])
    assert (found.giant[0], found.n_obs[0], found.n_used[0]) == (1, 3, 2)
    assert found.mean([0.3, 9.0, 0.6]) == pytest.approx([0.5])
    assert found.mean([3000, 99_999, 6000]) == pytest.approx([5000]), "chi2 stays that of one spectrum"
    assert found.snrz == pytest.approx([(30**2 + 60**2) / 90])
    assert found.any([0, 1, 0]) == [0]
    error = found.error([0.3, 9.0, 0.6], [0.1, 0.1, 0.2], [9.0, 2.0], [9.0, 0.05])
    assert error == pytest.approx([math.sqrt((30**2 * 0.2**2 + 60**2 * 0.4**2) / 90**2 + 0.05**2)])


def test_floor_never_averages_down():
    n = 400
    found = Repeats.of(np.zeros(n, int), np.arange(n), np.zeros(n, int), np.full(n, 50.0))
    error = found.error(np.zeros(n), np.full(n, 0.2), [1.0, 1.0], [0.03, 0.0])
    assert error == pytest.approx([math.hypot(0.2 / math.sqrt(n), 0.03)])


def test_equal_sides_go_to_more_observations_then_to_the_giants():
    star, obsid = [1, 1, 1, 2, 2, 3, 3], range(7)
    giant, snrz = [1, 0, 0, 0, 1, 0, 1], [60, 30, 30, 40, 40, np.nan, np.nan]
    assert Repeats.of(star, list(obsid), giant, snrz).giant.tolist() == [0, 1, 1]


def test_input_stays_as_it_was():
    table, labels = survey(300, 100)
    for values in (*table.values(), labels):
        values.flags.writeable = False
    found = Repeats.of(**table)
    found.mean(labels)
    found.error(labels, np.abs(labels), np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"star": [1, 2]}, "one of each per observation"),
        ({"star": [1.0, 1.0, 2.0]}, "whole numbers, or texts"),
        ({"star": [1, -1, 2]}, "1 observations do not say"),
        ({"star": ["a", "", "b"]}, "1 observations do not say"),
        ({"obsid": [5, 5, 6]}, "obsid 5 of star 1 is there twice"),
        ({"obsid": [5.0, 6.0, 7.0]}, "whole numbers"),
        ({"giant": [0, 1, 2]}, "1 for giants"),
        ({"giant": [0, 1, np.nan]}, "1 for giants"),
    ],
)
def test_wrong_input_is_refused(changed, message):
    table = {"star": [1, 1, 2], "obsid": [5, 6, 7], "giant": [0, 0, 1], "snrz": [9, 9, 9]}
    with pytest.raises(ValueError, match=message):
        Repeats.of(**table | changed)


def test_values_of_other_shapes_are_refused():
    found = Repeats.of([1, 1, 2], [5, 6, 7], [0, 0, 1], [9, 9, 9])
    with pytest.raises(ValueError, match="3 observations"):
        found.mean([1.0, 2.0])
    with pytest.raises(ValueError, match="a row for dwarfs"):
        found.error([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0], [1.0])


def test_the_survey_is_combined_in_seconds():
    """A tenth of its observations, which took 1.6 s when this was written."""
    table, labels = survey(450_000, 1_000_000)
    start = time.process_time()
    found = Repeats.of(**table)
    found.error(labels, np.abs(labels), np.ones((2, 3)), np.ones((2, 3)))
    found.mean(labels)
    assert time.process_time() - start < 6
