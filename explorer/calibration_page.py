"""The page of calibration: courses of labels with T_eff, as stars born together tell, and if it is of use."""

import html
import math
import shlex
from dataclasses import replace
from functools import partial
from typing import Any

import panel_material_ui as pmui

from data.problem import DataError
from explorer.background import Background
from explorer.binary_options import KINDS
from explorer.binary_sample import kinds_of
from explorer.calibration import Calibration, calibrate, calibrated_labels
from explorer.calibration_options import CalibrationOptions
from explorer.calibration_plots import LEGEND, CoursePlot
from explorer.calibration_words import READING, table_html, words_html
from explorer.editors import typed_number
from explorer.headway import Progress
from explorer.label_figures import LabelFigures
from explorer.offer import Listed, Offers, Typed
from explorer.pair_source import PairSource
from explorer.run_panel import STARS, Flags, Question, RunPanel, faded
from explorer.session import Session, State
from explorer.stars import Stars
from explorer.text import text
from explorer.tie import Tie

LONGEST = 20
"""Letters of a number."""
SMALL: dict[str, Any] = {"size": "small", "margin": (10, 0, 0, 0), "max_length": LONGEST}


class CalibrationPage:
    """One visitor's page; it is empty until it is opened."""

    def __init__(
        self, stars: Stars, session: Session, pairs: PairSource | None, background: Background
    ) -> None:
        self._stars = stars
        self._session = session
        self._pairs = pairs
        self._background = background
        self._panel: RunPanel[CalibrationOptions, Calibration] | None = None
        self._tie: Tie | None = None
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and show what is chosen."""
        if not self.view.objects:
            self._begin()
        if self._tie is not None:
            self._tie.follow(self._session.state)

    def _begin(self) -> None:
        try:
            calibrated_labels(self._stars.catalogue)
        except DataError as problem:
            self.view[:] = [text("lacking", f"<p>{html.escape(str(problem))}</p>")]
            return
        self._build()

    def _build(self) -> None:
        usual = CalibrationOptions()
        kinds = {KINDS[kind]: kind for kind in kinds_of(self._stars.catalogue)}
        self._kind = pmui.Select(
            label="Stars", options=kinds, value=next(iter(kinds.values())), width=110, size="small",
            margin=(10, 0, 0, 0),
        )  # fmt: skip
        self._share = pmui.TextInput(
            label="Share of binaries to learn from", value=f"{usual.share:g}", width=210, **SMALL
        )
        self._anchor = pmui.TextInput(label="f is 0 at, K", value=f"{usual.anchor:g}", width=100, **SMALL)
        self._seed = pmui.TextInput(label="Seed", value=f"{usual.seed}", width=70, **SMALL)
        named = {"kind": self._kind, "share": self._share, "anchor": self._anchor, "seed": self._seed}
        self._tie = Tie(self._session, "calibration", named)
        self._words, self._table = text("star"), text("star")
        described = self._stars.catalogue.described
        self._figures = LabelFigures(lambda name: CoursePlot(described[name]))
        self._results = pmui.Column(
            self._words, self._table, text("note-block", LEGEND), self._figures.view,
            margin=0, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        panel = self._panel = RunPanel(
            self._stars, self._session, self._background,
            options=self._options, study=self._study, show=self._show, fade=partial(faded, self._results),
        )  # fmt: skip
        row = panel.row(self._kind, self._share, self._anchor, self._seed)
        about = text("note-block", html.escape(f"{READING} {STARS}"))
        command = html.escape(self._command())
        columns = text("note-block", f"Columns of calibrated labels: <code>{command}</code>")
        self.view[:] = [about, row, panel.problem, panel.said, self._results, columns]

    def _command(self) -> str:
        """How calibrated labels are written: beside the others, into a catalogue of its own."""
        catalogue = self._stars.catalogue
        words = ["explorer", "calibrate", catalogue.source.name, *catalogue.options]
        return shlex.join([*words, "--out", "calibrated.parquet"])

    def _options(self) -> CalibrationOptions:
        share = _number(self._share.value, "the share of wide binaries that are used")
        anchor = _number(self._anchor.value, "the Teff at which nothing is corrected, in K,")
        seed = _number(self._seed.value, "the seed")
        if seed != int(seed):
            raise DataError(f"the seed is {seed:g}: give a whole number")
        return replace(
            CalibrationOptions(), kind=self._kind.value, share=share, anchor=anchor, seed=int(seed)
        )

    def _study(
        self, chosen: Flags, question: Question[CalibrationOptions], progress: Progress
    ) -> Calibration:
        """For the workers."""
        return calibrate(self._stars.catalogue, chosen, question.options, self._pairs, None, progress)

    def _show(self, found: Calibration) -> None:
        catalogue = self._stars.catalogue
        self._words.object = words_html(catalogue, found)
        self._table.object = table_html(catalogue, found)
        self._figures.show(found.corrections, lambda plot, name: plot.show(found.corrections[name]))
        self._results.visible = True

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        if self._panel is not None:
            self._panel.close()


def offers(stars: Stars, _state: State) -> Offers:
    """What the controls offer."""
    number = Typed(LONGEST)
    return {
        "kind": Listed(kinds_of(stars.catalogue)), "share": number, "anchor": number, "seed": number,
    }  # fmt: skip


def _number(typed: Any, what: str) -> float:
    """A number that was typed; DataError in words for the person where it is none."""
    shown = str(typed or "")[:LONGEST]
    try:
        number = typed_number(shown)
    except DataError:
        number = None
    if number is None or not math.isfinite(number):
        raise DataError(f"{what} is '{shown}': give a number")
    return number
