"""Tables of pairs: every kind, releases, rows of a table of stars; pairs with both stars in a catalogue."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from data.pair_table import STARS, PairTable, read_pairs, same_release, shipped_pairs
from data.pairs import pairs_by_id, pairs_by_place
from data.problem import DataError

BIG = 4_929_746_660_437_392_257
KINDS = [name for name in shipped_pairs() if name != STARS]


def table_of(first, second, release="DR3", **columns):
    """A table of pairs as reading gives."""
    ids = (np.asarray(each, np.int64) for each in (first, second))
    return PairTable("pairs.csv", "mine", *ids, release, 2016.0, columns, ())


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# mappings


@pytest.mark.parametrize("kind", shipped_pairs())
def test_a_kind_says_where_its_columns_come_from(kind):
    rules = shipped_pairs()[kind]
    assert rules.name == kind
    assert rules.source
    assert rules.published
    assert rules.citation
    assert rules.gaia_release
    assert rules.requires
    assert rules.notes
    spelt = {name for filling in rules.fillings.values() for name in filling.names}
    assert {name for choice in rules.requires for name in choice} <= spelt
    for filling in rules.fillings.values():
        assert filling.column.meaning.endswith(".")


def test_the_documentation_names_every_kind():
    text = (Path(__file__).resolve().parents[1] / "docs" / "catalogues.md").read_text(encoding="utf-8")
    section = text[text.index("### Tables of pairs") : text.index("## Conditions")]
    assert set(KINDS) <= set(re.findall(r"`([a-z0-9-]+)`", section))


# the published tables


def test_the_pairs_of_oh_2017_are_rows_of_its_stars(real_data):
    folder = real_data / "comoving-oh2017"
    table = read_pairs(folder / "t1-2-pair.txt", stars=folder / "t1-1-star.txt")
    assert (table.kind, table.gaia_release, table.epoch) == ("oh-2017", "DR1", 2015.0)
    assert len(table) == 13_058
    pairs = Table.read(folder / "t1-2-pair.txt", format="ascii.csv")
    stars = Table.read(folder / "t1-1-star.txt", format="ascii.csv")
    np.testing.assert_array_equal(table.first, stars["tgas_source_id"][pairs["star1"]])
    np.testing.assert_array_equal(table.second, stars["tgas_source_id"][pairs["star2"]])
    np.testing.assert_array_equal(table.columns["ra_2"], stars["ra"][pairs["star2"]])
    in_pc = np.asarray(table.columns["separation"], float) * np.pi / (180 * 3600)
    np.testing.assert_allclose(in_pc, pairs["separation"], rtol=1e-6)


def test_all_pairs_of_oh_2017_are_in_a_catalogue_of_its_stars(real_data):
    folder = real_data / "comoving-oh2017"
    table = read_pairs(folder / "t1-2-pair.txt", stars=folder / "t1-1-star.txt")
    stars = Table.read(folder / "t1-1-star.txt", format="ascii.csv")
    found = pairs_by_id(table, np.asarray(stars["tgas_source_id"]), "DR1")
    assert (len(found), found.report.found, found.report.pairs) == (13_058, 13_058, 13_058)
    pairs = Table.read(folder / "t1-2-pair.txt", format="ascii.csv")
    np.testing.assert_array_equal(found.first, pairs["star1"])
    np.testing.assert_array_equal(found.second, pairs["star2"])
    times = np.bincount(np.concatenate([pairs["star1"], pairs["star2"]]))
    assert found.report.shared == (times > 1).sum()
    placed = pairs_by_place(table, stars["ra"], stars["dec"])
    np.testing.assert_array_equal(placed.first, found.first)
    np.testing.assert_array_equal(placed.second, found.second)


def test_pairs_of_oh_2017_need_the_table_of_stars(real_data, tmp_path):
    path = real_data / "comoving-oh2017" / "t1-2-pair.txt"
    with pytest.raises(DataError, match=r"rows of a table of stars.*t1-1-star\.txt"):
        read_pairs(path)
    few = written(tmp_path / "few.csv", f"row_id,tgas_source_id,ra,dec\n0,{BIG},1,2\n")
    with pytest.raises(DataError, match=r"names the row 1 of its table of stars.*does not have"):
        read_pairs(path, stars=few)


@pytest.mark.parametrize(("release", "kind"), [("EDR3", "el-badry-2021"), ("DR2", "el-badry-2021-dr2")])
def test_el_badry_2021_has_identifiers_of_two_releases(real_data, release, kind):
    path = real_data / "wide-binary-schema" / "example_binary.fits"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Table.read(path)
    table = read_pairs(path, gaia_release=release)
    assert (table.kind, table.gaia_release) == (kind, release)
    prefix = "dr2_" if release == "DR2" else ""
    np.testing.assert_array_equal(table.first, theirs[f"{prefix}source_id1"])
    np.testing.assert_array_equal(table.second, theirs[f"{prefix}source_id2"])
    np.testing.assert_allclose(table.columns["separation"], theirs["sep_AU"], rtol=1e-6)
    np.testing.assert_allclose(table.columns["chance"], theirs["R_chance_align"], rtol=1e-6)
    assert read_pairs(path, kind).first.tolist() == table.first.tolist()
    with pytest.raises(DataError, match=r"el-badry-2021 \(Gaia EDR3\) and el-badry-2021-dr2 \(Gaia DR2\)"):
        read_pairs(path)


def test_gaia_dr3_takes_the_identifiers_of_edr3(real_data):
    path = real_data / "wide-binary-schema" / "example_binary.fits"
    table = read_pairs(path, gaia_release="DR3")
    assert table.kind == "el-badry-2021"
    found = pairs_by_id(table, np.concatenate([table.second, table.first]), "Gaia DR3")
    assert len(found) == len(table)


@pytest.mark.parametrize("kind", ["el-badry-2019", "kamdar-2019"])
@pytest.mark.parametrize(
    "names", ["source_id1,source_id2", "source_id_1,source_id_2", "source_id,source_id2"]
)
def test_dr2_pairs_are_read_under_several_names(tmp_path, kind, names):
    path = written(tmp_path / "p.csv", f"{names}\n{BIG},{BIG + 2}\n,0\n")
    table = read_pairs(path, kind)
    assert table.first.tolist() == [BIG, -1]
    assert table.second.tolist() == [BIG + 2, -1]
    assert table.gaia_release == "DR2"
    with pytest.raises(DataError, match=r"el-badry-2019.*and kamdar-2019.*choose one"):
        read_pairs(path)  # nothing but the person knows which


# one's own columns


def test_two_columns_may_be_named(tmp_path):
    path = written(tmp_path / "p.csv", f"a,b,c\n{BIG},{BIG + 1},x\n")
    table = read_pairs(path, ids=("a", "b"), gaia_release="DR2")
    assert (table.first[0], table.second[0], table.gaia_release) == (BIG, BIG + 1, "DR2")
    assert np.isnan(table.epoch)
    with pytest.raises(DataError, match="of which Gaia release"):
        read_pairs(path, ids=("a", "b"))
    with pytest.raises(DataError, match=r"'starA', which .* does not have"):
        read_pairs(path, ids=("starA", "b"), gaia_release="DR2")
    with pytest.raises(DataError, match="name two columns"):
        read_pairs(path, ids=("a", "a"), gaia_release="DR2")


def test_a_mapping_of_ones_own_reads_more(tmp_path):
    described = "plain = 'p', meaning = 'm.', range = [0, 1]"
    one = f"kind = 'identifier', dtype = 'int64', {described}"
    toml = written(
        tmp_path / "m.toml",
        f"gaia_release = 'DR3'\n[columns]\nsource_id_1 = {{from = 'a', {one}}}\n"
        f"source_id_2 = {{from = 'b', {one}}}\nseparation = {{from = 's', unit = 'AU', {described}}}\n",
    )
    path = written(tmp_path / "p.csv", f"a,b,s\n{BIG},{BIG + 1},120.5\n")
    table = read_pairs(path, mapping=toml)
    assert (table.first[0], table.columns["separation"][0], table.gaia_release) == (BIG, 120.5, "DR3")
    written(toml, f"[columns]\nseparation = {{from = 's', {described}}}\n")
    with pytest.raises(DataError, match="fills no source_id_1"):
        read_pairs(path, mapping=toml)


def test_identifiers_that_were_floats_are_refused(tmp_path):
    path = tmp_path / "p.fits"
    Table({"a": [float(BIG)], "b": [float(BIG)]}).write(path)
    with pytest.raises(DataError, match="float"):
        read_pairs(path, ids=("a", "b"), gaia_release="DR2")


def test_what_is_no_table_of_pairs_says_what_to_do(tmp_path):
    path = written(tmp_path / "p.csv", "teff,logg\n1,2\n")
    with pytest.raises(DataError, match=r"no table of pairs.*teff, logg.*name the two columns"):
        read_pairs(path)
    with pytest.raises(DataError, match=r"no kind of pairs 'oh-2017-stars': choose one of el-badry-2019"):
        read_pairs(path, STARS)
    with pytest.raises(DataError, match="lacks star1"):
        read_pairs(path, "oh-2017")
    with pytest.raises(DataError, match="give one of them"):
        read_pairs(path, "oh-2017", ids=("a", "b"))


def test_the_release_of_a_kind_cannot_be_talked_away(tmp_path):
    path = written(tmp_path / "p.csv", "source_id1,source_id2\n1,2\n")
    with pytest.raises(DataError, match="said to be of Gaia DR3, but those of kamdar-2019 are of Gaia DR2"):
        read_pairs(path, "kamdar-2019", gaia_release="DR3")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("EDR3", "DR3", True), ("Gaia DR2", "dr2", True), ("DR2", "DR3", False), ("DR1", "DR2", False)],
)
def test_releases_with_the_same_identifiers(one, other, same):
    assert same_release(one, other) == same_release(other, one) == same


# in a catalogue


def test_every_pair_is_counted_once_with_its_reason():
    ids = BIG + np.array([0, 1, 2, 3, 3])
    first = BIG + np.array([0, 1, 2, 9, 0, 3, 0, 2])
    second = BIG + np.array([1, 0, 3, 8, 9, 3, 2, 0])
    first[6] = -1
    found = pairs_by_id(table_of(first, second), ids, "DR3")
    report = found.report
    assert (found.first.tolist(), found.second.tolist(), found.row.tolist()) == (
        [0, 2, 2],
        [1, 3, 0],
        [0, 2, 7],
    )
    assert (report.repeated, report.absent, report.alone, report.single, report.nameless) == (1, 1, 1, 1, 1)
    assert (report.found, report.shared, report.doubtful) == (3, 2, 1)
    parts = (report.found, report.repeated, report.absent, report.alone, report.single, report.nameless)
    assert sum(parts) == report.pairs == 8
    assert str(report).startswith("3 of 8 pairs are in the catalogue; 1 with neither star in the catalogue; ")


def test_pairs_in_a_catalogue_are_those_of_a_plain_search():
    random = np.random.default_rng(6)
    ids = BIG + random.permutation(500)[:300]
    first, second = BIG + random.integers(0, 500, (2, 2000))
    row = {int(name): place for place, name in enumerate(ids)}
    expected, seen = [], set()
    for place, (one, other) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        both = frozenset({one, other})
        if both <= row.keys() and len(both) == 2 and both not in seen:
            seen.add(both)
            expected.append((row[one], row[other], place))
    found = pairs_by_id(table_of(first, second), ids, "EDR3")
    assert list(zip(found.first, found.second, found.row, strict=True)) == expected


def test_identifiers_of_other_releases_do_not_match():
    table = table_of([BIG], [BIG + 1], release="DR2")
    with pytest.raises(DataError, match=r"of Gaia DR2, the source_id of the catalogue of Gaia DR3"):
        pairs_by_id(table, np.array([BIG, BIG + 1]), "DR3")
    with pytest.raises(DataError, match="the catalogue does not say of which Gaia release"):
        pairs_by_id(table, np.array([BIG, BIG + 1]), "")


def test_pairs_are_found_by_place_across_releases():
    nan = np.nan
    places = {
        "ra_1": np.array([10.0, 20.0, nan]), "dec_1": np.array([0.0, 80.0, 0.0]),
        "ra_2": np.array([10.002, 20.0001, 1.0]), "dec_2": np.array([0.0, 80.0, 0.0]),
    }  # fmt: skip
    table = table_of([-1, -1, -1], [-1, -1, -1], release="DR1", **places)
    found = pairs_by_place(table, [10.002, 10.0, 20.00005], [0.0001, 0.0001, 80.0])
    assert (found.first.tolist(), found.second.tolist()) == ([1], [0])
    assert (found.report.single, found.report.nameless) == (1, 1)  # both stars of the second find one row
    lacking = {name: values for name, values in places.items() if name != "dec_2"}
    with pytest.raises(DataError, match="dec_2 are not there"):
        pairs_by_place(replace(table, columns=lacking), [10.0], [0.0])


def test_a_table_without_pairs_in_the_catalogue_gives_none():
    found = pairs_by_id(table_of([BIG], [BIG + 1]), np.zeros(0, np.int64), "DR3")
    assert (len(found), found.report.absent) == (0, 1)
