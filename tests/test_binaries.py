"""The study of wide binaries over a catalogue: against brute force, on mocks, and its errors end to end."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from data.catalogue import open_catalogue
from data.problem import DataError
from explorer.binaries import study_binaries
from explorer.binary_options import BinaryOptions
from explorer.binary_words import medians
from explorer.pair_source import pairs_of
from explorer.star_models import StarModels
from tests.binary_mock import ABUNDANCES, EVERYONE, SIGMA, binary_catalogue, quiet

NONE = StarModels()


def study(catalogue, options=EVERYONE, chosen=None, progress=quiet, models=NONE, **more):
    everyone = np.ones(len(catalogue), bool) if chosen is None else chosen
    return study_binaries(catalogue, pairs_of(catalogue, None), everyone, options, models, progress, **more)


@pytest.fixture(scope="module")
def small():
    return binary_catalogue(1, 4000, 80)


@pytest.fixture(scope="module")
def found(small):
    return study(small)


def partners(catalogue):
    """Rows of both stars of each binary, found in plain Python."""
    rows = {}
    for row, number in enumerate(catalogue["true_binary"].tolist()):
        if number >= 0:
            rows.setdefault(number, []).append(row)
    return {number: tuple(pair) for number, pair in rows.items()}


def plain_distance(catalogue, one, other, names=ABUNDANCES):
    terms = [((float(catalogue[n][one]) - float(catalogue[n][other])) / SIGMA[n]) ** 2 for n in names]
    return sum(terms) ** 0.5


def plain_auc(result, own, field):
    """Every binary against every field pair, each set of field pairs counting the same."""
    total = won = 0.0
    for distance in own:
        for set_of in field:
            there = set_of[~np.isnan(set_of)]
            for other in there:
                won += ((distance < other) + 0.5 * (distance == other)) / len(there)
                total += 1 / len(there)
    return won / total


def test_binaries_cuts_and_distances_are_those_of_brute_force(small, found):
    teff = small["teff"].astype(float)
    expected = {pair for pair in partners(small).values() if abs(teff[pair[0]] - teff[pair[1]]) < 250}
    pairs = list(zip(found.binaries.first.tolist(), found.binaries.second.tolist(), strict=True))
    assert len(pairs) == len(expected) > 60
    assert set(pairs) == expected
    assert found.left[0] == ("both stars are in the catalogue", 80)
    assert found.left[-1] == ("field pairs like it were found", len(pairs))
    for (one, other), distance in zip(pairs, found.binaries.distance, strict=True):
        assert distance == pytest.approx(plain_distance(small, one, other), rel=1e-5)
    for place, name in enumerate(ABUNDANCES):
        delta = [float(small[name][one]) - float(small[name][other]) for one, other in pairs]
        np.testing.assert_allclose(found.binaries.delta[place], delta, atol=1e-12)


def test_field_pairs_obey_the_cuts_of_binaries_and_share_no_star(small, found):
    there = found.field.first >= 0
    stars = np.concatenate([found.field.first[there], found.field.second[there]])
    assert len(np.unique(stars)) == len(stars)
    assert (small["true_binary"][stars] == -1).all()
    ends = [group[there] for group in (found.field.first, found.field.second)]
    apart = np.abs(np.diff([small["teff"][end].astype(float) for end in ends], axis=0))
    assert apart.max() < 250
    own = np.abs(np.diff(small["fe_h"][[found.binaries.first, found.binaries.second]].astype(float), axis=0))[
        0
    ]
    field = np.abs(small["fe_h"][found.field.first].astype(float) - small["fe_h"][found.field.second])
    assert np.abs(field - own[:, None])[there].max() <= 0.02 + 1e-6
    np.testing.assert_allclose(found.weight.sum(axis=1), 1)


def test_the_auc_and_what_each_abundance_adds_are_those_of_brute_force(small, found):
    assert found.auc.value == pytest.approx(plain_auc(found, found.binaries.distance, found.field.distance))
    for place, left_out in enumerate(ABUNDANCES):
        names = [name for name in ABUNDANCES if name != left_out]
        own = [
            plain_distance(small, one, other, names)
            for one, other in zip(found.binaries.first, found.binaries.second, strict=True)
        ]
        field = np.full(found.field.first.shape, np.nan)
        for at in np.argwhere(found.field.first >= 0):
            one, other = found.field.first[tuple(at)], found.field.second[tuple(at)]
            field[tuple(at)] = plain_distance(small, one, other, names)
        without = plain_auc(found, np.array(own), field)
        assert found.parts.without[place] == pytest.approx(without, abs=2e-4)  # ties within rounding
        assert found.parts.gain[place] == pytest.approx(found.auc.value - without, abs=2e-4)


def test_medians_and_separations_are_plain_ones(small, found):
    own, field = medians(found)
    assert own == np.median(found.binaries.distance)
    whole = (found.field.first >= 0).all(axis=1)
    assert whole.all()
    assert field == pytest.approx(np.median(found.field.distance), abs=0.02)
    assert own < field
    np.testing.assert_allclose(found.separation, pairs_of(small, None).separation[found.row])


def test_the_same_seed_gives_the_same_and_another_seed_another(small, found):
    again, other = study(small), study(small, replace(EVERYONE, seed=2))
    assert (again.auc, again.test, again.balances) == (found.auc, found.test, found.balances)
    np.testing.assert_array_equal(again.field.first, found.field.first)
    assert other.auc != found.auc


def test_what_is_matched_is_balanced(small):
    """Of 60,000 stars on few plates there are some like both partners."""
    big = binary_catalogue(2, 60_000, 100)
    matched = study(big, replace(EVERYONE, match=("fe_h", "teff", "logg", "snrz", "plate")))
    assert matched.left[-1][1] > 50
    assert all(each.balanced for each in matched.balances if each.name.startswith("mean"))
    plate = big["plate"]
    there = matched.field.first >= 0
    for end in ("first", "second"):
        own, field = getattr(matched.binaries, end), getattr(matched.field, end)
        assert (plate[field] == plate[own][:, None])[there].all()
    assert matched.exploratory == ("what is matched not as usual",)


def test_choices_beyond_the_usual_make_p_exploratory(small, found):
    assert found.exploratory == ()
    assert study(small, replace(EVERYONE, teff_cut=120.0)).exploratory == ("the cut in ΔTeff not as usual",)
    chosen = small["logg"] > 4.2
    told = study(small, chosen=chosen, exploratory=("a brush",))
    assert told.exploratory == ("a brush",)
    assert chosen[told.binaries.first].all()
    assert chosen[told.field.first[told.field.first >= 0]].all()


def test_extrapolated_labels_are_left_out_of_both_samples(small):
    result = study(small, replace(EVERYONE, trusted=True))
    stars = np.concatenate([group.ravel() for group in (result.binaries.first, result.field.first)])
    for name in ("kiel", "fe_h", *ABUNDANCES):
        assert (small[f"{name}_extrap"][stars[stars >= 0]] == 0).all()


def test_scatters_are_those_typed_and_else_of_the_catalogue(small):
    result = study(small, replace(EVERYONE, abundances=("o_fe",), sigma={"o_fe": 0.24}))
    assert (result.scatter["o_fe"].dex, result.scatter["o_fe"].origin) == (0.24, "as typed")
    assert result.parts is None
    plain = study(small, replace(EVERYONE, abundances=("o_fe",)))
    np.testing.assert_allclose(result.binaries.distance, plain.binaries.distance / 2)
    assert result.auc.value == plain.auc.value
    assert plain.scatter["o_fe"].origin.startswith("median published error")


def test_pairs_that_share_a_star_are_one_cluster(small):
    source = pairs_of(small, None)
    first, second = source.found.first.copy(), source.found.second
    teff = small["teff"].astype(float)
    passes = np.flatnonzero(np.abs(teff[first] - teff[second]) < 250)
    known = passes[0]
    one = next(k for k in passes[1:] if abs(teff[first[known]] - teff[second[k]]) < 250)
    first[one] = first[known]
    shared = replace(source, found=replace(source.found, first=first))
    result = study_binaries(small, shared, np.ones(len(small), bool), EVERYONE, NONE, quiet)
    assert result.auc.clusters == result.auc.binaries - 1 == result.test.binaries


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (BinaryOptions(abundances=("li_fe",)), "no abundance 'li_fe'"),
        (BinaryOptions(sigma={"x": 0.1}), "no abundance 'x'"),
        (BinaryOptions(kind="giant"), "too few pairs"),
        (BinaryOptions(teff_cut=1.0), "too few pairs"),
    ],
)
def test_what_can_not_be_studied_is_told_in_words(small, options, words):
    with pytest.raises(DataError, match=words):
        study(small, options)


def test_without_models_and_errors_scatters_are_to_be_typed(small):
    columns = {name: values for name, values in small.columns.items() if not name.startswith("e_")}
    bare = replace(small, columns=columns)
    with pytest.raises(DataError, match="type their scatters"):
        study(bare)
    some = study(bare, replace(EVERYONE, sigma={"o_fe": 0.1}))
    assert some.abundances == ("o_fe",)
    assert "eu_fe, alpha_fe" in some.notes[0]


def test_work_can_be_stopped_at_each_step(small):
    seen = []

    def stop_at(step):
        def progress(done, total, what):
            assert 1 <= done <= total
            seen.append(what)
            if len(set(seen)) == step:
                raise InterruptedError

        return progress

    for step in range(1, 5):
        seen.clear()
        with pytest.raises(InterruptedError):
            study(small, progress=stop_at(step))
        assert len(set(seen)) == step


@pytest.fixture(scope="module")
def like_the_paper(tmp_path_factory):
    """A mock survey that 142 of its planted binaries pass the cuts of."""
    from explorer.demo import make_demo

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.truth.PAIR_SHARE", 0.0135)
        path = make_demo(tmp_path_factory.mktemp("binaries") / "paired.parquet", stars=30_000, seed=4)
    return open_catalogue(path, cache=tmp_path_factory.mktemp("cache"))


def test_a_mock_of_142_binaries_gives_a_figure_like_the_papers(like_the_paper):
    source = pairs_of(like_the_paper, None)
    chosen = np.asarray(like_the_paper["chi2"]) < 7000
    everyone = study_binaries(like_the_paper, source, chosen, EVERYONE, NONE, quiet)
    assert len(everyone.row) >= 142
    rows = everyone.row[:142]
    found = replace(source.found, **{n: getattr(source.found, n)[rows] for n in ("first", "second", "row")})
    few = replace(source, found=found, separation=source.separation[rows])
    result = study_binaries(like_the_paper, few, chosen, BinaryOptions(draws=500), NONE, quiet)
    assert result.auc.binaries == 142
    assert result.auc.low > 0.55
    assert result.test.p < 0.01
    own, field = medians(result)
    assert own < 0.9 * field
    assert result.balances[0].name == "|Δ[Fe/H]|"
    assert result.balances[0].balanced
    assert result.trend.low < 0 < result.trend.high


SEEDS = 200


def test_intervals_cover_the_truth_end_to_end():
    """Catalogue, cuts, matching and bootstrap; the truth is that of 6000 binaries of the same mock."""
    options = BinaryOptions(abundances=ABUNDANCES[:2], draws=300, sought=8)
    truth = study(binary_catalogue(999, 240_000, 6000), replace(options, draws=100)).auc
    assert truth.high - truth.low < 0.02
    covered = 0
    for seed in range(SEEDS):
        result = study(binary_catalogue(seed, 3000, 70), replace(options, seed=seed)).auc
        covered += result.low <= truth.value <= result.high
    low, high = stats.binom.interval(0.999, SEEDS, 0.95)
    assert low <= covered <= high


def test_p_is_uniform_where_birth_does_not_count():
    found = []
    for seed in range(SEEDS):
        options = BinaryOptions(abundances=ABUNDANCES[:1], draws=100, sought=12, seed=seed)
        found.append(study(binary_catalogue(seed, 2500, 50, alike=0.0), options).test.p)
    jittered = np.array(found) - np.random.default_rng(0).random(SEEDS) / 101  # p has steps of 1 / 101
    assert stats.kstest(jittered, "uniform").pvalue > 0.01
