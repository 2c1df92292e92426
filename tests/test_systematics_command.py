"""The command systematics: against the equations called plainly, what stands beside, a person's mistakes."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from data.catalogue import open_catalogue
from data.problem import DataError
from data.schema import COLUMNS
from explorer.giant_map import REFUSED, SLICES, SUSPECTS, Asked, beside, giant_map, plane_of
from explorer.populations import POPULATIONS
from explorer.systematics_table import controlled, pixel_columns, suspects, told, write_map
from model.common_support import SHOWN
from model.plate_bootstrap import Range
from model.sky_fields import sky_fields
from model.systematics import control
from tests.lamost_mock import results, runner, silent
from tests.small_catalogue import catalogue_of

ASKED = Asked("ba_fe", "R", "z", cells=12)


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


@pytest.fixture(scope="module")
def catalogue(mock_file, own_folders):
    with pytest.MonkeyPatch.context() as patch:
        for name, place in own_folders.items():
            patch.setenv(name, place)
        return open_catalogue(mock_file)


@pytest.fixture(scope="module")
def done(catalogue):
    return controlled(catalogue, ASKED, draws=20, seed=4, progress=silent)


def test_giants_of_a_map_are_those_in_its_window(catalogue):
    made = giant_map(catalogue, ASKED)
    R, z, label = (np.asarray(catalogue[name], float) for name in ("R", "z", "ba_fe"))
    inside = (R >= 7.5) & (R < 15) & (z >= -4) & (z < 4) & (catalogue["giantmodel"] == 1)
    for name in ("ba_fe", "teff", "logg", "fe_h"):
        inside &= np.isfinite(np.asarray(catalogue[name], float))
    expected = catalogue.row_of_source[inside[catalogue.row_of_source]]
    assert made.rows.tolist() == expected.tolist()
    counts, _, _ = np.histogram2d(z[inside], R[inside], bins=12, range=[[-4, 4], [7.5, 15]])
    assert np.bincount(made.giants.pixel, minlength=144).tolist() == counts.ravel().tolist()
    assert made.giants.label.tolist() == label[made.rows].tolist()
    nearest = np.abs(made.giants.centres[made.giants.pixel] - np.stack([R, z], axis=1)[made.rows])
    assert (nearest <= made.sides / 2 + 1e-9).all()
    plates = catalogue["plate"][made.rows]
    assert len(set(zip(plates, made.giants.plate, strict=True))) == len(set(plates))


def test_condition_leaves_out_stars(catalogue):
    made = giant_map(catalogue, Asked("ba_fe", "R", "z", 12, "chi2 < 4000 and Jz < 30"))
    assert (np.asarray(catalogue["Jz"])[made.rows] < 30).all()
    assert 0 < len(made.rows) < len(giant_map(catalogue, ASKED).rows)


def test_map_is_that_of_the_equations(catalogue, done):
    plain = control(giant_map(catalogue, ASKED).giants, np.random.default_rng(4), 20)
    assert done.control.verdict == plain.verdict
    assert done.control.corrected == pytest.approx(plain.corrected, nan_ok=True)


def test_table_holds_the_pixels_with_giants(catalogue, done, tmp_path):
    out = tmp_path / "map.parquet"
    pixels = write_map(catalogue, done, out)
    table = results(out)
    assert len(table) == pixels == len(np.unique(done.made.giants.pixel))
    held = np.unique(done.made.giants.pixel)
    assert table["R"].to_numpy() == pytest.approx(done.made.giants.centres[held, 0], rel=1e-6)
    assert table["n"].sum() == len(done.made.rows)
    shown = done.control.support.reason[held] == SHOWN
    assert shown.any()
    assert not shown.all()
    for name in ("raw", "corrected", "iron"):
        assert table[f"ba_fe_{name}"].notna().tolist() == shown.tolist()
    assert table["ba_fe_all"].notna().all()
    assert table["blank"].isna().tolist() == shown.tolist()
    facts = {key.decode(): text.decode() for key, text in pq.read_schema(out).metadata.items()}
    assert facts["title"].startswith("Map of ba_fe with T_eff and log g taken out. MOCK")
    assert facts["verdict"].startswith(done.control.verdict.word)
    assert "Age stays confounded" in facts["caution"]
    assert facts["sha256"] == catalogue.checksum


def test_every_column_is_described(catalogue, done):
    columns = pixel_columns(catalogue, done)
    assert [column.name for column in columns.described] == list(columns.values)
    for column in columns.described:
        assert column.meaning.endswith(".")
        assert column.name.isidentifier()


def test_what_stands_beside(catalogue, done):
    """Of the red clump alone, in slices of T_eff, and of the suspects: plain means."""
    maps = {one.column.name: one for one in beside(catalogue, done.made)}
    rows, pixel = done.made.rows, done.made.giants.pixel
    teff, logg, fe_h, label = (
        np.asarray(catalogue[name], float)[rows] for name in ("teff", "logg", "fe_h", "ba_fe")
    )
    assert any(each.name == "red clump" for each in POPULATIONS)
    clump = (logg >= 1.8) & (logg <= 0.0018 * (teff - (4607 - 382.5 * fe_h)) + 2.5)
    clump &= (teff > 4400) & (teff < 5300)
    slices = {f"ba_fe_teff_{low}_{high}": (teff >= low) & (teff < high) for low, high in SLICES}
    for name, chosen in {"ba_fe_red_clump": clump, **slices}.items():
        for one in np.unique(pixel)[::9]:
            mine = chosen & (pixel == one)
            assert maps[name].stars[one] == mine.sum()
            if mine.any():
                assert maps[name].mean[one] == pytest.approx(label[mine].mean())
            else:
                assert np.isnan(maps[name].mean[one])
    others = [name for name in SUSPECTS if name != "z"]
    assert [f"{name}_mean" for name in others] == [name for name in maps if not name.startswith("ba_fe")]
    assert set(SUSPECTS) <= set(COLUMNS)
    a_v = np.asarray(catalogue["a_v"], float)[rows]
    one = pixel[0]
    assert maps["a_v_mean"].mean[one] == pytest.approx(np.nanmean(a_v[pixel == one]))


def test_correlations_with_suspects(done):
    judged = done.control.judged
    for column, raw, _ in suspects(done):
        mean = next(one.mean for one in done.beside if one.column == column)
        both = judged & np.isfinite(mean)
        assert raw == pytest.approx(np.corrcoef(mean[both], done.control.raw[both])[0, 1])


@pytest.mark.parametrize("ending", ["csv", "fits", "parquet"])
def test_command_tells_the_verdict_and_writes_the_map(run, mock_file, ending):
    told_of = run(
        "systematics", mock_file, "--plane", "R,v_phi", "--cells", 10, "--draws", 20, "--out", f"m.{ending}"
    )
    assert told_of.status == 0
    first = told_of.out.splitlines()[0]
    assert first.startswith("MOCK catalogue: [Ba/Fe] over R and v_phi: ")
    assert "Age stays confounded" in told_of.out
    assert "not selection-corrected" in told_of.out
    assert "Wrote" in told_of.out
    table = results(Path(f"m.{ending}"))
    assert {"R", "vT", "n", "ba_fe_corrected", "e_ba_fe_corrected", "judged"} <= set(table.columns)
    assert run("systematics", mock_file, "--out", f"m.{ending}").status == 2


def test_command_of_the_table_makes_it_again(run, mock_file):
    words = ("systematics", mock_file, "--label", "mg_fe", "--where", "Jz < 50", "--cells", 8, "--draws", 20)
    assert run(*words, "--out", "one.fits").status == 0
    meta = Table.read("one.fits").meta
    assert meta["COMMAND"].split()[:2] == ["explorer", "systematics"]
    for word in ("--label mg_fe", "--plane R,z", "--where 'Jz < 50'", "--cells 8", "--draws 20", "--seed 1"):
        assert word in meta["COMMAND"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--label", "fe_h"), "it sets T_eff"),
        (("--label", "teff"), "isn't offered"),
        (("--label", "rv"), "no abundance"),
        (("--label", "e_ba_fe"), "no abundance"),
        (("--label", "xx_fe"), "has no column 'xx_fe'"),
        (("--plane", "R"), "not two columns"),
        (("--plane", "R,R"), "not two columns"),
        (("--plane", "R,nowhere"), "has no column 'nowhere'"),
        (("--plane", "R,teff"), "is no axis"),
        (("--plane", "R,plate"), "is no axis"),
        (("--where", "R > 100"), "choose others"),
        (("--where", "R >"), "R >"),
        (("--cells", "200"), "fewer cells"),
        (("--out", "map.txt"), "cannot tell a format"),
        (("--out", "nowhere/map.fits"), "does not exist"),
    ],
)
def test_mistakes_are_told(run, mock_file, words, expected):
    outcome = run("systematics", mock_file, "--draws", 20, *words)
    assert outcome.status == 2
    assert expected in outcome.err
    assert "Traceback" not in outcome.err


def test_every_refusal_has_a_reason(catalogue):
    for name, reason in REFUSED.items():
        with pytest.raises(DataError, match="isn't offered") as problem:
            giant_map(catalogue, Asked(name, "R", "z"))
        assert reason in str(problem.value)


def test_without_plates_fields_stand_for_them(catalogue):
    columns = {name: np.asarray(catalogue[name]).copy() for name in catalogue.columns if name != "plate"}
    bare = catalogue_of(columns)
    made = giant_map(bare, ASKED)
    assert made.fields
    assert len(np.unique(made.giants.plate)) > 100
    neither = catalogue_of({name: values for name, values in columns.items() if name != "ra"})
    with pytest.raises(DataError, match="neither plates nor ra"):
        giant_map(neither, ASKED)


def test_fields_are_small_and_cover_the_sky_once():
    random = np.random.default_rng(1)
    ra, dec = random.uniform(0, 360, 40_000), np.degrees(np.arcsin(random.uniform(-1, 1, 40_000)))
    field = sky_fields(ra, dec)
    assert 1500 < field.max() + 1 < 1750
    for one in range(0, field.max() + 1, 97):
        mine = field == one
        assert np.ptp(dec[mine]) <= 5
        assert np.ptp(ra[mine] * np.cos(np.radians(dec[mine].mean()))) < 8
    ends = sky_fields(np.array([0.0, 359.9999, 360.0, 0.0]), np.array([90.0, 90.0, -90.0, -90.0]))
    assert ends[2] == ends[3]


def test_planes_are_read():
    assert plane_of("R, v_phi") == ("R", "vT")
    assert plane_of("X,Y") == ("X", "Y")


def test_numbers_that_are_not_known_are_said_to_be():
    assert told(Range(0.5, 0.4, 0.6)) == "0.5 (0.4 to 0.6)"
    assert told(Range(np.nan, np.nan, np.nan)) == "not known"
