"""Sums of a Gaussian, cut off at some distance, along a grid.

Within the cut a Gaussian is a short sum of cosines, so that its sums over a window that slides along the grid
are made of as many sums of cosines and sines, which gain what enters the window and lose what leaves it: some
tens of operations a pixel where the window may hold hundreds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.compiled import compiled, inlined

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Numbers = NDArray[Any]

LANES = 32
"""Spectra that are worked on together, side by side."""
READ, WRITE = 16, 256
"""Pixels of them that are turned from rows to columns at once, and back: what the caches take best."""
SPARE = 8
"""Idle columns: rows whose length is no power of two share the cache better."""
MOST = 12
"""Most cosines; where they do not do, every pixel of a window is counted by itself."""
FARTHEST = 8.0
"""Standard deviations beyond which no cosines are tried: MOST of them do up to 5.9."""
NEAREST = 1.5
"""Standard deviations for which cosines are made to do at least."""
ACCURACY = 1e-6
"""Largest relative error of a sum of cosines, anywhere within the cut."""
FAINT = 1e-3
"""Share of its largest sum since it was last made anew below which a window's sums are made anew.

What left the window has left rounding errors of its own size in them.
"""


@dataclass(frozen=True, eq=False)
class Cosines:
    """exp(-x^2 / 2) up to some x, as a sum of a cos(w x).

    Attributes
    ----------
    amplitudes, frequencies : (K,), a > 0 and w.
    error : largest relative error.
    """

    amplitudes: Floats
    frequencies: Floats
    error: float

    @classmethod
    def of(cls, reach: float) -> "Cosines":
        """The fewest that are accurate for |x| <= reach, by least squares; none if too many would be needed.

        They are the odd harmonics of a period of four times somewhat more than `reach`.
        """
        if reach > FARTHEST:
            return cls(np.zeros(0), np.zeros(0), np.inf)
        reach = max(reach, NEAREST)
        x = reach * np.cos(np.linspace(0, np.pi / 2, 300))
        gaussian = np.exp(-0.5 * x**2)
        found = []
        for count in range(2, MOST + 1):
            for half in reach * np.linspace(1.1, 2.5, 71):
                frequencies = np.pi / half * (np.arange(count) + 0.5)
                shapes = np.cos(np.outer(x, frequencies)) / gaussian[:, np.newaxis]
                amplitudes = np.asarray(np.linalg.lstsq(shapes, np.ones(x.size))[0], np.float64)
                if (amplitudes > 0).all():
                    error = float(np.abs(shapes @ amplitudes - 1).max())
                    found.append(cls(amplitudes, frequencies, error))
            best = min(found, key=lambda one: one.error, default=None)
            if best is not None and best.error < ACCURACY:
                return best
        return cls(np.zeros(0), np.zeros(0), np.inf)


@dataclass(frozen=True, eq=False)
class Windows:
    """Sums over the pixels within a cut of each pixel of a grid, weighted by a Gaussian.

    Attributes
    ----------
    position : (P,), of the pixels, in standard deviations.
    first, last : (P,), where each pixel's window begins, and one past its end.
    waves : (P + 1, 2 K), cosine and sine of each frequency at each pixel, times the roots of amplitudes.
        The last row is 0.
    steps : (5, E), by which the window slides: the pixel that enters, the one that leaves, the one whose
        window is then complete (each P if there is none), where the window begins, and one past its end.
        Their number is even. Empty, as waves, if pixels are to be counted one by one.
    """

    position: Floats
    first: Integers
    last: Integers
    waves: Floats
    steps: Integers

    @classmethod
    def of(cls, grid: Floats, sigma: float, cut: float) -> "Windows":
        """Windows of a grid of increasing wavelengths, in the units of sigma and cut."""
        first = np.searchsorted(grid, grid - cut, "left")
        last = np.searchsorted(grid, grid + cut, "right")
        position = (grid - grid.mean()) / sigma
        cosines = Cosines.of(min(cut / sigma, np.ptp(position)))
        phases = np.outer(position, cosines.frequencies)
        waves = np.stack([np.cos(phases), np.sin(phases)], axis=2)
        waves *= np.sqrt(cosines.amplitudes)[:, np.newaxis]
        return cls(
            position,
            first,
            last,
            np.vstack([waves.reshape(grid.size, -1), np.zeros(2 * cosines.amplitudes.size)]),
            _steps(first, last) if cosines.amplitudes.size else np.zeros((5, 0), np.int64),
        )


def _steps(first: Integers, last: Integers) -> Integers:
    """See `Windows.steps`: at most one pixel enters and one leaves at a time."""
    before = np.concatenate([[0], first[:-1]]), np.concatenate([[0], last[:-1]])
    leave, enter = first - before[0], last - before[1]
    count = np.maximum(np.maximum(leave, enter), 1)
    pixel = np.repeat(np.arange(first.size), count)
    done = np.arange(pixel.size) - np.repeat(np.cumsum(count) - count, count)
    begin, end = before[0][pixel], before[1][pixel]
    none = first.size
    steps = np.stack([
        np.where(done < enter[pixel], end + done, none),
        np.where(done < leave[pixel], begin + done, none),
        np.where(done + 1 == count[pixel], pixel, none),
        begin + np.minimum(done + 1, leave[pixel]),
        end + np.minimum(done + 1, enter[pixel]),
    ])  # fmt: skip
    idle = np.array([[none], [none], [none], [0], [0]])
    return np.hstack([steps, idle[:, : steps.shape[1] % 2]])


@compiled
def columns_of(flux: Numbers, ivar: Numbers, columns: Floats) -> bool:
    """Fill columns (P + 1, 2 LANES + SPARE) with ivar and ivar * flux of up to LANES spectra (M, P).

    Returns whether all ivar is 0 or more, and flux finite where ivar is above 0.
    """
    stars, pixels = flux.shape
    bad = 0
    for begin in range(0, pixels, READ):
        for star in range(stars):
            for p in range(begin, min(begin + READ, pixels)):
                w = np.float64(ivar[star, p])
                product = w * (np.float64(flux[star, p]) if w > 0.0 else 0.0)
                columns[p, star] = w
                columns[p, LANES + star] = product
                bad += not ((w >= 0.0) & (abs(product) < np.inf))
    return bad == 0


@compiled
def slide(columns: Floats, waves: Floats, steps: Integers, ratios: Floats) -> None:
    """Fill ratios (as columns) with each spectrum's continuum, and one over it; 0 where it has none."""
    state = np.zeros((waves.shape[1], 2 * LANES))
    total, most, faint = np.zeros(2 * LANES), np.zeros(2 * LANES), np.zeros(2 * LANES, np.bool_)
    sums = np.empty((2, 2 * LANES))
    for e in range(0, steps.shape[1], 2):
        _advance(columns, waves, steps[:, e], steps[:, e + 1], state, sums[0], sums[1])
        if _fade(columns, steps[:, e], steps[:, e + 1], total, most, faint):
            for lane in np.flatnonzero(faint):
                for k in range(2):
                    total[lane], sums[k, lane] = _renew(
                        columns[:, lane], waves, steps[:, e + k], state[:, lane]
                    )
                most[lane] = total[lane]
        for k in range(2):
            _divide(sums[k], ratios[steps[2, e + k]])


@inlined
def _advance(
    columns: Floats, waves: Floats, one: Integers, two: Integers, state: Floats, sums: Floats, others: Floats
) -> None:
    """Take two steps, and fill in the sums after each."""
    enter, leave, enter_2, leave_2 = columns[one[0]], columns[one[1]], columns[two[0]], columns[two[1]]
    sums[:] = 0.0
    others[:] = 0.0
    for k in range(0, waves.shape[1], 2):
        cosine, sine = state[k], state[k + 1]
        c_in, c_out, c_at = waves[one[0], k], waves[one[1], k], waves[one[2], k]
        s_in, s_out, s_at = waves[one[0], k + 1], waves[one[1], k + 1], waves[one[2], k + 1]
        c_in_2, c_out_2, c_at_2 = waves[two[0], k], waves[two[1], k], waves[two[2], k]
        s_in_2, s_out_2, s_at_2 = waves[two[0], k + 1], waves[two[1], k + 1], waves[two[2], k + 1]
        for lane in range(2 * LANES):
            c, s = cosine[lane], sine[lane]
            c = c + c_in * enter[lane] - c_out * leave[lane]
            s = s + s_in * enter[lane] - s_out * leave[lane]
            sums[lane] += c_at * c + s_at * s
            c = c + c_in_2 * enter_2[lane] - c_out_2 * leave_2[lane]
            s = s + s_in_2 * enter_2[lane] - s_out_2 * leave_2[lane]
            others[lane] += c_at_2 * c + s_at_2 * s
            cosine[lane] = c
            sine[lane] = s


@inlined
def _fade(columns: Floats, one: Integers, two: Integers, total: Floats, most: Floats, faint: Flags) -> bool:
    """Whether absolute sums (total) after one of two steps are unsure: too small beside earlier ones."""
    enter, leave, enter_2, leave_2 = columns[one[0]], columns[one[1]], columns[two[0]], columns[two[1]]
    count = 0
    for lane in range(2 * LANES):
        middle = total[lane] + abs(enter[lane]) - abs(leave[lane])
        after = middle + abs(enter_2[lane]) - abs(leave_2[lane])
        high = max(most[lane], middle)
        highest = max(high, after)
        unsure = (middle < FAINT * high) | (after < FAINT * highest)
        total[lane] = after
        most[lane] = highest
        faint[lane] = unsure
        count += unsure
    return count > 0


@inlined
def _renew(column: Floats, waves: Floats, step: Integers, state: Floats) -> tuple[float, float]:
    """Make one column's window anew: its absolute sum, and the sum after that step."""
    state[:] = 0.0
    absolute, value = 0.0, 0.0
    for i in range(step[3], step[4]):
        absolute += abs(column[i])
        for k in range(state.size):
            state[k] += waves[i, k] * column[i]
    for k in range(state.size):
        value += waves[step[2], k] * state[k]
    return absolute, value


@compiled
def count_each(columns: Floats, position: Floats, first: Integers, last: Integers, ratios: Floats) -> None:
    """As `slide`, pixel by pixel."""
    sums = np.empty(2 * LANES)
    for j in range(position.size):
        sums[:] = 0.0
        for i in range(first[j], last[j]):
            apart = position[i] - position[j]
            weight = np.exp(-0.5 * apart * apart)
            for lane in range(2 * LANES):
                sums[lane] += weight * columns[i, lane]
        _divide(sums, ratios[j])


@inlined
def _divide(sums: Floats, ratios: Floats) -> None:
    """Weighted means, and one over them."""
    for lane in range(LANES):
        below, above = sums[lane], sums[LANES + lane]
        there = (above > 0.0) & (below > 0.0)
        up, down = (above if there else 0.0), (below if there else 1.0)
        ratios[lane] = up / down
        ratios[LANES + lane] = (below if there else 0.0) / (above if there else 1.0)


@compiled
def normalised(
    flux: Numbers, ivar: Numbers, ratios: Floats, normal: Numbers, weight: Numbers, continuum: Numbers
) -> None:
    """Fill the last three arrays (M, P) by what `slide` gives of M spectra."""
    stars, pixels = flux.shape
    for begin in range(0, pixels, WRITE):
        for star in range(stars):
            for p in range(begin, min(begin + WRITE, pixels)):
                f, w, c, inverse = flux[star, p], ivar[star, p], ratios[p, star], ratios[p, LANES + star]
                used = (w > 0.0) & (c > 0.0)
                continuum[star, p] = c
                normal[star, p] = f * inverse if used else 1.0
                weight[star, p] = w * c * c if used else 0.0
