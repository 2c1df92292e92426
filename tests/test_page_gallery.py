"""The gallery in a real Chromium: every label over one plane is what numpy finds, in both kinds of range."""

import numpy as np
import pytest

from explorer.atlas import GALLERY
from explorer.palette import GHOST
from tests.browser import FLAGS, MAPS, Visit, eventually, find_chromium
from tests.plain_maps import AXES, PlainMap, check, paper_cuts
from tests.served import Served

RATIOS = ("o_fe", "eu_fe", "mg_fe", "al_fe", "mn_fe", "ba_fe")
GIANTS = ("fe_h", *RATIOS, "teff", "logg", "a_v")
"""Labels that the mock's giants have."""
PLANES = {"rz": "(R, z)", "xy": "(X, Y)", "rv": "(R, vφ)"}


def keys(plane: str, labels: tuple[str, ...] = GIANTS) -> list[str]:
    return [f"{plane}.{label}" for label in labels]


def legends(visit: Visit) -> dict[str, tuple[float, float, str]]:
    """Ends and unit of the small colour bar of each label."""
    bars = [
        [span.replace("−", "-") for span in bar]
        for bar in visit.page.locator(".legend:not(:empty)").evaluate_all(
            "all => all.map(each => [...each.querySelectorAll('span')].map(span => span.textContent))"
        )
    ]
    assert [len(bar) for bar in bars] == [2] * len(GIANTS), "the small bars are not told yet"
    ends = [(float(low), float(high.split()[0]), high.split()[1]) for low, high in bars]
    return dict(zip(GIANTS, ends, strict=True))


def check_gallery(visit: Visit, table, plane: str, *, ranges=None, **how) -> None:
    """Hold every map of a plane to numpy, in the ranges that its small bars say."""
    keep = paper_cuts(table, plane)
    ends = ranges or legends(visit)
    x, y = (table[name][keep] for name in AXES[plane])
    for label in GIANTS:
        image = visit.image(f"{plane}.{label}")
        expected = PlainMap.of(x, y, table[label][keep], image.window)
        assert check(image, expected, ends[label][:2], **how) > 100


def open_gallery(visit: Visit) -> Visit:
    visit.tab("Gallery")
    visit.wait_for(*keys("rz"))
    eventually(lambda: legends(visit))
    return visit


@pytest.fixture(scope="module")
def own_browser(browser):
    """One of these tests alone, as a visitor's is: that of all tests has had hundreds of pages by then."""
    launched = browser.browser_type.launch(executable_path=find_chromium(), args=list(FLAGS))
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def server(mock_file, own_folders, tmp_path_factory):
    """Nobody has seen its gallery before."""
    running = Served.catalogue(mock_file, tmp_path_factory.mktemp("gallery") / "log", **own_folders)
    running.wait()
    yield running
    running.stop()


@pytest.fixture
def newcomer(own_browser, server):
    with Visit.of(own_browser, server.url) as visitor:
        yield visitor.open()


@pytest.fixture
def gallery(newcomer):
    return open_gallery(newcomer)


def test_gallery_is_drawn_when_it_is_visited_and_hidden_maps_are_left_alone(newcomer, mock_table):
    assert newcomer.page.evaluate("Bokeh.documents[0].get_model_by_name('rz.sheet')") is None
    open_gallery(newcomer)
    assert {key for key in GALLERY if key.startswith("rz.")} >= {*keys("rz")}
    check_names(newcomer)
    check_note(newcomer, mock_table)
    check_columns(newcomer, 5)
    before = newcomer.image("rz")
    newcomer.page.get_by_label("Remove this cut").nth(1).click()
    eventually(lambda: holds(newcomer.count[0] > 6908))
    assert np.array_equal(newcomer.image("rz").levels, before.levels)


def check_names(gallery: Visit) -> None:
    units = {label: unit for label, (_, _, unit) in legends(gallery).items()}
    assert units == dict.fromkeys(GIANTS, "dex") | {"teff": "K", "a_v": "mag"}
    assert [words.split()[0] for words in gallery.headings] == [
        "[Fe/H]", "[O/Fe]", "[Eu/Fe]", "[Mg/Fe]", "[Al/Fe]", "[Mn/Fe]", "[Ba/Fe]", "Teff", "log", "AV",
    ]  # fmt: skip
    assert "No selected star has [α/Fe], [Sc/Fe], [s/Fe]." in gallery.text_of("section")


def check_note(gallery: Visit, mock_table) -> None:
    image = gallery.image("rz.teff")
    keep = paper_cuts(mock_table, "rz")
    expected = PlainMap.of(*(mock_table[name][keep] for name in ("R", "z", "teff")), image.window)
    cell = max(expected.stars, key=lambda cell: len(expected.stars[cell]))

    def told() -> None:
        note = gallery.tip("rz.teff", *image.centre(*cell))
        assert f"{len(expected.stars[cell]):,} stars" in note
        assert f"{np.mean(expected.finite(cell)):.0f}"[:3] in note
        assert "K" in note

    eventually(told)


def check_columns(gallery: Visit, columns: int) -> None:
    """Small maps fit beside each other."""
    edges = gallery.page.locator("h2.heading").evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().left)"
    )
    assert len({round(edge) for edge in edges}) == columns
    page = "document.scrollingElement"
    assert gallery.page.evaluate(f"{page}.scrollWidth - {page}.clientWidth") == 0


def test_three_columns_fit_on_a_small_screen(own_browser, server):
    with Visit.of(own_browser, server.url, width=1024, height=768) as visit:
        check_columns(open_gallery(visit.open()), 3)


def test_three_planes_with_a_range_for_each_label_and_with_one(gallery, mock_table):
    """By mouse, and the last by keyboard alone."""
    for plane, name in PLANES.items():
        if plane != "rz":
            gallery.page.get_by_role("button", name=name, exact=True).click()
            gallery.wait_for(*keys(plane))
        eventually(lambda plane=plane: check_gallery(gallery, mock_table, plane))
        assert len({legends(gallery)[label] for label in RATIOS}) == len(RATIOS)
        gallery.page.get_by_label("One range for all [X/Fe]").click()

        def shared(plane: str = plane) -> None:
            ends = legends(gallery)
            assert {ends[label][:2] for label in RATIOS} == {gallery_range(gallery)}
            assert ends["fe_h"] != ends["mg_fe"]
            check_gallery(gallery, mock_table, plane)

        eventually(shared)
        gallery.page.get_by_label("One range for all [X/Fe]").click()

    gallery.page.get_by_role("button", name="(X, Y)", exact=True).focus()
    gallery.page.keyboard.press("Enter")
    gallery.wait_for(*keys("xy"))
    gallery.page.get_by_label("One range for all [X/Fe]").focus()
    gallery.page.keyboard.press("Space")
    eventually(lambda: holds(len({legends(gallery)[label][:2] for label in RATIOS}) == 1))
    check_typed(gallery, mock_table, "xy")


def check_typed(gallery: Visit, mock_table, plane: str) -> None:
    """The shared range is typed, and fitted again."""
    low = gallery.page.locator("input.low").last
    eventually(lambda: holds(low.is_visible() and gallery_range(gallery) == legends(gallery)["mg_fe"][:2]))
    gallery.type_into(low, "-0.4")

    def typed() -> None:
        ends = legends(gallery)
        assert {ends[label][0] for label in RATIOS} == {-0.4}
        assert ends["fe_h"][0] != -0.4
        check_gallery(gallery, mock_table, plane)

    eventually(typed)
    gallery.press("Fit the colour ranges")
    eventually(lambda: holds(legends(gallery)["mg_fe"][0] != -0.4))
    check_gallery(gallery, mock_table, plane)


def gallery_range(visit: Visit) -> tuple[float, float]:
    """The ends of the colour bar that abundances share."""
    ends = [visit.page.locator(f"input.{end}").last.input_value() for end in ("low", "high")]
    return float(ends[0]), float(ends[1])


def holds(true: bool) -> None:
    assert true


def test_zooming_one_zooms_all_and_the_plane_itself(gallery, mock_table):
    home = gallery.image("rz.fe_h").window
    gallery.point_at("rz.mg_fe", 9.0, 0.5)
    gallery.page.mouse.wheel(0, -300)

    def zoomed() -> None:
        windows = {gallery.image(key).window for key in keys("rz")}
        assert len(windows) == 1
        assert home not in windows
        x, y = gallery.axes("rz.teff")
        assert np.allclose([*x, *y], *windows)
        keep = paper_cuts(mock_table, "rz")
        for label in ("fe_h", "teff"):
            image = gallery.image(f"rz.{label}")
            expected = PlainMap.of(*(mock_table[name][keep] for name in ("R", "z", label)), image.window)
            assert check(image, expected, legends(gallery)[label][:2]) > 20

    eventually(zoomed)
    window = gallery.image("rz.fe_h").window
    gallery.tab("Maps")
    gallery.wait_for(*MAPS)
    eventually(lambda: holds(np.allclose(gallery.image("rz").window, window)))
    x, y = gallery.axes("rz")
    assert np.allclose([*x, *y], window, rtol=0.01)
    gallery.point_at("rz", 9.0, 0.5)
    gallery.page.locator(".bk-tool-icon-reset").first.click()
    eventually(lambda: holds(gallery.image("rz").window == home))
    gallery.tab("Gallery")
    eventually(lambda: holds(gallery.image("rz.al_fe").window == home))
    x, y = gallery.axes("rz.al_fe")
    assert np.allclose([*x, *y], home)


def test_statistic_and_cuts_are_those_of_the_maps(gallery, mock_table):
    gallery.tab("Maps")
    gallery.choose("Statistic", "median")
    gallery.tab("Gallery")
    eventually(lambda: check_gallery(gallery, mock_table, "rz", statistic="median"))
    gallery.page.get_by_label("Remove this cut").first.click()

    def dwarfs_too() -> None:
        assert len(gallery.headings) == len(GIANTS) + 3
        image = gallery.image("rz.s_fe")
        keep = mock_table["chi2"] <= 7000
        expected = PlainMap.of(*(mock_table[name][keep] for name in ("R", "z", "s_fe")), image.window)
        assert (image.levels > GHOST).sum() == np.isfinite(expected.grid("median", 3)).sum() > 20

    eventually(dwarfs_too)
