"""Damaged headers of LAMOST's files: each is told in a line, soon, in little memory, and a run reads on."""

import tracemalloc

import numpy as np
import pytest
from astropy.io import fits

from data.lamost import read_spectrum
from data.problem import DataError
from tests.test_lamost import header_of, rows, write_image, write_table

VALUES = (
    b"1E19", b"10000000000000000000", b"-1", b"-2880", b"0", b"9", b"99999", b"2147483648", b"1e400", b"T",
    b"F", b"'x'", b"''", b"'1PE(9)'", b"'0E'", b"'9999999999E'", b"'40X'", b"'(5,0)'", b"3.5", b"(1,2)",
)  # fmt: skip
KEYWORDS = (
    b"BSCALE", b"BZERO", b"BLANK", b"GROUPS", b"PCOUNT", b"GCOUNT", b"XTENSION", b"NAXIS3", b"TSCAL1",
    b"TNULL1", b"TDIM1", b"THEAP", b"TFIELDS", b"ZIMAGE", b"ZNAXIS1", b"EXTNAME", b"EXTEND", b"SIMPLE",
    b"NAXIS", b"NAXIS1", b"NAXIS2", b"BITPIX", b"TFORM1", b"TTYPE1", b"CONTINUE",
)  # fmt: skip


@pytest.mark.parametrize(
    ("write", "key", "value"),
    [
        (write_image, b"NAXIS1  =                   40", b"10000000000000000000"),
        (write_image, b"NAXIS1  =                   40", b"1E19"),
        (write_image, b"NAXIS   =                    2", b"2147483648"),
        (write_image, b"SIMPLE  =                    T", b"9"),
        (write_table, b"NAXIS1  =                  960", b"10000000000000000000"),
        (write_table, b"NAXIS1  =                  960", b"1E19"),
        (write_table, b"NAXIS   =                    0", b"2147483648"),
        (write_table, b"TFIELDS =                    6", b"2147483648"),
        (write_table, b"SIMPLE  =                    T", b"9"),
    ],
)
def test_sizes_beyond_any_file(tmp_path, write, key, value):
    content = write(tmp_path / "whole.fits", rows(40)).read_bytes()
    assert key in content
    (tmp_path / "spec.fits").write_bytes(content.replace(key, key[:10] + value.rjust(20)))
    with pytest.raises(DataError, match="can't be read"):
        read_spectrum(tmp_path / "spec.fits")


def peak_of_refusal(path, says):
    """Bytes that arrays take while a file is refused."""
    tracemalloc.start()
    with pytest.raises(DataError, match=says):
        read_spectrum(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_compressed_image_does_not_unpack(tmp_path):
    """Some kilobytes that say they are an image of 6 GB."""
    image = fits.CompImageHDU(np.zeros((40, 40), np.float32), name="COADD")
    path = tmp_path / "spec.fits"
    fits.HDUList([fits.PrimaryHDU(header=header_of({})), image]).writeto(path)
    content = path.read_bytes()
    for card in (b"ZNAXIS1 =                   40", b"ZNAXIS2 =                   40"):
        assert card in content
        content = content.replace(card, card[:25] + b"40000")
    path.write_bytes(content)
    assert peak_of_refusal(path, "40 rows: expected one row of vectors") < 2**20


def test_rows_that_share_their_numbers_do_not_unpack(tmp_path):
    """Some kilobytes of which each of two thousand rows says that all the numbers are its own."""
    path, count = tmp_path / "spec.fits", 2000
    numbers = np.zeros(count, ">f4")
    vectors = np.array([numbers] + [numbers[:1]] * (count - 1), dtype=object)
    table = fits.BinTableHDU.from_columns([fits.Column("FLUX", "PE()", array=vectors)], name="COADD")
    fits.HDUList([fits.PrimaryHDU(header=header_of({})), table]).writeto(path)
    content = bytearray(path.read_bytes())
    with fits.open(path, memmap=False) as file:
        start = file[1].fileinfo()["datLoc"]
    content[start : start + 8 * count] = np.tile(np.array([count, 0], ">i4"), count).tobytes()
    path.write_bytes(content)
    assert peak_of_refusal(path, f"{count} rows: expected one row of vectors") < 2**20


def test_damage_of_any_kind_is_told_in_a_line(tmp_path):
    """Cards of the headers given other values, keywords or letters."""
    rng = np.random.default_rng(1)
    wholes = [write(tmp_path / write.__name__, rows(40)).read_bytes() for write in (write_image, write_table)]
    path, problems, count = tmp_path / "spec.fits", [], 2000
    for number in range(count):
        whole = wholes[number % 2]
        content = bytearray(whole)
        ends = whole.rindex(b"END" + b" " * 77)
        cards = [at for at in range(0, ends, 80) if whole[at : at + 80].strip()]
        for at in rng.choice(cards, rng.integers(1, 4)):
            kind = rng.integers(3)
            if kind == 0:
                content[at + rng.integers(32)] = rng.choice(list(b"ADEFTZ019 ='-.\x1a\xb5\0"))
            elif kind == 1:
                content[at + 8 : at + 30] = b"= " + rng.choice(VALUES).rjust(20)
            else:
                content[at : at + 30] = rng.choice(KEYWORDS).ljust(8) + b"= " + rng.choice(VALUES).rjust(20)
        path.write_bytes(content)
        try:
            read_spectrum(path)
        except DataError as problem:
            problems.append(str(problem))
    assert count / 2 < len(problems) < count
    assert not any("\n" in problem for problem in problems)
