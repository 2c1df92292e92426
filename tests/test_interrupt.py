"""The key that ends a command ends it, also where a library lost the exception that it raised."""

import os
import signal
import threading

import pytest

from explorer.interrupt import interruptible


def lose_it():
    """Be interrupted where nothing is passed on, as in a callback from C."""
    try:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
    except KeyboardInterrupt:
        return
    pytest.fail("the key raised nothing")


def test_a_lost_interruption_ends_the_work_where_it_next_asks():
    before = signal.getsignal(signal.SIGINT)
    steps = []

    def work():
        with interruptible() as check:
            lose_it()
            steps.append("went on")
            check()
            steps.append("ended too late")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert steps == ["went on"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_lost_interruption_ends_work_that_never_asks():
    with pytest.raises(KeyboardInterrupt), interruptible():
        lose_it()


def test_a_compiled_function_that_was_interrupted_is_no_error_of_its_own():
    def fail(*, interrupted):
        if interrupted:
            lose_it()
        raise SystemError("returned a result with an exception set")

    with pytest.raises(KeyboardInterrupt), interruptible():
        fail(interrupted=True)
    with pytest.raises(SystemError, match="with an exception set"), interruptible():
        fail(interrupted=False)


def test_work_that_nobody_ends_is_left_alone():
    with interruptible() as check:
        check()


def test_in_a_thread_nothing_is_changed():
    seen = []

    def work():
        with interruptible() as check:
            check()
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
