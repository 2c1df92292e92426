"""Options of train, validate and infer against the model called by hand, and against sums by hand."""

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.labels import read_labels
from data.problem import DataError
from data.spans import Span
from explorer import spectra as spectra_module
from explorer.cannon_file import load_model
from explorer.elements import Elements
from explorer.frozen import Frozen
from explorer.labelling import Choices, infer_labels
from explorer.polynomial import terms_of
from explorer.recipe import Recipe
from explorer.spectra import BATCH, SpectrumReader, find_spectra
from explorer.training import gather
from model.cannon import Cannon
from model.lines import LAMOST_WINDOWS
from model.terms import quadratic_terms
from model.validation import cross_validate
from tests.lamost_mock import (
    NAMES,
    STARS,
    WAVELENGTH,
    results,
    runner,
    silent,
    spectrum,
    write,
    write_survey,
)

BARIUM = (4555.31, 4935.45)
MISSING = -9999.0


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Mock stars; labels with errors, and a table of which some are missing."""
    folder = tmp_path_factory.mktemp("survey")
    write_survey(folder)
    table = pd.read_csv(folder / "labels.csv")
    errors = table.assign(e_teff=60.0, sigma=0.05, e_feh=0.02)
    errors.loc[3, "sigma"] = MISSING
    errors.to_csv(folder / "errors.csv", index=False)
    wide = table.assign(e_teff=800.0, wide=0.8)
    wide.to_csv(folder / "wide.csv", index=False)
    table.loc[:8, "logg"] = MISSING
    table.loc[9, ["teff", "logg", "feh"]] = MISSING
    table.to_csv(folder / "gaps.csv", index=False)
    return folder


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs a command in this process, in an empty folder, from its words to its exit status."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return runner(monkeypatch, capsys)


@pytest.fixture
def train(run, survey):
    """Trains by the command; gives its outcome and what its file holds."""

    def go(*words, labels="labels.csv"):
        done = run("train", survey / "spectra", survey / labels, "--out", "a.cannon", *words)
        assert (done.status, done.err) == (0, ""), done
        return done, load_model(Path("a.cannon"))

    return go


@pytest.fixture(scope="module")
def stars(survey):
    """Those that a plain recipe takes."""
    recipe = Recipe(NAMES, None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0))
    table = read_labels(survey / "labels.csv")
    return gather(find_spectra(survey / "spectra"), table, recipe, workers=1, progress=silent)


def by_hand(stars, **options):
    words = {"label_names": NAMES, "wavelength": stars.wavelength}
    return Cannon.train(stars.labels, stars.flux, stars.ivar, **words, **options)


def validated_by_hand(stars, **options):
    words = {"label_names": NAMES, "wavelength": stars.wavelength, "groups": stars.groups}
    return cross_validate(stars.labels, stars.flux, stars.ivar, **words, **options)


def same_model(content, model):
    np.testing.assert_array_equal(content.model.theta, model.theta)
    np.testing.assert_array_equal(content.model.s, model.s)


# terms


@pytest.mark.parametrize(
    ("text", "exponents"),
    [
        ("linear", [(1, 0, 0), (0, 1, 0), (0, 0, 1)]),
        ("teff, logg,fe_h , teff*logg", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0)]),
        ("teff^2*logg,fe_h * fe_h", [(2, 1, 0), (0, 0, 2)]),
        ("linear,teff^3", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (3, 0, 0)]),
        ("teff*logg*fe_h^4", [(1, 1, 4)]),
    ],
)
def test_terms_are_read_as_written(text, exponents):
    np.testing.assert_array_equal(terms_of(text, NAMES), [(0, 0, 0), *exponents])


def test_quadratic_terms_are_the_usual_ones():
    np.testing.assert_array_equal(terms_of("quadratic", NAMES), quadratic_terms(3))
    np.testing.assert_array_equal(
        terms_of("quadratic,logg^3", NAMES), [*quadratic_terms(3).tolist(), (0, 3, 0)]
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no term"), ("teff,,logg", "is no term"), ("teff+logg", "is no term"),
        ("2*teff", "is no term"), ("teff^", "is no term"), ("teff^-1", "is no term"),
        ("teff^0.5", "is no term"), ("teff**2", "no term"), ("1", "is no term"),
        ("__import__('os')", "is no term"), ("cubic", "names cubic, which is no label"),
        ("teff^0,logg,fe_h", "from 1 to 6"), ("teff^7", "from 1 to 6"), ("teff^4*logg^3", "from 1 to 6"),
        ("teff^0*logg,teff,fe_h", "from 1 to 6"),
        ("teff,logg", "no term holds fe_h"), ("linear,teff", "the same term twice"),
        ("teff*logg,logg*teff,fe_h", "the same term twice"),
    ],
)  # fmt: skip
def test_other_terms_are_refused(text, says):
    with pytest.raises(DataError, match=r"^--terms") as error:
        terms_of(text, NAMES)
    assert says in str(error.value)


def test_terms_are_those_of_the_model_and_its_folds(run, survey, stars, train):
    text = "linear,teff*logg,teff^2,teff^3"
    done, content = train("--terms", text)
    assert f"{STARS} spectra, 7 terms" in done.out
    assert f"\nterms: {text}\n" in done.out
    options = {"terms": [(0, 0, 0), *np.eye(3, dtype=int), (1, 1, 0), (2, 0, 0), (3, 0, 0)]}
    same_model(content, by_hand(stars, **options))
    done = run("validate", "a.cannon", survey / "spectra", survey / "labels.csv", "--out", "cv.csv")
    assert (done.status, done.err) == (0, "")
    assert f"\nterms: {text}\n" in done.out
    np.testing.assert_array_equal(
        load_model(Path("a.cannon")).validated.inferred, validated_by_hand(stars, **options).inferred
    )


# masks


def test_masked_labels_act_where_they_may(run, survey, stars, train):
    Path("mask.csv").write_text("label,low,high\nfe_h,4000,4400\nfe_h,5000,5200\nlogg,4200,9000\n")
    done, content = train("--mask", "mask.csv")
    x = stars.wavelength
    acting = np.ones((x.size, 3), bool)
    acting[:, 2] = ((x >= 4000) & (x <= 4400)) | ((x >= 5000) & (x <= 5200))
    acting[:, 1] = x >= 4200
    np.testing.assert_array_equal(content.model.mask, acting)
    steep = content.model.gradient(content.model.offset + 0.3 * content.model.scale)
    np.testing.assert_array_equal(steep != 0, acting)
    assert f"mask: fe_h acts at {acting[:, 2].sum()} of {x.size} pixels\nmask: logg" in done.out
    same_model(content, by_hand(stars, mask=acting))
    done = run("validate", "a.cannon", survey / "spectra", survey / "labels.csv")
    assert "mask: fe_h acts at" in done.out
    found = validated_by_hand(stars, mask=acting)
    np.testing.assert_array_equal(load_model(Path("a.cannon")).validated.inferred, found.inferred)


def test_the_recipe_is_kept_in_the_file(train):
    Path("mask.csv").write_text("label,low,high\nfe_h,4000,4400.5\n")
    words = ["--label-errors", "teff,logg=sigma", "--missing-labels", "--dof-correction"]
    _, content = train("--mask", "mask.csv", "--terms", "linear", *words, labels="errors.csv")
    assert content.recipe == Recipe(
        NAMES, None, 10.0, (4000.0, 7000.0), (4000.0, 5800.0), terms="linear",
        mask=(Span("fe_h", 4000.0, 4400.5),), label_errors=("teff", "logg=sigma"), missing_labels=True,
        dof_correction=True,
    )  # fmt: skip


# scatter, errors of labels, missing labels


def test_scatter_is_corrected_if_asked(run, survey, stars, train):
    plain = by_hand(stars)
    done, content = train("--dof-correction")
    assert "scatter corrected for the number of terms" in done.out
    same_model(content, by_hand(stars, dof_correction=True))
    assert content.model.s.mean() > plain.s.mean()
    assert run("validate", "a.cannon", survey / "spectra", survey / "labels.csv").status == 0
    found = validated_by_hand(stars, dof_correction=True)
    np.testing.assert_array_equal(load_model(Path("a.cannon")).validated.inferred, found.inferred)


def test_errors_of_labels_count(run, survey, stars, train):
    few = ["--wavelengths", "5000:5400"]
    done, content = train("--label-errors", "teff,logg=sigma", *few, labels="errors.csv")
    assert "errors of labels count: teff, logg=sigma" in done.out
    assert "1  an error of a label is missing, as spec-003.fits" in done.out
    kept = np.array([one.obsid != 1003 for one in stars.about])
    errors = np.tile([60.0, 0.05, 0.0], (STARS - 1, 1))
    inside = (stars.wavelength >= 5000) & (stars.wavelength <= 5400)
    arrays = stars.labels[kept], stars.flux[kept][:, inside], stars.ivar[kept][:, inside]
    words = {"label_names": NAMES, "wavelength": stars.wavelength[inside], "label_errors": errors}
    same_model(content, Cannon.train(*arrays, **words))
    np.testing.assert_array_equal(content.trained.errors, errors)
    table = pd.read_csv(survey / "errors.csv").assign(sigma=0.06)
    table.to_csv("others.csv", index=False)
    places = (survey / "spectra", "others.csv")
    run("validate", "a.cannon", *places).is_one_line("are not those of the model")
    table.assign(sigma=[0.06 if row != 3 else MISSING for row in range(len(table))]).to_csv("others.csv")
    run("validate", "a.cannon", *places).is_one_line("other labels than the model was trained on")
    done = run("validate", "a.cannon", survey / "spectra", survey / "errors.csv", "--folds", "3")
    assert (done.status, done.err) == (0, "")
    assert "errors of labels count: teff, logg=sigma" in done.out
    found = cross_validate(*arrays, **words, groups=stars.groups[kept], folds=3)
    np.testing.assert_array_equal(load_model(Path("a.cannon")).validated.inferred, found.inferred)


def test_stars_that_lack_labels_are_used_if_asked(run, survey, stars, train):
    done, content = train(labels="gaps.csv")
    assert content.model.n_train == STARS - 10
    assert "11  a label is missing" in done.out
    done, content = train("--missing-labels", "--overwrite", labels="gaps.csv")
    assert content.model.n_train == STARS
    assert "1  all labels are missing" in done.out
    assert "10 stars without some labels, taken as missing at random" in done.out
    rows = {line.split()[0]: line.split()[-1] for line in done.out.splitlines() if "(" in line[:9]}
    assert rows == {"teff": str(STARS), "logg": str(STARS - 10), "fe_h": str(STARS)}
    done = run("validate", "a.cannon", survey / "spectra", survey / "gaps.csv", "--out", "cv.parquet")
    assert (done.status, done.err) == (0, "")
    table = results(Path("cv.parquet")).set_index("obsid")
    lacking = table.reference_logg.isna()
    assert lacking.sum() == 10
    known = pd.read_csv(survey / "labels.csv").set_index("obsid").logg[table.index[lacking]]
    assert known.pop(1000 + STARS + 5) == MISSING
    assert len(known) == 9
    assert (table.logg[known.index] - known).std() < 0.3 * known.std()


def test_labels_validate_where_hardly_any_star_has_them_all(run, survey):
    """With so few, what the other labels tell can't be known; all else can."""
    table = pd.read_csv(survey / "labels.csv")
    table.loc[:19, "logg"] = MISSING
    table.loc[15:34, "feh"] = MISSING
    table.to_csv("few.csv", index=False)
    words = (survey / "spectra", "few.csv")
    done = run("train", *words, "--missing-labels", "--wavelengths", "5000:5400", "--out", "a.cannon")
    assert (done.status, done.err) == (0, "")
    assert f"{STARS + 1} spectra" in done.out
    done = run("validate", "a.cannon", *words, "--folds", "5")
    assert (done.status, done.err) == (0, "")
    validated = load_model(Path("a.cannon")).validated
    assert np.isnan(validated.others[0])
    assert np.isfinite(np.concatenate([validated.a, validated.b, validated.low, validated.high])).all()


def test_errors_as_large_as_the_labels_spread_are_refused(run, survey):
    words = ("--label-errors", "teff,logg=wide,fe_h=wide", "--out", "a.cannon")
    done = run("train", survey / "spectra", survey / "wide.csv", *words)
    done.is_one_line("label teff scatters no more than its label_errors have it")


# frozen labels, some of the pixels


def spectra_of(content, place):
    (batch,) = SpectrumReader(content.model.wavelength).batches(find_spectra(place), silent)
    return batch


def test_a_label_frozen_at_a_value(run, survey, train):
    _, content = train()
    done = run("infer", "a.cannon", survey / "spectra", "--out", "out.csv", "--freeze", " logg = 3.6")
    assert (done.status, done.err) == (0, "")
    assert "\nlabels frozen: logg = 3.6\n" in done.out
    table = results(Path("out.csv"))
    batch = spectra_of(content, survey / "spectra")
    found = content.model.infer(batch.flux, batch.ivar, frozen={"logg": 3.6})
    np.testing.assert_allclose(table[list(NAMES)], found.labels, rtol=1e-6)
    np.testing.assert_array_equal(table.logg, np.float32(3.6).astype(float).round(6))
    assert set(table.e_logg_formal) == {0}
    np.testing.assert_allclose(table.e_teff_formal, np.sqrt(found.covariance[:, 0, 0]), rtol=1e-5)
    np.testing.assert_array_equal(table.dof, (batch.ivar > 0).sum(1) - 2)
    head = [line for line in Path("out.csv").read_text().splitlines() if line.startswith("#")]
    assert "# frozen_labels: logg = 3.6" in head
    assert any(line.startswith("# column logg [dex]") and "frozen" in line for line in head)


def test_labels_frozen_star_by_star(run, survey, train):
    """From a table in another order, by obsid or by file name; stars without a value are left out."""
    _, content = train()
    table = pd.read_csv(survey / "labels.csv").sample(frac=1, random_state=1)
    table.loc[table.obsid == 1004, "logg"] = MISSING
    table[table.obsid != 1007][["obsid", "logg"]].rename(columns={"logg": "g"}).to_csv("by_id.csv")
    table[table.obsid != 1007][["key", "logg"]].rename(columns={"logg": "g", "key": "path"}).to_csv("by.csv")
    words = ["infer", "a.cannon", survey / "spectra", "--freeze", "logg=g", "--freeze", "fe_h=-0.2"]
    done = run(*words, "--frozen-from", "by_id.csv", "--out", "out.fits")
    assert (done.status, done.err) == (0, "")
    assert "labels frozen: fe_h = -0.2, logg = g of by_id.csv" in done.out
    for reason in ("not in the table of frozen labels, as spec-007.fits", "a frozen label is missing"):
        assert f"2  {reason}" in done.out
    found = results(Path("out.fits")).set_index("obsid")
    assert not {1004, 1007} & set(found.index)
    known = table.set_index("obsid").loc[found.index]
    np.testing.assert_allclose(found.logg, known.logg, rtol=1e-6)
    np.testing.assert_allclose(found.fe_h, -0.2, rtol=1e-6)
    batch = spectra_of(content, survey / "spectra")
    star = next(i for i, one in enumerate(batch.about) if one.obsid == 1012)
    frozen = {"logg": known.logg[1012], "fe_h": -0.2}
    alone = content.model.infer(batch.flux[star], batch.ivar[star], frozen=frozen)
    assert found.teff[1012] == pytest.approx(alone.labels[0, 0], rel=1e-6)
    done = run(*words, "--frozen-from", "by.csv", "--key", "path", "--out", "again.fits")
    assert (done.status, done.err) == (0, "")
    pd.testing.assert_frame_equal(results(Path("again.fits")).set_index("obsid"), found)


def test_some_of_the_pixels(run, survey, train):
    _, content = train()
    words = ["infer", "a.cannon", survey / "spectra", "--out", "out.csv", "--wavelengths", "4500:5500"]
    done = run(*words)
    assert (done.status, done.err) == (0, "")
    table = results(Path("out.csv"))
    x = content.model.wavelength
    used = (x >= 4500) & (x <= 5500)
    assert f"\n{used.sum()} pixels used, from 4501 to 5499 A\nerrors are formal only" in done.out
    batch = spectra_of(content, survey / "spectra")
    found = content.model.infer(batch.flux, batch.ivar, pixels=used)
    np.testing.assert_allclose(table[list(NAMES)], found.labels, rtol=1e-6)
    np.testing.assert_array_equal(table.dof, (batch.ivar[:, used] > 0).sum(1) - 3)
    snr = [
        np.median((f * np.sqrt(i))[used][i[used] > 0]) for f, i in zip(batch.flux, batch.ivar, strict=True)
    ]
    np.testing.assert_allclose(table.snr, snr, rtol=1e-5)


def test_errors_of_cross_validation_are_for_all_labels_and_pixels(run, survey, train):
    train("--wavelengths", "5000:5400")
    assert run("validate", "a.cannon", survey / "spectra", survey / "labels.csv").status == 0
    words = ["infer", "a.cannon", survey / "spectra", "--overwrite", "--out", "out.csv"]
    for more, there in (([], True), (["--freeze", "logg=3"], False), (["--wavelengths", "5000:5400"], False)):
        assert run(*words, *more).status == 0
        table = results(Path("out.csv"))
        for name in ("e_teff", "teff_extrap"):
            assert (name in table) == there


def test_a_spectrum_without_the_pixels_asked_for_is_left_out(run, train, tmp_path):
    train()
    flux, ivar = spectrum(np.zeros(3), 60, 1)
    folder = tmp_path / "some"
    folder.mkdir()
    write(folder / "red.fits", flux, np.where(WAVELENGTH > 5000, ivar, 0))
    write(folder / "whole.fits", flux, ivar)
    done = run("infer", "a.cannon", folder, "--out", "out.csv", "--wavelengths", "4100:4900")
    assert (done.status, done.err) == (0, "")
    assert "1  too few usable pixels, as red.fits (0 of 774)" in done.out


def test_one_odd_spectrum_does_not_end_the_work(run, train, tmp_path):
    """Noise of 1e16 times the flux: weights beyond single precision."""
    train()
    folder = tmp_path / "some"
    folder.mkdir()
    for name, scale in (("odd", 1e-36), ("plain", 1.0), ("sound", 1.0)):
        flux, ivar = spectrum(np.zeros(3), 60, 1)
        write(folder / f"{name}.fits", flux, ivar * scale)
    done = run("infer", "a.cannon", folder, "--out", "out.csv", "--freeze", "logg=3.5")
    assert (done.status, done.err) == (0, "")
    assert "2 stars, 0 did not converge\n" in done.out
    assert "1  the model can't use it, as odd.fits (has flux or ivar beyond what float32 holds" in done.out
    assert set(results(Path("out.csv")).file) == {"plain.fits", "sound.fits"}


# the fit near lines


def near_by_hand(wavelength, flux, ivar, model, s, windows):
    """Pixels, chi2 and residual of one star near one element's lines, pixel by pixel."""
    pixels, chi2, found, power = 0, 0.0, 0.0, 0.0
    for p, x in enumerate(wavelength):
        inside = [w for w in windows if w.low <= x <= w.high and not w.band]
        if not inside or not ivar[p] > 0:
            continue
        variance = 1 / float(ivar[p]) + s[p] ** 2
        shape = sum(np.exp(-4 * np.log(2) * ((x - (w.low + w.high) / 2) / ((w.high - w.low) / 2)) ** 2)
                    for w in inside)  # fmt: skip
        pixels += 1
        chi2 += (flux[p] - model[p]) ** 2 / variance
        found += (model[p] - flux[p]) * shape / variance
        power += shape**2 / variance
    return pixels, chi2, found / np.sqrt(power)


def test_the_fit_near_lines_is_in_the_table(run, survey, train):
    _, content = train()
    done = run("infer", "a.cannon", survey / "spectra", "--out", "out.parquet")
    assert (done.status, done.err) == (0, "")
    assert "no chi2 near them: li_fe, na_fe, al_fe, si_fe, k_fe\n" in done.out
    table = results(Path("out.parquet"))
    model, batch = content.model, spectra_of(content, survey / "spectra")
    found = model.infer(batch.flux, batch.ivar)
    predicted = model.predict(found.labels)
    for element, name in (("ba", "ba_fe"), ("fe_h", "fe_h"), ("alpha", "alpha_fe"), ("eu", "eu_fe")):
        for star in (0, 7, 40):
            by_hand = near_by_hand(
                model.wavelength, batch.flux[star], batch.ivar[star], predicted[star], model.s,
                LAMOST_WINDOWS[element],
            )  # fmt: skip
            row = table.loc[star, [f"{part}_{name}" for part in ("pixels", "chi2", "residual")]]
            np.testing.assert_allclose(row.astype(float), by_hand, rtol=2e-4, atol=1e-4)
    assert {"pixels_o_fe", "chi2_o_fe"} < set(table)
    assert not {"residual_o_fe", "chi2_li_fe", "chi2_na_fe"} & set(table)
    assert run("infer", "a.cannon", survey / "spectra", "--out", "b.csv", "--no-windows").status == 0
    assert not [name for name in results(Path("b.csv")) if name.startswith(("pixels_", "residual_"))]


def test_windows_keep_to_the_pixels_asked_for(run, survey, train):
    train()
    words = ["infer", "a.cannon", survey / "spectra", "--out", "out.csv", "--wavelengths", "4500:4600"]
    done = run(*words)
    assert (done.status, done.err) == (0, "")
    assert "mg_fe" in done.out
    table = results(Path("out.csv"))
    assert table.pixels_ba_fe.max() <= len([x for x in content_of().wavelength if abs(x - 4555.31) < 2.53])
    assert "chi2_mg_fe" not in table


def content_of():
    return load_model(Path("a.cannon")).model


def test_a_barium_star_stands_out(run, train, tmp_path):
    train()
    folder = tmp_path / "two"
    folder.mkdir()
    for name, depth in (("plain", 0.0), ("rich", 0.25), ("poor", -0.1)):
        flux, ivar = spectrum(np.zeros(3), 60, 5)
        for line in BARIUM:
            flux = flux * (1 - depth * np.exp(-0.5 * ((WAVELENGTH - line) / (line / 1800 / 2.355)) ** 2))
        write(folder / f"{name}.fits", flux, ivar)
    assert run("infer", "a.cannon", folder, "--out", "out.csv").status == 0
    table = results(Path("out.csv")).set_index("file")
    assert table.residual_ba_fe["rich.fits"] > table.residual_ba_fe["plain.fits"] + 5
    assert table.residual_ba_fe["poor.fits"] < table.residual_ba_fe["plain.fits"] - 2
    assert table.chi2_ba_fe["rich.fits"] > 3 * table.chi2_ba_fe["plain.fits"]
    assert abs(table.residual_eu_fe["rich.fits"] - table.residual_eu_fe["plain.fits"]) < 1


def test_the_fit_near_lines_is_validated_by_models_without_the_star(run, survey, stars, train):
    train()
    done = run("validate", "a.cannon", survey / "spectra", survey / "labels.csv", "--out", "cv.parquet",
               "--folds", "4")  # fmt: skip
    assert (done.status, done.err) == (0, "")
    assert "no chi2 near them: li_fe" in done.out
    table = results(Path("cv.parquet"))
    for star in (0, 11, 30):
        rest = table.fold != table.fold[star]
        words = {"label_names": NAMES, "wavelength": stars.wavelength}
        model = Cannon.train(stars.labels[rest], stars.flux[rest], stars.ivar[rest], **words)
        labels = model.infer(stars.flux[star], stars.ivar[star]).labels[0]
        by_hand = near_by_hand(
            stars.wavelength, stars.flux[star], stars.ivar[star], model.predict(labels), model.s,
            LAMOST_WINDOWS["mg"],
        )  # fmt: skip
        row = table.loc[star, ["pixels_mg_fe", "chi2_mg_fe", "residual_mg_fe"]].astype(float)
        np.testing.assert_allclose(row, by_hand, rtol=2e-3, atol=2e-3)


def test_elements_without_lines_on_the_pixels_are_left_out():
    found = Elements.on(10 ** np.arange(3.6, 3.61, 1e-4))
    assert set(found.windows.names) == {"fe_h", "mn_fe"}
    assert {"ba_fe", "mg_fe", "alpha_fe", "s_fe", "li_fe"} < set(found.left_out)
    assert len(found.windows.names) + len(found.left_out) == len(LAMOST_WINDOWS)


# other processes


def test_processes_read_many_batches_in_order(run, survey, train):
    train()
    files = sorted((survey / "spectra").rglob("*.fits"))
    many = [files[star % len(files)] for star in range(3 * BATCH + 40)]
    Path("list.txt").write_text("".join(f"{file}\n" for file in many))
    for name, workers in (("one.parquet", 1), ("two.parquet", 2)):
        done = run("infer", "a.cannon", "list.txt", "--out", name, "--workers", workers)
        assert (done.status, done.err) == (0, "")
    pd.testing.assert_frame_equal(results(Path("one.parquet")), results(Path("two.parquet")))


def test_memory_does_not_grow_by_spectra(survey, train, tmp_path, monkeypatch):
    """A star's row of the table stays, of less than 1 kB; not its spectrum, of 13 kB in these pixels."""
    monkeypatch.setattr(spectra_module, "BATCH", 16)
    _, content = train()
    file = survey / "spectra" / "spec-000.fits"
    choices = Choices(min_snr=0, starts=1, frozen=Frozen({}), wavelengths=None, windows=True)
    peaks = []
    for stars in (16, 48, 160):
        place = tmp_path / "list.txt"
        place.write_text(f"{file}\n" * stars)
        tracemalloc.start()
        infer_labels(content, place, choices, workers=1, progress=silent)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] - peaks[1] < (160 - 48) * 4000


# mistakes


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--terms", "teff*vmic"], ["--terms names vmic", "teff, logg, fe_h"]),
        (["--terms", "teff;logg"], ["'teff;logg' is no term", "write quadratic, linear"]),
        (["--terms", "teff,logg"], ["no term holds fe_h"]),
        (["--terms", "quadratic,teff^3,teff^4,teff^5", "--teff", "5300:5700"], ["cannot fix 13 terms"]),
        (["--mask", "nowhere.csv"], ["nowhere.csv does not exist"]),
        (["--mask", "short.csv"], ["lacks the column high", "label, low and high"]),
        (["--mask", "empty.csv"], ["has column names and no rows"]),
        (["--mask", "stranger.csv"], ["--mask names vmic, which is no label"]),
        (["--mask", "backward.csv"], ["row 2 of backward.csv is no interval", "low < high"]),
        (["--mask", "beyond.csv"], ["--mask lets fe_h act at no pixel", "4000:5800"]),
        (["--mask", "text.csv"], ["must hold numbers"]),
        (["--label-errors", "vmic"], ["--label-errors names vmic, which is no label"]),
        (
            ["--label-errors", "teff"],
            ["no column 'e_teff' for the errors of teff", "--label-errors NAME=COL"],
        ),
        (["--label-errors", "teff=e"], ["no column 'e'"]),
        (["--label-errors", "teff=logg,teff=feh"], ["teff is given twice"]),
        (["--label-errors", "fe_h=feh"], ["column 'feh'", "holds the error -", "expected 0 or more"]),
        (["--label-errors", "teff=key"], ["must hold numbers"]),
        (["--labels", "teff,e_logg=logg"], ["'e_logg' is a column of results"]),
        (["--labels", "teff,chi2_ba=logg"], ["'chi2_ba' is a column of results"]),
    ],
)
def test_mistakes_in_training_are_told(run, survey, tmp_path, words, says):
    for name, text in {
        "short": "label,low\nfe_h,4000", "empty": "label,low,high",
        "stranger": "label,low,high\nvmic,4000,5000",
        "backward": "label,low,high\nfe_h,4000,5000\nfe_h,5000,4000", "text": "label,low,high\nfe_h,a,b",
        "beyond": "label,low,high\nfe_h,6000,7000",
    }.items():  # fmt: skip
        Path(f"{name}.csv").write_text(text + "\n")
    before = sorted(tmp_path.iterdir())
    done = run("train", survey / "spectra", survey / "labels.csv", "--out", "x.cannon", *words)
    done.is_one_line(*says)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--freeze", "logg"], ["--freeze 'logg' lacks a value", "NAME=VALUE or NAME=COLUMN"]),
        (["--freeze", "vmic=1"], ["--freeze names vmic", "teff, logg, fe_h"]),
        (["--freeze", "logg=1", "--freeze", "logg=2"], ["--freeze gives logg twice"]),
        (["--freeze", "logg=nan"], ["--freeze has the value nan", "finite number"]),
        (["--freeze", "logg=g"], ["--freeze logg=g is no number", "--frozen-from TABLE"]),
        (["--freeze", "logg=4", "--frozen-from", "L"], ["is not used", "--freeze NAME=COLUMN"]),
        (["--freeze", "logg=g", "--frozen-from", "L"], ["no column 'g'", "--freeze NAME=COLUMN"]),
        (["--freeze", "logg=g", "--frozen-from", "no.csv"], ["no.csv does not exist"]),
        (["--freeze", "logg=logg", "--frozen-from", "nokey.csv"], ["no column of obsids or file names"]),
        (["--freeze", "logg=logg", "--frozen-from", "other.csv"], ["no spectrum that can be used", "frozen"]),
        (["--wavelengths", "5000"], ["--wavelengths '5000' is no range"]),
        (["--wavelengths", "6000:7000"], ["holds 0 of the model's pixels", "4000:5800"]),
        (["--wavelengths", "5000:5002"], ["of the model's pixels"]),
    ],
)
def test_mistakes_in_inference_are_told(run, survey, train, tmp_path, words, says):
    train()
    table = pd.read_csv(survey / "labels.csv")
    table[["teff", "logg"]].to_csv("nokey.csv", index=False)
    table.assign(obsid=table.obsid + 5000, key="x" + table.key).to_csv("other.csv", index=False)
    before = sorted(tmp_path.iterdir())
    words = [survey / "labels.csv" if word == "L" else word for word in words]
    run("infer", "a.cannon", survey / "spectra", "--out", "out.csv", *words).is_one_line(*says)
    assert sorted(tmp_path.iterdir()) == before


# real spectra


def test_options_on_real_spectra(run, real_data):
    """A mask, terms and the correction keep a model as good as the plain one, and are told everywhere."""
    spectra = real_data / "lamost-spectra"
    labels = spectra / "labelled_spectra.csv"
    Path("mask.csv").write_text("label,low,high\nfe_h,4000,5400\n")
    words = ["--mask", "mask.csv", "--terms", "quadratic,teff^3", "--dof-correction"]
    done = run("train", spectra, labels, "--out", "a.cannon", *words)
    assert (done.status, done.err) == (0, "")
    assert "11 terms" in done.out
    done = run("validate", "a.cannon", spectra, labels, "--out", "cv.csv")
    assert (done.status, done.err) == (0, "")
    assert "mask: fe_h acts at 1303 of 1614 pixels" in done.out
    table = results(Path("cv.csv"))
    for name, most, least in (("teff", 200, 0.95), ("logg", 0.32, 0.9), ("fe_h", 0.19, 0.8)):
        error = table[name] - table[f"reference_{name}"]
        assert error.std(ddof=1) < most
        assert np.corrcoef(table[name], table[f"reference_{name}"])[0, 1] > least
    good = table[table.snr > 20]
    reduced = good.chi2_fe_h / good.pixels_fe_h
    assert 0.5 < reduced.median() < 2
    assert 0.3 < good.residual_fe_h.std() < 3


def test_frozen_labels_of_real_spectra(run, real_data):
    spectra = real_data / "lamost-spectra"
    labels = spectra / "labelled_spectra.csv"
    assert run("train", spectra, labels, "--out", "a.cannon").status == 0
    words = ["infer", "a.cannon", spectra, "--freeze", "logg=logg", "--frozen-from", labels]
    done = run(*words, "--out", "out.fits")
    assert (done.status, done.err) == (0, "")
    assert "labels frozen: logg = logg of labelled_spectra.csv" in done.out
    found = results(Path("out.fits"))
    given = pd.read_csv(labels)
    given = given.set_index(given.key.str.replace(r"\.fits(\.gz)?$", "", regex=True))
    given = given[~given.index.duplicated()].loc[found.file.astype(str).str.replace(".fits.gz", "")]
    np.testing.assert_allclose(found.logg, given.logg, rtol=1e-6)
    assert len(found) > 100
    cool = found.teff.between(4200, 6800).to_numpy()
    assert np.corrcoef(found.teff[cool], given.teff[cool])[0, 1] > 0.95


def test_missing_labels_of_real_spectra(run, real_data):
    """Log g of a third of the stars is taken away: they still train, and it is recovered."""
    spectra = real_data / "lamost-spectra"
    table = pd.read_csv(spectra / "labelled_spectra.csv")
    hidden = np.random.default_rng(1).random(len(table)) < 0.3
    table.assign(logg=table.logg.mask(hidden)).to_csv("gaps.csv", index=False)
    few = ["--wavelengths", "4800:5400"]
    numbers = []
    for words in ([], ["--missing-labels"]):
        done = run("train", spectra, "gaps.csv", "--out", "a.cannon", "--overwrite", *few, *words)
        assert (done.status, done.err) == (0, "")
        numbers.append(load_model(Path("a.cannon")).model.n_train)
    assert numbers[1] > numbers[0] + 20
    done = run("validate", "a.cannon", spectra, "gaps.csv", "--folds", "5", "--out", "cv.csv")
    assert (done.status, done.err) == (0, "")
    found = results(Path("cv.csv")).set_index("file")
    lacking = found.index[found.reference_logg.isna()]
    full = read_labels(spectra / "labelled_spectra.csv")
    true = np.array([full.values[full.row(found.obsid[file], file), 1] for file in lacking])
    assert len(lacking) > 20
    assert np.corrcoef(found.logg[lacking], true)[0, 1] > 0.7
