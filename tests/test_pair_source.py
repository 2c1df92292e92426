"""Where pairs come from: a table by id or by place, those planted in a mock, and none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.problem import DataError
from explorer.pair_source import PairFile, pairs_of
from model.epoch import propagate
from tests.binary_mock import binary_catalogue


@pytest.fixture(scope="module")
def stars():
    made = binary_catalogue(3, 400, 30)
    return replace(made, metadata={"gaia_release": "DR3"})


def table(stars, path, **more):
    """El-Badry's table of the planted pairs, in another order, with one pair of strangers."""
    planted = pairs_of(stars, None).found
    order = np.random.default_rng(1).permutation(30)
    one, two = planted.first[order], planted.second[order]
    columns = {
        "source_id1": [*stars["source_id"][two], 7],
        "source_id2": [*stars["source_id"][one], 8],
        "ra1": [*stars["ra"][two], 1.0], "dec1": [*stars["dec"][two], -80.0],
        "ra2": [*stars["ra"][one], 2.0], "dec2": [*stars["dec"][one], -80.0],
        "sep_AU": [*(100.0 * (1 + order)), 5.0],
        "R_chance_align": [*(order / 100), 0.5],
    } | more  # fmt: skip
    pd.DataFrame(columns).to_csv(path, index=False)
    return order


def test_planted_pairs_are_those_that_share_a_number(stars):
    found = pairs_of(stars, None)
    number = stars["true_binary"]
    assert len(found) == 30
    assert (number[found.found.first] == number[found.found.second]).all()
    assert (found.found.first != found.found.second).all()
    assert sorted(number[found.found.first]) == list(range(30))
    assert found.name.startswith("MOCK")
    assert "positions and mean distances" in found.separation_meaning


def test_a_lone_star_of_a_planted_pair_is_counted(stars):
    number = stars["true_binary"].copy()
    number[np.flatnonzero(number == 4)[0]] = -1
    found = pairs_of(replace(stars, columns={**stars.columns, "true_binary": number}), None)
    assert (found.found.report.found, found.found.report.alone) == (29, 1)


def test_real_catalogues_and_mocks_without_binaries_have_no_pairs(stars):
    assert pairs_of(replace(stars, mock=False), None) is None
    empty = {**stars.columns, "true_binary": np.full(400, -1)}
    assert pairs_of(replace(stars, columns=empty), None) is None


def test_a_table_is_read_by_identifier_with_its_separations(stars, tmp_path):
    order = table(stars, tmp_path / "pairs.csv")
    found = pairs_of(stars, PairFile(tmp_path / "pairs.csv"))
    planted = pairs_of(stars, None).found
    np.testing.assert_array_equal(found.found.first, planted.second[order])
    np.testing.assert_allclose(found.separation, 100.0 * (1 + order))
    np.testing.assert_allclose(found.chance, order / 100)
    assert (found.found.report.pairs, found.found.report.absent) == (31, 1)
    assert found.separation_meaning == "projected, of the table"


def test_a_table_is_read_by_place_at_its_own_epoch(stars, tmp_path):
    rng = np.random.default_rng(2)
    motion = {name: rng.normal(0, 200, 400) for name in ("pmra", "pmdec")}
    moving = replace(stars, columns={**stars.columns, **motion})
    ra, dec = propagate(stars["ra"], stars["dec"], *motion.values(), 2000.0, 2016.0)
    planted = pairs_of(stars, None).found
    places = {
        name: [*values[rows], far]
        for name, values, rows, far in (
            ("ra1", ra, planted.first, 1.0), ("dec1", dec, planted.first, -80.0),
            ("ra2", ra, planted.second, 2.0), ("dec2", dec, planted.second, -80.0),
        )
    }  # fmt: skip
    path = tmp_path / "pairs.csv"
    table(stars, path, **places)
    assert len(pairs_of(moving, PairFile(path, by_place=True))) < 5
    moved = pairs_of(moving, PairFile(path, by_place=True, epoch=2000.0))
    np.testing.assert_array_equal(moved.found.first, planted.first)
    np.testing.assert_array_equal(moved.found.second, planted.second)
    with pytest.raises(DataError, match="no proper motions"):
        pairs_of(stars, PairFile(path, by_place=True, epoch=2000.0))


def test_identifiers_of_another_release_are_refused(stars, tmp_path):
    table(stars, tmp_path / "pairs.csv")
    with pytest.raises(DataError, match="different stars"):
        pairs_of(replace(stars, metadata={"gaia_release": "DR2"}), PairFile(tmp_path / "pairs.csv"))
    nameless = {name: values for name, values in stars.columns.items() if name != "source_id"}
    with pytest.raises(DataError, match="no source_id"):
        pairs_of(replace(stars, columns=nameless), PairFile(tmp_path / "pairs.csv"))
