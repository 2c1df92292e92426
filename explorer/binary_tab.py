"""The page of wide binaries: it asks for a study, follows how far it is, and shows what was found."""

import html
from collections.abc import Callable
from functools import partial
from typing import Any

import panel_material_ui as pmui

from data.selection import Selection
from explorer.background import Background
from explorer.binaries import BinaryResult, study_binaries
from explorer.binary_form import BinaryForm
from explorer.binary_options import BinaryOptions
from explorer.binary_page import BinaryPage
from explorer.finding import star_of
from explorer.headway import Progress
from explorer.pair_source import NO_PAIRS, PairSource
from explorer.run_panel import STARS, Flags, Question, RunPanel, cuts_of, faded
from explorer.session import Session, Star
from explorer.star_models import StarModels
from explorer.stars import Stars
from explorer.text import text
from explorer.tie import Tie


class BinaryTab:
    """One visitor's page; it is empty until it is opened.

    Parameters
    ----------
    pairs : of the catalogue; None where there are none.
    usual : selection that the page opens with.
    """

    def __init__(
        self,
        stars: Stars,
        session: Session,
        models: StarModels,
        pairs: PairSource | None,
        usual: Selection,
        background: Background,
    ) -> None:
        self._stars = stars
        self._session = session
        self._models = models
        self._pairs = pairs
        self._usual = cuts_of(usual)
        self._background = background
        self._panel: RunPanel[BinaryOptions, BinaryResult] | None = None
        self._tie: Tie | None = None
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and show what is chosen."""
        if self._pairs is None:
            how = "explorer serve CATALOGUE --pairs FILE"
            words = f"<p>{html.escape(NO_PAIRS.capitalize())}.</p><p>How: <code>{how}</code></p>"
            self.view[:] = self.view.objects or [text("lacking", words)]
            return
        if self._tie is None:
            self._tie = self._build(self._pairs)
        self._tie.follow(self._session.state)

    def _build(self, pairs: PairSource) -> Tie:
        form = BinaryForm(self._stars, with_chance=pairs.chance is not None)
        page = BinaryPage(self._stars.catalogue, self._open_star)
        panel = self._panel = RunPanel(
            self._stars, self._session, self._background,
            options=lambda: form.options, study=partial(self._study, pairs), show=page.show,
            fade=partial(faded, page.view),
        )  # fmt: skip
        mock = "" if not self._stars.catalogue.mock or pairs.name.startswith("MOCK") else "MOCK stars. "
        what = text("note-block", html.escape(f"{mock}{pairs.name}: {pairs.found.report}. {STARS}"))
        self.view[:] = [what, panel.row(*form.widgets), panel.problem, panel.said, page.view]
        return Tie(self._session, "binaries", form.named)

    def _study(
        self, pairs: PairSource, chosen: Flags, question: Question[BinaryOptions], progress: Progress
    ) -> BinaryResult:
        """For the workers."""
        other = ("stars chosen by other cuts or brushes",) if question.cuts != self._usual else ()
        return study_binaries(
            self._stars.catalogue, pairs, chosen, question.options, self._models, progress, other
        )

    def _open_star(self, row: int) -> None:
        """Have the star's drawer open, for its spectrum."""

        def opened(done: Any) -> None:
            if (problem := done.exception()) is not None:
                self._background.complain(problem)
            else:
                self._session.change(star=done.result())

        find: Callable[[], Star] = partial(star_of, self._stars, row)
        self._background.ask(find, opened)

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        if self._panel is not None:
            self._panel.close()
