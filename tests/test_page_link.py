"""The page's address: reload, back, forward and links bring back what was chosen; bad links say why."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
from playwright.sync_api import expect

from data.catalogue import open_catalogue
from data.predicate import Polygon
from data.selection import Clause
from explorer.choices import opening
from explorer.cuts import BY_CONDITION
from explorer.derive import derivations
from explorer.envelope import open_sealed, seal
from explorer.link import VERSION, to_token
from explorer.opening import default_selection
from explorer.science import KINDS
from explorer.stars import Stars
from tests.browser import MAPS, PATIENCE_S, USABLE, Visit, becomes, eventually
from tests.plain_maps import check_page, paper_cuts

SCRIPT = "<img src=x onerror=alert(1)>"


def token(visit):
    """What the address says."""
    address = visit.page.evaluate("location.href")
    return parse_qs(urlsplit(address).query).get("s", [""])[0]


def after(visit, before):
    """The address once it says something else."""

    def changed() -> str:
        assert token(visit) != before
        return token(visit)

    return eventually(changed)


def steps(visit):
    """How many addresses the browser's history holds."""
    return visit.page.evaluate("history.length")


def holds(visit, table, keep, keys=("rz", "kiel"), **how):
    """Wait until header and maps are those of a selection."""

    def check() -> None:
        assert visit.count == (keep.sum(), len(keep))
        check_page(visit, table, keep, keys, **how)

    eventually(check)


def chosen_in(visit, label):
    """What a list shows as chosen."""
    return visit.page.get_by_role("combobox", name=label, exact=True).last.inner_text()


def test_reload_back_and_forward_bring_the_state_back(newcomer, mock_table):
    visit = newcomer
    giants, cut = mock_table["giantmodel"] == 1, paper_cuts(mock_table, "rz")
    assert token(visit) == ""
    visit.page.get_by_label("Remove this cut").nth(1).click()
    first = after(visit, "")
    visit.choose("Colour by", "[Fe/H]")
    second = after(visit, first)
    visit.choose("Histogram of", "log g")
    third = after(visit, second)
    length = steps(visit)

    visit.page.reload()
    visit.wait_for(*MAPS)
    holds(visit, mock_table, giants, label="fe_h")
    assert chosen_in(visit, "Colour by") == "[Fe/H]"
    assert chosen_in(visit, "Histogram of") == "log g"
    assert (token(visit), steps(visit)) == (third, length)

    visit.page.go_back()
    eventually(lambda: column_is(visit, "[Fe/H]"))
    assert token(visit) == second
    visit.page.go_back()
    holds(visit, mock_table, giants)
    assert chosen_in(visit, "Colour by") == "[Mg/Fe]"
    visit.page.go_back()
    holds(visit, mock_table, cut)
    assert token(visit) == ""
    assert len(visit.chips) == 3

    for _ in range(3):
        visit.page.go_forward()
    holds(visit, mock_table, giants, label="fe_h")
    eventually(lambda: column_is(visit, "log g"))
    visit.page.wait_for_timeout(1500)  # an address that is written once more would be so by now
    assert (token(visit), steps(visit)) == (third, length)


def column_is(visit, name):
    assert chosen_in(visit, "Histogram of") == name


WALK = """
async steps => {
  for (const step of steps) {
    const done = new Promise(done => window.addEventListener('popstate', done, {once: true}))
    history.go(step)
    await done
  }
}
"""
"""Goes back and forward, each time as soon as the browser allows."""


def test_steps_back_and_forward_in_quick_succession_end_where_the_address_is(visit, mock_table):
    giants = mock_table["giantmodel"] == 1
    visit.page.get_by_label("Remove this cut").nth(1).click()
    first = after(visit, "")
    visit.page.get_by_label("Remove this cut").first.click()
    after(visit, first)
    length = steps(visit)
    visit.page.evaluate(WALK, [-1, -1, 1, 1, -1])
    holds(visit, mock_table, giants)
    visit.page.wait_for_timeout(1500)
    assert (token(visit), steps(visit)) == (first, length)


def test_windows_axes_and_computed_columns_come_back(newcomer, mock_table):
    visit = newcomer
    visit.press("New column")
    visit.page.get_by_label("Name", exact=True).fill("[Mg/Mn]")
    visit.type_into(visit.page.get_by_label("Expression", exact=True), "[Mg/Fe] - mn_fe")
    visit.page.get_by_text("[Mg/Mn] =").wait_for()
    before = after(visit, "")
    visit.choose("Colour by", "[Mg/Mn]")
    before = after(visit, before)
    visit.choose("Statistic", "median")
    before = after(visit, before)
    visit.point_at("rz", 10, 0)
    visit.page.mouse.wheel(0, -300)
    before = after(visit, before)
    zoomed, length = visit.axes("rz"), steps(visit)
    assert zoomed != ([7.5, 15], [-4, 4])

    visit.page.reload()
    visit.wait_for(*MAPS)
    table = {**mock_table, "ratio": mock_table["mg_fe"] - mock_table["mn_fe"]}
    holds(visit, table, paper_cuts(mock_table, "rz"), label="ratio", statistic="median")
    assert visit.axes("rz") == zoomed
    assert chosen_in(visit, "Colour by") == "[Mg/Mn]"
    assert (token(visit), steps(visit)) == (before, length)

    visit.page.evaluate(f"history.go({2 - length})")
    holds(visit, mock_table, paper_cuts(mock_table, "rz"))
    assert np.allclose(visit.axes("rz"), ([7.5, 15], [-4, 4]))
    assert chosen_in(visit, "Colour by") == "[Mg/Fe]"
    assert chosen_in(visit, "Statistic") == "mean"
    assert visit.page.get_by_text("[Mg/Mn] =").count() == 0


DRAWN = """
name => {
  const figure = Bokeh.documents[0].get_model_by_name(name)
  const tool = figure.toolbar.tools.find(({type, overlay}) => type === 'BoxSelectTool' && overlay.visible)
  return tool ? ['left', 'right', 'bottom', 'top'].map(side => tool.overlay[side]) : null
}
"""
"""Sides of the box that is drawn in a figure."""


def box_is(visit, sides):
    assert visit.page.evaluate(DRAWN, "rz") == sides


def test_a_brush_is_written_when_it_is_let_go_of(newcomer, mock_table):
    visit = newcomer
    visit.point_at("rz", 9, -1)
    visit.page.mouse.down()
    for across in (9.5, 10, 10.5, 11):
        visit.point_at("rz", across, across - 10)
    visit.page.wait_for_timeout(1500)
    assert token(visit) == ""
    visit.page.mouse.up()
    after(visit, "")
    chips, count, sides = visit.chips, visit.count, visit.page.evaluate(DRAWN, "rz")
    assert len(chips) == len(sides) == 4
    visit.page.reload()
    visit.wait_for(*MAPS)
    becomes(lambda: (visit.chips, visit.count), (chips, count))
    eventually(lambda: box_is(visit, sides))
    visit.page.go_back()
    eventually(lambda: box_is(visit, None))
    holds(visit, mock_table, paper_cuts(mock_table, "rz"))


def test_the_page_that_was_open_is_open_and_back_from_it_are_the_maps(newcomer):
    visit = newcomer
    count = visit.count
    for tab, maps in (("Footprint", ["sky", "edge"]), ("About", []), ("Gallery", ["rz.fe_h"])):
        assert token(visit) == ""
        visit.tab(tab)
        after(visit, "")
        visit.page.reload()
        visit.page.get_by_role("tab", name=tab, selected=True).wait_for()
        visit.wait_for(*maps)
        eventually(lambda: counts(visit, count))
        if tab != "Gallery":
            visit.page.go_back()
            visit.page.get_by_role("tab", name="Maps", selected=True).wait_for()
            visit.wait_for(*MAPS)


def counts(visit, count):
    assert visit.count == count


def test_a_copied_link_opens_the_same_page_elsewhere(newcomer, mock_table, browser):
    visit = newcomer
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.choose("Add a cut", BY_CONDITION)
    visit.type_into(
        visit.page.get_by_label("Condition"), "fe_h > -0.3 and not inside(R, z, 7, 0, 9, 2, 9, 0)"
    )
    button = visit.page.get_by_role("button", name="Copy link")
    button.focus()
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("status").get_by_text("Link copied").wait_for()
    link = visit.page.evaluate("navigator.clipboard.readText()")
    assert link == visit.page.evaluate("location.href")
    eventually(lambda: counts_less(visit))
    with Visit.of(browser, link) as other:
        other.open()
        becomes(lambda: (other.chips, other.count), (visit.chips, visit.count))
    visit.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    visit.page.get_by_role("status").get_by_text("Link copied").wait_for(state="detached")
    button.click()
    visit.page.get_by_role("status").get_by_text("Link copied").wait_for()


def counts_less(visit):
    assert len(visit.chips) == 4
    assert visit.count[0] < 6000


def hostile(opening):
    """Links that are not from us, and what is said of them."""
    plain = open_sealed(opening, VERSION)
    named = {**plain, "derived": [[SCRIPT, "R + 1"]]}
    lacking = {**plain, "colouring": {"label": "chromosphere"}}
    return {
        "damaged or cut short": opening[:-9],
        "copy the whole of it": SCRIPT,
        "another version of the explorer": seal(plain, VERSION + 1),
        "names the column chromosphere, which this catalogue lacks": seal(lacking, VERSION),
        "may hold letters": seal(named, VERSION),
        "too long": "1." + "A" * 20_000,
    }


def refused(visit, words):
    """Wait until it is told why a link is bad, as words and not as a part of the page."""
    visit.page.locator(".MuiAlert-root").get_by_text(re.compile(words)).wait_for()
    assert visit.page.locator("img[src=x]").count() == 0
    assert len(visit.chips) == 3


def test_bad_links_open_the_usual_page_and_say_why(newcomer, mock_table):
    """Two, damaged and the longest, are opened in full; the page goes back to the others."""
    visit = newcomer
    visit.page.get_by_label("Remove this cut").first.click()
    opening = after(visit, "")
    links = hostile(opening)
    for words in ("copy the whole of it", "too long"):
        visit.page.goto(f"{visit.url}/?{urlencode({'s': links.pop(words)})}")
        visit.wait_for(*MAPS)
        refused(visit, words)
    for words, bad in links.items():
        visit.page.evaluate(VISIT, urlencode({"s": bad}))
        refused(visit, words)
    holds(visit, mock_table, paper_cuts(mock_table, "rz"))


VISIT = """
query => {
  history.pushState(null, '', `?${query}`)
  window.dispatchEvent(new PopStateEvent('popstate'))
}
"""
"""Comes to an address as by going back to it."""


def test_going_back_to_a_bad_address_keeps_the_page_and_says_why(visit, mock_table):
    visit.page.get_by_label("Remove this cut").nth(1).click()
    after(visit, "")
    visit.page.evaluate("history.pushState(null, '', '?s=1.abc.defghi'); history.pushState(null, '', '?s=2')")
    visit.page.go_back()
    visit.page.locator(".MuiAlert-root").get_by_text("damaged or cut short").wait_for()
    holds(visit, mock_table, mock_table["giantmodel"] == 1)


def test_the_longest_links_pass(browser, served, mock_file):
    """As long as an address may be, also when the browser names it in what it sends."""
    stars = Stars(open_catalogue(mock_file, derivations=derivations()))
    opens = opening(stars, default_selection(stars))
    corners = np.random.default_rng(1).normal(9, 3, (500, 2)).round(11)
    lasso = Clause("rz", Polygon("R", "z", tuple(map(tuple, corners.tolist()))))
    long = to_token(replace(opens, selection=opens.selection.with_(lasso)))
    assert len(long) > 9000
    with Visit.of(browser, f"{served(mock_file).url}?s={long}") as visit:
        visit.open()
        for _ in range(2):
            assert "500" in visit.chips[-1]
            visit.page.reload()
            visit.wait_for(*MAPS)
        assert token(visit) == long


def test_pages_of_science_open_by_their_links(newcomer):
    """A figure that can't be laid out as the page is loaded would leave all of it blank."""
    for kind in KINDS.values():
        before = newcomer.page.url
        newcomer.tab(kind.title)
        newcomer.page.wait_for_url(lambda url, before=before: url != before)
        newcomer.page.reload()
        tab = newcomer.page.get_by_role("tab", name=kind.title)
        expect(tab).to_have_attribute("aria-selected", "true", timeout=1000 * PATIENCE_S)
        newcomer.page.wait_for_function(USABLE)
