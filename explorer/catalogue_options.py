"""Options that commands on a catalogue share: its file, its mapping, conventions of computed columns."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from explorer.progress import Report
from model.kinematics import DEFAULT_FRAME

if TYPE_CHECKING:  # half a second, also of each process that reads spectra
    from numpy import bool_
    from numpy.typing import NDArray

    from data.catalogue import Catalogue
    from data.derivation import Derivation
    from explorer.conventions import Conventions

CatalogueFile = Annotated[
    str,  # a Path would take an empty text for the folder one is in
    typer.Argument(help="FITS, Parquet (file or folder of parts), VOTable, CSV, ECSV or white-space table."),
]
MappingFile = Annotated[
    str | None,
    typer.Option(
        "--mapping", help="How to read the file's columns: a shipped mapping's name or a TOML file."
    ),
]

CONVENTIONS = "Conventions of computed columns"
SunRadius = Annotated[
    float,
    typer.Option(
        "--r0", rich_help_panel=CONVENTIONS, help="Distance of the Sun from the Galactic centre, kpc."
    ),
]
SunHeight = Annotated[
    float,
    typer.Option("--z-sun", rich_help_panel=CONVENTIONS, help="Height of the Sun above the plane, kpc."),
]
PotentialName = Annotated[
    str,
    typer.Option(
        "--potential", rich_help_panel=CONVENTIONS, help="Potential for actions, energy and orbits."
    ),
]
FocalLength = Annotated[
    str,
    typer.Option(
        "--delta",
        rich_help_panel=CONVENTIONS,
        help="Focal length of the Staeckel fudge: 'per-star', or a number in units of the potential's R0.",
    ),
]
WithOrbits = Annotated[
    bool,
    typer.Option(
        "--orbits",
        rich_help_panel=CONVENTIONS,
        help="Also compute eccentricity, z_max, r_peri and r_apo: opening takes twice as long, once.",
    ),
]
Where = Annotated[str | None, typer.Option(help="Stars to take; 'chi2 < 7000' if left out, '' for all.")]
KindOfStars = Annotated[str | None, typer.Option(help="Stars: dwarf, giant or all.")]
Overwrite = Annotated[bool, typer.Option(help="Replace the file if it exists.")]


@dataclass(frozen=True)
class ConventionOptions:
    """Conventions of computed columns, as a person asks for them."""

    r0: SunRadius = DEFAULT_FRAME.R0
    z_sun: SunHeight = DEFAULT_FRAME.z_sun
    potential: PotentialName = "MWPotential2014"
    delta: FocalLength = "per-star"
    orbits: WithOrbits = False

    @property
    def computed(self) -> "tuple[Derivation, ...]":
        """What follows by them of a catalogue; DataError where one of them will not do."""
        from explorer.derive import asked

        return asked(**asdict(self))

    @property
    def of_one_star(self) -> "Conventions":
        """The same for what is computed of one star; DataError where one of them will not do."""
        from explorer.derive import conventions_of

        return conventions_of(r0=self.r0, z_sun=self.z_sun, potential=self.potential, delta=self.delta)


def open_asked(
    context: typer.Context,
    path: Path | str,
    mapping: str | None,
    computed: "tuple[Derivation, ...]",
    report: Report,
) -> "Catalogue":
    """Open a catalogue with the conventions that a command was given, and keep how it was asked for."""
    from data.catalogue import open_catalogue

    return open_catalogue(
        path, derivations=computed, mapping=mapping, progress=report, options=_opening_options(context)
    )


def condition_of(catalogue: "Catalogue", where: str | None) -> str:
    """The condition on stars that was given, else the paper's usual one if the catalogue can tell."""
    usual = "chi2 < 7000" if "chi2" in catalogue else ""
    return usual if where is None else where


def chosen_by(catalogue: "Catalogue", condition: str) -> "NDArray[bool_]":
    """Which stars, (N,), pass a condition; DataError where it is none."""
    import numpy as np

    from data.extract import Extract

    chosen = np.zeros(len(catalogue), np.bool_)
    chosen[Extract.of(catalogue, "csv", where=condition).rows()] = True
    return chosen


def command_of(
    context: typer.Context,
    catalogue: "Catalogue",
    name: str,
    *,
    files: tuple[str, ...] = (),
    written: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Words that ask for a command on a catalogue again, but for what it writes.

    Parameters
    ----------
    context, catalogue : of the command.
    name : of the command.
    files : parameters that are files, which are told by their names.
    written : parameters beside `out` that name what is written.
    """

    def told(file: str) -> str:
        plain = Path(file).name
        return f"./{plain}" if plain.startswith("-") else plain

    arguments, options = [told(catalogue.source.name)], [*catalogue.options]
    for option in context.command.params:
        key, value = option.name or "", context.params.get(option.name or "")
        opening = key == "mapping" or getattr(option, "rich_help_panel", None) == CONVENTIONS
        if opening or key in ("catalogue", "out", "overwrite", *written) or value in (option.default, None):
            continue
        words = [told(str(value))] if key in files else [] if value is True else [str(value)]
        if option.param_type_name == "argument":
            arguments += words
        else:
            options += [option.opts[0], *words]
    return ("explorer", name, *arguments, *options)


def _opening_options(context: typer.Context) -> list[str]:
    """Words that ask for this mapping and these conventions again; of a mapping's file, its name."""
    words: list[str] = []
    for option in context.command.params:
        value = context.params.get(option.name or "")
        panel = getattr(option, "rich_help_panel", None)
        if value == option.default or not (option.name == "mapping" or panel == CONVENTIONS):
            continue
        words.append(option.opts[0])
        if value is not True:
            words.append(Path(str(value)).name if option.name == "mapping" else str(value))
    return words
