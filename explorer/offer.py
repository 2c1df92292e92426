"""What the controls of a page of science offer: a link may choose that, and nothing else."""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from data.problem import DataError, UnknownColumnError
from explorer.session import Chosen, Value
from explorer.stars import Stars


class Offer(Protocol):
    """That of one control."""

    def admit(self, given: object) -> Value:
        """The value that was given; DataError where a person could not have chosen it."""


Offers = Mapping[str, Offer]
"""Of a page, by the names of its controls in links."""


@dataclass(frozen=True)
class Listed:
    """One of a list; `columns` are those of the catalogue where the list is of quantities."""

    values: Collection[str | int | float]
    columns: Collection[str] | None = None

    @classmethod
    def of(cls, quantities: Mapping[str, str], stars: Stars) -> "Listed":
        """A list of quantities, by their names."""
        return cls(tuple(quantities.values()), stars.catalogue.columns.keys())

    def admit(self, given: object) -> Value:
        """The value of the list; UnknownColumnError where it is a column that the catalogue lacks."""
        for value in self.values:
            if type(given) is type(value) and given == value:
                return value
        name = given if isinstance(given, str) and given.isidentifier() else None
        if name is not None and self.columns is not None and name not in self.columns:
            raise UnknownColumnError(f"{name[:60]} can't be chosen", name)
        raise DataError(f"{given!r:.60} is not offered here")


@dataclass(frozen=True)
class Several:
    """Any number of a list."""

    values: Collection[str]

    def admit(self, given: object) -> Value:
        """All that were given, in their order."""
        if not isinstance(given, list) or len(given) > len(self.values):
            raise DataError(f"a list of at most {len(self.values)} was expected, not {given!r:.60}")
        found = [each for each in given if isinstance(each, str) and each in self.values]
        if len(found) < len(given) or len({*found}) < len(found):
            raise DataError(f"{given!r:.60} has what is not offered here, or has it twice")
        return tuple(found)


@dataclass(frozen=True)
class Typed:
    """So many letters; what they mean is read where they are used."""

    longest: int

    def admit(self, given: object) -> Value:
        """The text."""
        if not isinstance(given, str) or len(given) > self.longest or any(map(_is_half, given)):
            raise DataError(f"a text of at most {self.longest:,} letters was expected, not {given!r:.60}")
        return given


@dataclass(frozen=True)
class Ticked:
    """Yes or no."""

    def admit(self, given: object) -> Value:
        """Which of the two."""
        if not isinstance(given, bool):
            raise DataError(f"a switch is true or false, not {given!r:.60}")
        return given


def _is_half(letter: str) -> bool:
    """Half of a character can't be sent; control characters come with what is pasted."""
    return unicodedata.category(letter) == "Cs"


def admitted(given: object, offers: Offers, page: str) -> Chosen:
    """Read what is chosen on a page.

    Parameters
    ----------
    given : whatever a link says of it. A control that it does not name has what the page opens with.
    offers : of the controls there are.
    page : its title, for words.

    Raises
    ------
    DataError
        Where a control is not there, or does not offer the value; UnknownColumnError where that is a column.
    """
    if not isinstance(given, dict) or not given or given.keys() - offers.keys():
        raise DataError(f"of the page {page} may be chosen {', '.join(offers)}, not {given!r:.80}")
    chosen: dict[str, Value] = {}
    for name, value in given.items():
        try:
            chosen[name] = offers[name].admit(value)
        except UnknownColumnError:
            raise
        except DataError as problem:
            raise DataError(f"of the page {page}, {name}: {problem}") from None
    return MappingProxyType(chosen)
