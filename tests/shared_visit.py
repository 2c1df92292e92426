"""A page that tests use in turn: each finds it as it opened; where it can't be had so, it is opened anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

from tests.browser import Visit, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WIDTH, HEIGHT = 1440, 900
PATIENCE_S = 6.0
"""How long a page may take to be as it was; on a busy machine a new one takes as long to open."""
PAUSE_MS = 150
"""What was still under way shows within such a time."""

_REMEMBER = """
() => {
  const figures = [...Bokeh.documents[0]._all_models.values()].filter(({ type }) => type === 'Figure')
  const tools = figures.flatMap(({ toolbar }) => toolbar.tools).map((tool) => [tool, tool.active])
  window.asOpened = { entry: navigation.currentEntry.key, number: figures.length, tools, recoloured: false }
  Bokeh.documents[0].on_change((event) => {
    if (event.attr === 'low' || event.attr === 'high') window.asOpened.recoloured = true
  })
}
"""
"""Remembers the present entry of the browser's history, the tools in hand, and any change of colours."""

_SPOILT = """
() => {
  const figures = [...Bokeh.documents[0]._all_models.values()].filter(({ type }) => type === 'Figure')
  return window.asOpened == null || window.asOpened.recoloured || window.asOpened.number !== figures.length
}
"""
"""Whether the page was loaded anew, or keeps what can't be seen: fitted colour ranges, or other figures."""

_REST = """
() => {
  const top = (root) => root.querySelectorAll('*').forEach(each => {
    if (each.shadowRoot) top(each.shadowRoot)
    if (each.scrollTop || each.scrollLeft) each.scrollTo(0, 0)
  })
  top(document)
  getSelection().empty()
}
"""
"""Scrolls everything to its beginning, and marks no words."""

_GO_BACK = """
async () => {
  const { entry, tools } = window.asOpened
  localStorage.clear()
  for (const [tool, active] of tools) if (tool.active !== active) tool.active = active
  if (navigation.currentEntry.key !== entry) await navigation.traverseTo(entry).finished
  else window.dispatchEvent(new PopStateEvent('popstate'))
}
"""

_SEEN = """
() => {
  const seen = []
  const states = ['aria-checked', 'aria-expanded', 'aria-pressed', 'aria-selected', 'aria-label']
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) seen.push(node.textContent.trim())
    if (node.nodeType === Node.DOCUMENT_FRAGMENT_NODE) node.childNodes.forEach(visit)
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches('style, script, [aria-live]')) return
    if (getComputedStyle(node).display === 'none') return
    if (node.scrollTop || node.scrollLeft) seen.push(`scrolled by ${node.scrollLeft}, ${node.scrollTop}`)
    for (const name of states) if (node.hasAttribute(name)) seen.push(`${name} ${node.getAttribute(name)}`)
    if (node.matches('input, textarea')) seen.push(`${node.type} ${node.value} ${node.checked}`)
    if (node.shadowRoot) visit(node.shadowRoot)
    node.childNodes.forEach(visit)
  }
  visit(document.body)
  const page = Bokeh.documents[0]
  const sum = (numbers) => Array.from(numbers.flat(Infinity)).reduce(
    (all, each) => (Math.imul(all, 31) + Math.round(1e4 * each)) | 0, 7)
  const plain = (values) => ArrayBuffer.isView(values) ? Array.from(values) : values
  const data = ['sheet', 'bars', 'contours'].map(name => Object.entries(page.get_model_by_name(name).data)
    .map(([column, values]) => `${column} ${sum(Array.from(values, plain))}`).sort())
  const shown = (model) => model.type === 'Figure' && Bokeh.index.find_one(model)?.el.getClientRects().length
  const figures = [...page._all_models.values()].filter(shown).map(figure => {
    const { name, x_range: x, y_range: y, toolbar, inner_width, inner_height } = figure
    const ends = [x.start, x.end, y.start, y.end].map(end => end.toPrecision(9))
    return [name, ends, toolbar.tools.map(({ type, active, overlay }) => [type, active, overlay?.visible])]
  })
  return {
    seen, data, figures: figures.sort(),
    address: location.href, kept: { ...localStorage }, size: [innerWidth, innerHeight],
    marked: String(getSelection()), paper: getComputedStyle(document.body).backgroundColor,
  }
}
"""
"""All that can be read on the page and all that is drawn, its address, and what the browser keeps of it."""


class SharedVisit:
    """Visits to one address: `turn` lends the page that the last turn left, if it is as it opened.

    What `prepare` does to a page belongs to its opening.
    """

    def __init__(
        self, browser: "Browser", url: str, prepare: Callable[[Visit], None] = lambda _visit: None
    ) -> None:
        self._browser = browser
        self._url = url
        self._prepare = prepare
        self._free: Visit | None = None
        self._opened: dict[str, Any] = {}
        self.openings = 0

    @contextmanager
    def turn(self, patience_s: float = PATIENCE_S) -> Iterator[Visit]:
        """A visitor to a page as it opens; AssertionError if the browser complained of anything meanwhile.

        What a person can't see there, all the same: what was done in other turns can be undone.
        """
        visit, self._free = self._free or self._open(), None
        try:
            yield visit
        finally:
            kept = self._takes_back(visit, patience_s)
            complaints, visit.complaints = visit.complaints, []
            if kept and not complaints and self._free is None:
                self._free = visit
            else:
                visit.close()
        assert complaints == [], complaints

    def _open(self) -> Visit:
        self.openings += 1
        visit = Visit(self._browser, self._url, WIDTH, HEIGHT).open()
        self._prepare(visit)
        visit.page.evaluate(_REMEMBER)
        self._opened = self._settled(visit)
        return visit

    def _settled(self, visit: Visit) -> dict[str, Any]:
        """What is seen once it stays so."""
        self._rest(visit)

        def stays() -> dict[str, Any]:
            before = visit.page.evaluate(_SEEN)
            visit.page.wait_for_timeout(PAUSE_MS)
            assert visit.page.evaluate(_SEEN) == before
            return dict(before)

        return dict(eventually(stays))

    def _rest(self, visit: Visit) -> None:
        """Let go of everything: dialogs, lists, the pointer, the focus."""
        page = visit.page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.mouse.up()
        page.keyboard.press("Escape")
        page.mouse.click(WIDTH - 6, HEIGHT / 2)
        page.evaluate(_REST)

    def _takes_back(self, visit: Visit, patience_s: float) -> bool:
        """Go back to the address of the opening; whether all is then as it was, and stays so."""

        def as_opened() -> None:
            self._rest(visit)
            visit.page.evaluate(_GO_BACK)
            visit.page.wait_for_timeout(PAUSE_MS)
            assert visit.page.evaluate(_SEEN) == self._opened
            visit.page.wait_for_timeout(PAUSE_MS)
            assert visit.page.evaluate(_SEEN) == self._opened

        try:
            if visit.page.evaluate(_SPOILT):
                return False
            eventually(as_opened, patience_s)
        except (AssertionError, Error):
            return False
        return True

    def close(self) -> None:
        """Leave."""
        if self._free is not None:
            self._free.close()
