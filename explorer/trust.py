"""Where labels can be trusted, in words: within what validation found, or else among the training stars."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from data.schema import COLUMNS
from explorer.cannon_file import CannonFile, Trained, Validated
from model.extrapolation import Density, Limits

Why = tuple[str, str]


@dataclass(frozen=True)
class Trust:
    """Where one label can be trusted.

    Attributes
    ----------
    plain : the label's name for people, not escaped.
    limits : the range.
    why : of the low and the high end, what is the matter beyond.
    """

    plain: str
    limits: Limits
    why: Why

    def flag(self, value: float) -> int:
        """Whether a value is beyond: 1, 0, or -1 where there is no value."""
        return int(self.limits.flags(value))

    def words(self, value: float) -> str:
        """What is the matter with a value; "" if nothing is."""
        if self.flag(value) < 1:
            return ""
        below = value < self.limits.low
        end, why = (self.limits.low, self.why[0]) if below else (self.limits.high, self.why[1])
        side = "below" if below else "above"
        return f"{self.plain} is {side} {_number(end)}, where {why}"


def trust_of(content: CannonFile) -> Mapping[str, Trust]:
    """Of each label of a model, by name."""
    names = content.model.label_names
    plain = [COLUMNS[name].plain if name in COLUMNS else name for name in names]
    found = _trained(content) if content.validated is None else _validated(content.trained, content.validated)
    return {name: Trust(words, *one) for name, words, one in zip(names, plain, found, strict=True)}


def _trained(content: CannonFile) -> Iterator[tuple[Limits, Why]]:
    why = "the model has no training stars"
    for low, high in content.ranges.values():
        yield Limits(low, high, low_reached=False, high_reached=False), (why, why)


def _validated(trained: Trained, validated: Validated) -> Iterator[tuple[Limits, Why]]:
    labels = zip(validated.limits, trained.labels.T, validated.inferred.T, strict=True)
    for limits, true, inferred in labels:
        lower = Density.of(true, inferred).below([limits.low, limits.high])
        yield limits, (_why(limits.low_reached, lower[0]), _why(limits.high_reached, lower[1]))


def _why(reached: bool, lower: float) -> str:
    """What is beyond an end, where a share of the stars of that value are truly lower."""
    if not reached:
        return "no star was there to test the model on"
    return (
        f"validation shows that most stars given such values truly have {'less' if lower > 0.5 else 'more'}"
    )


def _number(value: float) -> str:
    return f"{np.float64(value):.4g}".replace("-", "−")
