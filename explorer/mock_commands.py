"""The command line of the mock survey: `explorer demo`, and the survey that is shown when none is named."""

import os
from pathlib import Path
from typing import Annotated

import typer

from data.problem import DataError
from explorer.progress import Report, progress_bar

DEMO_STARS = 100_000

Stars = Annotated[int, typer.Option(help="How many stars the survey observes.")]
Seed = Annotated[int, typer.Option(help="The same seed and size give the same catalogue.")]
Labels = Annotated[
    str,
    typer.Option(
        help="'pipeline': inferred from mock spectra, as those of a real survey; 'scatter': truth plus the "
        "paper's cross-validated scatter, for millions of stars in minutes."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder to make (pipeline), or Parquet file (scatter); mock or mock.parquet."),
]
Workers = Annotated[int | None, typer.Option(min=1, max=256, help="Processes; all cores.")]


def demo(
    *,
    stars: Stars = DEMO_STARS,
    seed: Seed = 1,
    labels: Labels = "pipeline",
    out: Out = None,
    workers: Workers = None,
) -> None:
    """Make a mock survey of a mock Milky Way."""
    if labels == "pipeline":
        from explorer.mock_survey import build_mock

        folder = Path("mock") if out is None else out
        if folder.suffix or folder.is_file():
            raise DataError(f"--out {folder} is to be a folder: give a name without an ending")
        with progress_bar() as report:
            made = build_mock(folder, stars=stars, seed=seed, workers=workers or _cores(), progress=report)
    else:
        made = _scattered(Path("mock.parquet") if out is None else out, stars, seed, labels)
    typer.echo(f"Wrote {stars:,} mock stars to {made}")
    typer.echo(f"Open it:  explorer serve {made}")


def _scattered(out: Path, stars: int, seed: int, labels: str) -> Path:
    from explorer.demo import LABELS, make_demo

    if labels not in LABELS:
        raise DataError(f"labels {labels!r} were asked for: give one of pipeline, {', '.join(LABELS)}")
    if out.suffix.lower() != ".parquet":
        raise DataError(f"--out {out} does not say what is written, a Parquet file: end it with .parquet")
    with progress_bar() as report:
        return make_demo(out, stars=stars, seed=seed, labels=labels, progress=report.of("mock stars"))


def embedded_mock(report: Report) -> Path:
    """The mock survey that is shown when no catalogue is named; made once."""
    from explorer.demo import EDITION
    from explorer.mock_survey import build_mock
    from explorer.places import data_folder

    folder = data_folder() / f"mock-{DEMO_STARS}-{EDITION}"
    return build_mock(folder, stars=DEMO_STARS, seed=1, workers=_cores(), progress=report)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
