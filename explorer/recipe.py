"""The choices that make a model of spectra and labels: kept in its file, so that it can be made again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.problem import DataError
from data.spans import Span


@dataclass(frozen=True)
class Recipe:
    """Choices that make a model of spectra and labels.

    Attributes
    ----------
    labels : as `read_labels` takes them.
    key : column of the label table that names spectra, or None.
    min_snr : median signal-to-noise ratio per pixel below which spectra are left out.
    teff : range of the label teff, K, outside which stars are left out; none where no label is so called.
    wavelengths : range of the pixels used, A.
    terms : as `terms_of` takes them.
    mask : where labels may act; those it does not name act everywhere.
    label_errors : labels whose errors count, as `read_labels` takes them.
    missing_labels : whether stars that lack some of the labels are used.
    dof_correction : as `Cannon.train` takes it.
    """

    labels: tuple[str, ...]
    key: str | None
    min_snr: float
    teff: tuple[float, float]
    wavelengths: tuple[float, float]
    terms: str = "quadratic"
    mask: tuple[Span, ...] = ()
    label_errors: tuple[str, ...] = ()
    missing_labels: bool = False
    dof_correction: bool = False

    def as_json(self) -> Mapping[str, Any]:
        """The choices, as JSON can hold them."""
        return {**asdict(self), "mask": [list(span) for span in self.mask]}

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> "Recipe":
        """Take them back from JSON."""
        pair = {name: (float(held[name][0]), float(held[name][1])) for name in ("teff", "wavelengths")}
        return cls(
            labels=tuple(map(str, held["labels"])),
            key=held["key"],
            min_snr=float(held["min_snr"]),
            **pair,
            terms=str(held["terms"]),
            mask=tuple(Span(str(label), float(low), float(high)) for label, low, high in held["mask"]),
            label_errors=tuple(map(str, held["label_errors"])),
            missing_labels=bool(held["missing_labels"]),
            dof_correction=bool(held["dof_correction"]),
        )

    @property
    def masked(self) -> tuple[str, ...]:
        """Labels that may not act everywhere."""
        return tuple(dict.fromkeys(span.label for span in self.mask))

    def acting(self, names: Sequence[str], wavelength: NDArray[np.float64]) -> NDArray[np.bool_] | None:
        """Where which of the L labels may act, (P, L); None if all may everywhere.

        Raises
        ------
        DataError
            If the mask names another label, or leaves one no pixel.
        """
        if not self.mask:
            return None
        inside = np.ones((len(wavelength), len(names)), np.bool_)
        for label in self.masked:
            if label not in names:
                raise DataError(f"--mask names {label[:60]}, which is no label: they are {', '.join(names)}")
            spans = [span for span in self.mask if span.label == label]
            hit = np.any([(span.low <= wavelength) & (wavelength <= span.high) for span in spans], axis=0)
            if not hit.any():
                raise DataError(
                    f"--mask lets {label} act at no pixel: give an interval within "
                    f"{wavelength[0]:.0f}:{wavelength[-1]:.0f} A, or more --wavelengths"
                )
            inside[:, names.index(label)] = hit
        return inside
