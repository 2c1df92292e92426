"""A course of a label with T_eff, learned within groups."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize

from model import teff_correction
from model.born_together import BornTogether, TooFewError, reach_of, supported
from model.teff_correction import FOLDS, LEAST_GROUPS, PENALTIES, TeffCorrection, learn

Floats = np.ndarray
SUN = 5772.0


def _steep(teff: Floats) -> Floats:
    return 0.12 * np.tanh((teff - 5300) / 350)


def _none(teff: Floats) -> Floats:
    return np.zeros_like(teff)


def _born(
    seed: int, course: Callable[[Floats], Floats], pairs: int = 400, strange: float = 0.05
) -> BornTogether:
    """Five clusters and pairs, labels with errors of 0.05 dex; some stars are of the field."""
    random = np.random.default_rng(seed)
    sizes = [*random.integers(30, 150, 5), *([2] * pairs)]
    group = np.repeat(np.arange(len(sizes)), sizes)
    teff = random.uniform(4300, 6700, len(group))
    one = random.normal(5700, 500, pairs)
    teff[sum(sizes[:5]) :] = np.stack([one, one + random.normal(0, 400, pairs)], axis=1).ravel()
    label = random.normal(0, 0.15, len(sizes))[group] + course(teff) + random.normal(0, 0.05, len(group))
    field = random.random(len(group)) < strange
    label[field] = random.normal(0, 0.15, field.sum())
    return BornTogether.of(group, teff, label)


def _learned(stars: BornTogether, seed: int, draws: int = 60) -> TeffCorrection:
    return learn(stars, np.random.default_rng(seed), anchor=SUN, draws=draws)


def test_the_fit_is_that_of_dummies_for_groups_with_hubers_loss() -> None:
    """All unknowns together, one for each group, by a minimiser that knows nothing of ours."""
    stars = _born(3, _steep, pairs=60)
    stars, reach = supported(stars, SUN)
    fit = teff_correction._Fit.of(stars, reach)
    penalty = 2.0
    found = fit.course(penalty)
    ours = found(stars.teff)
    residual = stars.label - ours

    dummies = np.eye(stars.groups)[stars.group]
    columns = fit.columns
    bend = np.diff(np.eye(columns.shape[1]), 2, axis=0)

    def weights_and_centre(left: Floats) -> tuple[Floats, Floats]:
        weights, centre = np.ones(len(left)), np.zeros(stars.groups)
        for _ in range(200):
            total = np.bincount(stars.group, weights)
            centre = np.bincount(stars.group, weights * left) / total
            size = abs(left - centre[stars.group])
            weights = np.minimum(1, threshold / np.maximum(size, 1e-300))
        return weights, centre

    # the scatter at which Huber's loss turns is that of the residuals at the solution
    threshold = 0.0
    guess = abs(residual - (np.bincount(stars.group, residual) / np.bincount(stars.group))[stars.group])
    for _ in range(200):
        threshold = teff_correction.HUBER * teff_correction.MAD * np.median(guess)
        weights, centre = weights_and_centre(residual)
        guess = abs(residual - centre[stars.group])
    demeaned = (
        columns[:, 1:]
        - (
            np.stack([np.bincount(stars.group, weights * one) for one in columns[:, 1:].T], 1)
            / np.bincount(stars.group, weights)[:, None]
        )[stars.group]
    )
    strength = penalty * np.trace((demeaned * weights[:, None]).T @ demeaned) / (columns.shape[1] - 1)

    def loss(unknowns: Floats) -> tuple[float, Floats]:
        slopes, own = np.split(unknowns, [columns.shape[1]])
        left = stars.label - columns @ slopes - dummies @ own
        size = abs(left)
        huber = np.where(size <= threshold, size**2, 2 * threshold * size - threshold**2)
        pull = np.clip(left, -threshold, threshold)
        bent = bend @ slopes
        gradient = np.concatenate(
            [-2 * columns.T @ pull + 2 * strength * bend.T @ bent, -2 * dummies.T @ pull]
        )
        return float(huber.sum() + strength * bent @ bent), gradient

    start = np.zeros(columns.shape[1] + stars.groups)
    best = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 20_000, "ftol": 1e-15, "gtol": 1e-9}
    )
    slopes = best.x[: columns.shape[1]]
    theirs = columns @ slopes
    np.testing.assert_allclose(ours - ours.mean(), theirs - theirs.mean(), atol=2e-4)


def test_the_planted_course_comes_back_within_its_interval_and_is_of_use() -> None:
    held = []
    for seed in range(6):
        found = _learned(_born(seed, _steep), seed)
        reach = found.course.support
        teff = np.linspace(reach.low, reach.high, 9)
        true = _steep(teff) - _steep(np.array([reach.anchor]))
        low, high = found.band(teff)
        held.append((low <= true) & (true <= high))
        assert np.abs(found.course(teff) - true).max() < 0.06
        assert found.scatter.falls
        assert 0.05 < found.scatter.after < 0.07 < found.scatter.before  # errors: 0.05
        assert found.course(np.array([reach.anchor]))[0] == 0
    assert 0.86 < np.mean(held) <= 1  # 0.944 to 0.953 of 40 seeds each of three courses


def test_nothing_is_of_use_where_nothing_was_planted() -> None:
    falls = [_learned(_born(100 + seed, _none, pairs=150), seed, draws=5).scatter.falls for seed in range(10)]
    assert sum(falls) <= 1


def test_it_is_not_extrapolated() -> None:
    found = _learned(_born(1, _steep), 1, draws=5)
    reach = found.course.support
    outside = np.array([reach.low - 1e-6, reach.high + 1e-6, np.nan, 3000.0])
    assert np.isnan(found.course(outside)).all()
    assert np.isnan(found.error(outside)).all()
    assert np.isfinite(found.course(np.array([reach.low, reach.high]))).all()


def test_labels_of_groups_left_out_do_not_tell_their_own_correction() -> None:
    """Whatever is done to a part's labels, the course that corrects the part stays."""
    stars = _born(4, _steep, pairs=100)
    courses: list[dict[int, Floats]] = []
    for shift in (0.0, 5.0):
        seen: dict[int, Floats] = {}
        fold = teff_correction._folds(stars, np.random.default_rng(8))
        moved = stars.label + shift * (fold == 2) * np.sin(stars.teff)
        fit = teff_correction._Fit.of(
            BornTogether(stars.star, stars.group, stars.teff, moved), reach_of(stars, SUN)
        )
        for one in range(FOLDS):
            seen[one] = fit.without(fold == one).course(1.0)(np.array([5000.0, 6000.0]))
        courses.append(seen)
    np.testing.assert_array_equal(courses[0][2], courses[1][2])
    assert not np.array_equal(courses[0][1], courses[1][1])
    parts = {one: set(stars.group[fold == one].tolist()) for one in range(FOLDS)}
    assert sum(map(len, parts.values())) == stars.groups


def test_few_groups_are_refused() -> None:
    with pytest.raises(TooFewError, match=f"{LEAST_GROUPS} are needed"):
        _learned(_born(1, _steep, pairs=3), 1)


def test_the_same_seed_gives_the_same_and_progress_is_told() -> None:
    stars = _born(2, _steep, pairs=100)
    told: list[tuple[int, int]] = []
    one = learn(
        stars, np.random.default_rng(5), anchor=SUN, draws=7, progress=lambda *step: told.append(step)
    )
    two = learn(stars, np.random.default_rng(5), anchor=SUN, draws=7)
    np.testing.assert_array_equal(one.course.weights, two.course.weights)
    np.testing.assert_array_equal(one.error(np.array([5000.0])), two.error(np.array([5000.0])))
    assert told[-1] == (FOLDS + 1 + 7, FOLDS + 1 + 7)
    done = [done for done, _ in told]
    assert done == sorted(done)
    assert set(done) == set(range(FOLDS + 1 + 7 + 1))


def test_it_can_be_stopped_after_each_fit_that_a_step_is_made_of() -> None:
    stars, told = _born(2, _steep, pairs=60), 0

    class StoppedError(Exception):
        """Asked for here."""

    def progress(done: int, _total: int) -> None:
        nonlocal told
        told += 1
        assert done == 0, "the first step was ended before anybody asked"
        if told == FOLDS * len(PENALTIES):
            raise StoppedError

    with pytest.raises(StoppedError):
        learn(stars, np.random.default_rng(5), anchor=SUN, draws=7, progress=progress)
