"""The page of calibration: courses of labels with T_eff, as stars born together tell, and if it is of use."""

import html
import math
import shlex
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import panel_material_ui as pmui

from data.problem import DataError
from explorer.background import Background
from explorer.binary_options import KINDS
from explorer.binary_sample import kinds_of
from explorer.binary_tab import STARS, Cuts, cuts_of
from explorer.calibration import Calibration, calibrate, calibrated_labels
from explorer.calibration_options import CalibrationOptions
from explorer.calibration_plots import LEGEND, CoursePlot
from explorer.calibration_words import READING, table_html, words_html
from explorer.cards import alone
from explorer.editors import typed_number
from explorer.overtaking import Overtaken, attentive
from explorer.pair_source import PairSource
from explorer.run_panel import Progress, RunPanel
from explorer.session import Session, State
from explorer.stars import Stars
from explorer.text import text

LONGEST = 20
"""Letters of a number."""
SMALL: dict[str, Any] = {"size": "small", "margin": (10, 0, 0, 0), "max_length": LONGEST}


@dataclass(frozen=True)
class Question:
    """What a study is of."""

    cuts: Cuts
    options: CalibrationOptions


class CalibrationPage:
    """One visitor's page; it is empty until it is opened."""

    def __init__(
        self, stars: Stars, session: Session, pairs: PairSource | None, background: Background
    ) -> None:
        self._stars = stars
        self._session = session
        self._pairs = pairs
        self._background = background
        self._plots: dict[str, tuple[CoursePlot, Any]] = {}
        self._panel: RunPanel[Question, Calibration] | None = None
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened."""
        if self.view.objects:
            return
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
        self._words, self._table = text("star"), text("star")
        self._figures = pmui.FlexBox(gap="8px", margin=0, justify_content="flex-start")
        results = pmui.Column(
            self._words, self._table, text("note-block", LEGEND), self._figures,
            margin=0, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        panel = RunPanel(self._background, self._question, self._study, self._show, results)
        self._panel = panel
        widgets = (self._kind, self._share, self._anchor, self._seed)
        for widget in widgets:
            widget.param.watch(lambda _event: panel.tell_age(), "value")
        row = pmui.FlexBox(
            *widgets, panel.run, panel.stop,
            align_items="flex-start", justify_content="flex-start", gap="8px", margin=0,
        )  # fmt: skip
        about = text("note-block", html.escape(f"{READING} {STARS}"))
        columns = text(
            "note-block", f"Columns of calibrated labels: <code>{html.escape(self._command())}</code>"
        )
        self.view[:] = [about, row, panel.problem, panel.said, results, columns]
        self._session.listen(self._changed)

    def _command(self) -> str:
        """How calibrated labels are written: beside the others, into a catalogue of its own."""
        catalogue = self._stars.catalogue
        words = ["explorer", "calibrate", catalogue.source.name, *catalogue.options]
        return shlex.join([*words, "--out", "calibrated.parquet"])

    def _question(self) -> Question:
        share = _number(self._share.value, "the share of wide binaries that are used")
        anchor = _number(self._anchor.value, "the Teff at which nothing is corrected, in K,")
        seed = _number(self._seed.value, "the seed")
        if seed != int(seed):
            raise DataError(f"the seed is {seed:g}: give a whole number")
        options = replace(
            CalibrationOptions(), kind=self._kind.value, share=share, anchor=anchor, seed=int(seed)
        )
        return Question(cuts_of(self._session.state.selection), options)

    def _study(self, question: Question, overtaken: Overtaken, progress: Progress) -> Calibration:
        """For the workers."""
        words = self._stars.select(question.cuts, attentive(map, overtaken))
        chosen = np.unpackbits(words.view(np.uint8), count=len(self._stars), bitorder="little")
        return calibrate(
            self._stars.catalogue, chosen.astype(np.bool_), question.options, self._pairs, None, progress
        )

    def _show(self, found: Calibration) -> None:
        catalogue = self._stars.catalogue
        self._words.object = words_html(catalogue, found)
        self._table.object = table_html(catalogue, found)
        for name, one in found.corrections.items():
            if name not in self._plots:
                plot = CoursePlot(catalogue.described[name])
                self._plots[name] = plot, alone(plot.figure)
            self._plots[name][0].show(one)
        self._figures[:] = [self._plots[name][1] for name in found.corrections]

    def _changed(self, before: State, after: State) -> None:
        if self._panel is not None and after.selection != before.selection:
            self._panel.tell_age()

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        if self._panel is not None:
            self._panel.close()


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
