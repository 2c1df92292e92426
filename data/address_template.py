"""Addresses of spectra in the web: a template whose fields are filled in with what names a spectrum."""

import re
from dataclasses import dataclass
from string import Formatter
from urllib.parse import quote, urlsplit, urlunsplit

from data.observation_name import ObservationName
from data.problem import DataError

FIELDS = ("obsid", "lmjd", "planid", "spid", "fiberid")
_LONGEST = 2000
_PADDED = re.compile(r"0\d")
"""How a whole number may be written: with zeros before it, up to so many digits."""
_EXAMPLE = "https://archive.org/spectra/{obsid}"
_SPOILT = re.compile(r"[^!-~]|\\")


@dataclass(frozen=True)
class AddressTemplate:
    """Where spectra are, as https://host/{obsid}, or .../spec-{lmjd}-{planid}_sp{spid:02}-{fiberid:03}.

    Attributes
    ----------
    text : the template; http or https, with fields of FIELDS after the host.

    Raises
    ------
    DataError
        If it is another kind of address, or has other fields, or none.
    """

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > _LONGEST or _SPOILT.search(self.text):
            raise DataError(
                f"the address {self.text[:60]!r} is too long, or has odd characters: "
                f"give one such as {_EXAMPLE}"
            )
        try:
            parts = urlsplit(self.text)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            pieces = list(Formatter().parse(self.text))
        except ValueError as error:
            raise DataError(f"{self.text!r} is no address ({error}): give one such as {_EXAMPLE}") from error
        if not sound or "@" in parts.netloc or "{" in parts.netloc or "}" in parts.netloc:
            raise DataError(
                f"{self.text!r} is no address of spectra: give one that begins with http:// or https:// "
                f"and a host without names or fields, such as {_EXAMPLE}"
            )
        if parts.fragment:
            raise DataError(f"{self.text!r} has a part after #, which is never sent: leave it out")
        self._check([piece[1:] for piece in pieces if piece[1] is not None])

    def _check(self, fields: list[tuple[str | None, str | None, str | None]]) -> None:
        for name, style, conversion in fields:
            padded = not style or (name != "planid" and _PADDED.fullmatch(style.removesuffix("d")))
            if name not in FIELDS or conversion or not padded:
                raise DataError(
                    f"{self.text!r} has the field {{{name}}}: expected {', '.join(FIELDS)}; numbers "
                    "may be padded as {spid:02}"
                )
        names = {name for name, *_ in fields}
        if "obsid" not in names and not names >= set(FIELDS[1:]):
            raise DataError(
                f"{self.text!r} names no single spectrum: put {{obsid}} into it, or all of "
                f"{', '.join(FIELDS[1:])}"
            )

    @property
    def host(self) -> str:
        """Where it leads, for people."""
        return urlsplit(self.text).netloc

    @property
    def shown(self) -> str:
        """The template as it may be shown: what comes after ? can hold a key."""
        scheme, host, path, *_ = urlsplit(self.text)
        return urlunsplit((scheme, host, path, "", ""))

    def address(self, name: ObservationName) -> str | None:
        """Address of a spectrum; None if a part of its name is not known."""
        known = {field: getattr(name, field) for field in FIELDS}
        used = [field for _, field, *_ in Formatter().parse(self.text) if field is not None]
        if any(known[field] in (-1, "") for field in used):
            return None
        return self.text.format(**{**known, "planid": quote(name.planid, safe="")})
