r"""The mathematics of labels, from one restricted TeX to what each place can show.

Labels use letters, \mathrm{}, Greek letters, sub- and superscripts; nothing else is needed.
"""

import html
import math
import re

_SYMBOLS = {
    r"\alpha": "α", r"\delta": "δ", r"\phi": "φ", r"\chi": "χ", r"\sigma": "σ", r"\varpi": "ϖ", r"\mu": "μ",
    r"\tau": "τ", r"\log": "log", r"\_": "&#95;", r"\ ": " ", r"\,": " ",
}  # fmt: skip
_GROUP = r"(?:\{([^{}]*)\}|(&#?\w+;|[^{}\\^_\s<>]))"


def to_html(tex: str) -> str:
    """The label as HTML with <sub> and <sup>; anything else in it is escaped."""
    text = html.escape(tex, quote=False)
    text = re.sub(r"\\mathrm\{([^{}]*)\}", r"{\1}", text)
    for command, symbol in _SYMBOLS.items():
        text = text.replace(command, symbol)
    for _ in range(3):
        text = re.sub(rf"_{_GROUP}", lambda m: f"<sub>{m[1] or m[2] or ''}</sub>", text)
        text = re.sub(rf"\^{_GROUP}", lambda m: f"<sup>{m[1] or m[2] or ''}</sup>", text)
        text = re.sub(r"\{([^{}]*)\}", r"\1", text)
    return text


def plain(words: str) -> str:
    """Words in HTML without their markup."""
    return html.unescape(re.sub("<[^>]*>", "", words)).replace("\N{NO-BREAK SPACE}", " ")


def upright(words: str) -> str:
    """Plain words as upright TeX, with their spaces; signs that are commands in TeX are left out."""
    harmless = re.sub(r"[\\^~%#&${}]", " ", words)
    escaped = re.sub("([_ ])", r"\\\1", harmless)
    return rf"\mathrm{{{escaped}}}"


def with_unit(tex: str, unit: str) -> str:
    """Axis label for the browser's TeX: the label, and its unit upright in brackets."""
    return f"$${tex}{_unit(unit)}$$"


def _unit(unit: str) -> str:
    if not unit or unit == "dex":
        return ""
    powers = re.sub(r"([A-Za-z]+)(-?\d+)", r"\1^{\2}", unit).replace(" ", r"\,")
    return rf"\ [\mathrm{{{powers}}}]"


def measured(value: float, error: float, *, bare: bool = False) -> str:
    """A value with its error, to two digits of the error; `bare` leaves the error out, not its digits.

    Without a finite error: four significant digits.
    """
    if not (math.isfinite(error) and error > 0):
        return f"{value:.4g}".replace("-", "−")
    digits = 1 - int(f"{error:.1e}".split("e")[1])
    value, error = round(value, digits) + 0.0, round(error, digits)
    decimals = max(0, digits)
    text = f"{value:.{decimals}f}" if bare else f"{value:.{decimals}f} ± {error:.{decimals}f}"
    return text.replace("-", "−")
