"""The page that says what is shown: where the stars come from, by which conventions, and what is missing."""

import html
from collections.abc import Iterable, Iterator

from data.catalogue import Catalogue
from data.extract import CITATION
from data.schema import GALACTIC, Column

PUBLISHED = (
    "A later version of that paper, arXiv:2001.08227v2, says where on Zenodo its published catalogue is."
)
MOCK = (
    "<p class='mock-note'><b>These are mock stars.</b> They were made by a model of the Galaxy seen by a "
    "model of a survey. No number on these pages is a measurement.</p>"
)
SIGNS = (
    "The Sun stands at X = +R0, Y = 0. X = R cos(phi) and Y = −R sin(phi) are right-handed with z to the "
    "north Galactic pole: rotation at the Sun goes towards −Y. phi is 0 at the Sun and grows with rotation. "
    "vR is positive outwards; vT and Jphi are positive with rotation (prograde)."
)
UNITS = (
    "Lengths are in kpc, velocities in km/s, phi in radians, actions in kpc km/s, energy in km2/s2 relative "
    "to escape."
)
_VERSION = "derived "
_OF_THE_GALAXY = ("position", "velocity", "actions", "energy", "orbits")


def _items(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>"


def _rows(pairs: Iterable[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><th scope='row'>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in pairs
    )
    return f"<table>{cells}</table>"


def _described(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    name, meaning, origin = (
        html.escape(part) for part in (column.name + unit, column.meaning, column.origin)
    )
    return f"<b>{name}</b> {meaning} <i>{origin}</i>"


def _conventions(catalogue: Catalogue) -> Iterator[str]:
    """Tell by which frame and potential the columns were computed, and which are the file's own."""
    yield from map(html.escape, (SIGNS, UNITS))
    for name in _OF_THE_GALAXY:
        if version := catalogue.metadata.get(_VERSION + name):
            choice = version.partition("; ")[2] or version
            yield f"<b>{html.escape(name)}</b>, computed here: {html.escape(choice)}"
    own = [column.name for column in GALACTIC if column.name in catalogue.found]
    if own:
        known = catalogue.mapping_notes or catalogue.notes
        where = "what is known of them stands under Notes" if known else "nothing more is known of them"
        names = html.escape(", ".join(own))
        yield f"<b>{names}</b>: the file's own, in its frame and potential, not made ours; {where}"


def _cited(catalogue: Catalogue) -> str:
    """Name the catalogue's own citation first; only one without any is taken to follow the paper."""
    own = catalogue.metadata.get("citation")
    paper = f"<p>{html.escape(f'{CITATION}. {PUBLISHED}')}</p>"
    return f"<p>For these stars: <b>{html.escape(own)}</b></p>{paper}" if own else paper


def about_html(catalogue: Catalogue) -> str:
    """What to know about a catalogue, as HTML; everything that came from a file is escaped."""
    told = {name: text for name, text in catalogue.metadata.items() if not name.startswith(_VERSION)}
    facts = [
        ("catalogue", catalogue.name),
        ("stars", f"{len(catalogue):,}"),
        ("kind", "mock: not real stars" if catalogue.mock else "real"),
        ("read as", catalogue.mapping_name),
        ("SHA-256", catalogue.checksum),
        *told.items(),
    ]
    notes = [html.escape(note) for note in (*catalogue.mapping_notes, *catalogue.notes)]
    missing = [f"<b>{html.escape(name)}</b>: {html.escape(why)}" for name, why in catalogue.missing.items()]
    described = [_described(column) for name, column in catalogue.described.items() if name in catalogue]
    sections = [
        MOCK if catalogue.mock else "",
        "<h2>This catalogue</h2>", _rows(facts),
        "<h2>Notes</h2>" + _items(notes) if notes else "",
        "<h2>Conventions</h2>" + _items(_conventions(catalogue)),
        "<h2>Computed on opening</h2>" + f"<p>{html.escape(', '.join(catalogue.derived)) or 'nothing'}</p>",
        "<h2>Columns it lacks</h2>" + _items(missing) if missing else "",
        "<h2>Columns it has</h2>" + _items(described),
        "<h2>What to cite</h2>" + _cited(catalogue),
    ]  # fmt: skip
    return "<div class='about'>" + "".join(sections) + "</div>"
