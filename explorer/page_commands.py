"""The command line of the page: `explorer serve`."""

import re
from pathlib import Path
from typing import Annotated

import typer

from data.problem import DataError
from explorer.catalogue_options import ConventionOptions, MappingFile, open_asked
from explorer.mock_commands import embedded_mock
from explorer.option_groups import grouped
from explorer.pair_options import Ids, PairOptions, PairsFile, PairsKind
from explorer.progress import progress_bar

ORIGIN = re.compile(r"[\w.*-]+(:\d{1,5})?")
SPECTRA = "Spectra and models of single stars"
Shown = Annotated[str | None, typer.Argument(help="A catalogue; without one, the embedded mock survey.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")]
Address = Annotated[
    str, typer.Option(help="Address to listen on; 0.0.0.0 for every network of this machine.")
]
Origins = Annotated[
    list[str] | None, typer.Option(help="HOST:PORT that visitors' browsers may come from, if not this one.")
]
Show = Annotated[bool, typer.Option(help="Open a browser.")]
Folders = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FOLDER", rich_help_panel=SPECTRA,
        help="Folder of LAMOST spectra, with the folders in it; may be given again. Headers are read once.",
    ),
]  # fmt: skip
Archive = Annotated[
    str | None,
    typer.Option(
        metavar="TEMPLATE", rich_help_panel=SPECTRA,
        help="Addresses of spectra in the web, as https://HOST/{obsid}, for what no folder has.",
    ),
]  # fmt: skip
Models = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE", rich_help_panel=SPECTRA,
        help="Model of 'explorer train' to fit stars with; may be given again. Those that the catalogue was "
        "built with, if not given.",
    ),
]  # fmt: skip


@grouped
def serve(
    context: typer.Context,
    catalogue: Shown = None,
    *,
    mapping: MappingFile = None,
    port: Port = 5006,
    address: Address = "127.0.0.1",
    origin: Origins = None,
    show: Show = True,
    spectra: Folders = None,
    archive: Archive = None,
    model: Models = None,
    pairs: PairsFile = None,
    pairs_kind: PairsKind = None,
    ids: Ids = None,
    reading: PairOptions,
    conventions: ConventionOptions,
) -> None:
    """Open the explorer on a catalogue, or on the embedded mock survey."""
    computed = conventions.computed
    from explorer import app as page
    from explorer.pair_source import pairs_of
    from explorer.spectroscopy import Spectroscopy

    file = reading.file(pairs, pairs_kind, ids)
    folders, models = _paths("--spectra", spectra), _paths("--model", model)
    if not address:
        raise DataError("--address is empty, which would be every network: give one, such as 127.0.0.1")
    origins = tuple(_host(place) for place in origin or ())
    page.claim(address, port)
    with progress_bar() as report:
        named = Spectroscopy.of(
            folders=folders, archive=archive, models=models, conventions=conventions.of_one_star,
            progress=report,
        )  # fmt: skip
        source = embedded_mock(report) if catalogue is None else catalogue
        opened = open_asked(context, source, mapping, computed, report)
        spectroscopy = named.beside(opened)
        found = pairs_of(opened, file)
    page.serve(opened, spectroscopy, found, port=port, address=address, origins=origins, show=show)


def _paths(option: str, given: list[str] | None) -> list[Path]:
    """Paths that an option was given; an empty one would be the folder one is in."""
    if "" in (given or ()):
        raise DataError(f"{option} is empty: give a path, or leave the option out")
    return [Path(path).expanduser() for path in given or ()]


def _host(place: str) -> str:
    """A place that browsers may come from, checked before the server would stumble over it."""
    if not ORIGIN.fullmatch(place):
        raise DataError(f"--origin '{place[:60]}' is no host: write HOST:PORT, as in stars.example.org:80")
    return place
