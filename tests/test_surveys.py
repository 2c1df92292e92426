"""Survey tables: every kind from realistic files, exact identifiers, missing values, own mappings."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from pyarrow import parquet

from data import binary_tables, surveys
from data.crossmatch import match_gaia, match_identifiers, match_sky
from data.mapping_file import parse_mapping
from data.problem import DataError
from data.recognition import shipped_mappings
from data.schema import COLUMNS
from data.surveys import read_survey, shipped_surveys
from model.epoch import propagate

BIG = 4_929_746_660_437_392_257
NAN = np.nan

LAMOST = (
    "obsid|designation|obsdate|lmjd|planid|spid|fiberid|ra|dec|snru|snrg|snrr|snri|snrz|class|subclass|"
    "z|z_err|teff|logg|feh|rv|rv_err\n"
    "605006|J221202.24+291221.8|2011-10-25|55860|B6001|5|6|333.009374|29.206066|5.63|13.52|19.58|28.93|"
    "19.48|STAR|K3|-0.0002|1e-5|4945.4|4.775|-0.364|-62.8|11.88\n"
    "605015|J221158.44+291659.5|2011-10-25|55860|B6001|5|15|332.993508|29.283218|5.03|71.41|20.21|22.22|"
    "-9999.0|STAR|G5|NaN|-9999|-9999|-9999.0|-9999.99|-28.72|10.92\n"
    "605018|||-9999|B6001|5|18||29.1|-9999|3.5|20|21|22|Unknown|Non|-9999.0|-9999||||-9999|-9999\n"
)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def as_fits(path: Path, columns: dict[str, object], units: dict[str, str] | None = None) -> Path:
    """A FITS table, with masked integers as TNULL."""
    table = Table(columns)
    for name, unit in (units or {}).items():
        table[name].unit = unit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy advises on names
        table.write(path, overwrite=True)
    return path


# mappings


@pytest.mark.parametrize("kind", shipped_surveys())
def test_a_kind_says_where_its_columns_come_from(kind):
    mapping = shipped_surveys()[kind]
    assert mapping.name == kind
    assert mapping.source
    assert mapping.published
    assert mapping.citation
    assert mapping.requires
    assert mapping.notes
    assert ("source_id" in mapping.fillings) >= bool(mapping.gaia_release)
    spelt = {name for filling in mapping.fillings.values() for name in filling.names}
    assert {name for choice in mapping.requires for name in choice} <= spelt
    for ours, filling in mapping.fillings.items():
        column = filling.column
        assert column.name == ours
        assert column.meaning.endswith("."), ours
        assert column.low < column.high, ours
        assert column.plain
        assert not set("~$<>") & set(column.tex)


def test_kinds_do_not_take_part_in_the_recognition_of_catalogues():
    assert not {"gaia-dr2", "galah-dr2", "2mass"} & set(shipped_mappings())


def test_a_name_means_the_same_column_in_every_kind():
    seen = {}
    for kind, mapping in shipped_surveys().items():
        for name, filling in mapping.fillings.items():
            column = filling.column
            facts = (column.dtype, column.unit, column.kind)
            assert seen.setdefault(name, facts) == facts, (kind, name)


def test_the_documentation_names_every_kind():
    text = (Path(__file__).resolve().parents[1] / "docs" / "catalogues.md").read_text(encoding="utf-8")
    section = text[text.index("### Tables of surveys") : text.index("## Conditions")]
    assert set(shipped_surveys()) <= set(re.findall(r"`([a-z0-9-]+)`", section))
    example = parse_mapping(re.search(r"```toml\n(.*?)```", section, re.DOTALL)[1], "mine.toml")
    assert example.fillings.keys() <= shipped_surveys()["bailer-jones-2021"].fillings.keys()


# LAMOST


def lamost_files(folder: Path) -> dict[str, Path]:
    """The same catalogue in every form it comes in."""
    rows = [line.split("|") for line in LAMOST.strip().splitlines()]
    names = rows[0]
    stars = dict(zip(names, zip(*rows[1:], strict=True), strict=True))
    whole = {"obsid", "lmjd", "spid", "fiberid"}
    texts = {"designation", "obsdate", "planid", "class", "subclass"}
    columns = {}
    for name, values in stars.items():
        if name in texts:
            columns[name] = list(values)
        elif name in whole:
            columns[name] = np.array(values, dtype=np.int32)
        else:
            empty = [value in ("", "NaN") for value in values]
            numbers = [NAN if gone else float(value) for gone, value in zip(empty, values, strict=True)]
            columns[name] = MaskedColumn(numbers, mask=empty)
    return {
        "pipes": written(folder / "dr.csv", LAMOST),
        "commas": written(folder / "dr.commas.csv", LAMOST.replace("|", ",")),
        "fits": as_fits(folder / "dr.fits", columns),
        "fits.gz": as_fits(folder / "dr.fits.gz", columns),
    }


@pytest.mark.parametrize("form", ["pipes", "commas", "fits", "fits.gz"])
def test_lamost_reads_alike_in_every_form(tmp_path, form):
    path = lamost_files(tmp_path)[form]
    table = read_survey(path, "lamost")
    assert (table.path, table.kind, table.rows, table.gaia_release, table.epoch) == (
        path,
        "lamost",
        3,
        "",
        2013.5,
    )
    assert table.absent == {}
    assert table["obsid"].tolist() == [605006, 605015, 605018]
    assert table["designation"].tolist() == [b"J221202.24+291221.8", b"J221158.44+291659.5", b""]
    assert table["plate"].tolist() == [b"B6001"] * 3
    assert table["object_class"].tolist() == [b"STAR", b"STAR", b"Unknown"]
    assert table["spid"].tolist() == [5, 5, 5]
    assert table["fiberid"].tolist() == [6, 15, 18]
    np.testing.assert_array_equal(table["ra"], [333.009374, 332.993508, NAN])
    np.testing.assert_array_equal(table["redshift"], [-0.0002, NAN, NAN])
    np.testing.assert_array_equal(table["lmjd"], [55860, 55860, NAN])
    np.testing.assert_array_equal(table["teff_lamost"], np.float32([4945.4, NAN, NAN]))
    np.testing.assert_array_equal(table["fe_h_lamost"], np.float32([-0.364, NAN, NAN]))
    np.testing.assert_array_equal(table["rv"], np.float32([-62.8, -28.72, NAN]))
    np.testing.assert_array_equal(table["snrz"], np.float32([19.48, NAN, 22]))
    np.testing.assert_array_equal(table["snru"], np.float32([5.63, 5.03, NAN]))


def test_real_catalogue_of_dr1_lacks_snrz_where_the_headers_say_99(real_data):
    table = read_survey(real_data / "lamost-spectra" / "learninglamost-dr1" / "my_data3.csv", "lamost")
    assert table.rows == 3165
    assert table["obsid"].min() > 0
    assert np.isnan(table["snrz"]).sum() == 82
    headers = Table.read(real_data / "lamost-spectra" / "labelled_spectra.csv")
    found = match_identifiers(table["obsid"], np.asarray(headers["obsid"], dtype=np.int64))
    assert found.report.matched == 133
    told = np.where(found.row >= 0, np.asarray(headers["header_SN_Z"])[found.row], NAN)
    gained = np.isnan(table["snrz"]) & np.isfinite(told)
    assert gained.sum() == 14
    assert set(told[gained]) == {99}


def test_real_giants_of_a_white_space_table(real_data):
    table = read_survey(
        real_data / "lamost-dr3-giants" / "LMDR3_diskRGB2.dat",
        "lamost",
        columns=("obsid", "ra", "dec", "snrz"),
    )
    assert table.rows == 21_954
    assert set(table.columns) == {"obsid", "ra", "dec"}
    assert table.absent == {"snrz": "the file has no column snrz"}
    with pytest.raises(DataError, match="gives no snrz \\(the file has no column snrz\\)"):
        table["snrz"]
    found = match_sky(table["ra"], table["dec"], table["ra"], table["dec"], 1.0)
    assert (table["ra"][found.row] == table["ra"]).mean() > 0.99


# GALAH


def galah(elements_case: str) -> dict[str, object]:
    spell = {"lower": str.lower, "title": str.title}[elements_case]
    columns: dict[str, object] = {
        "star_id": ["00010184+0407201", "UCAC4-12345678"],
        "sobject_id": np.array([131116000501386, 140303000401001]),
        "teff": [5000.0, NAN],
        "e_teff": [60.0, 70.0],
        "logg": [2.5, 4.4],
        "vmic": [1.4, 1.1],
        "fe_h": [-0.5, 0.1],
        "e_fe_h": [0.05, 0.06],
        "alpha_fe": [0.2, 0.0],
    }
    for number, element in enumerate(("o", "si", "ba", "eu")):
        columns[f"{spell(element)}_fe"] = [0.1 * number, NAN]
        columns[f"e_{spell(element)}_fe"] = [0.01, NAN]
        columns[f"flag_{spell(element)}_fe"] = MaskedColumn([0, 1], mask=[False, number == 3])
    return columns


def test_galah_dr2(tmp_path):
    more = {
        "raj2000": [0.2577, 10.0], "dej2000": [4.1223, -30.0], "snr_c1": [65.0, NAN],
        "chi2_cannon": [1.5, 3e4],
        "flag_cannon": [0, 128], "gaia_dr2_id": np.array([2740354684364096000, BIG]),
    }  # fmt: skip
    table = read_survey(as_fits(tmp_path / "galah.fits", galah("lower") | more), "galah-dr2")
    assert table.gaia_release == "DR2"
    assert table["tmass_id"].tolist() == [b"00010184+0407201", b"UCAC4-12345678"]
    assert table["sobject_id"].tolist() == [131116000501386, 140303000401001]
    assert table["source_id"].tolist() == [2740354684364096000, BIG]
    assert table["flag_cannon"].tolist() == [0, 128]
    np.testing.assert_array_equal(table["chi2_cannon"], [1.5, 3e4])
    np.testing.assert_array_equal(table["snr_c1"], [65, NAN])
    np.testing.assert_array_equal(table["ra"], [0.2577, 10])
    np.testing.assert_array_equal(table["si_fe"], np.float32([0.1, NAN]))
    np.testing.assert_array_equal(table["e_eu_fe"], np.float32([0.01, NAN]))
    assert table["flag_o_fe"].tolist() == [0, 1]
    assert table["flag_eu_fe"].tolist() == [0, -1]
    assert "y_fe" in table.absent
    assert table.described["teff"].origin == "GALAH DR2.1"
    assert table.described["fe_h"].unit == COLUMNS["fe_h"].unit


def test_galah_dr3_spells_and_names_otherwise(tmp_path):
    more = {
        "ra_dr2": [0.2577, 10.0], "dec_dr2": [4.1223, -30.0], "snr_c1_iraf": [65.0, 30.0],
        "chi2_sp": [1.5, 3.0],
        "flag_sp": [0, 1024], "flag_fe_h": [0, 0], "dr3_source_id": np.array([BIG, 0]),
    }  # fmt: skip
    table = read_survey(as_fits(tmp_path / "galah.fits", galah("title") | more), "galah-dr3")
    assert (table.gaia_release, table.epoch) == ("DR3", 2015.5)
    assert table["source_id"].tolist() == [BIG, -1]
    assert table["flag_sp"].tolist() == [0, 1024]
    np.testing.assert_array_equal(table["chi2_sp"], [1.5, 3])
    np.testing.assert_array_equal(table["ba_fe"], np.float32([0.2, NAN]))
    assert table["flag_ba_fe"].tolist() == [0, 1]
    with pytest.raises(DataError, match="is no table of kind galah-dr2, for it lacks flag_cannon"):
        read_survey(tmp_path / "galah.fits", "galah-dr2")


# Gaia and distances


def gaia(path: Path, epoch: float = 2015.5, **more: object) -> Path:
    columns = {
        "source_id": np.array([BIG, BIG + 1]), "ra": [10.0, 20.0], "dec": [-5.0, 6.0],
        "ref_epoch": [epoch, epoch],
        "pmra": [1.5, 1e20], "pmra_error": [0.1, 1e20], "pmdec": [-2.5, 1e20], "parallax": [0.5, np.inf],
        "parallax_error": [0.02, NAN], "phot_g_mean_mag": np.array([12.5, 14.0], dtype=np.float32),
        "radial_velocity": np.array([-30.5, 1e20], dtype=np.float32), "solution_id": [1, 2], **more,
    }  # fmt: skip
    return as_fits(path, columns, {"pmra": "mas.yr**-1", "ref_epoch": "yr", "parallax": "mas"})


def test_gaia(tmp_path):
    table = read_survey(gaia(tmp_path / "gaia.fits"), "gaia-dr2")
    assert (table.gaia_release, table.epoch) == ("DR2", 2015.5)
    assert table["source_id"].tolist() == [BIG, BIG + 1]
    np.testing.assert_array_equal(table["pmra"], [1.5, NAN])
    np.testing.assert_array_equal(table["e_pmra"], np.float32([0.1, NAN]))
    np.testing.assert_array_equal(table["rv"], np.float32([-30.5, NAN]))
    np.testing.assert_array_equal(table["parallax"], np.float32([0.5, NAN]))
    np.testing.assert_array_equal(table["g_mag"], np.float32([12.5, 14]))
    np.testing.assert_array_equal(table["ref_epoch"], [2015.5, 2015.5])
    assert table.absent["ruwe"] == "the file has no column ruwe"


@pytest.mark.parametrize("columns", [None, ("source_id",)])
def test_gaia_of_another_release_is_told_by_its_epoch(tmp_path, columns):
    path = gaia(tmp_path / "gaia.fits", ruwe=[1.0, 1.2])
    message = "positions of the year 2015.5, but those of gaia-dr3 are of 2016, .*: read it as gaia-dr2"
    with pytest.raises(DataError, match=message):
        read_survey(path, "gaia-dr3", columns=columns)
    later = gaia(tmp_path / "dr3.fits", 2016.0)
    assert set(read_survey(later, "gaia-dr3", columns=("source_id",)).columns) == {"source_id"}
    with pytest.raises(DataError, match="say which epoch is right"):
        read_survey(gaia(tmp_path / "odd.fits", 1991.25), "gaia-dr3")


def test_real_gaia(real_data):
    path = real_data / "gaia-dr2-sample" / "gdr2_sm.fits"
    table = read_survey(path, "gaia-dr2")
    with fits.open(path) as file:
        theirs = file[1].data
        np.testing.assert_array_equal(table["source_id"], theirs["source_id"])
        np.testing.assert_array_equal(table["ra"], theirs["ra"])
        np.testing.assert_array_equal(table["pmdec"], theirs["pmdec"])
        np.testing.assert_array_equal(table["rv"], theirs["radial_velocity"].astype(np.float32))
    assert table["source_id"].max() > 2**53
    again = read_survey(path, "gaia-dr2", columns=("source_id",))
    np.testing.assert_array_equal(match_gaia(table, again).row, np.arange(1000))
    with pytest.raises(DataError, match="read it as gaia-dr2"):
        read_survey(path, "gaia-dr3", columns=("source_id", "ra"))


@pytest.mark.parametrize(
    ("kind", "names", "release"),
    [
        ("bailer-jones-2018", ("source_id", "r_est", "r_lo", "r_hi"), "DR2"),
        ("bailer-jones-2018", ("Source", "rest", "b_rest", "B_rest"), "DR2"),
        ("bailer-jones-2021", ("source_id", "r_med_geo", "r_lo_geo", "r_hi_geo"), "EDR3"),
        ("bailer-jones-2021", ("Source", "rgeo", "b_rgeo", "B_rgeo"), "EDR3"),
        (
            "bailer-jones-2021-photogeo",
            ("source_id", "r_med_photogeo", "r_lo_photogeo", "r_hi_photogeo"),
            "EDR3",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value[1],
)
def test_distances_become_kpc(tmp_path, kind, names, release):
    text = f"{','.join(names)},result_flag,flag\n{BIG},1250.5,1200,1300,1,10033\n{BIG + 1},,,,0,99999\n"
    table = read_survey(written(tmp_path / "bj.csv", text), kind)
    assert table["source_id"].tolist() == [BIG, BIG + 1]
    np.testing.assert_array_equal(table["distance"], np.float32([1.2505, NAN]))
    np.testing.assert_allclose(table["distance_lo"], [1.2, NAN], rtol=1e-6)
    np.testing.assert_allclose(table["distance_hi"], [1.3, NAN], rtol=1e-6)
    assert table.described["distance"].unit == "kpc"
    assert table.gaia_release == release
    if kind == "bailer-jones-2018":
        assert table["result_flag"].tolist() == [1, 0]
    else:
        assert table["distance_flag"].tolist() == [b"10033", b"99999"]


# photometry


def test_photometry_of_2mass_and_allwise(tmp_path):
    names = "designation,ra,decl,h_m,h_msigcom,k_m,k_msigcom,ph_qual"
    tmass = f"{names}\n00010184+0407201,0.25,4.1,9.5,0.02,9.4,,AAU\n"
    table = read_survey(written(tmp_path / "2mass.csv", tmass), "2mass")
    assert table["tmass_id"].tolist() == [b"00010184+0407201"]
    assert table["quality_2mass"].tolist() == [b"AAU"]
    np.testing.assert_array_equal(table["dec"], [4.1])
    np.testing.assert_array_equal(table["h_mag"], np.float32([9.5]))
    np.testing.assert_array_equal(table["e_ks_mag"], [NAN])
    wise = "designation,ra,dec,w2mpro,w2sigmpro\nJ000101.84+040720.1,0.25,4.1,9.3,0.021\n"
    table = read_survey(written(tmp_path / "wise.csv", wise), "allwise")
    assert table["allwise_id"].tolist() == [b"J000101.84+040720.1"]
    np.testing.assert_array_equal(table["e_w2_mag"], np.float32([0.021]))
    with pytest.raises(DataError, match="is no table of kind 2mass"):
        read_survey(tmp_path / "wise.csv", "2mass")


def test_joined_photometry_needs_to_be_told_its_release(tmp_path):
    columns = {
        "source_id": np.array([BIG + 1]), "star_id": ["00010184+0407201"], "h_m": [9.5], "h_msigcom": [0.02],
        "ks_m": [9.4], "ks_msigcom": [0.03], "w2mpro": [9.3], "w2mpro_error": [0.02],
    }  # fmt: skip
    path = as_fits(tmp_path / "phot.fits", columns)
    stars = read_survey(gaia(tmp_path / "gaia.fits"), "gaia-dr2")
    with pytest.raises(DataError, match=r"phot\.fits does not say of which Gaia release"):
        match_gaia(stars, read_survey(path, "photometry"))
    told = read_survey(path, "photometry", gaia_release="DR2")
    assert match_gaia(stars, told).row.tolist() == [-1, 0]
    np.testing.assert_array_equal(told["w2_mag"], np.float32([9.3]))
    distances = written(tmp_path / "bj.csv", f"source_id,r_med_geo\n{BIG},1000\n")
    with pytest.raises(DataError, match=r"are of Gaia DR2, those of .* of Gaia EDR3"):
        match_gaia(stars, read_survey(distances, "bailer-jones-2021"))


# a person's own mapping


OWN = """
name = "mine"
gaia_release = "DR3"
epoch = 2016
notes = ["mine"]
[columns]
source_id = {from = "GAIA"}
teff = {from = "T", sentinels = [0]}
ba_fe = {from = "BA_H", minus = "FE", sentinels = [99]}
"""


def test_own_columns_count_before_those_of_the_kind(tmp_path):
    mapping = written(tmp_path / "mine.toml", OWN)
    text = f"GAIA,T,FE,BA_H,fe_h,teff\n{BIG},5000,-0.5,-0.25,-0.5,1\n{BIG + 2},0,-0.5,99,0.1,2\n"
    path = written(tmp_path / "stars.csv", text)
    table = read_survey(path, "galah-dr3", mapping=mapping)
    assert (table.kind, table.mapping, table.gaia_release, table.epoch) == ("galah-dr3", "mine", "DR3", 2016)
    assert table["source_id"].tolist() == [BIG, BIG + 2]
    np.testing.assert_array_equal(table["teff"], np.float32([5000, NAN]))
    np.testing.assert_array_equal(table["ba_fe"], np.float32([0.25, NAN]))
    np.testing.assert_array_equal(table["fe_h"], np.float32([-0.5, 0.1]))
    assert "mine" in table.notes
    assert "flag_sp" in table.absent
    alone = read_survey(path, None, mapping=mapping)
    assert set(alone.columns) == {"source_id", "teff", "ba_fe"}
    assert alone.kind == "mine"


def test_an_own_column_that_the_file_lacks_is_a_mistake(tmp_path):
    mapping = written(tmp_path / "mine.toml", OWN)
    path = written(tmp_path / "stars.csv", "GAIA,T2,FE,BA_H,fe_h\n1,2,3,4,5\n")
    with pytest.raises(DataError, match=r"fills teff from 'T', which .* does not have"):
        read_survey(path, "galah-dr3", mapping=mapping)


@pytest.mark.parametrize(
    ("kind", "columns", "message"),
    [
        ("gaia-dr4", None, "there is no kind of table 'gaia-dr4': did you mean 'gaia-dr"),
        ("sdss", None, "there is no kind of table 'sdss': choose one of 2mass, "),
        (None, None, "no kind of table is given: choose one of 2mass"),
        ("lamost", ("obsid", "snr_z"), "fills no column 'snr_z': did you mean 'snrz'"),
        ("lamost", ("redshift",), r"has none of the columns asked for \(redshift\): it has obsid"),
        ("gaia-dr2", None, "is no table of kind gaia-dr2, for it lacks source_id or Source: it has obsid"),
    ],
)
def test_mistakes_are_told(tmp_path, kind, columns, message):
    path = written(tmp_path / "l.csv", "obsid|ra|dec\n1|1|1\n")
    with pytest.raises(DataError, match=message):
        read_survey(path, kind, columns=columns)


def test_a_table_without_rows_is_refused(tmp_path):
    with pytest.raises(DataError, match="has columns but no rows"):
        read_survey(written(tmp_path / "l.csv", "obsid|ra|dec\n"), "lamost")
    path = as_fits(
        tmp_path / "empty.fits", {name: np.array([], dtype=float) for name in ("obsid", "ra", "dec")}
    )
    with pytest.raises(DataError, match="has columns but no rows"):
        read_survey(path, "lamost")


def test_an_identifier_stored_as_a_float_is_refused(tmp_path):
    path = as_fits(tmp_path / "g.fits", {"source_id": [float(BIG)], "ra": [1.0], "dec": [1.0]})
    with pytest.raises(DataError, match="so digits are lost"):
        read_survey(path, "gaia-dr2")


# what is read, and how


def test_only_what_is_asked_for_is_read_in_chunks(tmp_path, monkeypatch):
    from pyarrow import table as arrow_table

    number, rows = 1000, np.arange(1000)
    path = tmp_path / "gaia.parquet"
    columns = {
        "source_id": BIG + rows,
        "ra": rows * 0.3,
        "dec": rows * 0.01,
        "ref_epoch": np.full(number, 2015.5),
    }
    parquet.write_table(arrow_table({**columns, "pmra": rows * 1.0}), path)
    asked, chunks = [], []
    opened = surveys.open_table

    def spy(source, scratch):
        from contextlib import contextmanager
        from dataclasses import replace

        @contextmanager
        def watched():
            with opened(source, scratch) as found:

                def read(wanted, marks):
                    asked.append(set(wanted))
                    for chunk in found.chunks(wanted, marks):
                        chunks.append(len(chunk["ra"]))
                        yield chunk

                yield replace(found, chunks=read)

        return watched()

    monkeypatch.setattr(surveys, "open_table", spy)
    monkeypatch.setattr(binary_tables, "CHUNK_ROWS", 300)
    table = read_survey(path, "gaia-dr2", columns=("source_id", "ra"))
    assert asked == [{"source_id", "ra", "ref_epoch"}]
    assert chunks == [300, 300, 300, 100]
    np.testing.assert_array_equal(table["source_id"], BIG + rows)
    np.testing.assert_array_equal(table["ra"], rows * 0.3)
    assert set(table.columns) == {"source_id", "ra"}
    assert not table["ra"].flags.writeable


def test_lamost_finds_its_stars_in_gaia_at_the_right_epoch(tmp_path):
    """A fast star, seen in 2013 three arcsec from where Gaia has it, with a fainter one at the old place."""
    pm = 1500.0
    start = 2013.5
    seen_ra, seen_dec = propagate([10.0], [40.0], [pm], [0.0], 2015.5, start)
    text = f"obsid|ra|dec|lmjd\n1|{seen_ra[0]:.8f}|{seen_dec[0]:.8f}|56658\n2|50|50|56658\n"
    lamost = read_survey(written(tmp_path / "l.csv", text), "lamost")
    columns = {
        "source_id": np.array([BIG, BIG + 1]), "ra": [10.0, seen_ra[0]], "dec": [40.0, seen_dec[0]],
        "pmra": [pm, NAN], "pmdec": [0.0, NAN], "phot_g_mean_mag": [12.0, 18.0],
    }  # fmt: skip
    stars = read_survey(as_fits(tmp_path / "g.fits", columns), "gaia-dr2")

    there = propagate(stars["ra"], stars["dec"], stars["pmra"], stars["pmdec"], stars.epoch, start)
    here = (lamost["ra"], lamost["dec"])
    assert match_sky(*here, stars["ra"], stars["dec"], prefer=stars["g_mag"]).row.tolist() == [1, -1]
    found = match_sky(*here, *there, prefer=stars["g_mag"])
    assert found.row.tolist() == [0, -1]
    assert found.candidates.tolist() == [2, 0]
    assert stars["source_id"][found.row[0]] == BIG
