"""Labels as a person reads them: mathematics in HTML, axis labels, numbers with their errors."""

import html
import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.schema import COLUMNS
from explorer.notation import measured, to_html, upright, with_unit


class Reader(HTMLParser):
    """What a browser makes of a text: its tags, and the words between them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.words = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert not attrs
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize("column", COLUMNS.values(), ids=lambda column: column.name)
def test_every_column_can_be_read(column):
    text = to_html(column.tex)
    assert not re.search(r"[\\{}$^_]", text)
    read = Reader(text)
    assert not read.open
    assert set(read.tags) <= {"sub", "sup"}
    assert read.words.strip()


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"[\mathrm{Mg}/\mathrm{Fe}]", "[Mg/Fe]"),
        (r"[\alpha/\mathrm{Fe}]", "[α/Fe]"),
        (r"T_\mathrm{eff}", "T<sub>eff</sub>"),
        (r"v_\phi", "v<sub>φ</sub>"),
        (r"\log g", "log g"),
        (r"J_z", "J<sub>z</sub>"),
        (r"\mu_{\alpha*}", "μ<sub>α*</sub>"),
        (r"\chi^2_{[\mathrm{Fe}/\mathrm{H}]}", "χ<sup>2</sup><sub>[Fe/H]</sub>"),
        (r"\sigma(T_\mathrm{eff})", "σ(T<sub>eff</sub>)"),
        (r"T_\mathrm{eff}^\mathrm{true}", "T<sub>eff</sub><sup>true</sup>"),
        (r"\mathrm{no\ actions}", "no actions"),
        (r"\mathrm{eu\_fe}", "eu&#95;fe"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("a_<b", "a<sub>&lt;</sub>b"),
        ("a_{}", "a<sub></sub>"),
    ],
)
def test_mathematics_as_html(tex, expected):
    assert to_html(tex) == expected


@given(st.text(st.sampled_from("<>&\"'/ab_^{} \\scriptmu"), max_size=40))
def test_markup_in_a_label_stays_text(tex):
    read = Reader(to_html(tex))
    assert set(read.tags) <= {"sub", "sup"}
    assert re.search(r"<(?!/?su[bp]>)", to_html(tex)) is None


@given(st.text(st.sampled_from("abcXYZ09 /+().,:[]-_<>=*'\""), min_size=1, max_size=40))
def test_plain_words_come_back(words):
    assert html.unescape(to_html(upright(words))) == words


@given(st.text(max_size=40))
def test_no_words_break_the_mathematics(words):
    inner = upright(words).removeprefix(r"\mathrm{").removesuffix("}")
    assert re.fullmatch(r"(\\[ _]|[^\\_^~%#&${} ])*", inner)


@pytest.mark.parametrize("column", COLUMNS.values(), ids=lambda column: column.name)
def test_axis_labels_are_balanced(column):
    label = with_unit(column.tex, column.unit)
    assert label.startswith("$$")
    assert label.endswith("$$")
    assert label.count("$") == 4
    assert label.count("{") == label.count("}")
    assert label.count("[") == label.count("]")
    assert (r"\ [\mathrm{" in label) == (column.unit not in ("", "dex"))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("", "$$R$$"),
        ("dex", "$$R$$"),
        ("kpc", r"$$R\ [\mathrm{kpc}]$$"),
        ("kpc km/s", r"$$R\ [\mathrm{kpc\,km/s}]$$"),
        ("km2/s2", r"$$R\ [\mathrm{km^{2}/s^{2}}]$$"),
    ],
)
def test_axis_labels(unit, expected):
    assert with_unit("R", unit) == expected


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (0.12345, 0.0123, "0.123 ± 0.012"),
        (-0.12345, 0.0123, "−0.123 ± 0.012"),
        (5123.4, 12.3, "5123 ± 12"),
        (5123.4, 1.23, "5123.4 ± 1.2"),
        (12345, 678, "12340 ± 680"),
        (1.23456, 0.0996, "1.23 ± 0.10"),
        (1.5, 9.96, "2 ± 10"),
        (-0.001, 0.12, "0.00 ± 0.12"),
        (1e-7, 2.34e-8, "0.000000100 ± 0.000000023"),
        (0.12345, math.nan, "0.1235"),
        (0.12345, 0, "0.1235"),
        (-5.0, math.inf, "−5"),
        (math.nan, math.nan, "nan"),
    ],
)
def test_numbers_with_their_errors(value, error, expected):
    assert measured(value, error) == expected
    assert measured(value, error, bare=True) == expected.split(" ± ")[0]


@given(st.floats(-1e5, 1e5), st.floats(1e-5, 1e4))
def test_no_more_digits_than_the_error_deserves(value, error):
    """Two digits of the error, and the value to the same place."""
    shown, spread = (text.replace("−", "-") for text in measured(value, error).split(" ± "))
    place = 10.0 ** (math.floor(math.log10(float(spread))) - 1)
    assert abs(float(spread) - error) <= 0.5 * place * (1 + 1e-9)
    assert abs(float(shown) - value) <= 0.5 * place * (1 + 1e-6) + 1e-9
    for number in (shown, spread):
        assert abs(float(number) / place - round(float(number) / place)) < 1e-3
    assert len(shown.partition(".")[2]) == len(spread.partition(".")[2])
