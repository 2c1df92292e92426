"""How the time to answer a brush grows with the rows: `python -m benchmarks.rows CATALOGUE [--quick]`.

The catalogue's own stars, each as often as it takes and every copy a little elsewhere, in memory and in the
catalogue's order.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers import LABEL, Hand, Studio
from benchmarks.findings import Findings
from benchmarks.opening import memory_of
from data.catalogue import Catalogue, open_catalogue
from explorer.atlas import DIAGRAMS
from explorer.derive import derivations
from tests.browser import MAPS

MILLIONS = 1, 4, 16, 40
SHARES = 42, 100
JITTER = 0.01
"""How far copies lie from their star, in standard deviations of the column."""


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("catalogue", type=Path)
    arguments.add_argument("--quick", action="store_true", help="fewer repeats")
    asked = arguments.parse_args()
    found = Findings()
    catalogue = open_catalogue(asked.catalogue, derivations=derivations())
    measure(catalogue, MILLIONS, 5 if asked.quick else 12, found)
    print(found.line)


def measure(catalogue: Catalogue, millions: tuple[float, ...], repeats: int, found: Findings) -> None:
    """Times of boxes at each number of rows."""
    for million in millions:
        many = tiled(catalogue, round(1e6 * million))
        studio, hand = Studio.of(many), Hand(many)
        for share in SHARES:
            words = f"a box of {share} % of {million} million rows, all six maps and the histogram"
            times = studio.answers(hand.boxes(share / 100), repeats)
            found.figures[f"rows_{million}m_ms"] = found.spread(f"rows_{million}m_{share}", times, words)
        studio.views.shutdown()
        gib = memory_of("self") / 2**20
        found.say(f"rows_{million}m_gib", gib, "GiB of its own, all columns and what is made of them")


def tiled(catalogue: Catalogue, rows: int) -> Catalogue:
    """So many rows, neighbours still neighbours, with the columns that brushes and maps need."""
    rng = np.random.default_rng(1)
    needed = {LABEL, "mg_fe", "chi2"}.union(*((DIAGRAMS[key].x, DIAGRAMS[key].y) for key in MAPS))
    source = np.arange(rows) * len(catalogue) // rows
    columns = {name: _jittered(catalogue[name], source, rng) for name in sorted(needed)}
    return replace(
        catalogue,
        columns=MappingProxyType(columns),
        described=MappingProxyType({name: catalogue.described[name] for name in columns}),
        source_row=np.arange(rows),
        row_of_source=np.arange(rows),
    )


def _jittered(
    values: NDArray[Any], source: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Values of the rows copied; every copy but the first of its star is moved."""
    spread = JITTER * np.nanstd(values[:: max(1, len(values) // 100_000)])
    moved = rng.random(len(source), dtype=np.float32)
    moved -= np.float32(0.5)
    moved *= np.float32(spread)
    moved += values[source]
    return moved


if __name__ == "__main__":
    main()
