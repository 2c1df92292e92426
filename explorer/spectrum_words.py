"""What is said of a star's spectra, as HTML: where they are from, what is the matter, how they differ."""

import html
import math
from typing import Any

import numpy as np

from data.schema import COLUMNS
from data.spectra import Observation
from explorer.case import STACKED, Case
from explorer.label_rows import NONE
from explorer.notation import measured, to_html
from explorer.published import Published

POOR = 1.5
"""chi2 a degree of freedom from which a fit is called poor: errors would have to grow by a fifth and more."""


def about_html(case: Case) -> str:
    """Where the spectra are from."""
    seen = [one.observations[0] for one in case.spectra]
    parts = [_observation(one) for one in seen]
    if case.reasons:
        parts.append(f"<ul>{''.join(f'<li>{html.escape(reason)}</li>' for reason in case.reasons)}</ul>")
    return "".join(parts) or "<p>No spectrum of this star is at hand.</p>"


def _observation(one: Observation) -> str:
    spectrum = one.spectrum
    facts = [
        ("From", one.origin),
        (
            "Plate, spectrograph, fibre",
            f"{spectrum.planid or NONE}, {_known(spectrum.spid)}, {_known(spectrum.fiberid)}",
        ),
        ("Local modified Julian day", _known(spectrum.lmjd)),
        ("Release, pipeline", f"{spectrum.release or NONE}, {spectrum.pipeline or NONE}"),
        (
            "Redshift by LAMOST",
            f"{spectrum.z:.6f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(spectrum.z) else NONE,
        ),
        ("S/N in u, g, r, i, z", ", ".join(_ratio(spectrum, band) for band in "ugriz")),
        ("Class", " ".join(filter(None, (spectrum.object_class, spectrum.subclass))) or NONE),
        ("Pixels", f"{spectrum.flux.size:,}, {int(np.count_nonzero(spectrum.ivar > 0)):,} of them good"),
    ]
    rows = "".join(
        f"<tr><th scope='row'>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in facts
    )
    mock = " <b>MOCK: made, not observed</b>" if one.mock else ""
    return f"<h4>{html.escape(str(one.name))}{mock}</h4><table>{rows}</table>"


def _known(number: int) -> str:
    return str(number) if number >= 0 else NONE


def _ratio(spectrum: Any, band: str) -> str:
    value = getattr(spectrum, f"snr_{band}")
    return f"{value:.0f}" if math.isfinite(value) else NONE


def observations_of(case: Case) -> list[list[Any]]:
    """[number, words] of what can be looked at."""
    each = [[k, f"{one.observations[0].name} (S/N {_ratio(one.observations[0].spectrum, 'z')})"]
            for k, one in enumerate(case.spectra)]  # fmt: skip
    return [*each, [STACKED, f"all {len(each)} stacked"]] if len(each) > 1 else each


def note_of(case: Case, star: Published | None, asked: str = "") -> str:
    """What is the matter, if anything is.

    Parameters
    ----------
    asked : the label whose information is shown below the spectrum.
    """
    said: list[str] = []
    if not case.spectra:
        reason = "; ".join(case.reasons) or "no spectrum is at hand"
        shown = (
            "Shown is the model’s spectrum for the catalogue’s labels."
            if case.labels
            else "The catalogue has not all of the model’s labels, or has some far beyond its stars."
            if case.refitter
            else "No model was given either: start the explorer with --model."
        )
        said.append(f"<b>No observed spectrum:</b> {html.escape(reason)}. {shown}")
    elif case.unfitted:
        said.append(f"<b>Not fitted:</b> {html.escape(case.unfitted)}.")
    elif case.refitter is None:
        said.append("No model was given, so that there is none to compare: start the explorer with --model.")
    said += _cautions(case, asked)
    if case.missing:
        shown = html.escape(str(case.spectra[0].observations[0].name))
        said.append(
            f"<b>{html.escape(case.missing)} itself is not at hand:</b> shown is {shown} of this star."
        )
    spectrum = case.spectrum
    if spectrum is not None and spectrum.mock and star is None:
        said.append("MOCK spectrum: made, not observed.")
    return " ".join(said)


def _cautions(case: Case, asked: str) -> list[str]:
    """Why labels of a fit are less sure than their errors say."""
    if case.refitter is None or case.fit is None:
        return []
    said = []
    if case.refitter.content.trained.mock and case.spectrum is not None and not case.spectrum.mock:
        said.append(
            "<b>This model learned from MOCK spectra:</b> its labels of an observed one mean nothing."
        )
    elif case.fit.reduced > POOR:
        said.append(
            f"<b>The model describes this spectrum poorly</b> (χ<sup>2</sup> is {case.fit.reduced:.2f} a "
            "degree of freedom): its labels are less sure than their errors say."
        )
    if asked in case.fit.conditions.names:
        said.append("A label that is held is not asked of the spectrum: no pixel informs on it.")
    return said


def repeats_html(case: Case) -> str:
    """How the labels differ from one observation of a star to the other."""
    if not case.repeats or case.refitter is None:
        return ""
    names = (str(one.observations[0].name) for one in case.spectra)
    heads = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in names)
    rows = []
    for place, name in enumerate(case.refitter.content.model.label_names):
        values = [fit.labels[place] if fit is not None else None for fit in case.repeats]
        told = (measured(one.value, one.formal) if one is not None else NONE for one in values)
        cells = "".join(f"<td>{each}</td>" for each in told)
        title = to_html(COLUMNS[name].tex) if name in COLUMNS else html.escape(name)
        rows.append(f"<tr><th scope='row'>{title}</th>{cells}</tr>")
    return (
        f"<h4>Each observation by itself (formal errors)</h4><table><thead><tr><th></th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
