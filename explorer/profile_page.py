"""One visitor's page of profiles: it follows the selection at once, and bootstraps when asked to."""

import html
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import panel_material_ui as pmui

from data.problem import DataError
from explorer.afterwards import Afterwards
from explorer.background import Background
from explorer.choices import flat, quantities
from explorer.overtaking import Overtaken, attend
from explorer.profile_form import ProfileForm, described, titles
from explorer.profile_plots import ProfilePlots
from explorer.profile_sums import Asked, Profiles, bootstrapped_profiles, check, profiles
from explorer.profile_words import HOW, legend, table
from explorer.session import Session
from explorer.stars import Stars
from explorer.text import text
from explorer.tie import Tie

TOLD_S = 0.2
"""So often is told how far a bootstrap is."""
SUBSETS = "Subsets that are shown, up to three, stand beside the selected stars, each in its colour."


@dataclass(frozen=True)
class Found:
    """Profiles, and what they are of."""

    asked: Asked
    profiles: Profiles
    draws: int = 0
    seed: int = 0


class ProfilePage:
    """Empty until it is opened; then what is shown is of the stars selected now."""

    def __init__(self, stars: Stars, session: Session, background: Background) -> None:
        self._stars = stars
        self._session = session
        self._background = background
        self._at_once: Afterwards[Found] = background.afterwards(self._show, self._fail)
        self._draws: Afterwards[Found] = background.afterwards(self._show, self._fail)
        self._wanted: Asked | None = None
        self._shown: Found | None = None
        self._form: ProfileForm | None = None
        self.view = pmui.Column(margin=0, sizing_mode="stretch_width")

    def follow(self) -> None:
        """Make the page when it is first opened, and have it show what is selected whenever it is seen."""
        if not self.view.objects:
            self._build()
        if self._form is None:
            return
        self._form.offer(self._session.state.derived)
        self._tie.follow(self._session.state)
        self._ask()

    def _build(self) -> None:
        if len(flat(quantities(self._stars, averaged=True))) < 2:
            self.view[:] = [text("lacking", "A profile needs two columns of numbers; the catalogue has one.")]
            return
        small: dict[str, Any] = {"size": "small", "margin": (14, 0, 0, 0)}
        form = self._form = ProfileForm(self._stars, self._session.state.derived, self._ask)
        self._tie = Tie(self._session, "profiles", form.named, form.filling)
        self._run = pmui.Button(label="Run", on_click=lambda _: self._bootstrap(), **small)
        self._stop = pmui.Button(
            label="Cancel", variant="text", disabled=True, on_click=lambda _: self._cancel(), **small
        )
        self._problem = text("problem", visible=False, margin=(4, 0))
        self._said, self._legend, self._table = text("note-block"), text("section"), text("star")
        self._plots = ProfilePlots()
        row = pmui.FlexBox(
            *form.widgets, pmui.Row(self._run, self._stop, margin=0), align_items="flex-start",
            justify_content="flex-start", gap="8px", margin=0,
        )  # fmt: skip
        how = text("note-block", f"{HOW} {SUBSETS}")
        self.view[:] = [row, self._problem, self._said, self._legend, self._plots.view, how, self._table]

    # what is asked for

    def _ask(self) -> None:
        """Have profiles made of what is chosen now, unless they are shown or under way."""
        asked = self._asked()
        if asked is None or asked == self._wanted:
            return
        self._wanted = asked
        self._draws.overtake()
        drawing = self._shown is not None and not self._stop.disabled
        self._rest("The bootstrap was given up: other stars or bins were chosen." if drawing else "")
        self._at_once.ask(lambda overtaken: Found(asked, profiles(self._stars, asked, overtaken)))

    def _asked(self) -> Asked | None:
        if self._form is None:
            return None
        try:
            asked = self._form.asked(self._session.state)
            check(self._stars, asked)
        except DataError as problem:
            self._refuse(problem)
            return None
        self._complain("")
        return asked

    def _refuse(self, problem: DataError) -> None:
        """Say why nothing is made; what is shown is of other choices."""
        self._wanted = None
        self._at_once.overtake()
        self._draws.overtake()
        self._rest("Shown is what was chosen before." if self._shown else "")
        self._complain(str(problem))

    def _bootstrap(self) -> None:
        if self._form is None:
            return
        try:
            draws, seed = self._form.bootstrap
        except DataError as problem:
            self._complain(str(problem))
            return
        asked = self._asked()
        if asked is None:
            return
        self._wanted = asked
        self._busy(0.0)
        self._draws.ask(partial(self._draw, asked, draws, seed))

    def _draw(self, asked: Asked, draws: int, seed: int, overtaken: Overtaken) -> Found:
        """For the workers."""
        told = 0.0

        def progress(share: float) -> None:
            nonlocal told
            attend(overtaken)
            if time.monotonic() - told > TOLD_S:
                told = time.monotonic()
                self._background.later(lambda: None if overtaken() else self._busy(share))

        made = bootstrapped_profiles(self._stars, asked, draws, seed, progress)
        return Found(asked, made, draws, seed)

    def _cancel(self) -> None:
        self._draws.overtake()
        self._rest("The bootstrap was cancelled.")

    # what comes back

    def _show(self, found: Found) -> None:
        shown = self._shown
        overhauled = shown is not None and shown.asked == found.asked and shown.draws > found.draws == 0
        if found.asked != self._wanted or overhauled:
            return
        if found.draws:
            self._rest("")
        asked, state = found.asked, self._session.state
        self._shown = found
        label, x = (described(self._stars, each, state.derived) for each in (asked.label, asked.x))
        slices = titles(asked)
        self._legend.object = f"<p>{legend(asked)}</p>"
        self._plots.show(asked, found.profiles, slices, label, x)
        self._table.object = table(asked, found.profiles, slices, label, x, found.seed)

    def _fail(self, problem: BaseException) -> None:
        self._rest("")
        self._wanted = None
        if isinstance(problem, DataError):
            self._complain(str(problem))
        else:
            self._background.complain(problem)

    def _busy(self, share: float) -> None:
        self._run.disabled, self._stop.disabled = True, False
        bar = f"<progress max='100' value='{round(100 * share)}' aria-label='How far it is'></progress>"
        self._said.object = f"{bar} Stars are drawn: {100 * share:.0f} %"

    def _rest(self, words: str) -> None:
        self._run.disabled, self._stop.disabled = False, True
        self._said.object = words

    def _complain(self, words: str) -> None:
        self._problem.param.update(object=html.escape(words), visible=bool(words))

    def close(self) -> None:
        """Give up what is under way: the visitor left."""
        self._at_once.close()
        self._draws.close()
