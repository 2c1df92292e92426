"""What `explorer clusters` prints."""

import typer
from rich.text import Text

from data.catalogue import Catalogue
from explorer.cluster_study import ClusterStudy
from explorer.cluster_words import CAUTIONS, HEADINGS, READING, row, source, steps, title
from explorer.open_clusters import OPEN_CLUSTERS, REFERENCE
from explorer.printout import empty_table, wide_console


def say_ready() -> None:
    """Print which cuts are ready-made."""
    for known in OPEN_CLUSTERS.values():
        cut = known.cut
        typer.echo(
            f"{known.name} ({known.listed}): within {cut.radius:g} deg of ra {cut.ra:g}, dec {cut.dec:g}; "
            f"{cut.pm_radius:g} mas/yr of pmra {cut.pmra:g}, pmdec {cut.pmdec:g}; {cut.depth:g} kpc of "
            f"{cut.distance:g} kpc"
        )
    typer.echo(f"Centres, radii, proper motions and distances: {REFERENCE}; limits are ours.")


def say_study(catalogue: Catalogue, study: ClusterStudy, where: str) -> None:
    """Print a study: its answer first, then what it rests on."""
    console = wide_console()
    console.print(Text(title(catalogue, study), style="bold"), soft_wrap=True)
    told = (f"Stars: {where or 'all'}", steps(study), source(study), *study.notes)
    for line in (each for each in told if each):
        console.print(line, soft_wrap=True)
    table = empty_table(*HEADINGS)
    for name in study.drifts:
        table.add_row(*row(catalogue, study, name))
    console.print(table)
    for line in (READING, *CAUTIONS):
        console.print(line, soft_wrap=True)
