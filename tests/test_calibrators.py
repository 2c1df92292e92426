"""Which stars of a catalogue are put together as born together."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from data.catalogue import open_catalogue
from data.member_table import MemberTable
from data.problem import DataError
from explorer.calibration_options import CalibrationOptions
from explorer.calibrators import calibrators
from explorer.open_clusters import OPEN_CLUSTERS
from explorer.pair_source import pairs_of


@pytest.fixture(scope="module")
def rich(sibling_file, own_folders):
    return open_catalogue(sibling_file, cache=Path(own_folders["EXPLORER_CACHE"]))


@pytest.fixture(scope="module")
def pairs(rich):
    return pairs_of(rich, None)


def everyone(catalogue):
    return np.ones(len(catalogue), np.bool_)


def test_members_are_those_of_the_cuts_and_both_stars_of_a_binary_share_a_group(rich, pairs):
    found = calibrators(rich, everyone(rich), CalibrationOptions(), pairs, None)
    dwarf = np.asarray(rich["giantmodel"]) == 0
    cut = OPEN_CLUSTERS["Praesepe"].cut
    places = (np.asarray(rich[name], float) for name in ("ra", "dec", "pmra", "pmdec", "distance"))
    members = dwarf & np.logical_and.reduce(cut.steps(*places))
    assert len(np.unique(found.group[members])) == 1
    assert np.array_equal(found.group == found.group[members][0], members)
    assert dict(found.sources)["Praesepe"] == members.sum()
    clustered = np.isin(found.group, found.group[members]) | (
        found.group < found.group[pairs.found.first].max(initial=-1)
    )
    assert clustered.any()
    first, second = found.group[pairs.found.first], found.group[pairs.found.second]
    sizes = np.bincount(found.group[found.group >= 0])
    binary = (first >= 0) & (first == second) & (sizes[np.maximum(first, 0)] == 2)
    assert dict(found.sources)[f"wide binaries: {pairs.name}"] == 2 * binary.sum()
    assert (~dwarf & (found.group >= 0)).sum() == 0


def test_cuts_are_held_against_parts_of_the_stars_between_which_it_can_be_stopped(rich, pairs, monkeypatch):
    args = rich, everyone(rich), CalibrationOptions(), pairs, None
    whole, told = calibrators(*args), []
    dwarfs = int((np.asarray(rich["giantmodel"]) == 0).sum())
    monkeypatch.setattr("explorer.calibrators.AT_ONCE", dwarfs // 3)
    found = calibrators(*args, lambda *step: told.append(step))
    np.testing.assert_array_equal(found.group, whole.group)
    assert found.sources == whole.sources
    many = len(OPEN_CLUSTERS)
    assert {step[1:] for step in told} == {(many, "ready-made clusters")}
    assert [done for done, _, _ in told][:: len(told) // many] == [*range(many)]
    assert len(told) >= 3 * many

    def stop(*_step):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        calibrators(*args, stop)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_the_binaries_is_used_and_the_others_are_kept_whole(rich, pairs, share):
    options = CalibrationOptions(clusters=(), share=share, seed=3)
    if not share:
        with pytest.raises(DataError, match="born together"):
            calibrators(rich, everyone(rich), options, pairs, None)
        return
    found = calibrators(rich, everyone(rich), options, pairs, None)
    one, other = found.group[pairs.found.first], found.group[pairs.found.second]
    assert np.array_equal(one, other)
    dwarf = np.asarray(rich["giantmodel"]) == 0
    both = dwarf[pairs.found.first] & dwarf[pairs.found.second]
    assert (one >= 0).sum() == round(share * both.sum())
    assert found.kept == both.sum() - (one >= 0).sum()
    again = calibrators(rich, everyone(rich), options, pairs, None)
    np.testing.assert_array_equal(found.group, again.group)


def test_members_may_be_listed(rich, tmp_path):
    ids = np.asarray(rich["source_id"])
    dwarfs = np.flatnonzero(np.asarray(rich["giantmodel"]) == 0)
    listed = np.concatenate([ids[dwarfs[:6]], [1]])
    members = MemberTable(tmp_path, listed, "", np.array([0, 0, 0, 1, 1, 1, 1]), ("A", "B"))
    found = calibrators(rich, everyone(rich), CalibrationOptions(), None, members)
    assert found.group[dwarfs[:6]].tolist() == [0, 0, 0, 1, 1, 1]
    assert (found.group >= 0).sum() == 6
    assert found.sources == (("A", 3), ("B", 3))
    assert found.notes[0] == "1 of 7 members are not among the stars that pass the cuts"
    lone = MemberTable(tmp_path, ids[dwarfs[:3]], "", np.array([0, 0, 1]), ("A", "B"))
    alone = calibrators(rich, everyone(rich), CalibrationOptions(), None, lone)
    assert alone.group[dwarfs[:3]].tolist() == [0, 0, -1]


def test_of_several_rows_of_a_star_one_counts(rich):
    ids = np.array(rich["source_id"])
    plain = calibrators(rich, everyone(rich), CalibrationOptions(clusters=("Praesepe",)), None, None)
    members = np.flatnonzero(plain.group == 0)
    ids[members[1]] = ids[members[0]]
    columns = MappingProxyType({**rich.columns, "source_id": ids})
    found = calibrators(
        replace(rich, columns=columns), everyone(rich), CalibrationOptions(clusters=("Praesepe",)), None, None
    )
    assert np.flatnonzero(found.group == 0).tolist() == [members[0], *members[2:]]


def test_nothing_to_learn_from_is_told(rich):
    with pytest.raises(DataError, match="give a table of wide binaries or of members of clusters"):
        calibrators(rich, ~everyone(rich), CalibrationOptions(), None, None)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"kind": "white"}, "no kind of stars"),
        ({"clusters": ("M31",)}, "'M31' is not ready-made"),
        ({"share": 1.5}, "from 0 to 1"),
        ({"share": float("nan")}, "from 0 to 1"),
        ({"anchor": 10.0}, "from 2000 to 20000"),
        ({"draws": 3}, "from 50 to 10,000"),
        ({"seed": -1}, "the seed is -1"),
    ],
)
def test_choices_out_of_bounds_are_refused(choice, words):
    with pytest.raises(DataError, match=words):
        CalibrationOptions(**choice)
