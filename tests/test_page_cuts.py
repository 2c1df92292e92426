"""Cuts, computed columns and downloads: what a visitor asks for is what maps, header and files hold."""

import io
import re
from functools import partial

import numpy as np
import pyarrow.csv
import pytest
from astropy.io import fits
from pyarrow import parquet

from explorer.cuts import BY_CONDITION
from tests.browser import eventually
from tests.plain_maps import check_page, paper_cuts
from tests.served import fetch

HOSTILE = "<img src=x onerror=alert(1)>"


def holds(visit, table, keep, keys=("rz", "kiel"), **how):
    """Wait until header and maps are those of a selection."""

    def check() -> None:
        assert visit.count == (keep.sum(), len(keep))
        check_page(visit, table, keep, keys, **how)

    eventually(check)


def ends(visit):
    """The two numbers of the range that is being edited."""
    return [visit.page.get_by_role("textbox", name=re.compile(f"^{name}")) for name in ("from", "to")]


def refused(visit, field, words, reason):
    """Type something and read why it is refused; nothing of it becomes part of the page."""
    visit.type_into(field, words)
    visit.page.get_by_text(reason).first.wait_for()
    visit.page.wait_for_timeout(
        200
    )  # what a field holds goes to the server and back, as of before it is typed anew
    assert visit.page.locator("img[src=x]").count() == 0


def test_cuts_are_removed_added_and_moved(visit, mock_table):
    giants = mock_table["giantmodel"] == 1
    holds(visit, mock_table, paper_cuts(mock_table, "rz"))
    visit.page.get_by_label("Remove this cut").nth(1).click()
    holds(visit, mock_table, giants)
    assert visit.chips == ["giant model", "Jz ≤ 30 kpc km/s in (R, vφ) and (X, Y) only"]

    visit.choose("Add a cut", "[Fe/H]")
    iron = mock_table["fe_h"]
    holds(visit, mock_table, giants & (iron >= -2) & (iron <= 0.5))
    low, _ = ends(visit)
    visit.type_into(low, "-0.4")
    holds(visit, mock_table, giants & (iron >= -0.4) & (iron <= 0.5))
    visit.type_into(ends(visit)[1], "−0.1")
    holds(visit, mock_table, giants & (iron >= -0.4) & (iron <= -0.1))
    assert "−0.4 ≤ [Fe/H] ≤ −0.1" in visit.chips
    refused(visit, ends(visit)[1], "soon", "'soon' is not a number")
    visit.type_into(ends(visit)[1], "")
    holds(visit, mock_table, giants & (iron >= -0.4))


def test_written_conditions_select_and_bad_ones_are_refused_in_words(visit, mock_table):
    giants = paper_cuts(mock_table, "rz")
    visit.choose("Add a cut", BY_CONDITION)
    field = visit.page.get_by_label("Condition")
    visit.type_into(field, "fe_h > -0.3 and abs(z) < 1")
    chosen = giants & (mock_table["fe_h"] > -0.3) & (np.abs(mock_table["z"]) < 1)
    holds(visit, mock_table, chosen)
    assert visit.chips[-1] == "fe_h > -0.3 and abs(z) < 1"
    for hostile, reason in (
        ("__import__('os')", "no function '__import__'"),
        (HOSTILE, "<img src=x onerror="),
        ("nothing > 1", "no column 'nothing'"),
    ):
        refused(visit, field, hostile, reason)
        assert visit.count == (chosen.sum(), len(chosen))
    assert len(visit.chips) == 4


def test_computed_columns_colour_maps_and_hostile_ones_are_refused(visit, mock_table):
    visit.press("New column")
    name, expression = (visit.page.get_by_label(label, exact=True) for label in ("Name", "Expression"))
    for said, given, reason in (
        (HOSTILE, "mg_fe", "may hold letters"),
        ("[Mg/Mn]", "__import__('os')", "no function '__import__'"),
        ("[Mg/Mn]", "fe_h > 1", "is a condition"),
    ):
        name.fill(said)
        refused(visit, expression, given, reason)
    name.fill("[Mg/Mn]")
    visit.type_into(expression, "[Mg/Fe] - mn_fe")
    visit.page.get_by_text("[Mg/Mn] =").wait_for()
    visit.choose("Colour by", "[Mg/Mn]")
    ratio = mock_table["mg_fe"] - mock_table["mn_fe"]
    giants = paper_cuts(mock_table, "rz")
    holds(visit, {**mock_table, "ratio": ratio}, giants, label="ratio")

    visit.choose("Add a cut", BY_CONDITION)
    visit.type_into(visit.page.get_by_label("Condition"), "`[Mg/Mn]` > 0.1")
    holds(visit, {**mock_table, "ratio": ratio}, giants & (ratio > 0.1), label="ratio")

    remove = visit.page.get_by_label("Remove this column")
    remove.click()
    visit.page.get_by_text("[Mg/Mn] is in use (the colours): choose another there first").wait_for()
    visit.choose("Colour by", "[Fe/H]")
    remove.click()
    visit.page.get_by_text("[Mg/Mn] =").wait_for(state="detached")
    holds(visit, mock_table, giants & (ratio > 0.1), label="fe_h")


def test_two_visitors_do_not_meet(visit, mock_table, browser):
    with type(visit).of(browser, visit.url) as other:
        other.open()
        visit.page.get_by_label("Remove this cut").first.click()
        visit.choose("Colour by", "log g")
        holds(visit, mock_table, mock_table["chi2"] <= 7000, label="logg")
        other.type_into(other.page.get_by_label("Min stars"), "6")
        holds(other, mock_table, paper_cuts(mock_table, "rz"), min_stars=6)
        assert len(other.chips) == 3


def read_csv(content):
    return pyarrow.csv.read_csv(
        io.BytesIO(b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"#")))
    ).to_pydict()


READERS = {
    "csv": read_csv,
    "fits": lambda content: fits.open(io.BytesIO(content))[1].data,
    "parquet": lambda content: parquet.read_table(io.BytesIO(content)).to_pydict(),
}


def test_downloads_hold_the_rows_that_are_shown(newcomer, mock_table):
    """As files of the browser, and over plain HTTP."""
    visit = newcomer
    keep = paper_cuts(mock_table, "rz")
    visit.press("Download")
    for form, read in READERS.items():
        with visit.page.expect_download() as begun:
            visit.page.get_by_role("link", name=form.upper()).click()
        assert begun.value.suggested_filename == f"MOCK-small-selection.{form}"
        rows = read(begun.value.path().read_bytes())
        assert np.array_equal(rows["source_id"], mock_table["source_id"][keep])
        assert np.allclose(np.asarray(rows["fe_h"], float), mock_table["fe_h"][keep], atol=1e-6)
    link = visit.page.get_by_role("link", name="PARQUET").get_attribute("href")
    said = parquet.read_schema(io.BytesIO(fetch(f"{visit.url}/{link}"))).metadata
    assert said[b"mock"] == b"true"
    assert int(said[b"rows"]) == keep.sum()
    assert "7000" in said[b"where"].decode()
    assert len(said[b"sha256"]) == 64

    visit.choose("Rows that pass the cuts that", "hold in (R, vφ)")
    shared = keep & (mock_table["Jz"] <= 30)
    visit.page.get_by_text(f"{shared.sum():,} stars, all columns").wait_for()


def test_histogram_of_another_column(visit, mock_table):
    box = visit.page.get_by_role("checkbox", name="log").last
    visit.page.locator(".bk-panel-models-reactive-Select, [role=combobox]").last.wait_for()
    visit.page.get_by_role("combobox").last.click()
    visit.page.locator(".MuiMenuItem-root").get_by_text("log g", exact=True).click()
    keep = paper_cuts(mock_table, "rz")

    def shown(*, log: bool) -> None:
        bars = visit.bars()
        right, _ = np.histogram(mock_table["logg"][keep], bins=[*bars["left"], bars["right"][-1]])
        heights = np.array(bars["selected"])
        assert bars["left"][0] == 0
        assert bars["right"][-1] == pytest.approx(5.2)
        counts = np.where(heights < 0, 0, 10**heights) if log else heights
        assert np.abs(np.round(counts) - right).sum() <= 4

    eventually(partial(shown, log=False))
    box.click()
    eventually(partial(shown, log=True))
