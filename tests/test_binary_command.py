"""`explorer binaries` as a person meets it: what it prints, the table it writes, its words for mistakes."""

import json
import shlex
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from data.catalogue import open_catalogue
from explorer.__main__ import main
from explorer.binaries import study_binaries
from explorer.binary_options import BinaryOptions
from explorer.pair_source import pairs_of
from explorer.star_models import StarModels
from tests.binary_mock import quiet

FEW = ("--draws", "200")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """A mock survey with many binaries."""
    from explorer.demo import make_demo

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.truth.PAIR_SHARE", 0.01)
        return make_demo(tmp_path_factory.mktemp("binaries") / "paired.parquet", stars=20_000, seed=2)


@pytest.fixture
def run(monkeypatch, capsys, cache):
    """Run a command; gives its exit status and what it printed."""
    monkeypatch.setenv("EXPLORER_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "100")

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["explorer", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, " ".join(printed.err.split())

    return command


@pytest.fixture(scope="module")
def expected(paired, cache):
    catalogue = open_catalogue(paired, cache=cache)
    chosen = np.asarray(catalogue["chi2"]) < 7000
    options = BinaryOptions(draws=200)
    return catalogue, study_binaries(
        catalogue, pairs_of(catalogue, None), chosen, options, StarModels(), quiet
    )


def test_it_prints_the_answer_and_says_that_stars_are_no_stars(run, paired, expected):
    status, out, err = run("binaries", paired, *FEW)
    auc = expected[1].auc
    assert (status, err) == (0, "")
    assert "MOCK, not real stars" in out
    assert (
        f"A binary is closer than a matched pair in {100 * auc.value:.0f} % of cases "
        f"({100 * auc.low:.0f}\N{EN DASH}{100 * auc.high:.0f} %)." in out
    )
    for words in ("both are dwarfs", "|ΔTeff| < 250 K", "[Sc/Fe]", "mean log g", "How to read it"):
        assert words in out
    assert "xploratory" not in out


def test_conditions_beyond_the_usual_are_called_exploratory(run, paired):
    _, out, _ = run("binaries", paired, *FEW, "--where", "chi2 < 7000 and logg > 4.2", "--match", "fe_h")
    assert "Exploratory" in out
    assert "stars chosen by --where; what is matched not as usual" in " ".join(out.split())


@pytest.mark.parametrize("ending", [".csv", ".fits", ".parquet"])
def test_its_table_holds_every_pair_with_provenance(run, paired, expected, tmp_path, ending):
    catalogue, result = expected
    out = tmp_path / f"pairs{ending}"
    status, printed, _ = run("binaries", paired, *FEW, "--out", out)
    assert status == 0
    if ending == ".csv":
        table = pd.read_csv(out, comment="#")
        lines = [line[2:].split(": ", 1) for line in out.read_text().splitlines() if line.startswith("# ")]
        about = dict(lines)
    elif ending == ".fits":
        read = Table.read(out)
        table = read.to_pandas()
        about = None
        assert "MOCK" in str(read.meta)
    else:
        table = pd.read_parquet(out)
        about = {key.decode(): value.decode() for key, value in pq.read_schema(out).metadata.items()}
    binaries = table[table.is_binary == 1]
    field = table[table.is_binary == 0]
    there = result.field.first >= 0
    assert f"Wrote {len(table):,} mock pairs" in printed
    np.testing.assert_allclose(binaries.distance, result.binaries.distance)
    np.testing.assert_allclose(field.distance, result.field.distance[there])
    np.testing.assert_allclose(binaries.separation, result.separation)
    for end in (1, 2):
        rows = getattr(result.binaries, ("first", "second")[end - 1])
        assert binaries[f"source_id_{end}"].tolist() == catalogue["source_id"][rows].tolist()
        assert binaries[f"source_row_{end}"].tolist() == catalogue.source_row[rows].tolist()
    np.testing.assert_allclose(binaries.delta_o_fe, result.binaries.delta[0], atol=1e-12)
    if about is not None:
        assert about["mock"] == "true"
        assert about["title"].startswith("MOCK catalogue, no observed stars")
        assert json.loads(about["auc"])["value"] == pytest.approx(result.auc.value)
        assert shlex.split(about["command"])[:3] == ["explorer", "binaries", "paired.parquet"]


def test_the_command_in_a_table_makes_it_again(run, paired, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paired.parquet").symlink_to(paired)
    asked = ("--where", "logg > 4.1", "--match", "teff", "--sigma", "o_fe=0.2", "--trusted", "--seed", 3)
    assert run("binaries", "paired.parquet", *FEW, *asked, "--out", "one.parquet")[0] == 0
    command = pq.read_schema("one.parquet").metadata[b"command"].decode()
    words = [word.replace("one.parquet", "two.parquet") for word in shlex.split(command)]
    assert run(*words[1:])[0] == 0
    pd.testing.assert_frame_equal(pd.read_parquet("one.parquet"), pd.read_parquet("two.parquet"))


def test_a_table_of_pairs_is_read_by_named_columns(run, paired, expected, tmp_path):
    catalogue, _ = expected
    found = pairs_of(catalogue, None).found
    pairs = tmp_path / "pairs.csv"
    ids = {"a": catalogue["source_id"][found.first], "b": catalogue["source_id"][found.second]}
    pd.DataFrame(ids).to_csv(pairs, index=False)
    status, _, err = run("binaries", paired, pairs, "--ids", "a", "b", "--gaia-release", "DR3", *FEW)
    assert status == 2
    assert "does not say of which Gaia release" in err
    place = {
        f"{axis}{end}": catalogue[axis][rows]
        for end, rows in ((1, found.first), (2, found.second)) for axis in ("ra", "dec")
    }  # fmt: skip
    ids = {"source_id1": ids["a"], "source_id2": ids["b"]}
    rest = {"sep_AU": np.arange(len(found)) + 100.0, "R_chance_align": np.zeros(len(found))}
    pd.DataFrame(ids | place | rest).to_csv(pairs, index=False)
    status, out, err = run("binaries", paired, pairs, "--by-place", "--out", tmp_path / "out.csv", *FEW)
    assert (status, err) == (0, "")
    assert "pairs.csv (el-badry-2021, Gaia EDR3)" in out
    written = pd.read_csv(tmp_path / "out.csv", comment="#")
    assert written[written.is_binary == 1].separation.between(100, 100 + len(found)).all()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--delta-teff", "nan"), "the cut in Delta Teff"),
        (("--sigma", "o_fe=x"), "is no scatter"),
        (("--of", "nova"), "is no kind of stars"),
        (("--of", "all", "--match", "ra"), "can't be matched"),
        (("--draws", "5"), "give one from 100"),
        (("--ids", "a", "b"), "not from which table"),
        (("--where", "nothing > 3"), "nothing"),
        (("--out", "nowhere/x.csv"), "does not exist"),
        (("--out", "x.doc"), "x.doc"),
    ],
)
def test_mistakes_are_told_in_one_line(run, paired, words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = run("binaries", paired, *FEW, *words)
    assert (status, out) == (2, "")
    assert told in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_replaced_unasked(run, paired, tmp_path):
    out = tmp_path / "mine.csv"
    out.write_text("mine")
    status, _, err = run("binaries", paired, *FEW, "--out", out)
    assert (status, out.read_text()) == (2, "mine")
    assert "exists already" in err
    assert run("binaries", paired, *FEW, "--out", out, "--overwrite")[0] == 0


def test_without_pairs_a_person_learns_where_to_get_some(run, tmp_path):
    stars = tmp_path / "stars.csv"
    stars.write_text("teff,fe_h,R,z\n5000,0.1,8.0,0.0\n5100,0.2,9.0,1.0\n")
    status, _, err = run("binaries", stars)
    assert status == 2
    assert "zenodo.org/record/4435257" in err
