"""The page, its views and the command line: all that a person sees or touches.

__main__  the command line
app       the server, and what its visitors share
page      one visitor's page: session, views, controls
session   what a visitor looks at; the only thing that changes
atlas     the diagrams, as data
stars     a catalogue made ready for drawing
raster    stars in a window to a grid; kernels holds its compiled loops
palette   a grid to colours
spectra   LAMOST files made ready for The Cannon
cannon    spectra and labels to a model, its validation, and labels of other spectra
"""
