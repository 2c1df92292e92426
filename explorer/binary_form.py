"""The controls of a study of wide binaries: what a person chose, checked when it is asked for."""

import math
from typing import Any

import panel_material_ui as pmui

from explorer.binary_options import KINDS, LONGEST, MATCHED, BinaryOptions, sigmas
from explorer.binary_sample import abundances_of, kinds_of
from explorer.editors import typed_number
from explorer.numerals import whole
from explorer.offer import Listed, Offers, Several, Ticked, Typed
from explorer.session import State
from explorer.stars import Stars

MARGIN = (6, 0, 0, 0)
SMALL: dict[str, Any] = {"size": "small", "margin": MARGIN}


class BinaryForm:
    """One visitor's controls.

    Parameters
    ----------
    with_chance : whether the pairs have odds of chance alignment.

    Attributes
    ----------
    named, widgets : what is laid out, by name in links.
    """

    def __init__(self, stars: Stars, *, with_chance: bool) -> None:
        usual = BinaryOptions(kind=kinds_of(stars.catalogue)[0])
        kinds = {KINDS[kind]: kind for kind in kinds_of(stars.catalogue)}
        described = stars.catalogue.described
        self._names = {described[name].plain: name for name in abundances_of(stars.catalogue)}
        self._matched = {MATCHED[name]: name for name in matched_in(stars)}
        self._kind = pmui.Select(label="Stars", options=kinds, value=usual.kind, width=110, **SMALL)
        self._abundances = pmui.MultiChoice(
            label="Abundances (none: all known)",
            options=self._names,
            value=[],
            width=250,
            margin=MARGIN,
        )
        self._match = pmui.MultiChoice(
            label="Match field stars also in",
            options=self._matched,
            value=[],
            width=230,
            margin=MARGIN,
        )
        typed: dict[str, Any] = {"max_length": LONGEST, **SMALL}
        self._teff = pmui.TextInput(label="|ΔTeff| below, K", value=f"{usual.teff_cut:g}", width=120, **typed)
        self._chance = pmui.TextInput(
            label="Chance alignment up to", value=f"{usual.chance:g}", width=160, visible=with_chance, **typed
        )
        self._sigma = pmui.TextInput(
            label="Scatters of your own, dex", placeholder="o_fe=0.1, eu_fe=0.17", width=210, **typed
        )
        self._trusted = pmui.Checkbox(
            label="Leave out extrapolated labels", value=usual.trusted, size="small", margin=(12, 0, 0, 0)
        )
        self._seed = pmui.TextInput(label="Seed", value=str(usual.seed), width=80, **typed)
        self._draws = pmui.TextInput(label="Draws", value=str(usual.draws), width=90, **typed)
        self.named = {
            "kind": self._kind, "abundances": self._abundances, "match": self._match, "teff": self._teff,
            "chance": self._chance, "sigma": self._sigma, "seed": self._seed, "draws": self._draws,
            "trusted": self._trusted,
        }  # fmt: skip
        self.widgets = (*self.named.values(),)

    @property
    def options(self) -> BinaryOptions:
        """What is chosen now; DataError in words for the person where it can't be."""
        return BinaryOptions(
            kind=self._kind.value,
            abundances=_known(self._abundances.value, self._names.values()),
            match=_known(self._match.value, self._matched.values()),
            teff_cut=_open(self._teff.value),
            chance=_open(self._chance.value),
            trusted=self._trusted.value is True,
            sigma=sigmas(str(self._sigma.value or "")),
            seed=whole("the seed", self._seed.value),
            draws=whole("the number of draws", self._draws.value),
        )


def matched_in(stars: Stars) -> tuple[str, ...]:
    """Columns that field stars can be matched in."""
    return tuple(name for name in MATCHED if name in stars.catalogue)


def offers(stars: Stars, _state: State) -> Offers:
    """What the controls offer."""
    typed = Typed(LONGEST)
    return {
        "kind": Listed(kinds_of(stars.catalogue)), "abundances": Several(abundances_of(stars.catalogue)),
        "match": Several(matched_in(stars)), "teff": typed, "chance": typed, "sigma": typed, "seed": typed,
        "draws": typed, "trusted": Ticked(),
    }  # fmt: skip


def _known(chosen: Any, offered: Any) -> tuple[str, ...]:
    """Choices of a list, in its order; what it does not offer is dropped."""
    return tuple(name for name in offered if isinstance(chosen, list) and name in chosen)


def _open(typed: Any) -> float:
    """A typed number; nothing is no limit."""
    number = typed_number(str(typed or "")[:LONGEST])
    return math.inf if number is None else number
