"""What slopes of `explorer compare` are against: one axis of one catalogue or of both, never of either."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import stats

from explorer.demo import make_demo
from tests.lamost_mock import results, runner

ERRORS = "errors that go with those of the label make a slope"
AXES = """
name => {
  const panel = Bokeh.documents[0].get_model_by_name(name)
  const [across] = panel.below.filter(each => each.axis_label)
  const { data } = panel.renderers[0].data_source
  const drawn = data[`x_${name.split(' ')[1]}`]
  return [across.axis_label, Array.from(drawn, each => Number.isFinite(each) ? each : null)]
}
"""
PER = {"teff": 1000, "logg": 1, "fe_h": 1, "snrz": 100}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.fixture
def both(tmp_path):
    """Giants few enough that slopes are medians of all pairs, ours and as another catalogue has them."""
    random = np.random.default_rng(8)
    ours = pq.read_table(make_demo(tmp_path / "ours.parquet", stars=3000, seed=5)).to_pandas()
    ours = ours[ours.giantmodel == 1].head(500).reset_index(drop=True)
    ours["snrz"] = ours.snrz.mask(np.arange(500) % 5 == 0, -9999.0).mask(np.arange(500) % 7 == 0, 0.0)
    ours.to_parquet("ours.parquet")
    theirs = pd.DataFrame(
        {name: ours[name] + 0.1 * random.standard_normal(500) for name in ("logg", "fe_h", "mg_fe")}
    )
    theirs = theirs.assign(source_id=ours.source_id, teff=ours.teff + 50 * random.standard_normal(500))
    return ours, theirs


def compare(run, theirs, *words):
    theirs.to_csv("theirs.csv", index=False)
    words = ("--gaia-release", "DR3", "--where", "", "--out", "d.parquet", *words)
    told = run("compare", "ours.parquet", "theirs.csv", *words)
    assert (told.status, told.err) == (0, "")
    return " ".join(told.out.split())


def is_slope_of(quantity, across, difference):
    """Whether the table has the slope of all pairs of the stars that have both."""
    known = np.isfinite(across) & np.isfinite(difference)
    plainly = PER[quantity] * stats.theilslopes(difference[known], across[known])[0]
    found = results(Path("d.parquet")).set_index("label").loc["mg_fe"]
    assert found[f"slope_{quantity}_stars"] == known.sum()
    assert found[f"slope_{quantity}"] == pytest.approx(plainly, rel=1e-3, abs=1e-5)


@pytest.fixture
def difference(both):
    return (both[0].mg_fe - both[1].mg_fe).to_numpy()


def test_values_that_one_lacks_are_left_out_of_a_slope(run, both, difference):
    ours, theirs = both
    theirs["fe_h"] = theirs.fe_h.mask(np.arange(500) % 3 == 0)
    theirs["teff"] = theirs.teff.mask(np.arange(500) % 4 == 0)
    told = compare(run, theirs)
    for name in ("teff", "logg", "fe_h"):
        is_slope_of(name, ((ours[name] + theirs[name]) / 2).to_numpy(), difference)
    assert "Slopes against Teff, log g, [Fe/H]: of the mean of both catalogues" in told
    assert "its own" not in told


def test_what_the_other_has_no_column_of_is_its_own_and_said_to_be(run, both, difference, browser):
    ours, theirs = both
    told = compare(run, theirs.drop(columns="fe_h"), "--picture", "d.html")
    is_slope_of("fe_h", ours.fe_h.to_numpy(), difference)
    is_slope_of("logg", ((ours.logg + theirs.logg) / 2).to_numpy(), difference)
    sentence = f"theirs has no [Fe/H], so slopes of ours are against its own [Fe/H]: {ERRORS}."
    for words in (
        "per dex in its own [Fe/H]",
        "per dex in log g",
        sentence,
        "Slopes against Teff, log g: of the mean",
    ):
        assert words in told
    schema = pq.read_schema("d.parquet")
    assert sentence in schema.metadata[b"slopes"].decode()
    meanings = {each.name: str(each.metadata) for each in schema}
    assert "its own [Fe/H]" in meanings["slope_fe_h_low"]
    assert ERRORS in meanings["slope_fe_h"]
    assert "mean of both" in meanings["slope_logg"]
    with browser.new_page() as page:
        page.goto(Path("d.html").resolve().as_uri())
        page.wait_for_function("() => globalThis.Bokeh?.documents?.[0]?.is_idle")
        assert sentence in " ".join(page.locator("main").inner_text().split())
        own, iron = page.evaluate(AXES, "mg_fe fe_h")
        _, signal = page.evaluate(AXES, "mg_fe snrz")
        mean, _ = page.evaluate(AXES, "mg_fe logg")
    assert own.startswith("its own [Fe/H]")
    assert "its own" not in mean
    drawn = [sorted(each for each in values if each is not None) for values in (iron, signal)]
    assert drawn[0] == pytest.approx(sorted(ours.fe_h.dropna()), abs=1e-5)
    assert drawn[1] == pytest.approx(sorted(ours.snrz[ours.snrz > 0]), rel=1e-5)


def test_marks_of_missing_signal_are_in_no_slope(run, both, difference):
    ours, theirs = both
    told = compare(run, theirs)
    is_slope_of("snrz", ours.snrz.where(ours.snrz > 0).to_numpy(), difference)
    assert "S/N (z) is that of ours, where above 0." in told
