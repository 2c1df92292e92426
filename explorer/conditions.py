"""What a person asks of a star's fit: labels held at a value, wavelengths left out."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from explorer.frozen import Ranges, absurd, span

MOST_RANGES = 100
"""Ranges of wavelength that may be left out."""
_SHOWN = 40


@dataclass(frozen=True)
class Conditions:
    """Checked conditions of a fit; none as a rule.

    Attributes
    ----------
    held : (label, value), each label once, in the model's order.
    excluded : ranges of wavelength (low, high), A, in vacuum and at rest, ends included; in order, apart.
    """

    held: tuple[tuple[str, float], ...] = ()
    excluded: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(
        cls,
        ranges: Ranges,
        held: Mapping[str, object] | None = None,
        excluded: Collection[object] = (),
    ) -> "Conditions":
        """Check what a person asks.

        Parameters
        ----------
        ranges : of the training stars, by label; held values lie beyond by no more than their width.
        held : values by label.
        excluded : pairs (low, high), A; may overlap.

        Raises
        ------
        DataError
            If a name is no label, all labels are held, a number is none or absurd, a range is upside down,
            or there are too many ranges.
        """
        values = label_values({} if held is None else held, ranges)
        if len(values) == len(ranges):
            raise DataError("all labels are held, so there is nothing to fit: let at least one go")
        if len(excluded) > MOST_RANGES:
            raise DataError(
                f"{len(excluded)} ranges are left out: give at most {MOST_RANGES}, or join some of them"
            )
        pairs = sorted(_pair(one) for one in excluded)
        return cls(tuple((name, values[name]) for name in ranges if name in values), _joined(pairs))

    @property
    def names(self) -> tuple[str, ...]:
        """Labels that are held."""
        return tuple(name for name, _ in self.held)

    @property
    def are_none(self) -> bool:
        """Whether the fit is of all labels to all pixels."""
        return not self.held and not self.excluded

    def pixels(self, wavelength: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Pixels (P,) that are not left out."""
        used = np.ones(wavelength.shape, np.bool_)
        for low, high in self.excluded:
            used &= (wavelength < low) | (wavelength > high)
        return used

    def __str__(self) -> str:
        """The conditions in words; "" where there are none."""
        held = [f"{name} held at {value:g}" for name, value in self.held]
        left_out = [f"{low:g} to {high:g} A left out" for low, high in self.excluded]
        return ", ".join((*held, *left_out))


def label_values(given: Mapping[str, object], ranges: Ranges) -> dict[str, float]:
    """Values of labels, checked. Raises DataError if a name is no label, or a value no number or absurd."""
    values: dict[str, float] = {}
    for name, value in given.items():
        if name not in ranges:
            raise DataError(f"no label is called {_shown(name)}: give some of {', '.join(ranges)}")
        values[name] = number = _number(value, f"the value of {name}")
        if absurd(number, *ranges[name]):
            raise DataError(
                f"{name} = {number:g} is absurd for this model: its stars have {name} from "
                f"{span(*ranges[name])}; give a value near them"
            )
    return values


def _number(value: object, what: str) -> float:
    """A finite number."""
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DataError(f"{what} is {_shown(value)}: give a finite number")
    return number


def _pair(given: object) -> tuple[float, float]:
    """Ends of a range."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise DataError(f"a range left out is {_shown(given)}: give its two ends, A")
    low, high = (_number(end, "an end of a range left out") for end in given)
    if not low < high:
        raise DataError(f"the range {low:g} to {high:g} A is upside down or empty: give its lower end first")
    return low, high


def _joined(pairs: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Sorted ranges, those that touch as one."""
    apart: list[tuple[float, float]] = []
    for low, high in pairs:
        if apart and low <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(high, apart[-1][1]))
        else:
            apart.append((low, high))
    return tuple(apart)


def _shown(value: object) -> str:
    """What was given, cut short."""
    return repr(value)[:_SHOWN]
