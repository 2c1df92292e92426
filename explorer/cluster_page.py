"""The page of open clusters: it asks for a study, follows how far it is, and shows what was found."""

import html
from functools import partial

import panel_material_ui as pmui

from explorer.background import Background
from explorer.cluster_form import ClusterForm
from explorer.cluster_options import ClusterOptions
from explorer.cluster_plots import LEGEND, DriftPlot
from explorer.cluster_study import ClusterStudy, labels_of, study_cluster
from explorer.cluster_words import READING, table_html, words_html
from explorer.headway import Progress
from explorer.label_figures import LabelFigures
from explorer.run_panel import STARS, Flags, Question, RunPanel, faded, in_a_row
from explorer.session import Session
from explorer.stars import Stars
from explorer.text import text
from explorer.tie import Tie

LACKING = "The catalogue has no Teff, or no label that members of a cluster share."


class ClusterPage:
    """One visitor's page; it is empty until it is opened."""

    def __init__(self, stars: Stars, session: Session, background: Background) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._panel: RunPanel[ClusterOptions, ClusterStudy] | None = None
        self._tie: Tie | None = None
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and show what is chosen."""
        if not self.view.objects:
            self._build()
        if self._tie is not None:
            self._tie.follow(self._session.state)

    def _build(self) -> None:
        catalogue = self._stars.catalogue
        if "teff" not in catalogue or not labels_of(catalogue):
            self.view[:] = [text("lacking", f"<p>{LACKING}</p>")]
            return
        form = ClusterForm(self._stars)
        self._tie = Tie(self._session, "clusters", form.named, form.filling)
        self._words, self._table = text("star"), text("star")
        self._figures = LabelFigures(lambda name: DriftPlot(catalogue.described[name]))
        self._results = pmui.Column(
            self._words, self._table, text("note-block", LEGEND), self._figures.view,
            margin=0, sizing_mode="stretch_width", visible=False,
        )  # fmt: skip
        panel = self._panel = RunPanel(
            self._stars, self._session, self._background,
            options=lambda: form.options, study=self._study, show=self._show,
            fade=partial(faded, self._results),
        )  # fmt: skip
        for widget in form.numbers:
            widget.param.watch(lambda _event: panel.tell_age(), "value")
        about = text("note-block", html.escape(f"{READING} {STARS}"))
        rows = panel.row(*form.choices), in_a_row(*form.numbers)
        self.view[:] = [about, *rows, panel.problem, panel.said, self._results]

    def _study(self, chosen: Flags, question: Question[ClusterOptions], progress: Progress) -> ClusterStudy:
        """For the workers."""
        return study_cluster(self._stars.catalogue, chosen, question.options, progress)

    def _show(self, study: ClusterStudy) -> None:
        catalogue = self._stars.catalogue
        self._words.object = words_html(catalogue, study)
        self._table.object = table_html(catalogue, study)
        self._figures.show(
            study.drifts,
            lambda plot, name: plot.show(study.teff, study.values[name], study.drifts[name]),
        )
        self._results.visible = True

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        if self._panel is not None:
            self._panel.close()
