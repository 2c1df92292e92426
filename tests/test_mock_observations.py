"""Spectra of mock stars, one by one: the same as those the pipeline takes, and told to be mock."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from data.catalogue import open_catalogue
from data.observation_name import ObservationName, Star
from data.problem import DataError
from data.spectra import Sources
from explorer.mock_observations import MockObservations
from explorer.mock_spectra import MockSpectra
from explorer.mock_survey import _write_tables
from explorer.reading import at_rest
from model.dust import K_PER_V
from model.identity import FIRST_OBSID
from model.synthesis import Synthesis
from model.wavelength import radial_velocity
from tests.lamost_mock import silent

LABELS = ("teff", "logg", "vmic", "fe_h", "o_fe", "mg_fe", "eu_fe", "alpha_fe", "s_fe", "rv")


@pytest.fixture(scope="module")
def catalogue(mock_file, tmp_path_factory):
    return open_catalogue(mock_file, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def mock(catalogue):
    return MockObservations.of_catalogue(catalogue.columns, catalogue.metadata)


@pytest.fixture(scope="module")
def stars(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survey")
    _write_tables(folder, 3000, 5, silent)
    return folder / "stars.parquet"


# of the embedded catalogue


def test_each_row_has_a_spectrum_that_says_it_is_mock(catalogue, mock):
    for row in (0, 1234, len(catalogue) - 1):
        found = Sources((mock,)).find(Star.at(catalogue.columns, row))
        (observation,) = found.observations
        spectrum = observation.spectrum
        assert (found.reasons, observation.mock, spectrum.layout) == ((), True, "none")
        assert "mock" in observation.origin
        assert spectrum.path.name == f"mock spectrum {catalogue['obsid'][row]}"
        assert spectrum.designation.encode() == catalogue["designation"][row]
        assert spectrum.planid.encode() == catalogue["plate"][row]
        assert radial_velocity(spectrum.z) == pytest.approx(catalogue["rv"][row])
        assert (spectrum.snr_g, spectrum.snr_z) == (catalogue["snrg"][row], catalogue["snrz"][row])
        arrays = (spectrum.wavelength, spectrum.flux, spectrum.ivar, spectrum.andmask, spectrum.ormask)
        assert {array.shape for array in arrays} == {(3909,)}
        assert not any(array.flags.writeable for array in arrays)
        np.testing.assert_array_equal(spectrum.andmask != 0, spectrum.ivar == 0)


def test_it_is_that_of_the_row_s_own_truth(catalogue, mock):
    """All rows at once, by the same formation of lines, give what each gives alone."""
    rows = np.array([5, 17, 29_000])
    truth = {name: catalogue[f"true_{name}"][rows] for name in LABELS if f"true_{name}" in catalogue}
    others = {
        name.removeprefix("true_"): catalogue[name][rows]
        for name in catalogue.columns
        if name.startswith("true_")
    }
    truth |= {name: values for name, values in others.items() if name.endswith("_fe")}
    seen = {name: catalogue[name][rows] for name in ("snrz", "snrg")} | {
        "a_v": catalogue["a_k"][rows] / K_PER_V
    }
    number = catalogue["obsid"][rows] - FIRST_OBSID
    made = Synthesis().spectra(truth | seen, seed=int(catalogue.metadata["seed"]), number=number)
    for place, row in enumerate(rows.tolist()):
        (observation,) = mock.find(Star.at(catalogue.columns, row)).observations
        np.testing.assert_array_equal(observation.spectrum.flux, made.flux[place])
        np.testing.assert_array_equal(observation.spectrum.ivar, made.ivar[place])


def test_the_same_in_every_thread(catalogue, mock):
    star = Star.at(catalogue.columns, 7)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: mock.find(star).observations[0].spectrum.flux, range(12)))
    for flux in found:
        np.testing.assert_array_equal(flux, found[0])


@pytest.mark.parametrize(
    "name",
    [
        ObservationName(), ObservationName(obsid=7, row=0), ObservationName(obsid=FIRST_OBSID + 10**7, row=0),
        ObservationName(obsid=FIRST_OBSID), ObservationName(obsid=FIRST_OBSID, row=10**9),
    ],
)  # fmt: skip
def test_what_is_not_of_the_survey_has_none(mock, name):
    found = mock.find(Star(names=(name,)))
    assert found.observations == ()
    assert "not of this mock survey" in found.reasons[0]


def test_labels_that_no_spectrum_has_are_told(catalogue):
    columns = {name: np.array(values[:1]) for name, values in catalogue.columns.items()}
    columns["true_teff"] = np.array([90_000.0], np.float32)
    found = MockObservations.of_catalogue(columns, {}).find(Star.at(columns, 0))
    assert found.observations == ()
    assert "T_eff" in found.reasons[0]


def test_a_catalogue_without_truth_is_refused(catalogue):
    with pytest.raises(DataError, match="lacks true_teff"):
        MockObservations.of_catalogue({"obsid": catalogue["obsid"]}, {})


# of a survey built like a real one


def test_they_are_the_very_spectra_that_the_pipeline_takes(stars):
    pipeline, mock = MockSpectra.of(stars), MockObservations.of_survey(stars)
    rows = [0, 2999, 3000, pipeline.count - 1]
    facts = pipeline.facts(0, pipeline.count)
    for row, theirs in zip(rows, pipeline.spectra(rows), strict=True):
        asked = ObservationName(obsid=int(facts["obsid"][row]))
        spectrum = mock.find(Star(names=(asked,))).observations[0].spectrum
        assert spectrum.obsid == asked.obsid
        ours = at_rest(theirs.about, spectrum.wavelength, spectrum.z, spectrum.flux, spectrum.ivar)
        np.testing.assert_array_equal(ours.flux, theirs.flux)
        np.testing.assert_array_equal(ours.ivar, theirs.ivar)
        assert spectrum.lmjd == facts["lmjd"][row]


def test_two_visits_of_a_star_are_two_spectra(stars):
    pipeline, mock = MockSpectra.of(stars), MockObservations.of_survey(stars)
    facts = pipeline.facts(0, pipeline.count)
    again = facts["designation"] == facts["designation"][-1]
    names = tuple(ObservationName(obsid=int(obsid)) for obsid in facts["obsid"][again])
    one, other = (each.spectrum for each in mock.find(Star(names=names)).observations)
    assert one.designation == other.designation
    assert not np.array_equal(one.flux, other.flux)


def test_the_table_beside_a_catalogue_is_taken(catalogue, stars):
    built = replace(catalogue, source=stars.parent / "built" / "catalogue")
    beside, alone = MockObservations.of(built), MockObservations.of(catalogue)
    assert (beside.seed, alone.seed) == (5, int(catalogue.metadata["seed"]))
    assert beside.find(Star(names=(ObservationName(obsid=FIRST_OBSID + 3000),))).observations
    assert not alone.find(Star(names=(ObservationName(obsid=FIRST_OBSID + 3000),))).observations
    assert alone.find(Star.at(catalogue.columns, 0)).observations


def test_what_is_no_table_of_stars_is_refused(tmp_path):
    with pytest.raises(DataError, match="no table of mock stars"):
        MockObservations.of_survey(tmp_path / "none.parquet")


def test_beyond_the_table_there_are_none(stars):
    mock = MockObservations.of_survey(stars)
    for obsid in (7, FIRST_OBSID - 1, FIRST_OBSID + 10**6):
        assert mock.find(Star(names=(ObservationName(obsid=obsid),))).observations == ()
