"""How far a study is that does several kinds of work."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Told (done, in all, of what); it may raise to stop the work."""


def told_of(progress: Progress, what: str) -> Callable[[int, int], None]:
    """A `(done, in all)` for one kind of work."""
    return lambda done, total: progress(done, total, what)
