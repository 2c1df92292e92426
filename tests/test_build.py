"""Building a catalogue from files: what is in it, and that neither death nor company changes a byte."""

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

from data.catalogue import open_catalogue
from data.surveys import shipped_surveys
from explorer.build import build
from explorer.derive import derivations
from explorer.verification import verify
from explorer.workplace import Workplace
from model.kinematics import SolarFrame
from tests.lamost_mock import runner, silent
from tests.survey_mock import ODD, STARS, TWICE, stars, write_survey

NAMES = ("teff", "logg", "fe_h")
LATE = ("model.actions", "galpy.actionAngle", "astropy.coordinates", "matplotlib.pyplot")
"""What is imported late, and so takes most of the time of a build as short as these, if it comes to that."""


@pytest.fixture
def run(monkeypatch, capsys):
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return write_survey(tmp_path_factory.mktemp("survey") / "little")


@pytest.fixture(scope="module")
def built(survey, tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "catalogue"
    build(survey, out, workers=1, address=None, progress=silent)
    return out


def table(folder, name):
    return pq.read_table(folder / name).to_pandas()


def contents(folder):
    """Checksums of all files that stay, by name; locks, and where the survey was, do not count."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    left_out = {".lock", "survey"}
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.name not in left_out
    }


def test_stars_get_back_their_labels(built):
    found, truth = table(built, "catalogue"), stars()
    assert len(found) == STARS
    assert found.designation.tolist() == [f"J{star:03}" for star in range(STARS)]
    for name, limit in zip(NAMES, (40, 0.06, 0.03), strict=True):
        assert np.std(found[name] - truth[name]) < limit
        assert (found[f"e_{name}"] > 0).all()


def test_repeats_are_averaged_by_snrz(built):
    found, seen = table(built, "catalogue"), table(built, "observations")
    assert found.n_obs.tolist() == [2] * TWICE + [1] * (STARS - TWICE)
    for star, group in seen.groupby("star"):
        one = found[found.star == star].iloc[0]
        for name in (*NAMES, "chi2", "chi2_fe_h", "snrg"):
            assert one[name] == pytest.approx(np.average(group[name], weights=group.snrz), rel=2e-6)
        assert one.kiel_extrap == group.kiel_extrap.max()
        assert one.obsid == group.obsid[group.snrz.idxmax()]


def test_errors_of_averages_keep_the_floor(built):
    found, seen = table(built, "catalogue"), table(built, "observations")
    again = found[found.n_obs == 2]
    for name in NAMES:
        once = seen[seen.star.isin(again.star)].groupby("star")[f"e_{name}"].min().to_numpy()
        averaged = again[f"e_{name}"].to_numpy()
        assert (averaged <= once * (1 + 1e-6)).all()
        assert (averaged > once / np.sqrt(2)).all()


def test_each_spectrum_without_labels_is_set_aside_with_its_reason(built):
    rejects = table(built, "rejects").set_index("row")
    first = STARS + TWICE
    assert rejects.index.tolist() == list(range(first, first + len(ODD)))
    reasons = rejects.reason.tolist()
    assert reasons == [
        "LAMOST's class is GALAXY, not STAR", "no redshift", "cannot be read",
        "the same observation is there twice",
    ]  # fmt: skip
    assert "cut" not in rejects.detail.fillna("").iloc[0]
    assert f"spec-{first + 2:03}.fits can't be read" in rejects.detail.iloc[2]


def test_stars_are_joined_to_the_brightest_source_and_placed(built):
    found, truth = table(built, "catalogue"), stars()
    assert found.source_id.tolist() == truth.source_id.tolist()
    np.testing.assert_allclose(found.distance, truth.distance, rtol=1e-6)
    assert (found.pmra_pmdec_corr == np.float32(0.3)).all()
    np.testing.assert_allclose(found.a_k[:-4], 0.918 * (0.18 - 0.08), rtol=1e-4)
    assert found.a_k[-4:].isna().all()
    again = {name: found[name].to_numpy() for name in ("ra", "dec", "distance", "pmra", "pmdec", "rv")}
    for step in derivations():
        if set(step.needs) <= set(again):
            again |= step.compute(again)
    for name in ("R", "phi", "z", "vR", "vT", "vz", "JR", "Jphi", "Jz", "l", "b"):
        np.testing.assert_allclose(found[name], again[name], rtol=2e-5, atol=1e-4, err_msg=name)


def test_the_catalogue_has_the_papers_columns_units_and_types(built):
    schema = pq.read_schema(next((built / "catalogue").iterdir()))
    expected = {
        "source_id": ("int64", ""), "designation": ("string", ""), "giantmodel": ("bool", ""),
        "teff": ("float", "K"), "logg": ("float", "dex"), "fe_h": ("float", "dex"), "chi2": ("float", ""),
        "kiel_extrap": ("bool", ""), "fe_h_extrap": ("bool", ""), "chi2_fe_h": ("float", ""),
        "snrz": ("float", ""), "ra": ("double", "deg"), "dec": ("double", "deg"), "R": ("float", "kpc"),
        "phi": ("float", "rad"), "z": ("float", "kpc"), "vR": ("float", "km/s"), "vT": ("float", "km/s"),
        "vz": ("float", "km/s"), "JR": ("float", "kpc km/s"), "Jphi": ("float", "kpc km/s"),
        "Jz": ("float", "kpc km/s"),
    }  # fmt: skip
    for name, (kind, unit) in expected.items():
        field = schema.field(name)
        assert (str(field.type), field.metadata[b"unit"].decode()) == (kind, unit), name
    said = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    kinematics = json.loads(said["survey"])["kinematics"]
    assert kinematics["z_sun"] == 0.025
    assert kinematics["v_sun"] == [11.1, 232.24, 7.25]
    assert kinematics["frame"] == SolarFrame().name
    assert set(json.loads(said["inputs"])) == {"lamost", "reference", "gaia", "distances", "photometry"}
    assert "galpy" in said["software"]
    assert said["gaia_release"] == "DR2"


def test_the_fits_file_holds_the_same_rows(built):
    parts = table(built, "catalogue")
    with fits.open(built / "catalogue.fits") as file:
        rows = file[1].data
        assert rows["source_id"].tolist() == parts.source_id.tolist()
        for name in ("teff", "JR", "ra"):
            np.testing.assert_array_equal(rows[name], parts[name].to_numpy())


def test_it_opens_in_the_explorer(run, built):
    catalogue = open_catalogue(built / "catalogue")
    assert (len(catalogue), catalogue.mock) == (STARS, False)
    for name in ("catalogue", "observations"):
        names = pq.read_schema(next((built / name).iterdir())).names
        found = open_catalogue(built / name)
        assert (set(found.found), found.unread) == (set(names), ())
    assert catalogue.described["n_used"].kind == "count"
    assert set(open_catalogue(built / "catalogue.fits").found) == set(catalogue.found)
    told = run("info", built / "catalogue").out
    assert "Little survey, built by 'explorer build'" in " ".join(told.split())
    assert "table1" not in told


def test_what_users_of_a_table_must_know_is_told_once(built):
    told = json.loads((built / "manifest.json").read_text())["notes"]
    for name, kind in (("lamost", "lamost"), ("gaia", "gaia-dr2"), ("distances", "bailer-jones-2018")):
        for note in shipped_surveys()[kind].notes:
            assert told.count(f"{name}.csv: {note}") == 1


def test_verify_says_what_it_checked(run, built):
    done = run("verify", built)
    assert done.status == 0, done
    assert f"{STARS + TWICE} spectra with labels and {len(ODD)} set aside" in done.out


@pytest.mark.parametrize("damage", ["bytes", "gone", "averages", "counts", "FITS", "plan", "unfinished"])
def test_verify_refuses(run, built, tmp_path, damage):
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    part = next((copy / "catalogue").iterdir())
    if damage == "bytes":
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(bytes(content))
        words = ("was changed or damaged",)
    elif damage == "gone":
        next((copy / "observations").iterdir()).unlink()
        words = ("is gone",)
    elif damage == "averages":
        _change(copy, part, "teff", 0)
        words = ("teff is not what their spectra come to for 1 of the stars",)
    elif damage == "counts":
        _change(copy, part, "n_used", 0)
        words = ("n_used is not what their spectra come to",)
    elif damage == "FITS":
        _change(copy, part, "JR", -1)
        words = ("catalogue.fits has another JR",)
    elif damage == "plan":
        held = pq.read_table(part)
        pq.write_table(held.replace_schema_metadata({**held.schema.metadata, b"survey": b"{}"}), part)
        _seal(copy, part)
        words = ("was made by another plan (survey)",)
    else:
        (copy / "manifest.json").unlink()
        words = ("holds no manifest.json",)
    run("verify", copy).is_one_line(*words)


def _change(copy, part, name, row):
    """Change a value, and the checksum with it."""
    held = pq.read_table(part)
    values = held[name].to_numpy().copy()
    values[row] += 1
    place = held.schema.get_field_index(name)
    pq.write_table(held.set_column(place, held.schema.field(name), [values]), part)
    _seal(copy, part)


def _seal(copy, part):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"][str(part.relative_to(copy))] = hashlib.sha256(part.read_bytes()).hexdigest()
    (copy / "manifest.json").write_text(json.dumps(manifest))


def test_workers_change_no_byte(built, survey, tmp_path):
    out = tmp_path / "by two"
    build(survey, out, workers=2, address=None, progress=silent)
    assert contents(out) == contents(built)


def _die_after(survey, out, seconds):
    """Build in a process that is killed after a while; whether it was done before."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["explorer.build", *LATE])
    process = context.Process(target=_build_here, args=(survey, out))
    process.start()
    process.join(seconds)
    if process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode == 0


def _build_here(survey, out):
    build(survey, out, workers=1, address=None, progress=silent)


def test_killed_at_twenty_moments_it_ends_with_the_same_bytes(built, survey, tmp_path):
    assert not _die_after(survey, tmp_path / "first", 0)  # from then on a process starts at once
    begun = time.monotonic()
    assert _die_after(survey, tmp_path / "whole", 120)
    whole = time.monotonic() - begun
    moments = random.Random(4)
    deaths, out = 0, tmp_path / "out 0"
    while deaths < 20:
        if _die_after(survey, out, moments.uniform(0.02, 0.6) * whole):
            assert contents(out) == contents(built)
            out = tmp_path / f"out {deaths}"
        else:
            deaths += 1
    assert _die_after(survey, out, 120)
    assert contents(out) == contents(built)


def test_a_process_that_dies_costs_nothing(built, survey, tmp_path):
    out, killed = tmp_path / "survived", []

    def kill_one(done, _total, what):
        if what == "spectra" and done and not killed:
            victim = multiprocessing.active_children()[0]
            os.kill(victim.pid, signal.SIGKILL)
            killed.append(victim.pid)

    build(survey, out, workers=2, address=None, progress=kill_one)
    assert killed
    assert contents(out) == contents(built)


def test_dask_workers_give_the_same_bytes_though_one_is_killed(built, survey, tmp_path):
    distributed = pytest.importorskip("distributed")
    out, killed = tmp_path / "by dask", []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:

        def kill_one(done, _total, what):
            if what == "spectra" and done and not killed:
                worker = cluster.workers[0]
                os.kill(worker.pid, signal.SIGKILL)
                killed.append(worker.pid)

        build(survey, out, workers=1, address=cluster.scheduler_address, progress=kill_one)
    assert killed
    assert contents(out) == contents(built)


def test_without_a_dask_scheduler_it_says_so(run, survey, tmp_path, monkeypatch):
    monkeypatch.setattr("explorer.scheduler._PATIENCE", "0.5s")
    done = run("build", survey, "--out", tmp_path / "nowhere", "--scheduler", "tcp://127.0.0.1:9")
    done.is_one_line("no Dask scheduler answers at tcp://127.0.0.1:9", "dask scheduler")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a quarter of a MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a file system can't be mounted here: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_is_said_and_nothing_is_lost(run, built, survey, small_disk):
    out = small_disk / "catalogue"
    run("build", survey, "--out", out).is_one_line("cannot write", "the disk is full")
    kept = contents(out)
    assert kept
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert run("build", survey, "--out", out).status == 0
    assert contents(out) == contents(built)
    finished = contents(out)
    assert all(finished[name] == sum_ for name, sum_ in kept.items())


def test_ctrl_c_stops_it_and_the_same_command_goes_on(built, survey, tmp_path):
    out = tmp_path / "stopped"
    asked = []

    def stop(done, _total, what):
        if what == "spectra" and done and not asked:
            asked.append(what)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(survey, out, workers=2, address=None, progress=stop)
    assert not multiprocessing.active_children()
    assert not (out / "manifest.json").exists()
    assert list((out / "observations").iterdir())
    build(survey, out, workers=1, address=None, progress=silent)
    assert contents(out) == contents(built)


def test_a_finished_build_is_not_done_again(built, survey):
    before = contents(built)
    times = {file: file.stat().st_mtime_ns for file in built.rglob("*.parquet")}
    assert build(survey, built, workers=1, address=None, progress=silent).stars == STARS
    assert contents(built) == before
    assert {file: file.stat().st_mtime_ns for file in built.rglob("*.parquet")} == times


def test_a_finished_build_that_lost_a_file_is_told(run, built, survey, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    (copy / "catalogue.fits").unlink()
    run("build", survey, "--out", copy).is_one_line("catalogue.fits is gone: remove")


def test_two_builds_in_one_folder_are_refused(run, survey, tmp_path):
    out = tmp_path / "shared"
    with Workplace(out).claimed():
        run("build", survey, "--out", out).is_one_line("another process builds in")


def test_another_plan_in_the_folder_is_refused(run, built, survey, tmp_path):
    other = survey.with_name("other.toml")
    other.write_text(survey.read_text().replace("Little survey", "Another survey"))
    run("build", other, "--out", built).is_one_line("was begun otherwise", "(survey.name differs)")
    (tmp_path / "thesis.tex").touch()
    run("build", survey, "--out", tmp_path).is_one_line("holds other files")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('place = "spectra"', 'place = "nowhere"', "nowhere does not exist"),
        ('place = "spectra"', "", "names no spectra"),
        ("chunk = 10", "chunk = 0", "expected a whole number from 1"),
        ("chunk = 10", "chunks = 10", "did you mean 'chunk'?"),
        ("[models.all]", "[models.dwarf]", "give all, or dwarf and giant"),
        ('labels = ["teff", "logg", "fe_h"]', 'labels = ["teff", "mass"]', "no column 'mass'"),
        ('labels = ["teff", "logg", "fe_h"]', "", "has no labels"),
        ('labels = ["teff", "logg", "fe_h"]', 'file = "gone.cannon"', "gone.cannon"),
        ('match = "spectrum"', 'match = "name"', "expected one of sky, spectrum"),
        (
            'match = "spectrum"',
            'match = "spectrum"\nsnrz = 1000\nsnrz_cap = false',
            "no reference star is left",
        ),
        ('match = "spectrum"', 'match = "spectrum"\nstrict = true', "strict cuts need snr_c1"),
        ('survey = "gaia-dr2"', 'survey = "gaia-dr2"\nmatch = "sky"', "unknown key 'match'"),
        ('table = "gaia.csv"', 'table = "gone.csv"', "gone.csv as gaia, which does not exist"),
        ('survey = "gaia-dr2"', 'survey = "gaia-dr9"', "there is no kind of table 'gaia-dr9'"),
        ('survey = "gaia-dr2"', "", "give survey = 'gaia-dr2' or 'gaia-dr3'"),
        ('match = "spectrum"', "", "or match = 'spectrum' for a table of obsids"),
        ('match = "spectrum"', 'match = "spectrum"\nradius = 2', "has radius, which goes not with match"),
        ('[gaia]\ntable = "gaia.csv"\nsurvey = "gaia-dr2"\nepoch = false', "", "and no [gaia]"),
        ('survey = "bailer-jones-2018"', 'survey = "bailer-jones-2021"', "is no table of kind"),
        ("wavelengths = [4000, 5200]", "wavelengths = [5200, 4000]", "expected [LOW, HIGH]"),
        ("[gaia]", "[kinematics]\nr0 = -8\n[gaia]", "kinematics"),
        ("[gaia]", "[gaia", "can't be read"),
    ],
)
def test_mistakes_in_the_survey_are_told(run, survey, tmp_path, before, after, words):
    wrong = survey.with_name("wrong.toml")
    wrong.write_text(survey.read_text().replace(before, after, 1))
    run("build", wrong, "--out", tmp_path / "out").is_one_line(words)


def test_a_part_of_the_catalogue_may_have_no_star_with_labels(built, survey, tmp_path, monkeypatch):
    """As where all spectra of its stars are set aside."""
    monkeypatch.setattr("explorer.pieces.STARS", 8)
    monkeypatch.setattr("explorer.build.STARS", 8)
    faint = survey.with_name("faint.toml")
    faint.write_text(survey.read_text().replace("[spectra]", "[spectra]\nsnr = 80"))
    out = tmp_path / "faint"
    build(faint, out, workers=1, address=None, progress=silent)
    sizes = [pq.read_metadata(part).num_rows for part in sorted((out / "catalogue").iterdir())]
    assert len(sizes) > STARS / 8
    assert 0 in sizes
    assert sum(sizes) > 0
    rejects = table(out, "rejects")
    assert (rejects.reason == "S/N below 80").sum() > 8
    assert verify(out, silent)
    everything = table(built, "catalogue").set_index("designation")
    for _, star in table(out, "catalogue").iterrows():
        if star.n_obs == everything.n_obs[star.designation]:
            assert star.source_id == everything.source_id[star.designation]


def test_without_any_labels_it_says_so(run, survey, tmp_path):
    blind = survey.with_name("blind.toml")
    blind.write_text(survey.read_text().replace("[spectra]", "[spectra]\nsnr = 1e6"))
    run("build", blind, "--out", tmp_path / "out").is_one_line("no spectrum has labels", "S/N below 1e+06")
