"""The equations: what would stand in a paper's Methods section. No file, no screen.

kinematics   sky to Galactocentric phase space, and back
actions      Staeckel actions, energies and extremes of orbits
chemistry    giants and dwarfs (eq. 1)
mock         a mock survey: the Galaxy below, as a LAMOST-like survey would see it
galaxy       its populations; motion, potential and dust
enrichment   its abundances; tracks and luminosity its light
survey       its footprint and depth; observation and measurement its errors
"""
