"""What changes while a catalogue is built: its spectra, their disk, its plan, the process that builds it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data.problem import DataError
from explorer.build import build
from explorer.pieces import observe, opened
from explorer.verification import verify
from explorer.workplace import Workplace
from tests.lamost_mock import runner, silent
from tests.survey_mock import ODD, write_survey
from tests.test_build import contents


@pytest.fixture
def run(monkeypatch, capsys):
    return runner(monkeypatch, capsys)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_survey(tmp_path_factory.mktemp("survey") / "little")


@pytest.fixture
def survey(written, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(written.parent, tmp_path / "little") / written.name


def make(survey, out, progress=silent):
    return build(survey, out, workers=1, address=None, progress=progress)


def meanwhile(act):
    """Progress that acts once, when some spectra are done."""
    acted = []

    def progress(done, _total, what):
        if what == "spectra" and done and not acted:
            acted.append(what)
            act()

    return progress


def test_a_disk_that_goes_away_ends_the_build_and_spoils_nothing(survey, tmp_path):
    make(survey, tmp_path / "whole")
    spectra = survey.with_name("spectra")

    def away():
        spectra.rename(spectra.with_name("away"))

    with pytest.raises(DataError, match=r"can't be read .*see that it is there"):
        make(survey, tmp_path / "out", meanwhile(away))
    spectra.with_name("away").rename(spectra)
    make(survey, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_spectra_that_were_changed_since_are_refused(run, survey, tmp_path):
    first, second = (survey.with_name("spectra") / f"spec-0{number}.fits" for number in (40, 41))

    def swap():
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(survey, tmp_path / "out", meanwhile(swap))
    run("build", survey, "--out", tmp_path / "out").is_one_line(
        "2 spectra were changed since", "spec-040.fits"
    )


def test_work_for_an_older_plan_is_not_kept(survey, tmp_path):
    out = tmp_path / "out"

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(survey, out, meanwhile(stop))
    place = Workplace(out)
    digest = place.digest
    opened(str(out), digest)
    (out / "plan.json").write_text(json.dumps({**place.plan, "spectra_list": "other"}))
    before = contents(out)
    with pytest.raises(DataError, match="has another plan by now"):
        observe(str(out), 6, plan=digest)
    assert contents(out) == before
    opened.cache_clear()
    with pytest.raises(DataError, match="has another plan by now"):
        observe(str(out), 6, plan=digest)


def test_no_process_outlives_the_one_that_builds(survey, tmp_path):
    command = [sys.executable, "-m", "explorer", "build", str(survey), "--out", "out", "--workers", "2"]
    group = subprocess.Popen(
        command,
        cwd=tmp_path,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    until = time.monotonic() + 60
    while not list((tmp_path / "out" / "observations").glob("part-*")) and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(group.pid, signal.SIGKILL)
    group.wait()
    until = time.monotonic() + 20
    while (left := members(group.pid)) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == []


def members(group):
    """Processes of a group that are more than names."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group = (place / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(place.name))
    return found


def test_lost_parts_are_noticed(survey, tmp_path):
    out = tmp_path / "out"

    def lose():
        next((out / "rejects").glob("part-*")).unlink()

    with pytest.raises(DataError, match="has lost parts"):
        make(survey, out, lambda done, total, what: lose() if what == "stars" and done == total else None)


def test_a_list_may_name_spectra_anywhere(survey, tmp_path):
    make(survey, tmp_path / "whole")
    names = sorted(survey.with_name("spectra").iterdir())
    lines = [str(name) if place % 2 else f"spectra/{name.name}" for place, name in enumerate(names)]
    survey.with_name("list.txt").write_text("\n".join(lines))
    listed = survey.with_name("listed.toml")
    listed.write_text(survey.read_text().replace('place = "spectra"', 'place = "list.txt"'))
    make(listed, tmp_path / "listed")
    whole, other = (pq.read_table(tmp_path / name / "catalogue") for name in ("whole", "listed"))
    assert whole.to_pydict() == other.to_pydict()


def test_nothing_tells_where_the_survey_lay(survey, tmp_path):
    make(survey, tmp_path / "out")
    for file in (tmp_path / "out").rglob("*"):
        if file.is_file() and "work" not in file.relative_to(tmp_path).parts:
            assert str(tmp_path).encode() not in file.read_bytes(), file
    details = pq.read_table(tmp_path / "out" / "rejects").to_pandas().detail
    assert details.notna().sum() >= len(ODD) - 2


def test_a_catalogue_of_few_labels_verifies(survey, tmp_path):
    few = survey.with_name("few.toml")
    few.write_text(survey.read_text().replace('["teff", "logg", "fe_h"]', '["teff", "logg"]'))
    make(few, tmp_path / "out")
    assert verify(tmp_path / "out", silent)


def test_a_trained_model_is_used_and_kept_with_the_catalogue(survey, tmp_path):
    make(survey, tmp_path / "trained")
    model = tmp_path / "trained" / "models" / "all.cannon"
    used = survey.with_name("used.toml")
    text = survey.read_text().replace('labels = ["teff", "logg", "fe_h"]', f'file = "{model}"')
    before, _, after = text.partition("[reference]")
    used.write_text(before + after[after.index("[models.all]") :])
    make(used, tmp_path / "used")
    assert (tmp_path / "used" / "models" / "all.cannon").read_bytes() == model.read_bytes()
    one, other = (pq.read_table(tmp_path / name / "observations") for name in ("trained", "used"))
    assert one.to_pydict() == other.to_pydict()
    assert verify(tmp_path / "used", silent)
