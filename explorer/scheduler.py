"""Where numbered tasks run: in this process, in several, or on a Dask cluster; each at least once.

A task writes a file that is whole or not there, and gives the same bytes wherever and how often it runs: so
nothing needs to be undone when a process dies, and the work of one that died is simply done again.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from data.problem import DataError
from explorer.interrupt import end_with_parent, held

Task = Callable[[str, int], int]
"""Does one numbered piece of the work in a folder; gives how many rows it held."""

DEATHS = 3
"""Deaths of processes after which the work ends."""
_KEPT = "what is done is kept, and the same command goes on from there"
_PATIENCE = "10s"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Scheduler(Protocol):
    """Where tasks run."""

    def run(self, task: Task, folder: str, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Run a task for each number; gives (number, rows) as they are done, in any order."""


@contextmanager
def scheduler(workers: int, address: str | None) -> Iterator[Scheduler]:
    """One for as long as the work goes on.

    Parameters
    ----------
    workers : processes on this machine; 1 is this one.
    address : of a Dask scheduler instead, such as tcp://10.0.0.7:8786.

    Raises
    ------
    DataError
        If no Dask scheduler answers there, or Dask is not installed.
    """
    if address is not None:
        with _cluster(address) as cluster:
            yield cluster
    elif workers > 1:
        processes = Processes(workers)
        try:
            yield processes
        finally:
            processes.end()
    else:
        yield Here()


class Here:
    """The process itself."""

    def run(self, task: Task, folder: str, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Run a task for each number, in order."""
        for number in numbers:
            with threadpool_limits(1):
                rows = task(folder, number)
            yield number, rows


class Processes:
    """Several processes of this machine, with one thread each, for as long as the work goes on."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = self._fresh()

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, mp_context=get_context("spawn"), initializer=end_with_parent
        )

    def end(self) -> None:
        """Wait for what is being done, and let the processes go."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, task: Task, folder: str, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Run a task for each number; what a process that died had to do is done by a new one.

        Raises
        ------
        DataError
            If processes die again and again.
        """
        left = dict.fromkeys(numbers)
        for death in range(DEATHS + 1):
            try:
                for number, rows in self._run(task, folder, tuple(left)):
                    del left[number]
                    yield number, rows
            except BrokenProcessPool as error:
                self.end()
                self._pool = self._fresh()
                if death == DEATHS:
                    raise DataError(
                        f"processes died {DEATHS + 1} times, as they do where memory runs out: give fewer "
                        f"--workers; {_KEPT}"
                    ) from error
            else:
                return

    def _run(self, task: Task, folder: str, numbers: tuple[int, ...]) -> Iterator[tuple[int, int]]:
        """Few tasks more than processes wait at a time, so that a stop need not wait for many."""
        waiting, running = iter(numbers), dict[Future[int], int]()
        while True:
            with held(), _one_thread():
                while len(running) <= self._workers and (number := next(waiting, None)) is not None:
                    running[self._pool.submit(alone, task, folder, number)] = number
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()


class Cluster:
    """The workers of a Dask scheduler, which see the same folders as this machine."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, task: Task, folder: str, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Run a task for each number; Dask gives what a worker that died had to do to another."""
        from distributed import CancelledError, KilledWorker, as_completed
        from distributed.comm import CommClosedError

        futures = {self._client.submit(alone, task, folder, number, pure=False): number for number in numbers}
        try:
            for future in as_completed(list(futures), loop=self._client.loop):
                yield futures[future], future.result()
        except KilledWorker as error:
            raise DataError(
                "Dask's workers died again and again, as they do where memory runs out: give them more "
                f"memory or fewer threads; {_KEPT}"
            ) from error
        except (CancelledError, CommClosedError) as error:
            raise DataError(f"the Dask scheduler is gone: start it again; {_KEPT}") from error
        finally:
            self._client.cancel(list(futures), force=True)


@contextmanager
def _cluster(address: str) -> Iterator[Cluster]:
    from distributed import Client

    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise DataError(
            f"no Dask scheduler answers at {address}: start one with 'dask scheduler', and workers with "
            "'dask worker', and give the address it prints"
        ) from error
    with client:
        yield Cluster(client)


def alone(task: Task, folder: str, number: int) -> int:
    """Run a task in a process that is there for tasks alone."""
    _take_one_thread()
    return task(folder, number)


@cache
def _take_one_thread() -> Any:
    """Of libraries that compute, for good: processes fill the cores, and sums come out the same."""
    return threadpool_limits(1)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started within take one thread, also in libraries that ask only at their start."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
