"""The mock survey through the pipeline: what is inferred against the truth, and that it says it is a mock."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

from data.catalogue import open_catalogue
from data.surveys import shipped_surveys
from explorer.cannon_file import load_model
from explorer.mock_spectra import MockSpectra
from explorer.mock_survey import build_mock
from explorer.observing import normalised
from model.chemistry import LABEL_SETS
from tests.conftest import SURVEY_STARS
from tests.lamost_mock import runner, silent

MODELS = ("dwarf", "giant")


@pytest.fixture
def run(monkeypatch, capsys):
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def folder(mock_survey):
    return mock_survey


@pytest.fixture(scope="module")
def catalogue(folder):
    return pq.read_table(folder / "built" / "catalogue").to_pandas()


def labels(catalogue, folder):
    """Each model's labels: its stars, cross-validated residuals, inferred - true, and flags."""
    for name in MODELS:
        content = load_model(folder / "built" / "models" / f"{name}.cannon")
        stars = catalogue[catalogue.giantmodel == (name == "giant")]
        for place, label in enumerate(content.model.label_names):
            residuals = content.validated.inferred[:, place] - content.trained.labels[:, place]
            flag = "kiel_extrap" if label in ("teff", "logg") else f"{label}_extrap"
            yield name, label, stars, residuals, stars[label] - stars[f"true_{label}"], stars[flag]


def test_labels_are_as_good_as_cross_validation_says(catalogue, folder):
    seen = []
    for name, label, _, residuals, off, flags in labels(catalogue, folder):
        good = off[flags == 0]
        assert good.std() < 1.3 * residuals.std(), (name, label)
        assert abs(good.mean()) < 0.3 * residuals.std(), (name, label)
        seen.append((name, label))
    assert seen == [(name, label) for name in MODELS for label in LABEL_SETS[name]]


def test_labels_follow_the_truth_where_lines_are_strong(catalogue, folder):
    least = {"teff": 0.95, "fe_h": 0.9, "o_fe": 0.6, "mg_fe": 0.7, "alpha_fe": 0.6, "mn_fe": 0.6}
    for name, label, stars, _, _, _ in labels(catalogue, folder):
        if label in least:
            r = np.corrcoef(stars[label], stars[f"true_{label}"])[0, 1]
            assert r > least[label], (name, label, r)


def test_published_errors_are_upper_bounds_of_the_true_ones(catalogue, folder):
    """Reference labels have errors of their own, which cross-validation can't tell from the model's."""
    for name, label, stars, _, off, flags in labels(catalogue, folder):
        pull = (off / stars[f"e_{label}"])[flags == 0]
        assert 0.5 < pull.std() < 1.1, (name, label)


def test_stars_beyond_the_training_stars_are_flagged(catalogue, folder):
    """As a class they are worse, and beyond both ends of a model's range of T_eff all are flagged."""
    worse = []
    for name, label, stars, _, off, flags in labels(catalogue, folder):
        content = load_model(folder / "built" / "models" / f"{name}.cannon")
        place = content.model.label_names.index(label)
        low, high = content.validated.low[place], content.validated.high[place]
        alone = stars.n_obs == 1
        beyond = alone & ((stars[label] < low) | (stars[label] > high))
        assert (flags[beyond] == 1).all(), (name, label)
        if label not in ("teff", "logg"):
            assert (flags[alone & ~beyond] == 0).all(), (name, label)
        if (flags == 1).sum() > 20:
            worse.append(off[flags == 1].pow(2).mean() / off[flags == 0].pow(2).mean())
    assert len(worse) >= 5
    assert np.median(worse) > 1.2


def test_the_catalogue_has_what_table_1_names(catalogue):
    elements = ("o", "eu", "alpha", "sc", "s", "mg", "al", "mn", "ba")
    for element in elements:
        assert {f"{element}_fe", f"chi2_{element}_fe", f"{element}_fe_extrap"} <= set(catalogue)
    giants = catalogue.giantmodel == 1
    assert catalogue.mg_fe[giants].notna().all()
    assert catalogue.mg_fe[~giants].isna().all()
    assert catalogue.alpha_fe[~giants].notna().all()
    for name in ("R", "phi", "z", "vR", "vT", "vz", "Jphi", "a_k", "distance", "chi2", "snrz"):
        assert catalogue[name].notna().all(), name
    assert catalogue.n_obs.value_counts().to_dict() == {1: SURVEY_STARS * 0.8, 2: SURVEY_STARS * 0.2}
    assert len(set(catalogue.source_id)) == SURVEY_STARS


def test_every_file_says_that_it_is_a_mock(folder):
    built = folder / "built"
    for name in ("catalogue", "observations", "rejects"):
        for part in (built / name).iterdir():
            said = pq.read_schema(part).metadata
            assert said[b"mock"] == b"true", part
            assert b"not real" in said[b"title"]
    for table in folder.glob("*.parquet"):
        assert pq.read_schema(table).metadata[b"mock"] == b"true", table
    assert fits.getheader(built / "catalogue.fits", 1)["MOCK"] == "true"
    assert json.loads((built / "manifest.json").read_text())["mock"] == "true"
    assert open_catalogue(built / "catalogue").mock


def test_what_users_of_galahs_table_must_know_is_told_once_though_it_trains_two_models(folder):
    told = json.loads((folder / "built" / "manifest.json").read_text())["notes"]
    notes = shipped_surveys()["galah-dr2"].notes
    assert len(notes) > 1
    assert [told.count(f"galah.parquet: {note}") for note in notes] == [1] * len(notes)


def test_it_verifies(run, folder):
    assert run("verify", folder / "built").status == 0


def test_spectra_do_not_depend_on_company_or_order(folder):
    source = MockSpectra.of(folder / "stars.parquet")
    together = normalised(source, [5, 4001, 17])
    for place, row in enumerate((5, 4001, 17)):
        alone = normalised(source, [row])
        np.testing.assert_array_equal(alone.flux[0], together.flux[place])
        np.testing.assert_array_equal(alone.ivar[0], together.ivar[place])


def test_a_second_visit_is_another_spectrum_of_the_same_star(folder):
    source = MockSpectra.of(folder / "stars.parquet")
    visits = pd.read_parquet(folder / "stars.parquet")
    again = int(np.flatnonzero(visits.epoch == 1)[0])
    first = int(np.flatnonzero(visits.number == visits.number[again])[0])
    both = normalised(source, [first, again])
    seen = (both.ivar > 0).all(axis=0)
    apart = (both.flux[0] - both.flux[1])[seen]
    expected = np.sqrt((1 / both.ivar[:, seen]).sum(axis=0))
    assert not np.array_equal(both.flux[0], both.flux[1])
    assert 0.75 < np.std(apart / expected) < 1.3


def test_a_finished_one_is_not_made_again(folder):
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*.parquet")}
    build_mock(folder, stars=SURVEY_STARS, seed=3, workers=1, progress=silent)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.parquet")} == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--stars", "50"), "give 3,000 to 5,000,000"),
        (("--stars", "5000001"), "5000001 stars were asked for"),
        (("--seed", "-1"), "seed -1 was given"),
        (("--out", "mock.parquet"), "is to be a folder"),
        (("--labels", "guess"), "labels 'guess' were asked for"),
        (("--labels", "scatter", "--out", "folder"), "end it with .parquet"),
    ],
)
def test_mistakes_are_told(run, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    run("demo", *words).is_one_line(says)


def test_another_survey_in_the_folder_is_refused(run, folder):
    run("demo", "--stars", SURVEY_STARS, "--seed", 4, "--out", folder).is_one_line(
        "holds another mock survey"
    )


def test_true_labels_are_those_of_the_stars(catalogue, folder):
    truth = pd.read_parquet(folder / "truth.parquet").set_index("obsid")
    for name in ("true_teff", "true_fe_h", "true_population"):
        expected = truth.loc[catalogue.obsid, name]
        assert (catalogue[name].to_numpy() == expected.astype(catalogue[name].dtype).to_numpy()).all()
