"""Models by which stars are fitted on the page: found, named, read once, damaged ones told of."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from data.problem import DataError
from explorer import star_models
from explorer.cannon_file import load_model
from explorer.star_models import StarModels
from tests.small_catalogue import catalogue_of
from tests.small_model import NAMES, write_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as a catalogue is built in, with models of two kinds."""
    folder = tmp_path_factory.mktemp("built")
    for seed, name in enumerate(("dwarf", "giant")):
        write_model(folder / "models" / f"{name}.cannon", seed)
    write_model(folder / "mine.cannon", 2)
    return folder


def of_kinds(*kinds, folder=Path()):
    columns = {"teff": np.full(len(kinds), 5000, np.float32), "giantmodel": np.array(kinds, np.int8)}
    return replace(catalogue_of(columns), source=folder / "catalogue")


def test_files_are_named_by_what_they_are_called(folder):
    models = StarModels.of_files([folder / "mine.cannon", folder / "models" / "giant.cannon"])
    assert models.names == ("mine", "giant")
    content = load_model(folder / "mine.cannon")
    found = models.get("mine")
    assert tuple(found.content.ranges) == NAMES
    assert found.content.checksum == content.checksum != models.get("giant").content.checksum
    labels = {name: high for name, (_, high) in content.ranges.items()}
    np.testing.assert_array_equal(found.predicted(labels), content.model.predict(list(labels.values())))


def test_models_are_those_a_catalogue_was_built_with(folder, tmp_path):
    models = StarModels.beside(of_kinds(1, folder=folder))
    assert dict(models.files) == {name: folder / "models" / f"{name}.cannon" for name in ("giant", "dwarf")}
    assert StarModels.beside(of_kinds(1, folder=tmp_path)).names == ()
    one = write_model(tmp_path / "models" / "all.cannon")
    write_model(tmp_path / "models" / "other.cannon")
    (tmp_path / "models" / "giant.cannon").write_text("none")
    assert dict(StarModels.beside(of_kinds(1, folder=tmp_path)).files) == {"all": one}


def test_the_usual_model_is_the_one_the_catalogue_names(folder):
    catalogue = of_kinds(1, 0, -1, folder=folder)
    models = StarModels.beside(catalogue)
    assert [models.usual(catalogue, row) for row in range(3)] == ["giant", "dwarf", "giant"]
    own = StarModels.of_files([folder / "mine.cannon", folder / "models" / "dwarf.cannon"])
    assert [own.usual(catalogue, row) for row in range(3)] == ["mine", "dwarf", "mine"]
    without = catalogue_of({"teff": np.full(1, 5000, np.float32)})
    assert own.usual(without, 0) == "mine"
    assert StarModels().usual(catalogue, 0) is None
    assert StarModels().usual(without, 0) is None


def test_a_model_is_read_once_when_it_is_asked_for(folder, monkeypatch):
    read = []
    monkeypatch.setattr(star_models, "load_model", lambda path: read.append(path) or load_model(path))
    models = StarModels.beside(of_kinds(1, folder=folder))
    assert not models.ready("giant")
    assert read == []
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: models.get("giant"), range(8)))
    assert all(one is found[0] for one in found)
    assert read == [folder / "models" / "giant.cannon"]
    assert models.ready("giant")
    assert not models.ready("dwarf")


def test_what_is_no_model_is_refused(folder, tmp_path):
    (tmp_path / "text.cannon").write_text("none")
    twin = write_model(tmp_path / "mine.cannon")
    for paths, words in (
        ([tmp_path / "absent.cannon"], "there is no file .*absent.cannon: give a model"),
        ([tmp_path], "there is no file"),
        ([tmp_path / "text.cannon"], "text.cannon is no model.* 'explorer train' wrote"),
        ([folder / "mine.cannon", twin], "mine.cannon are two models of one name: rename"),
    ):
        with pytest.raises(DataError, match=words):
            StarModels.of_files(paths)


def test_a_damaged_model_is_told_of_when_it_is_asked_for_and_may_be_mended(folder, tmp_path):
    whole = (folder / "mine.cannon").read_bytes()
    path = tmp_path / "mine.cannon"
    path.write_bytes(whole[:-100])
    models = StarModels.of_files([path])
    for _ in range(2):
        with pytest.raises(DataError, match=r"mine\.cannon breaks off"):
            models.get("mine")
    assert not models.ready("mine")
    path.write_bytes(whole)
    assert tuple(models.get("mine").content.ranges) == NAMES


def test_a_name_that_is_none_is_refused(folder):
    models = StarModels.of_files([folder / "mine.cannon"])
    for ask in (models.get, models.ready):
        with pytest.raises(DataError, match="no model is called 'giant': those that are here are mine"):
            ask("giant")
    with pytest.raises(DataError, match="are none"):
        StarModels().get("x" * 1000)


def test_they_stay_as_they_are(folder):
    files = {"mine": folder / "mine.cannon"}
    models = StarModels(files)
    files["other"] = folder
    assert models.names == ("mine",)
    with pytest.raises(TypeError):
        models.files["other"] = folder
    with pytest.raises(FrozenInstanceError):
        models.files = files
