"""What is said of a calibration, in words and in a table."""

import html
import math
from collections.abc import Mapping

from data.catalogue import Catalogue
from explorer.binary_options import KINDS
from explorer.calibration import MOST_OF_ERRORS, Calibration
from explorer.label_table import label_name, label_table
from explorer.numerals import plain, signed

READING = (
    "How to read it: stars of one cluster or binary were born alike, so that a trend with Teff among them is "
    "taken for an error of the label: f(Teff). Scatter is that of labels about their group, without and with "
    "a correction learned from other groups. Where its ratio is below 1 with its whole 95 % interval, the "
    "correction is of use; else the label stays as it is."
)
DIFFUSION = (
    "Diffusion in the stars' atmospheres makes abundances go with Teff in truth (section 5.1): such real "
    "trends are removed too."
)
INSIDE_ONLY = (
    "Nothing is extrapolated: calibrated labels are missing beyond the Teff, log g and [Fe/H] of the stars "
    "that were learned from."
)
NOT_TWICE = (
    "Stars that were learned from are flagged (calibrator); pairs with such a star take no part in eq. 6 by "
    "calibrated labels."
)
MOST_SOURCES = 10
"""Clusters that are named."""
CAUTIONS = (DIFFUSION, INSIDE_ONLY, NOT_TWICE)
HEADINGS = (
    "label",
    "groups",
    "stars",
    "Teff, K",
    "f, dex",
    "scatter",
    "with f",
    "ratio",
    "95 % interval",
    "",
)
OF_USE, OF_NONE = "calibrated", "left as it is"


def title(catalogue: Catalogue, found: Calibration) -> str:
    """How many labels are calibrated."""
    mock = "MOCK " if catalogue.mock else ""
    kind, judged = KINDS[found.options.kind], len(found.corrections)
    return f"{mock}{kind}: f(Teff) is of use to {len(found.useful)} of {judged} labels that can be judged"


def lines(catalogue: Catalogue, found: Calibration) -> tuple[str, ...]:
    """What it rests on, and what it does not say."""
    known, share = found.calibrators, found.options.share
    kept = f"{known.kept:,} wide binaries are kept for eq. 6 (share used: {share:g})"
    return (
        f"Born together: {sources(found)}",
        "Of these enter, label by label, stars that have it and a companion whose Teff is within reach",
        *([kept] if known.kept else []),
        *known.notes,
        *_alike(catalogue, {name: _holds(catalogue, found, name) for name in found.corrections}),
        *_alike(catalogue, found.refused),
        _errors(found),
        *CAUTIONS,
    )


def sources(found: Calibration) -> str:
    """Where the stars are from; of many clusters those of most stars."""
    told = [f"{name}, {stars:,} stars" for name, stars in found.calibrators.sources]
    rest = found.calibrators.sources[MOST_SOURCES:]
    more = [f"and {len(rest):,} more, {sum(stars for _, stars in rest):,} stars"] if rest else []
    return "; ".join([*told[:MOST_SOURCES], *more])


def _holds(catalogue: Catalogue, found: Calibration, name: str) -> str:
    """Where a correction holds."""
    limits = ", ".join(
        f"{catalogue.described[beside].plain} {low:.2f} to {high:.2f}"
        for beside, (low, high) in found.limits[name].items()
    )
    reach = found.corrections[name].course.support
    asked = found.options.anchor
    moved = f", for {asked:g} K is not reached" if reach.anchor != asked else ""
    return f"f is 0 at {reach.anchor:.0f} K{moved}, and holds for {limits}"


def _alike(catalogue: Catalogue, said: Mapping[str, str]) -> list[str]:
    """What is said of labels, those of which the same is said together."""
    groups: dict[str, list[str]] = {}
    for name, words in said.items():
        groups.setdefault(words, []).append(catalogue.described[name].plain)
    return [f"{', '.join(names)}: {words}" for words, names in groups.items()]


def _errors(found: Calibration) -> str:
    """What errors of T_eff do."""
    if not math.isfinite(found.of_errors):
        return (
            "Errors of Teff are not stated: where stars of a group differ by little more, what labels and "
            "Teff err in together passes for a trend."
        )
    return (
        f"Errors of Teff make {found.of_errors:.1%} of how Teff differs within groups (up to "
        f"{MOST_OF_ERRORS:.0%} will do): f may hold as much of what labels and Teff err in together."
    )


def row(catalogue: Catalogue, found: Calibration, name: str) -> tuple[str, ...]:
    """Cells of a label, as HEADINGS says."""
    one = found.corrections[name]
    reach, scatter = one.course.support, one.scatter
    low, high = extremes(found, name)
    return (
        catalogue.described[name].plain,
        f"{one.stars.groups:,}",
        f"{len(one.stars.star):,}",
        f"{reach.low:.0f} to {reach.high:.0f}",
        f"{signed(low, 2)} to {signed(high, 2)}",
        plain(scatter.before, 3),
        plain(scatter.after, 3),
        f"{scatter.ratio:.2f}",
        f"{scatter.low:.2f} to {scatter.high:.2f}",
        OF_USE if scatter.falls else OF_NONE,
    )


def extremes(found: Calibration, name: str) -> tuple[float, float]:
    """Least and greatest correction of the stars that were learned from, dex."""
    one = found.corrections[name]
    values = one.course(one.stars.teff)
    return float(values.min()), float(values.max())


def table_html(catalogue: Catalogue, found: Calibration) -> str:
    """All labels, those that are calibrated in bold."""
    rows = (
        (label_name(catalogue.described[name], bold=one.scatter.falls), row(catalogue, found, name)[1:])
        for name, one in found.corrections.items()
    )
    return label_table(HEADINGS, rows)


def words_html(catalogue: Catalogue, found: Calibration) -> str:
    """The answer, and what there is to know beside."""
    told = "<br>".join(html.escape(line) for line in lines(catalogue, found))
    return f"<p class='headline'>{html.escape(title(catalogue, found))}</p><p>{told}</p>"
