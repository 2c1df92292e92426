"""What changes on a page reaches its browser: all of it, in the order in which it changed, at little cost."""

from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec

import panel as pn
from bokeh.document import Document
from panel.io import unlocked
from panel.io.document import _WRITE_BLOCK, _WRITE_MSGS, _dispatch_msgs
from tornado.ioloop import IOLoop

Given = ParamSpec("Given")


def send_all(document: Document) -> None:
    """Have a page's browser told of every change.

    Bokeh hands a page over when the browser asks for it, and sends what changes from then on. Panel would
    drop what changes until the browser has drawn the page, seconds later, as if that were handed over with
    it. There is no public way to tell it otherwise.
    """
    pn.state._connected[document] = True  # noqa: SLF001 - see above


def together(change: Callable[Given, None]) -> Callable[Given, None]:
    """The same, with all that it changes sent in one message, in that order, when it ends.

    Changes of Bokeh's models themselves are else sent later than what Panel sends, each alone. So they may
    name models that the browser does not know yet, or no longer.
    """

    @wraps(change)
    def changing(*args: Given.args, **kwargs: Given.kwargs) -> None:
        document = pn.state.curdoc
        with unlocked():
            change(*args, **kwargs)
        if document is not None and document.session_context is not None:
            IOLoop.current().add_callback(_send_what_waits, document)

    return changing


async def _send_what_waits(document: Document) -> None:
    """Send what Panel would keep for ever, if nothing more were to change.

    On a busy connection it keeps messages for a task that sends them later. One that comes just when an
    earlier task ends finds that there is nothing left to do: it takes the sign that messages wait for its
    own, and clears it.
    """
    while document in _WRITE_MSGS:
        _WRITE_BLOCK[document] = True
        await _dispatch_msgs(document)


def soon(document: Document) -> Callable[[Callable[[], None]], None]:
    """Give what has a page's own thread do something next; it may be called from any thread.

    A callback that another thread gives to Bokeh while changes are held back for `together` can get lost, so
    it is the page's own thread that gives it.
    """

    def give(change: Callable[[], None]) -> None:
        document.add_next_tick_callback(together(change))

    if document.session_context is None:  # no server runs here
        return give

    def give_if_there(change: Callable[[], None]) -> None:
        if document.session_context is not None:
            give(change)

    return partial(IOLoop.current().add_callback, give_if_there)
