"""Terms and the polynomial chi2 is of them, against plain products, finite differences and random draws."""

import itertools
import math

import numpy as np
import pytest

from model.expectation import Surface, expected_products
from model.newton import _evaluate, factorise, substitute
from model.terms import checked_terms, expand, form_of, products_of, quadratic_terms, slopes

ODD = np.array([[0, 0, 0], [1, 0, 0], [0, 3, 0], [1, 1, 1], [0, 0, 2]])
LISTS = [
    quadratic_terms(1),
    quadratic_terms(4),
    quadratic_terms(9),
    np.array([[0, 0], [1, 0], [0, 1]]),
    np.array([[1, 0], [0, 2]]),
    ODD,
    np.array([powers for powers in itertools.product(range(4), repeat=3) if sum(powers) <= 3]),
]


@pytest.fixture(params=LISTS, ids=len)
def terms(request):
    return request.param


@pytest.fixture
def labels(terms):
    return np.random.default_rng(3).normal(size=(5, terms.shape[1]))


def plain(labels, exponents):
    return np.array([[math.prod(star**powers) for powers in exponents] for star in labels])


def test_quadratic_terms_are_in_their_order():
    expected = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 0, 0], [0, 2, 0], [0, 0, 2]]
    assert quadratic_terms(3).tolist() == [*expected, [1, 1, 0], [1, 0, 1], [0, 1, 1]]


@pytest.mark.parametrize(("labels", "terms"), [(9, 55), (10, 66)])
def test_there_are_as_many_terms_as_in_the_paper(labels, terms):
    assert len(quadratic_terms(labels)) == terms


def test_chi2_of_nine_labels_has_715_coefficients():
    assert len(form_of(quadratic_terms(9)).exponents) == 715


def test_expansion_is_the_plain_product(labels, terms):
    np.testing.assert_allclose(expand(labels, terms), plain(labels, terms), rtol=1e-12)


def test_slopes_are_finite_differences(labels, terms):
    steep = slopes(labels, terms)
    for label, shift in enumerate(1e-6 * np.eye(terms.shape[1])):
        numeric = (expand(labels + shift, terms) - expand(labels - shift, terms)) / 2e-6
        np.testing.assert_allclose(steep[:, :, label], numeric, rtol=1e-6, atol=1e-7)


def test_form_knows_every_product(labels, terms):
    form = form_of(terms)
    monomials, eta = expand(labels, form.exponents), expand(labels, terms)
    np.testing.assert_allclose(monomials[:, form.term], eta)
    np.testing.assert_allclose(monomials[:, form.pair], eta[:, :, None] * eta[:, None, :], rtol=1e-12)


def test_square_of_a_model_is_its_products_polynomial(labels, terms):
    theta = np.random.default_rng(4).normal(size=(7, len(terms)))
    form = form_of(terms)
    squares = expand(labels, form.exponents) @ products_of(theta, form).T
    np.testing.assert_allclose(squares, (expand(labels, terms) @ theta.T) ** 2, rtol=1e-10)


def test_value_gradient_and_curvature_of_a_form(labels, terms):
    form = form_of(terms)
    coefficients = np.random.default_rng(5).normal(size=len(form.exponents))

    def value(x):
        return (expand(x[None], form.exponents) @ coefficients)[0]

    n = terms.shape[1]
    slope, curve = np.empty(n), np.empty((n + 1, n + 1))
    second = form.factor * coefficients[form.source]
    found = _evaluate(
        second, form.parent, form.by, form.order, labels[0], np.empty(len(form.parent)), slope, curve
    )
    assert found == pytest.approx(value(labels[0]), rel=1e-10)
    shifts = 1e-4 * np.eye(n)
    numeric = [(value(labels[0] + h) - value(labels[0] - h)) / 2e-4 for h in shifts]
    np.testing.assert_allclose(slope, numeric, rtol=1e-5, atol=1e-5)
    for a, b in itertools.product(range(n), repeat=2):
        corners = [i * j * value(labels[0] + i * shifts[a] + j * shifts[b]) for i in (-1, 1) for j in (-1, 1)]
        assert curve[a + 1, b + 1] == pytest.approx(sum(corners) / 4e-8, rel=1e-4, abs=1e-4)


def test_expected_products_are_means_of_draws():
    form = form_of(quadratic_terms(3))
    rng = np.random.default_rng(6)
    root = rng.normal(0, 0.5, (3, 3))
    mean, covariance = rng.normal(size=(1, 3)), (root @ root.T)[None]
    draws = expand(rng.multivariate_normal(mean[0], covariance[0], 400_000), form.exponents)
    error = draws.std(0) / math.sqrt(len(draws))
    apart = np.abs(expected_products(form.exponents, mean, covariance)[0] - draws.mean(0))
    assert (apart <= 4.5 * error + 1e-12).all()


def test_expected_products_of_sure_labels_are_the_products():
    form = form_of(ODD)
    mean = np.random.default_rng(7).normal(size=(4, 3))
    expected = expected_products(form.exponents, mean, np.zeros((4, 3, 3)))
    np.testing.assert_allclose(expected, expand(mean, form.exponents), rtol=1e-12)


def test_slope_and_curvature_to_be_expected_are_those_of_finite_differences():
    """By the mean's shift: of Gaussians, the derivatives of the expectation are those to be expected."""
    form, rng = form_of(ODD), np.random.default_rng(8)
    surface = Surface(rng.normal(size=(2, len(form.exponents))), form)
    mean, root = 0.5 * rng.normal(size=(2, 3)), 0.3 * rng.normal(size=(2, 3, 3))
    covariance = root @ root.swapaxes(1, 2)
    slope, curve = surface.shape(mean, covariance)
    shifts = 1e-4 * np.eye(3)
    for a in range(3):
        ahead, behind = (surface.value(mean + i * shifts[a], covariance) for i in (1, -1))
        np.testing.assert_allclose(slope[:, a], (ahead - behind) / 2e-4, rtol=1e-5, atol=1e-6)
        for b in range(3):
            corners = [
                i * j * surface.value(mean + i * shifts[a] + j * shifts[b], covariance)
                for i in (-1, 1)
                for j in (-1, 1)
            ]
            np.testing.assert_allclose(curve[:, a, b], sum(corners) / 4e-8, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 9, 55])
def test_factor_solves_as_numpy_does(size):
    rng = np.random.default_rng(size)
    root = rng.normal(size=(size, size))
    matrix, vector = root @ root.T + np.eye(size), rng.normal(size=size)
    factor, solution = matrix.copy(), vector.copy()
    assert factorise(factor)
    substitute(factor, solution)
    factor[np.diag_indices(size)] **= -1
    np.testing.assert_allclose(np.tril(factor), np.linalg.cholesky(matrix), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, vector), rtol=1e-9)


@pytest.mark.parametrize(
    "matrix", [[[1, 2], [2, 1]], [[1, 1], [1, 1]], [[0.0, 0], [0, 1]], [[np.nan, 0], [0, 1]]]
)
def test_what_is_not_positive_definite_has_no_factor(matrix):
    assert not factorise(np.array(matrix, float))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([[0, 0], [1, -1]], "negative"),
        ([[0, 0], [0.5, 1]], "whole"),
        ([[0, 0], [1, 1], [1, 1]], "twice"),
        ([[0, 0], [1, 0]], "no term holds b"),
        ([[0, 0, 1]], "shape"),
        ([0, 1], "shape"),
    ],
)
def test_what_is_no_list_of_terms_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        checked_terms(wrong, ("a", "b"))


def test_too_many_products_are_refused():
    wild = np.random.default_rng(8).integers(0, 6, (330, 9))
    with pytest.raises(ValueError, match="lower degree"):
        form_of(wild)
