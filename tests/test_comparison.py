"""The summary: numbers against plain numpy, the effect size against its closed form and a simulation."""

import re
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from queue import Queue
from threading import Event

import numpy as np
import pytest

from data.predicate import OneOf, Range
from data.schema import ELEMENTS, LABELS
from data.selection import Clause, Selection
from explorer import kernels
from explorer.afterwards import Afterwards
from explorer.comparison import compare
from explorer.floors import FLOORS, floors_of
from explorer.notation import plain
from explorer.overtaking import OvertakenError, attend
from explorer.stars import Stars
from explorer.summary_card import spoken, table_of
from model.effect_size import Sample, effect
from tests.small_catalogue import catalogue_of

N = 5000
RNG = np.random.default_rng(3)


def with_holes(values):
    values = np.asarray(values, np.float32)
    values[RNG.random(N) < 0.15] = np.nan
    values[:3] = np.inf
    return values


COLUMN = {
    "R": with_holes(RNG.uniform(6, 14, N)),
    "teff": with_holes(RNG.normal(4800, 300, N)),
    "fe_h": with_holes(RNG.normal(-0.4, 0.3, N)),
    "ba_fe": np.full(N, np.nan, np.float32),
    "alpha_fe": with_holes(RNG.normal(0.1, 0.07, N)),
    "giantmodel": RNG.integers(-1, 2, N).astype(np.int8),
}
GIANTS = Clause("cut:giantmodel", OneOf("giantmodel", (1,)))
BRUSH = Clause("rz", Range("R", 8.0, 9.5))
HERE = Clause("cut:fe_h", Range("fe_h", 0.0), frozenset({"xy"}))


@pytest.fixture(scope="module")
def stars():
    return Stars(catalogue_of(COLUMN))


def within(values, low, high):
    return (values.astype(float) >= low) & (values.astype(float) <= high)


GIANT = COLUMN["giantmodel"] == 1
BRUSHED = within(COLUMN["R"], 8, 9.5)
ALL = np.ones(N, bool)


@pytest.mark.parametrize(
    ("clauses", "selected", "others", "against", "kinds"),
    [
        ((), ALL, ~ALL, "nothing", {"giants", "dwarfs"}),
        ((HERE,), ALL, ~ALL, "nothing", {"giants", "dwarfs"}),
        ((GIANTS, HERE), GIANT, ~GIANT, "rest", {"giants", "dwarfs"}),
        ((GIANTS, BRUSH), GIANT & BRUSHED, GIANT & ~BRUSHED, "brushes", {"giants"}),
        ((BRUSH,), BRUSHED, ~BRUSHED, "brushes", {"giants", "dwarfs"}),
        (
            (GIANTS, Clause("rz", Range("R", 8.0, 9.5), enabled=False)),
            GIANT, ~GIANT, "rest", {"giants", "dwarfs"},
        ),
        (
            (GIANTS, Clause("histogram", Range("R", 8.0, 9.5), inverted=True)),
            GIANT & np.isfinite(COLUMN["R"]) & ~BRUSHED | GIANT & np.isinf(COLUMN["R"]),
            GIANT & (BRUSHED | np.isnan(COLUMN["R"])), "brushes", {"giants"},
        ),
    ],
)  # fmt: skip
def test_the_two_groups_and_their_numbers_are_those_of_numpy(
    stars, clauses, selected, others, against, kinds
):
    found = compare(stars, Selection(clauses))
    assert (found.selected, found.others, found.against) == (selected.sum(), others.sum(), against)
    assert found.kinds == kinds
    assert [row.label.name for row in found.rows] == ["teff", "fe_h", "alpha_fe", "ba_fe"]
    for row in found.rows:
        for keep, sample in ((selected, row.selected), (others, row.others)):
            values = COLUMN[row.label.name][keep].astype(float)
            values = values[np.isfinite(values)]
            assert sample.n == values.size
            if values.size:
                assert sample.mean == pytest.approx(values.mean(), rel=1e-12)
                assert sample.scatter == pytest.approx(values.std(ddof=1), rel=1e-9)
                assert sample.standard_error == pytest.approx(values.std(ddof=1) / np.sqrt(values.size))
            else:
                assert np.isnan([sample.mean, sample.scatter, sample.standard_error]).all()


def test_sums_far_from_zero_stay_exact():
    values = (1e6 + RNG.normal(0, 0.01, 4096)).astype(np.float64)
    words = kernels.pack(np.ones(4096, bool))
    sample = Sample.of_sums(*kernels.totals(words, values, 1e6), 1e6)
    assert sample.scatter == pytest.approx(values.std(ddof=1), rel=1e-6)


def test_a_comparison_that_is_overtaken_ends(stars):
    """Between its labels, and before it has found all of who is compared."""
    asked = []
    compare(stars, Selection((GIANTS,)), lambda: asked.append(1))
    for most in range(len(asked)):
        asked.clear()
        with pytest.raises(OvertakenError):
            compare(stars, Selection((GIANTS,)), lambda most=most: asked.append(1) or len(asked) > most)
        assert len(asked) == most + 1
    many = [Clause(f"cut:{k}", Range("R", None, 9 + k / 100)) for k in range(50)]
    with pytest.raises(OvertakenError):
        compare(stars, Selection(tuple(many)), lambda: asked.append(1) or True)
    assert len(asked) == most + 2


# the effect size


def test_effect_size_in_numbers():
    """By hand: pooled scatter 2, d = 1, J = 1 - 3 / 71."""
    found = effect(Sample(10, 11.0, 2.0), Sample(10, 9.0, 2.0))
    factor = 1 - 3 / 71
    assert found.difference == 2
    assert found.difference_error == pytest.approx(2 * np.sqrt(0.2))
    assert found.significance == pytest.approx(2 / (2 * np.sqrt(0.2)))
    assert found.size == pytest.approx(factor)
    assert found.size_error == pytest.approx(factor * np.sqrt(20 / 100 + 1 / 40))
    back = effect(Sample(10, 9.0, 2.0), Sample(10, 11.0, 2.0))
    assert (back.size, back.difference) == (-found.size, -found.difference)


@pytest.mark.parametrize(("n1", "n2", "delta"), [(8, 12, 0.5), (40, 15, 1.2), (500, 2000, 0.0)])
def test_effect_size_is_unbiased_and_its_error_is_its_scatter(n1, n2, delta):
    """Over many simulated pairs of normal samples."""
    rng = np.random.default_rng(n1)
    sizes, errors = [], []
    for _ in range(3000):
        first, second = rng.normal(delta, 1, n1), rng.normal(0, 1, n2)
        found = effect(*(Sample(len(x), x.mean(), x.std(ddof=1)) for x in (first, second)))
        sizes.append(found.size)
        errors.append(found.size_error)
    assert np.mean(sizes) == pytest.approx(delta, abs=4 * np.std(sizes) / np.sqrt(3000))
    assert np.mean(errors) == pytest.approx(np.std(sizes), rel=0.07)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Sample(1, 1.0, np.nan), Sample(9, 1.0, 1.0)),
        (Sample(9, 1.0, 1.0), Sample(0, np.nan, np.nan)),
        (Sample(9, 1.0, 0.0), Sample(9, 2.0, 0.0)),
    ],
)
def test_no_effect_size_where_there_is_no_scatter(first, second):
    found = effect(first, second)
    assert np.isnan([found.size, found.size_error, found.significance]).all()


# what is known of systematic errors


def test_floors_are_of_labels_each_model_has_and_name_their_source():
    giants = {"teff", "logg", "vmic", "fe_h", *(f"{key}_fe" for key in ("o", "eu", "mg", "al", "mn", "ba"))}
    dwarfs = {"teff", "logg", "vmic", "fe_h", *(f"{key}_fe" for key in ("o", "eu", "alpha", "sc", "s"))}
    for stars, labels in (("giants", giants), ("dwarfs", dwarfs)):
        own = [floor.label for floor in FLOORS if floor.stars == stars]
        assert sorted(own) == sorted(labels)
    assert giants | dwarfs == {column.name for column in LABELS}
    assert len(ELEMENTS) == 9
    for floor in FLOORS:
        assert floor.known == (floor.high is not None)
        assert floor.source.startswith("the paper") or not floor.known


def test_numbers_of_floors_are_the_papers():
    assert {(floor.label, floor.low, floor.high) for floor in FLOORS if floor.known} == {
        ("alpha_fe", 0.07, 0.07),
        *((f"{key}_fe", 0.1, 0.5) for key in ("o", "eu", "sc", "s")),
    }
    assert not any(floor.known for floor in floors_of("ba_fe", ["giants", "dwarfs"]))
    assert [floor.stars for floor in floors_of("fe_h", ["giants"])] == ["giants"]


# the table


class Cells(HTMLParser):
    """The cells of a table, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.scopes = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.scopes.append((tag, dict(attributes).get("scope")))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def test_table_has_headers_and_as_many_digits_as_the_errors_deserve(stars):
    found = compare(stars, Selection((GIANTS, BRUSH)))
    text = table_of(found)
    cells = Cells(text)
    assert cells.open == []
    assert all(scope for tag, scope in cells.scopes if tag == "th")
    assert "Statistical errors only" in text
    assert "but not every brush" in text
    rows = dict(
        zip(
            [row[0] for row in cells.rows[1::2]],
            zip(cells.rows[1::2], cells.rows[2::2], strict=True),
            strict=True,
        )
    )
    assert list(rows) == ["Teff [K]", "[Fe/H]", "[α/Fe]"]
    assert plain(text).endswith("None of these stars has [Ba/Fe].")
    iron = next(row for row in found.rows if row.label.name == "fe_h")
    number = r"(−?[\d.]+) ± ([\d.]+)"
    upper, lower = rows["[Fe/H]"]
    for told, sample in ((upper[1:], iron.selected), (lower, iron.others)):
        assert told[1] == f"{sample.n:,}"
        mean, error = re.fullmatch(number, told[2]).groups()
        assert float(mean.replace("−", "-")) == pytest.approx(sample.mean, abs=float(error))
        assert len(error.replace("0.", "").lstrip("0")) == 2
    assert re.fullmatch(number, upper[5])
    assert re.fullmatch(number, upper[7])
    assert upper[8].endswith("σ")
    assert spoken(found).startswith(f"{found.selected:,} stars selected, {found.others:,} others.")


def test_table_of_dwarfs_and_giants_says_which_floor_is_whose(stars):
    rows = {row[0]: row for row in Cells(table_of(compare(stars, Selection((BRUSH,))))).rows[1::2]}
    assert rows["[Fe/H]"][6] == "not knownbc"
    assert rows["[α/Fe]"][6].startswith("0.07 dex")
    assert rows["[α/Fe]"][6].endswith("may explain it")


@pytest.mark.parametrize("clauses", [(), (Clause("cut:R", Range("R", 99.0)),)])
def test_nothing_to_compare_is_said_and_breaks_nothing(stars, clauses):
    found = compare(stars, Selection(clauses))
    text = table_of(found)
    assert Cells(text).open == []
    assert "nan" not in text.lower()
    assert spoken(found).endswith("others.")


# after the maps


def test_newest_wins_and_what_is_overtaken_is_not_delivered():
    delivered, failed = Queue(), Queue()
    with ThreadPoolExecutor(2) as crews:
        work = Afterwards(crews, delivered.put, failed.put)
        begun, go = Event(), Event()

        def slow(overtaken):
            begun.set()
            assert go.wait(30)
            attend(overtaken)
            return "slow"

        work.ask(slow)
        assert begun.wait(30)
        work.ask(lambda _: "never begun")
        work.ask(lambda overtaken: "newest" if not overtaken() else "overtaken")
        go.set()
        assert delivered.get(timeout=30) == "newest"
        work.ask(lambda _: 1 / 0)
        assert isinstance(failed.get(timeout=30), ZeroDivisionError)
        work.ask(lambda _: "still at work")
        assert delivered.get(timeout=30) == "still at work"
    assert delivered.empty()
    assert failed.empty()


def test_what_is_overtaken_by_nothing_comes_to_nothing():
    delivered = Queue()
    with ThreadPoolExecutor(1) as crews:
        work = Afterwards(crews, delivered.put, delivered.put)
        begun, go = Event(), Event()

        def slow(_overtaken):
            begun.set()
            return go.wait(30) and "slow"

        work.ask(slow)
        assert begun.wait(30)
        work.overtake()
        go.set()
    assert delivered.empty()


def test_what_was_found_and_then_given_up_is_not_delivered():
    waiting, delivered = Queue(), Queue()
    with ThreadPoolExecutor(1) as crews:
        work = Afterwards(crews, delivered.put, delivered.put, waiting.put)
        for outcome in (lambda _: "found", lambda _: 1 / 0):
            work.ask(outcome)
            deliver = waiting.get(timeout=30)
            work.overtake()
            deliver()
        assert delivered.empty()
        work.ask(lambda _: "kept")
        waiting.get(timeout=30)()
    assert delivered.get_nowait() == "kept"


def test_nothing_is_begun_or_delivered_for_a_visitor_who_left():
    delivered = Queue()
    with ThreadPoolExecutor(1) as crews:
        work = Afterwards(crews, delivered.put, delivered.put)
        begun, go = Event(), Event()

        def slow(overtaken):
            begun.set()
            assert go.wait(30)
            return f"overtaken: {overtaken()}"

        work.ask(slow)
        assert begun.wait(30)
        work.ask(lambda _: "waiting")
        work.close()
        work.ask(lambda _: "late")
        go.set()
    assert delivered.empty()
