"""Mistakes in what train, validate and infer are given: one line that says what, and what to do."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.problem import DataError
from data.tables import open_table
from explorer.cannon import train_model
from explorer.cannon_file import save_model
from explorer.recipe import Recipe
from explorer.spectra import find_spectra
from tests.lamost_mock import NAMES, ODD, STARS, results, runner, silent, spectrum, write, write_survey

LEFT_OUT = {
    0: ("LAMOST's class is GALAXY, not STAR", ""), 1: ("no redshift", ""), 2: ("cannot be read", r".*:.*"),
    3: ("S/N below 10", r"[23]\.\d over the pixels used"), 4: ("teff outside 4000-7000 K", ""),
    5: ("a label is missing", ""), 6: ("not in the label table", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    write_survey(folder)
    return folder


@pytest.fixture(scope="module")
def model(survey):
    recipe = Recipe(NAMES, None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0), terms="linear")
    content, _ = train_model(survey / "spectra", survey / "labels.csv", recipe, workers=1, progress=silent)
    return content


@pytest.fixture
def trained(model, tmp_path):
    save_model(tmp_path / "mock.cannon", model)
    return tmp_path / "mock.cannon"


@pytest.fixture
def table(survey):
    return pd.read_csv(survey / "labels.csv")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


# what was left out


@pytest.mark.parametrize("suffix", [".csv", ".fits", ".parquet"])
def test_train_lists_what_is_left_out(run, survey, suffix):
    out = Path(f"out{suffix}")
    words = ("--out", "a.cannon", "--terms", "linear", "--left-out", out)
    done = run("train", survey / "spectra", survey / "labels.csv", *words)
    assert (done.status, done.err) == (0, "")
    rows = results(out).fillna("").astype(str).set_index("file")
    assert set(rows.index) == {f"spec-{STARS + odd:03}.fits" for odd in range(len(ODD))}
    for odd, (reason, detail) in LEFT_OUT.items():
        row = rows.loc[f"spec-{STARS + odd:03}.fits"]
        assert row.reason == reason
        assert re.fullmatch(detail, row.detail)


def test_validate_and_infer_list_what_is_left_out(run, survey, trained):
    done = run(
        "validate", trained, survey / "spectra", survey / "labels.csv", "--folds", "2",
        "--left-out", "cv.csv",
    )  # fmt: skip
    assert (done.status, done.err) == (0, "")
    assert len(results(Path("cv.csv"))) == len(ODD)
    words = ("--out", "out.csv", "--left-out", "odd.csv")
    assert run("infer", trained, survey / "spectra", *words).status == 0
    assert len(results(Path("odd.csv"))) == 3
    one = survey / "spectra" / "spec-000.fits"
    assert run("infer", trained, one, *words, "--overwrite").status == 0
    assert list(results(Path("odd.csv"))) == ["file", "reason", "detail"]
    assert results(Path("odd.csv")).empty


def test_the_list_replaces_nothing_unasked(run, survey, trained):
    Path("mine.csv").write_text("mine")
    words = ("infer", trained, survey / "spectra", "--out", "out.csv", "--left-out")
    run(*words, "mine.csv").is_one_line("mine.csv exists already", "--overwrite")
    run(*words, "odd.txt").is_one_line("end it with one of .csv, .fits, .parquet")
    run(*words, "./out.csv").is_one_line("--out and --left-out both name out.csv")
    assert Path("mine.csv").read_text() == "mine"
    assert not Path("out.csv").exists()


def test_links_that_lead_nowhere_count(run, trained, tmp_path):
    folder = tmp_path / "some"
    (folder / "folder.fits").mkdir(parents=True)
    write(folder / "sound.fits", *spectrum(np.zeros(3), 60, 1))
    (folder / "gone.fits").symlink_to("nowhere.fits")
    assert [file.name for file in find_spectra(folder)] == ["gone.fits", "sound.fits"]
    done = run("infer", trained, folder, "--out", "out.csv")
    assert (done.status, done.err) == (0, "")
    assert "1 star, 0 did not converge\n" in done.out
    assert "1 spectrum is left out:\n  1  cannot be read, as gone.fits (" in done.out


def test_the_reason_of_a_single_damaged_file_is_told(run, survey, trained):
    damaged = next((survey / "spectra").rglob(f"spec-{STARS + 2:03}.fits"))
    said = run("infer", trained, damaged, "--out", "out.csv")
    said.is_one_line("(1: cannot be read; as spec-042.fits: ", "expected a FITS file of a LAMOST spectrum")


# one thing for another


def test_a_table_is_no_list_of_spectra(run, survey, trained):
    labels, spectra = survey / "labels.csv", survey / "spectra"
    says = ("names no file that exists, beginning with 'obsid,key", "a table of labels comes after it")
    run("infer", trained, labels, "--out", "out.csv").is_one_line(*says)
    says = ("is a folder of spectra, not a table of labels", "give SPECTRA first, then LABELS")
    run("train", labels, spectra, "--out", "a.cannon").is_one_line(*says)


def test_a_table_is_no_model(run, survey):
    labels, spectra = survey / "labels.csv", survey / "spectra"
    says = ("labels.csv is no model: give one that 'explorer train' wrote",)
    run("infer", labels, spectra, "--out", "out.csv").is_one_line(*says)
    run("validate", labels, spectra, labels).is_one_line(*says)


@pytest.mark.parametrize("name", ["stars.fits", "nothing", "a.cannon.gz"])
def test_a_model_is_named_as_one(run, survey, name):
    Path("stars.fits").write_text("mine")
    words = ("train", survey / "spectra", survey / "labels.csv", "--out", name, "--overwrite")
    run(*words).is_one_line("does not say what is written, a model: end it with .cannon")
    assert Path("stars.fits").read_text() == "mine"


@pytest.mark.parametrize(
    ("option", "text", "example"),
    [
        ("--teff", "7000:4000", "4000:7000"), ("--teff", "0:inf", "4000:7000"),
        ("--wavelengths", "4000:inf", "4000:5800"), ("--wavelengths", "nan:5000", "4000:5800"),
    ],
)  # fmt: skip
def test_ranges_are_finite_and_upward(run, survey, option, text, example):
    said = run("train", survey / "spectra", survey / "labels.csv", "--out", "a.cannon", option, text)
    said.is_one_line(f"{option} '{text}' is no range: write LOW:HIGH, the lower number first", example)


def test_other_spectra_than_the_models_are_counted(run, survey, trained, table):
    spectra = survey / "spectra"
    table.loc[STARS + 5, "logg"] = 3.0
    table.iloc[4:].to_csv("others.csv", index=False)
    run("validate", trained, spectra, "others.csv").is_one_line("4 of its 40 gone, 1 new;")
    files = sorted(spectra.rglob("*.fits"))
    Path("list.txt").write_text("".join(f"{file}\n" for file in reversed(files)))
    said = run("validate", trained, "list.txt", survey / "labels.csv")
    said.is_one_line("0 of its 40 gone, 0 new, but their order differs")


def test_validate_advises_no_option_that_it_lacks(run, survey, trained, table):
    for columns in ({"feh": "iron"}, {"obsid": "a", "key": "b"}):
        table.rename(columns=columns).to_csv("renamed.csv", index=False)
        said = run("validate", trained, survey / "spectra", "renamed.csv")
        said.is_one_line("no column", "give the table that the model was trained on")
        assert "--" not in said.err


# tables of labels


def test_words_among_numbers_are_told_with_their_row(run, survey, table):
    words = table.astype({"logg": object})
    words.loc[6, "logg"] = "bad"
    words.to_csv("text.csv", index=False)
    said = run("train", survey / "spectra", "text.csv", "--out", "a.cannon")
    said.is_one_line("column 'logg'", "has invalid value 'bad' in row 7: correct that row, or leave")


def test_the_row_of_a_word_is_counted_in_rows_of_the_table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('# a\nobsid,note,teff\n1,bad,5\n\n2,"x,y",6\n3,z,bad\n')
    with pytest.raises(DataError, match="value 'bad' in row 3:"), open_table(path, tmp_path) as opened:
        list(opened.chunks({"teff": "number"}, frozenset()))


def test_columns_without_names_are_not_listed(run, survey, table):
    table.to_csv("unnamed.csv")
    said = run("train", survey / "spectra", "unnamed.csv", "--out", "a.cannon", "--labels", "vmic")
    said.is_one_line("it has obsid, key, teff")


def test_labels_that_nobody_has_are_told(run, survey, table):
    table.assign(logg=np.nan).to_csv("nan.csv", index=False)
    said = run("train", survey / "spectra", "nan.csv", "--out", "a.cannon", "--missing-labels")
    said.is_one_line("label logg is known of 0 stars", "leave it out")


def test_a_key_that_is_none_is_told(run, survey, table):
    table.loc[1, "teff"] = table.loc[0, "teff"]
    table.to_csv("twice.csv", index=False)
    said = run("train", survey / "spectra", "twice.csv", "--out", "a.cannon", "--key", "teff")
    said.is_one_line("twice, in rows 1 and 2", "if 'teff' is the column of obsids or file names")


def test_spectra_without_obsid_are_told(run, table, tmp_path):
    (tmp_path / "old").mkdir()
    write(tmp_path / "old" / "a.fits", *spectrum(np.zeros(3), 60, 1), OBSID=-9999)
    table.to_csv("labels.csv", index=False)
    said = run("train", "old", "labels.csv", "--out", "a.cannon", "--key", "obsid")
    said.is_one_line("1: no obsid in its header, and the label table has no file names")
    said = run("train", "old", "labels.csv", "--out", "a.cannon")
    said.is_one_line("1: not in the label table")


def test_one_spectrum_is_said_to_be_one(run, survey, table):
    table.iloc[:1].to_csv("one.csv", index=False)
    said = run("train", survey / "spectra", "one.csv", "--out", "a.cannon")
    said.is_one_line("(1 spectrum is used; left out were")
