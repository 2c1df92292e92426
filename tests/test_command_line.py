"""The command line as a person meets it: one line for each mistake, whole figures, whole files."""

import errno
import gzip
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from astropy.io import fits
from astropy.table import Table

from explorer.__main__ import app, main
from explorer.places import data_folder
from tests.served import ROOT, Served, fetch, free_port

STARS = "teff,fe_h,R,z\n5000,0.1,8.0,0.0\n5100,0.2,9.0,1.0\n"
ID = 4929746660437392257
GIANTS = Path("lamost-dr3-giants") / "LMDR3_diskRGB2.dat"
DR1 = Path("lamost-spectra") / "learninglamost-dr1" / "my_data3.csv"
HERE = {"EXPLORER_CACHE": "cache", "EXPLORER_DATA": "data", "HOME": "home"}
SCATTER = ("--labels", "scatter")

WITNESS = """
import os, socket, sys
def note(event, details):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open(os.environ["WITNESS_LOG"], "a") as log:
            log.write(f"{event} {details}\\n")
sys.addaudithook(note)
socket.getaddrinfo("127.0.0.2", 9)
"""
"""A ``sitecustomize`` for a Python and all that it starts: writes down each attempt to reach a host.

The first attempt is its own, which proves that it is awake.
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str

    def is_one_line(self, *says: str) -> None:
        """It failed as a mistake should, and the line says all of this."""
        assert (self.status, self.out) == (2, ""), self
        assert self.err.endswith("\n")
        assert len(self.err.splitlines()) == 1, self.err
        for words in ("explorer: ", *says):
            assert words in self.err


@dataclass(frozen=True)
class Mistake:
    """A wrong catalogue: its file, what is in it, and what the line must say of it."""

    file: str
    content: Callable[[], bytes]
    says: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


Run = Callable[..., Outcome]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working folder beside the folders in which the program keeps its files."""
    for name, folder in HERE.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("COLUMNS", "80")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "stars.csv").write_text(STARS)
    return work


@pytest.fixture
def run(place, monkeypatch, capsys) -> Run:
    """Runs a command in this very process, from its words to its exit status."""

    def go(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["explorer", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return Outcome(end.value.code or 0, *capsys.readouterr())

    return go


def shell(*words: object) -> Outcome:
    """Run a command in a process of its own, where it stands."""
    command = [sys.executable, "-m", "explorer", *map(str, words)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def as_fits(rows: int = 300) -> bytes:
    out = BytesIO()
    Table({name: np.arange(rows) + 0.5 for name in ("teff", "fe_h", "R", "z")}).write(out, format="fits")
    return out.getvalue()


def as_parquet(rows: int = 300) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(pa.table({name: np.arange(rows) + 0.5 for name in ("teff", "fe_h", "R", "z")}), out)
    return out.getvalue().to_pybytes()


def an_image() -> bytes:
    out = BytesIO()
    fits.PrimaryHDU(np.zeros((5, 5))).writeto(out)
    return out.getvalue()


def said(text: str) -> Callable[[], bytes]:
    return text.encode


MISTAKES = {
    "empty": Mistake("a.fits", said(""), ("a.fits is empty", "download it again")),
    "FITS cut": Mistake("a.fits", lambda: as_fits()[:7000], ("a.fits breaks off", "300 rows", "again")),
    "FITS header cut": Mistake("a.fits", lambda: as_fits()[:1500], ("a.fits is damaged", "again")),
    "Parquet cut": Mistake("a.parquet", lambda: as_parquet()[:3000], ("a.parquet is damaged", "again")),
    "gzip cut": Mistake(
        "a.csv.gz", lambda: gzip.compress(as_fits())[:-20], ("a.csv.gz breaks off or is damaged", "again")
    ),
    "gzip of nothing": Mistake("a.gz", lambda: gzip.compress(b""), ("a.gz unpacks to nothing", "again")),
    "gzip bomb": Mistake(
        "a.csv.gz",
        lambda: gzip.compress(STARS.encode() + b"5000,0.1,8.0,0.0\n" * 100_000),
        ("a.csv.gz", "unpacks to more than 104.9 KiB", "EXPLORER_UNPACKED_GIB"),
        {"EXPLORER_UNPACKED_GIB": "0.0001"},
    ),
    "bound no number": Mistake(
        "a.csv.gz",
        lambda: gzip.compress(STARS.encode()),
        ("EXPLORER_UNPACKED_GIB is 'lots'", "a positive number of GiB"),
        {"EXPLORER_UNPACKED_GIB": "lots"},
    ),
    "web page": Mistake(
        "a.fits", said("<!DOCTYPE html>\n<html>Log in</html>"), ("a.fits is a web page", "download the table")
    ),
    "image": Mistake("a.fits", an_image, ("a.fits holds images but no table", "FITS table extension")),
    "zip": Mistake("a.csv", lambda: b"PK\x03\x04" + bytes(99), ("a.csv is a zip archive", "unpack it")),
    "binary": Mistake("a.csv", lambda: bytes(range(256)), ("a.csv is binary", "expected FITS")),
    "foreign columns": Mistake(
        "a.csv", said("a,b\n1,2\n"), ("a.csv has no columns we recognise", "found a, b", "--mapping")
    ),
    "no column names": Mistake("a.csv", said("1,2\n3,4\n"), ("a.csv has no line of column names", "add one")),
    "column twice": Mistake(
        "a.csv", said("teff,fe_h,R,teff\n1,2,3,4\n"), ("a.csv has the column 'teff' 2 times", "rename")
    ),
    "words in CSV": Mistake(
        "a.csv", said(STARS + "hot,0,8,0\n"), ("column 'teff' of", "a.csv", "'hot'", "correct that row")
    ),
    "words in a white-space table": Mistake(
        "a.txt",
        said("teff fe_h R z\nhot 0 8 0\n"),
        ("column 'teff' of", "a.txt", "'hot'", "correct that row"),
    ),
    "ragged": Mistake("a.csv", said(STARS + "5200,0\n"), ("a.csv is no regular table", "as many fields")),
    "all missing": Mistake(
        "a.csv", said("teff,fe_h,R\n,,\nNaN,,\n"), ("a.csv has no value that is", "teff, fe_h, R")
    ),
    "CSV without rows": Mistake("a.csv", said("teff,fe_h,R,z\n"), ("a.csv has columns but no rows", "star")),
    "FITS without rows": Mistake("a.fits", lambda: as_fits(0), ("a.fits has columns but no rows", "star")),
    "Parquet without rows": Mistake("a.parquet", lambda: as_parquet(0), ("columns but no rows", "star")),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_catalogue_is_one_line_and_leaves_nothing(run, place, monkeypatch, mistake):
    (place / mistake.file).write_bytes(mistake.content())
    for name, value in mistake.environment.items():
        monkeypatch.setenv(name, value)
    before = tree(place)
    run("info", mistake.file).is_one_line(*mistake.says)
    run("export", mistake.file, "--out", "out.csv").is_one_line(*mistake.says)
    assert tree(place) == before
    assert not any(tree(place.parent / "cache").values()), "something more than empty locks"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("absent.fits", "absent.fits does not exist: give the path of a table"),
        ("", "the path of the catalogue is empty: give that of a table (FITS, Parquet"),
        (".", "is a folder without Parquet files: expected parts such as"),
        ("/dev/null", "/dev/null is neither a file nor a folder"),
        ("x" * 300, "File name too long (/"),
    ],
    ids=["absent", "empty", "folder", "device", "long name"],
)
@pytest.mark.parametrize("command", ["info", "serve"])
def test_no_catalogue_at_all(run, command, given, says):
    run(command, given, *(["--port", free_port()] if command == "serve" else [])).is_one_line(says)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file: run as another user")
def test_a_catalogue_that_may_not_be_read(run, place):
    (place / "stars.csv").chmod(0)
    run("info", "stars.csv").is_one_line("stars.csv may not be read", "chmod +r")


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("[columns]\nteff = {from = 'teff', unit = 'furlong'}", "unit 'furlong' is not known: expected one"),
        ("[columns]\nteff = {from = 'teff', unit = 'kpc'}", "measures something else: expected one"),
        (
            "[columns]\nteff = {frm = 'teff'}",
            "column teff, does not say what fills it: expected teff = {from",
        ),
        ("[columns]\nteff = {from = 'teff', sentinal = 1}", "'sentinal': did you mean 'sentinels'?"),
        ("[columns]\ntef = {from = 'teff'}", "column tef, is none of ours: did you mean 'teff'?"),
        ("nme = 'x'\n[columns]\nteff = {from = 'teff'}", "unknown key 'nme': did you mean 'name'?"),
        ("[columns]\nteff = {from = 'TEMPERATURE'}", "from 'TEMPERATURE', which"),
        ("name = 'x'", "has no [columns]: expected entries"),
        ("[columns", "is no TOML (Expected ']'"),
        ("[columns]\nteff = {from = 'teff', scale = 'ten'}", "scale = 'ten': expected a number"),
    ],
)
def test_a_wrong_mapping(run, place, mapping, says):
    (place / "own.toml").write_text(mapping)
    run("info", "stars.csv", "--mapping", "own.toml").is_one_line("the mapping own", says)
    assert not any(tree(place.parent / "cache").values())


@pytest.mark.parametrize("name", ["absent.toml", "lamst", "."])
def test_a_mapping_that_is_not_there(run, name):
    run("info", "stars.csv", "--mapping", name).is_one_line(f"no mapping '{name}'", "one of apogee-dr17")


def test_a_unit_in_the_file_that_is_not_known(run, place):
    table = Table({name: [1.0, 2.0] for name in ("teff", "fe_h", "R", "z")})
    table.meta["comments"] = ["a survey"]
    table.write("odd.fits")
    fits.setval("odd.fits", "TUNIT3", value="furlong", ext=1)
    run("info", "odd.fits").is_one_line(
        "column 'R' of", "'furlong' is not known", "say what it is in a mapping"
    )


def test_a_column_without_values_is_noted(run, place):
    (place / "some.csv").write_text("teff,fe_h,R,z\n,0.1,8,0\n,0.2,9,1\n")
    done = run("info", "some.csv")
    assert done.status == 0
    assert "without any value: teff" in done.out
    assert re.search(r"^teff .* - +- +- +2 100%$", done.out, re.MULTILINE)


EXPORTS = {
    "unknown column": (["--where", "nope > 1"], "no column 'nope'"),
    "number for condition": (["--where", "teff"], "'teff' is a number, not a condition: compare it"),
    "unfinished": (["--where", "teff >"], "character 7: it ends where"),
    "blank": (["--where", "  "], "the expression is empty: write a condition"),
    "import": (["--where", "__import__('os') > 1"], "no function '__import__'"),
    "attribute": (["--where", "teff.__class__ > 1"], "cannot read"),
    "statement": (["--where", "teff > 1; touch evil"], "cannot read ';'"),
    "lines": (["--where", "teff > 1\n\n;"], "cannot read ';'"),
    "deep": (["--where", "(" * 3000 + "teff > 1" + ")" * 3000], "expression"),
    "markup": (["--where", "[bold]teff[/bold] > 1"], "[bold]teff[/bold]"),
    "column absent": (["--columns", "teff,\nnope"], "no column 'nope' to export: see 'explorer info'"),
    "column missing": (["--columns", "teff,mg_fe"], "no column mg_fe: not in the file"),
    "column twice": (["--columns", "teff,teff"], "name each once"),
    "no column": (["--columns", ""], "no column '' to export"),
    "no definition": (["--derive", "teff"], "--derive 'teff' is no definition: write NAME = EXPRESSION"),
    "derived from nothing": (["--derive", "a = 1"], "names no column"),
    "derived from absent": (["--derive", "a = nope"], "no column 'nope'"),
    "derived from itself": (["--derive", "a = a + R"], "a is computed from a, that is itself"),
    "derived too early": (
        ["--derive", "a = q * 2", "--derive", "q = R"],
        "from q, which is defined after it",
    ),
    "derived too large": (
        [
            word
            for n in range(1, 20)
            for word in ("--derive", f"n{n} = n{n - 1} * n{n - 1}" if n > 1 else "n1 = R + z")
        ],
        "written out",
    ),
    "derived means more": (["--derive", "[Mg/Fe] = R"], "[Mg/Fe] means mg_fe wherever it is written"),
    "derived twice": (["--derive", "a = teff", "--derive", "a = fe_h"], "defines 'a' twice"),
    "derived name": (["--derive", "a;b = teff"], "'a;b' cannot name a column"),
    "name without format": (["--out", "out"], "end it with one of .csv, .fits, .parquet"),
    "unknown suffix": (["--out", "out.xlsx"], "end it with one of .csv, .fits, .parquet"),
    "no folder": (["--out", "absent/out.csv"], "the folder absent does not exist: make it first"),
    "a folder": (["--out", "folder.csv"], "folder.csv is a folder: give the name of a file in it"),
    "exists": (["--out", "kept.csv"], "kept.csv exists already: choose another name"),
    "itself": (["--out", "stars.csv", "--overwrite"], "stars.csv is the catalogue itself"),
    "long name": (["--out", "x" * 300 + ".csv"], "File name too long"),
}


@pytest.mark.parametrize(("words", "says"), EXPORTS.values(), ids=EXPORTS)
def test_a_wrong_export_is_one_line_and_leaves_nothing(run, place, words, says):
    (place / "folder.csv").mkdir()
    (place / "kept.csv").write_text("kept")
    before = tree(place)
    run("export", "stars.csv", "--out", "out.csv", *words).is_one_line(says)
    assert tree(place) == before
    assert not list((place / "folder.csv").iterdir())


OPTIONS = {
    "no command": (["sevre"], "No such command 'sevre'"),
    "no option": (["info", "--colour", "stars.csv"], "No such option: --colour"),
    "no file": (["info"], "Missing argument"),
    "two files": (["info", "stars.csv", "more.csv"], "unexpected extra argument"),
    "nothing to write": (["export", "stars.csv"], "Missing option '--out'"),
    "option without value": (["export", "stars.csv", "--out"], "'--out' requires an argument"),
    "no stars": (
        ["demo", *SCATTER, "--stars", "0"],
        "0 stars were asked for: give a number from 1 to",
    ),
    "too many stars": (["demo", *SCATTER, "--stars", "9" * 15], "give a number from 1 to"),
    "not a number": (["demo", "--stars", "1e6"], "'--stars': Input should be a valid integer"),
    "labels": (["demo", "--labels", "exact"], "labels 'exact' were asked for: give one of pipeline, scatter"),
    "seed": (
        ["demo", *SCATTER, "--seed", "-1"],
        "seed -1 was given: give 0 or a positive number",
    ),
    "no folder": (
        ["demo", *SCATTER, "--out", "absent/m.parquet"],
        "cannot write absent/m.parquet: give the name",
    ),
    "no Parquet": (
        ["demo", *SCATTER, "--out", "stars.csv"],
        "--out stars.csv does not say",
        "end it with .parquet",
    ),
    "port 0": (["serve", "stars.csv", "--port", "0"], "'--port': Input should be greater than or equal to 1"),
    "port too high": (["serve", "--port", "65536"], "less than or equal to 65535"),
    "port in words": (["serve", "--port", "http"], "'--port': Input should be a valid integer"),
    "no address": (["serve", "--address", ""], "--address is empty", "such as 127.0.0.1"),
    "address of others": (["serve", "--address", "192.0.2.1"], "--address '192.0.2.1' can't", "IPv4 address"),
    "address unknown": (["serve", "--address", "a..b"], "--address 'a..b' can't be", "such as 127.0.0.1"),
    "address odd": (["serve", "--address", "é" * 80], "--address 'é", "IPv4 address of this machine"),
    "address IPv6": (["serve", "--address", "::1"], "--address '::1' can't be listened on", "IPv4 address"),
    "address as link": (["serve", "--origin", "http://a.org:80"], "'http://a.org:80' is no host: write HOST"),
    "delta": (["info", "stars.csv", "--delta", "wide"], "--delta 'wide' is no focal length: give per-star"),
    "potential": (["info", "stars.csv", "--potential", "M31"], "no potential is called 'M31': give one of"),
    "Sun at the centre": (["export", "stars.csv", "--out", "o.csv", "--r0", "0"], "a positive distance"),
    "Sun nowhere": (["serve", "stars.csv", "--z-sun", "nan"], "z_sun = nan: give a finite number"),
    "no origin": (["serve", "--origin", ""], "--origin '' is no host: write HOST:PORT"),
}


@pytest.mark.parametrize(("words", "says"), [(w, s) for w, *s in OPTIONS.values()], ids=OPTIONS)
def test_a_wrong_option_is_one_line_and_leaves_nothing(run, place, words, says):
    before = tree(place)
    run(*words).is_one_line(*says)
    assert tree(place) == before


def test_a_busy_port(run):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run("serve", "stars.csv", "--port", port).is_one_line(f"port {port} of", "another with --port")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["info", "absent.fits"], "absent.fits does not exist"),
        (["export", "stars.csv", "--out", "o.csv", "--where", "exec('x')"], "no function 'exec'"),
        (["demo", "--stars", "many"], "'--stars': Input should be a valid integer"),
        (["serve", "stars.csv", "--port", "0"], "'--port': Input should be"),
    ],
)
def test_the_same_from_a_shell(place, words, says):
    before = tree(place)
    shell(*words).is_one_line(says)
    assert tree(place) == before


@pytest.mark.parametrize("bound", ["-1", "0", "nan", "inf", "lots"])
@pytest.mark.parametrize("command", ["info", "serve"])
def test_a_bound_of_the_cache_that_is_none(run, place, monkeypatch, bound, command):
    """Also where the catalogue is in the cache already."""
    assert run("info", "stars.csv").status == 0
    monkeypatch.setenv("EXPLORER_CACHE_GIB", bound)
    words = ["--port", free_port()] if command == "serve" else []
    run(command, "stars.csv", *words).is_one_line(
        f"EXPLORER_CACHE_GIB is '{bound}': expected a positive number of GiB such as 40"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output(place):
    command = [sys.executable, "-m", "explorer", "info", "stars.csv"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, which is no file of anybody
        done = subprocess.run(
            command, check=False, stdout=full, stderr=subprocess.PIPE, text=True, env=environment
        )
    Outcome(done.returncode, "", done.stderr).is_one_line("No space left on device: check that the place")


def test_our_own_folder_may_be_named_from_home(place, monkeypatch):
    monkeypatch.setenv("EXPLORER_DATA", "~/mocks")
    assert data_folder() == place.parent / "home" / "mocks"


# info


def lines_of(text: str) -> dict[str, list[str]]:
    """Words of the lines that begin with a column's name."""
    return {line.split()[0]: line.split() for line in text.splitlines() if line[:1] not in ("", " ")}


def figures(words: list[str]) -> list[float]:
    """Lowest, median and highest, from a line's end backwards."""
    missing = 1 if words[-1] == "none" else 2
    return [float(word.replace(",", "")) for word in words[-missing - 3 : -missing]]


def is_summary_of(words: list[str], values: np.ndarray) -> bool:
    """Whether a line tells the range and median of the values, and how many are missing."""
    present = values[np.isfinite(values)]
    told = [present.min(), np.median(present), present.max()]
    gone = len(values) - len(present)
    counted = words[-1] == "none" if gone == 0 else words[-2] == f"{gone:,}"
    return counted and np.allclose(figures(words), told, rtol=2e-3, atol=6e-4)


@pytest.fixture
def real(real_data):
    """Real catalogues: the file, its numbers by our names, and all its identifiers as they are written."""

    def read(name: Path) -> tuple[Path, Mapping[str, np.ndarray], str, set[str]]:
        path = real_data / name
        if not path.is_file():
            pytest.skip(f"no real catalogue at {path}")
        if name == GIANTS:
            names = path.read_text().partition("\n")[0].strip("# ").split()
            table = pd.read_csv(path, sep=r"\s+", comment="#", names=names, dtype={"obsid": str})
            theirs = {"teff": "teff", "fe_h": "feh", "distance": "dist", "R": "R", "z": "Z", "mg_b": "Mgb"}
            return path, {our: table[their].to_numpy() for our, their in theirs.items()}, "obsid", table.obsid
        table = pd.read_csv(path, dtype={"obsid": str}).replace(-9999.0, np.nan)
        theirs = {"teff": "teff", "logg": "logg", "fe_h": "feh", "snrz": "snrz", "e_teff": "teff_err"}
        return path, {our: table[their].to_numpy() for our, their in theirs.items()}, "obsid", table.obsid

    return read


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("name", [GIANTS, DR1], ids=["giants", "DR1"])
def test_real_figures_are_sane_and_whole(run, real, monkeypatch, name, width):
    path, numbers, key, identifiers = real(name)
    monkeypatch.setenv("COLUMNS", str(width))
    done = run("info", path)
    assert (done.status, done.err) == (0, "")
    text = re.sub("sha256.*?\n(?=\\S|\\s*\n)", "", done.out, flags=re.DOTALL)
    assert "9999" not in text
    assert "…" not in text
    assert max(map(len, done.out.splitlines())) <= max(width, 72)
    lines = lines_of(text)
    assert lines[key][1] in set(identifiers)
    for column, values in numbers.items():
        assert is_summary_of(lines[column], values), (column, lines[column])
    if width >= 100:
        assert "[Fe/H]" in lines["fe_h"]


def test_identifiers_are_exact_and_labels_give_way_first(run, monkeypatch):
    table = {
        "source_id": [ID],
        "teff": [5000.0],
        "e_alpha_fe": [0.1],
        "R": [-123.456],
        "subclass": ["x" * 90],
    }
    Table(table).write("a.fits")
    for width in (30, 60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = lines_of(run("info", "a.fits").out)
        assert lines["source_id"] == ["source_id", str(ID), "none"]
        assert figures(lines["R"]) == [-123.5, -123.5, -123.5]
        assert ("[alpha/Fe]" in lines["e_alpha_fe"]) == (width >= 80)


# export


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    """A mock survey as a person makes one, and what the command said."""
    folder = tmp_path_factory.mktemp("mock")
    out = folder / "[red] mock.parquet"
    done = shell("demo", "--labels", "scatter", "--stars", "1500", "--seed", "3", "--out", out)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"Wrote 1,500 mock stars to {out}\nOpen it:  explorer serve {out}\n"
    return out


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".fits":
        table = Table.read(path).filled(-1)
        return pd.DataFrame({name: np.array(table[name].tolist()) for name in table.colnames})
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, comment="#")


@pytest.mark.parametrize("suffix", [".csv", ".fits", ".parquet"])
def test_a_round_trip(run, place, mock, suffix):
    out = place / f"giants{suffix}"
    words = ["--where", "giantmodel and fe_h > -1", "--derive", "[Eu/Ba] = eu_fe - ba_fe"]
    words += ["--columns", "source_id,fe_h,designation,[Eu/Ba]"]
    done = (shell if suffix == ".csv" else run)("export", mock, "--out", out, *words)
    assert (done.status, done.err) == (0, "")
    source = pd.read_parquet(mock)
    chosen = source[(source.giantmodel == 1) & (source.fe_h > -1)]
    assert done.out == f"Wrote {len(chosen)} rows ({out.stat().st_size:,} bytes) to {out}\n"
    written = read(out)
    assert len(chosen) > 50
    ratio = "Eu_Ba" if suffix == ".fits" else "[Eu/Ba]"
    assert list(written) == ["source_id", "fe_h", "designation", ratio]
    assert written.source_id.tolist() == chosen.source_id.tolist()
    assert written.designation.tolist() == chosen.designation.tolist()
    np.testing.assert_array_equal(written.fe_h.astype("f4"), chosen.fe_h)
    np.testing.assert_allclose(written[ratio], chosen.eu_fe - chosen.ba_fe, atol=1e-6)


OWN = """
[columns]
teff = {from = "temperature"}
fe_h = {from = "metals"}
ra = {from = "ra"}
dec = {from = "dec"}
distance = {from = "distance"}
pmra = {from = "pmra"}
pmdec = {from = "pmdec"}
rv = {from = "rv"}
"""


def command_in(path: Path) -> list[str]:
    """The words of the command that a file says it was made by."""
    if path.suffix == ".csv":
        told = next(line for line in path.read_text().splitlines() if line.startswith("# command: "))
        return shlex.split(told.removeprefix("# command: "))
    if path.suffix == ".fits":
        return shlex.split(fits.getheader(path, 1)["COMMAND"])
    return shlex.split(pq.read_schema(path).metadata[b"command"].decode())


@pytest.mark.parametrize(
    ("suffix", "conventions"),
    [
        (".csv", ["--r0", "8.25", "--z-sun", "-0.01"]),
        (".fits", ["--delta", "0.4", "--orbits"]),
        (".parquet", ["--z-sun", "0.0", "--delta", "0.45"]),
    ],
)
def test_the_command_in_a_file_makes_it_again(run, place, monkeypatch, suffix, conventions):
    """In another folder, with the catalogue and the mapping; other conventions would give another file."""
    rng = np.random.default_rng(7)
    numbers = {name: rng.uniform(0.1, 1, 20) for name in ("metals", "distance", "pmra", "pmdec", "rv")}
    sky = {"ra": rng.uniform(0, 360, 20), "dec": rng.uniform(-60, 60, 20)}
    first, second = (place / name for name in ("first", "it's another"))
    for folder in (first, second):
        (folder / "mappings").mkdir(parents=True)
        pd.DataFrame({"temperature": 5000.0, **numbers, **sky}).to_csv(folder / "-my stars.csv", index=False)
    (first / "mappings" / "my own.toml").write_text(OWN)
    (second / "my own.toml").write_text(OWN)
    out = f"my stars{suffix}"
    monkeypatch.chdir(first)
    words = ["./-my stars.csv", "--out", out, "--mapping", "mappings/my own.toml", *conventions]
    words += ["--derive", "cold = Jz < 20", "--derive", "a, b = where(cold, 1, 2) * R"]
    words += ["--where", "-`a, b` < 1", "--columns", 'ra,R,Jz,JR,"a, b"']
    done = run("export", *words)
    assert (done.status, done.err) == (0, "")
    program, *again = command_in(first / out)
    assert program == "explorer"
    monkeypatch.chdir(second)
    assert run(*again).status == 0
    assert (second / out).read_bytes() == (first / out).read_bytes()
    assert run(*(word for word in again if word not in conventions), "--overwrite").status == 0
    assert not read(second / out).equals(read(first / out))


@pytest.mark.parametrize("suffix", [".csv", ".fits", ".parquet"])
def test_no_rows_is_a_table_too_and_said(run, mock, suffix):
    out = Path(f"none{suffix}")
    done = run("export", mock, "--out", out, "--where", "teff < 0", "--columns", "teff,fe_h")
    assert (done.status, done.err) == (0, "No row passes the condition: the table is empty.\n")
    assert (list(read(out)), len(read(out))) == (["teff", "fe_h"], 0)


def test_what_is_exported_opens_again_and_may_be_replaced_when_asked(run, mock):
    for number in (1, 2):
        done = run("export", mock, "--out", "a.csv", "--where", f"teff > {4000 * number}", "--overwrite")
        rows = int(re.match(r"Wrote ([\d,]+) rows", done.out)[1].replace(",", ""))
        told = run("info", "a.csv")
        assert (told.status, told.err) == (0, "")
        assert told.out.startswith(f"a   {rows:,} stars   MOCK, not real stars")


# demo


def test_interrupted_before_a_persons_eyes(place):
    """On a terminal there is a bar; the key that ends a command ends it quietly, with nothing left."""
    watched, terminal = os.openpty()
    command = [
        sys.executable,
        "-m",
        "explorer",
        "demo",
        "--labels",
        "scatter",
        "--stars",
        "90000",
        "--out",
        "m.parquet",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, env=environment) as running:
        os.close(terminal)
        seen = seen_until(watched, b"mock stars")
        running.send_signal(signal.SIGINT)
        seen += seen_until(watched, None)
        running.wait(60)
    os.close(watched)
    assert running.returncode == 130, seen
    assert b"0/90000" in seen
    assert b"Traceback" not in seen
    assert list(tree(place)) == ["stars.csv"]


def seen_until(terminal: int, words: bytes | None) -> bytes:
    """What a terminal shows until there are some words, or (None) until nobody writes to it any more."""
    seen = b""
    while words is None or words not in seen:
        try:
            read = os.read(terminal, 1024)
        except OSError as gone:
            assert gone.errno == errno.EIO  # noqa: PT017 - how Linux tells that the other end is closed
            read = b""
        if not read:
            return seen
        seen += read
    return seen


# help


@pytest.mark.parametrize("command", ["", "serve", "demo", "info", "export"])
def test_help_tells_every_command_and_option(run, command):
    done = run(*command.split(), "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.split()[:2] == ["Usage:", "explorer"]
    assert max(map(len, done.out.splitlines())) <= 80
    group = typer.main.get_command(app)
    if not command:
        assert all(f" {name} " in done.out and known.help for name, known in group.commands.items())
    for parameter in group.commands[command].params if command else ():
        assert parameter.help
        assert parameter.opts[0] in done.out
        assert " ".join(parameter.help.split()[:2]) in done.out


def test_it_says_which_version_it_is(run):
    done = run("--version")
    assert (done.status, done.out, done.err) == (0, f"explorer {version('enrichment-explorer')}\n", "")


def test_without_a_word_it_helps(run):
    done = run()
    assert (done.status, done.err) == (2, "")
    assert "Usage: explorer" in done.out


# serve


def test_it_serves_answers_nobody_outside_and_ends_when_told(place, mock, tmp_path):
    witness, log, port = tmp_path / "witness", tmp_path / "hosts", free_port()
    witness.mkdir()
    (witness / "sitecustomize.py").write_text(WITNESS)
    watched = {"PYTHONPATH": os.pathsep.join([str(witness), str(ROOT)]), "WITNESS_LOG": str(log)}
    server = Served.start(
        ["-m", "explorer", "serve", str(mock), "--port", str(port), "--no-show"],
        port,
        tmp_path / "log",
        **watched,
    )
    try:
        server.wait()
        page = fetch(server.url).decode()
        assert "Milky Way enrichment explorer" in page
        assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']+""", page)
    finally:
        server.process.send_signal(signal.SIGINT)
        status = server.process.wait(60)
        server.stop()
    assert status in (0, 130), server.log.read_text()
    assert "Traceback" not in server.log.read_text()
    reached = log.read_text().splitlines()
    assert "127.0.0.2" in reached[0]
    assert all(re.search(r"'(127\.0\.0\.[12]|localhost|::1)'", host) for host in reached), reached
