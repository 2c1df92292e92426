"""The page as it opens, in a real Chromium: what is drawn is what numpy finds in the file."""

from collections.abc import Iterator

import numpy as np
import pytest

from explorer.atlas import DIAGRAMS
from explorer.palette import DEFAULT_MAP, GHOST, palette
from tests.browser import MAPS, Visit, becomes, eventually, soon
from tests.plain_maps import AXES, PlainMap, check, meant, paper_cuts


@pytest.fixture(scope="module")
def reader(shared_visit) -> Iterator[Visit]:
    """A visitor who looks and changes nothing."""
    with shared_visit.turn() as visit:
        yield visit


def test_every_map_is_what_numpy_finds(reader, mock_table):
    for key in MAPS:
        image = reader.image(key)
        expected = meant(mock_table, key, image, paper_cuts(mock_table, key))
        assert check(image, expected, reader.range) > 100
        soon(lambda key=key, n=expected.inside: f"{n:,} stars" in reader.heading(key))
        x, y = reader.axes(key)
        assert np.allclose([*sorted(x), *sorted(y)], image.window)


def test_header_counts_stars_and_says_mock(reader, mock_table):
    becomes(lambda: reader.count, (paper_cuts(mock_table, "rz").sum(), len(mock_table["ra"])))
    assert reader.text_of("badge-mock") == ["small · MOCK"]
    assert reader.text_of("badge-real") == []


def test_default_cuts_are_chips(reader):
    assert reader.chips == ["giant model", "χ2 ≤ 7000", "Jz ≤ 30 kpc km/s in (R, vφ) and (X, Y) only"]


@pytest.mark.parametrize("key", MAPS)
def test_all_other_stars_stay_as_a_ghost(reader, mock_table, key):
    """Grey where there is any star and no colour; nothing where there is none."""
    image = reader.image(key)
    x, y = (mock_table[name] for name in AXES[key])
    cells = len(image.levels)
    x0, x1, y0, y1 = image.window
    everyone, _, _ = np.histogram2d(y, x, bins=cells, range=((y0, y1), (x0, x1)))
    undrawn = image.levels <= GHOST
    wrong = (image.levels > 0)[undrawn] != (everyone > 0)[undrawn]
    assert wrong.sum() <= 2  # histogram2d may put a star on an edge between cells into the other one
    assert ((image.levels > 0) & undrawn).sum() > 20


@pytest.mark.parametrize("key", ["rz", "rv", "plane"])
def test_canvas_shows_the_colours_of_the_palette(reader, key):
    """Read back from the canvas itself, in the middles of a dozen cells spread over the map."""
    image = reader.image(key)
    centres = {tuple(cell): image.centre(*cell) for cell in np.argwhere(image.levels > GHOST)}
    bare = [cell for cell, (x, y) in centres.items() if key != "rz" or np.hypot(x - 8, y) > 1]
    chosen = [bare[k] for k in np.linspace(0, len(bare) - 1, 12).astype(int)]
    colours = palette(DEFAULT_MAP["sequential"])
    right = [[*bytes.fromhex(colours[image.levels[cell]][1:])] for cell in chosen]
    assert reader.colours(key, [centres[cell] for cell in chosen]) == right
    assert len({tuple(colour) for colour in right}) > 4
    empty = tuple(np.argwhere(image.levels == 0)[-1])
    red, green, blue, _ = reader.colours(key, [image.centre(*empty)])[0]
    assert red == green == blue


def test_note_at_the_pointer_tells_a_cells_numbers(reader, mock_table):
    image = reader.image("rz")
    expected = meant(mock_table, "rz", image, paper_cuts(mock_table, "rz"))
    fullest = max(expected.stars, key=lambda cell: len(expected.stars[cell]))
    sparse = next(cell for cell, values in expected.stars.items() if len(values) == 2)
    for cell in (fullest, sparse):
        eventually(lambda cell=cell: check_note(reader.tip("rz", *image.centre(*cell)), expected, cell))


def check_note(note: str, expected: PlainMap, cell: tuple[int, int]) -> None:
    """Hold the note to numpy, in the digits it gives."""
    values = expected.finite(cell)
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    said = note.replace("−", "-").split()
    assert said[:2] == [f"{len(expected.stars[cell]):,}", "stars"]
    at = said.index("±")
    for shown, right in ((said[at - 1], np.mean(values)), (said[at + 1], error)):
        last_digit = 10.0 ** -len(shown.partition(".")[2])
        assert abs(float(shown) - right) <= 0.501 * last_digit


def test_histogram_counts_all_and_selected(reader, mock_table):
    bars = reader.bars()
    edges = [*bars["left"], bars["right"][-1]]
    iron, selected = mock_table["fe_h"], paper_cuts(mock_table, "rz")
    for name, values in (("everyone", iron), ("selected", iron[selected])):
        right, _ = np.histogram(values, bins=edges)
        shown = np.array(bars[name])
        assert shown.sum() == right.sum() > 0
        assert np.abs(shown - right).sum() <= 4  # a value on an edge may fall to either side


def test_footprint_is_painted_when_it_is_visited(reader, mock_table):
    reader.tab("Footprint")
    keys = ("sky", "face", "edge")
    reader.wait_for(*keys)
    for key in keys:
        image = reader.image(key)
        n = meant(mock_table, key, image, paper_cuts(mock_table, key), AXES[key][0]).grid("count", 1)
        drawn = image.levels > GHOST
        assert np.array_equal(drawn, np.isfinite(n))
        assert (np.diff(image.levels[drawn][np.argsort(n[drawn])].astype(int)) >= 0).all()
        assert len(np.unique(image.levels[drawn])) > 20
    reader.tab("Maps")
    reader.wait_for(*MAPS)


def test_about_page_says_what_one_should_know(reader):
    reader.tab("About")
    reader.page.get_by_text("What to cite").wait_for()
    (about,) = reader.text_of("about")
    for said in (
        "These are mock stars",
        "read as",
        "explorer",
        "SHA-256",
        "Columns it lacks",
        "Zenodo",
        "Wheeler",
    ):
        assert said in about
    reader.tab("Maps")
    reader.wait_for(*MAPS)


def test_every_diagram_of_the_first_tab_is_there():
    assert {key for key, diagram in DIAGRAMS.items() if diagram.group == "maps"} == set(MAPS)
    assert {key: (diagram.x, diagram.y) for key, diagram in DIAGRAMS.items()} == AXES
