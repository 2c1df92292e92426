"""How well abundances are known: typed, cross-validated, published, or not at all."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.abundance_scatter import TYPED, cross_validated, is_abundance, scatters_of
from explorer.binaries import study_binaries
from explorer.binary_options import BinaryOptions
from explorer.cannon_file import load_model, save_model
from explorer.pair_source import pairs_of
from explorer.star_models import StarModels
from tests.binary_mock import SIGMA, binary_catalogue, quiet
from tests.small_model import model_of

NAMES = ("o_fe", "eu_fe", "mg_fe")


@pytest.fixture(scope="module")
def model(mock_survey):
    """A validated model of a built mock survey, and its file."""
    path = mock_survey / "built" / "models" / "dwarf.cannon"
    return load_model(path), path


@pytest.fixture(scope="module")
def stars():
    return binary_catalogue(1, 3000, 80)


def test_scatter_is_that_of_inferred_less_true_labels(model):
    content, _ = model
    found = cross_validated(content)
    for place, name in enumerate(content.model.label_names):
        apart = content.validated.inferred[:, place] - content.trained.labels[:, place]
        apart = apart[np.isfinite(apart)]
        assert found[name] == pytest.approx(np.sqrt(np.mean((apart - apart.mean()) ** 2)), rel=0.01)
    assert 0.01 < found["alpha_fe"] < 0.5


def test_what_is_typed_comes_before_the_model_and_that_before_the_catalogue(model, stars):
    content, path = model
    found = scatters_of(stars, StarModels.of_files([path]), "dwarf", NAMES, np.arange(3000), {"o_fe": 0.3})
    assert (found["o_fe"].dex, found["o_fe"].origin) == (0.3, TYPED)
    assert found["eu_fe"].dex == cross_validated(content)["eu_fe"]
    assert found["eu_fe"].origin == "cross-validation of the dwarf model"
    assert np.isnan(found["mg_fe"].dex)  # of neither
    other = scatters_of(stars, StarModels.of_files([path]), "giant", NAMES, np.arange(3000), {})
    assert other["eu_fe"].dex == pytest.approx(SIGMA["eu_fe"])
    assert "not cross-validated" in other["eu_fe"].origin


def test_a_model_that_was_not_validated_tells_nothing(stars, tmp_path):
    save_model(tmp_path / "all.cannon", model_of())
    assert cross_validated(load_model(tmp_path / "all.cannon")) == {}
    found = scatters_of(
        stars, StarModels.of_files([tmp_path / "all.cannon"]), "dwarf", ("o_fe",), np.arange(3000), {}
    )
    assert found["o_fe"].dex == pytest.approx(SIGMA["o_fe"])


def test_errors_that_are_missing_or_nought_do_not_count(stars):
    error = np.full(3000, np.nan, np.float32)
    error[::3], error[1::3] = 0.0, 0.2
    odd = replace(stars, columns={**stars.columns, "e_o_fe": error})
    found = scatters_of(odd, StarModels(), "dwarf", ("o_fe",), np.arange(3000), {})
    assert found["o_fe"].dex == pytest.approx(0.2)


def test_a_study_uses_the_models_scatter(model, stars):
    content, path = model
    options = BinaryOptions(abundances=("o_fe", "alpha_fe"), draws=100)
    everyone = np.ones(3000, bool)
    result = study_binaries(
        stars, pairs_of(stars, None), everyone, options, StarModels.of_files([path]), quiet
    )
    known = cross_validated(content)
    sigma = np.array([[known["o_fe"]], [known["alpha_fe"]]])
    expected = np.sqrt(((result.binaries.delta / sigma) ** 2).sum(axis=0))
    np.testing.assert_allclose(result.binaries.distance, expected)


def test_abundances_are_told_from_their_errors():
    assert [name for name in ("o_fe", "e_o_fe", "chi2_o_fe", "true_o_fe", "fe_h") if is_abundance(name)] == [
        "o_fe"
    ]
