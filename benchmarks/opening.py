"""How fast the explorer opens: `python -m benchmarks.opening [--stars N | --catalogue FILE]`.

Prints each figure as it is measured and, as its last line, one JSON object with all of them. Times are
medians. Every server is a process of its own; every visitor is a browser that has nothing in its cache. A
page counts as open when the last map of the first tab has been painted and two frames have passed.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from benchmarks.floor import SIX
from explorer.demo import EDITION
from model.actions import staeckel_actions
from model.kinematics import PhaseSpace
from tests.browser import MAPS, Visit, chromium
from tests.served import ROOT, Served, free_port

VISITS, REST_S = 5, 3.0
"""Visitors that are counted, and seconds from when one leaves to when the next comes to a server at rest."""
DEMO_STARS = 200_000
ACTION_STARS = 100_000

Figures = dict[str, float]


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stars", type=int, default=3_900_000, help="stars of the mock catalogue to open")
    arguments.add_argument("--catalogue", type=Path, help="a catalogue to open instead")
    asked = arguments.parse_args()
    figures: Figures = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            figures |= measure_actions()
            figures |= measure_demo(Path(folder))
            figures |= measure_serving(asked.catalogue or mock_of(asked.stars), Path(folder))
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is left running")
    figures["first_page_over_floor"] = figures["first_page_s"] / figures["floor_page_s"]
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def say(name: str, value: float, words: str) -> Figures:
    """Print a figure as it comes."""
    print(f"{name:24} {value:9.2f}   {words}", flush=True)
    return {name: value}


def explorer(*words: str) -> float:
    """Run a command of the explorer; seconds it took."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "explorer", *words]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begun


def mock_of(stars: int) -> Path:
    """A mock of so many stars, made once and kept in the user's cache folder."""
    path = user_cache_path("enrichment-explorer", appauthor=False) / f"benchmark-{stars}-{EDITION}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        print(f"making {stars:,} mock stars, once, in {path.parent}", flush=True)
        explorer("demo", "--labels", "scatter", "--stars", str(stars), "--out", str(path))
    return path


def measure_actions() -> Figures:
    """Microseconds a star for Staeckel actions with a focal length per star, on OpenMP's threads."""
    rng = np.random.default_rng(1)
    disc = PhaseSpace(
        R=rng.uniform(6, 12, ACTION_STARS),
        phi=np.zeros(ACTION_STARS),
        z=rng.laplace(0, 0.4, ACTION_STARS),
        vR=rng.normal(0, 35, ACTION_STARS),
        vT=rng.normal(215, 25, ACTION_STARS),
        vz=rng.normal(0, 20, ACTION_STARS),
    )
    begun = time.monotonic()
    staeckel_actions(disc)
    spent = time.monotonic() - begun
    return say("actions_us_per_star", 1e6 * spent / ACTION_STARS, f"us, {ACTION_STARS:,} disc stars")


def measure_demo(folder: Path) -> Figures:
    """Seconds for the whole command that makes a mock survey."""
    words = "--labels", "scatter", "--stars", str(DEMO_STARS), "--out", str(folder / "demo.parquet")
    spent = explorer("demo", *words)
    return say("demo_200k_s", spent, "s, `explorer demo --labels scatter --stars 200000`")


@contextmanager
def running(server: Served) -> Iterator[Served]:
    """A server that is stopped in the end, whatever happens."""
    try:
        yield server
    finally:
        server.stop()


def measure_serving(path: Path, folder: Path) -> Figures:
    """First and second start of a server, its first page, its memory, and the floor of that page."""
    places = {"EXPLORER_CACHE": str(folder / "cache")}
    figures: Figures = {}
    begun = time.monotonic()
    with running(Served.catalogue(path, folder / "first.log", **places)) as server:
        server.wait("/")
        figures |= say("server_first_s", time.monotonic() - begun, f"s, first start on {path.name}")
    begun = time.monotonic()
    with running(Served.catalogue(path, folder / "second.log", **places)) as server:
        server.wait("/")
        figures |= say(
            "server_ready_s", time.monotonic() - begun, "s, second start to the page's first answer"
        )
        figures |= say("first_page_s", visits(server.url, MAPS), "s, warm server to the last map painted")
        anonymous = memory_of(server.process.pid)
        figures |= say("server_anonymous_gib", anonymous / 2**20, "GiB of its own, mapped files not counted")
    port = free_port()
    with running(Served.start(["-m", "benchmarks.floor", str(port)], port, folder / "floor.log")) as server:
        server.wait("/")
        figures |= say("floor_page_s", visits(server.url, SIX), "s, the same template with six static images")
    shutil.rmtree(folder / "cache")
    return figures


def visits(url: str, keys: tuple[str, ...]) -> float:
    """Median seconds from asking for a page to its last map painted, after one visit that is not counted."""
    spent = []
    with chromium() as browser:
        for _ in range(1 + VISITS):
            visit = Visit(browser, url)
            begun = time.monotonic()
            visit.open(*keys)
            spent.append(time.monotonic() - begun)
            visit.close()
            time.sleep(REST_S)
    return statistics.median(spent[1:])


def memory_of(process: int | str) -> int:
    """KiB of a process's anonymous memory (Linux); `self` is this one."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")))


if __name__ == "__main__":
    main()
