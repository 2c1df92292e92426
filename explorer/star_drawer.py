"""Where a visitor studies one star: its spectrum and fit follow what is asked of them, off the event loop."""

import html
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial

import numpy as np
import panel as pn

from data.problem import DataError
from data.spectra import Observation
from explorer import spectrum_words
from explorer.background import Background
from explorer.case import Case, Wish
from explorer.curves import Manner
from explorer.drawer import Asked
from explorer.drawer_parts import Parts
from explorer.label_rows import NONE, rows_of
from explorer.orbit_tab import OrbitTab
from explorer.own_spectrum import OwnSpectrum
from explorer.published import Published, head_of, links_of
from explorer.refit import NOT_VALIDATED, Refit
from explorer.session import Session, State
from explorer.spectroscopy import Spectroscopy
from explorer.stars import Stars
from explorer.study import Sight, Study, Told
from explorer.wavelength_ranges import ranges_text
from explorer.wishes import manner_after, wish_after
from model.wavelength import air_to_vacuum


class StarDrawer:
    """One visitor's drawer.

    Parameters
    ----------
    row : gives the row of the star that the visitor looks at.
    on_own : called when a spectrum of the visitor's own has another place among the stars.
    """

    def __init__(
        self,
        stars: Stars,
        session: Session,
        spectroscopy: Spectroscopy,
        row: Callable[[], int | None],
        background: Background,
        on_own: Callable[[], None],
    ) -> None:
        self._stars = stars
        self._session = session
        self._spectroscopy = spectroscopy
        self._study = Study(spectroscopy)
        self._row = row
        self._on_own = on_own
        self._own: Mapping[str, float] | None = None
        self._place: Mapping[str, float] = {}
        self._star: Published | None = None
        self._sight: Sight | None = None
        self._manner, self._wish = Manner(), Wish()
        self._trial: Mapping[str, float] = {}
        self._tab = ""
        self._background = background
        self._work = background.afterwards(self._show, self._fail)
        self._words = background.afterwards(self._say)
        self.own = OwnSpectrum(spectroscopy.conventions, background, self._open_own, self._place_own)
        self.view = pn.Column(margin=0, sizing_mode="stretch_width")
        session.listen(self._changed)
        if session.state.star is not None:
            self._open()

    @cached_property
    def _parts(self) -> Parts:
        """Made when a star is looked at first: pages open sooner without."""
        orbit = OrbitTab(self._spectroscopy.conventions, self._background)
        parts = Parts.of(self._hear, self._brushed, orbit)
        self.view[:] = [parts.frame]
        return parts

    # which star

    def _changed(self, before: State, after: State) -> None:
        if after.star == before.star:
            return
        if after.star is None:
            self._close()
        else:
            self._open()

    def _close(self) -> None:
        self._work.overtake()
        self._words.overtake()
        self._star = self._sight = None
        self._wish = Wish()
        self._forget_own()
        if "_parts" in vars(self):
            self._parts.orbit.forget()
            self._parts.frame.tell(shown=False, busy="")

    def _open(self) -> None:
        """Show the star of the session: its name at once, the rest when it is found."""
        row = self._row()
        if row is None:
            return
        star = Published(self._stars.catalogue, row)
        self._begin(star)
        self._forget_own()
        self.own.forget()
        self._parts.frame.tell(
            shown=True, head=head_of(star), links=links_of(star), busy="Looking for its spectrum …"
        )
        models = self._spectroscopy.models
        self._wish = Wish(model=models.usual(self._stars.catalogue, row) or "")
        self._work.ask(partial(self._study.find, star, self._wish, self._manner))
        if self._tab == "orbit":
            self._parts.orbit.ask(star)

    @property
    def value_of(self) -> Callable[[str], float] | None:
        """Quantities of the star that is looked at; None where there is none."""
        row = self._row()
        if row is not None:
            return lambda quantity: float(self._stars.values(quantity)[row])
        if self._own is None:
            return None
        own = {**self._own, **self._place}
        return lambda quantity: own.get(quantity, np.nan)

    def _open_own(self, observation: Observation) -> None:
        """Show a spectrum that the visitor brought, with the model that is in use."""
        chosen = self._wish.model
        self._session.change(star=None)
        self._begin(None)
        self._own, self._place = {}, {}
        self._on_own()
        name = html.escape(observation.name.file or str(observation.name))
        self._parts.frame.tell(
            shown=True, head=f"<b>Your spectrum</b> <small>{name}</small>", links=[], busy="Fitting it …"
        )
        names = self._spectroscopy.models.names
        self._wish = Wish(model=chosen if chosen in names else names[0] if names else "")
        self._work.ask(partial(self._study.take, observation, self._wish, self._manner))

    def _place_own(self, values: Mapping[str, float]) -> None:
        """Mark a visitor's own star on the maps, too."""
        self._place = values
        self._on_own()
        if self._tab == "orbit":
            self._parts.orbit.ask(values)

    def _begin(self, star: Published | None) -> None:
        self._work.overtake()
        self._words.overtake()
        self._star, self._sight, self._trial = star, None, {}
        self._parts.fit.object = self._parts.about.object = ""
        self._parts.frame.tell(stale=True, note="")
        self._parts.orbit.forget()
        self._parts.table.say("fresh")

    # what comes back

    @property
    def _case(self) -> Case | None:
        return self._sight.case if self._sight is not None else None

    def _is_shown(self, sight: Sight) -> bool:
        return self._sight is not None and sight.curves is self._sight.curves

    def _show(self, sight: Sight) -> None:
        """Draw the spectrum, and then say what there is to say of it."""
        case = sight.case
        self._sight = sight
        spectrum = case.spectrum
        self._parts.plot.show(sight.curves, self._manner, spectrum.z if spectrum is not None else np.nan)
        self._parts.plot.show_excluded(case.wish.conditions.excluded)
        self._parts.plot.show_windows(self._manner.label)
        self._background.later(partial(self._tell, sight))

    def _tell(self, sight: Sight) -> None:
        case = sight.case
        if not self._is_shown(sight):
            return
        names = self._spectroscopy.models.names
        fitted = case.refitter.content.model.label_names if case.refitter else ()
        rows = rows_of(case, self._star, self._trial)
        self._parts.table.tell(
            rows=rows,
            first="Catalogue" if self._star else NONE,
            where=self._manner.label,
            fits=case.fit is not None,
            note=" ".join(filter(None, (_errors_said(case.fit), *(_sentence(row["note"]) for row in rows)))),
        )
        self._parts.frame.tell(
            busy="",
            stale=False,
            note=spectrum_words.note_of(case, self._star, self._manner.asked),
            observations=spectrum_words.observations_of(case),
            observation=case.wish.observation,
            models=[[name, f"{name} model"] for name in names],
            model=case.wish.model,
            labels=[[row["name"], row["plain"]] for row in rows if row["name"] in fitted],
            below=[self._manner.below, self._manner.label if self._manner.below != "residual" else ""],
            manner={name: getattr(self._manner, name) for name in ("raw", "observed", "air")},
            excluded=ranges_text(case.wish.conditions.excluded),
        )
        self._ask_words()
        self._try(self._trial)
        self._parts.table.say("fitted")
        if self._own is not None and case.labels is not None:
            self._own = case.labels
            self._on_own()

    def _ask_words(self) -> None:
        sight = self._sight
        if sight is not None:
            self._words.ask(partial(self._study.tell, sight, self._star, self._tab == "fit"))

    def _say(self, told: Told) -> None:
        if self._is_shown(told.sight):
            self._sight = replace(told.sight, case=told.case)
            self._parts.fit.object, self._parts.about.object = told.fit, told.about

    def _forget_own(self) -> None:
        if self._own is not None:
            self._own, self._place = None, {}
            self.own.forget()
            self._on_own()

    def _fail(self, problem: BaseException) -> None:
        """Say what is wrong, and go on with what is shown."""
        self._parts.frame.tell(busy="")
        self._parts.table.say("fitted")
        if self._sight is None:
            self._clear()
        if isinstance(problem, DataError):
            if self._case is not None:
                self._wish = self._case.wish
            self._parts.frame.tell(note=f"<b>{html.escape(str(problem))}</b>")
        else:
            self._background.complain(problem)

    def _clear(self) -> None:
        """Draw nothing, where nothing of the star could be found out."""
        self._parts.plot.clear()
        self._parts.table.tell(rows=[], note="", fits=False)
        self._parts.frame.tell(stale=False, observations=[], labels=[], excluded="")

    # what a person does

    def _hear(self, asked: Asked) -> None:
        if asked.what == "close":
            self._session.change(star=None)
            self._close()
            return
        if asked.what == "opened":
            self._opened(asked.how)
            return
        try:
            self._do(asked)
        except DataError as problem:
            self._fail(problem)

    def _opened(self, tab: str) -> None:
        """A person looks at another tab, for which there may be something to find out yet."""
        self._tab = tab
        if tab == "orbit":
            self._parts.orbit.ask(self._star or self._place or None)
        elif self._case is not None and tab == "fit":
            self._ask_words()

    def _do(self, asked: Asked) -> None:
        case = self._case
        if case is None:
            return
        if asked.what == "trial":
            self._trial = asked.how
            self._try(self._trial)
            self._parts.table.say("drawn")
        elif asked.what in ("manner", "below", "where"):
            self._manner = manner_after(self._manner, asked)
            self._ask_again()
        elif asked.what != "model" or asked.how in self._spectroscopy.models.names:
            self._wish = wish_after(self._wish, asked, case)
            if asked.what == "hold":
                self._trial = {name: value for name, value in self._trial.items() if name not in asked.how}
            if asked.what == "model":
                self._trial = {}
                self._parts.table.say("fresh")
            self._ask_again()

    def _brushed(self, low: float, high: float) -> None:
        """A person dragged over the spectrum: leave these wavelengths out, too."""
        case = self._case
        if case is None or case.fit is None:
            return
        ends = np.array([low, high])
        at_rest = air_to_vacuum(ends) if self._manner.air else ends
        if self._manner.observed and case.spectrum is not None:
            at_rest = at_rest / (1 + case.spectrum.z)
        text = ranges_text([*self._wish.conditions.excluded, (float(at_rest[0]), float(at_rest[1]))])
        self._hear(Asked("exclude", text))

    def _ask_again(self) -> None:
        if self._case is not None:
            self._work.ask(partial(self._study.again, self._case, self._star, self._wish, self._manner))

    def _try(self, values: Mapping[str, float]) -> None:
        """Draw the model for other labels; nothing where none was tried."""
        if self._sight is None:
            return
        case, curves = self._sight.case, self._sight.curves
        labels = case.labels
        if not values or labels is None:
            self._parts.plot.try_model(np.full(curves.model.shape, np.nan))
            return
        self._parts.plot.try_model(curves.trial(case, {**labels, **values}))

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()
        self._words.close()
        if "_parts" in vars(self):
            self._parts.orbit.close()
        self.own.close()


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _errors_said(fit: Refit | None) -> str:
    """Which errors the table's are."""
    if fit is None:
        return ""
    if fit.errors_in_words == NOT_VALIDATED:
        return NOT_VALIDATED
    return f"“This fit” has the published (cross-validated) errors. {fit.errors_in_words}".strip()
