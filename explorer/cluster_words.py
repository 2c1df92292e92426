"""What is said of a study of an open cluster, in words and in a table."""

import html

from data.catalogue import Catalogue
from explorer.cluster_study import ClusterStudy
from explorer.label_table import label_name, label_table
from explorer.numerals import plain, signed
from explorer.open_clusters import OPEN_CLUSTERS, REFERENCE
from model.clusters import Drift

READING = (
    "How to read it: members of a cluster were born alike, so that a label that goes with Teff is wrong, but "
    "for diffusion in the stars' atmospheres. Slope: dex per 1000 K, the median of those of all pairs of "
    "members; its interval holds 95 % of draws of members. Scatter: half the central 68 %, dex, as it is and "
    "with the slope taken off; stated: the median error that the catalogue states."
)
OTHERS = (
    "Field stars in the cut, and errors of Teff, may flatten slopes, or make some: field stars where their "
    "labels go with Teff, errors where those of the label go with them."
)
CAUTIONS = (
    f"{OTHERS} Teff that no member has is not judged.",
    "Where no label drifts, one interval in 20 still excludes 0.",
)
HEADINGS = ("label", "stars", "slope", "95 % interval", "scatter", "slope off", "stated")
PER_K = 1000.0
"""Slopes are told per so many K."""
DEX = 3
"""Digits behind the point."""


def title(catalogue: Catalogue, study: ClusterStudy) -> str:
    """Which cluster, and how many labels drift."""
    mock = "MOCK " if catalogue.mock else ""
    drifting = sum(drift.slope.excludes_zero for drift in study.drifts.values())
    some = f"{drifting} of {len(study.drifts)} labels are seen to drift with Teff (their intervals exclude 0)"
    return f"{mock}{study.name}, {len(study.rows):,} members: {some}"


def source(study: ClusterStudy) -> str:
    """Where a ready-made cut is from; nothing for one's own."""
    known = OPEN_CLUSTERS.get(study.name)
    if known is None:
        return ""
    return f"Centre, radius, proper motion and distance of {known.listed}: {REFERENCE}; the limits are ours"


def steps(study: ClusterStudy) -> str:
    """What each step left."""
    return "; ".join(f"{what}: {number:,}" for what, number in study.left)


def row(catalogue: Catalogue, study: ClusterStudy, name: str) -> tuple[str, ...]:
    """Cells of a label, as HEADINGS says."""
    drift = study.drifts[name]
    return (
        catalogue.described[name].plain,
        f"{drift.slope.stars:,}",
        signed(drift.slope.value * PER_K, DEX),
        interval(drift),
        plain(drift.core, DEX),
        plain(drift.about, DEX),
        plain(study.errors[name], DEX),
    )


def interval(drift: Drift) -> str:
    """The ends of a slope's interval, dex per 1000 K."""
    return f"{signed(drift.slope.low * PER_K, DEX)} to {signed(drift.slope.high * PER_K, DEX)}"


def slope_words(drift: Drift) -> str:
    """A slope with its interval, in words that stand above a figure."""
    return f"{signed(drift.slope.value * PER_K, DEX)} ({interval(drift)}) dex per 1000 K"


def table_html(catalogue: Catalogue, study: ClusterStudy) -> str:
    """All labels, those that drift in bold."""
    rows = (
        (
            label_name(catalogue.described[name], bold=drift.slope.excludes_zero),
            row(catalogue, study, name)[1:],
        )
        for name, drift in study.drifts.items()
    )
    return label_table(HEADINGS, rows)


def words_html(catalogue: Catalogue, study: ClusterStudy) -> str:
    """The answer, where it is from, and what it does not say."""
    lines = (source(study), f"Stars left, step by step: {steps(study)}", *study.notes, *CAUTIONS)
    told = "<br>".join(html.escape(line) for line in lines if line)
    return f"<p class='headline'>{html.escape(title(catalogue, study))}</p><p>{told}</p>"
