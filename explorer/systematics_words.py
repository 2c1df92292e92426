"""What may be said of a map that T_eff and log g were taken out of, in plain lines."""

from collections.abc import Iterator

from data.catalogue import Catalogue
from data.schema import Column
from explorer.systematics_table import Controlled, suspects, told
from model.common_support import REASONS
from model.systematics import CONFOUNDED


def headline(catalogue: Catalogue, done: Controlled) -> str:
    """Give the verdict in one line."""
    label, x, y = (
        catalogue.described[name].plain
        for name in (done.made.asked.label, done.made.asked.x, done.made.asked.y)
    )
    mock = "MOCK catalogue: " if catalogue.mock else ""
    return f"{mock}{label} over {x} and {y}: {done.control.verdict.word}"


def lines(catalogue: Catalogue, done: Controlled) -> Iterator[str]:
    """Give what the verdict stands on, line by line."""
    made, found, verdict = done.made, done.control, done.control.verdict
    yield verdict.why
    yield f"variance between pixels less noise, corrected over raw: {told(verdict.ratio)}"
    yield f"raw {told(verdict.raw)}, corrected {told(verdict.corrected)} dex^2"
    axes = [catalogue.described[name] for name in (made.asked.x, made.asked.y)]
    for axis, raw, corrected in zip(axes, found.raw_slope, found.slope, strict=True):
        yield f"slope along {axis.plain}: raw {told(raw)}, corrected {told(corrected)} {_per(axis)}"
    yield "slopes are not selection-corrected"
    stand_in = "fields on the sky (the catalogue has no plates)" if made.fields else "plates"
    side = made.asked.cells
    yield (
        f"{len(made.rows):,} giants, {found.stars.sum():,} of them comparable; {verdict.pixels:,} of {side} "
        f"by {side} pixels judged: the verdict holds for pixels of that size; {verdict.draws:,} draws of "
        f"{verdict.plates:,} {stand_in}; intervals hold 95 %"
    )
    for number, reason in enumerate(REASONS[1:], start=1):
        blank = int(((found.support.reason == number) & (found.support.share >= 0)).sum())
        if blank:
            yield f"blank: {blank:,} pixels, {reason}"
    for column, before, after in suspects(done):
        yield f"correlation with {column.plain}: raw {before:.2f}, corrected {after:.2f}"
    yield CONFOUNDED


def _per(axis: Column) -> str:
    """Unit of a slope of abundances."""
    return f"dex/({axis.unit})" if {" ", "/"} & set(axis.unit) else f"dex/{axis.unit}" if axis.unit else "dex"
