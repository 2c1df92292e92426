"""Which stars and pixels can be compared: small cases whose answer is plain, and counting star by star."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.common_support import (
    ALONE,
    APART,
    FEW_STARS,
    LEAST_SHARE,
    LEAST_STARS,
    LOGG_STEP,
    OTHER_PIXELS,
    OTHER_STARS,
    SHOWN,
    TEFF_STEP,
    common_support,
)


def stars_of(*cells):
    """Stars (pixel, number, T_eff cell, log g cell) as arrays."""
    pixel, teff, logg = (
        np.concatenate([np.full(each[1], value) for each, value in zip(cells, values, strict=True)])
        for values in (
            [each[0] for each in cells],
            [4000 + (each[2] + 0.5) * TEFF_STEP for each in cells],
            [1 + (each[3] + 0.5) * LOGG_STEP for each in cells],
        )
    )
    return pixel.astype(np.int64), teff.astype(float), logg.astype(float)


def test_pixels_with_the_same_stars_are_shown():
    support = common_support(*stars_of(*((pixel, 30, 1, 1) for pixel in range(5))), 6)
    assert support.reason.tolist() == [SHOWN] * 5 + [FEW_STARS]
    assert support.stars.all()
    assert support.share[:5].tolist() == [1.0] * 5
    assert np.isnan(support.share[5])


def test_a_pixel_whose_stars_no_other_has_is_blank():
    cells = [(pixel, 30, 1, 1) for pixel in range(5)]
    support = common_support(*stars_of(*cells, (5, 100, 9, 9)), 6)
    assert support.reason.tolist() == [SHOWN] * 5 + [ALONE]
    assert not support.stars[-100:].any()
    assert support.share[5] == 0


def test_stars_that_others_lack_are_left_out_where_they_are_few():
    cells = [(pixel, 30, 1, 1) for pixel in range(5)]
    support = common_support(*stars_of(*cells, (0, 3, 9, 9)), 5)
    assert support.reason.tolist() == [SHOWN] * 5
    assert support.stars.sum() == 150
    assert support.share[0] == 30 / 33


def test_a_pixel_with_few_stars_is_blank():
    cells = [(pixel, 30, 1, 1) for pixel in range(5)]
    assert common_support(*stars_of(*cells, (5, LEAST_STARS - 1, 1, 1)), 6).reason[5] == FEW_STARS


def test_of_two_groups_that_nothing_joins_the_larger_is_shown():
    near = [(pixel, 40, 1, 1) for pixel in range(6)]
    far = [(pixel, 30, 7, 7) for pixel in range(6, 11)]
    support = common_support(*stars_of(*near, *far), 11)
    assert support.reason.tolist() == [SHOWN] * 6 + [APART] * 5
    assert support.stars.tolist() == [True] * 240 + [False] * 150


def test_a_chain_joins_groups():
    near = [(pixel, 40, 1, 1) for pixel in range(6)]
    far = [(pixel, 30, 7, 7) for pixel in range(6, 11)]
    bridge = [(11, 20, 1, 1), (11, 20, 7, 7)]
    support = common_support(*stars_of(*near, *far, *bridge), 12)
    assert support.reason.tolist() == [SHOWN] * 12


def test_blank_pixels_lend_no_support():
    """Three pixels share a cell with one that is blank for other reasons: they are then too few."""
    cells = [(pixel, 30, 1, 1) for pixel in range(OTHER_PIXELS)]
    lender = [(OTHER_PIXELS, 30, 1, 1), (OTHER_PIXELS, 70, 9, 9)]
    support = common_support(*stars_of(*cells, *lender), OTHER_PIXELS + 1)
    assert (support.reason == ALONE).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_left_supports_itself(seed):
    """Whatever the stars are: each that is used has enough companions among those of the pixels shown."""
    random = np.random.default_rng(seed)
    pixel = random.integers(0, 12, 900)
    logg = 1 + 0.12 * pixel * random.integers(0, 2) + 0.4 * random.normal(size=900)
    teff = 4600 + 200 * (logg - 2) + 150 * random.normal(size=900)
    support = common_support(pixel, teff, logg, 12)
    shown = support.reason[pixel] == SHOWN
    assert not (support.stars & ~shown).any()
    cell = list(zip(np.floor(teff / TEFF_STEP), np.floor(logg / LOGG_STEP), strict=True))
    apart = support.reason == APART
    there = [(p, c) for p, c, ok in zip(pixel, cell, shown | apart[pixel], strict=True) if ok]
    for star in np.flatnonzero(support.stars)[::17]:
        others = [p for p, c in there if c == cell[star] and p != pixel[star]]
        assert len(others) >= OTHER_STARS
        assert len(set(others)) >= OTHER_PIXELS
    for one in np.flatnonzero(support.reason == SHOWN):
        mine = pixel == one
        assert support.stars[mine].sum() >= max(LEAST_STARS, LEAST_SHARE * mine.sum())


def test_no_stars_are_no_mistake():
    nothing = np.zeros(0)
    support = common_support(np.zeros(0, np.int64), nothing, nothing, 3)
    assert support.reason.tolist() == [FEW_STARS] * 3
