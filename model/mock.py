"""The mock survey put together: a seed and a number of stars in, columns of a catalogue out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.actions import orbital_energy, staeckel_actions
from model.chemistry import is_giant
from model.dust import K_PER_V
from model.galaxy import POPULATIONS, populations
from model.identity import designations, obsids, source_ids
from model.kinematics import DEFAULT_FRAME, SolarFrame, face_on, galactic, galactocentric
from model.measurement import extrapolated, fit_quality, measure
from model.motion import dispersion_table
from model.observation import Astrometry, Spectrum, estimate_distance, measure_astrometry, measure_spectrum
from model.siblings import CLUSTERS, with_clusters
from model.survey import Plan, plan_survey
from model.truth import Truth, cluster_abundances, draw_truth

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Columns = dict[str, NDArray[np.generic]]

CHUNK = 100_000
"""Stars simulated at once. Part of what a seed means: another size would give other stars."""
POTENTIAL = "MWPotential2014"


@dataclass(frozen=True, eq=False)
class Mock:
    """A mock survey, ready to be simulated.

    Attributes
    ----------
    stars : how many in all.
    seed : of every random number.
    plan : what the survey can see.
    dispersions : as motion.dispersion_table gives.
    clusters : as truth.cluster_abundances gives.
    """

    stars: int
    seed: int
    plan: Plan
    dispersions: Floats
    clusters: Mapping[str, Floats]

    @classmethod
    def prepare(cls, stars: int, *, seed: int, frame: SolarFrame = DEFAULT_FRAME) -> "Mock":
        """Plan a survey.

        Parameters
        ----------
        stars : how many; above 0.
        seed : 0 or more; the same seed and number give the same stars.
        frame : where the Sun is.

        Raises
        ------
        ValueError
            stars or seed is out of range.
        """
        if stars < 1:
            raise ValueError(f"a mock survey of {stars} stars was asked for: give a number above 0")
        if seed < 0:
            raise ValueError(f"the seed {seed} was given: give 0 or a positive number")
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
        survey = with_clusters(plan_survey(random, frame))
        return cls(stars, seed, survey, dispersion_table(), cluster_abundances(random))

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return -(-self.stars // CHUNK)

    def simulate(self, chunk: int) -> Columns:
        """Simulate one chunk, the same whatever others were.

        Parameters
        ----------
        chunk : 0 to chunks - 1; all but the last have CHUNK stars.

        Returns
        -------
        columns by name, as catalogues name them, in float64, int64, int8 and text.
        """
        random = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(1, chunk)))
        start, stop = chunk * CHUNK, min((chunk + 1) * CHUNK, self.stars)
        truth = draw_truth(self.plan, self.dispersions, self.clusters, (start, stop, self.stars), random)
        return _observe(self.plan, truth, np.arange(start, stop), random)


def _observe(survey: Plan, truth: Truth, rows: NDArray[np.int64], random: np.random.Generator) -> Columns:
    sample = truth.sample
    gaia = measure_astrometry(sample.distance, truth.pmra, truth.pmdec, sample.g, random)
    depth = survey.plates.faint[sample.plate] - sample.g
    lamost = measure_spectrum(truth.rv, (sample.teff, sample.logg, sample.fe_h), depth, random)
    giant = is_giant(lamost.teff.astype(np.float32), lamost.logg.astype(np.float32))
    astrometric = _astrometric(truth, gaia)
    a_k = np.clip(sample.a_v * K_PER_V + 0.025 * random.standard_normal(rows.size), 0, None)
    return {
        "source_id": source_ids(rows),
        "designation": designations(sample.ra, sample.dec),
        "obsid": obsids(rows),
        "plate": survey.plates.name[sample.plate],
        "giantmodel": giant.astype(np.int8),
        **_labelled(truth, giant, lamost, random),
        "a_k": a_k,
        "a_v": a_k / K_PER_V,
        "snrz": lamost.snrz,
        "snrg": lamost.snrg,
        "teff_lamost": lamost.teff,
        "logg_lamost": lamost.logg,
        "fe_h_lamost": lamost.fe_h,
        "rv": lamost.rv,
        "e_rv": lamost.e_rv,
        **astrometric,
        **_orbits(survey.frame, lamost.rv, astrometric),
        **_true(truth),
    }


def _column(name: str) -> str:
    """Name of a label's column: elements are given relative to iron."""
    return name if name in ("teff", "logg", "vmic", "fe_h", "kiel") else f"{name}_fe"


def _labelled(truth: Truth, giant: Flags, lamost: Spectrum, random: np.random.Generator) -> Columns:
    measured, errors = measure(truth.labels, giant, random)
    chi2, windows = fit_quality(lamost.snrg, giant, random)
    return {
        **{_column(name): value for name, value in measured.items()},
        **{f"e_{_column(name)}": value for name, value in errors.items()},
        "chi2": chi2,
        **{f"chi2_{_column(name)}": value for name, value in windows.items()},
        **{f"{_column(name)}_extrap": value for name, value in extrapolated(measured, giant).items()},
    }


def _astrometric(truth: Truth, gaia: Astrometry) -> dict[str, Floats]:
    sample = truth.sample
    distance, nearest, farthest = estimate_distance(gaia.parallax, gaia.e_parallax)
    longitude, latitude = galactic(sample.ra, sample.dec)
    return {
        "ra": sample.ra,
        "dec": sample.dec,
        "l": longitude,
        "b": latitude,
        "distance": distance,
        "distance_lo": nearest,
        "distance_hi": farthest,
        "parallax": gaia.parallax,
        "e_parallax": gaia.e_parallax,
        "parallax_over_error": gaia.parallax / gaia.e_parallax,
        "pmra": gaia.pmra,
        "pmdec": gaia.pmdec,
        "e_pmra": gaia.e_pmra,
        "e_pmdec": gaia.e_pmdec,
        "ruwe": gaia.ruwe,
        "g_mag": sample.g,
    }


def _orbits(frame: SolarFrame, rv: Floats, seen: Mapping[str, Floats]) -> Columns:
    """Galactic columns of what was observed, from distances and velocities as a catalogue stores them."""
    distance, speed = (each.astype(np.float32).astype(np.float64) for each in (seen["distance"], rv))
    stars = galactocentric(seen["ra"], seen["dec"], distance, seen["pmra"], seen["pmdec"], speed, frame=frame)
    X, Y = face_on(stars.R, stars.phi)
    actions = staeckel_actions(stars, potential=POTENTIAL)
    return {
        "R": stars.R,
        "phi": stars.phi,
        "z": stars.z,
        "X": X,
        "Y": Y,
        "vR": stars.vR,
        "vT": stars.vT,
        "vz": stars.vz,
        "JR": actions.J_R,
        "Jphi": actions.J_phi,
        "Jz": actions.J_z,
        "actions_failed": actions.failed.astype(np.int8),
        "energy": orbital_energy(stars, potential=POTENTIAL),
    }


def _true(truth: Truth) -> Columns:
    sample = truth.sample
    names = np.array([b"", *(each.name.encode() for each in CLUSTERS)])
    return {
        **{f"true_{_column(name)}": value for name, value in truth.labels.items()},
        "true_distance": sample.distance,
        "true_rv": truth.rv,
        "true_R": sample.R,
        "true_z": sample.z,
        "true_vT": truth.vT,
        "true_age": sample.age,
        "true_birth_radius": sample.birth_radius,
        "true_population": np.array(POPULATIONS, dtype="S16")[populations(sample.component)],
        "true_cluster": names[truth.cluster + 1],
        "true_binary": truth.binary,
    }
