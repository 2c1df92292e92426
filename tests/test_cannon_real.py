"""The Cannon on all real spectra: which are left out and why, and what is inferred for the others."""

import csv
from collections import Counter

import numpy as np
import pytest

from data.labels import read_labels
from data.lamost import read_spectrum
from explorer.spectra import SpectrumReader, find_spectra
from explorer.training import Recipe, gather, train
from model.belief import Evidence
from model.cannon import Cannon
from model.latent import Latent, fit_latent
from model.wavelength import radial_velocity

RECIPE = Recipe(("teff", "logg", "fe_h"), None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0))
ERRORS = np.array([120.0, 0.25, 0.12])
"""Of LAMOST's own labels, K and dex, about."""


def silent(*_done):
    pass


@pytest.fixture(scope="module")
def files(real_data):
    folder = real_data / "lamost-spectra"
    if not folder.is_dir():
        pytest.skip(f"no spectra in {folder}: set EXPLORER_REAL_DATA to their folder")
    return find_spectra(folder)


@pytest.fixture(scope="module")
def stars(real_data, files):
    path = real_data / "lamost-spectra" / "labelled_spectra.csv"
    with path.open(newline="") as file:
        listed = {row["key"] for row in csv.DictReader(file)}
    labelled = [file for file in files if file.name.removesuffix(".gz") in listed]
    return gather(
        labelled, read_labels(path, labels=RECIPE.labels, key=None), RECIPE, workers=1, progress=silent
    )


@pytest.fixture(scope="module")
def model(stars):
    return train(stars, RECIPE)


@pytest.fixture(scope="module")
def batches(files, model):
    return list(SpectrumReader(model.wavelength).batches(files, silent))


def joined(batches, name):
    return np.concatenate([getattr(one, name) for one in batches])


def test_every_real_spectrum_is_used_or_left_out_for_what_its_file_says(files, batches):
    left_out = [one for batch in batches for one in batch.left_out]
    assert len(joined(batches, "about")) + len(left_out) == len(files) == 308
    assert Counter(one.reason for one in left_out) == {
        "LAMOST's class is GALAXY, not STAR": 10,
        "LAMOST's class is Unknown, not STAR": 7,
        "LAMOST's velocity is beyond 1000 km/s": 2,
    }
    paths = {file.name: file for file in files}
    for one in left_out:
        read = read_spectrum(paths[one.file])
        if read.object_class == "STAR":
            assert abs(radial_velocity(read.z)) > 1000
        else:
            assert one.reason == f"LAMOST's class is {read.object_class}, not STAR"


def test_labels_of_all_real_stars_are_minima_with_errors(model, batches):
    """Also of those hotter, or fainter, than any the model knows."""
    found = model.infer(joined(batches, "flux"), joined(batches, "ivar"))
    assert len(found.labels) == 289
    assert found.converged.all()
    assert np.isfinite(found.labels).all()
    assert (np.einsum("nll->nl", found.covariance) > 0).all()


def test_one_star_in_two_releases_has_one_set_of_labels(model, batches):
    """The same exposure, reduced twice: far nearer to each other than their noise."""
    about = joined(batches, "about")
    twice = [star for star, one in enumerate(about) if "spec-55859-F5902_sp01-005" in one.file]
    assert len(twice) == 2
    found = model.infer(joined(batches, "flux")[twice], joined(batches, "ivar")[twice])
    formal = np.sqrt(np.einsum("nll->nl", found.covariance))
    assert (np.abs(found.labels[0] - found.labels[1]) < 0.5 * formal.min(0)).all()


def test_labels_with_errors_settle_on_real_spectra(stars, model):
    errors = np.tile(ERRORS / model.scale, (len(stars.labels), 1))
    evidence = Evidence.of((stars.labels - model.offset) / model.scale, errors)
    active = np.ones((len(model.s), len(model.terms)), bool)
    latent = Latent(evidence, stars.flux, stars.ivar, model.terms, active)
    found = fit_latent(latent, dof_correction=False, begin=np.zeros(len(model.s)))
    assert len(found.bound) < 120
    assert (np.diff(found.bound) > -1e-5).all()
    assert np.median(found.s) <= np.median(model.s)
    moved = (found.belief.mean - evidence.value) / errors
    assert (np.sqrt(np.mean(moved**2, axis=0)) < 3).all()


def test_two_halves_of_a_spectrum_have_one_set_of_labels(stars):
    """Their noise is independent; stars are those that neither model was trained on."""
    half = (stars.wavelength // 100).astype(int) % 2 == 0
    new = np.arange(len(stars.labels)) % 3 == 0
    found = []
    for used in (half, ~half):
        one = Cannon.train(
            stars.labels[~new], stars.flux[~new][:, used], stars.ivar[~new][:, used],
            label_names=stars.names, wavelength=stars.wavelength[used],
        )  # fmt: skip
        found.append(one.infer(stars.flux[new][:, used], stars.ivar[new][:, used]).labels)
    apart = np.subtract(*found)
    assert (np.median(np.abs(apart), axis=0) < ERRORS).all()
