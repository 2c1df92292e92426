"""How much several processes get done at the same time, by the CPU seconds that each of them took."""

import os
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SECONDS = 4.0

Round = Callable[[], int]
"""Does some work; gives how many pieces of it."""
Maker = Callable[..., Round]


def with_one_thread(module: str) -> None:
    """Start a benchmark anew with one thread, unless it has one."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        words = [sys.executable, "-m", module, *sys.argv[1:]]
        os.execve(sys.executable, words, {**os.environ, **ONE_THREAD})


def rates(processes: int, maker: Maker, *words: Any) -> tuple[float, float]:
    """Pieces per second of all processes together: by their CPU seconds, and by the clock.

    Parameters
    ----------
    processes : that work at the same time, each with a `maker(*words)` of its own.
    """
    context = get_context("spawn")
    barrier, answers = context.Barrier(processes), context.SimpleQueue()
    workers = [
        context.Process(target=_labour, args=(maker, words, barrier, answers)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    told: list[tuple[float, float]] = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    cpu, clock = zip(*told, strict=True)
    return sum(cpu), sum(clock)


def _labour(maker: Maker, words: tuple[Any, ...], barrier: Barrier, answers: Any) -> None:
    work = maker(*words)
    work()
    barrier.wait()
    done, begun, started = 0, time.process_time(), time.monotonic()
    while time.monotonic() - started < SECONDS:
        done += work()
    found = done / (time.process_time() - begun), done / (time.monotonic() - started)
    barrier.wait()
    answers.put(found)
