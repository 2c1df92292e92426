"""Maps of giants on mocks that couple log g to distance: the planted cone goes, the gradient comes back.

Each of the four mocks was run over 60 seeds of 24,000 stars, of which docs/catalogues.md tells; here is a
smaller set.
"""

from dataclasses import replace

import numpy as np
import pytest

from model.plate_bootstrap import Drawn, Range
from model.systematics import (
    CLEAR,
    EXPLAINED,
    LEAST_PIXELS,
    LEAST_PLATES,
    NOT_EXPLAINED,
    REMAINS,
    UNDECIDABLE,
    Giants,
    control,
    judge,
)
from tests.systematics_mock import drift, planted

DRAWS = 60
SEEDS = (1, 2, 3)


def run(seed, **what):
    mock = planted(seed, **what)
    return mock, control(mock.giants, np.random.default_rng(seed), DRAWS)


def mean_map(mock, found, values):
    """Means over the pixels that the verdict looks at, of the stars that it looks at."""
    rows = found.support.stars
    total = np.bincount(mock.giants.pixel[rows], values[rows], mock.giants.pixels)
    return total[found.judged] / found.stars[found.judged]


def slopes(mock, found, values):
    places = mock.giants.centres[found.judged]
    design = np.column_stack([np.ones(len(places)), places])
    return np.linalg.lstsq(design, values, rcond=None)[0][1:]


def share_left(mock, found, values):
    """How much of the planted cone is in a map."""
    cone = mean_map(mock, found, mock.trend)
    design = np.column_stack([np.ones(len(cone)), mock.giants.centres[found.judged], cone])
    return np.linalg.lstsq(design, values[found.judged], rcond=None)[0][3]


def holds(found, truth, slack=1.0):
    """Whether an interval, made wider, holds a number: of a few seeds all are to hold it."""
    middle = (found.low + found.high) / 2
    return abs(truth - middle) <= slack * (found.high - found.low) / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_trend_alone_is_explained_and_its_cone_goes(seed):
    mock, found = run(seed, trend=True, gradient=False)
    assert found.verdict.word == EXPLAINED
    assert found.verdict.ratio.low < 0 < found.verdict.ratio.high + 0.1
    assert share_left(mock, found, found.raw) == pytest.approx(1, abs=0.2)
    assert share_left(mock, found, found.corrected) == pytest.approx(0, abs=0.2)
    assert all(holds(each, 0, 2) for each in found.slope)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_gradient_alone_is_not_explained_and_stays(seed):
    mock, found = run(seed, trend=False, gradient=True)
    assert found.verdict.word == NOT_EXPLAINED
    truth = slopes(mock, found, mean_map(mock, found, mock.gradient))
    assert all(holds(*each, 2) for each in zip(found.slope, truth, strict=True))
    assert found.verdict.ratio.value == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_of_both_the_gradient_comes_back_and_the_cone_goes(seed):
    mock, found = run(seed, trend=True, gradient=True)
    gradient = mean_map(mock, found, mock.gradient)
    truth = slopes(mock, found, gradient)
    assert all(holds(*each, 2) for each in zip(found.slope, truth, strict=True))
    assert share_left(mock, found, found.corrected) == pytest.approx(0, abs=0.2)
    ratio = np.var(gradient) / np.var(gradient + mean_map(mock, found, mock.trend))
    assert holds(found.verdict.ratio, ratio, 2)
    assert found.verdict.word in (NOT_EXPLAINED, UNDECIDABLE)
    assert ratio > REMAINS


@pytest.mark.parametrize("seed", SEEDS)
def test_of_neither_nothing_can_be_said(seed):
    _, found = run(seed, trend=False, gradient=False)
    assert found.verdict.word == UNDECIDABLE
    assert found.verdict.why == "the map varies no more than its noise"


def test_errors_are_those_of_other_draws_of_the_survey():
    """The deviation of a pixel over mocks of the same stars, whose labels err anew, is its error."""
    mock, found = run(1, trend=True, gradient=True)
    random = np.random.default_rng(9)
    maps = []
    for _ in range(30):
        plates = 0.015 * random.normal(size=400)[mock.giants.plate]
        label = mock.trend + mock.gradient + 0.12 * random.normal(size=len(plates)) + plates
        again = control(replace(mock.giants, label=label), random, 2)
        maps.append(again.corrected[found.judged])
    deviation = np.std(maps, axis=0, ddof=1)
    assert np.median(found.error[found.judged] / deviation) == pytest.approx(1, abs=0.15)


def test_f_is_what_was_planted():
    """Where stars are, f is the planted drift, up to a constant."""
    mock, found = run(2, trend=True, gradient=True)
    giants, rows = mock.giants, np.flatnonzero(found.support.stars)
    f = found.surface(giants.teff[rows], giants.logg[rows])
    apart = f - drift(giants.teff[rows], giants.logg[rows])
    assert f.mean() == pytest.approx(0, abs=1e-9)
    assert np.std(apart) < 0.15 * np.std(f)


def test_the_same_seed_gives_the_same_verdict():
    mock = planted(3, trend=True, gradient=True, stars=8000)
    one, other = (control(mock.giants, np.random.default_rng(5), 20).verdict for _ in range(2))
    assert one == other


def test_weights_count_as_copies_do():
    mock = planted(4, trend=True, gradient=True, stars=8000)
    giants = mock.giants
    once = control(giants, np.random.default_rng(1), 2)
    weighted = control(replace(giants, weight=np.full(len(giants.label), 2.0)), np.random.default_rng(1), 2)
    assert weighted.corrected == pytest.approx(once.corrected, nan_ok=True, abs=1e-9)
    random = np.random.default_rng(2)
    uneven = control(
        replace(giants, weight=random.uniform(0.5, 2, len(giants.label))), np.random.default_rng(1), 2
    )
    assert np.nanmax(np.abs(uneven.corrected - once.corrected)) > 1e-4


def test_blank_pixels_are_nan_and_others_are_not():
    _, found = run(5, trend=True, gradient=False)
    blank = found.support.reason > 0
    for values in (found.raw, found.corrected, found.of_iron):
        assert (np.isnan(values) == blank).all()
    assert not found.judged[blank].any()


def test_work_can_be_stopped_between_draws():
    class StoppedError(Exception):
        pass

    told = []

    def progress(done, total):
        told.append((done, total))
        if done == 3:
            raise StoppedError

    mock = planted(6, trend=True, gradient=False, stars=8000)
    with pytest.raises(StoppedError):
        control(mock.giants, np.random.default_rng(1), 20, progress)
    assert told == [(0, 20), (1, 20), (2, 20), (3, 20)]


def drawn(ratio, *, raw=1.0, spread=0.02, used=100, below=0.0):
    """Draws whose ratio of variances is about a number; `below` of them have no raw variance."""
    random = np.random.default_rng(1)
    before = np.full(401, raw)
    before[1 : 1 + int(400 * below)] = -0.1
    after = before * (ratio + spread * np.r_[0, random.normal(size=400)])
    nothing = np.full((401, 2), np.nan)
    return Drawn(before, after, nothing, nothing, np.zeros(1), np.zeros(1), used)


@pytest.mark.parametrize(
    ("ratio", "options", "word", "why"),
    [
        (0.9, {}, NOT_EXPLAINED, "at least two thirds"),
        (1.5, {}, NOT_EXPLAINED, "at least two thirds"),
        (0.68, {}, UNDECIDABLE, "isn't sure"),
        (0.5, {}, UNDECIDABLE, "a part"),
        (0.5, {"spread": 0.3}, UNDECIDABLE, "isn't sure"),
        (0.3, {"spread": 0.1}, UNDECIDABLE, "isn't sure"),
        (0.1, {}, EXPLAINED, "at least two thirds"),
        (0.0, {}, EXPLAINED, "at least two thirds"),
        (0.9, {"below": 2 - 2 * CLEAR}, UNDECIDABLE, "no more than its noise"),
        (0.9, {"raw": -1.0}, UNDECIDABLE, "no more than its noise"),
        (0.9, {"used": LEAST_PIXELS - 1}, UNDECIDABLE, "too few"),
    ],
)
def test_words_follow_from_the_interval(ratio, options, word, why):
    verdict = judge(drawn(ratio, **options), 100)
    assert verdict.word == word
    assert why in verdict.why
    assert "real" not in f"{verdict.word} {verdict.why}"


def test_few_plates_allow_no_verdict():
    assert judge(drawn(0.9), LEAST_PLATES - 1).word == UNDECIDABLE


def test_a_range_leaves_out_draws_that_are_missing():
    values = np.r_[np.nan, np.arange(101.0)]
    found = Range.of(1.0, values)
    assert [found.value, found.low, found.high] == pytest.approx([1.0, 2.5, 97.5])
    nothing = Range.of(1.0, np.full(3, np.nan))
    assert np.isnan([nothing.low, nothing.high]).all()


def test_nothing_to_compare_is_told():
    ones = np.ones(50)
    number = np.arange(50)
    giants = Giants(ones, number, number, 4500 * ones, 2 * ones, ones, 50, np.zeros((50, 2)))
    with pytest.raises(ValueError, match="no pixel has stars"):
        control(giants, np.random.default_rng(1), 2)


def test_one_draw_is_none():
    with pytest.raises(ValueError, match="2 or more"):
        control(planted(1, trend=True, gradient=True, stars=500).giants, np.random.default_rng(1), 1)


def test_arrays_of_other_lengths_are_refused():
    ones = np.ones(5)
    with pytest.raises(ValueError, match="expected one length"):
        Giants(ones, np.arange(5), np.arange(4), ones, ones, ones, 5, np.zeros((5, 2)))
