"""One command from the real LAMOST spectra to a small catalogue, and that into the explorer."""

import csv

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.catalogue import open_catalogue
from explorer.verification import verify
from tests.lamost_mock import silent


@pytest.fixture(scope="module")
def built(real_survey):
    return real_survey


def table(built, name):
    return pq.read_table(built / name).to_pandas()


def test_every_file_has_labels_or_a_reason(built, real_data):
    files = [file.name for file in (real_data / "lamost-spectra").rglob("*.fits*")]
    seen, rejects = table(built, "observations"), table(built, "rejects")
    assert sorted([*seen.file, *rejects.file]) == sorted(files)
    assert len(seen) > 280
    reasons = set(rejects.reason)
    assert {"LAMOST's class is GALAXY, not STAR", "S/N below 5"} <= reasons


def test_labels_are_near_those_of_lamosts_pipeline(built, real_data):
    with (real_data / "lamost-spectra" / "labelled_spectra.csv").open(newline="") as file:
        known = {row["key"]: row for row in csv.DictReader(file)}
    seen = table(built, "observations")
    seen["key"] = seen.file.str.removesuffix(".gz")
    seen = seen[seen.key.isin(known)]
    for name, theirs, limit in (("teff", "teff", 200), ("logg", "logg", 0.3), ("fe_h", "feh", 0.2)):
        off = seen[name] - [float(known[key][theirs]) for key in seen.key]
        assert np.median(np.abs(off)) < 0.7 * limit, name
        assert seen[f"e_{name}"].median() < 1.5 * limit, name


def test_lamosts_own_labels_are_joined_where_headers_have_no_obsid(built):
    found = table(built, "catalogue")
    joined = found[found.teff_lamost.notna()]
    assert len(joined) > 100
    assert joined.obsid.notna().all()
    assert (joined.teff - joined.teff_lamost).abs().median() < 150


def test_it_opens_in_the_explorer_and_verifies(built):
    catalogue = open_catalogue(built / "catalogue")
    assert len(catalogue) == len(table(built, "catalogue"))
    assert not catalogue.mock
    assert np.isfinite(np.asarray(catalogue["teff"])).all()
    assert verify(built, silent)
