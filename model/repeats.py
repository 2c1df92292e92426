"""Repeated observations of one star made one: averages weighted by S/N in the z band (section 5.1).

- Labels are averaged within one model, never those of giants with those of dwarfs. Where a star's
  observations fall on both sides of eq. 1, the model with the larger sum of snrz wins; if these are equal,
  that with more observations; then the giants'. The others stay in the table of observations alone.
- Errors: sigma^2 = sum(w^2 (a sigma_formal)^2) / sum(w)^2 + b^2. What is formal averages down; the floor b,
  which is the model's own fault and the same each time, does not.
- chi2, of the whole spectrum and of windows, is the weighted mean and so stays that of one spectrum, for
  which the paper's chi2 < 7000 is meant. Its degrees of freedom are averaged likewise.
- snrz is the weighted mean too, sum(w^2) / sum(w): that of a typical spectrum behind the labels. It is not
  that of the spectra's sum.
- Flags are set if they are for any observation by the winning model.

An snrz that is missing (NaN), infinite, zero or negative weighs nothing; where none of those that have a
value weighs anything, they all weigh the same. LAMOST DR1 writes -9999 for its best stars:
`reference.restored_snr` mends that first.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Ids = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Repeats:
    """Which of M observations make each of S stars, and with what weight.

    Attributes
    ----------
    star : identifiers, sorted, (S,).
    giant : model that won: 1 giants', 0 dwarfs', -1 where no observation has one, (S,).
    n_obs : number of observations of each star, (S,).
    n_used : number of those by the winning model, (S,).
    rows : rows of the observations used, by star and then obsid, (K,).
    weight : their weights, (K,).
    """

    star: Ids
    giant: NDArray[np.int8]
    n_obs: Integers
    n_used: Integers
    rows: Integers
    weight: Floats

    @classmethod
    def of(cls, star: ArrayLike, obsid: ArrayLike, giant: ArrayLike, snrz: ArrayLike) -> "Repeats":
        """Bring observations of each star together; their order does not matter.

        Parameters
        ----------
        star : identifier of the star of each observation, whole numbers or texts, (M,).
        obsid : identifier of the observation, whole numbers, (M,).
        giant : whether it is by the giant model: 1 or 0, -1 where it is by none, (M,).
        snrz : S/N in the z band, (M,).

        Raises
        ------
        ValueError
            If lengths differ, identifiers are missing or not of these kinds, a star has an obsid twice, or
            giant is something else.
        """
        ids, observations, model = _checked(star, obsid, giant, snrz)
        order = np.lexsort((observations, ids))
        sorted_ids, model = ids[order], model[order]
        begins = np.ones(len(order), dtype=np.bool_)
        begins[1:] = sorted_ids[1:] != sorted_ids[:-1]
        _refuse_twice(observations[order], sorted_ids, begins)
        number = np.cumsum(begins) - 1
        snr = np.asarray(snrz, dtype=np.float64)[order]
        weight = np.where(np.isfinite(snr) & (snr > 0), snr, 0.0)
        n_obs = np.diff(np.append(np.flatnonzero(begins), len(order)))
        won = _winner(number, model, weight, len(n_obs))
        used = model == won[number]
        n_used = np.bincount(number[used], minlength=len(n_obs))
        return cls(sorted_ids[begins], won, n_obs, n_used, order[used], weight[used])

    @property
    def snrz(self) -> Floats:
        """S/N of each star, (S,): the weighted mean; NaN where none weighs anything."""
        return self._mean(np.where(self.weight > 0, self.weight, np.nan))

    def mean(self, values: ArrayLike) -> Floats:
        """Weighted means of what is not missing (NaN): labels, chi2, degrees of freedom.

        Parameters
        ----------
        values : of observations, (M,) or (M, L).

        Returns
        -------
        ndarray
            (S,) or (S, L); NaN where all are missing. Of one observation, its own value to the last bit.

        Raises
        ------
        ValueError
            There are not as many values as observations.
        """
        given = self._given(values)
        return self._by_column(given, [self._mean(column[self.rows]) for column in _columns(given)])

    def error(self, labels: ArrayLike, formal: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
        """Errors of the means of labels.

        Parameters
        ----------
        labels : of observations, (M,) or (M, L); the error is of the mean of those that are not NaN.
        formal : their formal one-sigma errors, of the same shape.
        a, b : factor on the formal error and floor (see `ErrorModel`), (2,) or (2, L): of the dwarfs' model,
            then of the giants'.

        Returns
        -------
        ndarray
            (S,) or (S, L); NaN where the mean is, where a label lacks its error, and without a model.

        Raises
        ------
        ValueError
            Shapes do not fit.
        """
        given, errors = self._given(labels), self._given(formal)
        factors, floors = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
        if errors.shape != given.shape or {factors.shape, floors.shape} != {(2, *given.shape[1:])}:
            raise ValueError(
                f"labels are {given.shape}, errors {errors.shape}, a {factors.shape}, b {floors.shape}: give "
                "errors of the labels' shape, and of a and b a row for dwarfs and one for giants"
            )
        found = []
        with np.errstate(invalid="ignore"):
            for x, f, scale, floor in zip(*map(_columns, (given, errors, factors, floors)), strict=True):
                spread = np.sqrt(self._formal_variance(x[self.rows], f[self.rows]))
                found.append(np.hypot(self._own(scale) * spread, self._own(floor)))
        return self._by_column(given, found)

    def any(self, flags: ArrayLike) -> NDArray[np.int8]:
        """Flags that are set for any observation: 1, 0, or -1 where all are missing; (M, ...) -> (S, ...).

        Raises
        ------
        ValueError
            There are not as many flags as observations.
        """
        given = self._given(flags).astype(np.int8)
        found: NDArray[np.int8] = np.maximum.reduceat(given[self.rows], self._first, axis=0)
        return found

    @property
    def _first(self) -> Integers:
        """Where each star begins among the observations used."""
        return np.cumsum(self.n_used) - self.n_used

    def _sum(self, values: Floats) -> Floats:
        total: Floats = np.add.reduceat(values, self._first)
        return total

    def _shares(self, known: Flags) -> Floats:
        """Weights of those that are known, which sum to 1 for each star; NaN where none is."""
        weight = np.where(known, self.weight, 0.0)
        idle = np.repeat(self._sum(weight) == 0, self.n_used)
        weight = np.where(idle, known, weight)
        with np.errstate(invalid="ignore"):
            return weight / np.repeat(self._sum(weight), self.n_used)

    def _mean(self, values: NDArray[Any]) -> Floats:
        known = np.isfinite(values)
        return self._sum(self._shares(known) * np.where(known, values, 0.0))

    def _formal_variance(self, values: NDArray[Any], formal: NDArray[Any]) -> Floats:
        known = np.isfinite(values)
        return self._sum((self._shares(known) * np.where(known, formal, 0.0)) ** 2)

    def _own(self, by_model: Floats) -> Floats:
        """Value of each star's model; NaN without one."""
        return np.where(self.giant >= 0, by_model[np.maximum(self.giant, 0)], np.nan)

    def _given(self, values: ArrayLike) -> NDArray[Any]:
        given = np.asarray(values)
        if given.ndim not in (1, 2) or len(given) != self.n_obs.sum():
            raise ValueError(
                f"values are {given.shape} for {self.n_obs.sum()} observations: give one row for each"
            )
        return given

    def _by_column(self, given: NDArray[Any], found: list[Floats]) -> Floats:
        return found[0] if given.ndim == 1 else np.stack(found, axis=1)


def _columns(values: NDArray[Any]) -> NDArray[Any]:
    return np.atleast_2d(values.T)


def _checked(
    star: ArrayLike, obsid: ArrayLike, giant: ArrayLike, snrz: ArrayLike
) -> tuple[Ids, Integers, NDArray[np.int8]]:
    ids, observations, model = np.asarray(star), np.asarray(obsid), np.asarray(giant)
    shapes = [ids.shape, observations.shape, model.shape, np.shape(snrz)]
    if ids.ndim != 1 or len(set(shapes)) > 1:
        raise ValueError(f"star, obsid, giant and snrz are {shapes}: give one of each per observation")
    if ids.dtype.kind not in "iuSU" or observations.dtype.kind not in "iu":
        raise ValueError(
            f"star is {ids.dtype} and obsid {observations.dtype}: give whole numbers, or texts for stars"
        )
    lacking = np.count_nonzero((ids == ids.dtype.type()) if ids.dtype.kind in "SU" else ids < 0)
    if lacking:
        raise ValueError(f"{lacking} observations do not say of which star they are: give each an identifier")
    if not np.isin(model, (-1, 0, 1)).all():
        raise ValueError("giant is not 1, 0 or -1 throughout: give 1 for giants, 0 for dwarfs, -1 if unknown")
    return ids, observations.astype(np.int64), model.astype(np.int8)


def _refuse_twice(obsid: Integers, ids: Ids, begins: Flags) -> None:
    twice = np.flatnonzero((obsid[1:] == obsid[:-1]) & ~begins[1:])
    if twice.size:
        row = twice[0]
        raise ValueError(f"obsid {obsid[row]} of star {ids[row]} is there twice: give each spectrum once")


def _winner(number: Integers, model: NDArray[np.int8], weight: Floats, stars: int) -> NDArray[np.int8]:
    """Model of each star; `number` says of which star an observation is."""
    count = [np.bincount(number[model == kind], minlength=stars) for kind in (0, 1)]
    total = [
        np.bincount(number[model == kind], weights=weight[model == kind], minlength=stars) for kind in (0, 1)
    ]
    giants = (total[1] > total[0]) | ((total[1] == total[0]) & (count[1] >= count[0]))
    giants = np.where(count[1] == 0, False, np.where(count[0] == 0, True, giants))
    return np.where(count[0] + count[1] == 0, -1, giants).astype(np.int8)
