"""Changes reach the browser in the order in which they were made, also while something else is being sent."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

import pytest
from bokeh.document import Document
from bokeh.models import Column, Div
from bokeh.protocol import Protocol
from bokeh.server.connection import ServerConnection
from bokeh.server.session import ServerSession
from panel.io import state, unlocked
from panel.io.state import set_curdoc
from tornado.ioloop import IOLoop
from tornado.locks import Lock

from explorer.sending import together


class Socket:
    """Keeps what is sent, by Bokeh when nobody else sends, and by Panel; a closed gate halts Panel."""

    def __init__(self):
        self.write_lock = Lock()
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.sent = []

    async def send_message(self, message):
        with await self.write_lock.acquire():
            self.sent.append(message.content_json)

    async def send(self, text_data):
        self.sent.append(text_data)
        self.begun.set()
        await self.gate.wait()


@asynccontextmanager
async def opened():
    """A page in a browser: what has a change made in it, and the socket."""
    document, page, text = Document(), Column(), Div(text="first")
    document.add_root(page)
    document.models.flush_synced()
    session = ServerSession("a", document, IOLoop.current())
    context = SimpleNamespace(session=session, server_context=None)
    document._session_context = lambda: context
    state._loaded[document] = True
    state._thread_id_[document] = threading.get_ident()
    socket = Socket()
    connection = ServerConnection(Protocol(), socket, None, session)
    with set_curdoc(document):
        yield partial(session.with_document_locked, page=page, text=text), socket
    connection.detach_session()


def alone(run):
    """Run something in a loop of its own: other tests have one in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(asyncio.wait_for(run(), 20))).result()


def sent_when_busy(change):
    """What a browser is sent of a change that came while something else was being sent."""

    async def run():
        async with opened() as (make, socket):
            busy = await socket.write_lock.acquire()
            done = asyncio.ensure_future(make(change))
            await asyncio.sleep(0.05)
            busy.__exit__(None, None, None)
            await done
            await asyncio.sleep(0.05)
            return events(socket)

    return alone(run)


def sent_when_the_sender_ends(first, second):
    """What a browser is sent of two changes, the second made just before the sender of the first ends."""

    async def run():
        async with opened() as (make, socket):
            with await socket.write_lock.acquire():
                await make(first)
            socket.gate.clear()
            await socket.begun.wait()
            done = asyncio.ensure_future(make(second))
            socket.gate.set()
            await done
            await asyncio.sleep(0.05)
            return events(socket)

    return alone(run)


def events(socket):
    """The attributes that were sent, in order, by message."""
    plain = [json.loads(part) for part in socket.sent]
    return [[event["attr"] for event in part["events"]] for part in plain if "events" in part]


def add_and_change(page, text):
    with unlocked():
        page.children = [text]
    text.text = "second"


def test_a_model_is_sent_before_what_changes_in_it():
    assert sent_when_busy(together(add_and_change)) == [["children", "text"]]


def test_changes_within_changes_wait_for_the_outer_end():
    def outer(page, text):
        together(add_and_change)(page, text)
        text.width = 1

    assert sent_when_busy(together(outer)) == [["children", "text", "width"]]


def test_what_was_changed_before_a_failure_is_sent():
    def fail(page, text):
        add_and_change(page, text)
        raise ValueError

    def caught(page, text):
        with pytest.raises(ValueError):
            together(fail)(page, text)

    assert sent_when_busy(caught) == [["children", "text"]]


def test_without_it_a_busy_connection_swaps_them():
    """When this fails, Panel keeps the order itself, and `together` can go."""
    assert sent_when_busy(add_and_change) == [["text"], ["children"]]


def rename(page, text):
    with unlocked():
        text.text = "third"


def test_what_comes_when_a_sender_ends_is_sent():
    sent = sent_when_the_sender_ends(together(add_and_change), together(rename))
    assert sent == [["children", "text"], ["text"]]


def test_without_it_what_comes_then_waits_for_the_next_change():
    """When this fails, Panel sends it itself, and `_send_what_waits` can go."""
    assert sent_when_the_sender_ends(together(add_and_change), rename) == [["children", "text"]]
