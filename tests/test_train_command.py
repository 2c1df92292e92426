"""The commands train, validate and infer on spectra made here and on real ones."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from astropy.table import Table

from data.catalogue import open_catalogue
from data.store import load, save
from explorer.__main__ import app
from explorer.cannon import train_model, validate_model
from explorer.cannon_file import KIND, VERSION, load_model, save_model
from explorer.recipe import Recipe
from model.wavelength import SURVEY_GRID
from tests.lamost_mock import (
    NAMES,
    ODD,
    STARS,
    WIDTH,
    results,
    runner,
    silent,
    spectrum,
    truth,
    write,
    write_survey,
)
from tests.served import ROOT


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
    """A model's file before and after its validation, both by the functions behind the commands."""
    recipe = Recipe(("teff", "logg", "fe_h"), None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0))
    places = (survey / "spectra", survey / "labels.csv")
    content, _ = train_model(*places, recipe, workers=1, progress=silent)
    done = validate_model(content, *places, folds=12, seed=1, workers=1, progress=silent)
    files = survey / "trained", survey / "validated"
    for file, one in zip(files, (content, done.content), strict=True):
        save_model(file, one)
    return tuple(file.read_bytes() for file in files)


@pytest.fixture
def trained(models, tmp_path):
    path = tmp_path / "mock.cannon"
    path.write_bytes(models[0])
    return path


@pytest.fixture
def validated(models, tmp_path):
    path = tmp_path / "mock.cannon"
    path.write_bytes(models[1])
    return path


# train


def test_training_says_what_it_used_and_what_not(run, survey, trained):
    done = run("train", survey / "spectra", survey / "labels.csv", "--out", "a.cannon")
    assert (done.status, done.err) == (0, "")
    inside = (SURVEY_GRID >= 4000) & (SURVEY_GRID <= 5800)
    assert f"{STARS} spectra, 10 terms, {inside.sum()} pixels from 4000 to 5800 A" in done.out
    assert f"{len(ODD)} spectra are left out:" in done.out
    for reason, star in (
        ("LAMOST's class is GALAXY, not STAR", 0), ("no redshift", 1), ("cannot be read", 2),
        ("S/N below 10", 3), ("teff outside 4000-7000 K", 4), ("a label is missing", 5),
        ("not in the label table", 6),
    ):  # fmt: skip
        assert f"  1  {reason}, as spec-{STARS + star:03}.fits" in done.out
    values = truth(survey).loc[1000 : 1000 + STARS - 1, list(NAMES)]
    content = load_model(Path("a.cannon"))
    assert Path("a.cannon").read_bytes() == trained.read_bytes()
    np.testing.assert_array_equal(content.trained.labels, values.loc[content.trained.obsid])
    np.testing.assert_allclose(content.model.offset, values.mean(), rtol=1e-12)
    assert f"teff (K) {values.teff.min():.0f} {values.teff.mean():.0f}" in " ".join(done.out.split())
    assert content.validated is None


def test_cuts_are_as_asked(run, survey):
    words = (survey / "spectra", survey / "labels.csv", "--out", "a.cannon", "--min-snr", "0")
    done = run("train", *words, "--teff", "3000:10000", "--wavelengths", "5000:6000")
    assert (done.status, done.err) == (0, "")
    assert f"{STARS + 2} spectra" in done.out
    wavelength = load_model(Path("a.cannon")).model.wavelength
    np.testing.assert_array_equal(wavelength, SURVEY_GRID[(SURVEY_GRID >= 5000) & (SURVEY_GRID <= 6000)])


@pytest.mark.parametrize("form", ["fits", "parquet", "names"])
def test_labels_come_from_any_table(run, survey, trained, form):
    """By obsid, or by the names of files only, with other column names."""
    table = pd.read_csv(survey / "labels.csv")
    words = []
    if form == "names":
        table["path"] = "/elsewhere/" + table.key + ".gz"
        table = table.drop(columns=["obsid", "key"]).rename(columns={"feh": "METALS"})
        table.to_csv("labels.txt", sep=" ", index=False)
        words = ["--key", "path", "--labels", "teff, logg,fe_h=METALS"]
    elif form == "fits":
        Table.from_pandas(table.drop(columns="key")).write("labels.txt", format="fits")
    else:
        table.drop(columns="key").to_parquet("labels.txt")
    done = run("train", survey / "spectra", "labels.txt", "--out", "b.cannon", *words)
    assert (done.status, done.err) == (0, "")
    np.testing.assert_array_equal(load_model(Path("b.cannon")).model.theta, load_model(trained).model.theta)


def test_a_list_and_more_processes_give_the_same_model(run, survey, trained):
    files = sorted((survey / "spectra").rglob("*.fits"))
    listed = survey / "list.txt"
    listed.write_text("# mine\n\n" + "".join(f"{file.relative_to(survey)}\n" for file in files))
    done = run("train", listed, survey / "labels.csv", "--out", "b.cannon", "--workers", "2")
    assert (done.status, done.err) == (0, "")
    np.testing.assert_array_equal(load_model(Path("b.cannon")).model.theta, load_model(trained).model.theta)


# validate


def test_validation_recovers_labels_and_is_kept(run, survey, trained):
    done = run("validate", trained, survey / "spectra", survey / "labels.csv", "--out", "cv.parquet")
    assert (done.status, done.err) == (0, "")
    assert f"{STARS} spectra in 12 folds (seed 1), 0 did not converge" in done.out
    assert max(map(len, done.out.splitlines()[:12])) <= 80
    table = results(Path("cv.parquet"))
    assert len(table) == STARS
    assert table.groupby("designation").fold.nunique().max() == 1
    content = load_model(trained)
    for label, name in enumerate(NAMES):
        error = table[name] - table[f"reference_{name}"]
        correlation = np.corrcoef(table[name], table[f"reference_{name}"])[0, 1]
        assert correlation > 0.95
        digits = 0 if name == "teff" else 3
        said = next(line for line in done.out.splitlines() if line.strip().startswith(name)).split()
        number = [f"{error.mean():.{digits}f}", f"{error.std(ddof=1):.{digits}f}"]
        assert said[2:5] == [str(STARS), *number]
        assert said[6] == f"{correlation:.3f}"
        np.testing.assert_allclose(content.validated.inferred[:, label], table[name], rtol=1e-6)
    assert content.history["folds"] == 12


def test_validation_of_other_stars_is_refused(run, survey, trained):
    before = trained.read_bytes()
    fewer = pd.read_csv(survey / "labels.csv").iloc[1:]
    fewer.to_csv("fewer.csv", index=False)
    run("validate", trained, survey / "spectra", "fewer.csv").is_one_line("1 of its 40 gone, 0 new")
    shifted = pd.read_csv(survey / "labels.csv").assign(feh=0.1 + fewer.feh)
    shifted.to_csv("shifted.csv", index=False)
    run("validate", trained, survey / "spectra", "shifted.csv").is_one_line("are not those of the model")
    assert trained.read_bytes() == before


def test_one_label_is_a_model_too(run, survey):
    places = (survey / "spectra", survey / "labels.csv")
    assert run("train", *places, "--labels", "fe_h", "--out", "one.cannon").status == 0
    done = run("validate", "one.cannon", *places)
    assert (done.status, done.err) == (0, "")
    said = next(line for line in done.out.splitlines() if line.startswith(" fe_h (dex)")).split()
    assert said[7] == "-"


def test_too_many_folds_are_refused(run, survey, trained):
    done = run("validate", trained, survey / "spectra", survey / "labels.csv", "--folds", "21")
    done.is_one_line("21 folds of 20 stars")


# infer


@pytest.mark.parametrize("suffix", [".csv", ".fits", ".parquet"])
def test_labels_are_inferred_with_errors(run, survey, validated, suffix):
    done = run("infer", validated, survey / "spectra", "--out", f"out{suffix}")
    assert (done.status, done.err) == (0, "")
    assert f"{STARS + 4} stars, 0 did not converge\n" in done.out
    assert "\n3 spectra are left out:\n" in done.out
    table = results(Path(f"out{suffix}")).set_index("obsid")
    used = {*range(STARS), *range(STARS + 3, STARS + len(ODD))}
    assert {star - 1000 for star in table.index} == used
    good = table[table.index < 1000 + STARS]
    content = load_model(validated)
    for label, name in enumerate(NAMES):
        error = good[name] - truth(survey).loc[good.index, name]
        assert error.std() < 0.3 * WIDTH[label]
        expected = np.hypot(
            content.validated.a[label] * table[f"e_{name}_formal"], content.validated.b[label]
        )
        np.testing.assert_allclose(table[f"e_{name}"], expected, rtol=1e-5)
        assert table.loc[1000 + STARS + 3, f"e_{name}_formal"] > 5 * good[f"e_{name}_formal"].median()
        low, high = content.validated.low[label], content.validated.high[label]
        beyond = (table[name] < low) | (table[name] > high)
        np.testing.assert_array_equal(table[f"{name}_extrap"], beyond)
    assert (good.snr.between(40, 80)).all()
    assert good.dof.between(1500, 1615).all()
    assert (good.chi2 / good.dof).between(0.3, 3).all()
    assert set(table.converged) == {1}
    assert set(good.file.astype(str)) == {f"spec-{star:03}.fits" for star in range(STARS)}


@pytest.mark.parametrize("suffix", [".csv", ".fits", ".parquet"])
@pytest.mark.parametrize("command", ["infer", "validate"])
def test_tables_open_with_all_their_columns(run, survey, validated, suffix, command):
    places = [validated, survey / "spectra", *([survey / "labels.csv"] if command == "validate" else [])]
    assert run(command, *places, "--out", f"out{suffix}").status == 0
    table = results(Path(f"out{suffix}"))
    opened = open_catalogue(f"out{suffix}")
    assert set(opened.found) == set(table.columns)
    told = " ".join(run("info", f"out{suffix}").out.split())
    assert f"{table.shape[1]} in the file" in told
    where = "chi2 / dof < 1.1 and converged"
    if command == "infer":
        where += " and teff_extrap == 0"
    done = run("export", f"out{suffix}", "--where", where, "--out", "chosen.csv")
    assert (done.status, done.err) == (0, "")
    chosen = (table.chi2 / table.dof < 1.1) & (table.converged == 1)
    if command == "infer":
        chosen &= table.teff_extrap == 0
    assert 0 < chosen.sum() < len(table)
    assert set(results(Path("chosen.csv")).file) == set(table.file[chosen].astype(str))


def test_without_validation_errors_are_formal_only(run, survey, trained):
    done = run("infer", trained, survey / "spectra", "--out", "out.csv", "--min-snr", "10", "--starts", "1")
    assert "1  S/N below 10, as spec-043.fits" in done.out
    table = results(Path("out.csv"))
    assert "e_teff_formal" in table
    assert not {"e_teff", "teff_extrap"} & set(table)
    assert set(table.start) == {0}
    assert len(table) == STARS + 3


def test_scale_of_flux_and_garbage_under_no_weight_change_nothing(run, trained, tmp_path):
    flux, ivar = spectrum(np.zeros(3), 60, 1)
    bad = np.arange(flux.size) % 50 == 0
    for name, unit, filler in (("plain", 1, 1.0), ("tiny", 1e-12, np.nan), ("huge", 1e15, 1e30)):
        values = np.where(bad, filler, flux * unit)
        write(tmp_path / f"{name}.fits", values, np.where(bad, 0, ivar / unit**2))
    done = run("infer", trained, tmp_path, "--out", "out.csv")
    assert (done.status, done.err) == (0, "")
    table = results(Path("out.csv"))
    assert len(table) == 3
    for name in NAMES:
        np.testing.assert_allclose(table[name], table[name][0], rtol=1e-4, atol=1e-3)


# mistakes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere", "L", "--out", "x"], ["nowhere does not exist", "a folder of LAMOST spectra"]),
        (["empty", "L", "--out", "x"], ["empty holds no spectra"]),
        (["S", "nowhere.csv", "--out", "x"], ["nowhere.csv does not exist"]),
        (["S", "L", "--out", "no/x"], ["the folder no does not exist"]),
        (["S", "L", "--out", "there"], ["there.cannon exists already", "--overwrite"]),
        (["S", "L", "--out", "x", "--labels", "teff,vmic"], ["no column 'vmic'", "--labels NAME=COLUMN"]),
        (["S", "L", "--out", "x", "--labels", "teff,teff"], ["teff is given twice"]),
        (["S", "L", "--out", "x", "--key", "id"], ["no column 'id'", "obsid, key"]),
        (["S", "L", "--out", "x", "--labels", "key"], ["must hold numbers"]),
        (["S", "L", "--out", "x", "--teff", "7000:4000"], ["--teff '7000:4000' is no range", "LOW:HIGH"]),
        (["S", "L", "--out", "x", "--wavelengths", "1:2"], ["holds 0 pixels", "3900:8898"]),
        (["S", "L", "--out", "x", "--min-snr", "1000"], ["no spectrum can be used", "S/N below 1000"]),
        (["S", "L", "--out", "x", "--labels", "teff,snr=feh"], ["'snr' is a column of", "my_snr=feh"]),
        (["S", "few.csv", "--out", "x"], ["8 stars cannot fix 10 terms", "8 spectra are used"]),
        (["S", "same.csv", "--out", "x"], ["label logg is the same for all stars"]),
        (["S", "nan.csv", "--out", "x"], ["no spectrum can be used", "a label is missing"]),
        (["S", "others.csv", "--out", "x"], ["no spectrum can be used", "not in the label table"]),
        (["S", "twice.csv", "--out", "x"], ["names the spectrum 1000 twice", "rows 1 and 47"]),
        (["S", "nokey.csv", "--out", "x"], ["has no column of obsids or file names", "--key"]),
        (["binary.txt", "L", "--out", "x"], ["binary.txt is no list of spectra"]),
    ],
)  # fmt: skip
def test_mistakes_in_training_are_told(run, survey, tmp_path, words, says):
    table = pd.read_csv(survey / "labels.csv")
    variants = {
        "few": table[:8], "same": table.assign(logg=4.0), "nan": table.assign(logg=np.nan),
        "others": table.assign(obsid=5 + table.obsid * 7, key="x" + table.key),
        "nokey": table[["teff", "logg", "feh"]],
        "twice": pd.concat([table, table[:1].assign(logg=1.0)]),
    }  # fmt: skip
    for name, variant in variants.items():
        variant.to_csv(f"{name}.csv", index=False)
    Path("empty").mkdir()
    Path("there.cannon").write_text("mine")
    Path("binary.txt").write_bytes(b"\xff\xfe\x00\x01")
    before = sorted(tmp_path.iterdir())
    places = {"S": survey / "spectra", "L": survey / "labels.csv"}
    places |= {name: f"{name}.cannon" for name in ("x", "no/x", "there")}
    run("train", *(places.get(word, word) for word in words)).is_one_line(*says)
    assert sorted(tmp_path.iterdir()) == before


def test_mistaken_models_are_told(run, survey, trained, tmp_path):
    whole = trained.read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-1000])
    (tmp_path / "bent").write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    (tmp_path / "text").write_text("theta = 1")
    save(tmp_path / "newer", {}, kind=KIND, version=VERSION + 1, provenance={})
    save(tmp_path / "older", {}, kind=KIND, version=VERSION - 1, provenance={})
    save(tmp_path / "part", {"theta": np.ones((2, 2))}, kind=KIND, version=VERSION, provenance={})
    save(tmp_path / "kin", {}, kind="map", version=1, provenance={})
    for name, says in {
        "cut": ("cut",), "bent": ("damaged",), "text": ("text",), "newer": ("version 3", "up to 2", "update"),
            "older": ("version 1, by an older explorer", "train it again"),
        "part": ("lacks a part of a model", "train it again"), "kin": ("holds a map",), "absent": ("absent",),
    }.items():  # fmt: skip
        run("infer", name, survey / "spectra", "--out", "out.csv").is_one_line(*says)
        run("validate", name, survey / "spectra", survey / "labels.csv").is_one_line(*says)
    run("infer", trained, survey / "spectra", "--out", "out.txt").is_one_line("end it with one of .csv")
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("part", ["label_names", "teff", "wavelengths", "mask"])
def test_forged_models_are_told(run, survey, trained, part):
    """With a checksum that fits, and parts of other kinds."""
    stored = load(trained, kind=KIND, version=VERSION)
    arrays, recipe = dict(stored.arrays), dict(stored.provenance["recipe"])
    if part == "label_names":
        arrays[part] = np.arange(3.0)
    else:
        recipe[part] = [[]] if part == "mask" else []
    save(
        Path("forged"), arrays, kind=KIND, version=VERSION, provenance={**stored.provenance, "recipe": recipe}
    )
    done = run("infer", "forged", survey / "spectra", "--out", "out.csv")
    done.is_one_line("forged lacks a part of a model", "train it again")


def test_names_of_files_are_told_as_they_are(run, survey):
    """Also where they look like a style of the console."""
    places = (survey / "spectra", survey / "labels.csv")
    done = run("train", *places, "--out", "a[b].cannon", "--wavelengths", "5000:5400")
    assert "Wrote a[b].cannon" in done.out
    done = run("validate", "a[b].cannon", *places, "--folds", "3", "--out", "c[red].csv")
    assert "Wrote the result into a[b].cannon, and c[red].csv" in done.out
    done = run("infer", "a[b].cannon", places[0], "--out", "[b]i.csv")
    assert "Wrote [b]i.csv" in done.out


def test_nothing_to_infer_is_told(run, survey, trained):
    galaxy = next((survey / "spectra").rglob(f"spec-{STARS:03}.fits"))
    run("infer", trained, galaxy, "--out", "out.csv").is_one_line("1: LAMOST's class is GALAXY, not STAR")


def test_a_model_is_the_same_after_a_journey(validated, tmp_path):
    content = load_model(validated)
    assert content.checksum == save_model(tmp_path / "again", content)
    assert (tmp_path / "again").read_bytes() == validated.read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_interrupted_it_leaves_nothing(survey, trained, tmp_path, workers):
    one = survey / "spectra" / "spec-000.fits"
    (tmp_path / "list.txt").write_text(f"{one}\n" * 50_000)
    words = ["infer", trained, "list.txt", "--out", "out.csv", "--workers", str(workers)]
    before = sorted(tmp_path.iterdir())
    watched, terminal = os.openpty()
    command = [sys.executable, "-m", "explorer", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    with subprocess.Popen(
        command, stdout=terminal, stderr=terminal, env=environment, cwd=tmp_path, start_new_session=True
    ) as running:
        os.close(terminal)
        seen = b""
        while not re.search(rb"[1-9]\d*/50000", seen):
            seen += os.read(watched, 1024)
        os.killpg(running.pid, signal.SIGINT)
        while part := _rest(watched):
            seen += part
        running.wait(60)
    os.close(watched)
    assert running.returncode == 130, seen
    assert b"Traceback" not in seen
    assert b"explorer: stopped; no file is left half written" in seen
    assert sorted(tmp_path.iterdir()) == before


def _rest(terminal):
    try:
        return os.read(terminal, 1024)
    except OSError:
        return b""


@pytest.mark.parametrize("command", ["train", "validate", "infer"])
def test_help_tells_every_option(run, command):
    done = run(command, "--help")
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for parameter in typer.main.get_command(app).commands[command].params:
        assert parameter.help
        assert " ".join(parameter.help.split()[:2]) in done.out


# real spectra


def test_real_spectra_train_validate_and_infer(run, real_data):
    spectra = real_data / "lamost-spectra"
    labels = spectra / "labelled_spectra.csv"
    began = time.monotonic()
    assert run("train", spectra, labels, "--out", "dr1.cannon").status == 0
    done = run("validate", "dr1.cannon", spectra, labels, "--out", "cv.csv")
    assert time.monotonic() - began < 60
    assert (done.status, done.err) == (0, "")
    assert re.search(r"\d+ spectra in 12 folds \(seed 1\), 0 did not converge", done.out)
    table = results(Path("cv.csv"))
    assert len(table) > 100
    for name, most, least in (("teff", 200, 0.95), ("logg", 0.32, 0.9), ("fe_h", 0.19, 0.8)):
        error = table[name] - table[f"reference_{name}"]
        assert error.std(ddof=1) < most
        assert np.corrcoef(table[name], table[f"reference_{name}"])[0, 1] > least
    done = run("infer", "dr1.cannon", spectra / "dr5-dr9-same-star", "--out", "twice.fits")
    assert (done.status, done.err) == (0, "")
    pair = results(Path("twice.fits"))
    assert len(pair) == 2
    for name in NAMES:
        assert abs(pair[name][0] - pair[name][1]) < 3 * np.hypot(*pair[f"e_{name}"])


def test_names_of_the_dr1_table_are_recognised(run, real_data):
    spectra = real_data / "lamost-spectra" / "learninglamost-dr1"
    done = run("train", spectra, spectra / "my_data3.csv", "--out", "dr1.cannon")
    assert (done.status, done.err) == (0, ""), done
    assert load_model(Path("dr1.cannon")).model.n_train > 80


def test_compressed_files_are_spectra_too(run, survey, trained, tmp_path):
    plain = survey / "spectra" / "spec-000.fits"
    (tmp_path / "one.fits.gz").write_bytes(gzip.compress(plain.read_bytes()))
    for name, place in (("a.csv", plain), ("b.csv", tmp_path / "one.fits.gz")):
        assert run("infer", trained, place, "--out", name).status == 0
    one, other = (results(Path(name)).drop(columns="file") for name in ("a.csv", "b.csv"))
    pd.testing.assert_frame_equal(one, other)
