"""What comes back from a page's painter: its pixels are shown, and then all that is said of them follows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from explorer import algebra
from explorer.alerts import Alerts
from explorer.brushes import Brushes
from explorer.controls import ColourControls
from explorer.count import Count
from explorer.cuts import Cuts
from explorer.freshness import Freshness
from explorer.gallery import Gallery
from explorer.histogram_card import HistogramCard
from explorer.maps import Maps, shared_scale
from explorer.outlines import Outlines
from explorer.painter import Painted
from explorer.pause import Pause
from explorer.session import Session, State
from explorer.settings import ViewSettings
from explorer.subsets import Subsets
from explorer.summary_card import KEY as SUMMARY
from explorer.summary_card import SummaryCard

WORDS_MS = 400
"""So long after the last change what is shown is put into words for screen readers."""
SUMMARY_MS = 150
"""So long after maps were sent the summary is begun: a browser on the same machine is to paint them first."""


@dataclass
class Display:
    """One visitor's display.

    Attributes
    ----------
    painted : what was painted last; as made, what the page opens with.
    seen : whether a view can be seen now.
    catch_up : paints what is out of date by then.
    later : runs something on the page's own thread, unless the visitor has left.
    words, sums : wait with words for screen readers, and with the summary.
    The others are the parts of the page that show what was painted or speak of it.
    """

    painted: Painted
    seen: Callable[[str], bool]
    catch_up: Callable[[], None]
    later: Callable[[Callable[[], None]], None]
    words: Pause
    sums: Pause
    session: Session
    fresh: Freshness
    maps: Maps
    outlines: Outlines
    bars: HistogramCard
    settings: ViewSettings
    subsets: Subsets
    gallery: Gallery
    summary: SummaryCard
    controls: ColourControls
    cuts: Cuts
    count: Count
    brushes: Brushes
    alerts: Alerts

    def deliver(self, painted: Painted) -> None:
        """Have the page's thread show what was painted on another."""
        self.later(partial(self.show, painted))

    def fail(self, problem: BaseException) -> None:
        """Have the page's thread tell what went wrong on another."""
        self.later(partial(self._failed, problem))

    def _failed(self, problem: BaseException) -> None:
        self.fresh.fail()
        self.alerts.complain(problem)

    def show(self, painted: Painted) -> None:
        """Show what was painted: all pixels in one message, and in the next what is said of them."""
        state = painted.state
        self.fresh.come(state)
        self.maps.show(painted)
        self.outlines.push(painted.overlays.lines, algebra.shown(state))
        if painted.histogram is not None:
            self.bars.show(painted.histogram, state)
        self.later(partial(self._tell, painted))

    def _tell(self, painted: Painted) -> None:
        """Say what is shown."""
        self.maps.tell()
        for key, drawn in painted.pictures.items():
            self.settings.show(key, self.maps.label(drawn.colouring), drawn.scale)
        self.subsets.count(painted.overlays.numbers)
        self.gallery.show(painted)
        scale = shared_scale(painted)
        if scale is not None:
            self.controls.show(self.maps.label(painted.state.colouring), scale)
        self._advise(painted)
        self.sums.ask(partial(self._sum_up, painted.state))
        self.count.tell(selected=painted.selected)
        self.brushes.answer(painted.state)
        self.catch_up()
        self._explain()

    def confirm(self, state: State) -> None:
        """Say of a new state what is shown already: it needs no other pixels."""
        self.sums.ask(partial(self._sum_up, state))
        self._advise(self.painted)
        if not self.fresh.awaits(state):
            self.brushes.answer(state)
        self._explain()

    def _explain(self) -> None:
        """Put what is shown into words, soon, but not in the midst of a gesture."""
        if self.session.settled:
            self.words.ask(partial(self.maps.explain, self.cuts.words))
        else:
            self.words.end()

    def _sum_up(self, painted: State) -> None:
        """Have the summary follow what is shown, if it can be seen."""
        if self.seen(SUMMARY):
            self.summary.follow(painted)

    def _advise(self, painted: Painted) -> None:
        """Say which condition removes most where no star passes; not in the midst of a gesture."""
        self.painted = painted
        if painted.selected or not painted.relief:
            self.alerts.calm()
        elif self.session.settled:
            words = {clause.source: self.cuts.words(clause) for clause in painted.state.selection}
            self.alerts.explain_emptiness(painted.relief, words)

    def close(self) -> None:
        """Let go of what still waits."""
        self.words.end()
        self.sums.end()
