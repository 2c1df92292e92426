"""Windows of lines: literature wavelengths, sums by hand, enriched stars stand out with the right sign."""

import tracemalloc

import numpy as np
import pytest

from model import windows as windows_module
from model.lines import GALAH_WINDOWS, LAMOST_WINDOWS, RESOLUTION, Window
from model.windows import WindowPixels

GRID = 10 ** np.arange(3.5911, 3.9494, 1e-4)
LITERATURE_AIR = {
    "ba": (4554.029, 4934.076, 6141.713, 6496.897),
    "sr": (4077.709, 4215.519),
    "eu": (4129.725, 4205.042),
    "al": (3944.006, 3961.520),
    "mg": (5167.321, 5172.684, 5183.604, 5528.405, 8806.756),
    "mn": (4030.753, 4033.062, 4034.483, 4783.427, 4823.524),
    "sc": (4246.822, 4320.732),
    "li": (6707.81,),
    "k": (7664.899, 7698.965),
    "na": (5889.951, 5895.924),
    "ca": (3933.663, 3968.469, 4226.728, 6122.217, 6162.173, 8498.023, 8542.091, 8662.141),
}


def edlen_vacuum(air):
    """Edlen (1953), as the IAU had it before Ciddor; the two agree to 1e-3 A in the optical."""
    square = (1e4 / np.asarray(air)) ** 2
    return air * (1 + 6.4328e-5 + 2.949810e-2 / (146 - square) + 2.5540e-4 / (41 - square))


def spectra(n, snr=50.0, seed=1):
    """Flat models and noise about them; a hundredth of pixels is bad."""
    random = np.random.default_rng(seed)
    model = 1 - 0.1 * random.random((n, len(GRID)))
    s = np.full(len(GRID), 0.01)
    ivar = np.full(model.shape, snr**2)
    flux = model + random.standard_normal(model.shape) * np.hypot(1 / snr, s)
    bad = random.random(model.shape) < 0.01
    return np.where(bad, np.nan, flux), np.where(bad, 0.0, ivar), model, s


def dip(centre, depth):
    """An absorption line as the spectrograph smears it."""
    return depth * np.exp(-0.5 * ((GRID - centre) / (centre / RESOLUTION / 2.3548)) ** 2)


@pytest.fixture(scope="module")
def lamost():
    return WindowPixels.of(GRID, LAMOST_WINDOWS)


# the lists


@pytest.mark.parametrize("element", LITERATURE_AIR)
def test_lamost_windows_are_centred_on_the_lines_in_vacuum(element):
    windows = LAMOST_WINDOWS[element]
    centres = np.array([(window.low + window.high) / 2 for window in windows])
    np.testing.assert_allclose(centres, edlen_vacuum(LITERATURE_AIR[element]), atol=0.02)
    widths = np.array([window.high - window.low for window in windows])
    np.testing.assert_allclose(widths, 2 * centres / 1800, rtol=1e-12)


def test_means_of_elements_have_the_windows_of_their_elements():
    assert set(LAMOST_WINDOWS["alpha"]) == {w for e in ("mg", "si", "ca", "ti") for w in LAMOST_WINDOWS[e]}
    assert set(LAMOST_WINDOWS["s"]) == {w for e in ("ba", "y") for w in LAMOST_WINDOWS[e]}


def test_every_label_that_is_an_abundance_has_windows(lamost):
    labels = {"fe_h", "o", "eu", "alpha", "sc", "s", "mg", "al", "mn", "ba"}
    assert labels <= set(LAMOST_WINDOWS)
    counts = dict(zip(lamost.names, lamost.inside.sum(axis=1), strict=True))
    assert min(counts.values()) >= 4
    for element, windows in LAMOST_WINDOWS.items():
        alone = [WindowPixels.of(GRID, {"one": (window,)}).inside.sum() for window in windows]
        assert min(alone) >= 4, element


def test_table_2_is_complete():
    """Numbers of windows per element, total width and sum of ends, counted in the paper's text."""
    counts = {element: len(windows) for element, windows in GALAH_WINDOWS.items()}
    assert counts == {
        "al": 4, "ba": 2, "ca": 5, "co": 3, "cr": 9, "cu": 1, "eu": 2, "k": 1, "la": 4, "li": 1, "mg": 2,
        "mn": 4, "na": 3, "ni": 8, "o": 3, "sc": 10, "si": 4, "ti": 21, "v": 16, "y": 4, "zn": 2,
    }  # fmt: skip
    every = [window for windows in GALAH_WINDOWS.values() for window in windows]
    assert sum(window.high - window.low for window in every) == pytest.approx(49.63)
    assert all(0.15 < window.high - window.low < 1.2 for window in every)
    assert GALAH_WINDOWS["o"] == (
        Window(7771.53, 7772.27), Window(7773.75, 7774.57), Window(7775.08, 7775.75)
    )  # fmt: skip
    assert GALAH_WINDOWS["zn"][-1] == Window(4810.36, 4810.63)


def test_table_2_serves_galah_and_not_lamost():
    """In air, on pixels of GALAH's width, every window is used; on LAMOST's grid none is."""
    fine = np.arange(4700.0, 7900.0, 0.05)
    on_galah, on_lamost = (WindowPixels.of(grid, GALAH_WINDOWS) for grid in (fine, GRID))
    for row, windows in enumerate(GALAH_WINDOWS.values()):
        expected = np.any([(fine >= low) & (fine <= high) for low, high, _ in windows], axis=0)
        np.testing.assert_array_equal(on_galah.inside[row], expected)
    assert not on_lamost.inside.any()


# the fit


def test_sums_are_those_by_hand(lamost):
    flux, ivar, model, s = spectra(4)
    fit = lamost.fit(flux, ivar, model, s)
    for star in range(4):
        for row, element in enumerate(lamost.names):
            chi2, found, power, used = 0.0, 0.0, 0.0, set()
            for pixel, x in enumerate(GRID):
                windows = [w for w in LAMOST_WINDOWS[element] if w.low <= x <= w.high]
                if not windows or ivar[star, pixel] == 0:
                    continue
                used.add(pixel)
                variance = 1 / ivar[star, pixel] + s[pixel] ** 2
                shape = sum(
                    2 ** -((2 * (x - (w.low + w.high) / 2) / ((w.high - w.low) / 2)) ** 2)
                    for w in windows
                    if not w.band
                )
                difference = model[star, pixel] - flux[star, pixel]
                chi2 += difference**2 / variance
                found += shape * difference / variance
                power += shape**2 / variance
            assert fit.pixels[star, row] == len(used)
            assert fit.chi2[star, row] == pytest.approx(chi2)
            assert fit.depth[star, row] == pytest.approx(found / power)
            assert fit.residual[star, row] == pytest.approx(found / np.sqrt(power))


def test_a_right_model_has_a_chi2_of_its_pixels_and_a_residual_of_one(lamost):
    fit = lamost.fit(*spectra(3000))
    np.testing.assert_allclose(np.mean(fit.chi2 / fit.pixels, axis=0), 1, atol=0.03)
    np.testing.assert_allclose(np.mean(fit.residual, axis=0), 0, atol=0.08)
    np.testing.assert_allclose(np.std(fit.residual, axis=0), 1, atol=0.05)


@pytest.mark.parametrize("depth", [0.05, -0.05])
def test_lines_deeper_than_the_models_are_positive(lamost, depth):
    """As deep a line in every window gives its depth back, and touches no element that lies elsewhere."""
    flux, ivar, model, s = spectra(400)
    for wavelength in (4555.31, 4935.45, 6143.41, 6498.69):
        flux = flux - dip(wavelength, depth)
    fit = lamost.fit(flux, ivar, model, s)
    barium, lithium = lamost.names.index("ba"), lamost.names.index("li")
    assert np.mean(fit.depth[:, barium]) == pytest.approx(depth, rel=0.05)
    assert np.mean(np.sign(depth) * fit.residual[:, barium] > 3) > 0.5
    assert np.median(fit.chi2[:, barium] / fit.pixels[:, barium]) > 1.2
    assert abs(np.mean(fit.residual[:, lithium])) < 0.2


def test_a_band_counts_in_chi2_and_has_no_sign():
    windows = {"o": (Window(4143.0, 4217.0, band=True),)}
    flux, ivar, model, s = spectra(5)
    fit = WindowPixels.of(GRID, windows).fit(flux - 0.1, ivar, model, s)
    assert np.all(fit.chi2 > 3 * fit.pixels)
    assert np.isnan(fit.residual).all()
    assert np.isnan(fit.depth).all()


def test_too_few_good_pixels_give_no_number():
    laid = WindowPixels.of(GRID, {"li": LAMOST_WINDOWS["li"]})
    inside = np.flatnonzero(laid.inside[0])
    flux, ivar, model, s = spectra(2)
    flux, ivar = model.copy(), np.ones_like(model)
    ivar[0, inside[2:]] = 0
    ivar[1, inside[3:]] = 0
    fit = laid.fit(flux, ivar, model, s)
    assert fit.pixels.tolist() == [[2], [3]]
    for values in (fit.chi2, fit.residual, fit.depth):
        assert np.isnan(values[:, 0]).tolist() == [True, False]


@pytest.mark.parametrize("garbage", [np.nan, np.inf, -1e30])
def test_bad_pixels_change_nothing(lamost, garbage):
    flux, ivar, model, s = spectra(3)
    expected = lamost.fit(np.where(ivar > 0, flux, 1.0), ivar, model, s)
    given = np.where(ivar > 0, flux, garbage)
    before = given.copy()
    fit = lamost.fit(given, ivar, model, s)
    np.testing.assert_array_equal(fit.chi2, expected.chi2)
    np.testing.assert_array_equal(fit.residual, expected.residual)
    np.testing.assert_array_equal(given, before)


def test_pixels_the_model_does_not_know_are_left_out(lamost):
    flux, ivar, model, s = spectra(3)
    unknown = np.random.default_rng(9).random(len(GRID)) < 0.1
    expected = lamost.fit(flux, np.where(unknown, 0, ivar), model, s)
    fit = lamost.fit(flux, ivar, np.where(unknown, np.nan, model), np.where(unknown, np.nan, s))
    np.testing.assert_array_equal(fit.chi2, expected.chi2)
    np.testing.assert_array_equal(fit.residual, expected.residual)
    np.testing.assert_array_equal(fit.pixels, expected.pixels)


def test_a_star_gets_the_same_alone_and_among_others(lamost):
    flux, ivar, model, s = spectra(5)
    together = lamost.fit(flux, ivar, model, s)
    alone = lamost.fit(flux[3:4], ivar[3:4], model[3:4], s)
    np.testing.assert_allclose(alone.residual[0], together.residual[3], rtol=1e-10)
    np.testing.assert_allclose(alone.chi2[0], together.chi2[3], rtol=1e-10)


def test_batches_do_not_matter(lamost, monkeypatch):
    given = spectra(7)
    whole = lamost.fit(*given)
    monkeypatch.setattr(windows_module, "BATCH", 3)
    parts = lamost.fit(*given)
    np.testing.assert_array_equal(parts.pixels, whole.pixels)
    for name in ("chi2", "residual", "depth"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-10)


def test_no_star_is_no_row(lamost):
    none = lamost.fit(*(np.ones((0, len(GRID))),) * 3, np.zeros(len(GRID)))
    assert none.chi2.shape == none.pixels.shape == (0, len(lamost.names))


def test_memory_does_not_grow_with_the_number_of_stars(lamost, monkeypatch):
    """But for the results themselves."""
    monkeypatch.setattr(windows_module, "BATCH", 64)
    peaks = []
    for stars in (64, 1024):
        alike = np.broadcast_to(np.ones(len(GRID)), (stars, len(GRID)))
        tracemalloc.start()
        fit = lamost.fit(alike, alike, alike, np.zeros(len(GRID)))
        kept = sum(array.nbytes for array in (fit.pixels, fit.chi2, fit.residual, fit.depth))
        peaks.append(tracemalloc.get_traced_memory()[1] - 2 * kept)
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f, i, m, s: (f[:, 1:], i, m, s), "expected .stars"),
        (lambda f, i, m, s: (f, i, m[:1], s), "expected .stars"),
        (lambda f, i, m, s: (f, i, m, s[1:]), "expected .stars"),
        (lambda f, i, m, s: (f, i - 1e4, m, s), "ivar is negative"),
        (lambda f, i, m, s: (f, i * np.inf, m, s), "ivar is negative or infinite"),
        (lambda f, i, m, s: (f * np.nan, i + 1, m, s), "no number"),
        (lambda f, i, m, s: (f, i, m * np.nan, s), "no number"),
    ],
)
def test_spectra_that_do_not_fit_are_refused(lamost, change, words):
    given = np.ones((2, len(GRID))), np.ones((2, len(GRID))), np.ones((2, len(GRID))), np.zeros(len(GRID))
    with np.errstate(invalid="ignore"):
        changed = change(*given)
    with pytest.raises(ValueError, match=words):
        lamost.fit(*changed)


@pytest.mark.parametrize("grid", [GRID[::-1], np.append(GRID, np.nan), GRID.reshape(1, -1)])
def test_unsorted_wavelengths_are_refused(grid):
    with pytest.raises(ValueError, match="do not increase"):
        WindowPixels.of(grid, LAMOST_WINDOWS)
