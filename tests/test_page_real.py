"""Real giants on the page: 21,954 stars of LAMOST DR3, held to numpy on the very file."""

from collections.abc import Iterator

import numpy as np
import pytest

from explorer.palette import GHOST
from tests.browser import Visit, becomes, eventually, soon
from tests.plain_maps import check, meant

DRAWN = ("rz", "xy", "kiel")


@pytest.fixture(scope="module")
def giants_file(real_data):
    return real_data / "lamost-dr3-giants" / "LMDR3_diskRGB2.dat"


@pytest.fixture(scope="module")
def giants(giants_file):
    """The columns of the file by our names, rounded as they are stored."""
    names = giants_file.read_text().split("\n", 1)[0].lstrip("# ").split()
    columns = dict(zip(names, np.loadtxt(giants_file).T.astype(np.float32).astype(float), strict=True))
    return columns | {"fe_h": columns["feh"], "z": columns["Z"]}


@pytest.fixture(scope="module")
def reader(browser, served, giants_file) -> Iterator[Visit]:
    with Visit.of(browser, served(giants_file).url) as visit:
        yield visit.open(*DRAWN)


def test_header_says_real_stars(reader):
    becomes(lambda: reader.count, (21_954, 21_954))
    assert reader.text_of("badge-real") == ["LMDR3_diskRGB2 · real"]
    assert reader.text_of("badge-mock") == []
    assert reader.chips == ["giant model"]


@pytest.mark.parametrize(("key", "least"), [("rz", 0.5), ("kiel", 0.97)])
def test_map_is_what_numpy_finds_in_the_file(reader, giants, key, least):
    """All are giants by eq. 1. Most of them are in drawn cells, and most of those in the window."""
    image = reader.image(key)
    keep = giants["logg"] < np.where(giants["teff"] < 5200, 4.18, 7.3 - 6e-4 * giants["teff"])
    assert keep.all()
    expected = meant(giants, key, image, keep, label="fe_h")
    assert check(image, expected, reader.range) > 150
    drawn = sum(len(values) for cell, values in expected.stars.items() if image.levels[cell] > GHOST)
    assert drawn > least * len(keep)
    assert drawn > 0.9 * expected.inside
    soon(lambda: f"{expected.inside:,} stars" in reader.heading(key))


def test_views_of_velocities_say_what_they_lack(reader):
    (velocity, plane, actions) = reader.text_of("lacking")
    for said in ("vT", "pmra", "pmdec"):
        assert said in velocity
    assert "mg_fe" in plane
    assert "Jphi" in actions


def test_zoom_into_real_stars(reader, giants):
    home = reader.image("kiel")
    reader.point_at("kiel", 4400, 2.2)
    reader.page.mouse.wheel(0, -300)

    def settled() -> None:
        image = reader.image("kiel")
        assert image.window != home.window
        x, y = reader.axes("kiel")
        assert np.allclose(image.window, [*sorted(x), *sorted(y)])
        expected = meant(giants, "kiel", image, np.ones(len(giants["ra"]), bool), label="fe_h")
        assert check(image, expected, reader.range) > 150

    eventually(settled)
