"""AUC, interval, permutation test: brute force, scipy, closed forms, coverage, p uniform under the null."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.auc import (
    MATCHED,
    MatchedSets,
    auc,
    auc_interval,
    clusters_of,
    contributions,
    permutation_test,
)
from model.chemical_distance import chemical_distances, differences, distances_without_each
from model.matched_pairs import Matching, match_pairs, within_cuts

NAN = np.nan
few = st.lists(st.integers(0, 6), min_size=1, max_size=12)


def sets_of(binary, field, cluster=None):
    """Matched sets, each binary a cluster unless said."""
    own = np.asarray(binary, float)
    return MatchedSets(own, np.asarray(field, float), np.arange(len(own)) if cluster is None else cluster)


def counted(binary, field, weight):
    """The AUC by counting every binary against every field pair."""
    won = total = 0.0
    for own in binary:
        for other, times in zip(field, weight, strict=True):
            won += times * ((own < other) + (own == other) / 2)
            total += times
    return won / total


# the AUC


@given(few, few)
def test_the_auc_is_that_of_counting(binary, field):
    weight = 1.0 + np.arange(len(field))
    assert auc(binary, field) == pytest.approx(counted(binary, field, np.ones(len(field))))
    assert auc(binary, field, None, weight) == pytest.approx(counted(binary, field, weight))
    assert auc(binary, field) + auc(field, binary) == pytest.approx(1)


def test_the_auc_is_that_of_scipy():
    random = np.random.default_rng(1)
    binary, field = np.round(random.exponential(1, 90), 1), np.round(random.exponential(2, 400), 1)
    assert auc(binary, field) == pytest.approx(stats.mannwhitneyu(field, binary).statistic / (90 * 400))


def test_the_auc_of_exponentials_is_the_closed_form():
    random = np.random.default_rng(2)
    assert auc(random.exponential(1, 20_000), random.exponential(3, 20_000)) == pytest.approx(0.75, abs=0.01)


def test_without_distances_there_is_no_auc():
    assert np.isnan(auc([], []))
    assert np.isnan(auc([1.0], []))
    assert np.isnan(auc([1.0], [2.0], [1.0], [0.0]))


# matched sets


def test_every_set_counts_the_same_and_what_is_missing_takes_no_part():
    field = [[3.0, NAN, 1.0], [2.0, NAN, NAN], [NAN, NAN, NAN], [0.0, 0.0, 0.0]]
    sets = sets_of([2.0, 1.5, 0.0, NAN], field)
    found = auc_interval(sets, np.random.default_rng(1), 50)
    expected = counted([2.0, 1.5], [3.0, 1.0, 2.0], [0.5, 0.5, 1.0])
    assert found.value == pytest.approx(expected)
    assert (found.binaries, found.field_pairs, found.clusters) == (2, 3, 2)
    nothing = auc_interval(sets_of([NAN], [[1.0]]), np.random.default_rng(1), 50)
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    one = auc_interval(sets_of([1.0], [[2.0]]), np.random.default_rng(1), 50)
    assert one.value == 1
    assert np.isnan([one.low, one.high]).all()  # one cluster has no scatter


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="expected"):
        MatchedSets(np.zeros(3), np.zeros((2, 4)), np.zeros(3, int))


def test_pairs_that_share_stars_are_one_cluster():
    first, second = [10, 7, 3, 99, 5], [11, 8, 10, 8, 6]
    found = clusters_of(first, second)
    assert found[0] == found[2]
    assert found[1] == found[3]
    assert len(set(found.tolist())) == 3
    assert sorted(set(found.tolist())) == [0, 1, 2]
    assert clusters_of([], []).size == 0


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(13, 25)), min_size=1, max_size=15))
def test_clusters_are_those_of_joining_by_hand(pairs):
    groups = []
    for pair in pairs:
        touched = [group for group in groups if group & set(pair)]
        groups = [group for group in groups if group not in touched] + [set(pair).union(*touched)]
    found = clusters_of(*np.array(pairs).T)
    for one, own in zip(pairs, found, strict=True):
        for other, theirs in zip(pairs, found, strict=True):
            together = any(one[0] in group and other[0] in group for group in groups)
            assert together == (own == theirs)


# the interval


def test_the_bootstrap_is_that_of_copies():
    """The same draws of clusters, with sets copied as often as they are drawn."""
    random = np.random.default_rng(3)
    binary, field = np.round(random.random(20), 1), np.round(random.random((20, 4)), 1)
    field[3, 1:] = NAN
    cluster = random.integers(0, 9, 20)
    found = auc_interval(sets_of(binary, field, cluster), np.random.default_rng(4), 40)
    random, names, values = np.random.default_rng(4), np.unique(cluster), []
    for _ in range(40):
        drawn = names[random.integers(0, len(names), len(names))]
        rows = np.concatenate([np.flatnonzero(cluster == one) for one in drawn])
        own, others = binary[rows], field[rows]
        weight = np.isfinite(others) / np.isfinite(others).sum(axis=1)[:, None]
        there = np.isfinite(others)
        values.append(counted(own, others[there], weight[there]))
    clusters = len(names)
    tail = stats.norm.cdf(stats.t.ppf(0.025, clusters - 1) * np.sqrt(clusters / (clusters - 1)))
    np.testing.assert_allclose((found.low, found.high), np.quantile(values, [tail, 1 - tail]), rtol=1e-12)


def clustered(random, number=60, shift=0.8, together=0.8):
    """Gaussian distances: AUC = Phi(shift / sqrt 2). Pairs of a cluster share part of theirs."""
    size = random.integers(1, 4, number)
    cluster = np.repeat(np.arange(number), size)
    shared = np.sqrt(together) * random.normal(size=number)
    binary = shared[cluster] + np.sqrt(1 - together) * random.normal(size=len(cluster))
    return sets_of(binary, random.normal(shift, 1, (len(cluster), 10)), cluster)


def test_intervals_cover_the_truth_as_often_as_they_say():
    truth, seeds = stats.norm.cdf(0.8 / np.sqrt(2)), 300
    covered = alone = 0
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        sets = clustered(random)
        found = auc_interval(sets, random, 300)
        covered += found.low <= truth <= found.high
        each = auc_interval(sets_of(sets.binary, sets.field), random, 300)
        alone += each.low <= truth <= each.high
    assert stats.binomtest(covered, seeds, 0.95).pvalue > 0.01
    assert (
        stats.binomtest(alone, seeds, 0.95).pvalue < 0.001
    )  # were clusters not known, they would be too short


def test_progress_is_told_and_can_stop_it():
    told = []
    sets = sets_of([1.0, 2.0], [[2.0], [3.0]])
    auc_interval(sets, np.random.default_rng(1), 5, progress=lambda *done: told.append(done))
    assert told == [(draw, 5) for draw in range(1, 6)]

    def stop(done, _):
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        permutation_test(sets_of([1.0], [[2.0]]), np.random.default_rng(1), 5, progress=stop)


# each abundance


def test_an_abundance_adds_what_the_auc_loses_without_it():
    random = np.random.default_rng(5)
    number, sigma = 300, np.array([0.1, 0.1, 0.1])
    tight = np.array([0.02, 0.1, 0.1])  # the first alone tells binaries
    binary, field = random.normal(0, tight, (number, 3)), random.normal(0, 0.1, (number, 10, 3))
    flat = field.reshape(-1, 3)
    sets = sets_of(chemical_distances(binary, sigma), chemical_distances(flat, sigma).reshape(number, 10))
    without = (
        distances_without_each(binary, sigma),
        distances_without_each(flat, sigma).reshape(3, number, 10),
    )
    found = contributions(sets, *without, np.random.default_rng(6), 200)
    whole = auc_interval(sets, np.random.default_rng(6), 200).value
    for one in range(3):
        alone = auc(without[0][one], without[1][one].ravel())
        assert found.without[one] == pytest.approx(alone)
        assert found.gain[one] == pytest.approx(whole - alone)
    assert found.low[0] > 0.05
    assert (found.high[1:] < 0.02).all()
    assert (found.low <= found.gain).all()
    assert (found.gain <= found.high).all()


# the test


def test_p_is_that_of_all_arrangements_of_few_sets():
    """Three sets of two: the eight arrangements, counted, against those drawn."""
    binary, field = [1.0, 2.0, 3.0], [[2.5], [1.5], [4.0]]
    found = permutation_test(sets_of(binary, field), np.random.default_rng(7), 4000)
    observed, reached = auc(binary, np.ravel(field)), 0
    for swap in range(8):
        turned = [(swap >> one) & 1 for one in range(3)]
        own = [field[one][0] if turned[one] else binary[one] for one in range(3)]
        others = [binary[one] if turned[one] else field[one][0] for one in range(3)]
        reached += auc(own, others) >= observed - 1e-12
    assert found.observed == pytest.approx(observed)
    assert found.p == pytest.approx(reached / 8, abs=4 * np.sqrt(0.25 / 4000))


def test_one_binary_of_each_cluster_takes_part_and_the_smallest_p_is_known():
    binary, field = np.zeros(40), np.ones((40, 2 * MATCHED))
    found = permutation_test(sets_of(binary, field, np.arange(40) // 2), np.random.default_rng(8), 199)
    assert (found.binaries, found.observed, found.p) == (20, 1.0, 1 / 200)
    none = permutation_test(sets_of([NAN], [[1.0]]), np.random.default_rng(8), 10)
    assert np.isnan([none.p, none.observed]).all()
    assert none.binaries == 0


def field_of(random, number=1500):
    """Stars whose two abundances follow [Fe/H] and T_eff, with scatter."""
    teff, fe_h = random.uniform(5000, 6200, number), random.normal(-0.2, 0.25, number)
    trend = np.column_stack([-0.3 * fe_h, 0.2 * fe_h + (teff - 5600) / 4000])
    return {"teff": teff, "fe_h": fe_h}, trend + random.normal(0, 0.1, (number, 2))


def sets_in(stars, labels, rows, random, rules):
    """Matching and distances, as a page would do it."""
    found = match_pairs(*rows, stars, np.ones(len(labels), bool), random, rules)
    own = chemical_distances(differences(labels, *rows), [0.1, 0.1])
    field = chemical_distances(
        differences(labels, found.first.ravel(), found.second.ravel()), [0.1, 0.1]
    ).reshape(found.first.shape)
    field[found.first < 0] = NAN
    return sets_of(own, field, clusters_of(*rows))


def test_p_is_uniform_when_pairs_are_field_pairs_themselves():
    """Shuffled partners, through the whole of matching and test; with stars that are in two pairs."""
    found, rules = [], Matching(sought=12, proposals=1 << 14)
    for seed in range(200):
        random = np.random.default_rng(seed)
        stars, labels = field_of(random)
        rows = random.permutation(1500)[:120].reshape(2, -1)
        rows[0, :5] = rows[0, 5:10]
        rows = rows[:, within_cuts(*rows, np.ones(1500, bool), stars["teff"])]
        sets = sets_in(stars, labels, rows, random, rules)
        found.append(permutation_test(sets, random, 99).p)
    jittered = np.array(found) - np.random.default_rng(0).random(200) / 100  # p has steps of 1 / 100
    assert stats.kstest(jittered, "uniform").pvalue > 0.01


def test_planted_binaries_are_found_where_field_pairs_are_as_close_in_iron():
    random = np.random.default_rng(9)
    stars, labels = field_of(random, 20_000)
    rows = random.permutation(20_000)[:284].reshape(2, -1)
    for name, scatter in (("fe_h", 0.05), ("teff", 80.0)):
        stars[name][rows[1]] = stars[name][rows[0]] + random.normal(0, scatter, 142)
    labels[rows[1]] = labels[rows[0]] + random.normal(0, 0.07, (142, 2))
    rows = rows[:, within_cuts(*rows, np.ones(20_000, bool), stars["teff"])]
    sets = sets_in(stars, labels, rows, random, Matching())
    found = auc_interval(sets, random, 400)
    assert 0.6 < found.low < found.value < found.high < 0.9
    assert permutation_test(sets, random, 199).p == 1 / 200
