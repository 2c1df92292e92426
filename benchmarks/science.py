"""How fast pages of science follow a brush: `python -m benchmarks.science [--stars N] [--only PART]`.

Prints each figure as it is measured and, as its last line, one JSON object with all of them. What is timed
is the server's part, in this process and without a browser: from a state with a new brush to the columns of
the page's figures, ready to be sent. Every brush is a new one. Bootstraps, which are not live, are timed from
Run to the end, and for how long at most they don't look whether they were cancelled.
"""

import argparse
import itertools
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import panel_material_ui as pmui

from benchmarks.answers import ELSEWHERE, Hand, Studio
from benchmarks.findings import Findings, Times
from benchmarks.opening import mock_of
from data.catalogue import Catalogue, open_catalogue
from data.expression import Expression
from data.predicate import Predicate
from data.problem import DataError
from data.selection import Clause, Selection
from explorer.background import Background
from explorer.binaries import study_binaries
from explorer.binary_options import BinaryOptions
from explorer.calibration import calibrate
from explorer.calibration_options import CalibrationOptions
from explorer.cluster_options import ClusterOptions
from explorer.cluster_study import study_cluster
from explorer.derive import derivations
from explorer.difference_page import DifferencePage
from explorer.giant_map import Asked, cells_for, giants_of
from explorer.open_clusters import OPEN_CLUSTERS
from explorer.pair_source import pairs_of
from explorer.profile_form import USUAL_DRAWS, ProfileForm
from explorer.profile_page import ProfilePage
from explorer.profile_sums import bootstrapped_profiles
from explorer.science import SciencePage
from explorer.session import Session, State, Subset
from explorer.space_planes_form import SHOWS
from explorer.space_planes_page import SpacePlanesPage
from explorer.star_models import StarModels
from explorer.stars import Stars
from explorer.systematics_page import DRAWS, SEED
from explorer.systematics_table import controlled

SHARES = 42, 100
"""Per cent of all stars that brushes select."""
SUBSETS = {"slow": "vT < 100", "metal-poor": "fe_h < -1", "high": "abs(z) > 1"}
"""As many as are shown at once, in words of the language."""


class AtOnce(Executor):
    """Does things when they are asked for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Do it now."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stars", type=int, default=3_900_000, help="stars of the mock catalogue")
    arguments.add_argument("--catalogue", type=Path, help="a catalogue to brush instead")
    arguments.add_argument("--quick", action="store_true", help="fewer repeats")
    arguments.add_argument("--only", action="append", choices=PARTS, help="a part; may be given again")
    asked = arguments.parse_args()
    found = Findings()
    try:
        catalogue = open_catalogue(asked.catalogue or mock_of(asked.stars), derivations=derivations())
        measure(catalogue, 8 if asked.quick else 40, found, asked.only or PARTS)
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is left running")
    print(found.line)


def measure(catalogue: Catalogue, repeats: int, found: Findings, parts: Iterable[str]) -> None:
    """Times of each part, in milliseconds."""
    desk = Desk(Stars(catalogue), Hand(catalogue), Studio.of(catalogue).state, repeats)
    for part in parts:
        PARTS[part](desk, found)


@dataclass(frozen=True)
class Desk:
    """The stars, a hand that brushes them, the state they are brushed in, and how often."""

    stars: Stars
    hand: Hand
    state: State
    repeats: int

    def brushed(self, brush: Predicate) -> Selection:
        """A selection of nothing but a brush."""
        return Selection((Clause(ELSEWHERE, brush),))

    def with_subsets(self) -> State:
        """The state with subsets that are shown."""
        known = self.stars.catalogue.described
        colours = ("#0072b2", "#d55e00", "#009e73")
        made = (
            Subset(name, Expression.parse(words, known), colour)
            for (name, words), colour in zip(SUBSETS.items(), colours, strict=True)
        )
        return replace(self.state, subsets=tuple(made))

    def follows(self, made: Callable[[Session, Background], SciencePage], state: State, share: int) -> Times:
        """How long a page takes to follow each of some brushes, after two that are not counted."""
        session = Session(state)
        page = made(session, Background(AtOnce(), lambda do: do(), _complain))
        times: Times = []
        for brush in itertools.islice(self.hand.boxes(share / 100), 2 + self.repeats):
            begun = time.perf_counter()
            session.change(selection=self.brushed(brush))
            page.follow()
            times.append(1000 * (time.perf_counter() - begun))
        page.close()
        return times[2:]


def measure_profiles(desk: Desk, found: Findings) -> None:
    """Profiles of all stars and with subsets beside them; a bootstrap."""
    for state, kind in ((desk.state, ""), (desk.with_subsets(), "_subsets")):
        for share in SHARES:
            times = desk.follows(lambda *of: ProfilePage(desk.stars, *of), state, share)
            words = f"profiles in four slices{kind and ', three subsets beside'}, {share} % of all stars"
            found.spread(f"profiles{kind}_{share}", times, words)
    asked = ProfileForm(desk.stars, (), bool).asked(replace(desk.state, selection=Selection()))
    looks = [time.perf_counter()]
    bootstrapped_profiles(desk.stars, asked, USUAL_DRAWS, 1, lambda _: looks.append(time.perf_counter()))
    found.say("profiles_bootstrap_s", looks[-1] - looks[0], f"s, {USUAL_DRAWS} draws of all stars")
    longest = max(after - before for before, after in itertools.pairwise(looks))
    found.say("profiles_bootstrap_blind_ms", 1000 * longest, "ms at most without a look at Cancel")


def measure_planes(desk: Desk, found: Findings) -> None:
    """Grids of planes, by what they show."""
    for shows in SHOWS.values():
        for share in SHARES:
            times = desk.follows(lambda *of, shows=shows: _planes(desk.stars, *of, shows), desk.state, share)
            found.spread(f"planes_{shows}_{share}", times, f"15 panels, {shows}, {share} % of all stars")


def measure_differences(desk: Desk, found: Findings) -> None:
    """Two subsets compared pixel by pixel."""
    for share in SHARES:
        times = desk.follows(lambda *of: DifferencePage(desk.stars, *of), desk.with_subsets(), share)
        found.spread(f"differences_{share}", times, f"two subsets in one plane, {share} % of all stars")


def measure_runs(desk: Desk, found: Findings) -> None:
    """Pages that compute when asked to: how long, and for how long at most without a look at Cancel."""
    catalogue = desk.stars.catalogue
    chosen = np.asarray(catalogue["chi2"]) < 7000
    pairs, models = pairs_of(catalogue, None), StarModels.beside(catalogue)
    plane = Asked("ba_fe", "R", "z", cells_for(giants_of(catalogue, "")), "")
    if pairs is None:
        raise DataError("the catalogue has no planted pairs: give a mock survey")
    for name, run in {
        "systematics": lambda told: controlled(catalogue, plane, draws=DRAWS, seed=SEED, progress=told),
        "binaries": lambda told: study_binaries(catalogue, pairs, chosen, BinaryOptions(), models, told),
        "clusters": lambda told: study_cluster(
            catalogue, chosen, ClusterOptions(OPEN_CLUSTERS["Praesepe"].cut), told
        ),
        "calibration": lambda told: calibrate(catalogue, chosen, CalibrationOptions(), pairs, None, told),
    }.items():
        looks = _looks(run)
        found.say(f"{name}_s", looks[-1] - looks[0], f"s, {name} as the page runs it")
        longest = max(after - before for before, after in itertools.pairwise(looks))
        found.say(f"{name}_blind_ms", 1000 * longest, "ms at most without a look at Cancel")


def _looks(run: Callable[[Callable[..., None]], Any]) -> list[float]:
    """When it began, looked whether it was cancelled, and ended."""
    looks = [time.perf_counter()]
    run(lambda *_: looks.append(time.perf_counter()))
    return [*looks, time.perf_counter()]


def _planes(stars: Stars, session: Session, background: Background, shows: str) -> SpacePlanesPage:
    page = SpacePlanesPage(stars, session, background)
    page.follow()
    (choice,) = page.view.select(pmui.RadioButtonGroup)
    choice.value = shows
    return page


def _complain(problem: BaseException) -> None:
    raise problem


PARTS: dict[str, Callable[[Desk, Findings], None]] = {
    "profiles": measure_profiles,
    "planes": measure_planes,
    "differences": measure_differences,
    "runs": measure_runs,
}


if __name__ == "__main__":
    main()
