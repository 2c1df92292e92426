"""Links hold what is chosen on pages of science: chosen by hand, opened elsewhere, gone back to."""

import pytest
from playwright.sync_api import expect

from tests.browser import USABLE, Visit, eventually
from tests.test_page_link import after, token

CONTROLS = """
() => {
  const found = []
  const visit = (node) => {
    if (node.nodeType === Node.DOCUMENT_FRAGMENT_NODE) node.childNodes.forEach(visit)
    if (node.nodeType !== Node.ELEMENT_NODE || getComputedStyle(node).display === 'none') return
    if (node.matches('[role=combobox]')) found.push(node.textContent)
    else if (node.matches('input[type=checkbox]')) found.push(node.checked)
    else if (node.matches('input, textarea')) found.push(node.value)
    else if (node.matches('[aria-pressed]')) found.push([node.textContent, node.getAttribute('aria-pressed')])
    else if (node.matches('.MuiChip-root')) found.push(node.textContent)
    if (node.shadowRoot) visit(node.shadowRoot)
    node.childNodes.forEach(visit)
  }
  visit(document.body)
  return found
}
"""
"""What every control on the screen shows."""

DRAWN = """
names => names.map(name => {
  const data = window.Bokeh?.documents?.[0]?.get_model_by_name(name)?.data ?? {}
  const plain = value => value?.shape || ArrayBuffer.isView(value) ? Array.from(value, String) : String(value)
  return Object.fromEntries(
    Object.entries(data).map(([column, values]) => [column, Array.from(values, plain)]))
})
"""
"""The data of figures, as texts."""

CASES = {
    "Profiles": {
        "Along": "v_phi [km/s]", "Bins, as 7:15:0.5": "100, 200,260", "Slices of": "R [kpc]",
        "Edges of slices": "7, 9", "Mean of": "[Mg/Fe]", "Subsets within the selection": False, "Seed": "7",
    },
    "Planes": {
        "Abundance": "[Eu/Fe]", "Teff from, to, K": "4500, 5100", "Edges in R, kpc": "7, 9, 11",
        "Colours from, to": "100, 250", "mean of all": None,
    },
    "Differences": {
        "A": "all stars", "Label": "[Ba/Fe]", "Plane": "(R, vφ)", "Pixels": "50 a side", "Min stars": "20",
        "False discovery rate": "0.1", "Fade what does not pass": False,
    },
    "Systematics": {"Label": "[Mg/Fe]", "(R, vφ)": None},
    "Binaries": {
        "Stars": "giants", "|ΔTeff| below, K": "150", "Scatters of your own, dex": "o_fe=0.3",
        "Leave out extrapolated labels": True,
    },
    "Clusters": {"Members": "a cone of my own", "RA, deg": "132.8", "Radius, deg": "1.25", "Seed": "3"},
    "Calibration": {"Stars": "giants", "Share of binaries to learn from": "0.4", "f is 0 at, K": "5200"},
}  # fmt: skip
"""What is chosen on each page, by label: from a list, typed, ticked or not, or pressed (None)."""

FIGURES = {
    "Profiles": ["profiles.points.0"],
    "Planes": ["planes.cells", "planes.words"],
    "Differences": ["differences.rv"],
}
"""Data sources of pages that draw without being asked to."""


def act(visit, label, value):
    """Choose something as a person does."""
    page = visit.page
    if value is None:
        page.get_by_role("button", name=label, exact=True).click()
    elif isinstance(value, bool):
        page.get_by_label(label, exact=True).set_checked(value)
    elif page.get_by_role("combobox", name=label, exact=True).count():
        visit.choose(label, value)
    else:
        visit.type_into(page.get_by_label(label, exact=True), value)


def turn_to(visit, title):
    """Turn to a page of science and wait until it is there."""
    visit.tab(title)
    visit.page.get_by_role("tab", name=title, selected=True).wait_for()
    visit.page.get_by_label(next(iter(CASES[title])), exact=True).first.wait_for()


def read(visit, title):
    """What controls show, and what is drawn without being asked for."""
    return visit.page.evaluate(CONTROLS), visit.page.evaluate(DRAWN, FIGURES.get(title, []))


def settled(visit, title):
    """The same once it stays so, and the address holds it."""

    def stays():
        before = *read(visit, title), token(visit)
        visit.page.wait_for_timeout(1200)
        assert (*read(visit, title), token(visit)) == before
        assert all(before[1])
        return before[:2]

    return eventually(stays)


def holds(visit, title, shown):
    assert read(visit, title) == shown


@pytest.fixture(scope="module")
def chosen(browser, served, mock_file):
    """A link to what was chosen by hand on all pages, and what these showed then."""
    shown = {}
    with Visit.of(browser, served(mock_file).url) as visit:
        visit.open()
        for title, choices in CASES.items():
            turn_to(visit, title)
            for label, value in choices.items():
                before = token(visit)
                act(visit, label, value)
                after(visit, before)
            shown[title] = settled(visit, title)
            words = {value for value in choices.values() if isinstance(value, str)}
            assert words <= {*map(str, shown[title][0])}
        yield visit.page.url, shown


@pytest.fixture(scope="module")
def elsewhere(browser, chosen):
    """Another browser that was given the link."""
    with Visit.of(browser, chosen[0]) as visit:
        visit.page.goto(visit.url)
        visit.page.get_by_role("tab", name=[*CASES][-1], selected=True).wait_for()
        visit.page.wait_for_function(USABLE)
        yield visit


@pytest.mark.parametrize("title", [*CASES][::-1])
def test_a_link_shows_elsewhere_what_was_chosen(title, chosen, elsewhere):
    turn_to(elsewhere, title)
    eventually(lambda: holds(elsewhere, title, chosen[1][title]))
    if title not in FIGURES:
        expect(elsewhere.page.get_by_role("button", name="Cancel", exact=True)).to_be_disabled()
        expect(elsewhere.page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_reload_back_and_forward_bring_choices_back(newcomer):
    """Slices of R fill their edges, and v_phi its bins: each link brings back what it held, not these."""
    visit, bins, length = newcomer, newcomer.page.get_by_label("Bins, as 7:15:0.5"), "history.length"
    turn_to(visit, "Profiles")
    after(visit, "")
    tokens, shown = [token(visit)], [settled(visit, "Profiles")]
    choices = {"Bins, as 7:15:0.5": "7, 9, 11", "Along": "v_phi [km/s]", "Slices of": "R [kpc]"}
    for label, value in choices.items():
        act(visit, label, value)
        tokens.append(after(visit, tokens[-1]))
        shown.append(settled(visit, "Profiles"))
    steps = visit.page.evaluate(length)
    assert len({str(each) for each in shown}) == 4
    for at in (2, 1, 0):
        visit.page.go_back()
        eventually(lambda at=at: holds(visit, "Profiles", shown[at]))
        assert token(visit) == tokens[at]
    expect(bins).to_have_value("7:15:0.5")
    for at in (1, 2, 3):
        visit.page.go_forward()
        eventually(lambda at=at: holds(visit, "Profiles", shown[at]))
    visit.page.reload()
    visit.page.get_by_role("tab", name="Profiles", selected=True).wait_for()
    visit.page.wait_for_function(USABLE)
    eventually(lambda: holds(visit, "Profiles", shown[3]))
    visit.page.wait_for_timeout(1500)  # an address that is written once more would be so by now
    assert (token(visit), visit.page.evaluate(length)) == (tokens[3], steps)
