"""The derivations: golden stars, the model's own numbers, and what is found out about a foreign catalogue."""

import sys
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
from explorer.__main__ import main
from explorer.derive import derivations
from model.kinematics import SolarFrame, cylindrical

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


def golden_sky(golden: Table) -> dict[str, NDArray[Any]]:
    columns = {
        "teff": np.full(len(golden), 5000.0), "ra": golden["ra_deg"], "dec": golden["dec_deg"],
        "distance": golden["dist_kpc"], "pmra": golden["pmra_cosdec_masyr"],
        "pmdec": golden["pmdec_masyr"], "rv": golden["vlos_kms"],
    }  # fmt: skip
    return {name: np.asarray(values) for name, values in columns.items()}


def test_golden_stars(golden_actions: Path, tmp_path: Path) -> None:
    golden = Table.read(golden_actions, format="ascii.csv")
    golden = golden[golden["dist_kpc"] > 1e-3]
    catalogue = opened(golden_sky(golden), tmp_path)
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


def versions(**options: Any) -> dict[tuple[str, tuple[str, ...]], str]:
    return {(made.name, made.needs): made.version for made in derivations(**options)}


def changed(**options: Any) -> list[str]:
    usual, other = versions(), versions(**options)
    return [name for (name, needs), version in usual.items() if other[name, needs] != version]


def test_versions_name_the_conventions() -> None:
    told = {name: version for (name, _), version in versions(orbits=True).items()}
    assert "z = 25 pc" in told["position"]
    for name in ("actions", "energy", "orbits"):
        assert "MWPotential2014" in told[name]
        assert "z = 25 pc" in told[name]
    assert "a focal length per star" in told["actions"]
    assert changed(frame=SolarFrame(z_sun=0.0)) == ["position", "velocity", "actions", "energy"]
    assert changed(delta=0.45) == ["actions", "actions"]
    assert changed(orbits=True) == ["orbits", "orbits"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"potential": "McMillan17"}, "'McMillan17'"),
        ({"delta": 0.0}, "delta = 0"),
        ({"delta": np.nan}, "delta = nan"),
    ],
)
def test_conventions_that_are_none(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        derivations(**options)


def test_a_fixed_focal_length_is_that_of_the_golden_stars(golden_actions: Path, tmp_path: Path) -> None:
    golden = Table.read(golden_actions, format="ascii.csv")
    golden = golden[(golden["dist_kpc"] > 1e-3) & (golden["bound"] == "True")]
    catalogue = opened(golden_sky(golden), tmp_path, delta=0.45)
    for ours, theirs in (("JR", "JR_galpy_d0p45"), ("Jz", "Jz_galpy_d0p45")):
        expected = np.asarray(golden[theirs], dtype=float)
        np.testing.assert_allclose(in_order(catalogue, ours), expected, rtol=2e-4, atol=1e-3)
    assert "focal length 0.45 R0" in catalogue.metadata["derived actions"]


def test_orbits_only_on_request(tmp_path: Path) -> None:
    usual, asked = opened(sky(), tmp_path), opened(sky(), tmp_path, orbits=True)
    extremes = ("eccentricity", "z_max", "r_peri", "r_apo")
    assert {usual.missing[name] for name in extremes} == {"computed on request: --orbits"}
    assert asked.derived == (*usual.derived, *extremes)
    low, high = np.asarray(asked["r_peri"]), np.asarray(asked["r_apo"])
    bound = np.isfinite(high)
    assert bound.mean() > 0.9
    np.testing.assert_allclose(asked["eccentricity"], (high - low) / (high + low), atol=1e-5)
    assert np.all(np.abs(asked["z"])[bound] <= np.asarray(asked["z_max"])[bound] * 1.02 + 0.01)
    distance = np.hypot(asked["R"], asked["z"])[bound]
    assert np.mean((low[bound] <= distance * 1.02) & (distance <= high[bound] * 1.02)) > 0.98


def test_orbits_are_not_promised_where_they_cannot_be_had(tmp_path: Path) -> None:
    columns = sky()
    del columns["rv"]
    assert opened(columns, tmp_path).missing["z_max"] == "needs rv, which the file lacks"
    own = {**sky(), "eccentricity": np.full(ROWS, 0.1)}
    assert "the file's own eccentricity" in opened(own, tmp_path, orbits=True).missing["z_max"]


def test_a_lone_velocity_is_not_mixed_with_ours(tmp_path: Path) -> None:
    ours = opened(sky(), tmp_path)
    catalogue = opened({**sky(), "vT": np.full(ROWS, -220.0)}, tmp_path)
    for name in ("JR", "Jphi", "Jz", "energy"):
        np.testing.assert_array_equal(in_order(catalogue, name), in_order(ours, name))
    assert np.nanmedian(catalogue["Jphi"]) > 0
    assert not {"vR", "vz"} & set(catalogue.columns)
    assert "the file's own vT" in catalogue.missing["vR"]
    notes = " | ".join(catalogue.notes)
    assert "vT is negative for most stars (-220 km/s in the median): it counts against rotation" in notes
    assert "vR and vz cannot be told in the frame of the file's own vT: left out" in notes
    assert "JR, Jphi, Jz and energy are computed in our frame from ra," in notes
    assert "not from the file's own vT" in notes


def test_places_of_another_frame_do_not_reach_the_actions(tmp_path: Path) -> None:
    ours = opened(sky(), tmp_path)
    columns = {**sky(), "R": in_order(ours, "R") + 0.2, "z": in_order(ours, "z") + 0.2}
    catalogue = opened(columns, tmp_path)
    np.testing.assert_array_equal(in_order(catalogue, "vT"), in_order(ours, "vT"))
    np.testing.assert_array_equal(in_order(catalogue, "Jz"), in_order(ours, "Jz"))
    notes = " | ".join(catalogue.notes)
    assert "by +0.200 kpc and +0.200 kpc in the median" in notes
    assert "computed in our frame beside the file's own R and z: phi" in notes


def test_a_whole_phase_space_of_the_file_is_taken_as_it_is(tmp_path: Path) -> None:
    ours = opened(sky(), tmp_path)
    columns = {name: in_order(ours, name) for name in ("R", "z", "vR", "vT", "vz")}
    columns["vT"] = -columns["vT"]
    catalogue = opened({**sky(), **columns}, tmp_path)
    np.testing.assert_allclose(in_order(catalogue, "JR"), in_order(ours, "JR"), rtol=1e-3, atol=0.01)
    np.testing.assert_allclose(in_order(catalogue, "Jphi"), -in_order(ours, "Jphi"), rtol=1e-5)
    assert "from the file's own R, z, vR, vT, vz" in catalogue.metadata["derived actions"]
    assert any("the file's own R, z, vR, vT and vz, in its frame and signs" in n for n in catalogue.notes)
    alone = opened({"teff": sky()["teff"], **columns}, tmp_path)
    np.testing.assert_array_equal(in_order(alone, "Jz"), in_order(catalogue, "Jz"))


def test_actions_of_the_file_are_not_completed_with_ours(tmp_path: Path) -> None:
    catalogue = opened({**sky(), "Jz": np.ones(ROWS), "Jphi": np.full(ROWS, -1800.0)}, tmp_path)
    assert not {"JR", "actions_failed"} & set(catalogue.columns)
    assert catalogue.missing["JR"] == "not computed beside the file's own Jz: the two may not fit"
    assert any(note.startswith("Jphi is negative for most stars (-1800 kpc km/s") for note in catalogue.notes)
    assert "energy" in catalogue.derived


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


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *words: str) -> int:
    """Exit status of the command line with a cache of its own."""
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["explorer", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_conventions_are_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Table(sky()).write(tmp_path / "stars.fits")
    made = {}
    for name, options in {
        "usual": (),
        "said": ("--r0", "8", "--z-sun", "0.025", "--potential", "MWPotential2014", "--delta", "per-star"),
        "other": ("--r0", "8.2", "--z-sun", "0.25", "--delta", "0.45", "--orbits"),
    }.items():
        out = tmp_path / f"{name}.fits"
        words = ("export", str(tmp_path / "stars.fits"), "--out", str(out), *options)
        assert run(monkeypatch, tmp_path, *words) == 0
        made[name] = Table.read(out)
    for name in ("R", "z", "JR", "energy"):
        np.testing.assert_array_equal(made["usual"][name], made["said"][name])
        assert not np.allclose(made["usual"][name], made["other"][name], rtol=1e-6, equal_nan=True)
    columns = sky()
    frame = SolarFrame(R0=8.2, z_sun=0.25)
    R, _, z = cylindrical(columns["ra"], columns["dec"], columns["distance"], frame=frame)
    np.testing.assert_allclose(made["other"]["R"], R, rtol=1e-6)
    np.testing.assert_allclose(made["other"]["z"], z, rtol=1e-5, atol=1e-6)
    assert "r_peri" in made["other"].colnames
    assert "r_peri" not in made["usual"].colnames


@pytest.mark.parametrize("command", ["serve", "info", "export"])
@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--r0", "-8", "give a positive distance"),
        ("--r0", "nan", "give a finite number"),
        ("--z-sun", "25", "give kpc, such as 0.025"),
        ("--potential", "Milky", "no potential is called 'Milky'"),
        ("--delta", "half", "give per-star or a positive number"),
        ("--delta", "-1", "a positive number in units of R0"),
    ],
)
def test_bad_conventions_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    option: str,
    value: str,
    says: str,
) -> None:
    out = ("--out", "a.csv") if command == "export" else ()
    assert run(monkeypatch, tmp_path, command, str(tmp_path / "none.fits"), option, value, *out) == 2
    printed = capsys.readouterr().err
    assert says in printed
    assert printed.startswith("explorer: ")
    assert printed.count("\n") == 1
