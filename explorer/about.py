"""The page that says what is shown: where the stars come from, by which conventions, and what is missing."""

import html
from collections.abc import Iterable

from data.catalogue import Catalogue
from data.schema import Column

CITATION = (
    "Wheeler, Ness, Buder &amp; Simpson, <i>The Milky Way’s enrichment across five nucleosynthetic "
    "channels from 4 million LAMOST spectra</i>. A later version is arXiv:2001.08227v2, which says "
    "where on Zenodo the published catalogue is."
)
MOCK = (
    "<p class='mock-note'><b>These are mock stars.</b> They were made by a model of the Galaxy seen by a "
    "model of a survey. No number on these pages is a measurement.</p>"
)


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


def about_html(catalogue: Catalogue) -> str:
    """What to know about a catalogue, as HTML; everything that came from a file is escaped."""
    facts = [
        ("catalogue", catalogue.name),
        ("stars", f"{len(catalogue):,}"),
        ("kind", "mock: not real stars" if catalogue.mock else "real"),
        ("read as", catalogue.mapping_name),
        ("SHA-256", catalogue.checksum),
        *catalogue.metadata.items(),
    ]
    notes = [html.escape(note) for note in (*catalogue.mapping_notes, *catalogue.notes)]
    missing = [f"<b>{html.escape(name)}</b>: {html.escape(why)}" for name, why in catalogue.missing.items()]
    described = [_described(column) for name, column in catalogue.described.items() if name in catalogue]
    sections = [
        MOCK if catalogue.mock else "",
        "<h2>This catalogue</h2>", _rows(facts),
        "<h2>Notes</h2>" + _items(notes) if notes else "",
        "<h2>Computed on opening</h2>" + f"<p>{html.escape(', '.join(catalogue.derived)) or 'nothing'}</p>",
        "<h2>Columns it lacks</h2>" + _items(missing) if missing else "",
        "<h2>Columns it has</h2>" + _items(described),
        f"<h2>What to cite</h2><p>{CITATION}</p>",
    ]  # fmt: skip
    return "<div class='about'>" + "".join(sections) + "</div>"
