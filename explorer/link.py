"""All a visitor chose as one text for the page's address, and back."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from data.problem import DataError, UnknownColumnError
from explorer.admission import admitted, check_length, check_size
from explorer.envelope import open_sealed, seal
from explorer.palette import Scale
from explorer.session import Chosen, Colouring, Gallery, Layout, State, Subset, ViewState
from explorer.stars import Stars

VERSION = 1
"""Of the form below. Raise it where what is written now would be read as something else."""

Plain = Mapping[str, Any]

USUALLY: Plain = MappingProxyType(
    {
        "views": {},
        "derived": [],
        "subsets": [],
        "subsets_as": "contours",
        "tab": "maps",
        "layout": {},
        "gallery": {},
        "star": None,
        "chosen": {},
    }
)
"""What is left out of a link, and so means the same in every link of this version."""


def to_token(state: State) -> str:
    """Write a state for the address; equal states give equal texts.

    Raises
    ------
    DataError
        Where it is too long for an address.
    """
    check_size(state.selection, state.subsets)
    plain = {
        "selection": state.selection.to_json(),
        "colouring": _colouring(state.colouring),
        "bars": _unusual({"column": state.bars.column, "log": state.bars.log}, log=False),
        "views": {key: _view(view) for key, view in state.views.items() if view != ViewState()},
        "derived": [[known.name, known.expression] for known in state.derived],
        "subsets": [_subset(subset) for subset in state.subsets],
        "subsets_as": state.subsets_as,
        "tab": state.tab,
        "layout": _layout(state.layout),
        "gallery": _gallery(state.gallery),
        "star": None if state.star is None else [state.star.name, state.star.number],
        "chosen": {page: _chosen(chosen) for page, chosen in state.chosen.items()},
    }
    check_length(plain)
    return seal(_unusual(plain, **USUALLY), VERSION)


def from_token(token: str, stars: Stars, tabs: Collection[str]) -> State:
    """Read what `to_token` wrote, as a state of this catalogue's page.

    Parameters
    ----------
    token : whatever a person's address held.
    stars : the catalogue it is to be shown of.
    tabs : the pages there are.

    Raises
    ------
    DataError
        Where it is damaged, of another version or of another catalogue: in words for a person with a link.
    """
    given = open_sealed(token, VERSION)
    try:
        return admitted(given, USUALLY, stars, tabs)
    except UnknownColumnError as problem:
        raise DataError(
            f"This link names the column {problem.column[:40]}, which this catalogue lacks: "
            "open the catalogue that it was made with"
        ) from problem
    except DataError as problem:
        raise DataError(f"This link does not fit: {problem}") from problem


def _unusual(plain: Plain, **usually: Any) -> dict[str, Any]:
    """Leave out what is as usual."""
    return {key: value for key, value in plain.items() if key not in usually or value != usually[key]}


def _colouring(colouring: Colouring) -> Plain:
    plain = {
        "label": colouring.label,
        "statistic": colouring.statistic,
        "min_stars": colouring.min_stars,
        "log": colouring.log,
        "colours": colouring.colour_map,
        "range": _range(colouring.scale),
    }
    return _unusual(plain, statistic="mean", min_stars=3, log=False, colours=None, range=None)


def _view(view: ViewState) -> Plain:
    window, own = view.window, view.colouring
    ends = None if window is None else [float(end) for end in (window.x0, window.x1, window.y0, window.y1)]
    plain = {
        "window": ends,
        "y": view.y,
        "colouring": None if own is None else _colouring(own),
        "landmarks": None if view.landmarks is None else list(view.landmarks),
    }
    return _unusual(plain, window=None, y=None, colouring=None, landmarks=None)


def _subset(subset: Subset) -> Plain:
    plain = {"name": subset.name, "if": subset.condition.text, "colour": subset.colour, "shown": subset.shown}
    return _unusual(plain, shown=True)


def _layout(layout: Layout) -> Plain:
    sizes = {key: float(size) for key, size in layout.sizes.items()}
    plain = {"order": list(layout.order), "sizes": sizes, "largest": layout.largest}
    return _unusual(plain, order=[], sizes={}, largest=None)


def _gallery(gallery: Gallery) -> Plain:
    plain = {"plane": gallery.plane, "shared": gallery.shared, "range": _range(gallery.scale)}
    return _unusual(plain, plane="rz", shared=False, range=None)


def _chosen(chosen: Chosen) -> Plain:
    return {name: [*value] if isinstance(value, tuple) else value for name, value in chosen.items()}


def _range(scale: Scale | None) -> list[Any] | None:
    return None if scale is None else [float(scale.low), float(scale.high), scale.log]
