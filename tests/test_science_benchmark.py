"""The benchmark of pages of science measures what it says: its parts run on a tiny mock."""

from pathlib import Path

import pytest

from benchmarks.findings import Findings
from benchmarks.science import PARTS, SHARES, SUBSETS, measure
from data.catalogue import open_catalogue
from explorer.derive import derivations
from explorer.profile_page import ProfilePage
from explorer.space_planes_form import SHOWS


@pytest.fixture(scope="module")
def catalogue(sibling_file, own_folders):
    cache = Path(own_folders["EXPLORER_CACHE"])
    return open_catalogue(sibling_file, derivations=derivations(), cache=cache)


def test_it_gives_its_figures(catalogue, monkeypatch):
    groups = []
    show = ProfilePage._show
    monkeypatch.setattr(ProfilePage, "_show", lambda page, found: (groups.append(found), show(page, found)))
    found = Findings()
    measure(catalogue, 1, found, PARTS)
    kinds = ("profiles", "profiles_subsets", "differences", *(f"planes_{shows}" for shows in SHOWS.values()))
    wanted = {f"{kind}_{share}_ms" for kind in kinds for share in SHARES}
    wanted |= {f"profiles_bootstrap_{end}" for end in ("s", "blind_ms")}
    runs = ("systematics", "binaries", "clusters", "calibration")
    wanted |= {f"{name}_{end}" for name in runs for end in ("s", "blind_ms")}
    assert wanted <= found.figures.keys()
    assert all(figure > 0 for figure in found.figures.values())
    assert {len(each.asked.groups) for each in groups} == {1, 1 + len(SUBSETS)}
    assert len({each.asked for each in groups}) == len(groups) == 2 * len(SHARES) * 3  # each brush is drawn
