"""Random numbers of a star's own."""

import numpy as np
import pytest

from model.streams import ABUNDANCES, LABELS, SPECTRUM, stream


def test_each_star_purpose_and_epoch_has_its_own():
    drawn = {
        (seed, star, purpose, epoch): stream(seed, star, purpose, epoch).random(3).tobytes()
        for seed in (0, 1)
        for star in (0, 1, 2**40)
        for purpose in (LABELS, SPECTRUM, ABUNDANCES)
        for epoch in (0, 1)
    }
    assert len(set(drawn.values())) == len(drawn)
    assert stream(1, 2**40, LABELS, 1).random(3).tobytes() == drawn[1, 2**40, LABELS, 1]


def test_neighbours_are_independent():
    first, second = (
        np.array([stream(1, n + k, SPECTRUM).standard_normal() for n in range(3000)]) for k in (0, 1)
    )
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(3000)
    long = stream(1, 1, SPECTRUM, 0).random(4000), stream(1, 1, SPECTRUM, 1).random(4000)
    assert abs(np.corrcoef(*long)[0, 1]) < 4 / np.sqrt(4000)


@pytest.mark.parametrize("wrong", [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_negative_numbers_are_refused(wrong):
    seed, star, epoch = wrong
    with pytest.raises(ValueError, match="from 0 up"):
        stream(seed, star, SPECTRUM, epoch)
