"""The command errors: against the equations called plainly, draws by other programs, a person's mistakes."""

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import astropy.units as u
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from astropy.coordinates import Galactocentric, SkyCoord
from astropy.io import fits
from astropy.table import Table

from data.catalogue import open_catalogue
from data.schema import ALIASES, COLUMNS
from explorer import orbit_errors
from explorer.__main__ import app
from explorer.demo import make_demo
from explorer.orbit_errors import OBSERVED, Drawing, centre_of, described
from model.kinematics import SolarFrame
from model.uncertainty import QUANTITIES, Observed, uncertainty
from tests.lamost_mock import results, runner

STARS = 300
LOST, UPSIDE_DOWN, FAST = 3, 5, 7
"""Rows of stars without rv, with a distance outside its interval, and that leave the Galaxy."""
GAIA = Path("gaia-dr2-sample") / "gdr2_rv_sm.fits"

MAPPING = """
name = "nearby"
description = "Gaia DR2 with distances"
gaia_release = "DR2"
own_names = true
[columns]
source_id = {{from = "source_id"}}
distance = {{from = "d", unit = "kpc", origin = "{origin}"}}
e_pmra = {{from = "pmra_error"}}
e_pmdec = {{from = "pmdec_error"}}
rv = {{from = "radial_velocity"}}
e_rv = {{from = "radial_velocity_error"}}
"""


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    """A mock survey with three odd stars."""
    path = make_demo(tmp_path_factory.mktemp("mock") / "small.parquet", stars=STARS)
    table = pq.read_table(path)
    columns = {name: table[name].to_numpy().copy() for name in ("rv", "distance_lo")}
    columns["rv"][LOST] = np.nan
    columns["rv"][FAST] = 1500
    columns["distance_lo"][UPSIDE_DOWN] = 50
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), table.field(name), pa.array(values))
    pq.write_table(table, path)
    return path


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, own_folders):
    for name, place in own_folders.items():
        monkeypatch.setenv(name, place)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


def plainly(table, **options):
    """What the equations say of the rows of a table, in single precision, by column of ours."""
    columns = {name: table[name].to_numpy(float) for name in OBSERVED}
    found = uncertainty(Observed(star=table["source_id"].to_numpy(), **columns), **options)
    spreads = {
        f"{ALIASES.get(name, name)}_{share}": getattr(found, name)[:, place]
        for name in QUANTITIES
        for place, share in enumerate((16, 50, 84))
    }
    told = {**spreads, "unbound": found.unbound, "failed": found.failed}
    return {name: values.astype("f4") for name, values in told.items()}


@pytest.mark.parametrize("suffix", [".fits", ".parquet", ".csv"])
def test_a_table_says_what_the_equations_say(run, mock, suffix):
    out = Path(f"e{suffix}")
    where = "abs(z) < 0.3 or rv > 1000 or missing(rv) or distance_lo > 10"
    done = run("errors", mock, "--where", where, "--draws", 40, "--seed", 9, "--centre", "mode", "--out", out)
    stars = pq.read_table(mock).to_pandas()
    odd = stars.index.isin([LOST, UPSIDE_DOWN, FAST])
    stars = stars[(stars.z.abs() < 0.3) | odd]
    assert done.status == 0, done
    assert f"Wrote errors of {len(stars)} mock stars to {out}: 40 draws of each, seed 9" in done.out
    assert done.err.startswith("2 of them lack some or all: ")
    found = results(out)
    assert found["source_id"].tolist() == stars["source_id"].tolist()
    assert found["obsid"].tolist() == stars["obsid"].tolist()
    expected = plainly(stars, draws=40, seed=9, centre="mode")
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name].to_numpy("f4"), values, err_msg=name)
    rows = dict(zip(stars.index, range(len(stars)), strict=True))
    assert found["R_50"].isna().to_numpy().nonzero()[0].tolist() == [rows[UPSIDE_DOWN]]
    assert found["vz_50"].isna().to_numpy().nonzero()[0].tolist() == [rows[LOST], rows[UPSIDE_DOWN]]
    assert found["unbound"][rows[FAST]] == found["failed"][rows[FAST]] == 1
    assert np.isnan(found["JR_50"][rows[FAST]])
    assert found["Jphi_50"][rows[FAST]] != 0
    assert list(Path().iterdir()) == [out]


def test_it_says_how_it_was_made_and_what_its_columns_are(run, mock):
    words = ["--where", "teff > 6000", "--draws", 3, "--r0", 8.2, "--delta", 0.5, "--out", "e.fits"]
    assert run("errors", mock, *words).status == 0
    header = fits.getheader("e.fits", 1)
    expected = {
        "mock": "true", "draws": "3", "seed": "1", "centre": "median", "potential": "MWPotential2014",
        "delta": "0.5", "where": "teff > 6000", "source": "small.parquet", "pm_correlation": "none",
        "frame": SolarFrame(R0=8.2).name, "percentiles": "16, 50, 84",
        "sha256": open_catalogue(mock).checksum, "rows": str(header["NAXIS2"]), "out_of": str(STARS),
    }  # fmt: skip
    assert {name: header[name] for name in expected} == expected
    assert "MOCK" in header["title"]
    assert "2001.08227" in header["citation"]
    table = Table.read("e.fits")
    for name in QUANTITIES:
        ours = ALIASES.get(name, name)
        for share in (16, 50, 84):
            assert u.Unit(table[f"{ours}_{share}"].unit or "") == u.Unit(COLUMNS[ours].unit)
    texts = [getattr(column, name) for column in described() for name in ("name", "plain", "tex", "meaning")]
    assert len(set(texts)) == 4 * len(described())
    command = header["command"].split(" ", 2)
    assert command[:2] == ["explorer", "errors"]
    assert "--r0 8.2 --delta 0.5 --where 'teff > 6000' --draws 3 --seed 1 --centre median" in command[2]


def test_neither_processes_nor_pieces_nor_other_stars_matter(run, mock, monkeypatch):
    few = ["--where", f"obsid <= {pq.read_table(mock)['obsid'].to_numpy()[29]}"]
    for out, workers in (("one.fits", 1), ("two.fits", 2)):
        assert run("errors", mock, *few, "--draws", 2000, "--workers", workers, "--out", out).status == 0
    one, two = (Path(name).read_bytes() for name in ("one.fits", "two.fits"))
    assert len(results(Path("one.fits"))) == 30  # more than one piece
    assert one.replace(b"one.fits", b"two.fits") == two
    short = ["--draws", 20, "--out"]
    assert run("errors", mock, *short, "all.parquet").status == 0
    monkeypatch.setattr(orbit_errors, "AT_ONCE", 70)
    assert run("errors", mock, *few, *short, "few.parquet").status == 0
    whole, part = results(Path("all.parquet")), results(Path("few.parquet"))
    pd.testing.assert_frame_equal(whole[whole.obsid.isin(part.obsid)].reset_index(drop=True), part)
    assert run("errors", mock, *few, *short, "other.parquet", "--seed", 2).status == 0
    assert (results(Path("other.parquet"))["R_50"] != part["R_50"]).sum() > 25


def test_stopped_it_goes_on_where_it_was(mock, tmp_path, monkeypatch, run):
    monkeypatch.setattr(orbit_errors, "AT_ONCE", 1000)
    catalogue = open_catalogue(mock)
    drawing = Drawing(10, 1, "median", SolarFrame(), "MWPotential2014", "per-star")

    def errors(progress):
        orbit_errors.orbit_errors(
            catalogue, tmp_path / "e.csv", drawing, where="", unlimited=False, workers=1, overwrite=False,
            progress=progress,
        )  # fmt: skip

    def stop(done, _total, _what):
        if done == 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        errors(stop)
    (place,) = tmp_path.iterdir()
    assert len(list(place.glob("piece-*.parquet"))) == 2
    told = []
    errors(lambda *progress: told.append(progress))
    assert told == [(200, STARS, "stars drawn"), (300, STARS, "stars drawn")]
    assert list(tmp_path.iterdir()) == [tmp_path / "e.csv"]
    found, expected = (
        results(tmp_path / "e.csv"),
        plainly(pq.read_table(mock).to_pandas(), draws=10, centre="median"),
    )
    np.testing.assert_array_equal(found["Jz_84"].to_numpy("f4"), expected["Jz_84"])


def test_stars_without_identifiers_have_draws_of_their_own(run):
    star = "0.1,30,20,2,1.8,2.3,1,-2,0.1,0.1,10,3"
    Path("s.csv").write_text("\n".join([f"fe_h,{','.join(OBSERVED)}", *[star] * 50]))
    assert run("errors", "s.csv", "--draws", 30, "--out", "e.csv").status == 0
    found = results(Path("e.csv"))
    assert found["R_50"].nunique() == 50
    assert list(found)[:2] == ["ra", "dec"]


def test_an_empty_choice_is_a_table(run, mock):
    done = run("errors", mock, "--where", "teff < 0", "--out", "e.parquet")
    assert (done.status, done.err) == (0, "No star passes the condition: the table is empty.\n")
    assert len(results(Path("e.parquet"))) == 0


def test_too_many_stars_have_to_be_asked_for(run, mock, monkeypatch):
    monkeypatch.setattr(orbit_errors, "MOST", STARS - 1)
    words = ["errors", mock, "--draws", 10, "--out", "e.fits"]
    run(*words).is_one_line("300 stars pass, more than 299", "--where", "--all")
    assert not list(Path().iterdir())
    assert run(*words, "--all").status == 0
    assert "--all" in fits.getheader("e.fits", 1)["command"]


def test_the_time_is_told_as_measured():
    assert "about 5 hours with --workers 1;" in orbit_errors._too_many(216_000, 1000, 1)
    assert "about 75 minutes with --workers 4;" in orbit_errors._too_many(216_000, 1000, 4)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--out", "e.txt"], "e.txt"),
        (["--out", "nowhere/e.fits"], "the folder nowhere does not exist"),
        (["--out", "e.csv", "--where", "tef > 1"], "tef"),
        (["--out", "e.csv", "--delta", "wide"], "'wide' is no focal length"),
        (["--out", "e.csv", "--potential", "Plummer"], "Plummer"),
        (["--out", "e.csv", "--centre", "mean"], "mean"),
        (["--out", "e.csv", "--draws", "0"], "--draws"),
        (["--out", "there.csv"], "there.csv exists already"),
    ],
)
def test_mistakes_are_told(run, mock, words, says):
    Path("there.csv").touch()
    run("errors", mock, *words).is_one_line(says)
    assert list(Path().iterdir()) == [Path("there.csv")]


def test_missing_columns_are_told(run, mock):
    table = pq.read_table(mock)
    pq.write_table(table.drop_columns(["e_pmra", "distance_hi"]), "less.parquet")
    run("errors", "less.parquet", "--out", "e.csv").is_one_line("less.parquet lacks", "distance_hi", "e_pmra")


def test_an_impossible_correlation_is_told(run, mock):
    table = pq.read_table(mock)
    pq.write_table(table.append_column("pmra_pmdec_corr", pa.array(np.full(STARS, 1.5))), "odd.parquet")
    done = run("errors", "odd.parquet", "--out", "e.csv")
    done.is_one_line("odd.parquet can't be drawn from", "pmra_pmdec_corr")


@pytest.mark.parametrize(("tie", "said"), [(0.5, b"pmra_pmdec_corr"), (np.nan, b"none")])
def test_a_correlation_that_no_star_has_is_not_said_to_be_used(run, mock, tie, said):
    """As in a catalogue built from a table of Gaia's that lacks it."""
    table = pq.read_table(mock)
    pq.write_table(table.append_column("pmra_pmdec_corr", pa.array(np.full(STARS, tie))), "tied.parquet")
    done = run("errors", "tied.parquet", "--where", "abs(z) < 0.3", "--draws", 10, "--out", "e.parquet")
    assert done.status == 0, done
    assert pq.read_schema("e.parquet").metadata[b"pm_correlation"] == said


def test_distances_of_2018_are_modes(mock):
    catalogue = open_catalogue(mock)
    assert centre_of(catalogue) == "median"

    def built(kind):
        survey = json.dumps({"inputs": {"distances": {"survey": kind}}})
        return centre_of(replace(catalogue, metadata=MappingProxyType({"SURVEY": survey})))

    assert built("bailer-jones-2018") == "mode"
    assert built("bailer-jones-2021") == "median"


@pytest.mark.parametrize(("origin", "centre"), [("Bailer-Jones et al. 2018", "mode"), ("my own", "median")])
def test_real_stars_against_astropy(run, real_data, origin, centre):
    """Real stars with large errors; their distances from parallaxes, for this test."""
    gaia = Table.read(real_data / GAIA, unit_parse_strict="silent")
    gaia = gaia[gaia["parallax"] > 10 * gaia["parallax_error"]][:30]
    plain = pd.DataFrame({name: np.asarray(gaia[name]) for name in (
        "source_id", "ra", "dec", "pmra", "pmdec", "pmra_error", "pmdec_error", "pmra_pmdec_corr",
        "radial_velocity", "radial_velocity_error",
    )})  # fmt: skip
    plain["d"] = 1 / np.asarray(gaia["parallax"])
    plain["distance_lo"], plain["distance_hi"] = 0.7 * plain["d"], 1.5 * plain["d"]
    plain[["pmra_error", "pmdec_error"]] = 3.0
    plain.to_csv("gaia.csv", index=False)
    Path("gaia.toml").write_text(MAPPING.format(origin=origin))
    words = ["--mapping", "gaia.toml", "--draws", 1500, "--out", "e.parquet"]
    done = run("errors", "gaia.csv", *words)
    assert (done.status, done.err) == (0, "")
    assert f"the distance as the {centre}" in done.out
    said = pq.read_schema("e.parquet").metadata
    assert (said[b"mock"], said[b"gaia_release"]) == (b"false", b"DR2")
    assert (said[b"centre"], said[b"pm_correlation"]) == (centre.encode(), b"pmra_pmdec_corr")
    found = results(Path("e.parquet"))
    assert found["source_id"].tolist() == plain["source_id"].tolist()
    assert len(found) == 30
    expected = by_astropy(plain, centre)
    for name, values in expected.items():
        low, middle, high = np.percentile(values, (16, 50, 84), axis=0)
        width = high - low
        np.testing.assert_allclose((found[f"{name}_50"] - middle) / width, 0, atol=0.15, err_msg=name)
        np.testing.assert_allclose(
            (found[f"{name}_84"] - found[f"{name}_16"]) / width, 1, atol=0.2, err_msg=name
        )


def by_astropy(stars, centre, draws=10_000):
    """Draws by numpy's own distributions, taken to the Galaxy by astropy: (draws, N) by column."""
    random = np.random.default_rng(5)
    shape = (draws, len(stars))
    near, far = (abs(stars[name] - stars["d"]).to_numpy() for name in ("distance_lo", "distance_hi"))
    share = near / (near + far) if centre == "mode" else 0.5
    offset = abs(random.standard_normal(shape))
    distance = stars["d"].to_numpy() + np.where(random.random(shape) < share, -near * offset, far * offset)
    first, second = random.standard_normal((2, *shape))
    tie = stars["pmra_pmdec_corr"].to_numpy()
    sky = SkyCoord(
        ra=np.broadcast_to(stars["ra"], shape) * u.deg,
        dec=np.broadcast_to(stars["dec"], shape) * u.deg,
        distance=np.abs(distance) * u.kpc,
        pm_ra_cosdec=(stars["pmra"].to_numpy() + 3 * first) * u.mas / u.yr,
        pm_dec=(stars["pmdec"].to_numpy() + 3 * (tie * first + np.sqrt(1 - tie**2) * second)) * u.mas / u.yr,
        radial_velocity=random.normal(stars["radial_velocity"], stars["radial_velocity_error"], shape)
        * u.km
        / u.s,
    )
    frame = Galactocentric(
        galcen_distance=np.hypot(8, 0.025) * u.kpc,
        z_sun=25 * u.pc,
        galcen_v_sun=[11.1, 232.24, 7.25] * u.km / u.s,
    )
    place = sky.transform_to(frame)
    x, y, z = (axis.to_value("kpc") for axis in place.data.xyz)
    vx, vy, vz = (axis.to_value("km/s") for axis in place.velocity.d_xyz)
    R = np.hypot(x, y)
    return {"R": R, "z": z, "vR": (x * vx + y * vy) / R, "vT": (y * vx - x * vy) / R, "vz": vz}


def test_help_tells_every_option(run):
    done = run("errors", "--help")
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    for parameter in typer.main.get_command(app).commands["errors"].params:
        assert parameter.help
        assert " ".join(parameter.help.split()[:2]) in done.out
