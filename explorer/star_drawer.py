"""Where a visitor studies one star: its spectrum and fit follow what is asked of them, off the event loop."""

import html
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import panel as pn

from data.observation_name import Star as Sought
from data.problem import DataError
from data.spectra import Observation
from explorer import spectrum_words
from explorer.afterwards import Afterwards
from explorer.case import Case, Wish
from explorer.curves import Curves, Manner
from explorer.drawer import Asked
from explorer.drawer_parts import Parts
from explorer.fit_words import fit_html
from explorer.label_rows import NONE, rows_of
from explorer.orbit_tab import OrbitTab
from explorer.overtaking import Overtaken, OvertakenError
from explorer.own_spectrum import OwnSpectrum
from explorer.published import Published, head_of, links_of
from explorer.refit import Refit, Refitter
from explorer.session import Session, State
from explorer.spectroscopy import Spectroscopy
from explorer.stars import Stars
from explorer.wavelength_ranges import ranges_text
from explorer.wishes import manner_after, wish_after
from model.wavelength import air_to_vacuum

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Sight:
    """What is shown of a star, made by a worker."""

    case: Case
    curves: Curves
    fit: str
    about: str


class StarDrawer:
    """One visitor's drawer.

    Parameters
    ----------
    row : gives the row of the star that the visitor looks at.
    workers : do what takes time.
    later : runs something on the page's own thread; `complain` tells the visitor of a failure.
    on_own : called when a spectrum of the visitor's own has another place among the stars.
    """

    def __init__(
        self,
        stars: Stars,
        session: Session,
        spectroscopy: Spectroscopy,
        row: Callable[[], int | None],
        workers: Executor,
        later: Callable[[Callable[[], None]], None],
        complain: Callable[[BaseException], None],
        on_own: Callable[[], None],
    ) -> None:
        self._stars = stars
        self._session = session
        self._spectroscopy = spectroscopy
        self._row = row
        self._on_own = on_own
        self._own: Mapping[str, float] | None = None
        self._complain = complain
        self._star: Published | None = None
        self._case: Case | None = None
        self._curves: Curves | None = None
        self._manner, self._wish = Manner(), Wish()
        self._trial: Mapping[str, float] = {}
        self._visit = 0
        self._work: Afterwards[Sight] = Afterwards(
            workers,
            lambda sight: self._when_still(partial(self._show, sight)),
            lambda problem: self._when_still(partial(self._fail, problem)),
        )
        self._workers = workers
        self._later = later
        self.own = OwnSpectrum(
            spectroscopy.conventions, workers, later, complain, self._open_own, self._place_own
        )
        self.view = pn.Column(margin=0, sizing_mode="stretch_width")
        session.listen(self._changed)
        if session.state.star is not None:
            self._open()

    @cached_property
    def _parts(self) -> Parts:
        """Made when a star is looked at first: pages open sooner without."""
        orbit = OrbitTab(self._spectroscopy.conventions, self._workers, self._later, self._complain)
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
        self._visit += 1
        self._star = self._case = self._curves = None
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
        self._parts.frame.tell(
            shown=True, head=head_of(star), links=links_of(star), busy="Looking for its spectrum …"
        )
        models = self._spectroscopy.models
        self._wish = Wish(model=models.usual(self._stars.catalogue, row) or "")
        self._work.ask(partial(self._find, star, self._wish, self._manner))

    @property
    def value_of(self) -> Callable[[str], float] | None:
        """Quantities of the star that is looked at; None where there is none."""
        row = self._row()
        if row is not None:
            return lambda quantity: float(self._stars.values(quantity)[row])
        own = self._own
        return None if own is None else lambda quantity: own.get(quantity, np.nan)

    def _open_own(self, observation: Observation) -> None:
        """Show a spectrum that the visitor brought."""
        self._session.change(star=None)
        self._begin(None)
        self._own = {}
        name = html.escape(observation.name.file or str(observation.name))
        self._parts.frame.tell(
            shown=True, head=f"<b>Your spectrum</b> <small>{name}</small>", links=[], busy="Fitting it …"
        )
        names = self._spectroscopy.models.names
        self._wish = Wish(model=names[0] if names else "")
        self._work.ask(partial(self._take, observation, self._wish, self._manner))

    def _place_own(self, values: Mapping[str, float]) -> None:
        """Mark a visitor's own star on the maps, too."""
        self._own = {**(self._own or {}), **values}
        self._on_own()

    def _begin(self, star: Published | None) -> None:
        self._visit += 1
        self._star, self._case, self._curves, self._trial = star, None, None, {}
        self._parts.orbit.forget()
        self._parts.table.say("fresh")

    # for the workers

    def _find(self, star: Published, wish: Wish, manner: Manner, overtaken: Overtaken) -> Sight:
        catalogue = star.catalogue
        refitter = self._model(wish.model)
        known = star.labels(refitter.content.model.label_names) if refitter else {}
        sought = Sought.at(catalogue.columns, star.row)
        case = Case.of_star(self._spectroscopy.sources, sought, known)
        if overtaken():
            raise OvertakenError
        return self._sight(case.with_fit(refitter, wish), star, manner)

    def _take(self, observation: Observation, wish: Wish, manner: Manner, _overtaken: Overtaken) -> Sight:
        case = Case.of_spectrum(observation).with_fit(self._model(wish.model), wish)
        return self._sight(case, None, manner)

    def _again(
        self, case: Case, star: Published | None, wish: Wish, manner: Manner, _overtaken: Overtaken
    ) -> Sight:
        if wish.model != case.wish.model and star is not None:
            refitter = self._model(wish.model)
            names = refitter.content.model.label_names if refitter else ()
            case = replace(case, known=star.labels(names))
        same = wish == case.wish and (case.refitter is not None or not wish.model)
        done = case if same else case.with_fit(self._model(wish.model), wish)
        return self._sight(done, star, manner)

    def _model(self, name: str) -> Refitter | None:
        return self._spectroscopy.models.get(name) if name else None

    def _sight(self, case: Case, star: Published | None, manner: Manner) -> Sight:
        about = spectrum_words.about_html(case)
        if len(case.spectra) > 1 and case.refitter is not None:
            each = [
                (str(one.observations[0].name), case.refitter.fit(*Case.on_pixels(case.refitter, one)))
                for one in case.spectra
            ]
            about += spectrum_words.repeats_html(each)
        return Sight(case, Curves.of(case, manner), fit_html(case, star), about)

    # what comes back

    def _when_still(self, do: Callable[[], None]) -> None:
        """Do something on the page's own thread, if the same star is looked at by then."""
        visit = self._visit
        self._later(lambda: do() if visit == self._visit else None)

    def _show(self, sight: Sight) -> None:
        """Draw the spectrum, and then say what there is to say of it."""
        case = sight.case
        self._case, self._curves = case, sight.curves
        spectrum = case.spectrum
        self._parts.plot.show(sight.curves, self._manner, spectrum.z if spectrum is not None else np.nan)
        self._parts.plot.show_excluded(case.wish.conditions.excluded)
        self._parts.plot.show_windows(self._manner.label)
        self._later(partial(self._tell, sight))

    def _tell(self, sight: Sight) -> None:
        case = sight.case
        if case is not self._case:
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
            note=spectrum_words.note_of(case, self._star),
            observations=spectrum_words.observations_of(case),
            observation=case.wish.observation,
            models=[[name, f"{name} model"] for name in names],
            model=case.wish.model,
            labels=[[row["name"], row["plain"]] for row in rows if row["name"] in fitted],
            below=[self._manner.below, self._manner.label if self._manner.below != "residual" else ""],
            manner={name: getattr(self._manner, name) for name in ("raw", "observed", "air")},
            excluded=ranges_text(case.wish.conditions.excluded),
        )
        self._parts.fit.object, self._parts.about.object = sight.fit, sight.about
        self._try(self._trial)
        self._parts.table.say("fitted")
        if self._own is not None and case.labels is not None:
            self._place_own(case.labels)

    def _forget_own(self) -> None:
        if self._own is not None:
            self._own = None
            self.own.forget()
            self._on_own()

    def _fail(self, problem: BaseException) -> None:
        """Say what is wrong, and go on with what is shown."""
        self._parts.frame.tell(busy="")
        self._parts.table.say("fitted")
        if isinstance(problem, DataError):
            if self._case is not None:
                self._wish = self._case.wish
            self._parts.frame.tell(note=f"<b>{html.escape(str(problem))}</b>")
        else:
            self._complain(problem)

    # what a person does

    def _hear(self, asked: Asked) -> None:
        if asked.what == "close":
            self._session.change(star=None)
            self._close()
            return
        try:
            self._do(asked)
        except DataError as problem:
            self._fail(problem)

    def _do(self, asked: Asked) -> None:
        case = self._case
        if case is None:
            return
        if asked.what == "trial":
            self._trial = asked.how
            self._try(self._trial)
            self._parts.table.say("drawn")
        elif asked.what == "orbit":
            self._parts.orbit.ask(self._star)
        elif asked.what in ("manner", "below", "where"):
            self._manner = manner_after(self._manner, asked)
            self._ask_again()
        elif asked.what != "model" or asked.how in self._spectroscopy.models.names:
            self._wish = wish_after(self._wish, asked, case)
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
            self._work.ask(partial(self._again, self._case, self._star, self._wish, self._manner))

    def _try(self, values: Mapping[str, float]) -> None:
        """Draw the model for other labels; nothing where none was tried."""
        case, curves = self._case, self._curves
        if case is None or curves is None:
            return
        labels = case.labels
        if not values or labels is None:
            self._parts.plot.try_model(np.full(curves.model.shape, np.nan))
            return
        self._parts.plot.try_model(curves.trial(case, {**labels, **values}))

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._work.close()
        if "_parts" in vars(self):
            self._parts.orbit.close()
        self.own.close()


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _errors_said(fit: Refit | None) -> str:
    """Which errors the table's are."""
    if fit is None:
        return ""
    return f"“This fit” has the published (cross-validated) errors. {fit.errors_in_words}".strip()
