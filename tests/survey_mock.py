"""A small survey of mock LAMOST files, and the tables of LAMOST, Gaia and others that go with it."""

import numpy as np
import pandas as pd

from tests.lamost_mock import MIDDLE, WIDTH, spectrum, write

STARS, TWICE = 48, 12
"""Stars, and how many of them have two spectra."""
ODD = ("galaxy", "no redshift", "cut short", "copy")
TOML = """\
name = "Little survey"
chunk = 10
[spectra]
place = "spectra"
wavelengths = [4000, 5200]
[lamost]
table = "lamost.csv"
[reference]
table = "labels.csv"
match = "spectrum"
[models.all]
labels = ["teff", "logg", "fe_h"]
[gaia]
table = "gaia.csv"
survey = "gaia-dr2"
epoch = false
[distances]
table = "distances.csv"
survey = "bailer-jones-2018"
[photometry]
table = "photometry.csv"
"""


def stars():
    """What is true of each star."""
    rng = np.random.default_rng(5)
    scaled = rng.uniform(-1.4, 1.4, (STARS, 3))
    return pd.DataFrame(
        {
            "source_id": 5_000_000_000_000_000_001 + 7 * np.arange(STARS),
            "ra": rng.uniform(0, 360, STARS),
            "dec": rng.uniform(-10, 60, STARS),
            "distance": rng.uniform(0.3, 3, STARS),
            "pmra": rng.normal(0, 5, STARS),
            "pmdec": rng.normal(0, 5, STARS),
            "scaled": list(scaled),
            **dict(zip(("teff", "logg", "fe_h"), (MIDDLE + scaled * WIDTH).T, strict=True)),
        }
    )


def write_survey(folder):
    """Write everything; gives SURVEY.toml."""
    (folder / "spectra").mkdir(parents=True)
    truth = stars()
    visits = [*range(STARS), *range(TWICE), *range(len(ODD))]
    kinds = [*[""] * (STARS + TWICE), *ODD]
    rows = []
    for visit, (star, kind) in enumerate(zip(visits, kinds, strict=True)):
        one = truth.iloc[star]
        obsid = 1000 + (0 if kind == "copy" else visit)
        flux, ivar = spectrum(one.scaled, 60 + visit, visit)
        odd = {"galaxy": {"CLASS": "GALAXY"}, "no redshift": {"Z": -9999.0}}.get(kind, {})
        path = folder / "spectra" / f"spec-{visit:03}.fits"
        facts = {
            "RA": one.ra,
            "DEC": one.dec,
            "DESIG": f"LAMOST J{star:03}",
            "SNRZ": 40.0 + visit,
            "LMJD": 56_000 + visit,
        }
        write(path, flux, ivar, OBSID=obsid, **facts, **odd)
        if kind == "cut short":
            path.write_bytes(path.read_bytes()[:9000])
        if not kind:
            rows.append(
                (obsid, f"J{star:03}", one.ra, one.dec, one.teff, one.logg, one.fe_h, 40.0 + visit, 0.0, 3.0)
            )
    names = ["obsid", "designation", "ra", "dec", "teff", "logg", "feh", "snrz", "rv", "rv_err"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "lamost.csv", index=False)
    pd.DataFrame(rows, columns=names)[["obsid", "teff", "logg", "feh"]].to_csv(
        folder / "labels.csv", index=False
    )
    _write_sky(folder, truth)
    survey = folder / "survey.toml"
    survey.write_text(TOML)
    return survey


def _write_sky(folder, truth):
    gaia = truth[["source_id", "ra", "dec", "pmra", "pmdec"]].assign(
        parallax=1 / truth.distance, parallax_error=0.05, pmra_error=0.1, pmdec_error=0.1,
        pmra_pmdec_corr=0.3, phot_g_mean_mag=14.0, ref_epoch=2015.5,
    )  # fmt: skip
    faint = gaia.assign(source_id=gaia.source_id + 1, phot_g_mean_mag=18.0, dec=gaia.dec + 1e-5)
    pd.concat([faint, gaia]).to_csv(folder / "gaia.csv", index=False)
    pd.DataFrame(
        {
            "source_id": truth.source_id, "r_est": 1000 * truth.distance, "r_lo": 900 * truth.distance,
            "r_hi": 1100 * truth.distance, "result_flag": 1,
        }
    ).to_csv(folder / "distances.csv", index=False)  # fmt: skip
    photometry = truth[["ra", "dec"]].assign(h_m=11.18, h_msigcom=0.02, w2mpro=11.0, w2mpro_error=0.02)
    photometry.iloc[:-4].to_csv(folder / "photometry.csv", index=False)
