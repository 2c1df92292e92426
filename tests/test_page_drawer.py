"""A star's drawer in a real Chromium: curves are the file's pixels and Cannon.predict, fits are scipy's."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.optimize import least_squares

from data.catalogue import open_catalogue
from data.lamost import read_spectrum
from data.observation_name import Star
from explorer.cannon_file import load_model
from explorer.derive import derivations
from explorer.mock_observations import MockObservations
from model.continuum import Continuum
from model.wavelength import SURVEY_GRID, radial_velocity, resample, rest_frame, vacuum_to_air
from tests.browser import USABLE, Visit, eventually
from tests.drawer_page import DrawerPage
from tests.served import Served

MAPS = ("rz", "kiel")

RINGS = """
() => {
  const {data} = Bokeh.documents[0].get_model_by_name('rings')
  return [data.kiel_x[0], data.kiel_y[0], data.rz_x[0]]
}
"""


@pytest.fixture(scope="module")
def survey(mock_survey, own_folders):
    with pytest.MonkeyPatch.context() as patched:
        for name, folder in own_folders.items():
            patched.setenv(name, folder)
        yield open_catalogue(mock_survey / "built" / "catalogue", derivations=derivations())


@pytest.fixture(scope="module")
def giant(mock_survey):
    return load_model(mock_survey / "built" / "models" / "giant.cannon").model


@pytest.fixture(scope="module")
def star(survey):
    """Row of a bright giant that was observed twice."""
    twice = (survey["giantmodel"] == 1) & (survey["n_obs"] == 2) & (survey["chi2"] < 7000)
    rows = np.flatnonzero(twice)
    return int(rows[np.argmax(survey["snrz"][rows])])


@pytest.fixture(scope="module")
def server(mock_survey, own_folders, tmp_path_factory):
    log = tmp_path_factory.mktemp("drawer") / "log"
    running = Served.catalogue(mock_survey / "built" / "catalogue", log, **own_folders)
    running.wait()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def reader(browser, server):
    with Visit.of(browser, server.url) as visit:
        yield visit.open(*MAPS)


@pytest.fixture
def drawer(reader, survey, star):
    """The star, as it is when it is found first."""
    page = DrawerPage(reader)
    page.find(int(survey["obsid"][star])).turn("Labels")
    yield page
    if page.pane.is_visible():
        page.pane.get_by_label("Close").click()
        eventually(lambda: holds(not page.pane.is_visible()))


def holds(what):
    assert what


def prepared(spectrum):
    """Flux over continuum and ivar on the survey's grid, by the plain steps."""
    flux, ivar = resample(
        rest_frame(spectrum.wavelength, spectrum.z), spectrum.flux, spectrum.ivar, SURVEY_GRID
    )
    unit = np.median(np.abs(flux[ivar > 0]))
    normal, weight, continuum = Continuum(SURVEY_GRID).normalise(flux / unit, ivar * unit**2)
    return normal, weight, continuum


@pytest.fixture(scope="module")
def observed(survey, star):
    """What the survey has of the star: flux and ivar of each observation."""
    found = MockObservations.of(survey).find(Star.at(survey.columns, star))
    return [prepared(one.spectrum) for one in found.observations]


def fitted(model, flux, ivar, held=None):
    """Labels at the least chi2, by scipy, started from where The Cannon ends."""
    held = held or {}
    names = model.label_names
    free = [name for name in names if name not in held]
    start = model.infer(flux[None], ivar[None], frozen=held).labels[0]
    known = dict(zip(names, start, strict=True)) | held
    weight = np.sqrt(ivar / (1 + ivar * np.nan_to_num(model.s) ** 2)) * np.isfinite(model.s)

    def off(values):
        labels = known | dict(zip(free, values * scale + centre, strict=True))
        return np.nan_to_num(weight * (flux - model.predict([labels[name] for name in names])))

    scale = np.array([model.scale[names.index(name)] for name in free])
    centre = np.array([known[name] for name in free])
    found = least_squares(off, np.zeros(len(free)) + 0.05, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return known | dict(zip(free, found.x * scale + centre, strict=True))


def check_model(drawer, model, labels):
    """The curve of the model is its prediction for some labels."""
    expected = model.predict([labels[name] for name in model.label_names])

    def same():
        np.testing.assert_allclose(drawer.pixels["model"], expected, rtol=0, atol=2e-5, equal_nan=True)

    eventually(same)


def test_a_star_is_shown_with_its_own_pixels_and_the_models(drawer, giant, observed):
    flux, ivar, _ = observed[0]
    pixels = drawer.pixels
    np.testing.assert_allclose(pixels["wavelength"], SURVEY_GRID, rtol=1e-12)
    np.testing.assert_array_equal(np.isnan(pixels["flux"]), ivar == 0)
    good = ivar > 0
    np.testing.assert_allclose(pixels["flux"][good], flux[good], rtol=2e-5, atol=2e-6)
    check_model(drawer, giant, fitted(giant, flux, ivar))
    residual = (flux - pixels["model"]) * np.sqrt(ivar / (1 + ivar * giant.s**2))
    np.testing.assert_allclose(drawer.pixels["lower"][good], residual[good], atol=2e-3)
    assert np.isnan(drawer.pixels["trial"]).all()


def test_the_table_has_the_catalogues_values_and_errors(drawer, survey, star, giant):
    rows = drawer.rows
    assert len(rows) == len(giant.label_names)
    for name, (_, published, told) in zip(giant.label_names, rows, strict=True):
        value, error = (float(part) for part in published.replace("−", "-").split(" ± "))
        assert value == pytest.approx(survey[name][star], abs=error / 10)
        assert error == pytest.approx(survey[f"e_{name}"][star], rel=0.06)
        assert "±" in told
    assert "MOCK" in drawer.pane.locator("h2").inner_text()
    assert drawer.pane.locator(".links a").count() == 0


def test_a_held_label_gives_the_constrained_fit_and_going_back_the_free_one(drawer, giant, observed):
    flux, ivar, _ = observed[0]
    free = fitted(giant, flux, ivar)
    drawer.slide("log g", 2.2)
    drawer.hold("log g")
    check_model(drawer, giant, fitted(giant, flux, ivar, {"logg": 2.2}))
    assert any(told == "2.20 held" for _, _, told in drawer.rows)
    drawer.slide("log g", 2.5)
    check_model(drawer, giant, fitted(giant, flux, ivar, {"logg": 2.5}))
    drawer.slide("Teff", 4700.0)
    drawer.hold("Teff")
    check_model(drawer, giant, fitted(giant, flux, ivar, {"logg": 2.5, "teff": 4700.0}))
    drawer.turn("Fit")
    eventually(lambda: holds("log g" in drawer.words and "Giants below" in drawer.words))
    drawer.turn("Labels")
    drawer.pane.get_by_role("button", name="Back to the fit").click()
    check_model(drawer, giant, free)


def test_left_out_pixels_carry_no_weight_typed_or_brushed(drawer, giant, observed):
    flux, ivar, _ = observed[0]
    drawer.leave_out("4300-5200")
    out = (SURVEY_GRID >= 4300) & (SURVEY_GRID <= 5200)
    check_model(drawer, giant, fitted(giant, flux, np.where(out, 0, ivar)))
    assert np.isnan(drawer.pixels["lower"][out]).all()
    assert drawer.source("spectrum_excluded") == {"left": [4300], "right": [5200]}
    drawer.pane.get_by_role("button", name="Fit all pixels").click()
    check_model(drawer, giant, fitted(giant, flux, ivar))
    drawer.visit.drag("spectrum_flux", (5500, 0.9), (6500, 0.9))

    def brushed():
        ends = drawer.source("spectrum_excluded")
        assert [*ends["left"], *ends["right"]] == pytest.approx([5500, 6500], abs=15)

    eventually(brushed)
    ends = drawer.source("spectrum_excluded")
    out = (ends["left"][0] <= SURVEY_GRID) & (ends["right"][0] >= SURVEY_GRID)
    check_model(drawer, giant, fitted(giant, flux, np.where(out, 0, ivar)))
    drawer.leave_out("nonsense")
    eventually(lambda: holds("is no range of wavelength" in drawer.note))
    drawer.leave_out("3000-9999")
    eventually(lambda: holds("good pixels are left" in drawer.note))
    check_model(drawer, giant, fitted(giant, flux, np.where(out, 0, ivar)))


def test_a_slider_draws_the_model_for_other_labels(drawer, giant, observed):
    flux, ivar, _ = observed[0]
    labels = fitted(giant, flux, ivar)
    drawer.slide("Teff", 4700.0)
    drawer.slide("[Mg/Fe]", 0.3)
    tried = labels | {"teff": 4700.0, "mg_fe": 0.3}
    expected = giant.predict([tried[name] for name in giant.label_names])
    eventually(lambda: np.testing.assert_allclose(drawer.pixels["trial"], expected, atol=3e-3))
    drawer.pane.get_by_role("button", name="Back to the fit").click()
    eventually(lambda: holds(np.isnan(drawer.pixels["trial"]).all()))


def test_pixels_that_carry_a_label_and_its_lines(drawer, giant, observed):
    flux, ivar, _ = observed[0]
    labels = fitted(giant, flux, ivar)
    drawer.pane.get_by_label("Which pixels carry [Mg/Fe]?").click()
    place = giant.label_names.index("mg_fe")
    at = np.array([labels[name] for name in giant.label_names])
    gradient = giant.gradient(at)
    weight = ivar / (1 + ivar * giant.s**2)
    fisher = gradient.T @ (weight[:, None] * gradient)
    error = np.sqrt(np.linalg.inv(fisher)[place, place])
    eventually(lambda: holds(np.nansum(drawer.pixels["lower"]) == pytest.approx(error**-2, rel=1e-3)))
    lines = drawer.source("spectrum_windows")
    assert any(low < 5185.05 < high for low, high in zip(lines["left"], lines["right"], strict=True))
    drawer.pane.get_by_label("Below the spectrum").select_option("gradient mg_fe")
    slope = np.where(ivar > 0, gradient[:, place], 0)
    eventually(lambda: np.testing.assert_allclose(drawer.pixels["lower"], slope, atol=1e-4, rtol=1e-3))
    drawer.pane.get_by_label("Below the spectrum").select_option("residual ")
    eventually(lambda: holds(drawer.source("spectrum_windows")["left"] == []))


def test_observed_frame_air_and_flux_with_its_continuum(drawer, observed, survey, star):
    flux, ivar, continuum = observed[0]
    z = survey["rv"][star] / 299_792.458
    drawer.pane.get_by_label("observed frame").click()
    eventually(
        lambda: np.testing.assert_allclose(drawer.pixels["wavelength"], SURVEY_GRID * (1 + z), rtol=2e-5)
    )
    drawer.pane.get_by_label("air").last.click()
    both = vacuum_to_air(SURVEY_GRID * (1 + z))
    eventually(lambda: np.testing.assert_allclose(drawer.pixels["wavelength"], both, rtol=2e-5))
    drawer.pane.get_by_label("observed frame").click()
    eventually(
        lambda: np.testing.assert_allclose(
            drawer.pixels["wavelength"], vacuum_to_air(SURVEY_GRID), rtol=1e-12
        )
    )
    drawer.pane.get_by_label("flux and continuum").click()
    good = ivar > 0

    def raw():
        np.testing.assert_allclose(
            drawer.pixels["flux"][good], (flux * continuum)[good], rtol=1e-4, atol=1e-5
        )

    eventually(raw)
    drawer.pane.get_by_label("flux and continuum").click()
    drawer.pane.get_by_label("air").last.click()
    eventually(lambda: np.testing.assert_allclose(drawer.pixels["wavelength"], SURVEY_GRID, rtol=1e-12))


def test_two_observations_one_by_one_and_stacked(drawer, observed):
    assert len(observed) == 2
    drawer.pane.get_by_label("Which spectrum").select_option("1")
    flux, ivar, _ = observed[1]
    good = ivar > 0
    eventually(
        lambda: np.testing.assert_allclose(drawer.pixels["flux"][good], flux[good], rtol=2e-5, atol=2e-6)
    )
    drawer.pane.get_by_label("Which spectrum").select_option("-1")
    weights = np.array([one[1] for one in observed])
    total = weights.sum(axis=0)
    mean = (weights * [one[0] for one in observed]).sum(axis=0) / np.where(total > 0, total, 1)
    good = total > 0
    eventually(
        lambda: np.testing.assert_allclose(drawer.pixels["flux"][good], mean[good], rtol=2e-5, atol=2e-6)
    )
    assert "Each observation by itself" in drawer.turn("Spectrum")
    drawer.turn("Labels")


def test_its_orbit_is_computed_when_it_is_asked_for(drawer, survey, star):
    drawer.turn("Orbit")

    def computed():
        words = drawer.words
        assert "pericentre" in words
        assert "1,000 within the errors" in words

    eventually(computed, 90.0)
    drawer.turn("Labels")


def test_the_model_of_the_other_stars_can_be_tried(drawer, mock_survey, observed):
    dwarf = load_model(mock_survey / "built" / "models" / "dwarf.cannon").model
    drawer.pane.get_by_label("Model").last.select_option("dwarf")
    flux, ivar, _ = observed[0]
    eventually(lambda: holds(len(drawer.rows) == len(dwarf.label_names)))
    check_model(drawer, dwarf, fitted(dwarf, flux, ivar))


def test_a_link_opens_the_drawer_and_esc_closes_it(browser, server, survey, star):
    with Visit.of(browser, server.url) as visit:
        DrawerPage(visit.open(*MAPS)).find(int(survey["obsid"][star]))
        eventually(lambda: holds("s=" in visit.page.evaluate("location.search")))
        visit.page.reload()
        visit.wait_for(*MAPS)
        again = DrawerPage(visit).shown(f"obsid {survey['obsid'][star]}")
        visit.page.keyboard.press("Escape")
        eventually(lambda: holds(not again.pane.is_visible()))


# a spectrum of one's own


def bring(reader, file):
    """Open a file of one's own, and wait until it is shown."""
    with reader.page.expect_file_chooser() as chooser:
        reader.page.get_by_role("button", name="Open a LAMOST file").click()
    chooser.value.set_files(file)
    return DrawerPage(reader).shown(file.name)


def test_a_spectrum_of_ones_own_is_fitted_and_marked(reader, real_data, giant):
    file, other, *_ = (real_data / "lamost-spectra").rglob("*.fits.gz")
    page = bring(reader, file)
    assert "Your spectrum" in page.pane.locator("h2").inner_text()
    page.pane.get_by_label("Model").last.select_option("giant")
    spectrum = read_spectrum(file)
    flux, ivar, _ = prepared(spectrum)
    good = ivar > 0
    np.testing.assert_allclose(page.pixels["flux"][good], flux[good], rtol=1e-4, atol=1e-5)
    check_model(page, giant, fitted(giant, flux, ivar))
    labels = fitted(giant, flux, ivar)

    def marked():
        teff, logg, radius = reader.page.evaluate(RINGS)
        assert [teff, logg] == pytest.approx([labels["teff"], labels["logg"]], rel=1e-3)
        assert radius is None or np.isnan(radius)

    eventually(marked)
    for name, value in (("distance", "1"), ("pmra", "0"), ("pmdec", "0"), ("rv", "0")):
        reader.page.locator(f"input[name={name}]").fill(value)
    reader.page.get_by_role("button", name="Mark it on the maps").click()

    def placed():
        radius = reader.page.evaluate(RINGS)[2]
        assert radius is not None
        assert 6.9 < radius < 9.1

    eventually(placed, 60.0)
    status = reader.page.locator("[role=status]").filter(has_text="It is marked on the maps.")
    expect(status).to_be_visible()
    bring(reader, other)
    for name in ("distance", "pmra", "pmdec"):
        expect(reader.page.locator(f"input[name={name}]")).to_have_value("")
    velocity = float(radial_velocity(read_spectrum(other).z))
    expect(reader.page.locator("input[name=rv]")).to_have_value(f"{velocity:.1f}")
    eventually(lambda: holds(np.isnan(reader.page.evaluate(RINGS)[2] or np.nan)))
    page.pane.locator("h2").click()
    reader.page.keyboard.press("Escape")
    eventually(lambda: holds(not page.pane.is_visible()))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cut short.fits", b"SIMPLE  =                    T", "cut short.fits"),
        ("<img src=x onerror=alert(1)>.fits", b"not FITS at all", "<img src=x onerror=alert(1)>.fits"),
        ("huge.fits", b"\0" * (5 << 20), "less than 4.0"),
        ("empty.fits", b"", "empty.fits"),
    ],
)
def test_what_is_no_spectrum_is_refused_in_words(reader, name, content, said):
    with reader.page.expect_file_chooser() as chooser:
        reader.page.get_by_role("button", name="Open a LAMOST file").click()
    chooser.value.set_files({"name": name, "mimeType": "application/fits", "buffer": content})
    status = reader.page.locator("[role=status].wrong")
    eventually(lambda: holds(said in status.last.inner_text()))
    assert reader.count[1] > 3000


# real spectra


def test_a_real_star_is_shown_with_the_files_own_pixels(
    browser, real_survey, real_data, own_folders, tmp_path, monkeypatch
):
    for name, folder in own_folders.items():
        monkeypatch.setenv(name, folder)
    spectra = real_data / "lamost-spectra"
    options = ("--spectra", str(spectra))
    server = Served.catalogue(real_survey / "catalogue", tmp_path / "log", *options, **own_folders)
    stars = open_catalogue(real_survey / "catalogue", derivations=derivations())
    model = load_model(real_survey / "models" / "all.cannon").model
    row = int(np.argmax(stars["snrz"]))
    try:
        server.wait()
        with Visit.of(browser, server.url) as visit:
            visit.page.goto(visit.url)
            visit.page.wait_for_function(USABLE)
            eventually(lambda: holds(len(visit.chips) == 1))  # one model for all: no cut to its giants
            visit.page.get_by_label("Remove this cut").first.click()
            eventually(lambda: holds(len(visit.chips) == 0))
            eventually(lambda: holds(visit.count[0] == len(stars)))
            visit.page.mouse.click(
                *visit.place("kiel", *(float(stars[name][row]) for name in ("teff", "logg")))
            )
            drawer = DrawerPage(visit).shown(f"obsid {stars['obsid'][row]}")
            (name,) = re.findall(r"From\s*file (\S+?\.fits(?:\.gz)?)", drawer.turn("Spectrum"))
            (file,) = spectra.rglob(name)
            spectrum = read_spectrum(file)
            assert [spectrum.ra, spectrum.dec] == pytest.approx(
                [stars["ra"][row], stars["dec"][row]], abs=1e-3
            )
            flux, ivar, _ = prepared(spectrum)
            good = ivar > 0
            np.testing.assert_allclose(drawer.pixels["flux"][good], flux[good], rtol=1e-4, atol=1e-5)
            used = np.isfinite(drawer.pixels["model"])
            chosen = np.isin(SURVEY_GRID, model.wavelength)
            np.testing.assert_array_equal(used, chosen)
            labels = fitted(model, flux[chosen], ivar[chosen])
            expected = model.predict([labels[each] for each in model.label_names])
            np.testing.assert_allclose(drawer.pixels["model"][chosen], expected, atol=2e-5)
            assert "MOCK" not in drawer.pane.locator("h2").inner_text()
    finally:
        server.stop()
