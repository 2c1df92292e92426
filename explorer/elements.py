"""The fit near the strong lines of each element, as columns of results."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.schema import COLUMNS, SPECTRUM, Column
from model.lines import LAMOST_WINDOWS
from model.windows import WindowFit, WindowPixels


@dataclass(frozen=True, eq=False)
class Elements:
    """Elements whose strong lines lie on a model's pixels.

    Attributes
    ----------
    windows : theirs, on those pixels.
    left_out : the others.
    """

    windows: WindowPixels
    left_out: tuple[str, ...]

    @classmethod
    def on(cls, wavelength: NDArray[np.float64]) -> "Elements":
        """Those on pixels (P,), A, at rest in vacuum."""
        laid = WindowPixels.of(wavelength, LAMOST_WINDOWS)
        seen = np.flatnonzero(laid.inside.any(axis=1)).tolist()
        names = [column_of(name) for name in laid.names]
        return cls(
            WindowPixels(tuple(names[place] for place in seen), laid.inside[seen], laid.profile[seen]),
            tuple(name for place, name in enumerate(names) if place not in seen),
        )

    def columns(self, fit: WindowFit) -> list[tuple[Column, NDArray[Any]]]:
        """Pixels, chi2 and residual of each element; no residual where there are bands and no lines."""
        found: list[tuple[Column, NDArray[Any]]] = []
        for place, name in enumerate(self.windows.names):
            found.append((_pixels(name), fit.pixels[:, place]))
            found.append((_chi2(name), fit.chi2[:, place]))
            if self.windows.profile[place].any():
                found.append((_residual(name), fit.residual[:, place]))
        return found


def column_of(element: str) -> str:
    """Name of the column of an element's abundance: mg_fe of mg."""
    return element if element == "fe_h" else f"{element}_fe"


def _plain(name: str) -> str:
    return COLUMNS[name].plain if name in COLUMNS else f"[{name.removesuffix('_fe').capitalize()}/Fe]"


def _tex(name: str) -> str:
    symbol = name.removesuffix("_fe").capitalize()
    return COLUMNS[name].tex if name in COLUMNS else rf"[\mathrm{{{symbol}}}/\mathrm{{Fe}}]"


def _pixels(name: str) -> Column:
    meaning = f"Pixels used in windows around strong lines that carry {_plain(name)}."
    title = f"pixels near lines of {_plain(name)}"
    return Column(
        f"pixels_{name}", "float32", "", f"N_{{{_tex(name)}}}", title, meaning, SPECTRUM, 0, 200, "count"
    )


def _chi2(name: str) -> Column:
    meaning = f"chi2 of the fit in windows around strong lines that carry {_plain(name)}."
    title = f"chi2 near lines of {_plain(name)}"
    own = Column(f"chi2_{name}", "float32", "", rf"\chi^2_{{{_tex(name)}}}", title, meaning, SPECTRUM, 0, 200)
    return COLUMNS.get(own.name, own)


def _residual(name: str) -> Column:
    meaning = (
        f"Matched filter at strong lines that carry {_plain(name)}, in its own errors: above 0 where they "
        "are deeper than the model's."
    )
    title = f"residual near lines of {_plain(name)}"
    return Column(
        f"residual_{name}", "float32", "", rf"\sigma_{{{_tex(name)}}}", title, meaning, SPECTRUM, -5, 5,
        "diverging",
    )  # fmt: skip
