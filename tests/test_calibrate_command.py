"""`explorer calibrate`: the planted course comes off, into new columns, and no star judges what it taught."""

import json
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.catalogue import open_catalogue
from data.problem import DataError
from explorer.binary_options import BinaryOptions
from explorer.binary_sample import BinarySample, abundances_of
from explorer.calibrated_table import write_calibrated
from explorer.calibration import Corrected, calibrate
from explorer.calibration_options import CalibrationOptions
from explorer.pair_source import pairs_of
from explorer.star_models import StarModels
from model.measurement import DWARFS, dwarf_trend
from tests.lamost_mock import runner, silent

FEW = ("--draws", 50)


@pytest.fixture(scope="module")
def cache(own_folders):
    return own_folders["EXPLORER_CACHE"]


@pytest.fixture
def run(monkeypatch, capsys, tmp_path, cache):
    monkeypatch.setenv("EXPLORER_CACHE", str(cache))
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def calibrated(sibling_file, cache, tmp_path_factory):
    """The file, opened again, and what was printed."""
    folder = tmp_path_factory.mktemp("calibrated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_CACHE", str(cache))
        patch.chdir(folder)
        catalogue = open_catalogue(sibling_file)
        chosen = np.asarray(catalogue["chi2"]) < 7000
        found = calibrate(
            catalogue, chosen, CalibrationOptions(draws=50), pairs_of(catalogue, None), None, silent
        )
        path = folder / "calibrated.parquet"
        counts = write_calibrated(
            path, catalogue, found, ("explorer", "calibrate", "x"), silent, where="chi2 < 7000"
        )
        return catalogue, found, open_catalogue(path), counts


def test_the_planted_course_comes_off(calibrated):
    """By the mock's own noiseless trend, which the study knows nothing of."""
    _, found, opened, _ = calibrated
    assert "alpha_fe" in found.useful
    for name in found.useful:
        one = found.corrections[name]
        grid = np.linspace(one.course.support.low, one.course.support.high, 11)[1:-1]
        planted = DWARFS[name.removesuffix("_fe")].trend if name != "fe_h" else DWARFS["fe_h"].trend
        anchor = np.array([one.course.support.anchor])
        true = planted * (dwarf_trend(grid) - dwarf_trend(anchor))
        # errors of T_eff (85 K) flatten the course a little
        assert np.abs(one.course(grid) - true).max() < 4 * one.error(grid).max() + 0.1 * np.abs(true).max()
    known = np.isfinite(opened["cal_alpha_fe"])
    before, after = (
        np.asarray(opened[each], float)[known] - opened["true_alpha_fe"][known]
        for each in ("alpha_fe", "cal_alpha_fe")
    )
    teff = np.asarray(opened["true_teff"])[known]
    assert abs(np.polyfit(teff, after, 1)[0]) < 0.5 * abs(np.polyfit(teff, before, 1)[0])


def test_it_writes_new_columns_beside_the_old_ones(calibrated):
    catalogue, found, opened, counts = calibrated
    assert opened.mock
    order = catalogue.row_of_source
    for name, column in catalogue.columns.items():
        values = np.asarray(opened[name])[opened.row_of_source]
        np.testing.assert_array_equal(values, np.asarray(column)[order], err_msg=name)
    rows = np.arange(len(catalogue))
    for name in found.useful:
        value, error = Corrected.of(catalogue, found, name).rows(rows)
        np.testing.assert_array_equal(
            np.asarray(opened[f"cal_{name}"])[opened.row_of_source], value.astype(np.float32)[order]
        )
        np.testing.assert_array_equal(
            np.asarray(opened[f"e_cal_{name}"])[opened.row_of_source], error.astype(np.float32)[order]
        )
        assert counts[name] == np.isfinite(value).sum() > 0
        known = np.isfinite(error)
        assert (error[known] >= np.asarray(catalogue[f"e_{name}"])[known]).all()
        inside = np.isfinite(value)
        assert (np.asarray(catalogue["giantmodel"])[inside] == 0).all()
        for beside, (low, high) in found.limits[name].items():
            values = np.asarray(catalogue[beside])[inside]
            assert low <= values.min() <= values.max() <= high
        reach = found.corrections[name].course.support
        assert reach.low <= catalogue["teff"][inside].min() <= catalogue["teff"][inside].max() <= reach.high
    assert "calibrated" in opened.described["cal_alpha_fe"].plain
    np.testing.assert_array_equal(
        np.asarray(opened["calibrator"])[opened.row_of_source], found.used(catalogue).astype(np.int8)[order]
    )


def test_stars_that_were_learned_from_do_not_judge(calibrated):
    _, found, opened, _ = calibrated
    pairs = pairs_of(opened, None)
    everyone = np.ones(len(opened), np.bool_)
    models = StarModels.of_files(())
    label = next(name for name in found.useful if name.endswith("_fe"))
    options = BinaryOptions(abundances=(f"cal_{label}",), teff_cut=float("inf"))
    sample = BinarySample.of(opened, pairs, everyone, options, models)
    used = np.asarray(opened["calibrator"]) == 1
    assert used.any()
    assert not used[sample.eligible].any()
    for ends in sample.ends:
        assert not used[ends].any()
    left = dict(sample.left)
    assert 0 < left["neither star was calibrated by"] < left["both are dwarfs"]
    plain = BinarySample.of(opened, pairs, everyone, BinaryOptions(teff_cut=float("inf")), models)
    assert not any(name.startswith("cal_") for name in plain.options.abundances)
    assert used[plain.eligible].any()
    assert f"cal_{label}" in abundances_of(opened)
    both = BinaryOptions(abundances=(label, f"cal_{label}"))
    with pytest.raises(DataError, match="one abundance, without and with calibration"):
        BinarySample.of(opened, pairs, everyone, both, models)


def test_errors_of_teff_that_could_pass_for_a_trend_are_refused(calibrated):
    """Pairs that differ by no more than errors of T_eff, in which label and T_eff err together."""
    catalogue, found, _, _ = calibrated
    assert 0 < found.of_errors < 0.1
    pairs = pairs_of(catalogue, None)
    first, second = pairs.found.first, pairs.found.second
    random = np.random.default_rng(1)
    teff = np.array(catalogue["teff"])
    teff[first] = random.uniform(5500, 5900, len(first))
    teff[second] = teff[first] + random.normal(0, 130, len(first))
    near = replace(catalogue, columns=MappingProxyType({**catalogue.columns, "teff": teff}))
    chosen = np.ones(len(catalogue), np.bool_)
    options = CalibrationOptions(clusters=(), share=1.0, draws=50)
    with pytest.raises(DataError, match=r"errors of Teff make (100|[5-9][0-9])% of how Teff differs"):
        calibrate(near, chosen, options, pairs, None, silent)


def test_each_label_has_limits_of_its_own_stars(calibrated):
    catalogue, _, _, _ = calibrated
    alpha = np.array(catalogue["alpha_fe"])
    alpha[np.asarray(catalogue["fe_h"]) < -0.25] = np.nan
    some = replace(catalogue, columns=MappingProxyType({**catalogue.columns, "alpha_fe": alpha}))
    chosen = np.ones(len(catalogue), np.bool_)
    options = CalibrationOptions(labels=("alpha_fe", "o_fe"), draws=50)
    found = calibrate(some, chosen, options, pairs_of(catalogue, None), None, silent)
    assert found.limits["alpha_fe"]["fe_h"][0] >= -0.25 > found.limits["o_fe"]["fe_h"][0]


def test_a_star_whose_flag_is_missing_does_not_judge(calibrated):
    _, found, opened, _ = calibrated
    flags = np.where(np.asarray(opened["calibrator"]) == 1, -1, 0).astype(np.int8)
    odd = replace(opened, columns=MappingProxyType({**opened.columns, "calibrator": flags}))
    label = next(name for name in found.useful if name.endswith("_fe"))
    sample = BinarySample.of(
        odd,
        pairs_of(opened, None),
        np.ones(len(opened), np.bool_),
        BinaryOptions(abundances=(f"cal_{label}",), teff_cut=float("inf")),
        StarModels.of_files(()),
    )
    assert (flags[sample.eligible] == 0).all()


def test_it_prints_what_it_found_and_writes_the_file(run, sibling_file, tmp_path):
    told = run("calibrate", sibling_file, "--out", "new.parquet", "--labels", "alpha_fe,o_fe", *FEW)
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("MOCK dwarfs: f(Teff) is of use to ")
    for words in (
        "[alpha/Fe]",
        "calibrated",
        "Praesepe",
        "section 5.1",
        "eq. 6",
        "Wrote all 30,000 mock stars",
    ):
        assert words in told.out
    table = pq.read_table(tmp_path / "new.parquet")
    facts = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert facts["title"].startswith("MOCK dwarfs")
    assert facts["mock"] == "true"
    assert json.loads(facts["calibration_options"])["share"] == 0.5
    assert "alpha_fe" in json.loads(facts["calibration_courses"])
    assert facts["command"].endswith("--labels alpha_fe,o_fe --draws 50 --out new.parquet")
    assert not {"cal_eu_fe"} & set(table.column_names)
    again = run("calibrate", tmp_path / "new.parquet", "--out", "twice.parquet", *FEW)
    assert again.status == 2
    assert "is calibrated already" in again.err
    assert not (tmp_path / "twice.parquet").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--labels", "xx_fe"), "'xx_fe' is no label to calibrate"),
        (("--clusters", "M31"), "'M31' is not ready-made"),
        (("--members", "none.csv"), "none.csv"),
        (("--members", "m.csv", "--clusters", "M67"), "give one of the two"),
        (("--share", "2"), "from 0 to 1"),
        (("--where", "chi2 < 0"), "no star that passes the cuts was born together"),
        (("--clusters", "M67", "--share", "0"), "10 are needed"),
    ],
)
def test_mistakes_are_told_in_words(run, sibling_file, tmp_path, words, said):
    (tmp_path / "m.csv").write_text("source_id,cluster\n1,A\n")
    told = run("calibrate", sibling_file, "--out", "new.fits", *words, *FEW)
    assert told.status == 2
    assert said in " ".join(told.err.split())
    assert "Traceback" not in told.err
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]
