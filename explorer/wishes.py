"""What a person asks of a star, taken up: what is to be shown from then on, and how it is to be drawn."""

from collections.abc import Mapping
from dataclasses import replace

from data.problem import DataError
from explorer.case import Case, Wish
from explorer.conditions import Conditions
from explorer.curves import Manner
from explorer.drawer import Asked
from explorer.wavelength_ranges import ranges_of


def manner_after(before: Manner, asked: Asked) -> Manner:
    """How a spectrum is to be drawn from now on."""
    if asked.what == "manner":
        return replace(before, **asked.how)
    if asked.what == "where":
        return replace(before, below="information" if asked.how else "residual", label=asked.how)
    below, label = asked.how
    return replace(before, below=below, label=label)


def wish_after(before: Wish, asked: Asked, case: Case) -> Wish:
    """What is to be shown of a star from now on. DataError if that can't be."""
    held: Mapping[str, object] = dict(before.conditions.held)
    excluded = [list(one) for one in before.conditions.excluded]
    match asked.what, asked.how:
        case "observation", int(number):
            return replace(before, observation=number if number < len(case.spectra) else 0)
        case "model", str(name):
            return replace(before, model=name, conditions=Conditions(excluded=before.conditions.excluded))
        case "hold", dict(values):
            held = values
        case "exclude", str(text):
            excluded = ranges_of(text)
    if case.refitter is None:
        raise DataError("there is no model to fit with: start the explorer with --model")
    return replace(before, conditions=case.refitter.conditions(held, excluded))
