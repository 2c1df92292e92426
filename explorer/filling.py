"""Tells what the program puts into controls from what a person does."""

from types import TracebackType


class Filling:
    """True while the program fills controls: what follows from that is not heard as a person's choice."""

    def __init__(self) -> None:
        self._depth = 0

    def __enter__(self) -> None:
        """Begin; within another filling, too."""
        self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._depth -= 1

    def __bool__(self) -> bool:
        """Whether controls are being filled."""
        return self._depth > 0
