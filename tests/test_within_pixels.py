"""Fits within pixels against a regression with a column for each pixel; noise and draws written out."""

import numpy as np
import pytest
from scipy.interpolate import BSpline
from scipy.linalg import lstsq

from model.plate_sums import PlateSums
from model.splines import DEGREE, Basis, Splines
from model.within_pixels import fit, largest_share, plate_errors, shares, variances

STARS, PIXELS, PLATES = 3000, 30, 60
ALL = np.ones(PIXELS, bool)


class Sample:
    """Stars at random; all that a fit needs of them."""

    def __init__(self, seed, *, weighted=False):
        random = np.random.default_rng(seed)
        self.pixel = random.integers(0, PIXELS, STARS)
        self.plate = random.integers(0, PLATES, STARS)
        self.logg = 2.2 + 0.02 * (self.pixel - PIXELS / 2) + 0.5 * random.normal(size=STARS)
        self.teff = 4600 + 300 * (self.logg - 2) + 90 * random.normal(size=STARS)
        self.fe_h = -0.2 + 0.25 * random.normal(size=STARS)
        drift = -0.1 * self.logg + 0.05 * np.sin(self.teff / 200)
        self.label = drift + 0.1 * self.fe_h + 0.01 * self.pixel + 0.1 * random.normal(size=STARS)
        self.weight = random.uniform(0.5, 2, STARS) if weighted else np.ones(STARS)
        self.basis = Basis.of(self.teff, self.logg, self.fe_h)
        self.columns = self.basis.columns(self.teff, self.logg, self.fe_h)

    def take(self, rows):
        """These stars, copied as often as asked for, with the columns that they have."""
        other = object.__new__(Sample)
        other.basis = self.basis
        for name in ("pixel", "plate", "label", "weight", "columns"):
            setattr(other, name, getattr(self, name)[rows])
        return other

    def sums(self, label=None, plates=PLATES):
        values = self.label if label is None else label
        return PlateSums.over(
            (self.pixel, self.plate), (PIXELS, plates), values, self.weight, lambda some: self.columns[some]
        )


def with_dummies(sample):
    """Effects of pixels and coefficients, by one regression with a column for each pixel."""
    dummies = np.eye(PIXELS)[sample.pixel]
    root = np.sqrt(sample.weight)[:, None]
    design = np.hstack([dummies, sample.columns])
    found = lstsq(design * root, sample.label * root[:, 0], cond=1e-12)[0]
    return found[:PIXELS], found[PIXELS:]


def plain_corrected(sample, coefficients):
    """Mean label less f in each pixel, f less its mean."""
    kiel = sample.basis.kiel
    f = sample.columns[:, :kiel] @ coefficients[:kiel]
    rest = sample.label - (f - np.average(f, weights=sample.weight))
    total = np.bincount(sample.pixel, sample.weight, PIXELS)
    return np.bincount(sample.pixel, sample.weight * rest, PIXELS) / total


@pytest.mark.parametrize("weighted", [False, True])
def test_fit_is_that_of_a_regression_with_a_column_for_each_pixel(weighted):
    sample = Sample(1, weighted=weighted)
    fitted = fit(sample.sums(), sample.basis.kiel)
    _, expected = with_dummies(sample)
    inside = [sample.columns @ each for each in (fitted.coefficients, expected)]
    apart = inside[0] - inside[1]
    pixel_means = np.bincount(sample.pixel, apart, PIXELS) / np.bincount(sample.pixel, minlength=PIXELS)
    assert np.abs(apart - pixel_means[sample.pixel]).max() < 1e-10
    assert fitted.corrected == pytest.approx(plain_corrected(sample, expected), abs=1e-10)


def test_effects_of_pixels_are_the_map_less_iron():
    sample = Sample(2)
    fitted = fit(sample.sums(), sample.basis.kiel)
    effects, _ = with_dummies(sample)
    left = fitted.corrected - fitted.of_iron
    assert left - left.mean() == pytest.approx(effects - effects.mean(), abs=1e-10)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_draw_is_the_fit_of_copied_plates(seed):
    sample = Sample(seed)
    random = np.random.default_rng(seed)
    times = np.bincount(random.integers(0, PLATES, PLATES), minlength=PLATES).astype(float)
    rows = np.repeat(np.arange(STARS), times[sample.plate].astype(int))
    copied = sample.take(rows)
    drawn, plain = fit(sample.sums(), sample.basis.kiel, times), fit(copied.sums(), sample.basis.kiel)
    assert drawn.raw == pytest.approx(plain.raw, abs=1e-11)
    assert drawn.corrected == pytest.approx(plain.corrected, abs=1e-9)
    assert drawn.corrected == pytest.approx(plain_corrected(copied, with_dummies(copied)[1]), abs=1e-9)


def test_scores_are_columns_times_residuals():
    sample = Sample(5)
    sums = sample.sums()
    fitted = fit(sums, sample.basis.kiel)
    effects, coefficients = with_dummies(sample)
    residual = sample.label - effects[sample.pixel] - sample.columns @ coefficients
    means = np.stack([sample.columns[sample.pixel == pixel].mean(axis=0) for pixel in range(PIXELS)])
    each = (sample.columns - means[sample.pixel]) * residual[:, None]
    expected = np.stack([each[sample.plate == plate].sum(axis=0) for plate in range(PLATES)])
    expected *= np.sqrt(PLATES / (PLATES - 1))
    assert plate_errors(sums, fitted, ALL).scores == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("drawn", [False, True])
def test_noise_is_the_squares_of_what_plates_do_to_the_map(drawn):
    """Written out as a matrix of plates and pixels."""
    sample = Sample(6)
    sums, kiel = sample.sums(), sample.basis.kiel
    first = fit(sums, kiel)
    errors = plate_errors(sums, first, ALL)
    random = np.random.default_rng(6)
    times = np.bincount(random.integers(0, PLATES, PLATES), minlength=PLATES) if drawn else np.ones(PLATES)
    times = times.astype(float)
    fitted = fit(sums, kiel, times)
    found = variances(sums, fitted, errors, ALL, times)
    count = np.zeros((PLATES, PIXELS))
    np.add.at(count, (sample.plate, sample.pixel), 1)
    stars, now = count.sum(axis=0), (times[:, None] * count).sum(axis=0)
    share = count / stars
    less_f = sample.label - sample.columns[:, :kiel] @ first.coefficients[:kiel]
    moved = (times[:, None] * errors.scores) @ fitted.inverse[:, :kiel] @ fitted.mean[:, 1 : kiel + 1].T
    for values, shown, moves, variance in (
        (sample.label, fitted.raw, 0.0 * moved, found.raw),
        (less_f, fitted.corrected, moved, found.corrected),
    ):
        own = np.zeros((PLATES, PIXELS))
        np.add.at(own, (sample.plate, sample.pixel), values)
        own -= count * np.bincount(sample.pixel, values, PIXELS) / stars
        solved = np.stack(
            [
                np.linalg.solve(np.diag(1 - 2 * s) + np.outer(s**2, np.ones(PLATES)), u**2)
                for s, u in zip(share.T, own.T, strict=True)
            ],
            axis=1,
        )
        influence = times[:, None] * own / now - moves
        apart = influence - influence.mean(axis=1, keepdims=True)
        correction = times[:, None] ** 2 * (solved - own**2) / now**2
        expected = np.var(shown, ddof=1) - ((apart**2).sum() + correction.sum()) / (PIXELS - 1)
        assert variance == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("together", [0.0, 0.08])
@pytest.mark.parametrize("redrawn", [False, True])
def test_noise_is_taken_off_without_bias(together, redrawn):
    """Where there is nothing but noise variances are 0 on average, also where plates err."""
    sample = Sample(7)
    random = np.random.default_rng(8)
    found = []
    for _ in range(60):
        noise = 0.2 * random.normal(size=STARS) + together * random.normal(size=PLATES)[sample.plate]
        sums = sample.sums(noise)
        errors = plate_errors(sums, fit(sums, sample.basis.kiel), ALL)
        drawn = np.bincount(random.integers(0, PLATES, PLATES), minlength=PLATES).astype(float)
        times = drawn if redrawn else np.ones(PLATES)
        fitted = fit(sums, sample.basis.kiel, times)
        left = variances(sums, fitted, errors, ALL, times)
        taken_off = np.var(fitted.raw[left.used], ddof=1) - left.raw
        found.append([left.raw, left.corrected, taken_off])
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(mean[:2]) < 3 * error[:2]).all()
    assert (error[:2] < 0.1 * mean[2]).all()


def test_shares_of_plates():
    sample = Sample(9)
    sums = sample.sums()
    share = shares(sums)
    largest = [
        np.bincount(sample.plate[sample.pixel == pixel]).max() / (sample.pixel == pixel).sum()
        for pixel in range(PIXELS)
    ]
    assert np.bincount(sums.pixel, share) == pytest.approx(np.ones(PIXELS))
    assert largest_share(sums) == pytest.approx(largest)


def test_sums_do_not_depend_on_how_many_stars_are_in_memory(monkeypatch):
    sample = Sample(10)
    whole = sample.sums()
    monkeypatch.setattr("model.plate_sums.BLOCK", 70)
    done = []
    small = PlateSums.over(
        (sample.pixel, sample.plate), (PIXELS, PLATES), sample.label, sample.weight,
        lambda some: sample.columns[some], lambda *so_far: done.append(so_far),
    )  # fmt: skip
    assert small.sums == pytest.approx(whole.sums)
    assert small.products == pytest.approx(whole.products)
    assert len(done) > 20
    assert done[-1] == (STARS, STARS)


def test_splines_are_those_of_scipy_and_add_up_to_one():
    values = np.random.default_rng(11).normal(size=1000)
    splines = Splines.over(values, 4)
    places = np.linspace(splines.knots[0], splines.knots[-1], 50)
    columns = splines.columns(places)
    assert columns.sum(axis=1) == pytest.approx(np.ones(50))
    for number in range(splines.size):
        one = BSpline(splines.knots, np.eye(splines.size)[number], DEGREE)
        assert columns[:, number] == pytest.approx(one(places), abs=1e-12)
    beyond = splines.columns(np.array([-100.0, 100.0]))
    assert beyond[0, 0] == pytest.approx(1)
    assert beyond[1, -1] == pytest.approx(1)


@pytest.mark.parametrize("constant", ["teff", "logg", "fe_h"])
def test_a_quantity_that_is_the_same_for_all_has_no_function(constant):
    sample = Sample(12)
    given = {name: getattr(sample, name) for name in ("teff", "logg", "fe_h")}
    given[constant] = np.full(STARS, 1.0)
    with pytest.raises(ValueError, match="the same for all stars"):
        Basis.of(**given)
