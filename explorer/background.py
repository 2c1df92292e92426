"""What a part of a page needs to have work done off the page's own thread, and to hear of it there."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from explorer.afterwards import Afterwards

Result = TypeVar("Result")


@dataclass(frozen=True)
class Background:
    """One page's.

    Attributes
    ----------
    workers : do what takes time.
    later : runs something on the page's own thread; may be called from any.
    complain : tells the visitor of a failure; to be called on the page's own thread.
    """

    workers: Executor
    later: Callable[[Callable[[], None]], None]
    complain: Callable[[BaseException], None]

    def afterwards(
        self, show: Callable[[Result], None], fail: Callable[[BaseException], None] | None = None
    ) -> Afterwards[Result]:
        """Work of which only the newest counts; what comes of it is shown on the page's own thread."""
        return Afterwards(self.workers, show, fail or self.complain, self.later)

    def ask(self, work: Callable[[], Result], answer: Callable[["Future[Result]"], None]) -> None:
        """Have something done, every time; the answer is heard on the page's own thread."""
        done: Future[Any] = self.workers.submit(work)
        done.add_done_callback(lambda done: self.later(partial(answer, done)))
