"""Files, columns and selections: everything about rows that is neither an equation nor on a screen.

schema      every column, described once
catalogue   a catalogue opened from any file, its columns mapped from disk
mapping     foreign columns fitted to ours, as data (TOML)
expression  the safe language of conditions and computed columns
predicate   one condition on a row
selection   which rows: what made each condition -> the condition
export      rows to a file, with their provenance
lamost      LAMOST spectra of every layout
labels      tables of stars with known labels, by obsid or file name
rows        results to a table
store       named arrays with their provenance in one file: a trained model
problem     the one error for what a person gave us
"""
