"""Cross-validation: plain loops, stars without a trace in their own fold, labels whose answer is known."""

import numpy as np
import pytest

from model.cannon import Cannon
from model.correlation import Correlated, from_the_others
from model.extrapolation import Limits
from model.validation import CrossValidation, cross_validate, folds_of, relative_precision

NAMES = ("teff", "logg", "fe_h")
WAVELENGTH = np.linspace(4000.0, 4100.0, 80)
MIDDLE, WIDTH = np.array([5000.0, 3.0, -0.2]), np.array([400.0, 0.8, 0.3])


def terms_of(scaled):
    """1, linear, squares and products, spelt out."""
    a, b, c = scaled.T
    return np.stack([np.ones(len(a)), a, b, c, a * a, b * b, c * c, a * b, a * c, b * c], axis=1)


def stars(n, seed=1, blind=False):
    """Labels and spectra of a known quadratic model, S/N from 20 to 200; blind: fe_h leaves no trace."""
    random = np.random.default_rng(seed)
    labels = MIDDLE + WIDTH * random.standard_normal((n, 3))
    theta = np.random.default_rng(7).normal(0, 0.05, (10, len(WAVELENGTH)))
    theta[0] = 1
    theta[4:] /= 8
    if blind:
        theta[[3, 6, 8, 9]] = 0
    snr = np.exp(random.uniform(np.log(20), np.log(200), n))
    ivar = np.repeat(snr[:, np.newaxis] ** 2, len(WAVELENGTH), axis=1)
    flux = terms_of((labels - MIDDLE) / WIDTH) @ theta + random.standard_normal(ivar.shape) / np.sqrt(ivar)
    bad = random.random(ivar.shape) < 0.02
    return labels, np.where(bad, np.nan, flux), np.where(bad, 0.0, ivar), snr


def validate(labels, flux, ivar, **options):
    return cross_validate(labels, flux, ivar, label_names=NAMES, wavelength=WAVELENGTH, **options)


@pytest.fixture(scope="module")
def sample():
    return stars(300)


@pytest.fixture(scope="module")
def validation(sample):
    return validate(*sample[:3], seed=5)


# folds


@pytest.mark.parametrize(("n", "folds"), [(300, 12), (25, 12), (12, 12), (7, 2)])
def test_folds_are_even_and_hold_every_star_once(n, folds):
    fold = folds_of(n, folds, seed=1)
    counts = np.bincount(fold, minlength=folds)
    assert fold.shape == (n,)
    assert counts.sum() == n
    assert counts.max() - counts.min() <= 1
    assert counts.min() >= 1


def test_folds_follow_their_seed_and_not_the_order_of_stars():
    first, again, other = (folds_of(500, 12, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert 0.05 < np.mean(first == other) < 0.12
    assert np.mean(np.diff(first) == 1) < 0.2


def test_spectra_of_one_star_stay_together():
    star = np.random.default_rng(1).integers(0, 90, 300)
    fold = folds_of(300, 12, seed=1, groups=star)
    together = {(one, where) for one, where in zip(star, fold, strict=True)}
    assert len(together) == len(np.unique(star))
    named = folds_of(300, 12, seed=1, groups=np.array([f"star {one:03}" for one in star]))
    np.testing.assert_array_equal(named, fold)


@pytest.mark.parametrize(
    ("n", "folds", "groups", "words"),
    [
        (10, 1, None, "1 folds of 10 stars"),
        (10, 11, None, "11 folds of 10 stars"),
        (10, 4, np.arange(10) % 3, "4 folds of 3 stars"),
        (10, 4, np.arange(9), "groups has shape"),
    ],
)
def test_impossible_folds_are_refused(n, folds, groups, words):
    with pytest.raises(ValueError, match=words):
        folds_of(n, folds, seed=1, groups=groups)


# cross-validation


def test_it_is_a_loop_over_folds(sample, validation):
    labels, flux, ivar, _ = sample
    assert set(validation.fold) == set(range(12))
    for one in range(12):
        left = validation.fold == one
        model = Cannon.train(
            labels[~left], flux[~left], ivar[~left], label_names=NAMES, wavelength=WAVELENGTH
        )
        expected = model.infer(flux[left], ivar[left])
        sigma = np.sqrt(np.einsum("nll->nl", expected.covariance))
        np.testing.assert_allclose(validation.formal[left], sigma, rtol=1e-4)
        assert np.max(np.abs(validation.inferred[left] - expected.labels) / sigma) < 1e-3
        np.testing.assert_allclose(validation.chi2[left], expected.chi2, rtol=1e-4)
        np.testing.assert_array_equal(validation.dof[left], expected.dof)
        np.testing.assert_array_equal(validation.converged[left], expected.converged)
    np.testing.assert_array_equal(validation.true, labels)


def test_known_labels_are_recovered_as_well_as_noise_allows(validation):
    found = validation.recovery()
    assert found.n.tolist() == [[300] * 3]
    pulls = validation.residuals / validation.formal
    assert np.all(np.abs(pulls.std(axis=0) - 1) < 0.15)
    assert np.all(np.abs(found.bias) < 4 * found.scatter / np.sqrt(300))
    assert np.all(found.correlation > 0.99)
    assert validation.converged.all()


def test_a_star_leaves_no_trace_in_its_own_fold(sample, validation):
    """A wrong label changes what is inferred for the stars of other folds, and not for the star itself."""
    labels, flux, ivar, _ = sample
    changed = labels.copy()
    changed[17, 2] += 1.5
    again = validate(changed, flux, ivar, seed=5)
    mine = validation.fold == validation.fold[17]
    moved = np.abs(again.inferred - validation.inferred) / validation.formal
    assert moved[mine].max() < 1e-3
    assert moved[~mine].max() > 0.1


def test_a_label_without_a_trace_in_spectra_is_not_recovered():
    labels, flux, ivar, _ = stars(300, blind=True)
    found = validate(labels, flux, ivar, folds=4).recovery()
    assert np.all(found.correlation[0, :2] > 0.99)
    assert abs(found.correlation[0, 2]) < 0.3
    assert found.scatter[0, 2] > 0.9 * WIDTH[2]


def test_the_model_of_all_stars_comes_with_it(sample, validation):
    labels, flux, ivar, _ = sample
    full = Cannon.train(labels, flux, ivar, label_names=NAMES, wavelength=WAVELENGTH)
    np.testing.assert_array_equal(validation.full.theta, full.theta)
    assert validation.full.n_train == 300


def test_options_reach_training(sample):
    labels, flux, ivar, _ = sample
    linear = np.vstack([np.zeros(3, int), np.eye(3, dtype=int)])
    mask = np.ones((len(WAVELENGTH), 3), dtype=bool)
    mask[:, 1] = False
    mask[:40, 1] = True
    options = {"terms": linear, "mask": mask, "offset": MIDDLE, "scale": WIDTH, "dof_correction": True}
    found = validate(labels, flux, ivar, folds=3, **options)
    left = found.fold == 1
    model = Cannon.train(
        labels[~left], flux[~left], ivar[~left], label_names=NAMES, wavelength=WAVELENGTH, **options
    )
    expected = model.infer(flux[left], ivar[left]).labels
    assert np.max(np.abs(found.inferred[left] - expected) / found.formal[left]) < 1e-3


def test_label_errors_go_with_their_stars(sample):
    labels, flux, ivar, _ = sample
    errors = np.outer(np.linspace(0, 1, 300), 0.2 * WIDTH)
    found = validate(labels, flux, ivar, folds=3, label_errors=errors)
    left = found.fold == 2
    model = Cannon.train(
        labels[~left], flux[~left], ivar[~left],
        label_names=NAMES, wavelength=WAVELENGTH, label_errors=errors[~left],
    )  # fmt: skip
    expected = model.infer(flux[left], ivar[left]).labels
    assert np.max(np.abs(found.inferred[left] - expected) / found.formal[left]) < 1e-3


def test_progress_is_told(sample):
    seen = []
    validate(*(part[:60] for part in sample[:3]), folds=4, progress=lambda *done: seen.append(done))
    trained = [done for done, _, what in seen if what == "pixels trained"]
    assert trained == sorted(trained)
    assert trained[-1] == len(WAVELENGTH)
    assert seen[len(trained) :] == [(one, 4, "folds tested") for one in (1, 2, 3, 4)]


def test_callers_arrays_are_left_alone(sample):
    given = [part[:60].copy() for part in sample[:3]]
    before = [part.copy() for part in given]
    found = validate(*given, folds=4)
    for part, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(part, old)
    given[0][:] = 0
    np.testing.assert_array_equal(found.true, before[0])


@pytest.mark.parametrize(
    ("n", "options", "words"),
    [
        (20, {"folds": 2}, "20 stars in 2 folds leave 10 to train on, and 10 terms need 11 or more"),
        (11, {"folds": 11}, "leave 10 to train on"),
        (40, {"folds": 50}, "50 folds of 40 stars"),
        (30, {"groups": np.arange(30) // 15, "folds": 2}, None),
        (20, {"groups": np.arange(20) // 10, "folds": 2}, "leave 10 to train on"),
    ],
)
def test_folds_that_leave_too_few_stars_are_refused(sample, n, options, words):
    part = [values[:n] for values in sample[:3]]
    if words is None:
        assert validate(*part, **options).inferred.shape == (n, 3)
        return
    with pytest.raises(ValueError, match=words):
        validate(*part, **options)


def test_stars_that_do_not_belong_together_are_refused(sample):
    labels, flux, ivar, _ = sample
    with pytest.raises(ValueError, match="do not belong together"):
        validate(labels[:-1], flux, ivar)
    with pytest.raises(ValueError, match="do not belong together"):
        validate(labels, flux, ivar, label_errors=np.zeros((5, 3)))


# what is said of it


def made_up(true, inferred, fold=None):
    """Cross-validation of which only labels matter."""
    n = len(true)
    fold = folds_of(n, 12, seed=1) if fold is None else fold
    names = tuple(f"label {one}" for one in range(true.shape[1]))
    ones = np.ones(n)
    model = Cannon(
        np.zeros((1, 1)), np.zeros(1), np.zeros(len(names)), np.ones(len(names)),
        np.zeros((1, len(names))), names, np.ones(1), None, n,
    )  # fmt: skip
    return CrossValidation(
        names, true, inferred, np.ones(true.shape), ones, ones.astype(int), ones > 0, fold, model
    )


def test_recovery_in_bins_is_numpys():
    random = np.random.default_rng(1)
    true = random.standard_normal((200, 2))
    inferred = true + random.normal(0.1, 0.5, (200, 2))
    true[3, 0], inferred[8, 1] = np.nan, np.nan
    snr = random.uniform(0, 100, 200)
    found = made_up(true, inferred).recovery(snr, [10, 40, 100, 200])
    for one, (low, high) in enumerate([(10, 40), (40, 100)]):
        for label in range(2):
            use = (snr >= low) & (snr < high) & np.isfinite(true[:, label] + inferred[:, label])
            t, x = true[use, label], inferred[use, label]
            assert found.n[one, label] == use.sum()
            assert found.bias[one, label] == pytest.approx(np.mean(x - t))
            assert found.scatter[one, label] == pytest.approx(np.std(x - t, ddof=1))
            assert found.correlation[one, label] == pytest.approx(np.corrcoef(t, x)[0, 1])
    assert found.n[2].tolist() == [0, 0]
    for values in (found.bias, found.scatter, found.core, found.correlation):
        assert np.isnan(values[2]).all()


def test_scatter_falls_with_signal_to_noise(sample, validation):
    found = validation.recovery(sample[3], [20, 43, 93, 200])
    assert found.n.sum() == 900
    assert np.all(np.diff(found.scatter, axis=0) < 0)


def test_bins_need_both_quantity_and_edges(validation):
    with pytest.raises(ValueError, match="give both"):
        validation.recovery(by=np.ones(300))
    with pytest.raises(ValueError, match="give both"):
        validation.recovery(edges=[0, 1])


def test_a_constant_or_two_stars_have_no_correlation():
    true = np.column_stack([np.arange(5.0), np.ones(5), [1, 2, *[np.nan] * 3]])
    found = made_up(true, np.arange(15.0).reshape(5, 3), np.zeros(5, int)).recovery()
    assert np.isnan(found.correlation[0]).tolist() == [False, True, True]


def test_precision_relative_to_the_range_is_that_of_fig_7():
    limits = [
        Limits(-0.5, 0.5, low_reached=True, high_reached=True),
        Limits(1, 1, low_reached=True, high_reached=True),
    ]
    assert relative_precision([0.2, 0.1], limits).tolist() == [0.4, np.inf]


# measured or correlated?


def family(n=4000, own=0.2, seed=1):
    """Two free labels, and a third that follows them but for a scatter of its own."""
    random = np.random.default_rng(seed)
    a, b, e = random.standard_normal((3, n))
    return np.column_stack([a, b, 0.5 * a + 0.2 * b**2 - 0.3 * a * b + own * e])


def test_a_measured_label_has_the_ratio_and_correlation_of_algebra():
    true = family()
    inferred = true + np.random.default_rng(2).normal(0, 0.1, true.shape)
    found = Correlated.of(made_up(true, inferred))
    assert found.scatter[2] == pytest.approx(0.2, rel=0.05)
    assert found.ratio[2] == pytest.approx(0.5, rel=0.05)
    assert found.partial[2] == pytest.approx(2 / np.sqrt(5), abs=0.02)
    assert found.ratio_interval[0, 2] < found.ratio[2] < found.ratio_interval[1, 2] < 0.55
    assert found.partial_interval[0, 2] < found.partial[2] < found.partial_interval[1, 2]


def test_a_label_told_by_the_others_alone_is_found_out():
    """It looks measured: it correlates with the truth as well as the other labels allow."""
    true = family()
    inferred = true + np.random.default_rng(2).normal(0, 0.02, true.shape)
    a, b = inferred[:, 0], inferred[:, 1]
    inferred[:, 2] = 0.5 * a + 0.2 * b**2 - 0.3 * a * b
    found = Correlated.of(made_up(true, inferred))
    assert made_up(true, inferred).recovery().correlation[0, 2] > 0.9
    assert found.ratio[2] == pytest.approx(1, abs=0.02)
    assert found.ratio_interval[1, 2] > 0.99
    assert found.partial_interval[0, 2] < 0 < found.partial_interval[1, 2]
    assert found.ratio[:2].max() < 0.1


def test_prediction_from_the_others_is_a_parabola_of_the_other_folds():
    random = np.random.default_rng(4)
    a = random.standard_normal(90)
    true = np.column_stack([a, a**2 + 0.1 * random.standard_normal(90)])
    fold = folds_of(90, 5, seed=1)
    found = Correlated.of(made_up(true, true + 0.01 * random.standard_normal(true.shape), fold), draws=3)
    for one in range(5):
        left = fold == one
        parabola = np.polyfit(true[~left, 0], true[~left, 1], 2)
        np.testing.assert_allclose(found.predicted[left, 1], np.polyval(parabola, true[left, 0]), rtol=1e-9)


def test_bootstrap_intervals_hold_the_scatter_of_independent_sets():
    def found(seed, draws):
        true = family(200, seed=seed)
        inferred = true + np.random.default_rng(1000 + seed).normal(0, 0.1, true.shape)
        return Correlated.of(made_up(true, inferred), draws=draws)

    ratios = [found(seed, 1).ratio[2] for seed in range(40)]
    low, high = found(99, 300).ratio_interval[:, 2]
    assert 0.6 < (high - low) / (4 * np.std(ratios)) < 1.6


def test_stars_that_lack_a_label_are_left_out_of_its_comparison():
    true = family(400)
    true[:50, 2] = np.nan
    true[50:60, 0] = np.nan
    inferred = np.nan_to_num(true) + 0.1 * np.random.default_rng(2).standard_normal(true.shape)
    found = Correlated.of(made_up(true, inferred), draws=5)
    np.testing.assert_array_equal(np.isnan(found.predicted[:, 2]), np.arange(400) // 10 == 5)
    assert np.isnan(found.predicted[:50, 0]).all()
    assert np.isfinite(found.ratio).all()
    assert found.ratio[2] == pytest.approx(0.5, rel=0.2)


def test_nothing_is_said_where_too_few_stars_have_all_their_labels():
    """Of label 2 six others are too few for a parabola of two labels; the others have enough."""
    true = family(60)
    true[9:, 0] = np.nan
    inferred = np.nan_to_num(true) + 0.1
    found = Correlated.of(made_up(true, inferred, np.arange(60) % 3), draws=5)
    assert np.isnan(found.predicted[:, [1, 2]]).all()
    assert np.isnan(np.concatenate([found.scatter, found.ratio, found.ratio_interval[0]])).all()
    true[9:20, 0] = 0.5
    found = Correlated.of(made_up(true, inferred, np.arange(60) % 3), draws=5)
    assert np.isfinite(found.scatter).all()


def test_a_fold_that_leaves_too_few_stars_is_left_out():
    true = family(30)
    fold = np.array([0] * 25 + [1] * 5)
    predicted = from_the_others(true, true, fold)
    assert np.isnan(predicted[:25]).all()
    assert np.isfinite(predicted[25:]).all()
