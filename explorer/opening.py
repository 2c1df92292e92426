"""What every visitor's page opens with, made once for a server: its state, its pictures, its figures."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from threading import Lock, Thread

from data.predicate import OneOf, Polygon, Range
from data.selection import Clause, Selection
from explorer import choices, finding
from explorer.atlas import DEFAULT_CUTS, DIAGRAMS, HISTOGRAM, VIEWS, DefaultCut, Diagram
from explorer.comparison import Comparison, compare
from explorer.figures import drawable, gallery_template, template_of
from explorer.painter import Easel, Painted, Slot
from explorer.palette import Scale
from explorer.session import State
from explorer.stars import Stars
from explorer.template import Models, Template

STOCK = 3
"""For how many visitors figures are ready."""


def default_selection(stars: Stars) -> Selection:
    """The paper's default cuts, those that a star of the catalogue passes."""
    selection = Selection()
    for cut in DEFAULT_CUTS:
        if stars.has(cut.column):
            predicate = _predicate(cut, stars)
            if stars.number((predicate,)):
                selection = selection.with_(Clause(f"cut:{cut.column}", predicate, cut.views or None))
    return selection


def _predicate(cut: DefaultCut, stars: Stars) -> Range | OneOf:
    if stars.catalogue.described[cut.column].kind == "flag":
        return OneOf(cut.column, (1,))
    return Range(cut.column, cut.low, cut.high)


@dataclass(frozen=True)
class Opening:
    """A page as it opens.

    Attributes
    ----------
    state : what it shows.
    diagrams : those the catalogue has the columns of.
    painted : the pictures of its first tab; those of the others are painted when they are visited.
    fitted : the colour ranges of those pictures.
    figures : copies of every figure, one set for each visitor.
    gallery : those of the gallery, one set for each visitor and plane.
    comparison : the selected stars and the others.
    """

    state: State
    diagrams: Mapping[str, Diagram]
    painted: Painted
    fitted: Mapping[Slot, Scale]
    figures: "Shelf"
    gallery: "GalleryShelves"
    comparison: Comparison | None


def open_page(stars: Stars, views: Executor) -> Opening:
    """Paint and draw all of it; compiles and reads what the first visitor would wait for."""
    state = choices.opening(stars, default_selection(stars))
    diagrams = {key: diagram for key, diagram in VIEWS.items() if drawable(stars, diagram, state)}
    easel = Easel(stars, diagrams, views)
    first = [key for key, diagram in diagrams.items() if diagram.group == "maps"]
    painted = easel.paint(state, {*first, HISTOGRAM})
    fitted = easel.fitted
    easel.paint(state, DIAGRAMS)
    for statistic in ("median", "standard deviation"):
        colouring = replace(state.colouring, statistic=statistic)
        for key in first[:1]:
            lasso = state.selection.with_(Clause("lasso", _triangle(diagrams[key])))
            easel.paint(replace(state, colouring=colouring, selection=lasso), [key])
    for key in first[:1]:
        finding.near(stars, diagrams[key], state, (0.0, 0.0), (1.0, 1.0))
    if len(stars):
        finding.beyond(stars, state, 0, 1)
    figures, gallery = Shelf(template_of(stars, state)), GalleryShelves(stars, diagrams, state)
    return Opening(state, diagrams, painted, fitted, figures, gallery, compare(stars, state.selection))


def _triangle(diagram: Diagram) -> Polygon:
    """Some lasso in a diagram."""
    window = diagram.window
    corners = ((window.x0, window.y0), (window.x1, window.y0), (window.x1, window.y1))
    return Polygon(diagram.x, diagram.y, corners)


class Shelf:
    """Keeps copies of a template ready for the next visitors."""

    def __init__(self, template: Template, stock: int = STOCK) -> None:
        self._template = template
        self._stock = stock
        self._ready = deque([template.copy()])
        self._filling = Lock()

    def take(self) -> Models:
        """A copy of one's own: one that is ready, else one made now."""
        try:
            return self._ready.pop()
        except IndexError:
            return self._template.copy()

    def refill(self) -> None:
        """Make copies in the background. Best when a page has opened: until then its browser is busy too."""
        Thread(target=self._fill, name="shelf", daemon=True).start()

    def _fill(self) -> None:
        with self._filling:
            while len(self._ready) < self._stock:
                self._ready.append(self._template.copy())


class GalleryShelves:
    """Copies of the gallery's figures, a shelf for each plane: drawn when somebody first asks for them."""

    def __init__(self, stars: Stars, diagrams: Mapping[str, Diagram], state: State) -> None:
        self._stars = stars
        self._diagrams = diagrams
        self._state = state
        self._shelves: dict[str, Shelf] = {}
        self._drawing = Lock()

    def take(self, plane: str) -> Models:
        """A copy of a plane's maps of one's own. May be called from any thread."""
        with self._drawing:
            if plane not in self._shelves:
                drawn = [diagram for diagram in self._diagrams.values() if diagram.plane == plane]
                self._shelves[plane] = Shelf(gallery_template(self._stars, drawn, self._state), stock=1)
            shelf = self._shelves[plane]
        return shelf.take()

    def refill(self, plane: str) -> None:
        """Have a copy ready for the next who comes: best when the last one's is on the page."""
        self._shelves[plane].refill()
