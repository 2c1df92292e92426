"""Labels as a survey of high resolution measures them."""

import numpy as np
import pytest

from model.reference_noise import QUALITY, TYPICAL, reference_labels

STARS = 4000
NUMBER = np.arange(STARS)
TRUE = {name: np.full(STARS, 0.1) for name in TYPICAL}
LABELS, ERRORS = reference_labels(TRUE, seed=4, number=NUMBER)


@pytest.mark.parametrize("name", TYPICAL)
def test_errors_are_the_scatter(name):
    pull = (LABELS[name] - TRUE[name]) / ERRORS[name]
    assert pull.mean() == pytest.approx(0, abs=4 / np.sqrt(STARS))
    assert pull.std() == pytest.approx(1, abs=4 / np.sqrt(2 * STARS))
    assert np.median(ERRORS[name]) == pytest.approx(TYPICAL[name], rel=0.03)
    assert np.log(ERRORS[name]).std() == pytest.approx(QUALITY, rel=0.05)


def test_labels_scatter_each_on_its_own():
    pulls = np.array([(LABELS[name] - TRUE[name]) / ERRORS[name] for name in TYPICAL])
    apart = np.corrcoef(pulls) - np.eye(len(TYPICAL))
    assert np.abs(apart).max() < 5 / np.sqrt(STARS)


def test_a_stars_labels_are_its_own():
    order = np.random.default_rng(1).permutation(STARS)
    mixed, errors = reference_labels({"fe_h": TRUE["fe_h"][order]}, seed=4, number=NUMBER[order])
    assert (mixed["fe_h"] == LABELS["fe_h"][order]).all()
    assert (errors["fe_h"] == ERRORS["fe_h"][order]).all()
    other, _ = reference_labels(TRUE, seed=5, number=NUMBER)
    assert not (other["fe_h"] == LABELS["fe_h"]).any()


def test_only_what_is_known_is_measured():
    labels, errors = reference_labels({"teff": [5000.0], "snrz": [50.0]}, seed=1, number=[3])
    assert list(labels) == list(errors) == ["teff"]
    assert reference_labels({"teff": []}, seed=1, number=[])[0]["teff"].size == 0


def test_mistakes_are_told():
    with pytest.raises(ValueError, match="one value for each of 1 stars"):
        reference_labels({"teff": [5000.0, 4000.0]}, seed=1, number=[3])
    with pytest.raises(ValueError, match="from 0 up"):
        reference_labels({"teff": [5000.0]}, seed=-1, number=[3])
