"""`explorer compare` as a person meets it: what plain arrays say, its table, its mistakes."""

import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import stats

from explorer.demo import make_demo
from tests.lamost_mock import results, runner

BIAS, SLOPE = 0.04, 5e-5
PANEL = """
name => {
  const { title, renderers } = Bokeh.documents[0].get_model_by_name(name)
  const { data } = renderers.at(-1).data_source
  return [title.text, Object.fromEntries(Object.entries(data).map(([key, each]) => [key, Array.from(each)]))]
}
"""
POINTS = """
() => Bokeh.documents[0].get_model_by_name('mg_fe teff').renderers[0].data_source.get_length()
"""
RELEASE = ("--gaia-release", "DR3")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("mock") / "ours.parquet", stars=6000, seed=4)


@pytest.fixture(scope="module")
def table(mock):
    return pq.read_table(mock).to_pandas()


@pytest.fixture(scope="module")
def other(table, tmp_path_factory):
    """A made-up second catalogue: half of the stars, shuffled, with a bias and a slope in [Mg/Fe]."""
    random = np.random.default_rng(1)
    rows = random.permutation(len(table))[:3000]
    mine = table.iloc[rows].reset_index(drop=True)
    made = pd.DataFrame(
        {
            "source_id": mine.source_id,
            "ra": mine.ra + random.normal(0, 2e-5, 3000) / np.cos(np.radians(mine.dec)),
            "dec": mine.dec + random.normal(0, 2e-5, 3000),
            "teff": mine.true_teff + 60 * random.standard_normal(3000),
            "logg": mine.true_logg + 0.1 * random.standard_normal(3000),
            "fe_h": mine.fe_h - 0.02,
            "mg_fe": mine.mg_fe
            - BIAS
            - SLOPE * (mine.true_teff - 5000)
            + 0.02 * random.standard_normal(3000),
            "alpha_fe": mine.alpha_fe,
            "e_fe_h": 0.05,
        }
    )
    made.loc[::50, "mg_fe"] = np.nan
    path = tmp_path_factory.mktemp("other") / "theirs.csv"
    made.to_csv(path, index=False)
    return path, made, rows


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, cache):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("EXPLORER_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


def plain(table, other, name, giant, where=True):
    """Differences of a label, by a join of pandas."""
    ours = table[(table.giantmodel == giant) & (table.chi2 < 7000) & where]
    both = ours.merge(other[1], on="source_id", suffixes=("", "_other"))
    return both, (
        both[name].astype("float32").astype(float) - both[f"{name}_other"].astype("float32")
    ).dropna()


def shared_of(table, other):
    """What is said of rows at each step, where those of ours are taken that fit well."""
    good = table.source_id[table.chi2 < 7000]
    stars = other[1].source_id.isin(good).sum()
    return (
        f"{stars:,} stars of {len(good):,} and 3,000 rows, those of 6,000 and 3,000 that pass the conditions,"
    )


def test_what_is_found_is_what_plain_arrays_say(run, mock, table, other):
    told = run("compare", mock, other[0], *RELEASE, "--out", "d.parquet")
    assert (told.status, told.err) == (0, "")
    found = results(Path("d.parquet")).set_index(["kind", "label"])
    for kind, giant in (("dwarf", 0), ("giant", 1)):
        for name in ("teff", "logg", "fe_h", "mg_fe" if giant else "alpha_fe"):
            both, difference = plain(table, other, name, giant)
            one = found.loc[(kind, name)]
            assert one.stars == len(difference)
            assert one.bias == pytest.approx(difference.median(), abs=1e-5)
            low, high = np.percentile(difference, [15.865525393, 84.134474607])
            assert one.scatter == pytest.approx((high - low) / 2, rel=1e-4, abs=1e-7)
    mg = found.loc[("giant", "mg_fe")]
    both, difference = plain(table, other, "mg_fe", 1)
    teff = ((both.teff + both.teff_other) / 2)[difference.index]
    plainly = 1000 * stats.theilslopes(difference, teff)[0]
    assert mg.slope_teff == pytest.approx(plainly, abs=0.004)
    assert 0.5 * 1000 * SLOPE < mg.slope_teff_low < mg.slope_teff_high < 1.1 * 1000 * SLOPE
    assert found.loc[("giant", "fe_h")].bias == pytest.approx(0.02, abs=1e-4)
    assert found.loc[("giant", "fe_h")].expected_scatter == pytest.approx(np.hypot(0.05, 0.08), rel=1e-3)
    assert ("dwarf", "mg_fe") not in found.index


def test_it_prints_what_it_found_and_that_stars_are_no_stars(run, mock, table, other):
    told = run("compare", mock, other[0], *RELEASE)
    assert told.out.startswith("MOCK ours minus theirs: ")
    for words in (
        f"{shared_of(table, other)} are the same", "How to read it", "dwarfs", "giants", "[Mg/Fe]",
        "per 1000 K in Teff", "per 100 of S/N", "chi2 < 7000", "Which of the two is wrong is not told",
    ):  # fmt: skip
        assert words in told.out
    assert "…" not in told.out


def test_positions_find_the_same_stars(run, mock, other):
    assert run("compare", mock, other[0], *RELEASE, "--out", "a.csv").status == 0
    told = run("compare", mock, other[0], "--by-place", "--radius", 1, "--out", "b.csv")
    assert told.status == 0
    assert "median separation" in told.out
    pd.testing.assert_frame_equal(results(Path("a.csv")), results(Path("b.csv")), rtol=0.02, atol=0.004)


def test_epochs_move_positions(run, mock, table, other):
    """Stars of the other catalogue are where ours will be in fifty years."""
    from model.epoch import propagate

    moved = other[1].copy()
    rows = table.iloc[other[2]]
    ra, dec = propagate(rows.ra, rows.dec, rows.pmra, rows.pmdec, 2000, 2050)
    moved["ra"], moved["dec"] = ra, dec
    moved.to_csv("moved.csv", index=False)
    still = run("compare", mock, "moved.csv", "--by-place", "--where", "")
    went = run(
        "compare", mock, "moved.csv", "--by-place", "--where", "", "--epoch", 2000, "--other-epoch", 2050
    )
    assert "3,000 stars of 6,000 and 3,000 rows are the same" in went.out
    assert "3,000 stars of" not in still.out
    some = run("compare", mock, "moved.csv", "--by-place", "--epoch", 2000, "--other-epoch", 2050)
    assert f"{shared_of(table, other)} are the same" in some.out


def test_conditions_hold_in_either_catalogue(run, mock, table, other):
    words = ("--where", "snrz > 60", "--other-where", "teff < 5000", "--out", "a.parquet")
    assert run("compare", mock, other[0], *RELEASE, *words).status == 0
    found = results(Path("a.parquet")).set_index(["kind", "label"])
    both, _ = plain(table.assign(chi2=0.0), other, "fe_h", 1, table.snrz.astype("float32") > 60)
    both = both[both.teff_other.astype("float32") < 5000]
    assert found.loc[("giant", "fe_h")].stars == both.fe_h.notna().sum()


@pytest.mark.parametrize("by_place", [False, True])
def test_stars_are_found_by_rows_that_pass(run, mock, table, by_place):
    """Of some stars the first row fails in ours, of others in theirs; a join of what passes is the oracle."""
    ours = table[table.giantmodel == 1].head(400).reset_index(drop=True)
    ours = pd.concat([ours.assign(snrz=5.0).iloc[:150], ours.assign(snrz=50.0)], ignore_index=True)
    theirs = ours.iloc[150:].drop(columns=["giantmodel", "chi2"]).assign(mark=1.0).reset_index(drop=True)
    theirs["fe_h"] -= np.linspace(0, 0.1, len(theirs))
    theirs = pd.concat(
        [theirs.assign(teff=3000.0).iloc[100:220], theirs.assign(teff=5000.0).iloc[:390]], ignore_index=True
    )
    ours.to_parquet("ours.parquet")
    theirs[["source_id", "ra", "dec", "teff", "fe_h"]].to_csv("theirs.csv", index=False)
    how = ("--by-place",) if by_place else (*RELEASE,)
    words = ("--where", "snrz > 10", "--other-where", "teff > 4000", "--out", "a.csv")
    told = run("compare", "ours.parquet", "theirs.csv", *how, *words)
    assert (told.status, told.err) == (0, "")
    both = ours[ours.snrz > 10].merge(theirs[theirs.teff > 4000], on="source_id", suffixes=("", "_other"))
    assert len(both) == 390
    assert "390 stars of 400 and 390 rows, those of 550 and 510 that pass the conditions," in told.out
    found = results(Path("a.csv")).set_index("label").loc["fe_h"]
    difference = (both.fe_h.astype("float32") - both.fe_h_other.astype("float32")).dropna()
    assert found.stars == len(difference)
    assert found.bias == pytest.approx(difference.median(), abs=1e-5)


@pytest.mark.parametrize("ending", ["csv", "fits", "parquet"])
def test_table_says_where_it_is_from(run, mock, table, other, ending):
    out = Path(f"d.{ending}")
    assert run("compare", mock, other[0], *RELEASE, "--out", out).status == 0
    assert {"kind", "label", "bias", "slope_logg_high"} <= set(results(out).columns)
    if ending == "parquet":
        facts = {key.decode(): text.decode() for key, text in pq.read_schema(out).metadata.items()}
        assert facts["title"].startswith("MOCK stars, not observed, in ours. Labels of the same stars")
        assert facts["mock"] == "true"
        assert facts["other_source"] == "theirs.csv"
        assert len(facts["other_sha256"]) == len(facts["sha256"]) == 64
        assert facts["join"] == f"{shared_of(table, other)} are the same"
    assert run("compare", mock, other[0], *RELEASE, "--out", out).status == 2
    assert run("compare", mock, other[0], *RELEASE, "--out", out, "--overwrite").status == 0


def test_command_of_the_table_makes_it_again(run, mock, other):
    pq.write_table(pq.read_table(mock).slice(0, 600), "ours.parquet")
    Path("theirs.csv").symlink_to(other[0])
    words = ("--by-place", "--radius", 0.7, "--where", "snrz > 30", "--seed", 3, "--out", "a.parquet")
    assert run("compare", "ours.parquet", "theirs.csv", *words).status == 0
    command = pq.read_schema("a.parquet").metadata[b"command"].decode()
    assert command.startswith("explorer compare ours.parquet theirs.csv ")
    assert run(*shlex.split(command.replace("a.parquet", "b.parquet"))[1:]).status == 0
    pd.testing.assert_frame_equal(results(Path("a.parquet")), results(Path("b.parquet")))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "does not say of which Gaia release"),
        (("--by-place", "--radius", 0), "the radius of a match"),
        (("--by-place", "--radius", "nan"), "the radius of a match"),
        (("--by-place", "--epoch", 2000), "give --epoch and --other-epoch"),
        (("--epoch", 2000, "--other-epoch", 2010), "with --by-place"),
        (("--by-place", "--epoch", 2000, "--other-epoch", 20), "1900 to 2100"),
        ((*RELEASE, "--where", "snrz > 1e9"), "no star is left to compare"),
        ((*RELEASE, "--other-where", "nothing > 1"), "nothing"),
        ((*RELEASE, "--other-mapping", "nova"), "there is no mapping 'nova'"),
        ((*RELEASE, "--draws", 5), "draws"),
        ((*RELEASE, "--out", "x.doc"), "x.doc"),
        ((*RELEASE, "--out", "nowhere/x.csv"), "does not exist"),
        ((*RELEASE, "--picture", "x.csv"), "let it end in .html"),
        ((*RELEASE, "--picture", "nowhere/x.html"), "does not exist"),
    ],
)
def test_mistakes_are_told_in_one_line(run, mock, other, words, told):
    outcome = run("compare", mock, other[0], *words)
    assert outcome.status == 2
    assert told in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
    assert not list(Path().iterdir())


def test_picture_shows_what_was_found(run, mock, table, other, browser):
    words = ("--where", "giantmodel", "--picture", "d.html")
    Path("<i>theirs.csv").symlink_to(other[0])
    outcome = run("compare", mock, "<i>theirs.csv", *RELEASE, *words)
    assert (outcome.status, outcome.err) == (0, "")
    assert "Wrote the picture d.html" in outcome.out
    with browser.new_page() as page:
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(Path("d.html").resolve().as_uri())
        page.wait_for_function("() => globalThis.Bokeh?.documents?.[0]?.is_idle")
        assert len(asked) == 1
        assert complaints == []
        shown = " ".join(page.locator("main").inner_text().split())
        titles, course = page.evaluate(PANEL, "mg_fe teff")
        stars = page.evaluate(POINTS)
    for line in outcome.out.splitlines()[:2]:
        assert line in shown
    for told in (
        "How to read it",
        "S/N",
        "sha256",
        f"compare {mock.name} '<i>theirs.csv'",
        "--picture d.html",
    ):
        assert told in shown
    both, difference = plain(table.assign(chi2=0.0), other, "mg_fe", 1)
    assert stars == len(both)
    teff = ((both.teff + both.teff_other) / 2)[difference.index]
    order = np.argsort(teff.to_numpy(), kind="stable")
    groups = np.array_split(order, 20)
    assert course["x"] == pytest.approx([np.median(teff.to_numpy()[each]) for each in groups], rel=1e-4)
    assert course["middle"] == pytest.approx(
        [np.median(difference.to_numpy()[each]) for each in groups], abs=1e-4
    )
    assert titles.startswith("+0.0")
    assert titles.endswith(" per 1000 K")
    again = run("compare", mock, other[0], *RELEASE, *words)
    assert again.status == 2
    assert "exists already" in " ".join(again.err.split())


def test_catalogues_without_common_labels_are_told(run, mock, table):
    table[["source_id", "ra", "dec", "distance", "R", "z"]].to_csv("places.csv", index=False)
    outcome = run("compare", mock, "places.csv", *RELEASE)
    assert outcome.status == 2
    assert "no label in common" in outcome.err
    table[["source_id", "ra", "dec", "fe_h"]].assign(source_id=table.source_id + 10**9).to_csv(
        "others.csv", index=False
    )
    outcome = run("compare", mock, "others.csv", *RELEASE)
    assert outcome.status == 2
    assert "no star is in both catalogues: 0 stars" in outcome.err
    assert "or widen the conditions" in " ".join(outcome.err.split())
    outcome = run("compare", mock, "others.csv", *RELEASE, "--where", "")
    assert outcome.status == 2
    assert "widen the conditions" not in " ".join(outcome.err.split())
    assert "the other catalogue is empty" in run("compare", mock, "").err
    assert "does not exist" in run("compare", mock, "nowhere.csv").err
    Path("odd.csv").write_text("a,b\n1,2\n")
    assert "give it with --other-mapping" in run("compare", mock, "odd.csv").err
