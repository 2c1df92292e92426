"""Fixtures shared by all tests: real survey files, golden values, a small mock, servers and a browser."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.served import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.archive_server import Archive
    from tests.browser import Visit
    from tests.shared_visit import SharedVisit

MOCK_STARS, SURVEY_STARS = 30_000, 4000
REAL_SURVEY = """\
name = "Real LAMOST spectra"
chunk = 128
[spectra]
place = "{spectra}"
wavelengths = [4000, 5800]
snr = 5
[lamost]
table = "{spectra}/learninglamost-dr1/my_data3.csv"
[reference]
table = "{spectra}/labelled_spectra.csv"
match = "spectrum"
snrz = false
[models.all]
labels = ["teff", "logg", "fe_h"]
"""


DEAR = "mock_survey"
"""What takes long to make: tests that need it run in one process, the others by file."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests belong in one process, for `pytest -n 2 --dist loadgroup`, and which need a browser."""
    for item in items:
        needs = getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group(DEAR if DEAR in needs else item.path.stem))
        if "browser" in needs:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real survey files; a test that needs it is skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "real"
    folder = Path(os.environ.get("EXPLORER_REAL_DATA", default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real survey files at {folder}: set EXPLORER_REAL_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def golden_actions(real_data: Path) -> Path:
    """Ten stars with expected coordinates, velocities and actions."""
    path = real_data.parent / "golden" / "actions.csv"
    if not path.is_file():
        pytest.skip(f"no golden values at {path}")
    return path


@pytest.fixture(scope="session")
def mock_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small mock survey."""
    from explorer.demo import make_demo

    return make_demo(tmp_path_factory.mktemp("mock") / "small.parquet", stars=MOCK_STARS)


@pytest.fixture(scope="session")
def sibling_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small mock survey with as many members of clusters and binaries as a large one."""
    from explorer.demo import make_demo

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.siblings.FULL_RICHNESS", MOCK_STARS)
        patch.setattr("model.siblings.PAIR_SHARE", 200 / MOCK_STARS)
        return make_demo(tmp_path_factory.mktemp("siblings") / "siblings.parquet", stars=MOCK_STARS, seed=2)


@pytest.fixture(scope="session")
def mock_survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mock survey with the catalogue that the pipeline made of it, in folders of their own."""
    from explorer.mock_survey import build_mock
    from tests.lamost_mock import silent

    made = tmp_path_factory.mktemp("survey") / "survey"
    build_mock(made, stars=SURVEY_STARS, seed=3, workers=2, progress=silent)
    return made


@pytest.fixture(scope="session")
def real_survey(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `explorer build` makes of the real spectra: folder of the catalogue and of its model."""
    from explorer.build import build
    from tests.lamost_mock import silent

    folder = tmp_path_factory.mktemp("real")
    survey = folder / "survey.toml"
    survey.write_text(REAL_SURVEY.format(spectra=real_data / "lamost-spectra"))
    build(survey, folder / "out", workers=1, address=None, progress=silent)
    return folder / "out"


@pytest.fixture(scope="session")
def mock_table(mock_file: Path) -> dict[str, NDArray[np.generic]]:
    """Its columns as they are in the file, numbers in float64."""
    from pyarrow import parquet

    table = parquet.read_table(mock_file)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return {name: a.astype(float) if a.dtype.kind == "f" else a for name, a in columns.items()}


@pytest.fixture(scope="session")
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which the explorer keeps its files in temporary folders."""
    return {name: str(tmp_path_factory.mktemp(name)) for name in ("EXPLORER_CACHE", "EXPLORER_DATA")}


@pytest.fixture(scope="session")
def served(
    own_folders: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], Served]]:
    """Gives the running server of a catalogue, one for all tests."""
    running: dict[Path, Served] = {}
    logs = tmp_path_factory.mktemp("logs")

    def serve(path: Path) -> Served:
        if path not in running:
            running[path] = Served.catalogue(path, logs / f"{path.stem}.log", **own_folders)
            running[path].wait()
        return running[path]

    yield serve
    for server in running.values():
        server.stop()


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for in the web is asked for directly."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        for spelt in (name, name.upper()):
            monkeypatch.delenv(spelt, raising=False)


@pytest.fixture
def archive(no_proxy: None) -> Iterator["Archive"]:
    """A web archive on this computer, which has no file yet."""
    from tests.archive_server import running

    with running() as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A Chromium; without one the tests of the page fail."""
    from tests.browser import chromium, find_chromium

    try:
        find_chromium()
    except RuntimeError as problem:
        pytest.fail(str(problem), pytrace=False)
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def shared_visit(
    browser: "Browser", served: Callable[[Path], Served], mock_file: Path
) -> Iterator["SharedVisit"]:
    """Visits to the mock that need no page of their own."""
    from tests.shared_visit import SharedVisit

    shared = SharedVisit(browser, served(mock_file).url)
    yield shared
    shared.close()


@pytest.fixture
def visit(shared_visit: "SharedVisit") -> Iterator["Visit"]:
    """A visitor before whom the mock's maps are as they open. Other tests may have had the page before."""
    with shared_visit.turn() as visitor:
        yield visitor


@pytest.fixture
def newcomer(browser: "Browser", served: Callable[[Path], Served], mock_file: Path) -> Iterator["Visit"]:
    """A visitor before whom the mock's maps are painted, on a page that nobody had before."""
    from tests.browser import Visit

    with Visit.of(browser, served(mock_file).url) as visitor:
        yield visitor.open()
