"""The package TheCannon (Ho et al. 2017) on the benchmark's stars."""

from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.cannon import Cannon
from tests.cannon_mock import Sky, Stars

PIXELS, STARS = 120, 12
"""How much of the work it is given: the rest takes as long."""


@dataclass(frozen=True)
class Peer:
    """CPU seconds: of training all pixels, and of inferring one star."""

    training: float
    inference: float


def in_its_order(terms: NDArray[np.int64]) -> list[int]:
    """Where TheCannon's terms are among ours: it crosses each label with itself and all that follow."""
    ours = [tuple(powers) for powers in terms.tolist()]
    labels = terms.shape[1]
    one = np.eye(labels, dtype=np.int64)
    pairs = [one[a] + one[b] for a in range(labels) for b in range(a, labels)]
    return [ours.index(tuple(powers.tolist())) for powers in [0 * one[0], *one, *pairs]]


def measure(model: Cannon, sky: Sky, stars: Stars, seen: Stars) -> Peer | None:
    """Let it train on every n-th pixel, and infer some stars with our model; None if it is not installed."""
    if find_spec("TheCannon") is None:
        return None
    Dataset = import_module("TheCannon.dataset").Dataset
    CannonModel = import_module("TheCannon.model").CannonModel

    def dataset(pixels: slice, which: slice) -> Any:
        training = stars.flux[:, pixels].copy(), stars.ivar[:, pixels].copy(), stars.labels
        tested = seen.flux[which, pixels].copy(), seen.ivar[which, pixels].copy()
        found = Dataset(
            sky.wavelength[pixels],
            np.arange(len(stars.labels)),
            *training,
            np.arange(len(tested[0])),
            *tested,
        )
        found.set_label_names(sky.names)
        return found

    step = slice(None, None, len(sky.wavelength) // PIXELS)
    with redirect_stdout(StringIO()):
        some = dataset(step, slice(1))
        begun = process_time()
        CannonModel(2, useErrors=False).train(some)
        training = process_time() - begun
        whole = CannonModel(2, useErrors=False)
        whole.coeffs, whole.scatters = model.theta[:, in_its_order(model.terms)], model.s
        whole.pivots, whole.scales = model.offset, model.scale
        spent = []
        for star in range(STARS):
            one = dataset(slice(None), slice(star, star + 1))
            begun = process_time()
            whole.infer_labels(one)
            spent.append(process_time() - begun)
    return Peer(training * len(sky.wavelength) / len(some.wl), median(spent))
