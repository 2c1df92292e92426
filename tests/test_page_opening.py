"""A page opened by its link, in a real Chromium: back and forward find it again, and it follows at once."""

from urllib.parse import urlencode

from tests.browser import MAPS, eventually
from tests.plain_maps import check_page, paper_cuts
from tests.test_page_link import after, chosen_in, holds, token

PAINTED = {
    "Maps": MAPS,
    "Gallery": ("rz.fe_h", "rz.a_v"),
    "Footprint": ("sky", "edge"),
    "About": (),
}


def is_at(newcomer, says, tab):
    """Wait until the address says this, and a page is open and painted."""

    def check() -> None:
        assert token(newcomer) == says
        assert newcomer.page.get_by_role("tab", name=tab, selected=True).count() == 1

    eventually(check)
    newcomer.wait_for(*PAINTED[tab])


def histogram_is(newcomer, name):
    assert chosen_in(newcomer, "Histogram of") == name


def stays_at(newcomer, says, tab, length):
    """Wait for so long that the page would have changed its address if it ever did."""
    newcomer.page.wait_for_timeout(1500)
    assert newcomer.page.evaluate("history.length") == length
    is_at(newcomer, says, tab)


def test_back_and_forward_pass_through_a_page_opened_by_its_link(newcomer):
    newcomer.tab("Gallery")
    link = after(newcomer, "")
    newcomer.page.goto(newcomer.url)
    newcomer.wait_for(*MAPS)
    length = newcomer.page.evaluate("history.length")
    last = goes_on_from(newcomer, link, "Gallery", length + 1)

    newcomer.page.go_back()
    is_at(newcomer, "", "Maps")
    eventually(lambda: histogram_is(newcomer, "[Fe/H]"))
    newcomer.page.go_back()
    is_at(newcomer, link, "Gallery")
    newcomer.page.go_back()
    is_at(newcomer, "", "Maps")
    newcomer.page.go_forward()
    is_at(newcomer, link, "Gallery")
    newcomer.page.go_forward()
    is_at(newcomer, "", "Maps")
    newcomer.page.go_forward()
    is_at(newcomer, last, "Maps")
    eventually(lambda: histogram_is(newcomer, "log g"))
    newcomer.page.reload()
    is_at(newcomer, last, "Maps")
    eventually(lambda: histogram_is(newcomer, "log g"))
    stays_at(newcomer, last, "Maps", length + 3)


def test_a_page_without_maps_that_was_opened_by_its_link_is_come_back_to(newcomer):
    newcomer.tab("About")
    link = after(newcomer, "")
    length = newcomer.page.evaluate("history.length")
    last = goes_on_from(newcomer, link, "About", length)
    newcomer.page.go_back()
    is_at(newcomer, "", "Maps")
    newcomer.page.go_back()
    is_at(newcomer, link, "About")
    newcomer.page.go_forward()
    is_at(newcomer, "", "Maps")
    newcomer.page.go_forward()
    is_at(newcomer, last, "Maps")
    eventually(lambda: histogram_is(newcomer, "log g"))


def goes_on_from(newcomer, link, tab, length):
    """Open a link, turn to the maps and change the histogram; gives what the address says then."""
    newcomer.page.goto(f"{newcomer.url}/?{urlencode({'s': link})}")
    is_at(newcomer, link, tab)
    stays_at(newcomer, link, tab, length)
    newcomer.tab("Maps")
    is_at(newcomer, "", "Maps")
    newcomer.choose("Histogram of", "log g")
    last = after(newcomer, "")
    stays_at(newcomer, last, "Maps", length + 2)
    return last


HOLD_BACK = """
(() => {
  const send = WebSocket.prototype.send, held = []
  let parts = []
  WebSocket.prototype.send = function (part) {
    parts.push(part)
    if (parts.length < 3 + 2 * (JSON.parse(parts[0]).num_buffers ?? 0)) return
    const whole = parts, tell = () => whole.forEach(part => send.call(this, part))
    parts = []
    if (whole[2].includes("document_ready")) held.push(tell)
    else tell()
  }
  window.letGo = () => held.splice(0).map(tell => tell()).length
})()
"""
"""Keeps the browser from telling that the page is drawn, as a busy one does for seconds, until `letGo()`."""


def test_a_page_follows_before_the_browser_has_told_that_it_is_drawn(newcomer, mock_table):
    giants = mock_table["giantmodel"] == 1
    newcomer.tab("Gallery")
    link = after(newcomer, "")
    newcomer.page.add_init_script(HOLD_BACK)
    newcomer.page.goto(f"{newcomer.url}/?{urlencode({'s': link})}")
    is_at(newcomer, link, "Gallery")
    newcomer.tab("Maps")
    is_at(newcomer, "", "Maps")
    check_page(newcomer, mock_table, paper_cuts(mock_table, "rz"), ("rz", "kiel"))
    newcomer.page.get_by_label("Remove this cut").nth(1).click()
    says = after(newcomer, "")
    holds(newcomer, mock_table, giants)
    assert len(newcomer.chips) == 2

    assert newcomer.page.evaluate("letGo()") == 1
    newcomer.choose("Colour by", "[Fe/H]")
    after(newcomer, says)
    holds(newcomer, mock_table, giants, label="fe_h")
    newcomer.tab("Gallery")
    newcomer.wait_for(*PAINTED["Gallery"])
