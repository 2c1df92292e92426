"""The benchmark of pages of science measures what it says: its parts run on a tiny mock."""

import pytest

from benchmarks.findings import Findings
from benchmarks.science import PARTS, SHARES, SUBSETS, measure
from data.catalogue import open_catalogue
from explorer.derive import derivations
from explorer.profile_page import ProfilePage
from explorer.space_planes_form import SHOWS


@pytest.fixture(scope="module")
def catalogue(mock_file, tmp_path_factory):
    return open_catalogue(mock_file, derivations=derivations(), cache=tmp_path_factory.mktemp("cache"))


def test_it_gives_its_figures(catalogue, monkeypatch):
    groups = []
    show = ProfilePage._show
    monkeypatch.setattr(ProfilePage, "_show", lambda page, found: (groups.append(found), show(page, found)))
    found = Findings()
    measure(catalogue, 1, found, PARTS)
    kinds = ("profiles", "profiles_subsets", *(f"planes_{shows}" for shows in SHOWS.values()))
    wanted = {f"{kind}_{share}_ms" for kind in kinds for share in SHARES}
    wanted |= {f"profiles_bootstrap_{end}" for end in ("s", "blind_ms")}
    assert wanted <= found.figures.keys()
    assert all(figure > 0 for figure in found.figures.values())
    assert {len(each.asked.groups) for each in groups} == {1, 1 + len(SUBSETS)}
    assert len({each.asked for each in groups}) == len(groups) == 2 * len(SHARES) * 3  # each brush is drawn
