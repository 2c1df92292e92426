"""Tables of members of clusters, of several formats."""

import numpy as np
import pytest
from astropy.table import Table

from data.member_table import read_members
from data.problem import DataError

BIG = 661322846519248896


def test_each_format_gives_the_same(tmp_path):
    table = Table(
        {"Source": [BIG, BIG + 1, BIG + 2, 7], "Cluster": ["NGC_2632", "NGC_2632", "Melotte_22", "NGC_2632"]}
    )
    for name in ("a.csv", "a.fits", "a.parquet", "a.ecsv", "a.vot"):
        path = tmp_path / name
        table.write(path, **({"format": "votable"} if name.endswith("vot") else {}))
        found = read_members(path)
        assert found.names == ("Melotte_22", "NGC_2632")
        np.testing.assert_array_equal(found.source_id, [7, BIG, BIG + 1, BIG + 2])
        np.testing.assert_array_equal(found.cluster, [1, 1, 1, 0])


def test_rows_that_lack_something_are_left_out(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("source_id,cluster,proba\n5,A,1\n,A,1\n6,,1\n8,B,0.5\n5,A,1\n")
    found = read_members(path)
    assert (found.source_id.tolist(), found.names, found.release) == ([5, 8], ("A", "B"), "")


def test_identifiers_are_those_of_the_release_that_is_asked_for(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("GaiaDR2,GaiaDR3,Cluster\n5,6,A\n7,8,A\n")
    for asked, ids, release in (("DR2", [5, 7], "DR2"), ("Gaia EDR3", [6, 8], "DR3"), ("", [6, 8], "DR3")):
        found = read_members(path, asked)
        assert (found.source_id.tolist(), found.release) == (ids, release)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,cluster\n1,A\n", "no column of the identifier: call it source_id; it has id, cluster"),
        ("source_id,age\n1,3\n", "no column of the cluster"),
        ("source_id,cluster\n1.5e18,A\n", "a Gaia identifier is a whole number"),
        ("source_id,cluster\n99999999999999999999,A\n", "a Gaia identifier is a whole number"),
        ("source_id,cluster\n1,A\n1,B\n", "has the star 1 in B and in A: keep one"),
        (f"source_id,cluster\n{'9' * 5000},A\n", "a Gaia identifier is a whole number"),
        ("source_id,cluster\n1,A\x1b]0;own\n2,A\n", "letters that can be shown"),
        (f"source_id,cluster\n1,{'A' * 61}\n", "up to 60 letters"),
        ("source_id,cluster\n,A\n", "no row with an identifier and a cluster"),
    ],
)
def test_what_is_no_table_of_members_is_told(tmp_path, content, words):
    path = tmp_path / "members.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=words):
        read_members(path)
