"""The frame around the maps: screen sizes, light and dark, names for screen readers."""

import numpy as np
import pytest

from tests.browser import MAPS, eventually

_CARDS = """
() => ['rz', 'xy', 'rv', 'kiel', 'plane', 'histogram'].map(key =>
  Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(key)).el.getBoundingClientRect())
  .map(box => [box.left, box.top, box.right, box.bottom])
"""
_LABEL = """
key => {
  const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(key))
  const canvas = view.canvas_view.el.shadowRoot.querySelector('canvas'), {x0, x1, y1} = view.frame.bbox
  const pixels = canvas.getContext('2d').getImageData(x0, y1 + 24, x1 - x0, canvas.height - y1 - 26).data
  const lightness = []
  for (let i = 0; i < pixels.length; i += 4) lightness.push((pixels[i] + pixels[i + 1] + pixels[i + 2]) / 3)
  return [Math.min(...lightness), Math.max(...lightness)]
}
"""
"""The darkest and the lightest pixel of the strip that holds the name of the horizontal axis."""

_UNNAMED = """
() => {
  const nameless = []
  const visit = root => {
    for (const each of root.querySelectorAll('*')) {
      if (each.shadowRoot) visit(each.shadowRoot)
      if (!each.matches('button, input, [role=combobox], a') || !each.checkVisibility()) continue
      if (each.closest('[aria-hidden=true], .MuiInputAdornment-root') || each.tabIndex < 0) continue
      const by = each.getAttribute('aria-labelledby')?.split(' ') ?? []
      const name = [
        each.getAttribute('aria-label'), each.title, ...[...(each.labels ?? [])].map(l => l.textContent),
        ...by.map(id => root.getElementById?.(id)?.textContent),
        each.matches('button, a') ? each.textContent : '',
      ]
      if (!name.some(part => part?.trim())) nameless.push(each.outerHTML.slice(0, 160))
    }
  }
  visit(document)
  return nameless
}
"""


# The steppers beside a number's field are left out: they have no name, and arrow keys do the same.


def overflow(visit):
    """By how many pixels the page is wider than the screen."""
    return visit.page.evaluate(
        "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    )


@pytest.fixture(scope="module")
def reader(shared_visit):
    with shared_visit.turn() as visit:
        yield visit


def test_six_views_fit_on_a_screen_of_1440_by_900(reader):
    def settled() -> None:
        boxes = np.array(reader.page.evaluate(_CARDS))
        assert (boxes[:, 0] >= 0).all()
        assert (boxes[:, 2] <= 1440).all()
        assert (boxes[:, 3] <= 900).all()
        assert overflow(reader) == 0

    eventually(settled)


def test_every_control_has_a_name(reader):
    assert reader.page.evaluate(_UNNAMED) == []


def test_theme_keeps_maps_and_zoom_and_makes_names_of_axes_readable(reader):
    reader.point_at("rz", 9.0, 0.5)
    reader.page.mouse.wheel(0, -200)
    home = (7.5, 15.0, -4, 4)

    def zoomed() -> None:
        assert reader.image("rz").window != home

    eventually(zoomed)
    before = {key: reader.image(key) for key in MAPS}
    for dark in (True, False):
        reader.page.get_by_label("Toggle theme").click()

        def readable(*, dark: bool = dark) -> None:
            low, high = reader.page.evaluate(_LABEL, "rz")
            assert (low < 60) if dark else (high > 240)
            assert high - low > 150

        eventually(readable)
        for key, image in before.items():
            assert np.array_equal(reader.image(key).levels, image.levels)
            assert reader.image(key).window == image.window


def test_small_screen_has_two_columns_and_no_sideways_scrolling(reader):
    reader.page.set_viewport_size({"width": 1024, "height": 768})

    def settled() -> None:
        lefts = sorted({round(box[0]) // 100 for box in reader.page.evaluate(_CARDS)})
        assert len(lefts) == 2
        assert overflow(reader) == 0

    eventually(settled)
