"""What `explorer info` prints: true figures, no marks for missing values, no line too long."""

import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from rich.console import Console

from data.catalogue import Catalogue, open_catalogue
from explorer.derive import derivations
from explorer.info import info

REAL = ("lamost-dr3-giants/LMDR3_diskRGB2.dat", "lamost-spectra/learninglamost-dr1/my_data3.csv")


def printed(catalogue: Catalogue, width: int = 100) -> str:
    stream = StringIO()
    info(catalogue, Console(file=stream, width=width))
    return stream.getvalue()


def opened(path: Path, folder: Path) -> Catalogue:
    return open_catalogue(path, derivations=derivations(), cache=folder / "cache")


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.split()[:1] == [name])


@pytest.fixture
def small(tmp_path: Path) -> Catalogue:
    columns = {
        "source_id": [4929746660437392257, 2, 3],
        "designation": ["J0", "", "J2"],
        "teff": [4500.0, 5500.0, np.nan],
        "fe_h": [-0.5, 0.25, 0.0],
        "chi2": [2242.0, 123456.0, 12345678.0],
        "giantmodel": np.array([1, 0, -1], dtype=np.int16),
        "ra": [10.0, 20.0, 30.0],
        "dec": [1.0, 2.0, 3.0],
    }
    Table(columns).write(tmp_path / "small.fits")
    return opened(tmp_path / "small.fits", tmp_path)


def test_it_says_how_many_and_of_what_kind(small: Catalogue) -> None:
    text = printed(small)
    assert "small   3 stars   real" in text
    assert "explorer (FITS)" in text
    assert "8 in the file, 2 derived" in text
    assert small.checksum in text


def test_columns_that_are_not_read_are_counted_and_named(tmp_path: Path) -> None:
    columns = {"teff": [1.0], "logg": [1.0], "fe_h": [1.0], "strange": [1.0], "flux": [[1.0, 2.0]]}
    Table(columns).write(tmp_path / "odd.fits")
    text = printed(opened(tmp_path / "odd.fits", tmp_path))
    assert "3 from the file, of which 2 columns are not read, 0 derived" in text
    assert line_of(text, "not").split() == ["not", "read", "strange,", "flux"]


def test_ranges_and_missing_counts(small: Catalogue) -> None:
    text = printed(small)
    assert line_of(text, "teff").split()[-5:] == ["4,500", "5,500", "5,500", "1", "33%"]
    assert line_of(text, "fe_h").split()[-4:] == ["-0.500", "0.000", "0.250", "none"]
    assert line_of(text, "chi2").split()[-4:] == ["2,242", "123,456", "1.2e+07", "none"]
    assert "50% true" in line_of(text, "giantmodel")
    assert line_of(text, "source_id").split()[1].isdigit()
    assert line_of(text, "designation").endswith("1 33%")


def test_what_is_missing_is_gathered(small: Catalogue) -> None:
    text = printed(small, 400)
    assert "extrapolation flags (*_extrap)" in text
    assert "chi2 near lines (chi2_*)" in text
    assert re.search(r"needs distance, which the file lacks\s+R, phi, z, X, Y", text)


def test_a_mock_cannot_be_overlooked(tmp_path: Path) -> None:
    columns = {"teff": [5000.0], "ra": [1.0], "dec": [2.0], "true_age": [4.5]}
    Table(columns).write(tmp_path / "a.fits")
    assert "MOCK, not real stars" in printed(opened(tmp_path / "a.fits", tmp_path))


def test_square_brackets_are_not_taken_for_colours(small: Catalogue) -> None:
    assert "[Fe/H]" in line_of(printed(small), "fe_h")


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_too_long(small: Catalogue, width: int) -> None:
    assert max(map(len, printed(small, width).splitlines())) <= width


@pytest.mark.parametrize("name", REAL)
def test_real_catalogues_show_sane_figures(real_data: Path, tmp_path: Path, name: str) -> None:
    if not (real_data / name).is_file():
        pytest.skip(f"no real catalogue at {real_data / name}")
    catalogue = opened(real_data / name, tmp_path)
    text = printed(catalogue)
    assert "9999" not in text.replace(catalogue.checksum, "")
    assert "…" not in "".join(line_of(text, column)[-60:] for column in ("teff", "logg", "fe_h", "ra", "rv"))
    for column in catalogue.described:
        assert line_of(text, column), column
