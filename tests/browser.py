"""A visitor in a real Chromium: opens the page, uses it as a person does, reads back what is drawn."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as Waited

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
MAPS = ("rz", "xy", "rv", "kiel", "plane", "actions")
CARDS = ("rz", "xy", "rv", "kiel", "plane", "histogram", "actions", "summary")
"""Of the first tab, as they lie at first."""
PATIENCE_S = 30.0
"""How long a change may take to show on a busy machine."""
expect.set_options(timeout=1000 * PATIENCE_S)

POLLING_MS = 150
"""So often the browser is asked: asked in every frame, a page of many views would hardly come to draw."""

PAINTED = """
keys => {
  const page = window.Bokeh?.documents?.[0]
  return page != null && keys.every(key => {
    const sheet = page.get_model_by_name(key.includes('.') ? `${key.split('.')[0]}.sheet` : 'sheet')
    if (!(key in (sheet?.data ?? {}))) return false
    const view = Bokeh.index.find_one(page.get_model_by_name(key) ?? {})
    return sheet.data[key][0].length > 1 && view?.frame?.bbox.width > 0 && view.is_idle
  })
}
"""
"""Whether maps have pixels, and a canvas on which they were drawn."""

STATE = """
keys => keys.map(key => {
  const page = window.Bokeh?.documents?.[0]
  const sheet = page?.get_model_by_name(key.includes('.') ? `${key.split('.')[0]}.sheet` : 'sheet')
  const view = Bokeh.index.find_one(page?.get_model_by_name(key) ?? {})
  return [key, sheet?.data[key]?.[0].length, view?.frame?.bbox.width, view?.is_idle].join(' ')
})
"""
"""What of that is so."""

USABLE = "() => getComputedStyle(document.getElementById('loader')).display === 'none'"
"""Whether the page's own spinner, which takes all clicks till everything is in place, is gone."""

_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))"

_IMAGE = """
key => {
  const sheet = key.includes('.') ? `${key.split('.')[0]}.sheet` : 'sheet'
  const data = Bokeh.documents[0].get_model_by_name(sheet).data
  return {
    levels: Array.from(data[key][0]), shape: data[key][0].shape,
    window: ['x', 'y', 'w', 'h'].map(side => data[`${key}_${side}`][0]),
  }
}
"""

_BARS = """
() => Object.fromEntries(Object.entries(Bokeh.documents[0].get_model_by_name('bars').data)
  .map(([name, values]) => [name, Array.from(values)]))
"""

WORDS = """
all => all.map(each => [...each.shadowRoot.children]
  .filter(part => part.tagName !== 'STYLE').map(part => part.textContent).join(''))
"""

_COLOURS = """
([key, places]) => {
  const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(key))
  const canvas = view.canvas_view.el.shadowRoot.querySelector('canvas').getContext('2d')
  return places.map(([x, y]) => {
    const at = [view.frame.x_scale.compute(x), view.frame.y_scale.compute(y)].map(Math.floor)
    return Array.from(canvas.getImageData(...at, 1, 1).data)
  })
}
"""

_FRAME = """
key => {
  const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(key))
  const page = view.el.getBoundingClientRect(), {x0, x1, y0, y1} = view.frame.bbox
  const {x_range: x, y_range: y} = view.model
  return {left: page.x + x0, top: page.y + y0, width: x1 - x0, height: y1 - y0,
          x: [x.start, x.end], y: [y.start, y.end]}
}
"""


_BRUSH = """
key => {
  const {tools} = Bokeh.documents[0].get_model_by_name(key).toolbar
  const tool = tools.find(tool => tool.overlay?.visible)
  if (tool == null) return null
  const {left, right, bottom, top, xs, ys} = tool.overlay
  return xs ? {xs: Array.from(xs), ys: Array.from(ys)} : {xs: [left, right], ys: [bottom, top]}
}
"""

_ABOVE = """
key => {
  const box = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(key)).el.getBoundingClientRect()
  return box.top + box.height / 2 - innerHeight / 2
}
"""


def find_chromium() -> str:
    """The Chromium to drive: EXPLORER_CHROMIUM, else one on the PATH."""
    for name in (os.environ.get("EXPLORER_CHROMIUM"), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    raise RuntimeError(
        f"the page is tested in a Chromium, and none of {', '.join(NAMES)} is on the PATH: "
        "install one (Debian: apt install chromium), or name yours in EXPLORER_CHROMIUM"
    )


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


def eventually(check: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Try until nothing is asserted against it any more, and give what it gives."""
    begun = time.monotonic()
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() - begun > patience_s:
                raise
            time.sleep(0.05)


def becomes(read: Callable[[], Any], wanted: Any) -> None:
    """Wait until what is read is as wanted: the page says a thing some while after it draws another."""

    def same() -> None:
        assert read() == wanted

    eventually(same)


def soon(condition: Callable[[], bool]) -> None:
    """Wait until something holds; an element that is not there yet counts as not so."""

    def holds() -> None:
        try:
            held = condition()
        except IndexError:
            held = False
        assert held

    eventually(holds)


@dataclass(frozen=True)
class Image:
    """The bytes of a map in the browser, lowest row first, and the ends x0, x1, y0, y1 of its window."""

    levels: NDArray[np.uint8]
    window: tuple[float, float, float, float]

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """Middle of a cell in the units of the axes."""
        (rows, columns), (x0, x1, y0, y1) = self.levels.shape, self.window
        return x0 + (column + 0.5) / columns * (x1 - x0), y0 + (row + 0.5) / rows * (y1 - y0)


class Visit:
    """One visitor. What the browser complains of, and every host it asks but the server, is kept."""

    def __init__(self, browser: Browser, url: str, width: int = 1440, height: int = 900) -> None:
        self.complaints: list[str] = []
        self._context = browser.new_context(viewport={"width": width, "height": height})
        self._context.set_default_timeout(1000 * PATIENCE_S)
        self.page: Page = self._context.new_page()
        self._host = urlsplit(url).netloc
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda asked: self.complaints.append(f"failed: {asked.url}"))
        self.page.on("request", lambda asked: self._look_at(asked.url))
        self.page.on("websocket", lambda opened: self._look_at(opened.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.url = url

    def _look_at(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self.complaints.append(f"asked {url}")

    @classmethod
    @contextmanager
    def of(cls, browser: Browser, url: str, **size: int) -> Iterator["Visit"]:
        """A visitor who leaves in the end; AssertionError if the browser complained of anything meanwhile."""
        visit = cls(browser, url, **size)
        try:
            yield visit
        finally:
            visit.close()
        assert visit.complaints == [], visit.complaints

    def open(self, *keys: str) -> "Visit":
        """Load the page and wait until the maps are painted; all of the first tab if none is named."""
        self.page.goto(self.url)
        self.wait_for(*(keys or MAPS))
        return self

    def wait_for(self, *keys: str) -> None:
        """Wait until maps are painted, two frames ago, and the page can be used."""
        try:
            self.page.wait_for_function(PAINTED, arg=list(keys), polling=POLLING_MS)
        except Waited as late:
            late.add_note(f"painted: {self.page.evaluate(STATE, list(keys))}; complaints: {self.complaints}")
            raise
        self.page.wait_for_function(USABLE, polling=POLLING_MS)
        self.page.evaluate(_FRAMES)

    def close(self) -> None:
        """Leave."""
        self._context.close()

    # what is drawn

    def image(self, key: str) -> Image:
        """A map as the browser has it."""
        found = self.page.evaluate(_IMAGE, key)
        x, y, width, height = found["window"]
        levels = np.array(found["levels"], np.uint8).reshape(found["shape"])
        return Image(levels, (x, x + width, y, y + height))

    def bars(self) -> dict[str, list[float]]:
        """The histogram: ends and heights of its bars."""
        return dict(self.page.evaluate(_BARS))

    def colours(self, key: str, places: list[tuple[float, float]]) -> list[list[int]]:
        """Red, green, blue and alpha on a map's canvas at places in the units of its axes."""
        self.page.evaluate(_FRAMES)
        return list(self.page.evaluate(_COLOURS, [key, places]))

    def axes(self, key: str) -> tuple[list[float], list[float]]:
        """Both ends of the horizontal and of the vertical axis, left and lower first."""
        frame = self.page.evaluate(_FRAME, key)
        return frame["x"], frame["y"]

    def place(self, key: str, x: float, y: float) -> tuple[float, float]:
        """Where on the screen a place of a map is."""
        frame = self.page.evaluate(_FRAME, key)
        across = (x - frame["x"][0]) / (frame["x"][1] - frame["x"][0])
        up = (y - frame["y"][0]) / (frame["y"][1] - frame["y"][0])
        return frame["left"] + across * frame["width"], frame["top"] + (1 - up) * frame["height"]

    def point_at(self, key: str, x: float, y: float, nudge: float = 0.0) -> None:
        """Move the pointer to a place of a map, so many pixels beside it."""
        right, down = self.place(key, x, y)
        self.page.mouse.move(right + nudge, down)

    def brush(self, key: str) -> dict[str, list[float]] | None:
        """The brush that a figure shows: the ends of a box, or the corners of a polygon."""
        found = self.page.evaluate(_BRUSH, key)
        return None if found is None else dict(found)

    def tip(self, key: str, x: float, y: float) -> str:
        """What is said of the place the pointer rests on."""
        nudges = iter(range(1000))

        def shown() -> str:
            self.point_at(key, x, y, nudge=next(nudges) % 2)
            self.page.wait_for_timeout(200)
            note = self.page.locator(".bk-Div .bk-clearfix")
            assert note.is_visible(), "no note follows the pointer"
            return note.inner_text()

        return str(eventually(shown))

    # what is written

    def text_of(self, kind: str) -> list[str]:
        """The words of each piece of text of a kind."""
        return list(self.page.locator(f".bk-panel-models-markup-HTML.{kind}").evaluate_all(WORDS))

    @property
    def headings(self) -> list[str]:
        """Of each card of the page that is shown."""
        return self.page.locator("h2.heading").all_text_contents()

    def heading(self, key: str) -> str:
        """That of a card of the first tab, while all lie as they do at first."""
        return self.headings[CARDS.index(key)]

    @property
    def count(self) -> tuple[int, int]:
        """How many stars the header says are shown, and of how many."""
        found = re.fullmatch(r"([\d,]+) of ([\d,]+) stars", self.page.locator("div.selected").inner_text())
        assert found, "the header counts no stars"
        return int(found[1].replace(",", "")), int(found[2].replace(",", ""))

    @property
    def range(self) -> tuple[float, float]:
        """The ends of the colour bar."""
        low, high = self.page.locator("input.low, input.high").evaluate_all(
            "all => ['low', 'high'].map(end => all.find(each => each.classList.contains(end)).value)"
        )
        return float(low), float(high)

    @property
    def chips(self) -> list[str]:
        """The cuts, in words."""
        return [" ".join(words.split()) for words in self.page.locator("li .words").all_text_contents()]

    # what a person does

    def choose(self, label: str, option: str, within: Locator | None = None) -> None:
        """Choose from a list."""
        (within or self.page).get_by_role("combobox", name=label, exact=True).last.click()
        self.page.locator(".MuiMenuItem-root").get_by_text(option, exact=True).click()

    def scroll_to(self, key: str) -> None:
        """Turn the wheel beside the figures until one is in the middle of the screen."""
        size = self.page.viewport_size
        assert size
        self.page.mouse.move(size["width"] - 6, size["height"] / 2)
        self.page.mouse.wheel(0, self.page.evaluate(_ABOVE, key))
        self.page.evaluate(_FRAMES)

    def take(self, key: str, tool: str) -> None:
        """Take another tool of a figure in hand: "box", "lasso" or "polygon"."""
        self.page.mouse.move(*self.middle(key))
        figure = self.page.locator(".bk-Figure").nth([*MAPS, "histogram"].index(key))
        figure.locator(f".bk-tool-icon-{tool}-select").click()

    def middle(self, key: str) -> tuple[float, float]:
        """Where on the screen the middle of a figure is."""
        x, y = self.axes(key)
        return self.place(key, sum(x) / 2, sum(y) / 2)

    def drag(self, key: str, *places: tuple[float, float], steps: int = 4, hold_ms: float = 0.0) -> None:
        """Drag from place to place of a figure, in steps that the page can follow."""
        way = [self.place(key, *place) for place in places]
        self.page.mouse.move(*way[0])
        self.page.mouse.down()
        self.page.wait_for_timeout(hold_ms)
        for right, down in way[1:]:
            self.page.mouse.move(right, down, steps=steps)
        self.page.mouse.up()

    def type_into(self, field: Locator, words: str) -> None:
        """Replace what a field holds."""
        field.fill(words)
        field.press("Enter")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name).first.click()

    def tab(self, name: str) -> None:
        """Turn to another page of the page."""
        self.page.get_by_role("tab", name=name).click()
