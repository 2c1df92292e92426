"""The key that ends a command, kept in mind: libraries lose the exception it raises, in callbacks from C."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from threading import Thread, current_thread, main_thread
from typing import Any


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """While long work goes on: gives what that work calls now and then, to end if it was asked to.

    Raises KeyboardInterrupt there, and in the end, even if the one that the key raised was lost.
    """
    asked: list[int] = []

    def remember(number: int, _frame: Any) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    if current_thread() is not main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, remember)
    try:
        yield check
        check()
    except SystemError:
        check()  # compiled functions make that of an exception which is raised within them
        raise
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def held() -> Iterator[None]:
    """Processes started within are deaf to the key, which reaches all of a terminal: the first ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends."""
    parent = parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(1)

        Thread(target=watch, daemon=True).start()
