"""Chemical distances (eq. 6): against a plain loop, what is missing, each abundance left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.chemical_distance import chemical_distances, differences, distances_without_each

NAN = np.nan


def plain(delta, sigma):
    """Equation 6 for one pair."""
    return sum((one / error) ** 2 for one, error in zip(delta, sigma, strict=True)) ** 0.5


@pytest.fixture
def sample():
    random = np.random.default_rng(1)
    return random.normal(0, 0.1, (50, 6)), random.uniform(0.05, 0.2, 6)


def test_distances_are_those_of_a_loop(sample):
    delta, sigma = sample
    expected = [plain(row, sigma) for row in delta]
    np.testing.assert_allclose(chemical_distances(delta, sigma), expected, rtol=1e-13)


def test_a_known_distance():
    np.testing.assert_allclose(chemical_distances([[0.3, -0.4]], [0.1, 0.1]), [5.0], rtol=1e-14)


def test_distances_of_gaussian_pairs_follow_chi(sample):
    """Two stars with errors sigma lie sqrt(2) chi apart, chi with L degrees of freedom."""
    from scipy import stats

    random, sigma = np.random.default_rng(2), sample[1]
    labels = random.normal(0, sigma, (8000, 6))
    first, second = np.arange(0, 8000, 2), np.arange(1, 8000, 2)
    distances = chemical_distances(differences(labels, first, second), sigma)
    assert stats.kstest(distances / np.sqrt(2), stats.chi(6).cdf).pvalue > 0.01


def test_differences_keep_what_float32_holds():
    values = np.array([[0.1, 5777], [0.25, NAN], [-0.5, 6000.5]], np.float32)
    found = differences(values, [0, 2], [2, 1])
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, [[np.float64(np.float32(0.1)) + 0.5, -223.5], [-0.75, NAN]])
    np.testing.assert_array_equal(differences([1.0, 4.0], [0], [1]), [-3.0])


def test_a_pair_that_lacks_an_abundance_has_no_distance(sample):
    delta, sigma = sample
    delta = delta.copy()
    delta[3, 2] = NAN
    found = chemical_distances(delta, sigma)
    assert np.flatnonzero(np.isnan(found)).tolist() == [3]
    assert np.isnan(distances_without_each(delta, sigma)[:, 3]).all()  # the same pairs whatever is left out
    assert np.isnan(distances_without_each(delta, sigma)).sum() == 6


def test_each_abundance_is_left_out_in_turn(sample):
    delta, sigma = sample
    found = distances_without_each(delta, sigma)
    for one in range(6):
        others = np.arange(6) != one
        np.testing.assert_allclose(
            found[one], chemical_distances(delta[:, others], sigma[others]), rtol=1e-13
        )


def test_an_abundance_that_dwarfs_the_others_leaves_them_exact():
    """No difference of large numbers is taken."""
    found = distances_without_each([[1e9, 1e-3]], [1.0, 1.0])
    np.testing.assert_array_equal(found, [[1e-3], [1e9]])


def test_a_scatter_may_be_that_of_each_pair(sample):
    delta, sigma = sample
    errors = np.tile(sigma, (50, 1))
    errors[7] *= 2
    found = chemical_distances(delta, errors)
    np.testing.assert_allclose(found[7], plain(delta[7], 2 * sigma))
    np.testing.assert_allclose(np.delete(found, 7), np.delete(chemical_distances(delta, sigma), 7))


@given(st.lists(st.integers(-5000, 5000), min_size=2, max_size=8), st.floats(0.01, 10))
def test_the_distance_scales_and_has_no_sign(delta, factor):
    row, sigma = np.array([delta]) / 1000, np.full(len(delta), 0.1)
    found = chemical_distances(row, sigma)
    np.testing.assert_allclose(chemical_distances(-row, sigma), found)
    np.testing.assert_allclose(chemical_distances(row, sigma * factor), found / factor, rtol=1e-12)
    assert (distances_without_each(row, sigma) <= found * (1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("delta", "sigma", "words"),
    [
        ([[0.1, 0.2]], [0.1], "expected one an abundance"),
        ([0.1], [0.1], r"expected \(pairs, abundances\)"),
        (np.zeros((3, 0)), [], "one or more"),
        ([[0.1]], [0.0], "not above 0"),
        ([[0.1]], [NAN], "not above 0"),
    ],
)
def test_what_cannot_be_a_distance_is_refused(delta, sigma, words):
    with pytest.raises(ValueError, match=words):
        chemical_distances(delta, sigma)


def test_one_abundance_cannot_be_left_out():
    with pytest.raises(ValueError, match="one abundance only"):
        distances_without_each([[0.1]], [0.1])
