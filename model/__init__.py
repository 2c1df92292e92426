"""The equations: what would stand in a paper's Methods section. No file, no screen.

kinematics   sky to Galactocentric phase space, and back
epoch        positions at another epoch, by proper motions
actions      Staeckel actions, energies and extremes of orbits, and where they lead
orbit        all of that for one star, with what its errors leave open
chemistry    giants and dwarfs (eq. 1), and their labels; families their mean abundances
extinction   A_K from colours
reference    the cuts that choose stars to train on (2.1)
repeats      observations of one star made one
systematics  maps of giants with T_eff and log g taken out, and what may be said of them; common_support,
             splines, plate_sums, within_pixels and plate_bootstrap are its parts
profiles     means of a label along a quantity, and gradients with intervals
effect_size  how far two samples lie apart; differences tells it place by place, and what is more than chance
clusters     members of open clusters, and how their labels drift; theil_sen finds slopes
label_difference  labels of the same stars in two catalogues
teff_correction  trends of labels with T_eff among stars born_together, and whether taking them off is of use
uncertainty  draws within the errors of what was observed, for errors of orbits
wavelength   air and vacuum, rest frame, resampling on to the survey's grid
continuum    the continuum of a spectrum, to divide it by; smoothing is how
cannon       The Cannon: train, predict, infer; training, inference, newton and terms are its parts
compiled     how loops of the model are compiled
latent       training where labels are uncertain; belief and expectation say what is thought of them
validation   cross-validation; errors, extrapolation and correlation say what follows from it
information  what a spectrum can say of each label, and where it says it
windows      the fit near the lines of each element; lines lists them
mock         a mock survey: the Galaxy below, as a LAMOST-like survey would see it
galaxy       its populations; motion, potential and dust
enrichment   its abundances; tracks and luminosity its light
survey       its footprint and depth; observation and measurement its errors
synthesis    mock spectra from labels: photosphere, atoms, composition and streams are its parts
line_list    their lines; line_strengths, iron_lines and molecular_lines are its tables, line_profile shapes
exposure     what a spectrograph makes of them; reference_noise what a survey makes of labels
"""
