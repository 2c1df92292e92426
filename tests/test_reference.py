"""The cuts of section 2.1 against a plain loop over stars, by hand, and on real S/N."""

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.reference import Cuts, restored_snr, select

ORDER = ["snrz", "snr_c1", "chi2_cannon", "flag_cannon", "chi2_windows", "labels"]


def survey(stars=200, seed=1, holes=0.1):
    """Stars around the limits, some of whose numbers are missing in one way or other."""
    random = np.random.default_rng(seed)
    columns = {
        "snrz": random.uniform(0, 120, stars).round(),
        "snr_c1": random.uniform(0, 120, stars),
        "chi2_cannon": random.uniform(0, 6, stars),
        "chi2_windows": random.chisquare(8, (stars, 4)),
        "labels": random.normal(size=(stars, 3)),
    }
    for values in columns.values():
        values[random.random(values.shape) < holes] = random.choice([np.nan, -9999.0])
    flags = random.choice([0, 0, 0, 1, 2, 4, 6, -1], stars)
    return columns | {"flag_cannon": flags, "pixels_windows": random.integers(0, 9, (stars, 4))}


def there(x):
    return np.isfinite(x) and x > -999


def plain(cuts, columns):
    """The same by one star at a time: what fails each cut."""
    stars = range(len(columns["snrz"]))
    fails = {name: set() for name in ORDER}
    for star in stars:
        snrz, blue, chi2 = (columns[name][star] for name in ORDER[:3])
        if snrz < cuts.snrz and snrz != 99 if there(snrz) else cuts.strict:
            fails["snrz"].add(star)
        if blue < cuts.snr_c1 if there(blue) else cuts.strict:
            fails["snr_c1"].add(star)
        if chi2 > cuts.chi2_cannon if there(chi2) else cuts.strict:
            fails["chi2_cannon"].add(star)
        flag = columns["flag_cannon"][star]
        if flag & cuts.flag_cannon if flag >= 0 else cuts.strict:
            fails["flag_cannon"].add(star)
        if not all(there(label) for label in columns["labels"][star]):
            fails["labels"].add(star)
    left = set(stars) - set.union(*(fails[name] for name in ORDER[:4]))
    chi2, pixels = columns["chi2_windows"], columns["pixels_windows"]
    known = {
        (star, e): chi2[star, e] / pixels[star, e]
        for star in stars
        for e in range(chi2.shape[1])
        if there(chi2[star, e]) and pixels[star, e] > 0
    }
    for e in range(chi2.shape[1]):
        mine = [value for (star, element), value in known.items() if element == e and star in left]
        if mine:
            limit = np.percentile(mine, cuts.window_percentile)
            fails["chi2_windows"] |= {star for (star, el), x in known.items() if el == e and x > limit}
    if cuts.strict:
        fails["chi2_windows"] |= set(stars) - {star for star, _ in known}
    return fails


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    stars=st.integers(1, 60),
    holes=st.sampled_from([0.0, 0.1, 0.6]),
    strict=st.booleans(),
    snrz=st.sampled_from([30.0, 110.0]),
    bits=st.sampled_from([-1, 2, 5]),
    percentile=st.sampled_from([0.0, 60.0, 85.0, 100.0]),
)
def test_cuts_are_those_of_a_plain_loop(seed, stars, holes, strict, snrz, bits, percentile):
    columns = survey(stars, seed, holes)
    cuts = Cuts(snrz=snrz, flag_cannon=bits, window_percentile=percentile, strict=strict)
    fails = plain(cuts, columns)
    found = select(cuts, columns)
    left = set(range(stars))
    for step in found.steps:
        left -= fails[step.name]
        others = set.union(*(fails[name] for name in ORDER if name != step.name))
        assert (step.failed, step.alone, step.left) == (
            len(fails[step.name]),
            len(fails[step.name] - others),
            len(left),
        )
    assert set(np.flatnonzero(found.kept)) == left
    assert [step.name for step in found.steps] == ORDER


def test_the_papers_cuts_by_hand():
    """One star fails each cut, one fails two, one lies on every limit, one is good."""
    good = {"snrz": 50, "snr_c1": 50, "chi2_cannon": 1, "flag_cannon": 0, "labels": 0.0}
    changes = [
        {"snrz": 29.9},
        {"snr_c1": 29.9},
        {"chi2_cannon": 4.1},
        {"flag_cannon": 1},
        {"labels": np.nan},
        {"snrz": 3, "chi2_cannon": 9},
        {"snrz": 30, "snr_c1": 30, "chi2_cannon": 4},
        {},
    ]
    columns = {name: np.array([(good | one)[name] for one in changes]) for name in good}
    columns["labels"] = columns["labels"][:, np.newaxis]
    columns["chi2_windows"] = np.zeros((8, 1))
    found = select(Cuts(), columns)
    assert np.flatnonzero(found.kept).tolist() == [6, 7]
    assert [(step.rule, step.failed, step.alone, step.left) for step in found.steps] == [
        ("snrz >= 30", 2, 1, 6),
        ("snr_c1 >= 30", 1, 1, 5),
        ("chi2_cannon <= 4", 2, 1, 4),
        ("flag_cannon = 0", 1, 1, 3),
        ("chi2 of no element above percentile 85", 0, 0, 3),
        ("every label present", 1, 1, 2),
    ]


def test_percentile_is_of_the_stars_left_so_far():
    """A hundred bad stars with a great chi2 do not lift the limit of a hundred good ones."""
    chi2 = np.concatenate([np.arange(100.0), np.full(100, 1e6)])[:, np.newaxis]
    columns = {"snrz": np.repeat([50.0, 10.0], 100), "chi2_windows": chi2}
    found = select(Cuts(), columns)
    assert found.window_limits == pytest.approx([np.percentile(np.arange(100), 85)])
    assert found.kept.sum() == 85
    assert found.steps[4].failed == 115


def test_a_star_outside_in_any_element_is_removed():
    """Of four independent elements each leaves 85 %, so 0.85^4 of the stars are left."""
    chi2 = np.random.default_rng(3).chisquare(8, (40_000, 4))
    assert select(Cuts(), {"chi2_windows": chi2}).kept.mean() == pytest.approx(0.85**4, abs=0.01)


def test_missing_pixels_are_no_good_fit():
    """chi2 is per pixel where their number is known: half the pixels have half the chi2."""
    chi2, pixels = np.array([[10.0], [10.0], [5.0], [12.0]]), np.array([[10], [10], [5], [6]])
    found = select(Cuts(window_percentile=70), {"chi2_windows": chi2, "pixels_windows": pixels})
    assert found.kept.tolist() == [True, True, True, False]
    assert found.window_limits.tolist() == [pytest.approx(1.1)]


def test_every_cut_can_be_left_out():
    off = Cuts(
        snrz=None, snr_c1=None, chi2_cannon=None, flag_cannon=None, window_percentile=None, labels=False
    )
    found = select(off, survey())
    assert found.kept.all()
    assert found.steps == ()


def test_what_is_lacking_is_counted_and_kept():
    snrz = [-9999.0, np.nan, np.inf, 99.0, 10.0]
    found = select(Cuts(), {"snrz": snrz})
    assert found.kept.tolist() == [True, True, True, True, False]
    assert [step.lacking for step in found.steps] == [3, 5, 5, 5, 5, 5]
    only = {"snr_c1": None, "chi2_cannon": None, "flag_cannon": None, "window_percentile": None}
    strict = select(Cuts(**only, labels=False, strict=True), {"snrz": snrz})
    assert strict.kept.tolist() == [False, False, False, True, False]


def test_capped_snr_passes_limits_above_the_cap():
    kept = select(Cuts(snrz=150), {"snrz": [99.0, 99.5, 160.0, -9999.0]}).kept
    assert kept.tolist() == [True, False, True, True]
    assert select(Cuts(snrz=150, snrz_cap=None), {"snrz": [99.0]}).kept.tolist() == [False]


def test_whether_labels_are_there_can_be_given():
    columns = {"labels": np.array([True, False])}
    assert select(Cuts(), columns).kept.tolist() == [True, False]


def test_no_star_is_no_mistake():
    none = {name: values[:0] for name, values in survey().items()}
    found = select(Cuts(), none)
    assert found.kept.shape == (0,)
    assert {step.left for step in found.steps} == {0}


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(ValueError, match="snr_z"):
        select(Cuts(), {"snr_z": [1.0]})
    with pytest.raises(ValueError, match="nothing"):
        select(Cuts(), {})
    with pytest.raises(ValueError, match="same stars"):
        select(Cuts(), {"snrz": [1.0], "snr_c1": [1.0, 2.0]})
    with pytest.raises(ValueError, match="same stars"):
        select(Cuts(), {"chi2_windows": [1.0]})
    with pytest.raises(ValueError, match="chi2_windows of the same shape"):
        select(Cuts(), {"pixels_windows": [[1.0]]})
    with pytest.raises(ValueError, match="strict cuts need snr_c1"):
        select(Cuts(strict=True), {"snrz": [1.0]})
    with pytest.raises(ValueError, match="no limit"):
        Cuts(snrz=np.nan)
    with pytest.raises(ValueError, match="0 to 100"):
        Cuts(window_percentile=850)


def test_real_best_stars_are_not_dropped(real_data):
    """LAMOST DR1 has -9999 where the header's S/N is capped at 99."""
    with (real_data / "lamost-spectra" / "labelled_spectra.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["src"] == "learninglamost"]
    snrz, header = (np.array([float(row[name]) for row in rows]) for name in ("snrz", "header_SN_Z"))
    sentinel = snrz == -9999
    assert sentinel.any()
    assert np.all(header[sentinel] == 99)
    found = select(Cuts(), {"snrz": snrz})
    assert found.steps[0].lacking == sentinel.sum()
    assert found.kept[sentinel].all()
    assert (found.kept == select(Cuts(strict=False), {"snrz": restored_snr(snrz, header)}).kept).all()
    assert restored_snr(snrz, header)[sentinel].tolist() == [99.0] * sentinel.sum()
