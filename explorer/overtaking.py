"""Work that ends early where nobody waits for it any more: it asks before each thing it begins."""

from collections.abc import Callable, Iterable

from explorer.bitsets import Each, Part

Overtaken = Callable[[], bool]
"""Tells whether work has become of no use; `bool` never does."""


class OvertakenError(Exception):
    """Work was given up: nobody waits for it."""


def attend(overtaken: Overtaken) -> None:
    """Raise OvertakenError where the work has become of no use."""
    if overtaken():
        raise OvertakenError


def attentive(each: Each, overtaken: Overtaken) -> Each:
    """As `each`, but where work has become of no use, what is not yet begun raises OvertakenError."""

    def attentively(work: Callable[[Part], None], parts: Iterable[Part]) -> Iterable[None]:
        def begin(part: Part) -> None:
            attend(overtaken)
            work(part)

        return each(begin, parts)

    return attentively
