"""Changes reach the browser in the order in which they were made, also while something else is being sent."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
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
    """Keeps what is sent, by Bokeh when nobody else sends, and by Panel."""

    def __init__(self):
        self.write_lock = Lock()
        self.sent = []

    async def send_message(self, message):
        with await self.write_lock.acquire():
            self.sent.append(message.content_json)

    async def send(self, text_data):
        self.sent.append(text_data)


def sent_when_busy(change):
    """What a browser is sent of a change that came while something else was being sent."""

    async def run():
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
        busy = await socket.write_lock.acquire()
        with set_curdoc(document):
            done = asyncio.ensure_future(session.with_document_locked(change, page, text))
            await asyncio.sleep(0.05)
        busy.__exit__(None, None, None)
        await done
        await asyncio.sleep(0.05)
        connection.detach_session()
        return events(socket)

    # Other tests have a loop of their own in this thread.
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(lambda: asyncio.run(asyncio.wait_for(run(), 20))).result()


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
