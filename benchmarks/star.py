"""How fast a star is shown and fitted: `python -m benchmarks.star [--stars N] [--quick]`.

Prints each figure as it is measured and, as its last line, one JSON object with all of them. A mock survey is
served with the models of a small one built by the pipeline. Times are from what a hand does in the browser,
by its own clock, to the frame after the plots have their new curves.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from playwright.sync_api import Page

from benchmarks.findings import Findings
from benchmarks.opening import mock_of
from explorer.demo import EDITION
from explorer.mock_survey import build_mock
from tests.browser import Visit, chromium
from tests.served import Served, free_port

SURVEY_STARS = 4000
SLIDE_S = 4.0

WATCH = """
() => {
  const painted = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  window.begun = 0
  window.answers = []
  const note = async () => {
    const begun = window.begun
    await painted()
    window.answers.push(performance.now() - begun)
  }
  window.addEventListener('pointerup', () => (window.begun = performance.now()), true)
  window.addEventListener('answered', note)
  window.Bokeh?.documents?.[0]?.on_change?.((event) => {
    const model = event.model ?? event.events?.[0]?.model
    if (model?.name === 'spectrum') note()
  })
}
"""

FIND = """
  const deep = (root) => {
    for (const each of root.querySelectorAll('*')) {
      if (each.getAttribute('aria-label') === label) return each
      const found = each.shadowRoot && deep(each.shadowRoot)
      if (found) return found
    }
  }
  const slider = deep(document)
"""

SLIDE_HELD = f"""
([label, value]) => {{
  {FIND}
  window.begun = performance.now()
  slider.value = value
  slider.dispatchEvent(new Event('input'))
}}
"""

DRAG = """
  const source = Bokeh.documents[0].get_model_by_name('spectrum')
  let drawn = 0
  let last = source.data.trial
  const end = performance.now() + ms
  let step = 0
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame)
    if (source.data.trial !== last) {
      last = source.data.trial
      drawn += 1
    }
    step += 1
    slider.value = low + (high - low) * (0.5 + 0.5 * Math.sin(step / 9))
    slider.dispatchEvent(new Event('input'))
  }
  return 1000 * drawn / ms
}
"""

SLIDE = f"async ([label, low, high, ms]) => {{ {FIND} {DRAG}"


def main() -> None:
    """Measure what the words of the command ask for."""
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--stars", type=int, default=3_900_000)
    words.add_argument("--quick", action="store_true")
    asked = words.parse_args()
    found, times = Findings(), 8 if asked.quick else 40
    models = models_of()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        options = [word for model in models for word in ("--model", str(model))]
        server = Served.catalogue(mock_of(asked.stars), Path(folder) / "log", *options)
        try:
            server.wait()
            with Visit.of(browser, server.url) as visit:
                measure_star(visit.open(), times, found)
        finally:
            server.stop()
        port = free_port()
        floor = Served.start(["-m", "benchmarks.callback_floor", str(port)], port, Path(folder) / "floor.log")
        try:
            floor.wait("/")
            with Visit.of(browser, floor.url) as visit:
                measure_floor(visit, times, found)
        finally:
            floor.stop()
    for name in ("click", "refit"):
        found.ratio(f"{name}_over_floor", f"{name}_ms", "callback_floor_ms", "times an empty callback")
    print(found.line)


def models_of() -> list[Path]:
    """Models of a small survey built by the pipeline, once, in the user's cache folder."""
    folder = user_cache_path("enrichment-explorer", appauthor=False) / f"benchmark-survey-{EDITION}"
    build_mock(folder, stars=SURVEY_STARS, seed=1, workers=2, progress=lambda *_: None)
    return sorted((folder / "built" / "models").glob("*.cannon"))


def measure_star(visit: Visit, times: int, found: Findings) -> None:
    """Clicks on a map, fits under changing conditions, and a slider."""
    page = visit.page
    page.evaluate(WATCH)
    rng = np.random.default_rng(1)

    def click() -> None:
        visit.page.mouse.click(*visit.place("rz", *rng.uniform((8.2, -0.8), (10.5, 0.8))))

    click()
    page.wait_for_function("() => answers.length > 0", timeout=120_000)
    page.wait_for_timeout(5000)
    found.spread("click", repeated(page, times, click), "from a click on a map to its spectrum drawn")
    page.get_by_label("Hold log g in the fit").click()
    page.wait_for_timeout(2000)
    values = iter(np.resize([2.0, 2.4, 1.8, 2.6, 2.2], times))
    found.spread(
        "refit",
        repeated(page, times, lambda: page.evaluate(SLIDE_HELD, ["Try another log g", float(next(values))])),
        "from another value of a held label to the new fit drawn",
    )
    page.get_by_label("Hold log g in the fit").click()
    page.wait_for_timeout(2000)
    rate = page.evaluate(SLIDE, ["Try another Teff", 4200, 5200, 1000 * SLIDE_S])
    found.say("whatif_per_s", rate, "redraws a second of the model while a slider is dragged")


def repeated(page: Page, times: int, act: Callable[[], None]) -> list[float]:
    """Milliseconds that each answer took."""
    spent: list[float] = []
    for _ in range(times):
        page.evaluate("() => (window.answers = [])")
        act()
        page.wait_for_function("() => answers.length > 0", timeout=60_000)
        spent.append(float(page.evaluate("() => answers[0]")))
        page.wait_for_timeout(400)
    return spent


def measure_floor(visit: Visit, times: int, found: Findings) -> None:
    """A button that is answered by an empty callback."""
    visit.page.goto(visit.url)
    button = visit.page.get_by_role("button", name="press")
    button.wait_for()
    visit.page.evaluate(WATCH)
    found.spread("callback_floor", repeated(visit.page, times, button.click), "an empty callback of Panel")


if __name__ == "__main__":
    main()
