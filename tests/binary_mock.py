"""A small catalogue of mock stars with wide binaries among them, of which the truth is known."""

from dataclasses import replace

import numpy as np

from explorer.binary_options import BinaryOptions
from tests.small_catalogue import catalogue_of

ABUNDANCES = ("o_fe", "eu_fe", "alpha_fe")
SIGMA = {"o_fe": 0.12, "eu_fe": 0.17, "alpha_fe": 0.06}
EVERYONE = BinaryOptions(draws=200, sought=8)


def binary_catalogue(seed, stars, binaries, alike=0.5):
    """Dwarfs whose abundances follow [Fe/H] and T_eff, with scatter of their own.

    `alike` is how far partners share their scatter: 0 is not at all, 1 wholly.
    """
    rng = np.random.default_rng(seed)
    first, second = rng.permutation(stars)[: 2 * binaries].reshape(2, -1)
    own = rng.normal(0, 1, (stars, 3))
    teff, fe_h = rng.uniform(5000, 6200, stars), rng.normal(-0.2, 0.25, stars)
    number = np.full(stars, -1, np.int64)
    number[first] = number[second] = np.arange(binaries)
    if alike > 0:
        fe_h[second] = fe_h[first] + rng.normal(0, 0.05, binaries)
        teff[second] = teff[first] + rng.normal(0, 90, binaries)
        own[second] = alike * own[first] + np.sqrt(1 - alike**2) * own[second]
    else:  # partners of no birth in common are so in nothing
        close = np.argsort(teff, kind="stable")
        place = 2 * rng.permutation(stars // 2)[:binaries]
        number[:] = -1
        first, second = close[place], close[place + 1]
        number[first] = number[second] = np.arange(binaries)
    trend = np.column_stack([-0.3 * fe_h, 0.2 * fe_h + (teff - 5600) / 4000, -0.1 * fe_h])
    labels = trend + own * 0.08 + rng.normal(0, 1, (stars, 3)) * [0.06, 0.08, 0.03]
    floats = {
        "teff": teff, "logg": rng.normal(4.4, 0.15, stars), "fe_h": fe_h,
        "snrz": 10 ** rng.normal(1.6, 0.2, stars), "chi2": rng.uniform(3000, 6000, stars),
        "distance": rng.uniform(0.1, 0.6, stars),
        **dict(zip(ABUNDANCES, labels.T, strict=True)),
        **{f"e_{name}": np.full(stars, value) for name, value in SIGMA.items()},
    }  # fmt: skip
    flags = {f"{name}_extrap": rng.random(stars) < 0.05 for name in ("kiel", "fe_h", *ABUNDANCES)}
    columns = {
        "source_id": 10**12 + np.arange(stars),
        "plate": np.char.add(b"P", (np.arange(stars) % 7).astype("S2")),
        "giantmodel": np.zeros(stars, np.int8),
        **{name: values.astype(np.float32) for name, values in floats.items()},
        **{name: values.astype(np.int8) for name, values in flags.items()},
        "ra": rng.uniform(0, 360, stars), "dec": rng.uniform(-10, 60, stars),
        "true_binary": number,
    }  # fmt: skip
    return replace(catalogue_of(columns), mock=True)


def quiet(_done, _total, _what):
    """Nobody watches."""
