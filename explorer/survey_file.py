"""SURVEY.toml read, every key and value checked."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from data.mapping_file import Entries
from data.problem import DataError
from explorer.derive import asked
from explorer.survey import (
    ALL,
    DWARFS,
    GIANTS,
    GOOD,
    Chemistry,
    Input,
    Kinematics,
    ModelPlan,
    Spectra,
    Survey,
)
from model.chemistry import LABEL_SETS
from model.reference import Cuts

EPOCH = 2013.5
"""Julian year amid LAMOST's observations up to DR4: it gives no epoch for its positions."""
CHUNK = 1024
"""Spectra of one piece of the work."""
_OWN_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "reference": ("radius", "match", *(one.name for one in fields(Cuts))),
        "gaia": ("radius", "epoch"),
        "distances": ("flags",),
        "photometry": ("radius", "match"),
    }
)
"""What some tables can be asked beside what all can."""
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "reference": "'galah-dr2' or 'galah-dr3', or match = 'spectrum' for a table of obsids or files",
        "gaia": "'gaia-dr2' or 'gaia-dr3'",
        "distances": "'bailer-jones-2018' or 'bailer-jones-2021'",
    }
)
"""What tables can be that have to say what they are."""
_MATCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"reference": ("sky", "spectrum"), "photometry": ("sky", "id")}
)
_TABLES = ("lamost", "reference", "gaia", "distances", "photometry", "truth")
_KEYS = ("name", "chunk", "spectra", "models", "chemistry", "kinematics", *_TABLES)


def read_survey(path: Path) -> Survey:
    """Read SURVEY.toml; its paths start from its own folder.

    Raises
    ------
    DataError
        If it can't be read, or something in it is unknown, missing or of the wrong kind.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(
            f"{path} can't be read ({error}): give a survey's TOML file, see docs/building.md"
        ) from error
    root = Entries(table, str(path))
    root.check_keys(_KEYS)
    spectra = _spectra(path, root)
    inputs = {name: _input(path, root, name) for name in _TABLES if name in table}
    if "distances" in inputs and "gaia" not in inputs:
        raise DataError(f"{path} has [distances] and no [gaia], by whose identifiers they are found: add it")
    return Survey(
        name=root.text("name", path.stem),
        path=path,
        spectra=spectra,
        models=_models(path, root, inputs),
        inputs=inputs,
        cuts=_cuts(path, root),
        chemistry=_chemistry(root),
        kinematics=_kinematics(path, root),
        chunk=_whole(root, "chunk", CHUNK, 1, 1 << 20),
    )


def _spectra(path: Path, root: Entries) -> Spectra:
    entry = _section(root, "spectra")
    entry.check_keys([one.name for one in fields(Spectra)])
    if not entry.text("place"):
        raise DataError(f"{entry.where} names no spectra: give place = 'FOLDER', or a list of their files")
    return Spectra(
        place=path.parent / entry.text("place"),
        mock=entry.truth("mock"),
        wavelengths=_pair(entry, "wavelengths", Spectra.wavelengths),
        snr=entry.number("snr", Spectra.snr),
    )


def _input(path: Path, root: Entries, name: str) -> Input:
    entry = _section(root, name)
    entry.check_keys(("table", "survey", "mapping", "gaia_release", *_OWN_KEYS.get(name, ())))
    if not entry.text("table"):
        raise DataError(f"{entry.where} names no table: give table = 'FILE'")
    mapping = entry.text("mapping")
    radius = entry.number("radius", 1.0)
    if not 0 < radius <= 60:
        raise DataError(f"{entry.where} has radius = {radius:g}: expected arcseconds, above 0 and up to 60")
    match = entry.choice("match", "sky", _MATCHES.get(name, ("sky",)))
    if match == "spectrum":
        _refuse_keys(entry, ("survey", "mapping", "radius"))
    elif "survey" not in entry.table and name in _KINDS:
        raise DataError(f"{entry.where} does not say what table it is: give survey = {_KINDS[name]}")
    return Input(
        table=path.parent / entry.text("table"),
        survey=entry.text("survey", name),
        mapping=path.parent / mapping if mapping else None,
        radius=radius,
        match=match,
        epoch=None if entry.table.get("epoch") is False else entry.number("epoch", EPOCH),
        gaia_release=entry.text("gaia_release"),
        flags=None if entry.table.get("flags") is False else _flags(entry),
    )


def _flags(entry: Entries) -> tuple[int, ...]:
    given = entry.items("flags") if "flags" in entry.table else list(GOOD)
    numbers = tuple(one for one in given if isinstance(one, int) and not isinstance(one, bool))
    if not given or len(numbers) != len(given):
        raise DataError(
            f"{entry.where} has flags = {given!r:.60}: expected whole numbers, as in flags = [1], or false"
        )
    return numbers


def _refuse_keys(entry: Entries, names: tuple[str, ...]) -> None:
    for name in names:
        if name in entry.table:
            raise DataError(f"{entry.where} has {name}, which goes not with match = 'spectrum': leave it out")


def _models(path: Path, root: Entries, inputs: Mapping[str, Input]) -> tuple[ModelPlan, ...]:
    entry = _section(root, "models", required=False)
    entry.check_keys([ALL, DWARFS, GIANTS])
    names = tuple(entry.table) or (DWARFS, GIANTS)
    if set(names) not in ({ALL}, {DWARFS, GIANTS}):
        raise DataError(f"{entry.where} has {', '.join(names)}: give all, or dwarf and giant")
    if ALL not in names and "lamost" not in inputs:
        raise DataError(
            f"{root.where} has models of dwarfs and giants, which LAMOST's own T_eff and log g tell apart "
            "(eq. 1): give its catalogue as [lamost], or one model as [models.all]"
        )
    plans = tuple(_model(path, entry, name) for name in sorted(names))
    if any(plan.file is None for plan in plans) and "reference" not in inputs:
        raise DataError(
            f"{root.where} has a model to train and no stars to train it on: give their labels as "
            "[reference], or a trained model as file = 'MODEL.cannon'"
        )
    return plans


def _model(path: Path, models: Entries, name: str) -> ModelPlan:
    entry = _section(models, name, required=False)
    entry.check_keys(["labels", "file"])
    file = entry.text("file")
    given = entry.items("labels")
    if file and given:
        raise DataError(f"{entry.where} has labels and file: a trained model has labels of its own")
    if not all(isinstance(label, str) and label for label in given):
        raise DataError(f"{entry.where} has labels = {given!r:.80}: expected a list of names")
    if not (file or given) and name not in LABEL_SETS:
        raise DataError(f"{entry.where} has no labels: give some, as in labels = ['teff', 'logg', 'fe_h']")
    labels = () if file else tuple(given) or LABEL_SETS[name]
    return ModelPlan(name, labels, path.parent / file if file else None)


def _cuts(path: Path, root: Entries) -> Cuts:
    """The cuts of [reference]; false switches one off."""
    entry = _section(root, "reference", required=False)
    given: dict[str, Any] = {}
    for one in fields(Cuts):
        if one.name not in entry.table:
            continue
        value = entry.table[one.name]
        if isinstance(one.default, bool):
            given[one.name] = entry.truth(one.name)
        elif value is False:
            given[one.name] = None
        else:
            number = entry.number(one.name, 0.0)
            given[one.name] = int(number) if isinstance(one.default, int) else number
    try:
        return Cuts(**given)
    except ValueError as error:
        raise DataError(f"{path}, reference: {error}") from error


def _chemistry(root: Entries) -> Chemistry:
    entry = _section(root, "chemistry", required=False)
    entry.check_keys([one.name for one in fields(Chemistry)])
    chosen = Chemistry(
        floor=entry.number("floor", Chemistry.floor),
        least_correlation=entry.number("least_correlation", Chemistry.least_correlation),
        colour=entry.number("colour", Chemistry.colour),
    )
    if not chosen.floor > 0:
        raise DataError(f"{entry.where} has floor = {chosen.floor:g}: expected dex, above 0")
    return chosen


def _kinematics(path: Path, root: Entries) -> Kinematics:
    entry = _section(root, "kinematics", required=False)
    entry.check_keys([one.name for one in fields(Kinematics)])
    delta = entry.table.get("delta", Kinematics.delta)
    chosen = Kinematics(
        r0=entry.number("r0", Kinematics.r0),
        z_sun=entry.number("z_sun", Kinematics.z_sun),
        potential=entry.text("potential", Kinematics.potential),
        delta=delta if isinstance(delta, str) else repr(entry.number("delta", 0.0)),
    )
    try:
        asked(**asdict(chosen), orbits=False)
    except DataError as error:
        raise DataError(f"{path}, kinematics: {error}") from error
    return chosen


def _section(above: Entries, name: str, *, required: bool = True) -> Entries:
    where = f"{above.where}, [{name}]"
    held = above.table.get(name, None if required else {})
    if not isinstance(held, dict):
        raise DataError(f"{above.where} has no [{name}]: add that section")
    return Entries(held, where)


def _pair(entry: Entries, key: str, default: tuple[float, float]) -> tuple[float, float]:
    given = entry.items(key) or list(default)
    numbers = [float(one) for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) != len(given) or len(numbers) != 2 or not numbers[0] < numbers[1]:
        raise DataError(f"{entry.where} has {key} = {given!r:.60}: expected [LOW, HIGH]")
    return numbers[0], numbers[1]


def _whole(entry: Entries, key: str, default: int, low: int, high: int) -> int:
    number = entry.number(key, default)
    if number != int(number) or not low <= number <= high:
        raise DataError(f"{entry.where} has {key} = {number:g}: expected a whole number from {low} to {high}")
    return int(number)
