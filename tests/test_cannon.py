"""The Cannon as a value: what it holds, what it refuses, in words that help."""

import dataclasses

import numpy as np
import pytest

from model.cannon import Cannon
from tests.cannon_mock import Sky


@pytest.fixture(scope="module")
def sky():
    return Sky(labels=3, pixels=40, lines=20)


@pytest.fixture(scope="module")
def stars(sky):
    return sky.stars(60)


@pytest.fixture(scope="module")
def model(sky, stars):
    return Cannon.train(stars.labels, *stars.spectra, **sky.words())


def changed(array, where, value):
    array = array.copy()
    array[where] = value
    return array


def test_model_holds_what_it_says(model, sky):
    assert model.theta.shape == (40, 10)
    assert model.s.shape == (40,)
    assert model.terms.shape == (10, 3)
    assert model.label_names == sky.names
    assert model.mask is None
    assert model.n_train == 60
    np.testing.assert_array_equal(model.wavelength, sky.wavelength)


def test_model_cannot_be_changed(model):
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.s = None
    for name in ("theta", "s", "offset", "scale", "terms", "wavelength"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(model, name)[0] = 0


def test_model_of_its_own_arrays_is_the_same(model, stars):
    again = Cannon(**{field.name: getattr(model, field.name) for field in dataclasses.fields(Cannon)})
    np.testing.assert_array_equal(again.infer(*stars.spectra).labels, model.infer(*stars.spectra).labels)


def test_model_is_looked_at_when_put_together(model):
    parts = {field.name: getattr(model, field.name) for field in dataclasses.fields(Cannon)}
    with pytest.raises(ValueError, match="theta of a model has shape"):
        Cannon(**parts | {"theta": model.theta[:, 1:]})
    with pytest.raises(ValueError, match="offset of a model has shape"):
        Cannon(**parts | {"offset": [1.0]})


BAD_MODELS = {
    "theta NaN": ("theta", (3, 2), np.nan, "theta is not finite at a pixel where s is"),
    "theta infinite": ("theta", (3, 2), np.inf, "theta is not finite"),
    "s negative": ("s", 3, -0.1, "s is negative or infinite"),
    "s infinite": ("s", 3, np.inf, "s is negative or infinite"),
    "scale 0": ("scale", 1, 0, "scale is not above 0"),
    "scale negative": ("scale", 1, -1, "scale is not above 0"),
    "scale NaN": ("scale", 1, np.nan, "scale is not above 0"),
    "scale infinite": ("scale", 1, np.inf, "scale is not above 0"),
    "offset NaN": ("offset", 1, np.nan, "offset is not finite"),
    "wavelength": ("wavelength", 5, 0, "wavelength does not increase"),
    "wavelength NaN": ("wavelength", 5, np.nan, "wavelength does not increase"),
    "exponent": ("terms", (1, 1), -1, "terms holds"),
    "term": ("terms", 1, [0, 0, 0], "terms holds one twice"),
    "name": ("label_names", None, ("teff", "logg", "teff"), "label_names holds a name twice"),
}


@pytest.mark.parametrize(("name", "where", "value", "words"), BAD_MODELS.values(), ids=BAD_MODELS)
def test_what_cannot_be_a_model_is_refused(model, name, where, value, words):
    bad = value if where is None else changed(getattr(model, name), where, value)
    with pytest.raises(ValueError, match=words) as refused:
        dataclasses.replace(model, **{name: bad})
    assert "\n" not in str(refused.value)


def test_pixels_that_were_not_trained_may_lack_theta(model):
    partly = dataclasses.replace(model, s=changed(model.s, 3, np.nan), theta=changed(model.theta, 3, np.nan))
    assert np.isnan(partly.predict(model.offset)[3])


@pytest.mark.parametrize("kind", [complex, str, object, bool])
@pytest.mark.parametrize("name", ["flux", "ivar"])
def test_spectra_are_real_numbers(sky, stars, model, name, kind):
    given = {"flux": stars.flux, "ivar": stars.ivar}
    given[name] = given[name].astype(kind)
    for refusing in (
        lambda: model.infer(**given),
        lambda: Cannon.train(stars.labels, **given, **sky.words()),
    ):
        with pytest.raises(ValueError, match=f"^{name} is of .*; expected real numbers") as refused:
            refusing()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1, 0.5, 1e300, "1"])
def test_exponents_are_whole_numbers(sky, stars, bad):
    terms = np.vstack([np.zeros(3), np.eye(3)]).astype(object)
    terms[0, 0] = bad
    with pytest.raises(ValueError, match="exponents that are negative or not whole"):
        Cannon.train(stars.labels, *stars.spectra, **sky.words(), terms=terms.tolist())


def test_training_begins_with_a_model_of_the_same_pixels(sky, stars, model):
    parts = {"theta": model.theta[1:], "s": model.s[1:], "wavelength": model.wavelength[1:]}
    for other in (
        dataclasses.replace(model, **parts),
        dataclasses.replace(model, wavelength=model.wavelength + 1),
    ):
        with pytest.raises(ValueError, match="begin is a model of other wavelengths"):
            Cannon.train(stars.labels, *stars.spectra, **sky.words(), begin=other)


@pytest.mark.parametrize("name", ["labels", "flux", "ivar", "label_errors"])
def test_masks_of_training_are_not_lost(sky, stars, name):
    given = {"labels": stars.labels, "flux": stars.flux, "ivar": stars.ivar, "label_errors": None}
    given[name] = np.ma.masked_less(stars.labels if name == "label_errors" else given[name], 0.5)
    with pytest.raises(ValueError, match=f"^{name} is a masked array; give a plain one"):
        Cannon.train(**given, **sky.words())


@pytest.mark.parametrize("name", ["flux", "ivar", "frozen"])
def test_masks_of_inference_are_not_lost(stars, model, name):
    given = {"flux": stars.flux, "ivar": stars.ivar, "frozen": {}}
    if name == "frozen":
        given["frozen"] = {"teff": np.ma.masked_less(stars.labels[:, 0], 0)}
    else:
        given[name] = np.ma.masked_less(given[name], 0.5)
    with pytest.raises(ValueError, match=f"^{name}.* is a masked array"):
        model.infer(**given)


def test_lists_will_do(sky, stars, model):
    lists = (array.tolist() for array in (stars.labels, *stars.spectra))
    words = {"label_names": list(sky.names), "wavelength": sky.wavelength.tolist()}
    np.testing.assert_array_equal(Cannon.train(*lists, **words).theta, model.theta)


BAD_TRAINING = {
    "too few stars for the terms": (
        lambda s: {"labels": s.labels[:10], "flux": s.flux[:10], "ivar": s.ivar[:10]},
        "10 stars cannot fix 10 terms",
    ),
    "constant label": (lambda s: {"labels": changed(s.labels, (slice(None), 1), 3.7)}, "logg is the same"),
    "missing label": (lambda s: {"labels": changed(s.labels, (4, 2), np.nan)}, "lacks vmic of star 4"),
    "infinite label": (lambda s: {"labels": changed(s.labels, (4, 2), np.inf)}, "infinite vmic of star 4"),
    "flat labels": (lambda s: {"labels": s.labels[:, 0]}, "labels has shape"),
    "labels of other stars": (lambda s: {"labels": s.labels[1:]}, "flux has shape"),
    "ivar of other shape": (lambda s: {"ivar": s.ivar[:, 1:]}, "ivar has shape"),
    "a name too many": (lambda _: {"label_names": "abcd"}, "labels has shape"),
    "a name twice": (lambda _: {"label_names": ["a", "b", "a"]}, "each once"),
    "wavelength too long": (lambda _: {"wavelength": np.arange(41)}, "wavelength has shape"),
    "unsorted wavelength": (lambda _: {"wavelength": np.arange(40)[::-1]}, "does not increase"),
    "repeated wavelength": (lambda _: {"wavelength": np.arange(40) // 2}, "does not increase"),
    "negative ivar": (lambda s: {"ivar": changed(s.ivar, (3, 4), -1)}, "negative or not finite"),
    "NaN ivar": (lambda s: {"ivar": changed(s.ivar, (3, 4), np.nan)}, "negative or not finite"),
    "infinite ivar": (lambda s: {"ivar": changed(s.ivar, (3, 4), np.inf)}, "negative or not finite"),
    "star without pixels": (lambda s: {"ivar": changed(s.ivar, 7, 0)}, "star 7 has no pixel"),
    "NaN flux that counts": (
        lambda s: {"flux": changed(s.flux, (3, 4), np.nan), "ivar": changed(s.ivar, (3, 4), 9)},
        "flux of star 3 is not finite at pixel 4",
    ),
    "mask of labels": (lambda _: {"mask": np.ones((3, 40), bool)}, "mask has shape"),
    "mask of numbers": (lambda _: {"mask": np.ones((40, 3))}, "float64"),
    "one offset": (lambda _: {"offset": 1.0}, "offset is 1.0"),
    "scale of nothing": (lambda _: {"scale": [1, 0, 1]}, "above 0"),
    "scale NaN": (lambda _: {"scale": [1, np.nan, 1]}, "finite number"),
    "terms of two labels": (lambda _: {"terms": [[0, 0], [1, 1]]}, "terms has shape"),
    "label in no term": (lambda _: {"terms": [[0, 0, 0], [1, 1, 0]]}, "no term holds vmic"),
    "one label error": (lambda _: {"label_errors": 0.1}, "label_errors has shape"),
    "negative label error": (lambda s: {"label_errors": -0.1 + 0 * s.labels}, "label_errors is negative"),
    "label always missing": (
        lambda s: {"labels": changed(s.labels, (slice(None), 1), np.nan), "missing_labels": True},
        "logg is known of 0 stars",
    ),
}


@pytest.mark.parametrize(("change", "words"), BAD_TRAINING.values(), ids=BAD_TRAINING)
def test_bad_training_is_refused(sky, stars, change, words):
    good = {"labels": stars.labels, "flux": stars.flux, "ivar": stars.ivar, **sky.words()}
    bad = good | change(stars)
    with pytest.raises(ValueError, match=words) as refused:
        Cannon.train(bad.pop("labels"), bad.pop("flux"), bad.pop("ivar"), **bad)
    assert "\n" not in str(refused.value)


BAD_INFERENCE = {
    "pixels of another grid": (lambda s: {"flux": s.flux[:, 1:]}, "expected 40 pixels"),
    "no stars": (lambda s: {"flux": s.flux[:0], "ivar": s.ivar[:0]}, "expected 40 pixels"),
    "ivar of other stars": (lambda s: {"ivar": s.ivar[1:]}, "ivar has shape"),
    "negative ivar": (lambda s: {"ivar": changed(s.ivar, (3, 4), -1)}, "star 3 has ivar that is negative"),
    "NaN ivar": (lambda s: {"ivar": changed(s.ivar, (3, 4), np.nan)}, "star 3 has ivar"),
    "infinite ivar": (lambda s: {"ivar": changed(s.ivar, (3, 4), np.inf)}, "star 3 has ivar"),
    "star without pixels": (lambda s: {"ivar": changed(s.ivar, 7, 0)}, "star 7 has no pixel"),
    "all pixels left out": (lambda _: {"pixels": np.zeros(40, bool)}, "star 0 has no pixel"),
    "NaN flux that counts": (
        lambda s: {"flux": changed(s.flux, (3, 4), np.nan), "ivar": changed(s.ivar, (3, 4), 9)},
        "star 3 has flux that is not finite",
    ),
    "numbers of pixels": (lambda _: {"pixels": np.arange(40)}, "pixels has shape"),
    "too few pixels": (lambda _: {"pixels": np.ones(39, bool)}, "pixels has shape"),
    "unknown label": (lambda _: {"frozen": {"mg": 0}}, "labels are teff, logg, vmic"),
    "frozen to nothing": (lambda _: {"frozen": {"teff": np.nan}}, "one finite number"),
    "frozen for other stars": (lambda _: {"frozen": {"teff": [1, 2]}}, "one for each of 60 stars"),
    "no start": (lambda _: {"starts": 0}, "at least 1"),
    "half a start": (lambda _: {"starts": 2.5}, "whole number"),
    "starts of other labels": (lambda _: {"starts": [[1, 2]]}, "labels has shape"),
    "start at nothing": (lambda _: {"starts": [[1, 2, np.nan]]}, "not finite"),
    "half precision": (lambda _: {"precision": "float16"}, "expected one of float32, float64"),
}


@pytest.mark.parametrize(("change", "words"), BAD_INFERENCE.values(), ids=BAD_INFERENCE)
def test_bad_inference_is_refused(stars, model, change, words):
    bad = {"flux": stars.flux, "ivar": stars.ivar} | change(stars)
    with pytest.raises(ValueError, match=words) as refused:
        model.infer(bad.pop("flux"), bad.pop("ivar"), **bad)
    assert "\n" not in str(refused.value)


def test_labels_of_another_length_are_refused(model):
    with pytest.raises(ValueError, match="expected 3 for each star: teff, logg, vmic"):
        model.predict([1, 2])
