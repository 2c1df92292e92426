"""What a person may choose of a study of wide binaries, checked."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from data.problem import DataError
from explorer.survey import ALL, DWARFS, GIANTS

KINDS: Mapping[str, str] = MappingProxyType({DWARFS: "dwarfs", GIANTS: "giants", ALL: "all stars"})
"""Which stars, by the name of the model that gave their labels."""
MATCHED: Mapping[str, str] = MappingProxyType(
    {"fe_h": "[Fe/H]", "teff": "Teff", "logg": "log g", "snrz": "S/N", "plate": "plate"}
)
"""What field stars may be matched in beside the binaries' Delta [Fe/H]: column -> in words."""

LARGEST_CUT, LARGEST_SIGMA = 20_000.0, 100.0
MOST_DRAWS, MOST_FIELD = 20_000, 100
LONGEST = 400


@dataclass(frozen=True)
class BinaryOptions:
    """The paper's choices, unless others are given.

    Attributes
    ----------
    kind : which stars, a key of KINDS.
    abundances : that enter the distance, by column; none for all that the stars have.
    teff_cut : |Delta T_eff| is less, K; inf for no cut.
    match : what field stars are matched in, keys of MATCHED.
    trusted : whether stars with an extrapolated label among those used are left out.
    chance : pairs with larger odds of a chance alignment are left out; inf for none.
    sigma : scatter of abundances in place of the models', by column, dex.
    sought : field pairs for each binary.
    draws : of the bootstrap and of the permutations.
    seed : of all random numbers.
    """

    kind: str = DWARFS
    abundances: tuple[str, ...] = ()
    teff_cut: float = 250.0
    match: tuple[str, ...] = ()
    trusted: bool = False
    chance: float = 0.1
    sigma: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    sought: int = 20
    draws: int = 2000
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse, as DataError, what is out of bounds."""
        if self.kind not in tuple(KINDS):
            raise DataError(f"'{str(self.kind)[:40]}' is no kind of stars: choose {', '.join(KINDS)}")
        unknown = [name for name in self.match if name not in tuple(MATCHED)]
        if unknown:
            raise DataError(f"'{unknown[0][:40]}' can't be matched: choose among {', '.join(MATCHED)}")
        _within("the cut in Delta Teff", self.teff_cut, 1.0, LARGEST_CUT, "K")
        _within("the odds of a chance alignment", self.chance, 1e-12, 1e6)
        _within("the number of field pairs of each binary", self.sought, 1, MOST_FIELD)
        _within("the number of draws", self.draws, 100, MOST_DRAWS)
        _within("the seed", self.seed, 0, 2**32 - 1)
        for name, value in self.sigma.items():
            _within(f"the scatter of {name[:40]}", value, 1e-4, LARGEST_SIGMA, "dex", endless=False)

    @property
    def unusual(self) -> tuple[str, ...]:
        """What differs from the usual choices, other than seed and numbers of draws: names of fields."""
        usual = BinaryOptions(kind=self.kind)
        compared = [each.name for each in fields(self) if each.name not in ("seed", "draws", "sought")]
        return tuple(name for name in compared if getattr(self, name) != getattr(usual, name))


def _within(
    what: str, value: float, low: float, high: float, unit: str = "", *, endless: bool = True
) -> None:
    whole = isinstance(low, int)
    fits = type(value) is int if whole else isinstance(value, int | float) and not isinstance(value, bool)
    inside = fits and (low <= value <= high or (endless and value == math.inf and not whole))
    if not inside:
        said = " ".join(f"{low:g} to {high:g} {unit}".split()) if not whole else f"{low:,} to {high:,}"
        raise DataError(f"{what} is {str(value)[:20]}: give one from {said}")


def sigmas(text: str) -> Mapping[str, float]:
    """Read what a person typed of scatters, as o_fe=0.1, eu_fe=0.17; DataError where it is something else."""
    if len(text) > LONGEST:
        raise DataError(f"that is too long for a list of scatters: at most {LONGEST} letters")
    found: dict[str, float] = {}
    for part in text.replace(";", ",").split(","):
        name, equals, value = (each.strip() for each in part.partition("="))
        if not (name or equals or value):
            continue
        try:
            found[name] = float(value.replace("\N{MINUS SIGN}", "-"))
        except ValueError:
            raise DataError(
                f"'{part.strip()[:40]}' is no scatter: write NAME=DEX, as in o_fe=0.1, eu_fe=0.17"
            ) from None
    return MappingProxyType(found)


def listed(text: str) -> tuple[str, ...]:
    """Names between commas, each once; DataError where that is too long."""
    if len(text) > LONGEST:
        raise DataError(f"that is too long for a list of names: at most {LONGEST} letters")
    return tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
