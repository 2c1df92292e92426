"""`explorer info` on a model's file: what it holds, and its validation."""

import numpy as np
import pytest

from explorer.cannon import train_model, validate_model
from explorer.cannon_file import load_model, save_model
from explorer.recipe import Recipe
from model.validation import Recovery
from tests.lamost_mock import NAMES, STARS, runner, silent, write_survey


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


def test_info_says_what_a_model_holds(run, tmp_path):
    write_survey(tmp_path)
    places = (tmp_path / "spectra", tmp_path / "labels.csv")
    recipe = Recipe(NAMES, None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0), terms="linear")
    content, _ = train_model(*places, recipe, workers=1, progress=silent)
    save_model(tmp_path / "a.cannon", content)
    done = run("info", "a.cannon")
    assert (done.status, done.err) == (0, "")
    assert f"\n{STARS} spectra, 4 terms, " in done.out
    assert "\nterms: linear\n" in done.out
    assert "\nlabel table: labels.csv\n" in done.out
    assert f"\nsha256: {load_model(tmp_path / 'a.cannon').checksum}\n" in done.out
    assert "no range of trust is known" in done.out
    assert "folds" not in done.out

    found = validate_model(content, *places, folds=4, seed=2, workers=1, progress=silent)
    save_model(tmp_path / "a.cannon", found.content)
    done = run("info", "a.cannon")
    assert (done.status, done.err) == (0, "")
    assert f"\n{STARS} spectra in 4 folds (seed 2), 0 did not converge\n" in done.out
    recovery = found.found.recovery()
    for label, name in enumerate(NAMES):
        digits = 0 if name == "teff" else 3
        said = [line.split() for line in done.out.splitlines() if line.startswith(f" {name} (")]
        assert said[1][3] == f"{recovery.bias[0, label]:.{digits}f}"
        assert said[1][4] == f"{recovery.scatter[0, label]:.{digits}f}"
        assert said[1][6] == f"{recovery.correlation[0, label]:.3f}"


def test_info_refuses_a_damaged_model(run, tmp_path):
    (tmp_path / "cut.cannon").write_bytes(b"\x93ENRICH\n" + bytes(100))
    run("info", "cut.cannon").is_one_line("cut.cannon has layout 0")


def test_recovery_by_bins_is_that_of_each_bin():
    random = np.random.default_rng(1)
    true, inferred, which = random.normal(size=(60, 2)), random.normal(size=(60, 2)), np.arange(60) % 3
    whole = Recovery.of(true, inferred, which, 3)
    for one in range(3):
        error = (inferred - true)[which == one]
        np.testing.assert_allclose(whole.bias[one], error.mean(0))
        np.testing.assert_allclose(whole.scatter[one], error.std(0, ddof=1))
