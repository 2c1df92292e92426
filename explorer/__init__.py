"""The page, its views and the command line: all that a person sees or touches.

__main__  the command line; files of commands hold its commands, option_groups the options they share
app       the server, and what its visitors share
page      one visitor's page: session, views, controls
session   what a visitor looks at; the only thing that changes
link      all a visitor chose as a token: envelope seals it, admission reads it, address shows it
atlas     the diagrams, as data
stars     a catalogue made ready for drawing; kept bounds what it keeps
bitsets   conditions to sets of rows; regions and polygons hold its compiled tests
raster    stars in a window to a grid; kernels, codes and cells hold its compiled loops
palette   a grid to colours
painter   what one visitor asks for, off the event loop; overtaking ends what nobody waits for
subsets   stars kept under a name; algebra combines them, populations are ready-made
overlays  what is drawn of them: contours, and tints in place of labels; outlines puts lines on figures
comparison  the selected stars against the others; summary_card shows it, floors tells what limits it
star_drawer  where one star is studied: case is what is known of it, curves what is drawn, refit its live fit
spectroscopy  places of spectra and trained models of a server
reading   LAMOST files at rest on the survey's grid, by one process or more
spectra   those over their continuum, ready for The Cannon
cannon    spectra and labels to a model, and its validation
labelling labels of other spectra, by a model
build     survey files to a catalogue; pieces are its numbered parts, scheduler where they run
survey    what a catalogue is built from; survey_file reads it, joins and gaia bring it together
workplace the folder a catalogue is built in; verification checks what is there in the end
mock_survey   a mock survey's tables, built by the same door; mock_spectra makes its spectra
mock_observations  those of single mock stars, as a place of spectra
difference_map  two groups of stars compared pixel by pixel; difference_page shows it
landmarks  lines of the paper over planes, as data; rulings draws them, landmark_choice switches them
giant_map  giants of a map and its pixels, which T_eff and log g are taken out of; systematics_table writes it
systematics_page  the page that shows it; systematics_plots draws, systematics_words says what may be said
profile_page  means of a label along a quantity; profile_sums finds the stars, profile_plots draws them
space_planes_page  abundance planes in bins of R and |z|: space_planes finds the stars; edges reads bins
orbit_errors  errors of positions, velocities and actions, drawn for some stars
cluster_study  members of an open cluster and their labels; cluster_page shows it, open_clusters are ready
shared_labels  labels of the stars that two catalogues share; compare_table and compare_picture write them
"""
