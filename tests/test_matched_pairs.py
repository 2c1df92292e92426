"""Field pairs matched to binaries: every rule held pair by pair, all proposals equally likely, few stars."""

import numpy as np
import pytest
from scipy import stats

from model.balance import balance
from model.matched_pairs import STAR_WIDTHS, Matching, match_pairs, within_cuts

NAN = np.nan


def dwarfs(number, seed=1):
    """Stars like those of a survey: T_eff, log g, [Fe/H], S/N and plates."""
    random = np.random.default_rng(seed)
    teff = random.uniform(4800, 6500, number)
    return {
        "teff": teff,
        "logg": 4.9 - (teff - 4000) / 4000 + random.normal(0, 0.1, number),
        "fe_h": random.normal(-0.2, 0.25, number),
        "log_snr": random.normal(1.7, 0.25, number),
        "plate": random.integers(0, 8, number),
    }


def binaries(stars, number, seed=2):
    """Pairs of rows that lie closer in [Fe/H] and T_eff than field pairs do."""
    random = np.random.default_rng(seed)
    rows = random.permutation(len(stars["teff"]))[: 2 * number].reshape(2, -1)
    stars["fe_h"][rows[1]] = stars["fe_h"][rows[0]] + random.normal(0, 0.06, number)
    stars["teff"][rows[1]] = stars["teff"][rows[0]] + random.uniform(-240, 240, number)
    stars["plate"][rows[1]] = stars["plate"][rows[0]]
    return rows


def apart(values, first, second):
    return np.abs(values[first] - values[second])


@pytest.fixture(scope="module")
def sample():
    stars = dwarfs(60_000)
    return stars, binaries(stars, 142)


@pytest.fixture(scope="module")
def matched(sample):
    stars, rows = sample
    return match_pairs(*rows, stars, np.ones(60_000, bool), np.random.default_rng(3))


# the paper's matching


def test_each_binary_gets_its_field_pairs(matched):
    assert matched.first.shape == matched.second.shape == (142, 20)
    assert (matched.found == 20).all()
    assert matched.accepted == 142 * 20 < matched.proposals
    np.testing.assert_allclose(matched.weight.sum(axis=1), 1)


def test_no_star_is_taken_twice_nor_any_of_a_binary(sample, matched):
    taken = np.concatenate([matched.first.ravel(), matched.second.ravel(), *sample[1]])
    assert np.unique(taken).size == taken.size


def test_pairs_of_a_set_differ_by_less_than_the_window(sample, matched):
    stars, rows = sample
    field = apart(stars["fe_h"], matched.first, matched.second)
    every = np.column_stack([apart(stars["fe_h"], *rows), field])
    assert (np.ptp(every, axis=1) <= 0.02).all()
    assert (apart(stars["teff"], matched.first, matched.second) < 250).all()


def test_delta_fe_h_is_distributed_as_in_the_binaries(sample, matched):
    stars, rows = sample
    own, field = apart(stars["fe_h"], *rows), apart(stars["fe_h"], matched.first, matched.second)
    found = balance("fe_h", own, field, matched.weight)
    assert found.balanced
    assert found.distance < 0.05
    random = np.random.default_rng(4).permutation(60_000).reshape(2, -1)
    assert not balance(
        "fe_h", own, apart(stars["fe_h"], *random)
    ).balanced  # what is matched was not so before


def test_a_binary_may_be_anywhere_in_its_set(sample):
    """Its rank among the pairs matched to it is uniform: the windows lie about it at random."""
    stars, rows = sample
    ranks = []
    for seed in range(12):
        found = match_pairs(
            *rows, stars, np.ones(60_000, bool), np.random.default_rng(seed), Matching(sought=9)
        )
        field = apart(stars["fe_h"], found.first, found.second)
        ranks.append((field < apart(stars["fe_h"], *rows)[:, None]).sum(axis=1))
    counts = np.bincount(np.concatenate(ranks), minlength=10)
    assert stats.chisquare(counts).pvalue > 0.001


def test_the_same_seed_gives_the_same_pairs(sample, matched):
    stars, rows = sample
    again = match_pairs(*rows, stars, np.ones(60_000, bool), np.random.default_rng(3))
    np.testing.assert_array_equal(again.first, matched.first)
    other = match_pairs(*rows, stars, np.ones(60_000, bool), np.random.default_rng(4))
    assert (other.first != matched.first).any()


def test_only_eligible_stars_with_all_values_are_taken(sample):
    stars, rows = sample
    stars = {name: values.astype(float) for name, values in stars.items()}
    eligible = np.random.default_rng(5).random(60_000) < 0.3
    lacking = np.setdiff1d(np.arange(0, 60_000, 3), rows)
    stars["fe_h"][lacking] = NAN
    found = match_pairs(*rows, stars, eligible, np.random.default_rng(5))
    taken = np.concatenate([found.first, found.second])
    assert eligible[taken].all()
    assert not np.isin(taken, lacking).any()
    assert found.found.min() > 0


# more to match


def test_each_star_may_be_matched_too(sample):
    stars, rows = sample
    rules = Matching(pair={"fe_h": 0.02, "teff": 80.0}, star=STAR_WIDTHS, sought=5)
    found = match_pairs(*rows, stars, np.ones(60_000, bool), np.random.default_rng(6), rules)
    assert (found.found > 0).mean() > 0.5
    there = found.first >= 0
    for own, field in zip(rows, (found.first, found.second), strict=True):
        for name, width in STAR_WIDTHS.items():
            off = np.abs(stars[name][field] - stars[name][own][:, None])
            assert (off[there] <= width).all(), name
    off = apart(stars["teff"], found.first, found.second) - apart(stars["teff"], *rows)[:, None]
    assert (np.abs(off)[there] <= 80).all()


def test_each_star_may_be_of_the_plate_of_the_binary(sample):
    stars, rows = sample
    found = match_pairs(
        *rows, stars, np.ones(60_000, bool), np.random.default_rng(7), Matching(plate=True, sought=6)
    )
    assert (found.found == 6).all()
    for own, field in zip(rows, (found.first, found.second), strict=True):
        assert (stars["plate"][field] == stars["plate"][own][:, None]).all()


@pytest.mark.parametrize("extra", [{}, {"teff": 600.0}, {"logg": 0.5}])
def test_pairs_are_those_that_match_and_all_equally_likely(extra):
    """Against the list of all pairs of few stars; one field pair is drawn at a time."""
    stars = dwarfs(26, seed=8)
    stars["fe_h"] = np.round(stars["fe_h"], 1)
    stars["fe_h"][:2] = [-0.2, 0.0]
    stars["teff"][:2] = [5500, 5600]
    rules = Matching(teff_cut=900.0, pair={"fe_h": 0.18}, star=extra, sought=1)
    counts = np.zeros((26, 26))
    random, draws = np.random.default_rng(9), 4000
    for _ in range(draws):
        found = match_pairs([0], [1], stars, np.ones(26, bool), random, rules)
        counts[found.first[0, 0], found.second[0, 0]] += found.found[0]
    one, other = np.indices((26, 26))
    difference = apart(stars["fe_h"], one, other)
    surely = (one != other) & (np.minimum(one, other) > 1) & (apart(stars["teff"], one, other) < 900)
    possible = surely & (np.abs(difference - 0.2) < 0.18)
    surely &= np.abs(difference - 0.2) < 0.08
    for name, width in extra.items():
        off = [np.abs(stars[name][end] - stars[name][own]) for own, end in ((0, one), (1, other))]
        possible &= np.maximum(*off) <= width
        surely &= np.maximum(*off) <= 1e-9
    assert not counts[~possible].any()
    if not extra:  # |Delta| 0.2 is in every window
        middle = surely & np.isclose(difference, 0.2)
        assert middle.sum() > 20
        assert stats.chisquare(counts[middle]).pvalue > 0.001


# what cannot be matched


def test_a_binary_like_no_others_gets_none_and_few_stars_give_few():
    stars = dwarfs(300, seed=10)
    stars["fe_h"][0] = 9.0
    rows = np.array([[0, 2], [1, 3]])
    rules = Matching(proposals=20_000, sought=400)
    found = match_pairs(*rows, stars, np.ones(300, bool), np.random.default_rng(11), rules)
    assert found.found[0] == 0
    assert (found.first[0] == -1).all()
    assert 0 < found.found[1] <= 148
    assert (found.first[1, found.found[1] :] == -1).all()
    np.testing.assert_allclose(found.weight.sum(axis=1), [0, 1])
    assert found.proposals <= 2 * (20_000 + 4096)


def test_a_binary_without_a_value_or_a_field_without_stars_gives_none():
    stars = dwarfs(300, seed=12)
    stars["fe_h"][0] = NAN
    found = match_pairs([0], [1], stars, np.ones(300, bool), np.random.default_rng(1))
    assert (found.accepted, found.proposals) == (0, 0)
    none = match_pairs([2], [3], stars, np.zeros(300, bool), np.random.default_rng(1))
    assert none.found.tolist() == [0]
    empty = match_pairs([], [], stars, np.ones(300, bool), np.random.default_rng(1))
    assert empty.first.shape == (0, 20)


def test_mistakes_are_told():
    stars = dwarfs(30)
    with pytest.raises(ValueError, match="by plate, s_fe, which the stars do not have"):
        match_pairs(
            [0], [1], {"teff": stars["teff"], "fe_h": stars["fe_h"]}, np.ones(30, bool),
            np.random.default_rng(1), Matching(star={"s_fe": 0.1}, plate=True),
        )  # fmt: skip
    with pytest.raises(ValueError, match="leaves no pair"):
        Matching(pair={"fe_h": 0.0})
    with pytest.raises(ValueError, match="expected 1 or more"):
        Matching(sought=0)


def test_cuts_of_pairs():
    teff = np.array([5000.0, 5249.0, 5250.0, NAN, 5000.0])
    eligible = np.array([True, True, True, True, False])
    found = within_cuts([0, 0, 0, 0, 2], [1, 2, 3, 4, 1], eligible, teff)
    assert found.tolist() == [True, False, False, False, True]
