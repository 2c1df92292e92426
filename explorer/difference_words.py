"""What may be said of differences, in plain lines; they hold statistical errors alone, and say so."""

import html
from collections.abc import Iterator

from data.expression import Expression
from explorer.comparison import AGAINST
from explorer.difference_map import EVERYONE, OTHERS, SELECTED, Compared, group_name, population_of
from explorer.notation import to_html
from explorer.stars import Stars

HOW = (
    "How to read it: first, the mean of the label in A minus its mean in B; second, the standard error of "
    "that, √(s²<sub>A</sub>/n<sub>A</sub> + s²<sub>B</sub>/n<sub>B</sub>); third, their ratio, Welch's t. "
    "Pixels with few stars on either side are blank; those that do not pass are faint."
)
MAKE = (
    "Subsets of your own: brush or cut, press <i>Keep as subset</i> on the left, and do so once more for "
    "other stars. Then choose them as A and B; ready-made ones are at the end of these lists."
)
SKEWED = (
    "p is the larger of Welch's and Student's: of skewed values, as those of J_R are, too few pixels pass "
    "rather than too many, unless the side with fewer stars scatters about twice as much or more: then too "
    "many pass."
)
APART = 0.01
"""Shares of giants that differ by more are warned of."""
CAUTION = (
    "Statistical errors only, of stars taken as independent: systematic errors of labels, which may "
    "differ between A and B as T_eff, log g and S/N do, are not in them. Differences, and how they run over "
    "the map, are not selection-corrected."
)


def title(stars: Stars, done: Compared, *, typeset: bool = False) -> str:
    """What is compared, in one line: plain, or typeset as HTML."""
    asked = done.question.asked
    known = [
        stars.describe(name, done.question.derived, shown=False)
        for name in (asked.label, *done.question.axes)
    ]
    label, x, y = (to_html(one.tex) if typeset else one.plain for one in known)
    first, second = (
        html.escape(name) if typeset else name for name in map(group_name, (asked.first, asked.second))
    )
    mock = "MOCK catalogue: " if stars.catalogue.mock else ""
    return f"{mock}mean {label}, {first} minus {second}, over {x} and {y}"


def lines(done: Compared) -> Iterator[str]:
    """What was found, line by line."""
    asked, found = done.question.asked, done.found
    rate = asked.rate
    passing, alone = int(found.passing(rate).sum()), found.uncontrolled(rate)
    without = " and ".join(side for side, stars in zip("AB", done.stars, strict=True) if not stars)
    if without:
        yield f"No star of {without} on the map has the label: choose another label, or other groups."
    elif not found.tested:
        yield f"No pixel has {asked.least:,} stars of each side: take larger pixels, or other groups."
        if {asked.first, asked.second} == {
            SELECTED,
            OTHERS,
        } and asked.diagram.source in done.question.selection:
            yield "A brush in this very plane parts the selected from the others: brush in another one."
    else:
        yield (
            f"{passing:,} of {found.tested:,} pixels tested pass at a false discovery rate of {rate:g} "
            "(Benjamini & Hochberg 1995): of those that pass, on average at most that share is expected to "
            "be chance, if values in a pixel are near normal."
        )
        yield (
            f"Without the control {alone:,} would pass at p ≤ {rate:g}, and about {rate * found.tested:,.0f} "
            "by chance alone if no pixel differed."
        )
        yield SKEWED
    first, second = done.stars
    of_first, of_second = done.members
    yield (
        f"Stars with a value on the map: A {first:,} of {of_first:,}, B {second:,} of {of_second:,}; "
        f"{done.side} by {done.side} pixels."
    )
    ready = [(side, population_of(key)) for side, key in zip("AB", (asked.first, asked.second), strict=True)]
    told = [f"{side}, {one.name}: {one.meaning}" for side, one in ready if one is not None]
    if told:
        origins = dict.fromkeys(one.origin for _, one in ready if one is not None)
        yield f"{' '.join(told)} From: {'; '.join(origins)}."
    if done.shared:
        yield (
            f"A and B share {done.shared:,} stars, which count in {done.kept_in} alone: "
            "a difference of samples with stars in common has another error."
        )
    if OTHERS in (asked.first, asked.second):
        yield f"The others: {AGAINST[done.against]}."


def warnings(done: Compared) -> tuple[str, ...]:
    """Why a difference may be none of the stars themselves: of cuts, of the label, of giants and dwarfs."""
    return tuple(filter(None, (_cuts(done), _itself(done), _models(done))))


def _cuts(done: Compared) -> str:
    """That the cuts part the sides; empty where both stand to them alike, or there are none."""
    asked = done.question.asked
    first, second = _passing(done, asked.first), _passing(done, asked.second)
    if not done.question.selection.clauses or first == second:
        return ""
    return (
        f"A and B do not share the cuts: stars of A {first} them, stars of B {second} them. A difference may "
        "be that of the cuts. To be rid of it, compare two subsets of selected stars, or brush: the others "
        "are then stars that pass the same cuts."
    )


def _passing(done: Compared, group: str) -> str:
    """Whether stars of a group pass the cuts, as a verb."""
    if group == OTHERS:
        return "pass" if done.against == "brushes" else "do not all pass"
    return (
        "need not pass"
        if group == EVERYONE or (group != SELECTED and not done.question.asked.within)
        else "pass"
    )


def _itself(done: Compared) -> str:
    """That columns of the label tell who is in a side; empty where none does."""
    if not done.by_label:
        return ""
    return (
        f"The label itself tells which stars are in {' and '.join(done.by_label)}: that it differs is no "
        "finding. Choose another label."
    )


def _models(done: Compared) -> str:
    """That models of giants and dwarfs may differ; empty where both sides hold as many giants."""
    first, second = done.giants
    if not abs(first - second) > APART:  # nor where either is not known
        return ""
    return (
        f"Giants are {_percent(first)} of A but {_percent(second)} of B: labels of giants and of dwarfs come "
        "from two models, whose zero points may differ, so that a difference of labels may be that of the "
        "models. Cut to giants or to dwarfs to be rid of it."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def meaning(done: Compared, group: str, condition: Expression | None) -> str:
    """Which stars a group is, as a condition, for a file."""
    selected = done.question.selection.text
    if condition is not None:
        both = done.question.asked.within and selected
        return f"({condition.text}) and ({selected})" if both else condition.text
    others = f"{AGAINST[done.against]}; selected are: {selected or 'all rows'}"
    return {SELECTED: selected or "all rows", OTHERS: others, EVERYONE: "all rows"}[group]


def said(stars: Stars, done: Compared) -> str:
    """All of it, as HTML."""
    told = "<br>".join(html.escape(line) for line in lines(done)).replace("J_R", "J<sub>R</sub>")
    bold, _, rest = html.escape(CAUTION).replace("T_eff", "T<sub>eff</sub>").partition(",")
    warned = "".join(f"<b>{html.escape(each)}</b><br>" for each in warnings(done))
    return f"<h3>{title(stars, done, typeset=True)}</h3>{warned}{told}<br><b>{bold}</b>,{rest}"
