"""The laws of the house: who may import whom, what stays out of a room, that columns are described."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from astropy import units

from data.schema import ALIASES, COLUMNS, ELEMENTS, LABELS

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("data", "model", "explorer")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SCREEN = {
    "bokeh", "datashader", "holoviews", "jupyter", "matplotlib", "panel", "panel_material_ui", "param",
    "playwright", "rich", "tornado", "typer",
}  # fmt: skip
DISK = {"fcntl", "h5py", "io", "os", "pathlib", "pickle", "pyarrow", "shutil", "sqlite3", "tempfile"}
FILE_CALLS = {
    "fromfile", "genfromtxt", "load", "loadtxt", "memmap", "open", "read_bytes", "read_csv", "read_text",
    "save", "savetxt", "savez", "tofile", "write_bytes", "write_text",
}  # fmt: skip
ENGINE = (
    "algebra",
    "atlas",
    "bitsets",
    "cells",
    "choices",
    "codes",
    "kept",
    "contours",
    "finding",
    "kernels",
    "naming",
    "nearest",
    "notation",
    "overlays",
    "overtaking",
    "painter",
    "palette",
    "picture",
    "polygons",
    "raster",
    "regions",
    "session",
    "stars",
    "tints",
)
VAGUE = {"base", "common", "core", "helper", "helpers", "misc", "util", "utilities", "utils"}
KNOWN_COMMANDS = re.compile(r"\\(mathrm|alpha|delta|phi|chi|sigma|varpi|mu|tau|log|ast|[ ,])")

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
each_column = pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)


def imports(tree, package=""):
    """Every module that a tree imports anywhere, in full; `package` is where relative imports start."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = f"{package}." if node.level else ""
            module = start + (node.module or "")
            found |= {f"{module.rstrip('.')}.{alias.name}" for alias in node.names}
    return found


def tops(modules):
    return {module.partition(".")[0] for module in modules}


def file_calls(tree):
    """Names of called functions that read or write files."""
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = {getattr(func, "id", getattr(func, "attr", "")) for func in called}
    return names & FILE_CALLS


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


# the readers of the laws


def test_imports_are_found_wherever_they_hide():
    inner = "def f():\n    from . import g\n    from .h import i\n    import j, k"
    source = f"import a.b\nfrom c import d as e\n{inner}"
    assert imports(ast.parse(source), "room") == {"a.b", "c.d", "room.g", "room.h.i", "j", "k"}
    assert tops({"a.b", "c"}) == {"a", "c"}


def test_file_access_is_found():
    source = "with open('x') as f: pass\nnp.loadtxt(f)\nPath('x').write_text('')\nnp.sum(x)"
    assert file_calls(ast.parse(source)) == {"open", "loadtxt", "write_text"}


def test_there_is_a_house():
    assert len(FILES) > 50
    assert {path.parent.name for path in FILES} == set(ROOMS)


# the laws


@each_file
def test_rooms_know_only_who_they_may(path):
    room = path.parent.name
    used = tops(imports(tree_of(path), room))
    strangers = {"data": {"model", "explorer"}, "model": {"data", "explorer"}, "explorer": set()}[room]
    assert not used & (strangers | {"tests", "benchmarks"})
    if room != "explorer":
        assert not used & SCREEN


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parent.name == "model"], ids=lambda p: p.stem
)
def test_equations_touch_no_file(path):
    """But for the passing folder in which galpy is imported."""
    tree = tree_of(path)
    if path.stem == "actions":
        (quietly,) = (node for node in tree.body if getattr(node, "name", "") == "_quietly")
        tree.body = [
            node
            for node in tree.body
            if node is not quietly
            and not (
                isinstance(node, ast.Import | ast.ImportFrom) and tops(imports(ast.Module([node]))) & DISK
            )
        ]
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"os", "Path", "TemporaryDirectory"}
    assert not tops(imports(tree)) & DISK
    assert not file_calls(tree)


def test_one_file_knows_galpy():
    knowing = [path for path in FILES if "galpy" in tops(imports(tree_of(path)))]
    assert [path.relative_to(ROOT).as_posix() for path in knowing] == ["model/actions.py"]


@pytest.mark.parametrize("name", ENGINE)
def test_engine_of_the_maps_knows_no_widget(name):
    used = imports(tree_of(ROOT / "explorer" / f"{name}.py"), "explorer")
    assert not tops(used) & SCREEN
    ours = {module.split(".")[1] for module in used if module.startswith("explorer.")}
    assert ours <= set(ENGINE)


TYPES = {"Bins", "Codes", "Ends", "Pixels", "Values", "Words"}


@pytest.mark.parametrize("name", ["kernels", "regions", "polygons", "codes", "cells", "nearest"])
def test_compiled_files_stand_alone(name):
    """numba's cache does not notice a change in another file: they share names of types and no more."""
    used = imports(tree_of(ROOT / "explorer" / f"{name}.py"))
    assert {one.rpartition(".")[2] for one in used if one.partition(".")[0] in ROOMS} <= TYPES


@each_file
def test_packages_are_flat_and_files_have_names(path):
    assert path.parent.parent == ROOT
    assert path.stem not in VAGUE


@each_file
def test_file_says_what_it_is_for(path):
    assert path.name == "__init__.py" or ast.get_docstring(tree_of(path))


def test_every_import_is_a_dependency_and_every_dependency_is_imported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.match(r"[A-Za-z0-9_-]+", line)[0].replace("-", "_") for line in project["dependencies"]}
    used = {top for path in FILES for top in tops(imports(tree_of(path), path.parent.name))}
    assert used - set(sys.stdlib_module_names) - set(ROOMS) == named


# every column is described


@each_column
def test_column_is_described(column):
    assert COLUMNS[column.name] is column
    assert column.name.isidentifier()
    assert column.plain
    assert column.origin
    assert column.meaning.endswith(".")
    assert not column.meaning.endswith("..")
    assert column.meaning[0].isupper() or column.meaning.startswith("chi2")


@each_column
def test_column_has_a_unit_and_a_range(column):
    unit = units.Unit(column.unit)
    assert unit is not None
    assert -np.inf < column.low < column.high < np.inf
    if column.unit == "deg" and column.kind == "angle":
        assert (column.low, column.high) == (0, 360)
    if column.kind in ("flag", "identifier", "category"):
        assert column.unit == ""
        assert (column.low, column.high) == (0, 1)


@each_column
def test_column_is_stored_as_its_kind_needs(column):
    stored = {"flag": {"int8"}, "identifier": {"int64", "str"}, "category": {"str"}}
    assert column.dtype in stored.get(column.kind, {"float32", "float64"})
    assert column.is_number == (column.dtype in ("float32", "float64", "int8"))
    kind = "S1" if column.dtype == "str" else column.dtype
    assert np.array([column.missing], kind).astype(object)[0] == pytest.approx(column.missing, nan_ok=True)
    assert column.missing in (-1, b"") or np.isnan(column.missing)


@each_column
def test_column_has_balanced_mathematics(column):
    assert column.tex.count("{") == column.tex.count("}")
    assert column.tex.count("[") == column.tex.count("]")
    assert column.tex.count("(") == column.tex.count(")")
    assert "$" not in column.tex
    assert "\\" not in KNOWN_COMMANDS.sub("", column.tex)


@pytest.mark.parametrize("name", ["plain", "tex", "meaning"])
def test_columns_can_be_told_apart(name):
    texts = [getattr(column, name) for column in COLUMNS.values()]
    assert len(set(texts)) == len(texts)
    folded = [column.name.lower() for column in COLUMNS.values() if column.name not in ("X", "Y", "Z")]
    assert len(set(folded)) == len(folded)


def test_every_label_has_its_error_and_its_flag():
    for label in LABELS:
        error = COLUMNS[f"e_{label.name}"]
        assert error.unit == label.unit
        assert error.low == 0
        assert f"{label.name}_extrap" in COLUMNS or label.name in ("teff", "logg")
    assert "kiel_extrap" in COLUMNS
    for element in ELEMENTS:
        assert {
            f"{element}_fe",
            f"e_{element}_fe",
            f"chi2_{element}_fe",
            f"{element}_fe_extrap",
        } <= COLUMNS.keys()


def test_aliases_are_other_names_of_columns():
    assert set(ALIASES.values()) <= COLUMNS.keys()
    assert not set(ALIASES) & COLUMNS.keys()
