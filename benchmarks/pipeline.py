"""How fast catalogues are built: `python -m benchmarks.pipeline [--quick]`.

Rates are per CPU second of processes with one thread each: of two, the sum of both while they work at the
same time. `_wall` is the same by the clock, and `demo_100k_s` is the whole command by the clock: both want an
idle machine. Files come from the system's cache: discs are not measured. Prints each figure as it is measured
and, as its last line, one JSON object; with --quick, `demo_10k_s` stands for `demo_100k_s`.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import crossmatch
from benchmarks.dwarfs import dwarfs, prepared, save_paper_model, write_files
from benchmarks.processes import Round, rates, with_one_thread
from explorer.cannon_file import load_model
from explorer.combination import combined
from explorer.joins import joined
from explorer.observations import Labeller
from explorer.observing import normalised
from explorer.pieces import Build
from explorer.reading import Resampled, prepare
from explorer.sources import LamostFiles
from explorer.spectra import BATCH
from explorer.workplace import FACTS, OBSERVATIONS, Workplace
from model.actions import POTENTIALS, staeckel_actions
from model.kinematics import PhaseSpace
from model.lines import LAMOST_WINDOWS
from model.windows import WindowPixels

SPECTRA, FILES = 4 * BATCH, 256
STARS, GALPY_STARS = 40_000, 400
AGREED = 1e-6
"""Relative difference from galpy's actions that rounding may make."""
ROOT = Path(__file__).resolve().parents[1]

Figures = dict[str, float]
Floats = NDArray[np.float64]


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="a demo of 10,000 stars, smaller tables")
    asked = arguments.parse_args()
    with_one_thread("benchmarks.pipeline")
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_labelling(Path(folder))
        figures |= measure_reading(Path(folder))
        figures |= measure_actions()
        figures |= crossmatch.measure(*((100_000, 250_000) if asked.quick else (1_000_000, 2_500_000)))
        figures |= measure_demo(Path(folder) / "mock", 10_000 if asked.quick else 100_000)
    print(json.dumps({name: float(f"{value:.5g}") for name, value in figures.items()}))


def say(name: str, value: float, words: str) -> Figures:
    """Print a figure as it comes."""
    print(f"{name:28} {value:12.5g}   {words}", flush=True)
    return {name: value}


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measure_labelling(folder: Path) -> Figures:
    """Stars per second from spectra on the survey's grid to labels, chi2 and window chi2."""
    model = folder / "dwarf.cannon"
    figures = say(
        "training_s", seconds(lambda: save_paper_model(model)), "s, 1190 dwarfs, 9 labels, 12 folds"
    )
    one, one_wall = rates(1, labelling, model)
    two, two_wall = rates(2, labelling, model)
    return {
        **figures,
        **say("stars_per_s", two, "normalise, infer, chi2 whole and in windows; 2 processes, CPU seconds"),
        **say("stars_per_s_wall", two_wall, "the same by the clock"),
        **say("stars_per_s_1", one, "the same of 1 process, CPU seconds"),
        **say("stars_per_s_1_wall", one_wall, "the same by the clock"),
        **measure_shares(model),
    }


def labelling(model: Path) -> Round:
    """The pipeline's own steps on dwarfs held in memory."""
    source, labeller = prepared(dwarfs(SPECTRA, 3), 3), Labeller((load_model(model),))

    def work() -> int:
        for start in range(0, SPECTRA, BATCH):
            some = normalised(source, range(start, start + BATCH))
            labeller.label(np.zeros(len(some.rows), np.int64), some.flux, some.ivar)
        return SPECTRA

    return work


def measure_shares(path: Path) -> Figures:
    """Milliseconds a star of each step, in one process."""
    source, content = prepared(dwarfs(BATCH, 3), 3), load_model(path)
    model = content.model
    windows = WindowPixels.of(model.wavelength, LAMOST_WINDOWS)
    some = normalised(source, range(BATCH))
    found = model.infer(some.flux, some.ivar)
    steps = {
        "normalise": lambda: normalised(source, range(BATCH)),
        "infer": lambda: model.infer(some.flux, some.ivar),
        "windows": lambda: windows.fit(some.flux, some.ivar, model.predict(found.labels), model.s),
    }
    figures: Figures = {}
    for name, work in steps.items():
        work()
        spent = min(seconds(work) for _ in range(5))
        figures |= say(f"{name}_ms", 1e3 * spent / BATCH, "ms a star, 1 process")
    return figures


def measure_reading(folder: Path) -> Figures:
    """Files per second that are read, shifted to rest and brought on to the survey's grid."""
    figures: Figures = {}
    for ending, what in (("", "plain"), ("_gz", "packed")):
        files = folder / what
        write_files(files, FILES, packed=bool(ending))
        for processes in (2, 1):
            name = f"spectra_read_per_s{ending}{'_1' * (processes == 1)}"
            cpu, clock = rates(processes, reading, files)
            figures |= say(name, cpu, f"{what} files read and prepared; processes: {processes}, CPU seconds")
            figures |= say(f"{name}_wall", clock, "the same by the clock")
        figures |= say(f"headers_per_s{ending}_1", rates(1, headers, files)[0], f"headers of {what} files")
    return figures


def reading(folder: Path) -> Round:
    """Prepare all files of a folder."""
    files = sorted(folder.iterdir())

    def work() -> int:
        good = sum(isinstance(prepare(file), Resampled) for file in files)
        if good != len(files):
            raise RuntimeError(f"only {good} of {len(files)} files could be read")
        return good

    return work


def headers(folder: Path) -> Round:
    """Read what headers say of all spectra of a folder."""
    names = np.array([file.name.encode() for file in sorted(folder.iterdir())])
    source = LamostFiles(folder, names)
    return lambda: len(source.facts(0, len(names))["obsid"])


def measure_actions() -> Figures:
    """J_R, J_phi and J_z with a focal length for each star, against galpy."""
    stars, some = disc(STARS), disc(GALPY_STARS)
    staeckel_actions(some), galpy_actions(disc(2)), galpy_arrays(disc(2))
    ours = STARS / seconds(lambda: staeckel_actions(stars))
    found: list[Floats] = []
    single = GALPY_STARS / seconds(lambda: found.append(galpy_actions(some)))
    arrays = GALPY_STARS / seconds(lambda: found.append(galpy_arrays(some)))
    known = staeckel_actions(some)
    mine = np.stack([known.J_R, known.J_phi, known.J_z])
    apart = max(float(np.max(np.abs(mine - other) / (np.abs(other) + 1))) for other in found)
    if not apart < AGREED:
        raise RuntimeError(f"actions differ from galpy's by {apart:.2g}")
    return {
        **say("actions_per_s", ours, "stars, J_R, J_phi, J_z with a focal length each, one thread"),
        **say(
            "galpy_actions_per_s", single, "stars, plain galpy, one after the other as in its documentation"
        ),
        **say("galpy_arrays_per_s", arrays, "stars, plain galpy, one call for all but the focal lengths"),
        **say("actions_vs_galpy", ours / single, "times faster than one by one"),
        **say(
            "actions_vs_galpy_arrays", ours / arrays, "times faster than the latter: galpy's C is the rest"
        ),
        **say("actions_apart", apart, "largest relative difference from galpy's"),
    }


def disc(count: int) -> PhaseSpace:
    """Stars of a disc, the first ones always the same."""
    random = np.random.default_rng(1)
    R, z, vR, vT, vz = random.standard_normal((count, 5)).T
    return PhaseSpace(8 + 1.5 * R.clip(-3, 3), 0 * R, 0.6 * z, 35 * vR, 215 + 25 * vT, 25 * vz)


def galpy_actions(stars: PhaseSpace) -> Floats:
    """The same by galpy alone, kpc km/s, (3, N), as its documentation computes those of a star."""
    galpy, (potential, ro, vo, plain) = import_module("galpy.actionAngle"), known_potential()
    found = []
    for R, vR, vT, z, vz in np.transpose(natural(stars)):
        delta = galpy.estimateDeltaStaeckel(potential, R, z, **plain)
        fudge = galpy.actionAngleStaeckel(pot=potential, delta=delta, c=True)
        found.append(np.ravel(fudge(R, vR, vT, z, vz, **plain)))
    return np.transpose(found) * ro * vo


def galpy_arrays(stars: PhaseSpace) -> Floats:
    """Again, with one call of galpy's C code; its focal lengths come one by one anyhow."""
    galpy, (potential, ro, vo, plain) = import_module("galpy.actionAngle"), known_potential()
    R, vR, vT, z, vz = natural(stars)
    delta = galpy.estimateDeltaStaeckel(potential, R, z.copy(), no_median=True, **plain)
    fudge = galpy.actionAngleStaeckel(pot=potential, delta=0.45, c=True)
    return np.array(fudge(R, vR, vT, z, vz, delta=delta, **plain)) * ro * vo


def known_potential() -> tuple[Any, float, float, dict[str, bool]]:
    """The potential, its scales, and what keeps galpy in its own units."""
    scaled = POTENTIALS["MWPotential2014"]
    return scaled.potential, scaled.ro, scaled.vo, {"use_physical": False}


def natural(stars: PhaseSpace) -> Floats:
    """R, vR, vT, z, vz (5, N) in galpy's units."""
    _, ro, vo, _ = known_potential()
    return np.stack([stars.R / ro, stars.vR / vo, stars.vT / vo, stars.z / ro, stars.vz / vo])


def measure_demo(folder: Path, stars: int) -> Figures:
    """The whole command that makes a mock survey's catalogue, and what single steps of it take."""
    words = ["demo", "--stars", str(stars), "--workers", "2", "--out", str(folder)]
    used, begun = _children(), time.monotonic()
    subprocess.run([sys.executable, "-m", "explorer", *words], cwd=ROOT, check=True, capture_output=True)
    spent, used = time.monotonic() - begun, _children() - used
    name = f"demo_{stars // 1000}k"
    return {
        **say(f"{name}_s", spent, f"s by the clock, `explorer demo --stars {stars} --workers 2`"),
        **say(f"{name}_cpu_s", used, "CPU seconds of all its processes"),
        **measure_steps(folder / "built"),
    }


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_steps(folder: Path) -> Figures:
    """What is left of a build beside spectra: joins, in the main process, and the catalogue's rows."""
    build = Build.of(Workplace(folder))
    spectra = build.place.plan["spectra"]
    spent = seconds(lambda: joined(whole(build, FACTS), build.survey))
    tracemalloc.start()
    joined(whole(build, FACTS), build.survey)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    observations = whole(build, OBSERVATIONS)
    known = {name: values[observations["row"]] for name, values in build.spectra.items()}
    stars = len(np.unique(observations["star"]))
    combining = seconds(lambda: combined(build.survey, build.labeller, observations, known))
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {
        **say("joined_per_s", spectra / spent, "spectra joined to tables as large, CPU seconds"),
        **say("joined_bytes", most / spectra, "bytes of memory a spectrum while they are joined"),
        **say("combined_per_s", stars / combining, "stars of the catalogue, actions included, CPU seconds"),
        **say("catalogue_bytes", size / spectra, "bytes of disc a spectrum, work folder included"),
    }


def whole(build: Build, name: str) -> dict[str, NDArray[Any]]:
    """All rows of a table that pieces hold."""
    pieces = range(len(build.place.parts(OBSERVATIONS)))
    parts = [build.place.read(name, number) for number in pieces]
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}


if __name__ == "__main__":
    main()
