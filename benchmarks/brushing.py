"""How fast brushes answer: `python -m benchmarks.brushing [--stars N] [--quick] [--only PART]`.

Prints each figure as it is measured and, as its last line, one JSON object with all of them and the times
they were taken from. Every server is a process of its own. Three pages are brushed by the same hand: ours,
the same with all pictures painted before (the floor), and a stock one. All show the mean of a label that
every star has, with no cut but the brush. Times in pages are from the release of the mouse to the frame
after the last map was painted, by the browser's own clock. What is compared is measured in turn, in one run.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks.answers import Studio
from benchmarks.crowd import measure_visitors
from benchmarks.findings import Findings
from benchmarks.floor import SIX
from benchmarks.hand import Gesture, Hand, box, listen, ring
from benchmarks.opening import memory_of, mock_of, running, visits
from data.catalogue import open_catalogue
from explorer.address import KEY
from explorer.derive import derivations
from explorer.link import to_token
from tests.browser import MAPS, Visit, chromium
from tests.served import Served, free_port

QUIET_S, STOCK_QUIET_S = 0.8, 3.0
"""How long nothing changes any more once an answer is complete."""
NAMES = {"ours": "the page", "floor": "the same page and push with nothing to compute"}


@dataclass(frozen=True)
class Run:
    """What is measured, and where.

    Attributes
    ----------
    catalogue, folder : what is brushed, and where logs are kept.
    quick : whether fewer repeats will do.
    token : of the address at which our page has no cut, and the label that all stars have.
    """

    catalogue: Path
    folder: Path
    quick: bool
    token: str

    @classmethod
    def of(cls, catalogue: Path, folder: Path, *, quick: bool) -> "Run":
        """A run on a catalogue, which is then open and kept."""
        stars = open_catalogue(catalogue, derivations=derivations())
        return cls(catalogue, folder, quick, to_token(Studio.of(stars).state))

    def address(self, server: Served) -> str:
        """Where a server of our page has it in the state that is measured."""
        return f"{server.url}/?{urlencode({KEY: self.token})}"

    def times(self, usual: int, quick: int) -> int:
        """How often something is done."""
        return quick if self.quick else usual

    def page(self, name: str) -> Served:
        """Start the server of a page: "ours", or the module of another."""
        if name == "ours":
            return Served.catalogue(self.catalogue, self.folder / "ours.log")
        port = free_port()
        words = ["-m", f"benchmarks.{name}", str(self.catalogue), str(port)]
        return Served.start(words, port, self.folder / f"{name}.log")


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stars", type=int, default=3_900_000, help="stars of the mock catalogue")
    arguments.add_argument("--catalogue", type=Path, help="a catalogue to brush instead")
    arguments.add_argument("--quick", action="store_true", help="fewer repeats")
    arguments.add_argument("--only", action="append", choices=PARTS, help="a part; may be given again")
    asked = arguments.parse_args()
    found = Findings()
    try:
        with tempfile.TemporaryDirectory() as folder, cached(Path(folder)):
            run = Run.of(asked.catalogue or mock_of(asked.stars), Path(folder), quick=asked.quick)
            for part in asked.only or PARTS:
                PARTS[part](run, found)
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is left running")
    conclude(found)
    print(found.line)


@contextmanager
def cached(folder: Path) -> Iterator[None]:
    """Catalogues are kept opened where EXPLORER_CACHE says, else in a folder that goes with the run."""
    kept = os.environ.get("EXPLORER_CACHE")
    os.environ["EXPLORER_CACHE"] = kept or str(folder / "cache")
    yield
    if kept is None:
        del os.environ["EXPLORER_CACHE"]


def conclude(found: Findings) -> None:
    """Ratios of what was measured."""
    found.ratio("speedup_vs_stock", "stock_box_ms", "ours_box_ms", "times as fast as stock, box, medians")
    found.ratio("box_over_floor", "ours_box_ms", "floor_box_ms", "box over its floor, medians")
    found.ratio("lasso_over_floor", "ours_lasso_ms", "floor_lasso_ms", "lasso over its floor, medians")
    found.ratio("drag_over_floor", "ours_drag_hz", "floor_drag_hz", "updates a second over the floor's")
    found.ratio("first_page_over_floor", "first_page_s", "floor_page_s", "first page over its floor")
    if {"ours_release_ms", "floor_drag_hz"} <= found.figures.keys():
        frames = found.figures["ours_release_ms"] * found.figures["floor_drag_hz"] / 1000
        found.say(
            "drag_lag_frames", frames, "frames of the floor's drag from release to the last map redrawn"
        )


def measure_answers(run: Run, found: Findings) -> None:
    """The server's part, without a browser."""
    found.of_process("benchmarks.answers", str(run.catalogue), *quickly(run))


def measure_rows(run: Run, found: Findings) -> None:
    """How it grows with the rows."""
    found.of_process("benchmarks.rows", str(run.catalogue), *quickly(run))


def quickly(run: Run) -> list[str]:
    """Words that ask another benchmark for fewer repeats too."""
    return ["--quick"] if run.quick else []


def measure_brushes(run: Run, found: Findings) -> None:
    """Boxes, lassos and live drags in our page and on its floor, in turn."""
    with running(run.page("ours")) as ours, running(run.page("still")) as floor, chromium() as browser:
        servers = {"ours": ours, "floor": floor}
        gestures: dict[str, list[Gesture]] = {}
        for server in servers.values():
            server.wait()
        for block in range(run.times(2, 1)):
            for name, server in servers.items():
                with Visit.of(browser, run.address(server)) as visit:
                    for kind, made in brush(visit, run, block).items():
                        gestures.setdefault(f"{name}_{kind}", []).extend(made)
        gib = memory_of(ours.process.pid) / 2**20
        found.say("process_gib", gib, "GiB of our server's own after brushing, mapped files not counted")
    for name, words in NAMES.items():
        tell(found, name, words, gestures)


def brush(visit: Visit, run: Run, seed: int) -> dict[str, list[Gesture]]:
    """Make gestures in (R, z) of an open page."""
    hand, rng = handed(visit), np.random.default_rng(seed)
    for _ in range(3):
        hand.stroke(box(rng), "rz")
    boxes = [hand.stroke(box(rng), "rz") for _ in range(run.times(10, 4))]
    drags = [hand.drag(run.times(4, 2), "rz") for _ in range(run.times(3, 2))]
    visit.page.locator(".bk-tool-icon-lasso-select:visible").first.click()
    lassos = [hand.stroke(ring(rng), "rz") for _ in range(run.times(6, 3) + 1)][1:]
    return {"box": boxes, "drag": drags, "lasso": lassos}


def handed(visit: Visit) -> Hand:
    """A hand in our page."""
    listen(visit.page)
    visit.open()
    hand = Hand(visit.page, len(MAPS), QUIET_S)
    hand.rest(2.0)
    return hand


def tell(found: Findings, name: str, words: str, gestures: dict[str, list[Gesture]]) -> None:
    """Print what gestures in a page came to."""
    for kind in ("box", "lasso"):
        made = gestures[f"{name}_{kind}"]
        size = statistics.mean(each.bytes for each in made) / 1024
        sent = statistics.mean(each.messages for each in made)
        told = f"{kind}, release to last map, {words}; {size:.0f} KiB in {sent:.0f} messages a gesture"
        found.spread(f"{name}_{kind}", [each.lag for each in made], told)
        found.figures[f"{name}_{kind}_kib"] = size
    drags = gestures[f"{name}_drag"]
    found.times[f"{name}_drag_hz"] = [drag.rate for drag in drags]
    rate = statistics.median(found.times[f"{name}_drag_hz"])
    found.say(f"{name}_drag_hz", rate, f"complete updates a second while a box is dragged, {words}")
    found.spread(f"{name}_release", [drag.lag for drag in drags], f"release after a live drag, {words}")


def measure_stock(run: Run, found: Findings) -> None:
    """Boxes in the stock page."""
    with running(run.page("stock")) as server, chromium() as browser:
        server.wait()
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        listen(page)
        begun = time.monotonic()
        page.goto(server.url)
        hand, rng = Hand(page, len(MAPS), STOCK_QUIET_S), np.random.default_rng(0)
        found.say("stock_page_s", time.monotonic() - begun, "s, first page of stock linked maps")
        hand.rest()
        made = [hand.stroke(box(rng)) for _ in range(run.times(6, 3) + 1)][1:]
        page.close()
    found.spread("stock_box", [each.lag for each in made], "box, release to last map, hv.link_selections")


def measure_opening(run: Run, found: Findings) -> None:
    """Second start, first page, and the page of as many static images."""
    begun = time.monotonic()
    with running(run.page("ours")) as server:
        server.wait("/")
        found.say("server_ready_s", time.monotonic() - begun, "s, second start to the page's first answer")
        found.say("first_page_s", visits(server.url, MAPS), "s, warm server to the last map painted")
    port = free_port()
    words = ["-m", "benchmarks.floor", str(port)]
    with running(Served.start(words, port, run.folder / "static.log")) as server:
        server.wait("/")
        found.say("floor_page_s", visits(server.url, SIX), "s, the same template with six static images")


def measure_crowds(run: Run, found: Findings) -> None:
    """Memory per visitor, and visitors who brush at once."""
    with running(run.page("ours")) as server:
        server.wait()
        measure_visitors(server.process.pid, run.address(server), handed, run.times(10, 3), found)


Part = Callable[[Run, Findings], None]
PARTS: dict[str, Part] = {
    "answers": measure_answers,
    "rows": measure_rows,
    "brushes": measure_brushes,
    "stock": measure_stock,
    "opening": measure_opening,
    "visitors": measure_crowds,
}


if __name__ == "__main__":
    main()
