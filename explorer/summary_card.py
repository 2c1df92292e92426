"""The card that compares the selected stars with the others: a table that a screen reader can read."""

import html
import math
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from data.schema import Column
from explorer.background import Background
from explorer.cards import CARD_CHROME, CARD_WIDTHS, Card
from explorer.comparison import AGAINST, Comparison, Row, compare
from explorer.figures import HEIGHTS
from explorer.floors import Floor, floors_of
from explorer.notation import measured, to_html
from explorer.session import Session, State
from explorer.stars import Stars
from model.effect_size import Effect, Sample

HERE = Path(__file__).parent

KEY = "summary"
"""The card's name among those of the page."""

ROOM = 60
"""So much higher than a plot's frame is the table: it has no axes, in CSS pixels."""

NONE = "<td class='none'>none</td>"

CAPTION = "<b>Statistical errors only.</b> Effect size: difference over the pooled scatter (Hedges’ g)."
MEANS = (
    "Errors are those of the mean. Unlike the difference over its error, the effect size does not grow with "
    "the number of stars. Systematic floor, as known for the paper’s catalogue:"
)
HEAD = """
<thead><tr><th scope="col">Label</th><th scope="col">Stars</th><th scope="col">Number</th>
<th scope="col">Mean</th><th scope="col">Scatter</th><th scope="col">Difference</th>
<th scope="col">Systematic floor</th><th scope="col">Effect size</th>
<th scope="col">Difference over error</th></tr></thead>"""


def table_of(comparison: Comparison) -> str:
    """A comparison as an HTML table with its notes."""
    notes: list[str] = []
    told = [row for row in comparison.rows if row.selected.n or row.others.n]
    rows = "".join(_row(row, comparison.kinds, notes) for row in told)
    said = "".join(f"<li>{note}</li>" for note in notes)
    who = html.escape(AGAINST[comparison.against])
    return (
        f"<table><caption><div>Others: {who}. {CAPTION}</div></caption>{HEAD}{rows}</table>"
        f"<p>{MEANS}</p><ol type='a'>{said}</ol>{_absent(comparison)}"
    )


def _absent(comparison: Comparison) -> str:
    """Which labels neither group has."""
    names = [to_html(row.label.tex) for row in comparison.rows if not (row.selected.n or row.others.n)]
    return f"<p>None of these stars has {', '.join(names)}.</p>" if names else ""


def _row(row: Row, kinds: frozenset[str], notes: list[str]) -> str:
    """Two rows of one group: the selected stars, and below them the others."""
    unit = "" if row.label.unit in ("", "dex") else f" <small>[{html.escape(row.label.unit)}]</small>"
    floor = f"<td rowspan='2'>{_floor(row, kinds, notes)}</td>"
    return (
        f"<tbody><tr><th scope='rowgroup' rowspan='2'>{to_html(row.label.tex)}{unit}</th>"
        f"<th scope='row'>selected</th>{_sample(row.selected)}{_difference(row.effect)}{floor}"
        f"{_size(row.effect)}</tr><tr><th scope='row'>others</th>{_sample(row.others)}</tr></tbody>"
    )


def _sample(sample: Sample) -> str:
    if not sample.n:
        return f"<td>0</td>{NONE * 2}"
    if sample.n < 2:
        return f"<td>1</td><td>{measured(sample.mean, math.nan)}</td>{NONE}"
    error = sample.scatter / math.sqrt(2 * (sample.n - 1))
    return (
        f"<td>{sample.n:,}</td><td>{measured(sample.mean, sample.standard_error)}</td>"
        f"<td>{measured(sample.scatter, error, bare=True)}</td>"
    )


def _difference(found: Effect) -> str:
    known = math.isfinite(found.difference_error)
    return _across(measured(found.difference, found.difference_error) if known else "")


def _size(found: Effect) -> str:
    """The effect size before the significance."""
    if not math.isfinite(found.size):
        return _across("") * 2
    sigma = found.significance
    significance = f"{sigma:,.{1 if abs(sigma) < 10 else 0}f} σ".replace("-", "−")
    return _across(f"<b>{measured(found.size, found.size_error)}</b>") + _across(significance)


def _across(words: str) -> str:
    """A cell beside both groups."""
    return f"<td rowspan='2'>{words}</td>" if words else "<td rowspan='2' class='none'>none</td>"


def _floor(row: Row, kinds: frozenset[str], notes: list[str]) -> str:
    """What is known of a label's systematic errors, each with the letter of its note."""
    floors = [*floors_of(row.label.name, sorted(kinds))]
    if not any(floor.known for floor in floors):
        letters = "".join(sorted({_letter(floor, notes) for floor in floors}))
        return f"not known{f'<sup>{letters}</sup>' if letters else ''}"
    several = len({floor.stars for floor in floors}) > 1
    words = []
    for floor in floors:
        who = f"{floor.stars}: " if several else ""
        size, letter = _size_of(floor, row.label), _letter(floor, notes)
        words.append(f"{who}{size}<sup>{letter}</sup>{_against(floor, row.effect.difference)}")
    return "<br>".join(words)


def _letter(floor: Floor, notes: list[str]) -> str:
    """The letter of its note, which is added where it is new."""
    note = html.escape(f"{floor.why} ({floor.source})" if floor.source else floor.why)
    if note not in notes:
        notes.append(note)
    return chr(ord("a") + notes.index(note))


def _size_of(floor: Floor, label: Column) -> str:
    if floor.low is None or floor.high is None:
        return "not known"
    span = f"{floor.low:g}" if floor.low == floor.high else f"{floor.low:g} to {floor.high:g}"
    return f"{span} {html.escape(label.unit)}"


def _against(floor: Floor, difference: float) -> str:
    """Whether a floor may be all there is to a difference."""
    if floor.low is None or floor.high is None or not abs(difference) < floor.high:
        return ""
    return ", <span class='note'>may explain it</span>"


def spoken(comparison: Comparison) -> str:
    """The comparison in one sentence, for a screen reader."""
    told = f"{comparison.selected:,} stars selected, {comparison.others:,} others."
    sized = [row for row in comparison.rows if math.isfinite(row.effect.size)]
    if not sized:
        return told
    most = max(sized, key=lambda row: abs(row.effect.size))
    size = measured(most.effect.size, most.effect.size_error).replace("±", "plus or minus")
    return f"{told} They differ most in {most.label.plain}: effect size {size}."


class SummaryTable(JSComponent):
    """A table in a scrolling frame; `spoken` is said by screen readers when it has rested for a while."""

    table = param.String(default="")
    spoken = param.String(default="")

    _esm = HERE / "summary_card.js"
    _stylesheets: ClassVar[list[str]] = [(HERE / "summary_card.css").read_text()]


class SummaryCard:
    """One visitor's summary. It is computed after the maps, and given up for a newer selection."""

    def __init__(
        self,
        stars: Stars,
        session: Session,
        background: Background,
        first: Comparison | None,
    ) -> None:
        self._stars = stars
        self._session = session
        self._asked: Any = None
        self._afterwards = background.afterwards(self._show)
        self._table = SummaryTable(sizing_mode="stretch_width", margin=0, height=HEIGHTS["maps"] + ROOM)
        self.view = Card(
            "Summary",
            plot=self._table,
            width=2 * CARD_WIDTHS["maps"] + 8,
            height=HEIGHTS["maps"] + CARD_CHROME,
        )
        self.view.param.watch(lambda event: self._fit(event.new), "height")
        session.listen(self._changed)
        if first is not None:
            self._asked = first.selection
            self._show(first)

    def _fit(self, height: int) -> None:
        """Give the table the room that the card has."""
        self._table.height = height - CARD_CHROME + ROOM

    def _changed(self, before: State, after: State) -> None:
        """Give up what is under way for another selection."""
        if after.selection != before.selection:
            self._afterwards.overtake()
            self._asked = None

    def follow(self, painted: State) -> None:
        """Compute the summary of a state whose maps were just shown, if it is the newest.

        To be called only where the card can be seen.
        """
        state = self._session.state
        if painted.selection == state.selection != self._asked:
            self._asked = state.selection
            self._afterwards.ask(partial(compare, self._stars, state.selection))

    def _show(self, found: Comparison) -> None:
        self._table.param.update(table=table_of(found), spoken=spoken(found))
        self.view.say(f"{found.selected:,} stars selected · {found.others:,} others")

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._afterwards.close()
