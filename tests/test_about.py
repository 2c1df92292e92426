"""The page about a catalogue: its own citation first, conventions by name, all text of a file escaped."""

import html
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.table import Table

from data.catalogue import Catalogue, open_catalogue
from data.extract import CITATION
from explorer.about import about_html
from explorer.derive import derivations
from model.kinematics import SolarFrame

SKY = {"ra": [10.0, 80.0], "dec": [1.0, 2.0], "distance": [1.0, 2.0]}
MOTION = {"pmra": [1.0, 2.0], "pmdec": [0.0, 1.0], "rv": [3.0, 4.0]}


def opened(columns: dict[str, list[float]], folder: Path) -> Catalogue:
    Table({"teff": [4500.0, 5000.0], **columns}).write(folder / "stars.fits", overwrite=True)
    frame = SolarFrame(R0=8.178, z_sun=0.0208)
    return open_catalogue(folder / "stars.fits", derivations=derivations(frame=frame), cache=folder / "cache")


def section(page: str, title: str) -> str:
    """Text of one section, as a reader sees it."""
    return html.unescape(page.partition(f"<h2>{title}</h2>")[2].partition("<h2>")[0])


def test_without_a_citation_of_its_own_the_paper_is_cited(tmp_path: Path) -> None:
    page = about_html(opened(SKY, tmp_path))
    cited = section(page, "What to cite")
    assert CITATION in cited
    assert "arXiv:2001.08227v2" in cited
    assert "Zenodo" in cited
    assert "Buder &amp; Simpson" in page
    assert "Buder & Simpson" not in page


def test_the_catalogues_own_citation_comes_first(tmp_path: Path) -> None:
    catalogue = replace(opened(SKY, tmp_path), metadata={"citation": "Buder et al. 2021 <GALAH>"})
    page = about_html(catalogue)
    cited = section(page, "What to cite")
    assert cited.index("Buder et al. 2021") < cited.index("Wheeler")
    assert "For these stars: <b>Buder et al. 2021 &lt;GALAH&gt;</b>" in page


def test_computed_columns_name_their_frame_and_potential(tmp_path: Path) -> None:
    page = about_html(opened({**SKY, **MOTION}, tmp_path))
    said = section(page, "Conventions")
    assert "<b>position</b>, computed here: Sun at R = 8.178 kpc, z = 20.8 pc" in said
    assert (
        "<b>actions</b>, computed here: Staeckel fudge with a focal length per star in MWPotential2014"
        in said
    )
    assert "relative to escape, in MWPotential2014" in said
    assert "the file's own" not in said
    assert "derived position" not in page


def test_signs_and_units_are_always_said(tmp_path: Path) -> None:
    said = section(about_html(opened({"ra": [1.0, 2.0], "dec": [3.0, 4.0]}, tmp_path)), "Conventions")
    for words in (
        "X = +R0",
        "Y = −R sin(phi)",
        "towards −Y",
        "vT and Jphi are positive with rotation",
        "kpc",
    ):
        assert words in said
    assert "computed here" not in said


def test_the_files_own_columns_are_named_as_such(tmp_path: Path) -> None:
    catalogue = opened({**SKY, "R": [8.0, 9.0], "z": [0.1, 0.2], "Jphi": [1800.0, 1900.0]}, tmp_path)
    said = section(about_html(catalogue), "Conventions")
    assert "<b>R, z, Jphi</b>: the file's own, in its frame and potential, not made ours" in said
    assert "what is known of them stands under Notes" in said
    unknown = replace(catalogue, notes=(), mapping_notes=())
    assert "nothing more is known of them" in section(about_html(unknown), "Conventions")


def test_what_a_file_says_of_itself_is_escaped(tmp_path: Path) -> None:
    evil = "<img src=x onerror='alert(1)'>"
    first = opened(SKY, tmp_path)
    catalogue = replace(
        first, name=evil, mapping_name=evil, checksum=evil,
        metadata={evil: evil, "citation": evil, "derived position": f"1; {evil}", f"derived {evil}": evil},
        mapping_notes=(evil,), notes=(evil,), missing={evil: evil}, derived=(evil,),
        described={name: replace(c, meaning=evil, origin=evil) for name, c in first.described.items()},
    )  # fmt: skip
    page = about_html(catalogue)
    assert "<img" not in page
    assert page.count("&lt;img") >= 11


def test_a_mock_says_so_first(tmp_path: Path) -> None:
    catalogue = opened(SKY, tmp_path)
    assert about_html(replace(catalogue, mock=True)).index("These are mock stars") < 100
    assert "mock" not in about_html(replace(catalogue, mock=False, source=Path(), described={}))
    assert np.all(catalogue["R"] > 0)
