"""Mock spectra: lines where they are, as strong as physics has them, and noise that is what it says."""

import numpy as np
import pytest

from model.atoms import ELEMENTS
from model.composition import ALPHA, composition
from model.exposure import G_BAND, LAST, Z_BAND
from model.line_list import SPECIES, hydrogen_wavelengths, metal_lines, oscillator_strength
from model.line_profile import growth
from model.lines import GALAH_WINDOWS, LAMOST_WINDOWS
from model.synthesis import BATCH, LAMOST_GRID, Synthesis, _atmospheres
from model.wavelength import air_to_vacuum, vacuum_to_air

SYNTHESIS = Synthesis()
GIANT = {"teff": 4700.0, "logg": 2.4, "vmic": 1.4, "fe_h": -0.2}
SUN = {"teff": 5772.0, "logg": 4.44, "vmic": 1.0, "fe_h": 0.0}
LABELS = ("o", "mg", "si", "ca", "ti", "al", "sc", "mn", "ba", "y", "eu")
LINES = metal_lines(LAMOST_GRID)
PLACES = LAMOST_GRID[0] * 10 ** (1e-4 * LINES.pixel)


def spectra_of(base, **changes):
    """Normalised spectra of stars that differ in what is given as lists."""
    count = max(np.size(value) for value in changes.values()) if changes else 1
    return SYNTHESIS.normalised(
        {name: np.broadcast_to(value, count) for name, value in {**base, **changes}.items()}
    ).astype(float)


def width(flux, wave, reach=4.0):
    """Equivalent width (A) of what lies within `reach` pixels of a wavelength, one for each spectrum."""
    middle = np.log(wave / LAMOST_GRID[0]) / np.log(10) * 1e4
    inside = np.abs(np.arange(LAMOST_GRID.size) - middle) <= reach
    return (1 - flux[:, inside]).sum(axis=1) * wave * np.log(10) * 1e-4


def own_width(base, element, wave, amount=0.0, **changes):
    """Equivalent width of an element's lines about a wavelength: against the spectrum without the element."""
    there, gone = (spectra_of(base, **{**changes, f"{element}_fe": x_fe}) for x_fe in (amount, -9.0))
    return width(there / gone, wave)


def sample(stars, seed=7, snr=60.0):
    rng = np.random.default_rng(seed)
    columns = {
        "teff": rng.uniform(4200, 6800, stars),
        "logg": rng.uniform(1.0, 4.6, stars),
        "vmic": rng.uniform(0.9, 2.0, stars),
        "fe_h": rng.uniform(-1.2, 0.3, stars),
        "snrz": np.full(stars, snr),
        "rv": rng.normal(0, 60, stars),
    }
    return {**columns, **{f"{name}_fe": rng.normal(0, 0.1, stars) for name in LABELS}}


# where lines are


@pytest.mark.parametrize(
    ("lower", "upper", "vacuum"),
    [
        (2, 3, 6564.61), (2, 4, 4862.69), (2, 5, 4341.69), (2, 6, 4102.90), (2, 7, 3971.20), (3, 11, 8865.22),
        (3, 12, 8752.88), (3, 14, 8600.75), (3, 17, 8469.59),
    ],
)  # fmt: skip
def test_hydrogen_is_where_nist_has_it(lower, upper, vacuum):
    """But for its fine structure, 1.3e-5 of the wavelength: 4 km/s."""
    uppers, found = hydrogen_wavelengths(lower)
    assert found[uppers == upper] == pytest.approx([vacuum], rel=1.5e-5)


@pytest.mark.parametrize(
    ("lower", "upper", "strength"),
    [(2, 3, 0.6407), (2, 4, 0.1193), (2, 5, 0.04467), (2, 6, 0.02209), (2, 8, 0.008036), (3, 10, 0.00698)],
)
def test_hydrogen_is_as_strong_as_tables_have_it(lower, upper, strength):
    assert oscillator_strength(lower, upper) == pytest.approx(strength, rel=0.05 if upper < 7 else 0.15)


@pytest.mark.parametrize(
    "air", [3933.663, 3968.469, 4226.728, 5172.684, 5183.604, 5889.951, 5895.924, 8498.02, 8542.09, 8662.14]
)
def test_strong_lines_are_where_the_sun_has_them(air):
    flux, vacuum = spectra_of(SUN), air_to_vacuum(air)
    near = np.flatnonzero(np.abs(LAMOST_GRID - vacuum) < vacuum / 1800)
    assert LAMOST_GRID[near[np.argmin(flux[0, near])]] == pytest.approx(vacuum, rel=2.5e-4)


@pytest.mark.parametrize("element", LABELS)
def test_each_label_has_lines_in_its_windows(element):
    """Of its own: changing the element changes them."""
    changed = np.abs(np.diff(spectra_of(GIANT, **{f"{element}_fe": [-0.2, 0.2]}), axis=0)[0])
    windows = LAMOST_WINDOWS[element]
    inside = np.any([(w.low <= LAMOST_GRID) & (w.high >= LAMOST_GRID) for w in windows], axis=0)
    assert changed[inside].max() > 0.003
    assert changed[inside].mean() > changed.mean()
    air = vacuum_to_air(PLACES)
    own = np.any([(w.low <= air) & (w.high >= air) for w in GALAH_WINDOWS[element]], axis=0)
    assert own.any()


# how strong they are

SOLAR = {
    "fe1": {6254.29: 122, 4384.78: 1008, 4046.95: 1174},
    "fe2": {6249.27: 54, 6458.16: 65},
    "mg1": {5529.94: 293, 5185.05: 1584, 5712.67: 105},
    "na1": {5891.58: 752, 6162.45: 57},
    "ca1": {6163.88: 222, 4227.92: 1476},
    "ca2": {3934.78: 20_253, 8544.44: 3670},
    "al1": {3962.64: 621, 6697.87: 37},
    "ti1": {5868.08: 47},
    "sc2": {5659.47: 66},
    "ba2": {5855.30: 64, 6498.69: 100, 4555.31: 159},
    "y2": {4885.05: 57, 5088.83: 48},
    "sr2": {4078.86: 428},
    "o1": {7774.08: 72},
}
"""Lines of the Sun (vacuum, A) and their equivalent widths, mA: Moore, Minnaert & Houtgast (1966, NBS
Monograph 61), rounded."""


def solar_width(species, wave):
    """Equivalent width, mA, of one line of the list in the Sun, by the formula."""
    atmosphere = _atmospheres(
        {name: np.array([value]) for name, value in SUN.items()}, {}, np.zeros(1), np.ones(1)
    )
    number = SPECIES.index(species)
    own = np.flatnonzero(LINES.species == number)
    line = own[np.argmin(np.abs(PLACES[own] - wave))]
    assert abs(PLACES[line] - wave) < 0.3
    node = (LINES.node[line], LINES.node[line] + 1)
    here = [
        np.interp(LINES.place[line], (0, 1), values[0, node])
        for values in (atmosphere.dimness, atmosphere.depth)
    ]
    eta = (
        LINES.strength[line]
        + atmosphere.column[0, number]
        - atmosphere.theta[0] * LINES.excitation[line]
        + here[0]
    )
    doppler = atmosphere.doppler[0, number]
    a = (LINES.radiative[line] + LINES.pressure[line] * atmosphere.crush[0]) / doppler
    grown = growth(np.array([10**eta]), np.array([a]))[0, 0]
    return here[1] * grown * doppler / 2.998e10 * wave * 1000 * 10 ** LINES.crowd[line]


def test_the_suns_lines_are_as_strong_as_the_suns():
    """Within 25 % in the mean, at worst by a factor of 1.7, from 37 to 20,000 mA."""
    off = [
        np.log10(solar_width(species, wave) / real)
        for species, lines in SOLAR.items()
        for wave, real in lines.items()
    ]
    assert np.abs(off).mean() < 0.10
    assert np.abs(off).max() < 0.23
    assert np.mean(off) == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("element", [*LABELS, "na", "c"])
def test_an_element_strengthens_lines_of_its_own(element):
    """And of CN and CH, where carbon or oxygen is meant."""
    flux = spectra_of(GIANT, **{f"{element}_fe": [-0.3, 0.0, 0.3]})
    place = {"c": 4305.0, "na": 5891.58, "o": 7774.08}.get(element)
    if place is None:
        place = np.mean([LAMOST_WINDOWS[element][-1].low, LAMOST_WINDOWS[element][-1].high])
    assert (np.diff(width(flux, place)) > 0).all()


def test_oxygen_weakens_cn_and_ch_in_cool_giants():
    flux = spectra_of({**GIANT, "teff": 4300.0, "logg": 1.8}, o_fe=[-0.2, 0.1, 0.4])
    assert (np.diff(width(flux, 4195.0, 80.0)) < 0).all()
    assert (np.diff(width(flux, 4305.0, 30.0)) < 0).all()


def test_iron_fades_and_hydrogen_grows_with_heat():
    teff = np.array([4500, 5500, 6500, 7500, 8500, 9500, 11_000, 14_000, 20_000.0])
    flux = spectra_of({**SUN, "logg": 4.0, "fe_h": -4.0}, teff=teff)
    balmer = width(flux, 4862.69, 60.0)
    assert 8000 < teff[np.argmax(balmer)] < 12_000
    assert (np.diff(balmer[:5]) > 0).all()
    assert (np.diff(balmer[6:]) < 0).all()
    assert (np.diff(width(flux, 8752.88, 8.0)[1:5]) > 0).all()
    assert (np.diff(own_width({**SUN, "logg": 4.0}, "ca", 6163.88, teff=teff[:7])) < 0).all()


@pytest.mark.parametrize(
    ("element", "wave"), [("ba", 4935.45), ("sc", 4321.95), ("sr", 4078.86), ("eu", 4130.89)]
)
def test_ionised_lines_grow_to_low_gravity(element, wave):
    assert (np.diff(own_width({**SUN, "teff": 4900.0}, element, wave, logg=[3.7, 3.0, 2.3, 1.6])) > 0).all()


@pytest.mark.parametrize(("element", "wave"), [("mg", 5185.05), ("ca", 4227.92), ("na", 5891.58)])
def test_wings_of_neutral_lines_shrink_to_low_gravity(element, wave):
    assert (np.diff(own_width({**SUN, "teff": 4900.0}, element, wave, logg=[4.5, 3.5, 2.5])) < 0).all()


@pytest.mark.parametrize(("amount", "gain"), [(-4.0, (0.95, 1.05)), (0.0, (1.1, 2.0))])
def test_microturbulence_strengthens_saturated_lines_not_weak_ones(amount, gain):
    """Of the same element: [Sc/Fe] = -4 makes its lines weak."""
    slow, fast = own_width(GIANT, "sc", 4248.02, amount, vmic=[1.0, 2.0])
    assert gain[0] < fast / slow < gain[1]


def test_metals_blanket_the_blue():
    flux = spectra_of(GIANT, fe_h=[-2.0, -1.0, 0.0, 0.3])
    blue = LAMOST_GRID < 4500
    assert (np.diff(flux[:, blue].mean(axis=1)) < 0).all()
    assert (np.diff((flux[:, blue] - flux[:, ~blue].mean(axis=1)[:, None]).mean(axis=1)) < 0).all()


def test_it_is_no_polynomial_of_the_labels():
    """A cubic through four [Fe/H] misses a fifth by much more than the spectra's rounding."""
    flux = spectra_of(GIANT, fe_h=[-2.0, -1.2, -0.4, 0.4, -1.6])
    nodes = np.array([-2.0, -1.2, -0.4, 0.4])
    cubic = np.linalg.solve(np.vander(nodes), flux[:4])
    assert np.abs(np.vander([-1.6], 4) @ cubic - flux[4]).max() > 2e-3


def test_lines_are_as_broad_as_the_spectrograph_makes_them():
    """Full width at half depth of an unresolved line: lambda / 1800."""
    flux = spectra_of({**SUN, "teff": 6500.0, "fe_h": -2.5}, ca_fe=0.0)
    line = 1 - flux[0] / spectra_of({**SUN, "teff": 6500.0, "fe_h": -2.5}, ca_fe=-9.0)[0]
    near = np.flatnonzero(np.abs(LAMOST_GRID - 4227.92) < 8)
    fine = np.linspace(near[0], near[-1], 4001)
    inside = fine[np.interp(fine, near, line[near]) > line[near].max() / 2]
    assert (inside[-1] - inside[0]) * np.log(10) * 1e-4 == pytest.approx(1 / 1800, rel=0.08)


# composition


def test_means_are_kept():
    rng = np.random.default_rng(2)
    alpha, mg, s, ba = rng.normal(0, 0.2, (4, 9))
    stars = {"logg": np.full(9, 4.4), "alpha_fe": alpha, "mg_fe": mg, "s_fe": s, "ba_fe": ba}
    found = composition(stars, {})
    assert found["mg"] == pytest.approx(mg)
    assert np.mean([found[name] for name in ALPHA], axis=0) == pytest.approx(alpha)
    assert (found["ba"] + found["y"]) / 2 == pytest.approx(s)


def test_hidden_scatter_leaves_alone_what_labels_tell():
    stars = {"logg": np.full(3, 4.4), "alpha_fe": np.zeros(3), "mg_fe": np.full(3, 0.1)}
    found = composition(stars, {name: np.full(3, 9.0) for name in ELEMENTS})
    assert found["mg"] == pytest.approx(0.1)
    assert max(found[name].max() for name in ALPHA) < 1
    assert (found["na"] == 9).all()


# as observed


def test_a_stars_spectrum_is_its_own():
    """Bytes do not depend on which others are computed with it, in which order."""
    stars, number = sample(BATCH + 40), np.arange(BATCH + 40) * 7919
    whole = SYNTHESIS.spectra(stars, seed=3, number=number)
    order = np.random.default_rng(1).permutation(number.size)
    mixed = SYNTHESIS.spectra({k: v[order] for k, v in stars.items()}, seed=3, number=number[order])
    few = SYNTHESIS.spectra({k: v[5:12] for k, v in stars.items()}, seed=3, number=number[5:12])
    for name in ("flux", "ivar"):
        all_of_them = getattr(whole, name)
        assert all_of_them.dtype == np.float32
        assert all_of_them[order].tobytes() == getattr(mixed, name).tobytes()
        assert all_of_them[5:12].tobytes() == getattr(few, name).tobytes()


def test_seed_number_and_epoch_change_the_noise():
    stars = sample(1)
    seen = [
        SYNTHESIS.spectra(stars, seed=seed, number=[number], epoch=epoch).flux.tobytes()
        for seed, number, epoch in ((1, 5, 0), (2, 5, 0), (1, 6, 0), (1, 5, 1), (1, 5, 0))
    ]
    assert len(set(seen)) == 4
    assert seen[0] == seen[-1]


def test_epochs_show_the_same_star():
    """Beyond the noise, two exposures differ by the response of the instrument only, which is smooth."""
    stars = sample(1, snr=1e7)
    first, second = (Synthesis(blur=0.0).spectra(stars, seed=1, number=[5], epoch=epoch) for epoch in (0, 1))
    good = (first.ivar[0] > 0) & (second.ivar[0] > 0)
    ratio = first.flux[0, good].astype(float) / second.flux[0, good]
    assert ratio.std() > 0.005
    assert np.abs(np.diff(ratio)).max() < 2e-3


def test_noise_is_what_ivar_says():
    """The truth is the same exposure at a signal-to-noise ratio of 10 million."""
    stars = sample(120, snr=25.0)
    seen = SYNTHESIS.spectra(stars, seed=9, number=np.arange(120))
    truth = SYNTHESIS.spectra({**stars, "snrz": np.full(120, 1e7)}, seed=9, number=np.arange(120))
    good = seen.ivar > 0
    pull = ((seen.flux - truth.flux) * np.sqrt(seen.ivar))[good].astype(float)
    assert pull.mean() == pytest.approx(0, abs=0.01)
    assert pull.std() == pytest.approx(1, abs=0.01)
    per_pixel = np.nanstd(
        np.where(good, (seen.flux - truth.flux) * np.sqrt(seen.ivar), np.nan)[:, :3800], axis=0
    )
    assert per_pixel.max() < 1.4
    assert per_pixel.min() > 0.7


def median_ratio(spectra, band):
    inside = (spectra.wavelength >= band[0]) & (spectra.wavelength <= band[1])
    ratio = np.where(spectra.ivar > 0, spectra.flux * np.sqrt(spectra.ivar), np.nan)[:, inside]
    return np.nanmedian(ratio, axis=1)


def test_signal_to_noise_is_what_was_asked_for():
    stars = sample(60)
    asked = np.geomspace(15, 300, 60)
    seen = SYNTHESIS.spectra({**stars, "snrz": asked}, seed=9, number=np.arange(60))
    assert median_ratio(seen, Z_BAND) == pytest.approx(asked, rel=0.08)
    both = SYNTHESIS.spectra({**stars, "snrz": asked, "snrg": 0.7 * asked}, seed=9, number=np.arange(60))
    assert median_ratio(both, Z_BAND) == pytest.approx(asked, rel=0.08)
    assert median_ratio(both, G_BAND) == pytest.approx(0.7 * asked, rel=0.15)


def test_cool_stars_are_noisy_in_the_blue():
    stars = {name: np.repeat(value, 2) for name, value in SUN.items()}
    stars |= {"teff": np.array([4200.0, 7000.0]), "snrz": np.full(2, 80.0)}
    ratio = median_ratio(SYNTHESIS.spectra(stars, seed=1, number=[0, 1]), G_BAND)
    assert ratio[0] < 0.6 * ratio[1]


def test_bad_pixels_are_flagged():
    seen = SYNTHESIS.spectra(sample(300), seed=2, number=np.arange(300))
    inside = seen.wavelength < LAST
    bad = seen.ivar[:, inside] == 0
    assert 0.001 < bad.mean() < 0.02
    gap = (seen.wavelength[inside] > 5700) & (seen.wavelength[inside] < 5900)
    assert bad[:, gap].mean() > 2 * bad[:, ~gap].mean()
    assert (seen.flux[:, ~inside] == 0).all()
    assert (seen.ivar[:, ~inside] == 0).all()
    assert np.isfinite(seen.flux).all()
    assert (seen.ivar >= 0).all()


def test_velocity_shifts_the_spectrum():
    """By 5 pixels, where it is 5 pixels: exactly, on a continuum that is the same."""
    stars = {name: np.repeat(value, 2) for name, value in SUN.items()}
    stars |= {"snrz": np.full(2, 1e7), "rv": np.array([0.0, 299_792.458 * (10**5e-4 - 1)])}
    seen = Synthesis(hidden=0.0).spectra(stars, seed=1, number=[4, 4])
    good = (seen.ivar[0, :-5] > 0) & (seen.ivar[1, 5:] > 0)
    ratio = seen.flux[1, 5:][good].astype(float) / seen.flux[0, :-5][good]
    assert np.abs(np.diff(ratio)).max() < 2e-3


def test_dust_reddens():
    stars = {name: np.repeat(value, 2) for name, value in SUN.items()}
    seen = SYNTHESIS.spectra({**stars, "snrz": [1e5] * 2, "a_v": [0.0, 1.0]}, seed=1, number=[4, 4])
    dimmed = -2.5 * np.log10(seen.flux[1, [800, 3600]] / seen.flux[0, [800, 3600]])
    assert dimmed[0] - dimmed[1] == pytest.approx(0.75, abs=0.15)


# what cannot be


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"teff": None}, "teff is missing"),
        ({"snrz": None}, "snrz is missing"),
        ({"teff": [2000.0]}, "expected 3000 to 30000"),
        ({"fe_h": [np.nan]}, "fe_h of the stars"),
        ({"mg_fe": [0.0, 1.0]}, "mg_fe of the stars"),
        ({"snrz": [0.0]}, "snrz of some stars is not above 0"),
        ({"vmic": [-1.0]}, "vmic of some stars is not above 0"),
    ],
)
def test_mistakes_are_told(change, words):
    stars = {**{name: [value] for name, value in SUN.items()}, "snrz": [50.0], **change}
    with pytest.raises(ValueError, match=words):
        SYNTHESIS.spectra({k: v for k, v in stars.items() if v is not None}, seed=1, number=[0])


def test_numbers_must_tell_stars_apart():
    stars = {**{name: [value] * 2 for name, value in SUN.items()}, "snrz": [50.0] * 2}
    with pytest.raises(ValueError, match="3 star numbers for 2 stars"):
        SYNTHESIS.spectra(stars, seed=1, number=[0, 1, 2])
    with pytest.raises(ValueError, match="from 0 up"):
        SYNTHESIS.spectra(stars, seed=1, number=[0, -1])


def test_no_stars_are_no_spectra():
    stars = {name: [] for name in (*SUN, "snrz")}
    assert SYNTHESIS.spectra(stars, seed=1, number=[]).flux.shape == (0, LAMOST_GRID.size)
    assert SYNTHESIS.normalised(stars).shape == (0, LAMOST_GRID.size)
