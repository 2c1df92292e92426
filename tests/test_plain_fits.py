"""Plain FITS files read directly: as astropy has them, bit for bit, and left to it where they are odd."""

import gzip
from dataclasses import fields
from io import BytesIO

import numpy as np
import pytest
from astropy.io import fits

from data import lamost
from data.lamost import read_spectrum
from data.plain_fits import read_plain
from data.problem import DataError

NAMES = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")
HEADER = {
    "OBSID": 101005, "DESIG": "LAMOST J221008.50-020659.1", "DATA_V": "LAMOST DR5", "LMJD": 55859,
    "Z": -2.5e-4, "VACUUM": True, "COEFF0": 3.5682, "COEFF1": 1e-4, "CLASS": "STAR", "SUBCLASS": "G0",
    "SNRG": 8.08,
}  # fmt: skip
KEYS = (*HEADER, "RA")


def rows(pixels=300):
    rng = np.random.default_rng(1)
    wavelength = 10 ** (3.5682 + 1e-4 * np.arange(pixels))
    masks = rng.integers(0, 9, (2, pixels))
    return np.stack([rng.normal(100, 9, pixels), rng.uniform(0.1, 1, pixels), wavelength, *masks]).astype(
        ">f4"
    )


def content_of(*units):
    file = BytesIO()
    fits.HDUList(list(units)).writeto(file, output_verify="ignore")
    return file.getvalue()


def image_content(image=None, **changes):
    return content_of(fits.PrimaryHDU(rows() if image is None else image, fits.Header(HEADER | changes)))


def table_of(name="COADD", kind="E", values=None, **odd):
    values = rows() if values is None else values
    columns = [
        fits.Column(column, f"{row.shape[-1]}{kind}", array=np.atleast_2d(row), **odd)
        for column, row in zip(NAMES, values, strict=True)
    ]
    return fits.BinTableHDU.from_columns(columns, name=name)


def table_content(*tables, **changes):
    return content_of(fits.PrimaryHDU(header=fits.Header(HEADER | changes)), *(tables or [table_of()]))


def plainly(content):
    return read_plain(content, KEYS, "COADD")


# what is plain


def test_an_image_and_its_header():
    found = plainly(image_content(EXTNAME="Flux"))
    assert found.cards == HEADER
    assert [type(value) for value in found.cards.values()] == [type(value) for value in HEADER.values()]
    np.testing.assert_array_equal(found.image, rows())
    assert (found.names, found.columns) == (("FLUX",), None)


@pytest.mark.parametrize("kind", "EDJI")
def test_the_columns_of_a_table(kind):
    values = rows().astype(int) if kind in "JI" else rows()
    found = plainly(table_content(table_of(kind=kind, values=values)))
    assert found.cards == HEADER
    assert (found.names, found.image) == (("", "COADD"), None)
    assert tuple(found.columns) == NAMES
    for column, row in zip(found.columns.values(), values, strict=True):
        np.testing.assert_array_equal(column, row[None])


@pytest.mark.parametrize(
    "card",
    [
        "SUBCLASS= 'G0      '           / of object", "SUBCLASS= ''", "SUBCLASS= '   '",
        "SUBCLASS=   ' a / b '  / c",
        "OBSID   =                    7", "OBSID   = +0012 / padded", "OBSID   = -3/close", "Z       = 1.5",
        "Z       =              -.5E-03 / exponent", "Z       = 2.D2", "Z       = 7.", "Z       = 1E5 / '",
        "VACUUM  =                    F / no", "VACUUM  = T", "Z       =                99.00 /",
        "z       = 3.5",
    ],
)  # fmt: skip
def test_values_are_as_astropy_has_them(card):
    key = card[:8].strip()
    content = image_content(**{key.upper(): None})
    empty = content.index(key.upper().ljust(8).encode())
    content = content[:empty] + card.ljust(80).encode() + content[empty + 80 :]
    expected = fits.Header.fromstring(content[:2880].decode())[key]
    found = plainly(content).cards[key.upper()]
    assert (found, type(found)) == (expected, type(expected))


# what is odd


def replaced(content, old, new):
    assert content.count(old) == 1
    return content.replace(old, new)


def primary(image=None):
    return fits.PrimaryHDU(image, fits.Header(HEADER))


ODD = {
    "nothing": b"",
    "no END": image_content()[:2800],
    "a file cut off": image_content()[:-1],
    "a file that goes on": image_content() + bytes(2880),
    "no padding": image_content()[: 2880 + rows().nbytes],
    "a second unit": content_of(primary(rows()), fits.ImageHDU(rows())),
    "whole numbers": image_content(rows().astype(">i4")),
    "double precision": image_content(rows().astype(">f8")),
    "three dimensions": image_content(rows()[None]),
    "a scale": replaced(image_content(), b"SNRG    =", b"BSCALE  ="),
    "a long text": image_content(SUBCLASS="long " * 20),
    "a long keyword": image_content(**{"HIERARCH long keyword": 1}),
    "quotes": image_content(SUBCLASS="o'clock"),
    "no value": image_content(Z=None),
    "an unreadable value": replaced(image_content(), b"-0.00025", b"-0.0.025"),
    "not FITS": replaced(
        image_content(), b"SIMPLE  =                    T", b"SIMPLE  =                    F"
    ),
    "not ASCII": replaced(image_content(), b"LAMOST DR5", b"LAMOST DR\xb5"),
    "no data": content_of(primary()),
    "another table": table_content(table_of("COADD_B")),
    "two tables": table_content(table_of(), table_of("COADD_R")),
    "several rows": table_content(table_of(values=np.stack([rows()] * 2, 1))),
    "single numbers": table_content(table_of(values=rows()[:, :1])),
    "a scaled column": table_content(table_of(kind="I", values=rows().astype(np.uint16), bzero=32768)),
    "columns of another shape": table_content(table_of(dim="(150,2)")),
    "texts": table_content(table_of(kind="A", values=np.full((5, 1), "abcd"))),
    "one name for two columns": replaced(table_content(), b"'ORMASK  '", b"'ANDMASK '"),
    "fewer bytes than columns": replaced(table_content(), b"TFORM5  = '300E", b"TFORM5  = '900E"),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_what_is_odd_is_left_to_the_library(content):
    assert plainly(content) is None


# either way


def outcome(path):
    """All that reading a file gives: its problem, or its facts and the bytes of its arrays."""
    try:
        spectrum = read_spectrum(path)
    except DataError as problem:
        return str(problem)
    values = (getattr(spectrum, field.name) for field in fields(spectrum))
    return [(v.dtype, v.tobytes()) if isinstance(v, np.ndarray) else (type(v), repr(v)) for v in values]


def assert_the_same_by_the_library(paths, monkeypatch):
    ours = [outcome(path) for path in paths]
    with monkeypatch.context() as patch:
        patch.setattr(lamost, "read_plain", lambda *_: None)
        theirs = [outcome(path) for path in paths]
    assert ours == theirs
    return ours


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_odd_files_end_the_same_way(content, tmp_path, monkeypatch):
    (tmp_path / "spec.fits").write_bytes(content)
    assert_the_same_by_the_library([tmp_path / "spec.fits"], monkeypatch)


@pytest.mark.parametrize("make", [image_content, table_content])
def test_headers_with_any_wrong_letter_end_the_same_way(make, tmp_path, monkeypatch):
    """Bytes of the headers changed at random: whatever astropy takes or refuses, so do we."""
    rng = np.random.default_rng(1)
    whole = make()
    ends = whole.rindex(b"END" + b" " * 77)
    paths, plain = [], 0
    for number in range(600):
        content = bytearray(whole)
        for place in rng.integers(0, ends // 80, rng.integers(1, 3)) * 80 + rng.integers(35):
            content[place] = rng.choice(list(b"ABDEFTZ019 ='/.-+,a\x1a\xb5"))
        paths.append(tmp_path / f"{number}.fits")
        paths[-1].write_bytes(content)
        plain += plainly(bytes(content)) is not None
    found = assert_the_same_by_the_library(paths, monkeypatch)
    assert 100 < plain < 500
    assert 20 < sum(isinstance(one, str) for one in found) < 500


def test_real_files_are_plain_and_as_the_library_has_them(real_data, monkeypatch):
    paths = sorted((real_data / "lamost-spectra").glob("*/*.fits*"))
    if not paths:
        pytest.skip(f"no spectra in {real_data / 'lamost-spectra'}: set EXPLORER_REAL_DATA to their folder")
    for path in paths:
        assert plainly(gzip.decompress(path.read_bytes())) is not None
    assert_the_same_by_the_library(paths, monkeypatch)
