"""Ranges of wavelength as a person types them."""

import re
from collections.abc import Sequence

from data.problem import DataError

DASHES = "[-\N{EN DASH}\N{MINUS SIGN}]"


def ranges_of(text: str) -> list[list[float]]:
    """Ranges of wavelength that a person typed, as in "6860-6960, 7590 - 7700".

    Raises
    ------
    DataError
        If they are none.
    """
    found: list[list[float]] = []
    for part in filter(None, (one.strip() for one in text.replace(";", ",").split(","))):
        ends = [end.strip() for end in re.split(DASHES, part)]
        try:
            low, high = (float(end) for end in ends)
        except ValueError:
            raise DataError(
                f"'{part[:40]}' is no range of wavelength: write its ends, as in 6860-6960, 7590-7700"
            ) from None
        found.append([low, high])
    return found


def ranges_text(ranges: Sequence[tuple[float, float]]) -> str:
    """Ranges as a person would type them."""
    return ", ".join(f"{low:.6g}-{high:.6g}" for low, high in ranges)
