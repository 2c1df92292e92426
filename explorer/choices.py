"""What a person may choose from: the catalogue's quantities in named groups, for the selects of the page."""

from collections.abc import Iterable, Mapping

from data.problem import DataError
from data.schema import LABELS, Column
from data.selection import Selection
from explorer.session import Bars, Colouring, Derived, State
from explorer.stars import Stars

Options = dict[str, str]


def name_of(column: Column) -> str:
    """A column's name in a select: its plain label with its unit."""
    return f"{column.plain} [{column.unit}]" if column.unit not in ("", "dex") else column.plain


def quantities(
    stars: Stars, derived: Iterable[Derived] = (), *, averaged: bool = False
) -> dict[str, Options]:
    """Every quantity that can be drawn, by group, each as {name to show: quantity}.

    `averaged` leaves out angles: the mean of 1 and 359 degrees is not 180.
    """
    labels = {column.name for column in LABELS}
    groups: dict[str, Options] = {
        "Labels": {},
        "Computed here": {},
        "Space and motion": {},
        "Quality and light": {},
        "Mock truth": {},
    }
    for known in derived:
        groups["Computed here"][known.name] = known.expression
    for column in stars.catalogue.described.values():
        fits = column.is_number and not (averaged and column.kind == "angle")
        if fits and column.name in stars.catalogue:
            groups[_group(column, labels)][name_of(column)] = column.name
    return {group: options for group, options in groups.items() if options}


def _group(column: Column, labels: set[str]) -> str:
    if column.name.startswith("true_"):
        return "Mock truth"
    if column.kind in ("flag", "count"):
        return "Quality and light"
    if column.name in labels or (column.name.endswith("_fe") and not column.name.startswith(("e_", "chi2_"))):
        return "Labels"
    if column.name.startswith(("e_", "chi2")) or column.unit == "mag" or column.name.endswith("_lamost"):
        return "Quality and light"
    return "Space and motion"


def planes(stars: Stars, derived: Iterable[Derived] = ()) -> Options:
    """What can stand on the vertical axis of the abundance plane: abundances, and what was computed here."""
    groups = quantities(stars, derived)
    ratios = {name: key for name, key in groups.get("Labels", {}).items() if key.endswith("_fe")}
    return {**ratios, **groups.get("Computed here", {})}


def flat(groups: Mapping[str, Options]) -> Options:
    """The options of all groups in one."""
    return {name: quantity for options in groups.values() for name, quantity in options.items()}


def opening_label(stars: Stars) -> str:
    """What the colours say when the page opens: an alpha element, else iron, else what there is.

    Raises DataError where the catalogue has no number to draw.
    """
    offered = flat(quantities(stars)).values()
    if not offered:
        raise DataError(
            f"{stars.catalogue.source} has no column of numbers to draw: see 'explorer info' for its columns"
        )
    wanted = ("mg_fe", "alpha_fe", "fe_h", "teff")
    return next((name for name in wanted if name in offered), next(iter(offered)))


def opening(stars: Stars, selection: Selection) -> State:
    """The state a page opens in."""
    label = opening_label(stars)
    bars = "fe_h" if stars.has("fe_h") else label
    state = State(selection, Colouring(label), Bars(bars))
    plane = next(iter(planes(stars).values()), None)
    preferred = "mg_fe" if stars.has("mg_fe") else plane
    return state.with_view("plane", y=preferred) if preferred else state
