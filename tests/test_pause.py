"""What is asked in a row is done once, after a while."""

from explorer.pause import Pause


class Clock:
    """A document whose callbacks run when they are told to."""

    def __init__(self):
        self.waiting = []

    def add_timeout_callback(self, callback, milliseconds):
        self.waiting.append((callback, milliseconds))
        return callback

    def remove_timeout_callback(self, callback):
        self.waiting = [each for each in self.waiting if each[0] is not callback]

    def ring(self):
        waiting, self.waiting = self.waiting, []
        for callback, _ in waiting:
            callback()


def test_only_the_newest_is_done():
    clock, done = Clock(), []
    pause = Pause(clock, 400)
    pause.ask(lambda: done.append("first"))
    pause.ask(lambda: done.append("second"))
    assert [milliseconds for _, milliseconds in clock.waiting] == [400]
    clock.ring()
    clock.ring()
    assert done == ["second"]


def test_what_waits_can_be_given_up_and_asked_again():
    clock, done = Clock(), []
    pause = Pause(clock, 400)
    pause.end()
    pause.ask(lambda: done.append("first"))
    pause.end()
    clock.ring()
    assert done == []
    pause.ask(lambda: done.append("again"))
    clock.ring()
    assert done == ["again"]
