"""Tables with a row for each label, as HTML."""

from dataclasses import replace

from data.schema import COLUMNS
from explorer.label_table import label_name, label_table

MG_FE = COLUMNS["mg_fe"]


def test_a_label_is_typeset_and_one_without_mathematics_is_escaped():
    assert label_name(MG_FE) == "[Mg/Fe]"
    assert label_name(COLUMNS["teff"], bold=True) == "<b>T<sub>eff</sub></b>"
    assert label_name(replace(MG_FE, tex="", plain="<i>")) == "&lt;i&gt;"


def test_cells_and_headings_are_escaped():
    table = label_table(["label", "a<b"], [(label_name(MG_FE, bold=True), ["1 & 2"]), ("x", ["", "3"])])
    assert table == (
        "<table><thead><tr><th>label</th><th>a&lt;b</th></tr></thead><tbody>"
        "<tr><th><b>[Mg/Fe]</b></th><td>1 &amp; 2</td></tr><tr><th>x</th><td></td><td>3</td></tr>"
        "</tbody></table>"
    )
