"""`explorer clusters` as a person meets it: what it prints, the table it writes, its words for mistakes."""

import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from data.catalogue import open_catalogue
from explorer.cluster_options import ClusterOptions
from explorer.cluster_study import study_cluster
from explorer.cluster_words import HEADINGS, row
from explorer.open_clusters import OPEN_CLUSTERS, REFERENCE
from tests.lamost_mock import results, runner, silent

FEW = ("--draws", 100)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, cache):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("EXPLORER_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def expected(mock_file, cache):
    catalogue = open_catalogue(mock_file, cache=cache)
    chosen = np.asarray(catalogue["chi2"]) < 7000
    options = ClusterOptions(OPEN_CLUSTERS["Praesepe"].cut, draws=100)
    return catalogue, study_cluster(catalogue, chosen, options, silent)


def test_it_prints_every_label_with_its_interval(run, mock_file, expected):
    told = run("clusters", mock_file, "--cluster", "praesepe", *FEW)
    assert (told.status, told.err) == (0, "")
    catalogue, study = expected
    assert told.out.startswith(f"MOCK Praesepe, {len(study.rows)} members: ")
    lines = [" ".join(line.split()) for line in told.out.splitlines()]
    for name in study.drifts:
        assert " ".join(row(catalogue, study, name)) in lines
    assert " ".join(HEADINGS) in lines
    for words in (REFERENCE, "planted in Praesepe", "How to read it", "dex per 1000 K", "chi2 < 7000"):
        assert words in told.out


def test_ready_made_cuts_are_listed(run, mock_file):
    told = run("clusters", mock_file, "--cluster", "list")
    assert told.status == 0
    for name, known in OPEN_CLUSTERS.items():
        assert f"{name} ({known.listed})" in told.out
    assert REFERENCE in told.out


@pytest.mark.parametrize("ending", ["csv", "fits", "parquet"])
def test_table_holds_the_members(run, mock_file, expected, ending):
    out = f"members.{ending}"
    told = run("clusters", mock_file, "--cluster", "Praesepe", *FEW, "--out", out)
    assert told.status == 0
    catalogue, study = expected
    assert f"Wrote {len(study.rows)} mock members to {out}" in told.out
    table = results(Path(out))
    order = np.argsort(catalogue.source_row[study.rows])
    assert table["source_id"].tolist() == catalogue["source_id"][study.rows[order]].tolist()
    assert table["alpha_fe"].to_numpy() == pytest.approx(study.values["alpha_fe"][order], rel=1e-6)
    assert {"ra", "dec", "pmra", "pmdec", "distance", "teff", "logg", "fe_h"} <= set(table.columns)
    assert run("clusters", mock_file, "--cluster", "Praesepe", *FEW, "--out", out).status == 2
    assert run("clusters", mock_file, "--cluster", "Praesepe", *FEW, "--out", out, "--overwrite").status == 0


def test_table_says_what_was_found_and_how(run, mock_file, expected):
    assert run("clusters", mock_file, "--cluster", "Praesepe", *FEW, "--out", "a.parquet").status == 0
    facts = {key.decode(): text.decode() for key, text in pq.read_schema("a.parquet").metadata.items()}
    catalogue, study = expected
    assert facts["title"].startswith("MOCK catalogue, no observed stars: members of an open cluster")
    assert facts["sha256"] == catalogue.checksum
    slope = study.drifts["alpha_fe"].slope
    assert json.loads(facts["drifts"])["alpha_fe"]["low"] == pytest.approx(slope.low)
    assert json.loads(facts["cut"])["radius"] == OPEN_CLUSTERS["Praesepe"].cut.radius
    assert REFERENCE in facts["cut_from"]
    Path("small.parquet").symlink_to(mock_file)
    words = shlex.split(facts["command"].replace("a.parquet", "b.parquet"))
    assert run(*words[1:]).status == 0
    pd.testing.assert_frame_equal(results(Path("a.parquet")), results(Path("b.parquet")))


def test_a_cut_of_numbers_is_that_of_the_name(run, mock_file):
    cut = OPEN_CLUSTERS["Praesepe"].cut
    numbers = [
        word
        for name in ("ra", "dec", "radius", "pmra", "pmdec", "pm_radius", "distance", "depth")
        for word in (f"--{name.replace('_', '-')}", getattr(cut, name))
    ]
    one = run("clusters", mock_file, "--cluster", "Praesepe", *FEW)
    other = run("clusters", mock_file, *numbers, *FEW, "--out", "a.parquet")
    assert other.out.startswith(one.out)
    command = pq.read_schema("a.parquet").metadata[b"command"].decode()
    assert f"--pmra {cut.pmra}" in command
    Path("small.parquet").symlink_to(mock_file)
    words = shlex.split(command.replace("a.parquet", "b.parquet"))
    assert run(*words[1:]).out.startswith(one.out)


def test_members_are_read_from_a_file(run, mock_file, expected):
    catalogue, study = expected
    ids = catalogue["source_id"][study.rows]
    Path("ids.txt").write_text("source_id\n" + "\n".join(map(str, ids.tolist())))
    told = run("clusters", mock_file, "--members", "ids.txt", *FEW, "--out", "a.csv")
    assert told.status == 0
    assert sorted(results(Path("a.csv"))["source_id"]) == sorted(ids.tolist())
    assert "--members ids.txt" in Path("a.csv").read_text()
    refused = run("clusters", mock_file, "--members", "ids.txt", "--gaia-release", "DR2")
    assert "does not say of which Gaia release" in refused.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "give one of these"),
        (("--cluster", "Hyperion"), "is not ready-made"),
        (("--cluster", "Praesepe", "--ra", 3), "not both"),
        (("--cluster", "Praesepe", "--members", "x"), "give one of these"),
        (("--ra", 3), "a cone needs the declination"),
        (("--ra", 3, "--dec", 4, "--radius", 1, "--pm-radius", 2), "needs the proper motion"),
        (("--ra", 3, "--dec", 4, "--radius", 1, "--depth", 2), "needs the distance"),
        (("--ra", "nan", "--dec", 4, "--radius", 1), "the right ascension"),
        (("--ra", 3, "--dec", 89, "--radius", 0.001), "fewer than 10 members"),
        (("--members", "nowhere.txt"), "is no file"),
        (("--members", ""), "is no file"),
        (("--cluster", "M67", "--gaia-release", "DR3"), "give these too"),
        (("--cluster", "M67", "--of", "nova"), "is no kind of stars"),
        (("--cluster", "M67", "--draws", 5), "the number of draws"),
        (("--cluster", "M67", "--where", "nothing > 3"), "nothing"),
        (("--cluster", "M67", "--out", "x.doc"), "x.doc"),
        (("--cluster", "M67", "--out", "nowhere/x.csv"), "does not exist"),
    ],
)
def test_mistakes_are_told_in_one_line(run, mock_file, words, told):
    outcome = run("clusters", mock_file, *words)
    assert outcome.status == 2
    assert told in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.err
    assert not list(Path().iterdir())
