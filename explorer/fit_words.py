"""What the fit of a star means, as HTML: its chi2, the lines of each element, which errors go together."""

import html
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from data.schema import COLUMNS
from explorer.case import Case
from explorer.curves import information
from explorer.label_rows import NONE
from explorer.line_marks import symbol_of
from explorer.notation import to_html
from explorer.published import Published
from explorer.refit import Refit
from explorer.standing import FEWEST, Standing

STRONG = 0.5
"""Correlations of errors that are told of."""

CLOSE = 9.0
"""Another minimum of chi2 is told of if it is higher by less than this."""


def fit_html(case: Case, star: Published | None, standings: Mapping[str, Standing]) -> str:
    """chi2 of the fit and of the lines of each element, and which errors go together.

    `standings` are of the star's chi2 near the lines of each element, by column, as far as they are known.
    """
    parts: list[str] = []
    if case.fit is not None and case.refitter is not None:
        parts.append(_fit_line(case.fit, case.refitter.content.model.wavelength))
        if case.plain is not None and case.fit is not case.plain:
            parts.append(_changes(case.fit, case.plain))
    if star is not None:
        parts.append(_published_chi2(star))
    if case.fit is not None:
        parts.append(_near(case.fit, star, standings))
        parts.append(_formal(case.fit))
        parts.append(_correlations(case, case.fit))
        if case.fit.errors_in_words:
            parts.append(f"<p>{html.escape(case.fit.errors_in_words)}</p>")
    return "".join(part for part in parts if part) or "<p>There is no spectrum to fit.</p>"


def _fit_line(fit: Refit, wavelength: NDArray[np.float64]) -> str:
    words = [
        f"χ<sup>2</sup> = <b>{fit.chi2:,.0f}</b> for {fit.dof:,} degrees of freedom ({fit.reduced:.2f} each)"
    ]
    if not fit.converged:
        words.append("<b>the fit did not settle: don't trust it</b>")
    if math.isfinite(fit.runner_up) and fit.runner_up - fit.chi2 < CLOSE:
        words.append(f"another set of labels fits nearly as well (χ<sup>2</sup> {fit.runner_up:,.0f})")
    fitted = wavelength[fit.used]
    words.append(f"fitted from {fitted[0]:,.0f} to {fitted[-1]:,.0f} Å")
    conditions = html.escape(str(fit.conditions))
    return f"<p>{'; '.join(words)}.{f' Conditions: {conditions}.' if conditions else ''}</p>"


def _formal(fit: Refit) -> str:
    """Errors by the noise of the spectrum and the model's scatter, beside those that validation showed."""
    said = [
        f"{_plain(label.name)} {label.formal:.2g}"
        for label in fit.labels
        if not label.held and math.isfinite(label.formal)
    ]
    return f"<p>Formal errors, from noise alone: {', '.join(said)}.</p>" if said else ""


def _changes(fit: Refit, plain: Refit) -> str:
    found = fit.against(plain)
    moved = [
        f"{_plain(one.name)} {one.by:+.3g}" + (f" ({one.errors:+.1f} σ)" if math.isfinite(one.errors) else "")
        for one in found.labels
        if one.by
    ]
    compares = "" if found.same_pixels else ", of other pixels"
    said = ", ".join(moved).replace("-", "−") or "nothing moved"
    chi2 = f"χ<sup>2</sup> {found.chi2:+,.0f}{compares}"
    return f"<p>Against the fit of all labels to all pixels: {said}; {chi2}.</p>"


def _plain(name: str) -> str:
    return html.escape(COLUMNS[name].plain if name in COLUMNS else name)


def _published_chi2(star: Published) -> str:
    chi2 = star.number("chi2")
    if not math.isfinite(chi2) or star.kind is None:
        return ""
    words = html.escape(star.standing.words(star.kind[1]))
    return f"<p>In the catalogue χ<sup>2</sup> is {chi2:,.0f}, {words}.</p>"


def _near(fit: Refit, star: Published | None, standings: Mapping[str, Standing]) -> str:
    rows = []
    others = star.kind[1] if star is not None and star.kind is not None else ""
    for near in fit.near:
        if not math.isfinite(near.chi2):
            continue
        residual = f"{near.residual:+.1f} σ".replace("-", "−") if math.isfinite(near.residual) else "bands"
        chi2 = star.number(f"chi2_{near.name}") if star else math.nan
        known = f"{chi2:,.0f}" if math.isfinite(chi2) else NONE
        known_label = near.name in COLUMNS
        title = to_html(COLUMNS[near.name].tex) if known_label else symbol_of(near.name.removesuffix("_fe"))
        rows.append(
            f"<tr><th scope='row'>{title}</th><td>{near.pixels}</td><td>{near.chi2:,.0f}</td><td>{known}</td>"
            f"{_among(standings.get(f'chi2_{near.name}'), others) if others else ''}<td>{residual}</td></tr>"
        )
    if not rows:
        return ""
    return (
        "<table><thead><tr><th scope='col'>Near lines of</th><th scope='col'>Pixels</th>"
        "<th scope='col'>χ<sup>2</sup></th><th scope='col'>In the catalogue</th>"
        + (f"<th scope='col'>{others.capitalize()} below</th>" if others else "")
        + "<th scope='col'>Deeper than the model</th></tr></thead><tbody>"
        + "".join(rows)
        + "</tbody></table>"
    )


def _among(standing: Standing | None, others: str) -> str:
    """A cell: of how many stars of its kind the catalogue's chi2 is lower."""
    if standing is None or not math.isfinite(standing.value):
        return f"<td>{NONE}</td>"
    few = standing.count < FEWEST
    share = NONE if few else f"{standing.share} %"
    return f"<td title='{html.escape(standing.words(others))}'>{share}</td>"


def _correlations(case: Case, fit: Refit) -> str:
    """Pairs of labels whose formal errors go together, the closest first."""
    if case.refitter is None:
        return ""
    names = [*fit.values]
    table = information(case, case.refitter, fit.values).correlation
    pairs = [
        (table[one, other], names[one], names[other])
        for one in range(len(names))
        for other in range(one)
        if abs(table[one, other]) >= STRONG
    ]
    pairs.sort(key=lambda pair: -abs(pair[0]))
    said = [f"{_plain(a)} and {_plain(b)} {value:+.2f}" for value, a, b in pairs[:8]]
    words = ", ".join(said).replace("-", "−") or f"none above {STRONG}"
    return f"<p>Errors that go together (correlation): {words}.</p>"
