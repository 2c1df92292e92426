"""The drawer of a star as a visitor's browser has it: what it draws, and what a person does in it."""

import numpy as np
from numpy.typing import NDArray

from tests.browser import WORDS, Visit, eventually

_PIXELS = """
() => {
  const source = Bokeh.documents[0].get_model_by_name('spectrum')
  const named = Object.entries(source?.data ?? {})
  return Object.fromEntries(named.map(([name, values]) => [name, Array.from(values, value => value ?? NaN)]))
}
"""

_SOURCE = """
name => Object.fromEntries(Object.entries(Bokeh.documents[0].get_model_by_name(name).data)
  .map(([key, values]) => [key, Array.from(values)]))
"""


class DrawerPage:
    """What a visitor sees of a star."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page
        self.pane = visit.page.locator("section.pane")

    def find(self, name: int | str) -> "DrawerPage":
        """Look for a star, and wait until its spectrum is drawn and told of."""
        field = self.page.get_by_label("Find a star").first
        field.fill(str(name))
        field.press("Enter")
        return self.shown(str(name))

    def shown(self, name: str) -> "DrawerPage":
        """Wait until a star is shown, with nothing under way."""

        def there() -> None:
            assert name in self.pane.locator("h2").inner_text()
            self.rest()

        eventually(there)
        return self

    def rest(self) -> None:
        """Nothing is under way."""
        assert self.pane.locator(".busy").inner_text() == ""
        assert self.pixels["wavelength"].size

    @property
    def pixels(self) -> dict[str, NDArray[np.float64]]:
        """The curves: wavelength, flux, model, trial, lower."""
        return {name: np.array(values, float) for name, values in self.page.evaluate(_PIXELS).items()}

    def source(self, name: str) -> dict[str, list]:
        """Another source of the plots."""
        return self.page.evaluate(_SOURCE, name)

    @property
    def rows(self) -> list[list[str]]:
        """Label, published, fitted, of each row of the table."""
        rows = self.pane.locator("tbody tr").filter(has=self.page.locator("input[type=range]"))
        return [row.locator("th, td").all_inner_texts()[:3] for row in rows.all()]

    @property
    def note(self) -> str:
        """What is the matter."""
        return self.pane.locator(".left > .note").inner_text()

    def turn(self, tab: str) -> str:
        """Turn to a tab; its words, once there are any."""
        self.pane.get_by_role("tab", name=tab, exact=True).click()

        def told() -> str:
            assert tab == "Labels" or self.words
            return self.words

        return str(eventually(told))

    @property
    def words(self) -> str:
        """Of the tab that is open."""
        texts = self.pane.locator(".panel:not([hidden]) .bk-panel-models-markup-HTML.star")
        return " ".join(texts.evaluate_all(WORDS))

    def slide(self, label: str, value: float) -> None:
        """Move the slider of a label."""
        self.pane.get_by_label(f"Try another {label}", exact=True).evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')) }", value
        )

    def hold(self, label: str) -> None:
        """Hold a label, or let go of it."""
        self.pane.get_by_label(f"Hold {label} in the fit", exact=True).click()

    def leave_out(self, words: str) -> None:
        """Type which wavelengths are left out."""
        field = self.pane.get_by_label("Wavelengths left out")
        field.fill(words)
        field.press("Enter")
