"""What is known of the systematic errors of labels, as data: a number only where the paper gives one.

They are those of the paper's catalogue; errors of single stars (columns e_...) say nothing of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Floor:
    """Below this, a difference between two groups of stars may come from the method.

    Attributes
    ----------
    label : column of the label.
    stars : "giants" or "dwarfs".
    low, high : smallest and largest size it is said to have, in the label's unit; None where none is given.
    why : what was seen.
    source : where it is said.
    """

    label: str
    stars: str
    low: float | None
    high: float | None
    why: str
    source: str

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.low is not None and self.high is not None


_DRIFT = (
    "abundances of dwarfs drift with T_eff, by 0.1 to 0.5 dex depending on the abundance where stars of all "
    "temperatures are compared; less where they differ by less than 250 K"
)
_UNSEEN = "no trend was seen in giants, but too few of them are in known clusters to tell"
_SILENT = "the paper gives no number"
_GIANT_LABELS = ("o", "eu", "mg", "al", "mn")
_DWARF_LABELS = ("o", "eu", "sc", "s")

FLOORS: tuple[Floor, ...] = (
    *(
        Floor(name, stars, None, None, _SILENT, "")
        for name in ("teff", "logg", "vmic")
        for stars in ("dwarfs", "giants")
    ),
    Floor(
        "fe_h", "dwarfs", None, None,
        "LAMOST's own [Fe/H] of dwarfs drifts with T_eff, as our abundances do; no number is given",
        "the paper, section 5.1",
    ),
    Floor("fe_h", "giants", None, None, _UNSEEN, "the paper, section 5.1"),
    Floor(
        "alpha_fe", "dwarfs", 0.07, 0.07,
        "scatter among dwarfs of Praesepe, which have one abundance, by a trend with T_eff; the scatter in "
        "cross-validation is 0.06 dex",
        "the paper, section 5.1, appendix B and Fig. 17",
    ),
    *(Floor(f"{key}_fe", "dwarfs", 0.1, 0.5, _DRIFT, "the paper, section 5.2") for key in _DWARF_LABELS),
    *(Floor(f"{key}_fe", "giants", None, None, _UNSEEN, "the paper, section 5.1") for key in _GIANT_LABELS),
    Floor(
        "ba_fe", "giants", None, None,
        "[Ba/Fe] of giants has a trend with T_eff and log g; no number is given",
        "the paper, sections 5.1 and 5.3",
    ),
)  # fmt: skip
"""For each label, of dwarfs and giants that have it."""


def floors_of(label: str, stars: Iterable[str]) -> Iterator[Floor]:
    """What is known of a label of such stars."""
    kinds = {*stars}
    return (floor for floor in FLOORS if floor.label == label and floor.stars in kinds)
