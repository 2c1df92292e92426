"""Several visitors of one server: the memory that each takes, and how long they wait who brush at once."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any

import numpy as np

from benchmarks.findings import Findings
from benchmarks.hand import Gesture, Hand, box
from benchmarks.opening import memory_of
from tests.browser import Visit, chromium

CROWDS = 2, 10
ROUNDS = 4

Open = Callable[[Visit], Hand]


class Guest:
    """A visitor with a browser of its own, in a thread of its own."""

    def __init__(self, url: str, opened: Open, seed: int) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._kept = ExitStack()
        self._rng = np.random.default_rng(seed)
        self._hand = self._thread.submit(self._come, url, opened).result()

    def _come(self, url: str, opened: Open) -> Hand:
        browser = self._kept.enter_context(chromium())
        return opened(self._kept.enter_context(Visit.of(browser, url)))

    def brush(self, ready: Callable[[], Any] = lambda: None) -> Future[Gesture]:
        """Draw a box, and be `ready` before it is let go of."""
        return self._thread.submit(self._hand.stroke, box(self._rng), "rz", ready)

    def leave(self) -> None:
        """Close the browser."""
        self._thread.submit(self._kept.close).result()
        self._thread.shutdown()


def measure_visitors(process: int, url: str, opened: Open, most: int, found: Findings) -> None:
    """Let visitors come one by one, each with a box; CROWDS of them then brush at the same moment."""
    memory = [memory_of(process) / 1024]
    with ExitStack() as leaving:
        guests: list[Guest] = []
        while len(guests) < most:
            guests.append(Guest(url, opened, len(guests)))
            leaving.callback(guests[-1].leave)
            guests[-1].brush().result()
            memory.append(memory_of(process) / 1024)
            if len(guests) in CROWDS:
                lags = [lag for _ in range(ROUNDS) for lag in at_once(guests)]
                words = f"{len(guests)} visitors let go of a box at once; their browsers share this machine"
                found.spread(f"visitors_{len(guests)}", lags, words)
    found.times["visitors_mib"] = memory
    slope = np.polynomial.Polynomial.fit(range(1, most + 1), memory[1:], 1).convert().coef[1]
    found.say("visitor_mib", float(slope), f"MiB of the server's own per visitor, slope over {most}")


def at_once(guests: list[Guest]) -> list[float]:
    """Milliseconds until the last map was redrawn, for each of several who let go at the same moment."""
    barrier = Barrier(len(guests))
    return [made.result().lag for made in [guest.brush(barrier.wait) for guest in guests]]
