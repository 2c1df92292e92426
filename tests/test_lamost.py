"""LAMOST's files: every layout made here, every real file, and the ways a file can be no spectrum."""

import csv
import gzip
import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from data.lamost import parse_spectrum, read_spectrum
from data.problem import DataError
from model.continuum import Continuum
from model.wavelength import SURVEY_GRID, resample, rest_frame

PIXELS = 3909
HEADER = {
    "DATA_V": "LAMOST DR5", "VERSPIPE": "v2.9.7", "OBSID": 101005, "DESIG": "LAMOST J221008.50-020659.1",
    "LMJD": 55859, "PLANID": "F5902", "SPID": 1, "FIBERID": 5, "RA": 332.535456, "DEC": -2.116436,
    "VACUUM": True, "COEFF0": 3.5682, "COEFF1": 0.0001, "CLASS": "STAR", "SUBCLASS": "G0", "Z": -0.00025044,
    "SNRU": 0.71, "SNRG": 8.08, "SNRR": 16.61, "SNRI": 23.05, "SNRZ": 11.99,
}  # fmt: skip


def rows(pixels=PIXELS, first=3.5682):
    """Flux, ivar, wavelength and masks as LAMOST stores them."""
    rng = np.random.default_rng(1)
    wavelength = 10 ** (np.float32(first) + np.float32(1e-4) * np.arange(pixels, dtype=np.float32))
    masks = (rng.random((2, pixels)) < 0.1).cumsum(0) > 0
    return np.stack([rng.normal(100, 9, pixels), rng.uniform(0.1, 1, pixels), wavelength, *masks]).astype(
        ">f4"
    )


def header_of(changes):
    header = fits.Header()
    for key, value in {**HEADER, **changes}.items():
        if value is not None:
            header[key] = value
    return header


def write_image(path, image, **changes):
    fits.PrimaryHDU(image, header_of(changes)).writeto(path)
    return path


def write_table(path, image, names=("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK"), **changes):
    vector = f"{image.shape[1]}E"
    columns = [fits.Column(name, vector, array=row[None]) for name, row in zip(names, image, strict=True)]
    columns.append(fits.Column("NORMALIZATION", vector, array=np.ones((1, image.shape[1]))))
    table = fits.BinTableHDU.from_columns(columns, name="COADD")
    fits.HDUList([fits.PrimaryHDU(header=header_of(changes)), table]).writeto(path)
    return path


def old_image():
    """Of pipeline v2.6.4: the third row is flux without its continuum."""
    image = rows(3904)
    image[2] = image[0] - 100
    return image


OLD = {"DATA_V": None, "OBSID": None, "VERSPIPE": "v2.6.4", **{f"SNR{band}": None for band in "UGRIZ"}}


# layouts


@pytest.mark.parametrize("write", [write_image, write_table])
@pytest.mark.parametrize(("pixels", "first"), [(3909, 3.5682), (3751, 3.5841)])
def test_rows_come_as_they_are(tmp_path, write, pixels, first):
    image = rows(pixels, first)
    spectrum = read_spectrum(write(tmp_path / "spec.fits", image, COEFF0=first))
    assert spectrum.layout == ("table" if write is write_table else "wavelength image")
    np.testing.assert_array_equal(spectrum.flux, image[0])
    np.testing.assert_array_equal(spectrum.ivar, image[1])
    np.testing.assert_allclose(spectrum.wavelength, 10 ** (first + 1e-4 * np.arange(pixels)), rtol=1e-14)
    np.testing.assert_array_equal(spectrum.andmask, image[3])
    np.testing.assert_array_equal(spectrum.ormask, image[4])
    arrays = (spectrum.wavelength, spectrum.flux, spectrum.ivar, spectrum.andmask, spectrum.ormask)
    assert [array.dtype for array in arrays] == [np.float64, np.float32, np.float32, np.int32, np.int32]
    assert not any(array.flags.writeable for array in arrays)


def test_subtracted_flux_is_not_taken_for_wavelength(tmp_path):
    image = old_image()
    spectrum = read_spectrum(write_image(tmp_path / "spec.fits", image, **OLD))
    assert spectrum.layout == "continuum-subtracted image"
    np.testing.assert_allclose(spectrum.wavelength, 10 ** (3.5682 + 1e-4 * np.arange(3904)), rtol=1e-14)
    np.testing.assert_array_equal(spectrum.flux, image[0])


@pytest.mark.parametrize("write", [write_image, write_table])
@pytest.mark.parametrize("coefficients", [(3.6, 1e-4), (None, None), ("NULL", "NULL")])
def test_stored_wavelengths_win_where_the_header_disagrees(tmp_path, write, coefficients):
    image = rows()
    path = write(tmp_path / "spec.fits", image, COEFF0=coefficients[0], COEFF1=coefficients[1])
    np.testing.assert_array_equal(read_spectrum(path).wavelength, image[2].astype(float))


def test_compressed_is_as_plain(tmp_path):
    plain = write_image(tmp_path / "spec.fits", rows())
    compressed = tmp_path / "spec.fits.gz"
    compressed.write_bytes(gzip.compress(plain.read_bytes()))
    np.testing.assert_array_equal(read_spectrum(compressed).flux, read_spectrum(str(plain)).flux)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_are_as_a_file_within_a_bound(tmp_path, pack):
    path = write_image(tmp_path / "spec.fits", rows())
    content = pack(path.read_bytes())
    named = Path("upload.fits")
    made = parse_spectrum(content, named, largest=path.stat().st_size)
    assert made.path == named
    np.testing.assert_array_equal(made.flux, read_spectrum(path).flux)
    with pytest.raises(DataError, match=r"upload.fits holds more than 0 MiB"):
        parse_spectrum(content, named, largest=path.stat().st_size - 1)


@pytest.mark.parametrize("end", [b"", bytes(100)])
def test_compressed_in_members_and_padded(tmp_path, end):
    plain = write_image(tmp_path / "spec.fits", rows()).read_bytes()
    compressed = tmp_path / "spec.fits.gz"
    compressed.write_bytes(gzip.compress(plain[:5000]) + gzip.compress(plain[5000:]) + end)
    np.testing.assert_array_equal(read_spectrum(compressed).flux, rows()[0])


def test_spectra_travel_between_processes(tmp_path):
    spectrum = read_spectrum(write_image(tmp_path / "spec.fits", rows()))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(spectrum)).ivar, spectrum.ivar)


@pytest.mark.parametrize(
    ("row", "value"),
    [(1, 0), (1, -1), (1, np.nan), (1, np.inf), (0, np.nan), (0, np.inf), (0, -np.inf), (0, 0)],
)
def test_pixels_without_a_measurement_have_no_weight(tmp_path, row, value):
    image = rows()
    image[row, 10:20] = value
    ivar = read_spectrum(write_image(tmp_path / "spec.fits", image)).ivar
    assert (ivar[10:20] == 0).all()
    np.testing.assert_array_equal(np.delete(ivar, range(10, 20)), np.delete(image[1], range(10, 20)))


# what headers say


def test_facts_of_the_header(tmp_path):
    path = write_image(tmp_path / "spec.fits", rows())
    found = read_spectrum(path)
    assert (found.path, found.release, found.pipeline) == (path, "LAMOST DR5", "v2.9.7")
    assert (found.obsid, found.designation) == (101005, "J221008.50-020659.1")
    assert (found.lmjd, found.planid, found.spid, found.fiberid) == (55859, "F5902", 1, 5)
    assert (found.ra, found.dec, found.z) == (332.535456, -2.116436, -0.00025044)
    assert (found.object_class, found.subclass) == ("STAR", "G0")
    ratios = (found.snr_u, found.snr_g, found.snr_r, found.snr_i, found.snr_z)
    assert ratios == (0.71, 8.08, 16.61, 23.05, 11.99)


def test_old_keys_of_signal_to_noise(tmp_path):
    keys = {f"SN_{band}": value for band, value in zip("UGRIZ", (14.02, 71.41, 99, 99, 99), strict=True)}
    found = read_spectrum(write_image(tmp_path / "spec.fits", old_image(), **OLD, **keys))
    ratios = (found.snr_u, found.snr_g, found.snr_r, found.snr_i, found.snr_z)
    assert ratios == (14.02, 71.41, 99, 99, 99)
    assert (found.obsid, found.release) == (-1, "")


@pytest.mark.parametrize("missing", [-9999, -9999.0, "", "NULL", None])
def test_what_is_missing_is_said_so(tmp_path, missing):
    keys = ("Z", "RA", "DEC", "SNRZ", "OBSID", "LMJD", "SPID", "FIBERID", "PLANID", "CLASS", "DATA_V")
    found = read_spectrum(write_image(tmp_path / "spec.fits", rows(), **dict.fromkeys(keys, missing)))
    assert np.isnan([found.z, found.ra, found.dec, found.snr_z]).all()
    assert {found.obsid, found.lmjd, found.spid, found.fiberid} == {-1}
    if missing != "NULL":
        assert {found.planid, found.object_class, found.release} == {""}


# what is no spectrum


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path / "spec.fits", tmp_path):
        with pytest.raises(DataError, match="can't be read"):
            read_spectrum(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08", b"SIMPLE  =                    T"])
@pytest.mark.parametrize("name", ["spec.fits", "spec.fits.gz"])
def test_a_file_of_something_else(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="expected a FITS file of a LAMOST spectrum"):
        read_spectrum(tmp_path / name)


@pytest.mark.parametrize("write", [write_image, write_table])
@pytest.mark.parametrize("kept", [0.02, 0.1, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_that_breaks_off(tmp_path, write, kept, compressed):
    whole = write(tmp_path / "whole.fits", rows()).read_bytes()
    if compressed:
        whole = gzip.compress(whole)
    path = tmp_path / f"spec.fits{'.gz' * compressed}"
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DataError, match=r"can't be read|holds no spectrum"):
        read_spectrum(path)


def test_a_compressed_file_whose_checksum_is_another(tmp_path):
    compressed = bytearray(gzip.compress(write_image(tmp_path / "plain.fits", rows()).read_bytes()))
    compressed[-5] ^= 1
    (tmp_path / "spec.fits.gz").write_bytes(compressed)
    with pytest.raises(DataError, match="can't be read"):
        read_spectrum(tmp_path / "spec.fits.gz")


@pytest.mark.parametrize(
    ("card", "damaged"),
    [
        (b"NAXIS1  =                93816", b"NAXIS1  =                -2880"),
        (b"SIMPLE  =                    T", b"SIMPLE  =               F    T"),
    ],
)
def test_damaged_headers(tmp_path, card, damaged):
    """By a size below 0 a reader may come back to the same place for ever."""
    content = write_table(tmp_path / "whole.fits", rows()).read_bytes()
    assert card in content
    (tmp_path / "spec.fits").write_bytes(content.replace(card, damaged))
    with pytest.raises(DataError, match="its headers are damaged"):
        read_spectrum(tmp_path / "spec.fits")


def test_a_file_far_too_large(tmp_path):
    """A few kilobytes that would unpack to more than any spectrum."""
    path = tmp_path / "spec.fits.gz"
    path.write_bytes(gzip.compress(bytes(129 << 20), 1))
    with pytest.raises(DataError, match=r"more than 128 MiB: expected a single LAMOST spectrum"):
        read_spectrum(path)


@pytest.mark.parametrize("shape", [(4, 3909), (3909, 5), (5, 1), (3909,), (2, 5, 100)])
def test_an_image_of_another_shape(tmp_path, shape):
    with pytest.raises(DataError, match="expected five rows"):
        read_spectrum(write_image(tmp_path / "spec.fits", np.ones(shape, np.float32)))


def test_a_file_without_pixels(tmp_path):
    fits.PrimaryHDU(header=header_of({})).writeto(tmp_path / "spec.fits")
    with pytest.raises(DataError, match="holds no spectrum"):
        read_spectrum(tmp_path / "spec.fits")


def test_a_table_of_other_columns(tmp_path):
    path = write_table(tmp_path / "spec.fits", rows(), names=("flux", "ivar", "loglam", "and_mask", "model"))
    with pytest.raises(DataError, match="lacks WAVELENGTH, ANDMASK, ORMASK: expected FLUX"):
        read_spectrum(path)


def test_a_table_of_one_row_per_pixel(tmp_path):
    names = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")
    columns = [fits.Column(name, "E", array=row) for name, row in zip(names, rows(), strict=True)]
    table = fits.BinTableHDU.from_columns(columns, name="COADD")
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "spec.fits")
    with pytest.raises(DataError, match="expected one row of vectors"):
        read_spectrum(tmp_path / "spec.fits")


def test_medium_resolution(tmp_path):
    arms = [fits.BinTableHDU.from_columns([], name=name) for name in ("COADD_B", "COADD_R")]
    fits.HDUList([fits.PrimaryHDU(header=header_of({})), *arms]).writeto(tmp_path / "med.fits")
    with pytest.raises(DataError, match="medium resolution: expected low"):
        read_spectrum(tmp_path / "med.fits")


def test_wavelengths_in_air(tmp_path):
    with pytest.raises(DataError, match="expected vacuum"):
        read_spectrum(write_image(tmp_path / "spec.fits", rows(), VACUUM=False))


def test_no_wavelengths(tmp_path):
    for number, coefficients in enumerate(((None, None), (-9999, 1e-4), (3.5682, 0))):
        changes = {"COEFF0": coefficients[0], "COEFF1": coefficients[1]}
        with pytest.raises(DataError, match="has no increasing wavelengths"):
            read_spectrum(write_image(tmp_path / f"{number}.fits", old_image(), **changes))


@pytest.mark.parametrize("value", [0, -1, np.nan])
def test_no_good_pixel(tmp_path, value):
    image = rows()
    image[1] = value
    with pytest.raises(DataError, match="no pixel with an inverse variance above 0"):
        read_spectrum(write_image(tmp_path / "spec.fits", image))


def test_masks_that_are_none(tmp_path):
    image = rows()
    image[4, 7] = np.nan
    with pytest.raises(DataError, match="a mask that is not of whole numbers"):
        read_spectrum(write_image(tmp_path / "spec.fits", image))


# real files


@pytest.fixture(scope="module")
def real_files(real_data):
    files = sorted((real_data / "lamost-spectra").glob("*/*.fits*"))
    if not files:
        pytest.skip(f"no spectra in {real_data / 'lamost-spectra'}: set EXPLORER_REAL_DATA to their folder")
    return files


@pytest.fixture(scope="module")
def real_spectra(real_files):
    return [read_spectrum(path) for path in real_files]


def test_every_real_file_is_read(real_files, real_spectra):
    assert len(real_files) == len(real_spectra) == 308
    found = Counter((path.parent.name, s.layout) for path, s in zip(real_files, real_spectra, strict=True))
    assert found == {
        ("learninglamost-dr1", "continuum-subtracted image"): 176,
        ("lamost-sbc-dr7", "wavelength image"): 100,
        ("astrospectro-dr5", "wavelength image"): 30,
        ("dr5-dr9-same-star", "wavelength image"): 1,
        ("dr5-dr9-same-star", "table"): 1,
    }
    classes = Counter(s.object_class for s in real_spectra if s.release == "LAMOST DR7")
    assert classes == {"STAR": 87, "GALAXY": 9, "Unknown": 4}


def test_real_values_are_what_the_files_hold(real_files, real_spectra):
    for path, spectrum in zip(real_files, real_spectra, strict=True):
        with fits.open(path, memmap=False) as file:
            if spectrum.layout == "table":
                flux, ivar, stored = (file[1].data[name][0] for name in ("FLUX", "IVAR", "WAVELENGTH"))
            else:
                flux, ivar, stored = file[0].data[:3]
        measured = (ivar > 0) & (flux != 0)
        np.testing.assert_array_equal(spectrum.flux, flux)
        np.testing.assert_array_equal(spectrum.ivar, np.where(measured, ivar, 0))
        if spectrum.layout != "continuum-subtracted image":
            np.testing.assert_allclose(spectrum.wavelength, stored, rtol=4e-7)
        assert 3699.9 < spectrum.wavelength[0] < 3700
        assert 0.4 < (spectrum.ivar > 0).mean() <= 1


def test_real_padding_beyond_9000_angstrom_has_no_weight(real_files, real_spectra):
    for path, spectrum in zip(real_files, real_spectra, strict=True):
        if spectrum.layout == "wavelength image":
            flux, ivar = fits.getdata(path)[:2]
            padding = (flux == 0) & (ivar > 0)
            assert padding.any()
            assert (spectrum.wavelength[padding] > 9000).all()
            assert (spectrum.ivar[padding] == 0).all()


def test_real_headers_are_as_listed_beside_them(real_data, real_files, real_spectra):
    by_name = {path.name.removesuffix(".gz"): s for path, s in zip(real_files, real_spectra, strict=True)}
    with (real_data / "lamost-spectra" / "labelled_spectra.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == 133
    for row in listed:
        found = by_name[row["key"]]
        assert found.z == pytest.approx(float(row["header_z"]), abs=1e-12)
        assert found.snr_g == float(row["header_SN_G"])
        assert found.snr_z == float(row["header_SN_Z"])


def test_real_sentinels_are_missing(real_spectra):
    unknown = [s for s in real_spectra if np.isnan(s.z)]
    assert len(unknown) == 7
    assert {s.object_class for s in unknown} == {"Unknown"}


def test_one_star_in_two_releases(real_files, real_spectra):
    pair = [s for p, s in zip(real_files, real_spectra, strict=True) if p.parent.name == "dr5-dr9-same-star"]
    old, new = sorted(pair, key=lambda s: s.release)
    assert (old.release, new.release) == ("LAMOST DR5", "LAMOST DR9")
    np.testing.assert_array_equal(old.wavelength, new.wavelength)
    assert old.obsid == new.obsid
    both = (old.ivar > 0) & (new.ivar > 0)
    assert np.abs(((old.flux - new.flux) * np.sqrt(old.ivar))[both]).max() < 0.5


def deepest(flux, line):
    """Distance in A from a line to the deepest point around it, by a parabola through three pixels."""
    pixel = np.argmin(np.where(np.abs(SURVEY_GRID - line) < 6, flux, np.inf))
    left, middle, right = flux[pixel - 1 : pixel + 2]
    step = (left - right) / 2 / (left - 2 * middle + right)
    return SURVEY_GRID[pixel] * (1 + step * 1e-4 * np.log(10)) - line


def test_real_stars_are_at_rest_in_vacuum(real_spectra):
    stars = [s for s in real_spectra if s.object_class == "STAR" and s.subclass[0] in "FG" and s.snr_g > 40]
    assert len(stars) > 40
    continuum = Continuum(SURVEY_GRID)

    def normalised(wavelengths):
        spectra = [
            resample(wavelength, s.flux, s.ivar, SURVEY_GRID)
            for wavelength, s in zip(wavelengths, stars, strict=True)
        ]
        flux, ivar, _ = continuum.normalise(*map(np.array, zip(*spectra, strict=True)))
        return flux, ivar

    observed, _ = normalised([s.wavelength for s in stars])
    rest, ivar = normalised([rest_frame(s.wavelength, s.z) for s in stars])
    mean = np.average(rest, axis=0, weights=ivar + 1e-9)
    for line in (4862.69, 5891.58, 6564.61, 8544.44):  # in air they lie 1.4 to 2.3 A lower
        assert abs(deepest(mean, line)) < 0.5
    moved, still = ([deepest(flux, 8544.44) for flux in fluxes] for fluxes in (observed, rest))
    assert np.std(still) < 0.5 * np.std(moved)
