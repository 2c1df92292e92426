"""Templates of addresses: known fields after the host, filled in so that nothing else changes."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.address_template import AddressTemplate
from data.observation_name import ObservationName
from data.problem import DataError

WHOLE = ObservationName(obsid=906003, lmjd=55862, planid="B6212", spid=6, fiberid=3)


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("https://host/{obsid}", "https://host/906003"),
        ("http://host:8080/fits?id={obsid:09}&key=x", "http://host:8080/fits?id=000906003&key=x"),
        (
            "https://host/{planid}/spec-{lmjd}-{planid}_sp{spid:02}-{fiberid:03d}.fits.gz",
            "https://host/B6212/spec-55862-B6212_sp06-003.fits.gz",
        ),
    ],
)
def test_filled_in(template, address):
    assert AddressTemplate(template).address(WHOLE) == address


def test_without_a_part_of_the_name_there_is_no_address():
    assert AddressTemplate("https://host/{obsid}").address(ObservationName(lmjd=1)) is None
    exposures = AddressTemplate("https://host/{lmjd}-{planid}-{spid}-{fiberid}")
    assert exposures.address(ObservationName(obsid=1, lmjd=1, planid="A", spid=1)) is None


@pytest.mark.parametrize(
    "template",
    [
        "", "host/{obsid}", "file:///{obsid}", "ftp://host/{obsid}", "HTTPS:///{obsid}", "https://{obsid}/",
        "https://host{obsid}/", "https://user:secret@host/{obsid}", "https://host/", "https://host/{lmjd}",
        "https://host/{ra}", "https://host/{obsid.__class__}", "https://host/{obsid!r}", "https://host/{0}",
        "https://host/{}", "https://host/{obsid", "https://host/{obsid:>99999999}", "https://host/{obsid:{obsid}}",
        "https://host/{obsid}#{planid}", "https://host/ {obsid}", "https://host/\n{obsid}", "https://host\\@x/{obsid}",
        "https://höst/{obsid}", "https://host:0/{obsid}", "https://host:99999/{obsid}", "https://[/{obsid}",
        "https://host/{lmjd}{spid}{fiberid}{planid:05}", "https://host/{obsid}" + "x" * 3000,
    ],
)  # fmt: skip
def test_others_are_refused_in_one_line(template):
    with pytest.raises(DataError) as caught:
        AddressTemplate(template)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 3000


def test_a_key_is_not_shown():
    template = AddressTemplate("https://host/{obsid}?token=secret")
    assert (template.host, template.shown) == ("host", "https://host/{obsid}")


@given(planid=st.text(min_size=1), obsid=st.integers(0, 2**63 - 1))
def test_a_name_stays_in_its_place(planid, obsid):
    template = AddressTemplate("https://host/a/{planid}/{obsid}/{lmjd}/{spid}/{fiberid}?b=c")
    parts = urlsplit(template.address(ObservationName(obsid, 1, planid, 2, 3)))
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "host", "b=c", "")
    _, folder, name, *rest = parts.path.split("/")
    assert (folder, unquote(name), rest) == ("a", planid, [str(obsid), "1", "2", "3"])
