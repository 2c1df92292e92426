"""Mock spectra for the tests of The Cannon: lines that saturate, labels that go together, weak elements.

Not a polynomial of the labels: what a model learns of it has scatter, and at low S/N chi2 has several minima.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Stars:
    labels: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray

    def __getitem__(self, which):
        return Stars(self.labels[which], self.flux[which], self.ivar[which])

    @property
    def spectra(self):
        return self.flux, self.ivar

    def pairs(self):
        """Flux and ivar star by star."""
        return zip(self.flux, self.ivar, strict=True)


class Sky:
    """A population of stars with `labels` labels seen in `pixels` pixels, with a scatter of their own."""

    def __init__(self, labels=4, pixels=200, lines=None, seed=5, scatter=0.0):
        self.scatter = scatter
        rng = np.random.default_rng(seed)
        lines = pixels // 4 if lines is None else lines
        self.names = tuple(["teff", "logg", "vmic", "fe", "o", "eu", "alpha", "sc", "s", "ba"][:labels])
        self.wavelength = 4000 * 10 ** (1e-4 * np.arange(pixels))
        self.depth = 0.5 * rng.random(lines) ** 3
        shares = np.array([0, 0, 0, 0.6, 0.06, 0.03, 0.2, 0.05, 0.06, 0.04])[:labels] + 1e-9
        element = rng.choice(labels, lines, p=shares / shares.sum())
        self.response = np.zeros((lines, labels))
        for label, spread in enumerate((0.3, 0.15, 0.05)[:labels]):
            self.response[:, label] = rng.normal(0, spread, lines)
        if labels > 3:
            self.response[:, 3] += 0.5
            self.response[np.arange(lines), element] += np.where(element == 3, 0, 0.2)
        centres, widths = rng.uniform(0, pixels, (2, lines, 1))
        self.profiles = np.exp(-0.5 * ((np.arange(pixels) - centres) / (1.5 + widths / pixels)) ** 2)

    def labels(self, rng, stars):
        """Labels that go together, as stars' do."""
        labels = rng.normal(size=(stars, len(self.names)))
        if len(self.names) > 2:
            labels[:, 1] = 0.8 * labels[:, 1] - 0.6 * labels[:, 0]
            labels[:, 2] = 0.8 * labels[:, 0] - 0.3 * labels[:, 1] + 0.4 * labels[:, 2]
        labels[:, 4:] = 0.7 * labels[:, 4:] - 0.5 * labels[:, 3:4]
        return labels

    def flux(self, labels):
        widths = self.depth * np.exp(0.7 * labels @ self.response.T)
        return 1 - 0.6 * widths / (1 + widths) @ self.profiles

    def observe(self, rng, flux, snr):
        """Noise of the photons and of the model, 1 % of the pixels lost: flux, ivar."""
        error = np.sqrt(np.maximum(flux, 0.05)) / snr * rng.uniform(0.8, 1.25, flux.shape)
        ivar = np.where(rng.random(flux.shape) < 0.01, 0, 1 / error**2)
        return flux + np.hypot(error, self.scatter) * rng.normal(size=flux.shape), ivar

    def stars(self, stars, snr=60, seed=0):
        rng = np.random.default_rng(seed)
        labels = self.labels(rng, stars)
        return Stars(labels, *self.observe(rng, self.flux(labels), snr))

    def words(self):
        """What training wants beside the stars."""
        return {"label_names": self.names, "wavelength": self.wavelength}


def from_model(model, labels, snr, seed=1):
    """Stars whose spectra are those of a model, its scatter included."""
    rng = np.random.default_rng(seed)
    flux = model.predict(labels)
    error = 1 / (snr * rng.uniform(0.8, 1.25, flux.shape))
    ivar = np.where(rng.random(flux.shape) < 0.01, 0, 1 / error**2)
    noise = np.hypot(error, model.s) * rng.normal(size=flux.shape)
    return Stars(labels, flux + noise, ivar)
