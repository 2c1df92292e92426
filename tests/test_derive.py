"""The derivations: golden stars, the model's own numbers, and what is found out about a foreign catalogue."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from numpy.typing import NDArray

from data.catalogue import Catalogue, open_catalogue
from explorer.derive import derivations
from model.kinematics import SolarFrame

ROWS = 200
GOLDEN = {
    "R": "R_kpc", "z": "z_kpc", "vR": "vR_kms", "vT": "vT_kms", "vz": "vz_kms",
    "JR": "JR_galpy_dstar", "Jphi": "Jphi_kpckms", "Jz": "Jz_galpy_dstar",
}  # fmt: skip


def opened(columns: Mapping[str, Any], folder: Path, **options: Any) -> Catalogue:
    path = folder / "stars.fits"
    Table(dict(columns)).write(path, overwrite=True)
    made = derivations(**options)
    return open_catalogue(path, derivations=made, cache=folder / "cache")


def sky(rows: int = ROWS) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(5)
    return {
        "teff": rng.uniform(4000, 6000, rows),
        "ra": rng.uniform(0, 360, rows),
        "dec": rng.uniform(-30, 80, rows),
        "distance": rng.uniform(0.2, 5, rows).astype(np.float32),
        "pmra": rng.normal(0, 3, rows),
        "pmdec": rng.normal(0, 3, rows),
        "rv": rng.normal(0, 40, rows).astype(np.float32),
    }


def in_order(catalogue: Catalogue, name: str) -> NDArray[Any]:
    return np.asarray(catalogue[name])[catalogue.row_of_source]


def test_golden_stars(golden_actions: Path, tmp_path: Path) -> None:
    golden = Table.read(golden_actions, format="ascii.csv")
    golden = golden[golden["dist_kpc"] > 1e-3]
    columns = {
        "teff": np.full(len(golden), 5000.0), "ra": golden["ra_deg"], "dec": golden["dec_deg"],
        "distance": golden["dist_kpc"], "pmra": golden["pmra_cosdec_masyr"],
        "pmdec": golden["pmdec_masyr"], "rv": golden["vlos_kms"],
    }  # fmt: skip
    catalogue = opened({name: np.asarray(values) for name, values in columns.items()}, tmp_path)
    bound = np.asarray([str(value) == "True" for value in golden["bound"]])
    for ours, theirs in GOLDEN.items():
        chosen = bound if ours.startswith("J") else np.ones(len(bound), bool)
        expected = np.asarray(golden[theirs][chosen], dtype=float)
        scale = 1e-4 * max(1.0, np.median(np.abs(expected)))
        found = in_order(catalogue, ours)[chosen]
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=scale, err_msg=ours)
    assert in_order(catalogue, "actions_failed")[~bound].tolist() == [1] * int((~bound).sum())
    assert np.all(np.isnan(in_order(catalogue, "JR")[~bound]))


def test_everything_follows_from_six_numbers(tmp_path: Path) -> None:
    catalogue = opened(sky(), tmp_path)
    assert catalogue.derived == (
        "l", "b", "R", "phi", "z", "X", "Y", "vR", "vT", "vz", "JR", "Jphi", "Jz", "actions_failed", "energy",
    )  # fmt: skip
    place = SkyCoord(sky()["ra"] * u.deg, sky()["dec"] * u.deg).galactic
    np.testing.assert_allclose(in_order(catalogue, "l"), place.l.deg, atol=1e-9)
    np.testing.assert_allclose(in_order(catalogue, "b"), place.b.deg, atol=1e-9)
    R, phi = (in_order(catalogue, name).astype(float) for name in ("R", "phi"))
    np.testing.assert_allclose(in_order(catalogue, "X"), R * np.cos(phi), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(in_order(catalogue, "Y"), -R * np.sin(phi), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        in_order(catalogue, "Jphi"), R * in_order(catalogue, "vT"), rtol=1e-5, atol=1e-2
    )
    ahead = (place.l.deg > 30) & (place.l.deg < 150)
    assert np.all(in_order(catalogue, "Y")[ahead] < 0)
    assert catalogue.missing["parallax_over_error"] == "needs parallax and e_parallax, which the file lacks"


def test_a_star_with_a_hole_spoils_only_itself(tmp_path: Path) -> None:
    columns = sky()
    columns["rv"][3] = np.nan
    catalogue = opened(columns, tmp_path)
    assert np.isfinite(in_order(catalogue, "R")).all()
    for name in ("vR", "JR", "energy"):
        assert np.flatnonzero(np.isnan(in_order(catalogue, name))).tolist() == [3]
    assert in_order(catalogue, "actions_failed")[3] == 0


def test_the_giant_model_follows_lamosts_own_labels(tmp_path: Path) -> None:
    columns = {
        **sky(4),
        "teff_lamost": [4500.0, 5500.0, np.nan, 4500.0],
        "logg_lamost": [2.0, 4.5, 2.0, np.nan],
    }
    catalogue = opened(columns, tmp_path)
    assert in_order(catalogue, "giantmodel").tolist() == [1, 0, -1, -1]
    assert "giantmodel" not in opened({**sky(4), "logg": [2.0] * 4}, tmp_path)


def test_parallax_quality(tmp_path: Path) -> None:
    catalogue = opened({**sky(3), "parallax": [1.0, -1, 2], "e_parallax": [0.5, 0.5, 0.0]}, tmp_path)
    assert in_order(catalogue, "parallax_over_error")[:2].tolist() == [2.0, -2.0]
    assert np.isnan(in_order(catalogue, "parallax_over_error")[2])


def test_versions_name_frame_and_potential() -> None:
    usual = {derivation.name: derivation.version for derivation in derivations()}
    moved = {d.name: d.version for d in derivations(frame=SolarFrame(z_sun=0.0))}
    changed = {name for name in usual if usual[name] != moved[name]}
    assert changed == {"position", "velocity"}
    assert "z = 25 pc" in usual["position"]
    assert "MWPotential2014" in usual["actions"]


def test_another_frame_gives_other_numbers_and_another_cache_entry(tmp_path: Path) -> None:
    usual = opened(sky(), tmp_path)
    other = opened(sky(), tmp_path, frame=SolarFrame(R0=8.2))
    assert np.median(other["R"]) > np.median(usual["R"])
    assert "R = 8.2 kpc" in other.metadata["derived position"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, "phi grows with rotation, as ours: 100.0%"),
        ({"phi": -1}, "phi is mirrored: it grows against rotation"),
        ({"Y": -1}, "Y is mirrored: it has rotation towards +Y"),
        ({"vT": -1}, "vT is negative for most stars"),
        ({}, "the file's own R and z agree with those of our frame"),
    ],
)
def test_the_handedness_of_a_foreign_catalogue_is_found_out(
    tmp_path: Path, change: dict[str, float], says: str
) -> None:
    first = opened(sky(), tmp_path)
    columns = {
        name: in_order(first, name) * change.get(name, 1)
        for name in (*first.found, "R", "phi", "z", "Y", "vT")
    }
    assert any(note.startswith(says) for note in opened(columns, tmp_path / "").notes)


def test_an_azimuth_counted_from_the_far_side(tmp_path: Path) -> None:
    first = opened(sky(), tmp_path)
    columns = {name: in_order(first, name) for name in (*first.found, "R", "phi", "z")}
    columns["phi"] = columns["phi"] + np.float32(np.pi)
    assert any("counts from there, not from the Sun" in note for note in opened(columns, tmp_path).notes)


def test_another_height_of_the_sun_shows(tmp_path: Path) -> None:
    first = opened(sky(), tmp_path)
    columns = {name: in_order(first, name) for name in (*first.found, "R", "z")}
    columns["z"] = columns["z"] + np.float32(0.225)
    assert any("+0.225 kpc" in note for note in opened(columns, tmp_path).notes)


def test_no_findings_without_the_columns_for_them(tmp_path: Path) -> None:
    assert opened({name: sky()[name] for name in ("teff", "ra", "dec")}, tmp_path).notes == ()
