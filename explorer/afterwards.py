"""Work that is done after the maps: only the newest request counts, and what is overtaken ends early."""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

from data.problem import DataError
from explorer.overtaking import Overtaken, OvertakenError

LOG = logging.getLogger(__name__)

Result = TypeVar("Result")
Work = Callable[[Overtaken], Result]
"""Is handed a question to ask now and then, whether it is overtaken; it may raise OvertakenError then."""


class Afterwards(Generic[Result]):
    """Does one piece of work at a time. `later` has `deliver` or `fail` called, from a worker's thread.

    What is overtaken by the time `later` comes to it is dropped: with one that runs on the thread on which
    things are asked for and overtaken, nothing that was given up is ever delivered.
    """

    def __init__(
        self,
        crews: Executor,
        deliver: Callable[[Result], None],
        fail: Callable[[BaseException], None],
        later: Callable[[Callable[[], None]], None] = lambda do: do(),
    ) -> None:
        self._crews = crews
        self._deliver = deliver
        self._fail = fail
        self._later = later
        self._lock = Lock()
        self._newest = 0
        self._waiting: tuple[int, Work[Result]] | None = None
        self._busy = False
        self._closed = False

    def ask(self, work: Work[Result]) -> None:
        """Do this next, in place of what waits; what is under way is overtaken."""
        with self._lock:
            if self._closed:
                return
            self._newest += 1
            self._waiting = (self._newest, work)
            if self._busy:
                return
            self._busy = True
        self._crews.submit(self._work)

    def overtake(self) -> None:
        """Have what waits or is under way come to nothing."""
        with self._lock:
            self._newest += 1
            self._waiting = None

    def close(self) -> None:
        """Give up what waits and what is under way, and take nothing more."""
        self._closed = True
        self.overtake()

    def _work(self) -> None:
        while True:
            with self._lock:
                task, self._waiting = self._waiting, None
                if task is None:
                    self._busy = False
                    return
            self._attempt(*task)

    def _attempt(self, number: int, work: Work[Result]) -> None:
        try:
            result = work(lambda: number != self._newest)
        except OvertakenError:
            return
        except Exception as problem:
            if not isinstance(problem, DataError):
                LOG.exception("work behind the maps failed")
            self._hand_over(number, partial(self._fail, problem))
        else:
            self._hand_over(number, partial(self._deliver, result))

    def _hand_over(self, number: int, do: Callable[[], None]) -> None:
        if number == self._newest:
            self._later(lambda: do() if number == self._newest else None)
