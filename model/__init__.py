"""The equations: what would stand in a paper's Methods section. No file, no screen.

kinematics   sky to Galactocentric phase space, and back
actions      Staeckel actions, energies and extremes of orbits
chemistry    giants and dwarfs (eq. 1)
wavelength   air and vacuum, rest frame, resampling on to the survey's grid
continuum    the continuum of a spectrum, to divide it by
cannon       The Cannon: train, predict, infer; training, inference, newton and terms are its parts
validation   cross-validation; errors, extrapolation and correlation say what follows from it
windows      the fit near the lines of each element; lines lists them
mock         a mock survey: the Galaxy below, as a LAMOST-like survey would see it
galaxy       its populations; motion, potential and dust
enrichment   its abundances; tracks and luminosity its light
survey       its footprint and depth; observation and measurement its errors
"""
