"""Scatter and pulls versus S/N and T_eff, as `explorer validate` prints them, against the table it writes."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from explorer.cannon_bins import bins_of
from explorer.cannon_file import load_model
from model.errors import ErrorModel
from tests.lamost_mock import NAMES, STARS, results, runner, write_survey


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


def test_bins_are_printed_as_the_table_of_stars_has_them(run):
    write_survey(Path())
    places = ("spectra", "labels.csv")
    assert run("train", *places, "--out", "a.cannon", "--wavelengths", "5000:5400").status == 0
    done = run("validate", "a.cannon", *places, "--out", "cv.parquet")
    assert (done.status, done.err) == (0, "")
    table = results(Path("cv.parquet"))
    kept, lines = load_model(Path("a.cannon")).validated, done.out.splitlines()
    for start, by in (("stars by S/N", table.snr), ("stars by teff (K)", table.reference_teff)):
        first = next(number for number, line in enumerate(lines) if line.strip().startswith(start))
        assert max(map(len, lines[first - 2 : first + 4])) <= 80
        parts = np.array_split(np.argsort(by.to_numpy()), 4)
        assert lines[first].split()[-4:] == [str(STARS // 4)] * 4
        for label, name in enumerate(NAMES):
            error = (table[name] - table[f"reference_{name}"]).to_numpy()
            formal = table[f"e_{name}_formal"].to_numpy()
            pull = error / np.sqrt((kept.a[label] * formal) ** 2 + kept.b[label] ** 2)
            digits = 0 if name == "teff" else 3
            expected = [f"{error[p].std(ddof=1):.{digits}f}, {pull[p].std(ddof=1):.2f}" for p in parts]
            assert lines[first + 1 + label].split(")")[-1].split() == " ".join(expected).split()


def made_up(true, snr, names=("teff", "fe_h")):
    """What `bins_of` takes: residuals that grow with S/N, errors that are half as large for one label."""
    formal = np.full(true.shape, 2.0)
    residuals = np.random.default_rng(1).standard_normal(true.shape) * (2 + snr[:, None])
    errors = ErrorModel(np.array([1.0, 0.5]), np.zeros(2), np.full(2, len(true)))
    validated = SimpleNamespace(inferred=true + residuals, formal=formal, errors=errors)
    return names, SimpleNamespace(labels=true, snr=snr), validated


def test_errors_that_are_right_only_in_some_bins_are_seen():
    snr = np.repeat([0.0, 2.0, 6.0, 14.0], 5000)
    true = np.random.default_rng(2).normal(5000, 300, (20000, 2))
    by_snr, by_teff = bins_of(*made_up(true, snr + np.linspace(0, 1e-6, 20000)))
    assert (by_snr.by, by_teff.by) == ("S/N", "teff")
    assert by_snr.stars.tolist() == by_teff.stars.tolist() == [5000] * 4
    np.testing.assert_allclose(by_snr.scatter[:, 0], [2, 4, 8, 16], rtol=0.04)
    np.testing.assert_allclose(by_snr.pull, np.outer([1, 2, 4, 8], [1, 2]), rtol=0.04)
    np.testing.assert_allclose(by_teff.pull[:, 0], np.sqrt((1 + 4 + 16 + 64) / 4), rtol=0.06)


def test_a_quantity_all_share_has_no_bins_and_missing_labels_are_in_none():
    true = np.random.default_rng(2).normal(5000, 300, (400, 2))
    true[:100, 0] = np.nan
    (by_teff,) = bins_of(*made_up(true, np.ones(400)))
    assert by_teff.stars.tolist() == [75] * 4
    assert list(bins_of(*made_up(true, np.ones(400), names=("a", "b")))) == []
