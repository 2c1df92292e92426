"""Subsets that are ready to be kept, as data: a condition, what it means, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from data.expression import Expression
from data.schema import COLUMNS, FLAGS, Column


@dataclass(frozen=True)
class Population:
    """Stars that the field calls by a name.

    Attributes
    ----------
    name : what the subset is called.
    condition : in the language of expressions. With `over`, `{}` stands for each of those columns that the
        catalogue has, and all of them must hold.
    meaning : one sentence for a person who meets it for the first time, with what it can't do.
    origin : where its numbers come from.
    over : columns, of which one is enough.
    """

    name: str
    condition: str
    meaning: str
    origin: str
    over: tuple[str, ...] = ()

    def lacking(self, held: Mapping[str, object]) -> tuple[str, ...]:
        """The columns that a catalogue lacks for it, in the order of the alphabet."""
        if self.over:
            return () if any(name in held for name in self.over) else self.over[:1]
        return tuple(sorted(Expression.parse(self.condition, COLUMNS).columns - held.keys()))

    def text(self, held: Mapping[str, object]) -> str:
        """Its condition for a catalogue that has what it needs."""
        if not self.over:
            return self.condition
        return " and ".join(f"({self.condition.format(name, name)})" for name in self.over if name in held)

    def expression(self, described: Mapping[str, Column], held: Mapping[str, object]) -> Expression:
        """Its condition, read; DataError where the catalogue lacks a column."""
        return Expression.parse(self.text(held), described)


PAPER = "the paper"
WEINBERG = (
    "Weinberg et al. 2019, ApJ 874, 102, eq. 1, drawn for APOGEE's labels, whose zero points may be others; "
    "the paper draws no such line"
)

POPULATIONS: tuple[Population, ...] = (
    Population(
        "thin disc", "Jz < 30",
        "Stars that stay near the plane: vertical action below 30 kpc km/s. Old stars are among them too.",
        f"{PAPER}, Figs. 11 and 12",
    ),
    Population(
        "halo", "vT < 100 and abs(z) > 2",
        "Stars more than 2 kpc from the plane that don't rotate with the disc.",
        f"{PAPER}, section 5.4: most disc stars have v_phi above 100 km/s; both are seen at 2 to 4 kpc",
    ),
    Population(
        "thick disc", "vT > 100 and abs(z) > 2 and abs(z) < 4",
        "Stars that rotate with the disc 2 to 4 kpc from the plane. Those of the thick disc that are nearer "
        "to the plane now are not among them; some of the halo are.",
        f"{PAPER}, section 5.4: most disc stars have v_phi above 100 km/s; both are seen at 2 to 4 kpc",
    ),
    Population(
        "high-alpha sequence", "mg_fe > 0.12 and mg_fe > 0.12 - 0.13 * fe_h",
        "Stars rich in Mg at their [Fe/H]; errors of [Mg/Fe] take some across the line.",
        WEINBERG,
    ),
    Population(
        "low-alpha sequence", "mg_fe <= 0.12 or mg_fe <= 0.12 - 0.13 * fe_h",
        "Stars below the line of the high-alpha sequence.", WEINBERG,
    ),
    Population(
        "red clump",
        "logg >= 1.8 and logg <= 0.0018 * (teff - (4607 - 382.5 * fe_h)) + 2.5"
        " and teff > 4400 and teff < 5300",
        "Giants that burn helium in their core, approximately: first-ascent giants of the same gravity and "
        "the secondary clump are among them.",
        "log g against T_eff and [Fe/H] of Bovy et al. 2014, ApJ 790, 127, without their cut in colour; it "
        "was made for APOGEE's labels, and the limits of T_eff are ours. The paper's own red clump (Ting et "
        "al. 2018) can't be had from labels",
    ),
    Population(
        "accreted candidates (orbit)", "eccentricity > 0.7 and fe_h < -1",
        "Stars on radial orbits, as debris of Gaia-Sausage-Enceladus; old stars of our own halo are among "
        "them. Labels of halo stars are less sure than those of the disc (the paper, section 5.1).",
        "Kim et al. 2021, arXiv:2104.00275: e > 0.7 and [Fe/H] < -1",
    ),
    Population(
        "accreted candidates (labels)", "mg_fe - mn_fe > 0.25 and al_fe < 0 and fe_h < -0.5",
        "Stars rich in Mg over Mn and poor in Al, where stars of dwarf galaxies lie. Dwarfs have none of "
        "these three labels: only giants are found. Zero points of our labels are not those of APOGEE.",
        "the plane is that of Hawkins et al. 2015, MNRAS 453, 758, and Das et al. 2020, MNRAS 493, 5195, "
        "whose stars have [Fe/H] below -0.5; the limits 0.25 and 0 are ours, to be moved",
    ),
    Population(
        "no flags", "missing({}) or not {}",
        "Stars of which no label lies where the model extrapolates. A label that a star's model lacks has "
        "no flag.",
        f"{PAPER}, section 4 and Table 1",
        over=tuple(column.name for column in FLAGS),
    ),
    Population(
        "chi2 < 7000", "chi2 < 7000", "Stars whose whole spectrum the model fits.",
        f"{PAPER}, captions of Figs. 10 to 14",
    ),
    Population("giants", "giantmodel", "Stars above the line of eq. 1.", f"{PAPER}, eq. 1"),
    Population("dwarfs", "not giantmodel", "Stars below the line of eq. 1.", f"{PAPER}, eq. 1"),
    Population(
        "giants of one temperature", "giantmodel and teff > 4800 and teff < 5000",
        "Giants between which trends of [Ba/Fe] with temperature cancel.", f"{PAPER}, Fig. 13",
    ),
)  # fmt: skip
