"""What validate and infer tell of their results, against the tables they write; what inference refuses."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from explorer.cannon import train_model, validate_model
from explorer.cannon_file import load_model, save_model
from explorer.reading import LeftOut, prepare
from explorer.recipe import Recipe
from explorer.results import inferred_columns
from explorer.spectra import SpectrumReader, find_spectra
from tests.lamost_mock import NAMES, results, runner, silent, spectrum, write, write_survey

LIGHT = 299792.458


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    write_survey(folder)
    return folder


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def models(survey):
    """A model before and after its validation in 5 folds."""
    recipe = Recipe(NAMES, None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0))
    places = (survey / "spectra", survey / "labels.csv")
    content, _ = train_model(*places, recipe, workers=1, progress=silent)
    done = validate_model(content, *places, folds=5, seed=3, workers=1, progress=silent)
    return content, done.content


@pytest.fixture
def trained(models, tmp_path):
    save_model(tmp_path / "mock.cannon", models[0])
    return tmp_path / "mock.cannon"


@pytest.fixture
def validated(models, tmp_path):
    save_model(tmp_path / "mock.cannon", models[1])
    return tmp_path / "mock.cannon"


# infer


def test_stars_to_look_at_are_counted(run, survey, validated, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    for star in (0, 1):
        flux, ivar = spectrum(np.full(3, star / 2), 60, star)
        write(folder / f"{star}.fits", flux, 100 * ivar)
    files = [*find_spectra(survey / "spectra"), *find_spectra(folder)]
    Path("list.txt").write_text("".join(f"{file}\n" for file in files))
    done = run("infer", validated, "list.txt", "--out", "out.csv")
    assert (done.status, done.err) == (0, "")
    table = results(Path("out.csv"))
    reduced = table.chi2 / table.dof
    assert (reduced > 3).sum() >= 2
    assert f"\nchi2/dof: median {reduced.median():.2f}, {(reduced > 3).sum()} stars above 3\n" in done.out
    assert (table.snr < 10).sum() == 1
    assert "\n1 star with S/N below 10, the least of the training stars\n" in done.out
    beyond = {name: int(table[f"{name}_extrap"].sum()) for name in NAMES}
    assert any(beyond.values())
    assert (
        f"\nstars beyond the range of trust: {', '.join(f'{n} {k}' for n, k in beyond.items())}\n" in done.out
    )


def test_a_model_without_validation_says_that_no_range_is_known(run, survey, trained):
    done = run("infer", trained, survey / "spectra", "--out", "out.csv")
    assert (done.status, done.err) == (0, "")
    assert "no range of trust is known: 'explorer validate' the model first" in done.out
    assert "beyond the range" not in done.out


def test_meanings_of_extrapolation_are_those_of_a_spectrum(survey, models):
    """Not that of a catalogue of stars with many observations; and no failure where there are no stars."""
    _, content = models
    reader = SpectrumReader(content.model.wavelength)
    (batch,) = reader.batches(find_spectra(survey / "spectra" / "spec-000.fits"), silent)
    found = content.model.infer(batch.flux, batch.ivar)
    columns = inferred_columns(batch.about, batch.snr, found, content, frozen=(), validated=content.validated)
    meanings = {one.name: one.meaning for one in columns.described if one.name.endswith("_extrap")}
    assert len(meanings) == len(NAMES)
    for meaning in meanings.values():
        assert "observation" not in meaning
        assert meaning.endswith("there cross-validation failed, or had no stars.")


@pytest.mark.parametrize(("km_s", "used"), [(-1205, False), (990, True), (-990, True), (1010, False)])
def test_impossible_velocities_are_left_out(tmp_path, km_s, used):
    write(tmp_path / "fast.fits", *spectrum(np.zeros(3), 60, 1), Z=km_s / LIGHT)
    found = prepare(tmp_path / "fast.fits")
    if used:
        assert found.about.rv == pytest.approx(km_s)
    else:
        assert found == LeftOut("fast.fits", "LAMOST's velocity is beyond 1000 km/s", f"{km_s} km/s")


# frozen labels


def test_absurd_frozen_values_are_refused(run, survey, trained):
    """Those beyond the training stars by more than these span."""
    low, high = load_model(trained).ranges["logg"]
    words = ("infer", trained, survey / "spectra", "--out", "out.csv", "--freeze")
    for value in (2 * high - low + 0.01, 2 * low - high - 0.01, 44, 1e9):
        said = run(*words, f"logg={value:.4f}")
        said.is_one_line("is absurd for this model", f"logg from {low:.6g} to {high:.6g}", "near them")
    done = run(*words, f"logg={high + 0.1:.4f}")
    assert (done.status, done.err) == (0, "")
    assert f"logg is frozen beyond the training stars ({low:.6g} to {high:.6g}) for 44 stars" in done.out
    done = run(*words, "logg=3.5", "--overwrite")
    assert "frozen beyond" not in done.out


def test_ranges_are_those_of_the_labels_that_are_known(models):
    content, _ = models
    labels = content.trained.labels
    for label, name in enumerate(NAMES):
        assert content.ranges[name] == (labels[:, label].min(), labels[:, label].max())


def test_absurd_values_of_a_column_leave_stars_out(run, survey, trained):
    table = pd.read_csv(survey / "labels.csv")
    table.loc[3, "logg"] = 44
    table.loc[5, "logg"] = load_model(trained).ranges["logg"][1] + 0.01
    table.to_csv("g.csv", index=False)
    words = ("infer", trained, survey / "spectra", "--out", "out.csv", "--frozen-from", "g.csv", "--freeze")
    done = run(*words, "logg=logg")
    assert (done.status, done.err) == (0, "")
    assert "  1  frozen logg is absurd: training stars have" in done.out
    assert "as spec-003.fits" in done.out
    assert "is frozen beyond the training stars" in done.out
    assert re.search(r"for 1 star\n", done.out)
    assert 1003 not in set(results(Path("out.csv")).obsid)
    run(*words, "logg=obsid", "--overwrite").is_one_line(
        "no spectrum that can be used", "frozen logg is absurd"
    )


# validate


def test_a_validation_says_what_it_replaces(run, survey, trained, models):
    words = ("validate", trained, survey / "spectra", survey / "labels.csv", "--folds", "2")
    assert "in place of" not in run(*words).out
    save_model(trained, models[1])
    done = run(*words)
    assert "Wrote the result into " in done.out
    assert f"{trained} in place of that of 5 folds (seed 3)\n" in done.out
    assert load_model(trained).history["folds"] == 2


def test_ends_that_are_merely_those_of_the_stars_are_marked(run, survey, trained):
    done = run("validate", trained, survey / "spectra", survey / "labels.csv", "--folds", "5", "--seed", "3")
    validated = load_model(trained).validated
    said = done.out[done.out.index("inferred values to trust") :]
    assert "* " in said
    for name, low, high, reached, errors in zip(
        NAMES, validated.low, validated.high, validated.reached, validated.end_errors, strict=True
    ):
        digits = 0 if name == "teff" else 2
        cells = next(line for line in said.splitlines() if line.startswith(f" {name} (")).split()[2:]
        for value, error, is_limit, shown in zip(
            (low, high), errors, reached, (cells[:2], cells[2:]), strict=True
        ):
            assert shown[0] == f"{value:.{digits}f}{'' if is_limit else '*'}"
            assert shown[1] == (f"{error:.{digits}f}" if is_limit else "-")
    assert not validated.reached.all()


def test_labels_that_are_not_measured_are_named(run, survey):
    table = pd.read_csv(survey / "labels.csv")
    table.assign(luck=np.random.default_rng(2).normal(size=len(table))).to_csv("luck.csv", index=False)
    places = (survey / "spectra", "luck.csv")
    assert run("train", *places, "--labels", "teff,fe_h,luck", "--out", "a.cannon").status == 0
    done = run("validate", "a.cannon", *places, "--folds", "5")
    assert (done.status, done.err) == (0, "")
    assert "\nnot measured (scatter above 0.9 of others): luck\n" in done.out
