"""A small trained model in a file."""

import numpy as np

from explorer.cannon_file import CannonFile, Trained, save_model
from explorer.recipe import Recipe
from explorer.spectra import chosen_pixels
from model.cannon import Cannon
from tests.cannon_mock import Sky

NAMES = ("teff", "logg", "fe_h", "mg_fe")
STARS = 60


def model_of(seed=0):
    """The content of such a file; not validated."""
    wavelength = chosen_pixels(5150.0, 5250.0)
    stars = Sky(pixels=wavelength.size, scatter=0.01).stars(STARS, seed=seed)
    model = Cannon.train(stars.labels, *stars.spectra, label_names=NAMES, wavelength=wavelength)
    missing = np.full(stars.labels.shape, np.nan)
    trained = Trained(np.array([b"x"] * STARS), np.arange(STARS), stars.labels, missing, np.full(STARS, 60.0))
    return CannonFile(model, Recipe(NAMES, None, 0.0, (0.0, 1e6), (5150.0, 5250.0)), trained, None, {})


def write_model(path, seed=0):
    """Write a model; gives the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, model_of(seed))
    return path
