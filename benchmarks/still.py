"""The floor of a brush: our own server and page, whose pictures were all painted before.

`python -m benchmarks.still CATALOGUE PORT`. Whatever is brushed, a page is sent one of two sets of pictures
in turn: as many bytes as the real ones, none of them computed.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from data.catalogue import open_catalogue
from data.predicate import Range
from data.selection import Clause, Selection
from explorer import app, page, summary_card
from explorer.atlas import HISTOGRAM
from explorer.comparison import Comparison
from explorer.derive import derivations
from explorer.overtaking import Overtaken
from explorer.painter import Easel, Painted
from explorer.session import State

BOTH = (
    Selection((Clause("still", Range("R", 8.0, None)),)),
    Selection((Clause("still", Range("R", None, 9.5)),)),
)
"""What the two sets of pictures show: each more than half of the stars."""


class StillEasel(Easel):
    """Paints a view twice when it is first asked for, for all visitors, and then gives these in turn."""

    _painted: ClassVar[dict[str, list[Painted]]] = {}

    def paint(self, state: State, views: Iterable[str], overtaken: Overtaken = bool) -> Painted:
        """Views of the set whose turn it is."""
        asked, views = replace(state, selection=Selection()), frozenset(views)
        question, painted = repr(asked), partial(super().paint, overtaken=overtaken)
        turns = self._painted.get(question)
        if turns is None:
            turns = [painted(replace(asked, selection=chosen), {HISTOGRAM}) for chosen in BOTH]
        missing = views - turns[0].pictures.keys() - {HISTOGRAM}
        if missing & self._diagrams.keys():
            more = [painted(replace(asked, selection=chosen), missing).pictures for chosen in BOTH]
            turns = [
                replace(old, pictures={**old.pictures, **new}) for old, new in zip(turns, more, strict=True)
            ]
        self._painted[question] = turns[::-1]
        shown = {key: picture for key, picture in turns[0].pictures.items() if key in views}
        histogram = turns[0].histogram if HISTOGRAM in views else None
        return replace(turns[0], state=state, pictures=shown, histogram=histogram)


def remembered(work: Callable[..., Comparison]) -> Callable[..., Comparison]:
    """Give what some work gave the first time."""
    given: list[Comparison] = []

    def give(*words: Any) -> Comparison:
        if not given:
            given.append(work(*words))
        return given[0]

    return give


def main(path: Path, port: int) -> None:
    """Serve the page until interrupted."""
    page.Easel = StillEasel
    summary_card.compare = remembered(summary_card.compare)
    stars = open_catalogue(path, derivations=derivations())
    app.serve(stars, port=port, address="127.0.0.1", origins=(), show=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
