"""A hand that brushes in a page with linked maps, ours or another's, and what the page notes of it."""

import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as Waited

PROBE = (Path(__file__).parent / "probe.js").read_text()
LOADED = """
count => [...window.Bokeh?.documents?.[0]?.all_models ?? []].filter(model => {
  const pixels = model.renderers?.filter?.(one => one.glyph?.type === 'Image')
    .map(one => one.data_source.data[one.glyph.image.field]?.[0]?.length ?? 0) ?? []
  return pixels.some(size => size > 1) && Bokeh.index.find_one(model)?.frame?.bbox.width > 0
}).length >= count
"""
ANSWERED = "() => probe.frames.some(frame => frame.shown > probe.released)"
NOTED = """
() => {
  const {pressed, released, frames} = probe
  return {pressed, released, shown: frames.map(frame => frame.shown), ...traffic}
}
"""
TRAFFIC = """
window.traffic = {bytes: 0, messages: 0}
window.WebSocket = class extends WebSocket {
  constructor(...words) {
    super(...words)
    this.addEventListener('message', ({data}) => {
      traffic.bytes += data.byteLength ?? data.length
      traffic.messages += 1
    })
  }
}
"""
PATIENCE_S = 60.0
ANSWER_S = 15.0
"""Within which the maps answer, if they do at all."""

PAUSE_S = 0.3

Point = tuple[float, float]
"""A place in a map: parts of its width from the left and of its height from the top."""


@dataclass(frozen=True)
class Gesture:
    """What a page noted of one.

    Attributes
    ----------
    lag : milliseconds from the release to the last map redrawn; 0 if all were up to date by then.
    rate : complete redraws a second while the button was down.
    frames : complete redraws in all.
    bytes, messages : that the server sent meanwhile.
    """

    lag: float
    rate: float
    frames: int
    bytes: int
    messages: int


def listen(page: Page) -> None:
    """Have a page that is yet to be opened count what its server sends."""
    page.add_init_script(TRAFFIC)


class Hand:
    """Brushes in a page that listens, once `maps` maps are painted.

    A gesture is over when its answer has come and nothing changed for `quiet_s` seconds.
    """

    def __init__(self, page: Page, maps: int, quiet_s: float) -> None:
        self._page = page
        self._quiet_s = quiet_s
        page.wait_for_function(LOADED, arg=maps, timeout=1000 * PATIENCE_S)
        found = page.evaluate(PROBE)
        if found != maps:
            raise RuntimeError(f"the page shows {found} maps instead of {maps}")

    def rest(self, least_s: float | None = None) -> None:
        """Wait until nothing has changed for a while."""
        least = 1000 * (self._quiet_s if least_s is None else least_s)
        begun = time.monotonic()
        while self._page.evaluate("() => probe.quiet()") < least:
            if time.monotonic() - begun > PATIENCE_S:
                raise TimeoutError("the maps never came to rest")
            time.sleep(0.1)

    def _place(self, name: str | None, point: Point) -> Point:
        """Where a part of a map is on the screen: of the map of a name, or of the first one."""
        places: list[dict[str, Any]] = self._page.evaluate("() => probe.places()")
        place = next((each for each in places if each["name"] == name), places[0])
        return place["left"] + point[0] * place["width"], place["top"] + point[1] * place["height"]

    def stroke(
        self, points: Iterable[Point], name: str | None = None, ready: Callable[[], Any] = lambda: None
    ) -> Gesture:
        """Drag along points of a map, rest before the last, be `ready`, go there and let go at once."""
        first, *way, last = (self._place(name, point) for point in points)
        mouse = self._page.mouse
        mouse.move(*first)
        self._page.evaluate("() => probe.forget()")
        mouse.down()
        for place in way:
            mouse.move(*place)
        self._page.wait_for_timeout(1000 * PAUSE_S)
        self.rest(PAUSE_S)
        ready()
        mouse.move(*last)
        mouse.up()
        return self._noted()

    def drag(self, seconds: float, name: str | None = None) -> Gesture:
        """Drag one corner of a box about for some seconds, as fast as the page takes it, and let go."""
        mouse = self._page.mouse
        mouse.move(*self._place(name, (0.15, 0.12)))
        corner = self._place(name, (0.7, 0.7))
        across, up = (b - a for a, b in zip(corner, self._place(name, (0.9, 0.9)), strict=True))
        self._page.evaluate("() => probe.forget()")
        mouse.down()
        begun = time.monotonic()
        while (spent := time.monotonic() - begun) < seconds:
            mouse.move(corner[0] + across * math.sin(7 * spent), corner[1] + up * math.cos(5 * spent))
        mouse.move(*corner)
        mouse.up()
        return self._noted()

    def _noted(self) -> Gesture:
        with suppress(Waited):
            self._page.wait_for_function(ANSWERED, timeout=1000 * ANSWER_S)
        self.rest()
        noted = self._page.evaluate(NOTED)
        live = [time for time in noted["shown"] if noted["pressed"] < time < noted["released"]]
        return Gesture(
            lag=max(0.0, noted["shown"][-1] - noted["released"]) if noted["shown"] else 0.0,
            rate=1000 * len(live) / max(1.0, noted["released"] - noted["pressed"]),
            frames=len(noted["shown"]),
            bytes=noted["bytes"],
            messages=noted["messages"],
        )


def ring(rng: np.random.Generator, corners: int = 40) -> list[Point]:
    """An uneven ring about the middle of a map."""
    turn = np.linspace(0, 2 * np.pi, corners)
    radius = rng.uniform(0.3, 0.38) + 0.03 * np.sin(3 * turn + 6 * rng.random())
    return [
        (float(0.45 + r * math.cos(t)), float(0.5 + r * math.sin(t)))
        for r, t in zip(radius, turn, strict=True)
    ]


def box(rng: np.random.Generator) -> list[Point]:
    """From one corner to the other, by way of the middle; no two alike."""
    x0, y0 = rng.uniform(0.02, 0.1, 2)
    x1, y1 = rng.uniform(0.6, 0.95, 2)
    return [(x0, y0), ((x0 + x1) / 2, (y0 + y1) / 2), (x1, y1)]
