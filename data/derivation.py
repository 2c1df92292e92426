"""Columns computed from others by functions that are handed in: this room knows no equations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from data.convert import convert
from data.schema import COLUMNS

Arrays = Mapping[str, NDArray[Any]]


def _nothing_found(_: Arrays) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Derivation:
    """A function that fills columns which a catalogue lacks.

    Attributes
    ----------
    name : for people.
    version : changes whenever its results would (the frame, the potential); caches are told apart by it.
    needs : columns it is given, as stored.
    gives : columns it returns; those that the file itself has are not replaced.
    compute : a chunk of the needed columns -> the given ones, each with one value per row.
    check : the file's own columns, whole -> findings about them, such as a mirrored azimuth.
    together : those of `gives` that mean something only beside each other: where the file itself has some,
        nothing is filled, for ours may be of another frame.
    withheld : why this is not done, though it could be; empty where it is done. The version must tell too.
    """

    name: str
    version: str
    needs: tuple[str, ...]
    gives: tuple[str, ...]
    compute: Callable[[Arrays], Arrays]
    check: Callable[[Arrays], tuple[str, ...]] = field(default=_nothing_found)
    together: tuple[str, ...] = ()
    withheld: str = ""


@dataclass(frozen=True)
class Step:
    """A derivation that can be done, and the columns it is done for."""

    derivation: Derivation
    fills: tuple[str, ...]

    def run(self, chunk: Arrays) -> dict[str, NDArray[Any]]:
        """Compute a chunk's new columns in their storage types."""
        made = self.derivation.compute({name: chunk[name] for name in self.derivation.needs})
        return {name: convert(made[name], COLUMNS[name]) for name in self.fills}


def plan(
    derivations: Sequence[Derivation], present: Iterable[str]
) -> tuple[tuple[Step, ...], Mapping[str, str]]:
    """Tell what can be derived.

    Parameters
    ----------
    derivations : in the order in which they run; a later one may need what an earlier one gives, and may
        fill what an earlier one could not.
    present : columns of the file itself.

    Returns
    -------
    steps : what to run.
    reasons : column -> why it cannot be derived.
    """
    own = frozenset(present)
    have = set(own)
    roots: dict[str, tuple[str, ...]] = {}
    steps: list[Step] = []
    reasons: dict[str, str] = {}
    withheld: dict[str, str] = {}
    for derivation in derivations:
        fills = tuple(name for name in derivation.gives if name not in have)
        lacking = [root for need in derivation.needs if need not in have for root in roots.get(need, (need,))]
        rivals = [name for name in derivation.together if name in own]
        if not fills:
            continue
        if rivals:
            reasons |= dict.fromkeys(
                fills, f"not computed beside the file's own {' and '.join(rivals)}: the two may not fit"
            )
        elif lacking:
            unique = tuple(dict.fromkeys(lacking))
            roots |= dict.fromkeys(fills, unique)
            reasons |= dict.fromkeys(fills, f"needs {' and '.join(unique)}, which the file lacks")
        elif derivation.withheld:
            withheld |= dict.fromkeys(fills, derivation.withheld)
        else:
            steps.append(Step(derivation, fills))
            have |= set(fills)
    reasons |= withheld
    return tuple(steps), {name: reason for name, reason in reasons.items() if name not in have}
