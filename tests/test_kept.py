"""What is kept of what was made: at most so much, once each, from any thread."""

import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.kept import MOST, Kept


def test_kept_values_are_made_once():
    kept, made = Kept(1000), []

    def make():
        made.append(np.zeros(10))
        return made[-1]

    first = kept.get("key", make)
    assert kept.get("key", make) is first
    assert len(made) == 1
    assert kept.get(("key",), make) is not first


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=60))
def test_kept_memory_is_bounded(asked):
    """What was dropped is gone from memory; what is too large is made but never kept."""
    kept, alive = Kept(400), weakref.WeakSet()

    class Values:
        def __init__(self, size):
            self.nbytes = size * 8

    def make(size):
        made = Values(size)
        alive.add(made)
        return made

    for key, size in asked:
        assert kept.get((key, size), lambda size=size: make(size)).nbytes == size * 8
        assert sum(made.nbytes for made in alive) <= 400


def test_number_of_values_is_bounded():
    """Keys may be large where values are small."""
    kept, made = Kept(16 << 20), []

    class Long:
        """A key."""

    for _ in range(3 * MOST):
        key = Long()
        kept.get(key, lambda: np.zeros(1))
        made.append(weakref.ref(key))
    del key
    alive = [each() is not None for each in made]
    assert alive == [False] * (2 * MOST) + [True] * MOST


def test_what_is_used_stays():
    kept = Kept(400)
    used = kept.get("used", lambda: np.zeros(10))
    for k in range(100):
        kept.get(k, lambda: np.zeros(10))
        assert kept.get("used", lambda: np.zeros(10)) is used


def test_threads_share_what_is_kept():
    kept = Kept(8 * 50 * 4)

    def work(seed):
        keys = np.random.default_rng(seed).integers(0, 30, 400)
        return all((kept.get(key, lambda key=key: np.full(50, key)) == key).all() for key in keys.tolist())

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))


def test_nothing_made_is_an_error_and_is_not_remembered():
    kept = Kept(100)
    with pytest.raises(ZeroDivisionError):
        kept.get("key", lambda: 1 / 0)
    assert kept.get("key", lambda: np.zeros(1)).size == 1
