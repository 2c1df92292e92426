"""Maps by the most obvious numpy in float64: what the page must show. Knows nothing of `explorer.raster`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.palette import GHOST, LEVELS, Scale
from tests.browser import Image, Visit

AXES = {
    "rz": ("R", "z"),
    "xy": ("X", "Y"),
    "rv": ("R", "vT"),
    "kiel": ("teff", "logg"),
    "plane": ("fe_h", "mg_fe"),
    "actions": ("Jphi", "JR"),
    "sky": ("l", "b"),
    "face": ("X", "Y"),
    "edge": ("R", "z"),
}
PIXELS = 400
CELLS_A_SIDE = (400, 200, 100, 80, 50, 40, 25)
STARS_A_CELL = 5
MIN_STARS = 3
"""What the page opens with."""

Values = NDArray[np.float64]
Table = Mapping[str, NDArray[Any]]


def pixel(values: Values, low: float, high: float) -> NDArray[np.int64]:
    """Datashader's rule: `int(x * s - x0 * s)`, the upper end in the last pixel."""
    scale = PIXELS / (high - low)
    return np.minimum((values * scale - low * scale).astype(np.int64), PIXELS - 1)


@dataclass(frozen=True)
class PlainMap:
    """Stars in square cells: for each (row, column), the label's values of its stars, NaN where missing."""

    cells: int
    inside: int
    stars: dict[tuple[int, int], Values]

    @classmethod
    def of(cls, x: Values, y: Values, label: Values, window: tuple[float, float, float, float]) -> "PlainMap":
        """Sort the stars of a window into cells, as fine as leaves enough in one on average."""
        x0, x1, y0, y1 = window
        here = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        telling = int(np.isfinite(label[here]).sum())
        cells = next((n for n in CELLS_A_SIDE if telling >= STARS_A_CELL * n * n), CELLS_A_SIDE[-1])
        rows = pixel(y[here], y0, y1) // (PIXELS // cells)
        columns = pixel(x[here], x0, x1) // (PIXELS // cells)
        stars: dict[tuple[int, int], list[float]] = {}
        for row, column, value in zip(rows.tolist(), columns.tolist(), label[here].tolist(), strict=True):
            stars.setdefault((row, column), []).append(value)
        return cls(cells, int(here.sum()), {cell: np.array(values) for cell, values in stars.items()})

    @property
    def most(self) -> int:
        """Stars in the fullest cell."""
        return max(len(values) for values in self.stars.values())

    def finite(self, cell: tuple[int, int]) -> Values:
        """The label's values in a cell, without the missing."""
        values = self.stars[cell]
        return values[np.isfinite(values)]

    def grid(self, statistic: str, min_stars: int) -> Values:
        """(cells, cells) the statistic; NaN where there are too few stars with a label. Counts are of all."""
        out = np.full((self.cells, self.cells), np.nan)
        for cell in self.stars:
            values = self.finite(cell)
            if statistic == "count":
                out[cell] = len(self.stars[cell])
            elif len(values) >= min_stars:
                out[cell] = STATISTICS[statistic](values)
        return out


def _spread(values: Values) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan


STATISTICS = {
    "mean": np.mean,
    "median": np.median,
    "standard deviation": _spread,
    "standard error": lambda values: _spread(values) / np.sqrt(len(values)),
}


def paper_cuts(table: Table, key: str) -> NDArray[np.bool_]:
    """Rows that the cuts the page opens with let through to a map."""
    keep = (table["giantmodel"] == 1) & (table["chi2"] <= 7000)
    return keep & (table["Jz"] <= 30) if key in ("xy", "rv") else keep


def meant(table: Table, key: str, image: Image, keep: NDArray[np.bool_], label: str = "mg_fe") -> PlainMap:
    """What a map should show in the window it has."""
    x, y = AXES[key]
    return PlainMap.of(table[x][keep], table[y][keep], table[label][keep], image.window)


def check(
    image: Image,
    expected: PlainMap,
    ends: tuple[float, float],
    *,
    statistic: str = "mean",
    min_stars: int = MIN_STARS,
    log: bool = False,
) -> int:
    """Hold a map to numpy: the same cells drawn, colours within one level. Number of those cells."""
    assert image.levels.shape == (expected.cells, expected.cells)
    grid = expected.grid(statistic, min_stars)
    drawn = image.levels > GHOST
    assert np.array_equal(drawn, np.isfinite(grid)), f"{drawn.sum()} cells and not {np.isfinite(grid).sum()}"
    low, high = ends
    assert low < high, f"the colour bar runs from {low} to {high}"
    assert low > 0 or not log, f"a logarithmic colour bar begins at {low}"
    scale = Scale(low, high, log=log)
    straight = np.log10 if log else np.asarray
    level = (straight(scale.high) - straight(scale.low)) / LEVELS
    shown = straight(scale.values(image.levels[drawn]))
    right = straight(np.clip(grid[drawn], scale.low, scale.high))
    assert np.abs(shown - right).max(initial=0) <= 1.001 * level
    return int(drawn.sum())


def check_page(
    visit: Visit, table: Table, keep: NDArray[np.bool_], keys: tuple[str, ...], **how: Any
) -> None:
    """Hold maps of a page to numpy, for one selection."""
    label = how.pop("label", "mg_fe")
    for key in keys:
        image = visit.image(key)
        assert check(image, meant(table, key, image, keep, label), visit.range, **how) > 0
