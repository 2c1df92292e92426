"""How well a model recovers labels it was not told: K-fold cross-validation (paper, section 4)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.cannon import Cannon
from model.extrapolation import Limits
from model.folds import train_without
from model.inference import Inference
from model.spread import Spread, which_bin
from model.terms import quadratic_terms
from model.windows import WindowFit, WindowPixels

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[int, int, str], None]
"""Told how much is done, of how much, and what."""


@dataclass(frozen=True, eq=False)
class Recovery:
    """How labels are recovered, in B bins; every array is (B, L), NaN where there are too few stars.

    Attributes
    ----------
    n : number of stars with a true and an inferred label.
    bias : mean of inferred - true.
    scatter : standard deviation of inferred - true about the bias.
    core : half the central 68.27 % of inferred - true, which outliers do not move.
    correlation : Pearson's r of true and inferred; from 3 stars on.
    """

    n: Integers
    bias: Floats
    scatter: Floats
    core: Floats
    correlation: Floats

    @classmethod
    def of(cls, true: Floats, inferred: Floats, which: Integers, bins: int) -> "Recovery":
        """Of stars (N, L), each in the bin that `which` (N,) says."""
        spread = Spread.of(inferred - true, which, bins)
        members = [which == one for one in range(bins)]
        correlation = [correlations(true[mine], inferred[mine]) for mine in members]
        return cls(spread.n, spread.mean, spread.scatter, spread.core, np.array(correlation))


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Labels of N stars by models that were trained without them.

    Attributes
    ----------
    label_names : of the L labels.
    true : reference labels, (N, L); NaN where a star has none.
    inferred : (N, L).
    formal : their formal one-sigma errors, (N, L).
    chi2, dof, converged : of each star's fit, (N,).
    fold : which fold a star was left out in, (N,).
    full : the model trained on all of them.
    near : how those models fit near the elements' lines; None if nobody asked.
    """

    label_names: tuple[str, ...]
    true: Floats
    inferred: Floats
    formal: Floats
    chi2: Floats
    dof: Integers
    converged: NDArray[np.bool_]
    fold: Integers
    full: Cannon
    near: WindowFit | None = None

    @property
    def residuals(self) -> Floats:
        """Inferred - true, (N, L)."""
        return self.inferred - self.true

    def recovery(self, by: ArrayLike | None = None, edges: ArrayLike | None = None) -> Recovery:
        """Scatter, bias and correlation, of all stars (B = 1) or in bins of another quantity.

        Stars that did not converge count too.

        Parameters
        ----------
        by, edges : such as S/N, and the edges of its bins; see `which_bin`. Both or neither.

        Raises
        ------
        ValueError
            If only one of them is given, or they do not fit the stars.
        """
        if (by is None) != (edges is None):
            raise ValueError("bins need a quantity and edges: give both, or neither for all stars at once")
        if by is None or edges is None:
            which, bins = np.zeros(len(self.true), np.int64), 1
        else:
            which, bins = which_bin(by, edges), np.size(edges) - 1
        return Recovery.of(self.true, self.inferred, which, bins)


def folds_of(stars: int, folds: int, seed: int, groups: ArrayLike | None = None) -> Integers:
    """Divide stars among folds at random, as evenly as can be.

    Parameters
    ----------
    stars : number of stars N.
    folds : number of folds, at least 2.
    seed : of the random order.
    groups : (N,), equal for spectra of one star: these go to the same fold, else a model would be tested on
        stars it knows. None where every star has one spectrum.

    Returns
    -------
    ndarray
        Number of each star's fold, (N,).

    Raises
    ------
    ValueError
        If there are fewer than 2 folds, or more folds than groups.
    """
    if groups is None:
        member, count = np.arange(stars), stars
    else:
        names, member = np.unique(np.asarray(groups), return_inverse=True)
        count = len(names)
    if member.shape != (stars,):
        raise ValueError(f"groups has shape {member.shape}: give one entry for each of {stars} spectra")
    if not 2 <= folds <= count:
        raise ValueError(f"{folds} folds of {count} stars: give at least 2 folds, and a star for each")
    order = np.random.default_rng(seed).permutation(count)
    fold = np.empty(count, dtype=np.int64)
    fold[order] = np.arange(count) % folds
    return fold[member]


def cross_validate(
    labels: ArrayLike,
    flux: ArrayLike,
    ivar: ArrayLike,
    *,
    label_names: Sequence[str],
    wavelength: ArrayLike,
    folds: int = 12,
    seed: int = 1,
    groups: ArrayLike | None = None,
    progress: Progress | None = None,
    label_errors: ArrayLike | None = None,
    windows: WindowPixels | None = None,
    **training: Any,
) -> CrossValidation:
    """Infer every star's labels with a model trained on the other folds.

    The folds' models start from the scatter of the model of all stars, and share its scaling of labels: this
    changes nothing where the terms are all those up to some order.

    Parameters
    ----------
    labels, flux, ivar, label_names, wavelength, label_errors : as `Cannon.train` takes them.
    folds, seed, groups : see `folds_of`.
    progress : told (done, total, of what) now and then.
    windows : near which lines the fit is looked at, if at all; on the same pixels.
    training : other options of `Cannon.train`.

    Raises
    ------
    ValueError
        If a fold would leave no more stars than the model has terms, or `Cannon.train` refuses the stars.
    """
    tell = progress or _silent
    stars = _stars(labels, flux, ivar, label_errors)
    fold = folds_of(len(stars["labels"]), folds, seed, groups)
    terms = training.get("terms")
    _refuse_few(fold, quadratic_terms(len(label_names)) if terms is None else terms)
    options = {"label_names": label_names, "wavelength": wavelength, **training}
    full = Cannon.train(**stars, **options)
    if label_errors is None and not training.get("missing_labels"):
        correction = bool(training.get("dof_correction"))
        models = train_without(full, **stars, fold=fold, dof_correction=correction, progress=tell)
    else:
        models = _train_each(full, stars, fold, options)
    found: list[Inference] = []
    near: list[WindowFit] = []
    for one, model in enumerate(models):
        spectra = stars["flux"][fold == one], stars["ivar"][fold == one]
        found.append(model.infer(*spectra))
        if windows is not None:
            near.append(windows.fit(*spectra, model.predict(found[-1].labels), model.s))
        tell(one + 1, folds, "folds tested")
    return _collect(full, stars["labels"], fold, found, near)


def _collect(
    full: Cannon, true: Floats, fold: Integers, found: Sequence[Inference], near: Sequence[WindowFit]
) -> CrossValidation:
    """Put the folds' stars back in their order."""
    place = np.argsort(np.argsort(fold, kind="stable"))
    variance = np.concatenate([part.covariance.diagonal(axis1=1, axis2=2) for part in found])[place]
    return CrossValidation(
        label_names=full.label_names,
        true=true,
        inferred=np.concatenate([part.labels for part in found])[place],
        formal=np.sqrt(variance),
        chi2=np.concatenate([part.chi2 for part in found])[place],
        dof=np.concatenate([part.dof for part in found])[place],
        converged=np.concatenate([part.converged for part in found])[place],
        fold=fold,
        full=full,
        near=WindowFit.joined(near)[place] if near else None,
    )


def _train_each(
    full: Cannon, stars: Mapping[str, Any], fold: Integers, options: Mapping[str, Any]
) -> Iterator[Cannon]:
    """Models without each fold, one after the other: where labels are not exact, little can be shared."""
    scaling = {"offset": full.offset, "scale": full.scale, "begin": full}
    for one in range(fold.max() + 1):
        rest = {name: values[fold != one] for name, values in stars.items()}
        yield Cannon.train(**rest, **{**options, **scaling})


def _silent(_done: int, _total: int, _what: str) -> None:
    pass


def _stars(
    labels: ArrayLike, flux: ArrayLike, ivar: ArrayLike, label_errors: ArrayLike | None
) -> dict[str, Any]:
    """What training wants of each star; refused unless there is one row of each."""
    stars = {
        "labels": np.array(labels, dtype=np.float64),
        "flux": np.asarray(flux),
        "ivar": np.asarray(ivar),
    }
    if label_errors is not None:
        stars["label_errors"] = np.asarray(label_errors, dtype=np.float64)
    if len({values.shape[:1] for values in stars.values()}) > 1:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in stars.items())
        raise ValueError(f"the shapes {shapes} do not belong together: give one row of each per star")
    return stars


def _refuse_few(fold: Integers, terms: ArrayLike) -> None:
    fewest, needed = len(fold) - int(np.bincount(fold).max()), len(np.asarray(terms)) + 1
    if fewest < needed:
        raise ValueError(
            f"{len(fold)} stars in {fold.max() + 1} folds leave {fewest} to train on, and {needed - 1} terms "
            f"need {needed} or more: give more stars, more folds, or fewer labels or terms"
        )


def correlations(one: Floats, other: Floats) -> Floats:
    """Pearson's r of each column of two arrays, (N, L) -> (L,); NaN for fewer than 3 rows or a constant."""
    result = np.full(one.shape[1], np.nan)
    for label, (x, y) in enumerate(zip(one.T, other.T, strict=True)):
        both = np.isfinite(x) & np.isfinite(y)
        if np.count_nonzero(both) > 2 and np.ptp(x[both]) > 0 and np.ptp(y[both]) > 0:
            result[label] = np.corrcoef(x[both], y[both])[0, 1]
    return result


def relative_precision(scatter: ArrayLike, limits: Sequence[Limits]) -> Floats:
    """Twice the scatter over the range without extrapolation, as in Fig. 7 of the paper: (L,), small is good.

    Parameters
    ----------
    scatter : of each label in cross-validation, (L,).
    limits : of each label. Where no limit was reached, the range ends with what cross-validation inferred.

    Returns
    -------
    ndarray
        Infinite where the range is empty.
    """
    width = np.array([one.high - one.low for one in limits])
    with np.errstate(divide="ignore"):
        precision: Floats = 2 * np.asarray(scatter, dtype=np.float64) / width
    return precision
