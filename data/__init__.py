"""Files, columns and selections: everything about rows that is neither an equation nor on a screen.

schema      every column, described once
catalogue   a catalogue opened from any file, its columns mapped from disk
mapping     foreign columns fitted to ours, as data (TOML)
expression  the safe language of conditions and computed columns
predicate   one condition on a row: a range, a box, a polygon, a list, an expression
selection   which rows: what made each condition -> the condition
export      rows to a file, with their provenance
lamost      LAMOST spectra of every layout; plain_fits reads most of their files, packed_file unpacks them
spectra     where spectra come from: spectrum_folder, by its spectrum_index, and spectrum_archive, in the web
observation_name  what names a spectrum, and the star whose spectra are looked for
transfer    one file from the web, within bounds; address_template says from where, kept_files keeps it
surveys     tables of surveys as plain columns: LAMOST, GALAH, Gaia, distances, photometry
crossmatch  rows of one table to rows of another, by place on the sky or by identifier
matches     what a crossmatch found
shared_stars  stars that two catalogues share
labels      tables of stars with known labels, by obsid or file name
spans       where on the spectrum a label may act, from a table
rows        results to a table
description what files say of columns that the schema does not know
row_groups  some rows of a large Parquet file
store       named arrays with their provenance in one file: a trained model
problem     the errors for what a person gave us
"""
