"""A mock survey's input tables: what LAMOST, GALAH, Gaia and others would publish of mock stars.

They are read like those of real surveys. Spectra are not among them: they are made from the stars' table when
they are asked for.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.draft import draft
from data.problem import DataError
from data.row_groups import GROUP
from explorer.build import build
from explorer.demo import TITLE
from explorer.mock_spectra import SEED
from explorer.spectra import Progress
from explorer.workplace import CATALOGUE, Workplace, write_text
from model.composition import composition
from model.epoch import propagate
from model.extinction import A_K_PER_EXCESS, IRAC_COLOUR
from model.mock import Mock
from model.reference_noise import reference_labels
from model.wavelength import redshift

Arrays = dict[str, NDArray[Any]]

REPEATED = 0.2
"""Share of the stars that are observed twice; the paper's survey has 1.21 spectra of a star."""
FEWEST, MOST = 3000, 5_000_000
"""Stars that a mock survey can have: the main process takes 2.2 kB of memory for each, so 11 GB at most."""
REFERENCES = 5000
"""Most stars that the mock GALAH has in common with the survey."""
LAMOST_EPOCH, GAIA_EPOCH, GALAH_EPOCH = 2013.5, 2016.0, 2000.0

SURVEY = """\
# A mock survey: its stars do not exist. {stars} of them, seed {seed}.
name = "Mock survey of {stars:,} stars"

[spectra]
place = "stars.parquet"
mock = true

[lamost]
table = "lamost.parquet"

[reference]
table = "galah.parquet"
survey = "galah-dr2"

[gaia]
table = "gaia.parquet"
survey = "gaia-dr3"

[distances]
table = "distances.parquet"
survey = "bailer-jones-2021"

[photometry]
table = "photometry.parquet"
match = "id"
gaia_release = "DR3"

[truth]
table = "truth.parquet"
"""


def build_mock(folder: Path, *, stars: int, seed: int, workers: int, progress: Progress) -> Path:
    """Make a mock survey and its catalogue by the pipeline, or go on where that was stopped.

    Parameters
    ----------
    folder : of both; made if need be.
    stars : how many different ones are observed; FEWEST at least.
    seed : of every random number; the same stars and seed give the same catalogue.
    workers : processes.
    progress : told (done, in all, of what).

    Returns
    -------
    the catalogue's folder, as `open_catalogue` takes it.

    Raises
    ------
    DataError
        If the numbers will not do, the folder holds another survey, or as `build`.
    """
    if not FEWEST <= stars <= MOST:
        raise DataError(
            f"{stars} stars were asked for: the pipeline trains on some of them, so give {FEWEST:,} to "
            f"{MOST:,}, or --labels scatter, which needs no spectra"
        )
    if seed < 0:
        raise DataError(f"seed {seed} was given: give 0 or a positive number")
    folder.mkdir(parents=True, exist_ok=True)
    survey = folder / "survey.toml"
    text = SURVEY.format(stars=stars, seed=seed)
    if survey.exists() and survey.read_text(encoding="utf-8") != text:
        raise DataError(f"{folder} holds another mock survey: give another folder with --out")
    if not survey.exists():
        _write_tables(folder, stars, seed, progress)
        write_text(survey, text)
    built = Workplace(folder / "built")
    if not built.done:
        build(survey, built.folder, workers=workers, address=None, progress=progress, restart=True)
    return built.folder / CATALOGUE


def _write_tables(folder: Path, stars: int, seed: int, progress: Progress) -> None:
    about = {"mock": "true", "title": TITLE, SEED: str(seed), "stars": str(stars)}
    for name, table in _tables(_drawn(stars, seed, progress), seed):
        _write(folder / f"{name}.parquet", table, about)


def _drawn(stars: int, seed: int, progress: Progress) -> Arrays:
    mock = Mock.prepare(stars, seed=seed)
    drawn = []
    for number in range(mock.chunks):
        drawn.append(mock.simulate(number))
        progress(sum(len(one["ra"]) for one in drawn), stars, "mock stars")
    return {name: np.concatenate([one.pop(name) for one in drawn]) for name in tuple(drawn[0])}


def _tables(columns: Arrays, seed: int) -> Iterator[tuple[str, Arrays]]:
    """Tables one after the other, for together they are larger than the stars."""
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    observed = _observations(columns, random)
    yield "stars", observed
    yield "lamost", _lamost(observed)
    truth = (name for name in observed if name == "obsid" or name.startswith("true_"))
    yield "truth", {name: observed[name] for name in truth}
    del observed
    yield "galah", _galah(columns, seed, random)
    yield "gaia", _gaia(columns)
    yield "distances", _distances(columns)
    yield "photometry", _photometry(columns)


def _observations(stars: Arrays, random: np.random.Generator) -> Arrays:
    """Every star once, then some of them again, on another day and in other weather."""
    count = len(stars["ra"])
    again = np.sort(random.choice(count, int(REPEATED * count), replace=False))
    rows = np.concatenate([np.arange(count), again])
    observed = {name: values[rows] for name, values in stars.items()}
    later = np.arange(rows.size) >= count
    noise = random.standard_normal((5, rows.size)) * later
    observed["number"], observed["epoch"] = rows, later.astype(np.int64)
    observed["obsid"] = stars["obsid"].min() + np.arange(rows.size)
    observed["lmjd"] = (56_000 + random.integers(0, 1500, rows.size)).astype(np.float64)
    observed["snrg"] = np.clip(observed["snrg"] * 10 ** (0.15 * noise[0]), 10, 900)
    observed["snrz"] = np.clip(observed["snrz"] * 10 ** (0.15 * noise[0]), 10, 900)
    observed["rv"] = np.where(later, observed["true_rv"] + observed["e_rv"] * noise[1], observed["rv"])
    for name, error, change in zip(
        ("teff_lamost", "logg_lamost", "fe_h_lamost"), (40, 0.06, 0.04), noise[2:], strict=True
    ):
        observed[name] = observed[name] + error * change
    kept = (
        "number", "epoch", "obsid", "designation", "source_id", "plate", "lmjd", "ra", "dec", "rv", "e_rv",
        "snrg", "snrz", "a_k",
    )  # fmt: skip
    own = (
        *kept,
        "teff_lamost",
        "logg_lamost",
        "fe_h_lamost",
        *(n for n in observed if n.startswith("true_")),
    )
    return {name: observed[name] for name in own}


def _lamost(observed: Arrays) -> Arrays:
    names = {
        "obsid": "obsid", "designation": "designation", "planid": "plate", "lmjd": "lmjd", "ra": "ra",
        "dec": "dec", "snrg": "snrg", "snrz": "snrz", "rv": "rv", "rv_err": "e_rv", "teff": "teff_lamost",
        "logg": "logg_lamost", "feh": "fe_h_lamost",
    }  # fmt: skip
    count = len(observed["obsid"])
    table = {theirs: observed[ours] for theirs, ours in names.items()}
    return table | {"class": np.full(count, b"STAR"), "z": redshift(observed["rv"])}


def _galah(stars: Arrays, seed: int, random: np.random.Generator) -> Arrays:
    """Some of the bright stars as GALAH would publish them: labels with errors, and marks of bad ones."""
    bright = np.flatnonzero(stars["snrz"] > 30)
    rows = np.sort(random.choice(bright, min(REFERENCES, bright.size), replace=False))
    truth = {
        name.removeprefix("true_"): values[rows] for name, values in stars.items() if name.startswith("true_")
    }
    truth |= {f"{name}_fe": value for name, value in composition(truth, {}).items()}
    labels, errors = reference_labels(truth, seed=seed, number=rows)
    ra, dec, pmra, pmdec = (stars[name][rows] for name in ("ra", "dec", "pmra", "pmdec"))
    ra, dec = propagate(ra, dec, pmra, pmdec, LAMOST_EPOCH, GALAH_EPOCH)
    return {
        "star_id": np.char.add(b"MOCK-", np.arange(rows.size).astype("S8")),
        "sobject_id": 9_000_000_000_000_001 + np.arange(rows.size),
        "raj2000": ra,
        "dej2000": dec,
        **labels,
        **{f"e_{name}": error for name, error in errors.items()},
        "snr_c1": np.clip(stars["snrg"][rows] * 10 ** (0.2 * random.standard_normal(rows.size)), 5, 500),
        "chi2_cannon": np.exp(0.5 * random.standard_normal(rows.size)),
        "flag_cannon": np.where(random.random(rows.size) < 0.1, 1, 0),
    }


def _gaia(stars: Arrays) -> Arrays:
    """Gaia's table: places of its own epoch."""
    ra, dec = propagate(stars["ra"], stars["dec"], stars["pmra"], stars["pmdec"], LAMOST_EPOCH, GAIA_EPOCH)
    names = {
        "source_id": "source_id", "parallax": "parallax", "parallax_error": "e_parallax", "pmra": "pmra",
        "pmdec": "pmdec", "pmra_error": "e_pmra", "pmdec_error": "e_pmdec", "ruwe": "ruwe",
        "phot_g_mean_mag": "g_mag",
    }  # fmt: skip
    own = {theirs: stars[ours] for theirs, ours in names.items()}
    untied = np.zeros(len(ra), np.float32)  # the mock draws errors of both motions apart
    return own | {
        "ra": ra, "dec": dec, "ref_epoch": np.full(len(ra), GAIA_EPOCH), "pmra_pmdec_corr": untied,
    }  # fmt: skip


def _distances(stars: Arrays) -> Arrays:
    names = {"r_med_geo": "distance", "r_lo_geo": "distance_lo", "r_hi_geo": "distance_hi"}
    return {"source_id": stars["source_id"], **{theirs: 1000 * stars[ours] for theirs, ours in names.items()}}


def _photometry(stars: Arrays) -> Arrays:
    """H and W2 that give each star the A_K the mock measured; errors of colours are in it."""
    count = len(stars["ra"])
    error = 0.025
    w2 = stars["g_mag"] - 1.5
    h = w2 + IRAC_COLOUR + stars["a_k"] / A_K_PER_EXCESS
    same = np.full(count, error)
    return {"source_id": stars["source_id"], "h_m": h, "h_msigcom": same, "w2mpro": w2, "w2mpro_error": same}


def _write(path: Path, columns: Mapping[str, NDArray[Any]], about: Mapping[str, str]) -> None:
    arrays = [
        pa.array(values).cast(pa.string()) if values.dtype.kind == "S" else pa.array(values)
        for values in columns.values()
    ]
    table = pa.Table.from_arrays(arrays, names=list(columns)).replace_schema_metadata(dict(about))
    with draft(path) as unfinished:
        pq.write_table(table, unfinished, compression="zstd", compression_level=1, row_group_size=GROUP)
