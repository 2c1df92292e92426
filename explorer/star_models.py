"""Trained models by which stars are fitted on the page, by name: read when they are first asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import MappingProxyType

from data.catalogue import Catalogue
from data.problem import DataError
from data.store import is_stored
from explorer.cannon_file import load_model
from explorer.refit import Refitter
from explorer.survey import ALL, DWARFS, GIANTS
from explorer.workplace import MODELS

ENDING = ".cannon"
_OF_EQ_1 = {1: GIANTS, 0: DWARFS}
"""Names of models by what giantmodel says."""


class _Model:
    """One model; whoever asks first reads it, while others wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._refitter: Refitter | None = None

    @property
    def ready(self) -> bool:
        return self._refitter is not None

    def get(self) -> Refitter:
        with self._lock:
            if self._refitter is None:
                self._refitter = Refitter.of(load_model(self._path))
            return self._refitter


@dataclass(frozen=True, eq=False)
class StarModels:
    """Models in the order in which they are offered; several threads may ask for them.

    Attributes
    ----------
    files : where each is, by name: "giant", "dwarf", or the name of the file without its ending.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    _models: Mapping[str, _Model] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Have the values stay as they are."""
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        object.__setattr__(self, "_models", {name: _Model(path) for name, path in self.files.items()})

    @classmethod
    def of_files(cls, paths: Iterable[Path]) -> "StarModels":
        """Models in files.

        Raises
        ------
        DataError
            If one is no model, or two are of one name. Whether a file is whole shows when it is read.
        """
        files: dict[str, Path] = {}
        for path in paths:
            place, name = path.expanduser().absolute(), path.name.removesuffix(ENDING)
            if not place.is_file():
                raise DataError(f"there is no file {path}: give a model that 'explorer train' wrote")
            if not is_stored(place):
                raise DataError(
                    f"{path} is no model, or may not be read: give one that 'explorer train' wrote"
                )
            if name in files:
                raise DataError(f"{files[name]} and {path} are two models of one name: rename a file")
            files[name] = place
        return cls(files)

    @classmethod
    def beside(cls, catalogue: Catalogue) -> "StarModels":
        """Those in the folder that a catalogue was built in by `explorer build`; there may be none."""
        folder = catalogue.source.parent / MODELS
        places = {name: folder / f"{name}{ENDING}" for name in (GIANTS, DWARFS, ALL)}
        return cls({name: place for name, place in places.items() if is_stored(place)})

    @property
    def names(self) -> tuple[str, ...]:
        """Of all models."""
        return tuple(self.files)

    def ready(self, name: str) -> bool:
        """Whether a model was read, so that it is given at once. DataError if there is none of the name."""
        return self._named(name).ready

    def get(self, name: str) -> Refitter:
        """A model, ready to fit; the first time after a moment, or half a minute where code is compiled.

        Raises
        ------
        DataError
            If there is none of this name, or its file is damaged, is gone or holds something else.
        """
        return self._named(name).get()

    def usual(self, catalogue: Catalogue, row: int) -> str | None:
        """Name of the model that gave a star its labels.

        That is what the catalogue's `giantmodel` says; where it says nothing or names none that is here, the
        first model; None where there are none.
        """
        said = _OF_EQ_1.get(int(catalogue["giantmodel"][row])) if "giantmodel" in catalogue else None
        return said if said in self.files else next(iter(self.files), None)

    def _named(self, name: str) -> _Model:
        if name not in self._models:
            here = ", ".join(self.files) or "none"
            raise DataError(f"no model is called '{name[:60]}': those that are here are {here}")
        return self._models[name]
