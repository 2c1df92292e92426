"""The project's own papers: what it declares, pins, ignores, builds and promises."""

import ast
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.main import get_command

from data import mapping_file
from data.functions import FUNCTIONS
from explorer import survey, survey_file
from explorer.__main__ import app, main
from model.chemistry import LABEL_SETS
from model.reference import Cuts

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["setuptools"]["packages"]
NOT_OURS = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
RUN_BY_NAME = {"mypy", "ruff", "pytest-timeout", "pytest-xdist"}
"""Of the test extra, what is not imported but run by the Makefile or by pytest."""


def files_of(*folders):
    """Files of the project, or of some of its folders, that belong to it."""
    starts = [ROOT / folder for folder in folders] or [
        place for place in ROOT.iterdir() if place.name not in NOT_OURS
    ]
    found = [file for start in starts for file in (start.rglob("*") if start.is_dir() else [start])]
    return sorted(
        file for file in found if file.is_file() and not NOT_OURS & set(file.relative_to(ROOT).parts)
    )


def requirements(extra=None):
    """Requirements of the program, or of an extra, by normalised name."""
    project = PROJECT["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in lines}


@cache
def imported(*folders):
    """Distributions that the Python files of some folders import, normalised names."""
    names = set()
    for file in files_of(*folders):
        if file.suffix == ".py":
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    names.add(node.module.split(".")[0])
    names -= {*sys.stdlib_module_names, *PACKAGES, "tests", "benchmarks"}
    providers = packages_distributions()
    return {canonicalize_name(providers[name][0]) for name in names}


def reached():
    """What is installed here of all that the program and its tests need, also through others: versions."""
    todo, done, versions = [*requirements().values(), *requirements("test").values()], set(), {}
    while todo:
        wanted = todo.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in done:
            continue
        done.add(key)
        found = distribution(wanted.name)
        versions[key[0]] = found.version
        needs = [Requirement(line) for line in found.requires or []]
        contexts = [{"extra": extra} for extra in (wanted.extras or {""})]
        todo += [need for need in needs if not need.marker or any(map(need.marker.evaluate, contexts))]
    return versions


def pins():
    """What constraints.txt asks for: versions by normalised name."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    matches = [re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!+_-]+)", line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
    return {canonicalize_name(match[1]): match[2] for match in matches}


class TestDependencies:
    def test_programs_imports_are_declared(self):
        assert imported(*PACKAGES) <= set(requirements())

    def test_tests_imports_are_declared(self):
        assert imported("tests", "benchmarks") <= {*requirements(), *requirements("test")}

    def test_nothing_is_declared_in_vain(self):
        assert set(requirements()) - imported(*PACKAGES) == set()
        stubs = {
            name for name in requirements("test") if re.sub("^types-|-stubs$", "", name) in {*requirements()}
        }
        assert set(requirements("test")) - imported("tests", "benchmarks") - stubs - RUN_BY_NAME == set()

    def test_each_has_its_reason(self):
        text = (ROOT / "pyproject.toml").read_text()
        lines = re.findall(r'^    "[\w-]+[>=]=.*$', text, re.MULTILINE)
        extras = PROJECT["project"]["optional-dependencies"]
        assert len(lines) == len(requirements()) + sum(len(requirements(extra)) for extra in extras)
        assert [line for line in lines if not re.search(r", +# \w.{5,}", line)] == []

    def test_pins_fit_what_is_declared(self):
        pinned = pins()
        for name, wanted in {**requirements(), **requirements("test")}.items():
            assert pinned.get(name) in wanted.specifier, name

    def test_pins_are_what_is_installed(self):
        pinned = pins()
        assert {
            name: (version, pinned.get(name))
            for name, version in reached().items()
            if pinned.get(name) != version
        } == {}


class TestInstalled:
    def test_console_command(self):
        assert PROJECT["project"]["scripts"] == {"explorer": "explorer.__main__:main"}
        assert main.__module__ == "explorer.__main__"

    def test_folder_called_data_does_not_shadow_ours(self, tmp_path):
        (tmp_path / "data").mkdir()
        code = "import data, explorer, model; print(data.__file__, explorer.__file__, model.__file__)"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stdout.split() == [
            str(ROOT / name / "__init__.py") for name in ("data", "explorer", "model")
        ], f"{done.stderr}\nThe project is not installed in this environment as a path: make setup"

    def test_files_beside_the_code_are_installed_too(self):
        declared = PROJECT["tool"]["setuptools"]["package-data"]
        for package in PACKAGES:
            beside = [file for file in files_of(package) if file.suffix != ".py"]
            names = [file.relative_to(ROOT / package).as_posix() for file in beside]
            assert [
                name
                for name in names
                if not any(fnmatch.fnmatch(name, glob) for glob in declared.get(package, []))
            ] == []


class TestPapers:
    def test_no_package_registry_is_named(self):
        index = re.compile(
            r"://[^/\s]*(pypi|pythonhosted|npmjs|anaconda)|--(extra-)?index-url|--find-links|--trusted-host"
        )
        for file in files_of():
            if file != Path(__file__).resolve() and file.suffix not in {".png", ".parquet"}:
                assert not index.search(file.read_text(encoding="utf-8")), file

    @pytest.mark.parametrize(
        "name", ["constraints.txt", "Makefile", "Dockerfile", ".ci/run", ".dockerignore", ".gitignore"]
    )
    def test_nothing_is_fetched_from_an_address(self, name):
        text = (ROOT / name).read_text().replace("http://127.0.0.1", "")
        assert "://" not in text
        assert not re.search(r"\b(curl|wget)\b", text)

    def test_readme_is_short_and_its_links_lead_somewhere(self):
        text = (ROOT / "README.md").read_text()
        assert 40 <= len(text.splitlines()) <= 80
        links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
        assert [link for link in links if not (ROOT / link).exists()] == []

    def test_every_command_is_in_the_readme(self):
        text = (ROOT / "README.md").read_text()
        assert [name for name in get_command(app).commands if f"explorer {name}" not in text] == []

    def test_keys_functions_and_variables_are_documented(self):
        text = (ROOT / "docs" / "catalogues.md").read_text()
        code = "".join(file.read_text() for file in files_of(*PACKAGES) if file.suffix == ".py")
        keys = {*mapping_file._ROOT_KEYS, *mapping_file._FILLING_KEYS, *mapping_file._DESCRIBING_KEYS}
        assert {
            key for key in keys if not re.search(rf"`[^`]*\b{key}\b|^\[?{key}\b", text, re.MULTILINE)
        } == set()
        assert {
            name for name in FUNCTIONS if not re.search(rf"^- `.*\b{name}\b", text, re.MULTILINE)
        } == set()
        assert {name for name in re.findall(r"\bEXPLORER_[A-Z_]+", code) if f"`{name}`" not in text} == set()

    def test_documented_mapping_is_one(self):
        example = re.search(r"```toml\n(.*?)```", (ROOT / "docs" / "catalogues.md").read_text(), re.DOTALL)
        mapping = mapping_file.parse_mapping(example[1], "mine.toml")
        assert mapping.fillings["mg_fe"].minus == "FE_H"
        assert mapping.fillings["si_fe"].column.plain == "[Si/Fe]"

    def test_documented_surveys_are_some(self, tmp_path):
        text = (ROOT / "docs" / "building.md").read_text()
        small, whole = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
        file = tmp_path / "survey.toml"
        file.write_text(small)
        assert survey_file.read_survey(file).spectra.snr == 5
        file.write_text(whole)
        read = survey_file.read_survey(file)
        assert [model.labels for model in read.models] == [LABEL_SETS["dwarf"], LABEL_SETS["giant"]]
        assert read.cuts == Cuts()
        assert read.kinematics == survey.Kinematics()
        assert (read.chunk, read.spectra.wavelengths) == (survey_file.CHUNK, survey.Spectra.wavelengths)

    def test_keys_of_surveys_are_documented(self):
        text = (ROOT / "docs" / "building.md").read_text()
        kinds = (survey.Spectra, survey.Input, survey.Kinematics, Cuts)
        keys = {*survey_file._KEYS, *(one.name for kind in kinds for one in fields(kind)), "labels", "file"}
        assert {
            key for key in keys if not re.search(rf"`[^`]*\b{key}\b|^{key} = |^\[{key}\W", text, re.MULTILINE)
        } == set()

    def test_one_version(self):
        version = PROJECT["project"]["version"]
        newest = re.search(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
        label = re.search(r'image\.version="([^"]+)"', (ROOT / "Dockerfile").read_text())
        assert (newest[1], label[1]) == (version, version)

    def test_continuous_integration_is_make_test(self):
        run = ROOT / ".ci" / "run"
        assert os.access(run, os.X_OK)
        assert run.read_text().splitlines() == [
            "#!/usr/bin/env bash", "set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test",
        ]  # fmt: skip


def kept_out(path, patterns):
    """Whether an ignore file hides a path: the last pattern that fits it, or a folder it lies in, decides."""
    hidden = False
    places = [path, *path.parents]
    for pattern in patterns:
        bare = pattern.removeprefix("!").strip("/").removeprefix("**/")
        if any(fnmatch.fnmatch(str(place), bare) or fnmatch.fnmatch(place.name, bare) for place in places):
            hidden = not pattern.startswith("!")
    return hidden


@pytest.mark.parametrize("name", [".gitignore", ".dockerignore"])
def test_code_is_not_ignored(name):
    patterns = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
    code = [file.relative_to(ROOT) for file in files_of(*PACKAGES)]
    assert Path("data/schema.py") in code
    assert [path for path in code if kept_out(path, patterns)] == []
    assert kept_out(Path("data/__pycache__/schema.pyc"), patterns)
    assert kept_out(Path(".venv/bin/python"), patterns)


@pytest.fixture(scope="module")
def steps():
    """Instructions of the Dockerfile: name and what follows."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line]


class TestImage:
    @staticmethod
    def last(steps, name):
        return [rest for instruction, rest in steps if instruction == name][-1]

    def test_runs_as_nobody_special(self, steps):
        user = self.last(steps, "USER")
        assert user not in {"root", "0"}
        assert any(f"useradd --create-home {user}" in rest for name, rest in steps if name == "RUN")

    def test_one_port_and_a_healthcheck_on_it(self, steps):
        ports = [rest for name, rest in steps if name == "EXPOSE"]
        default = next(
            option.default for option in get_command(app).commands["serve"].params if option.name == "port"
        )
        assert ports == [str(default)]
        check = self.last(steps, "HEALTHCHECK")
        command = json.loads(check[check.index("[") :])
        assert command[:2] == ["python", "-c"]
        ast.parse(command[2])
        assert f":{default}/" in command[2]

    def test_starts_with_options_that_exist(self, steps):
        program, command, *words = json.loads(self.last(steps, "ENTRYPOINT"))
        assert program in PROJECT["project"]["scripts"]
        options = get_command(app).commands[command].params
        known = {flag for option in options for flag in (*option.opts, *option.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= known

    def test_copies_what_exists_and_all_of_the_code(self, steps):
        patterns = [
            line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")
        ]
        copied = [
            place
            for name, rest in steps
            if name == "COPY" and "--from" not in rest
            for place in rest.split()[:-1]
        ]
        assert set(PACKAGES) < set(copied)
        assert [place for place in copied if not (ROOT / place).exists()] == []
        assert [place for place in copied if kept_out(Path(place), patterns)] == []

    def test_holds_no_tools_of_ours(self, steps):
        commands = " ".join(rest for name, rest in steps if name == "RUN")
        assert "[test]" not in commands
        assert "apt" not in commands
        final = steps[[name for name, _ in steps].index("FROM", 1) :]
        assert not any("pip" in rest for name, rest in final if name == "RUN")

    def test_what_is_written_lies_on_a_volume(self, steps):
        volumes = json.loads(self.last(steps, "VOLUME"))
        assert "/catalogues" in volumes
        settings = dict(pair.split("=", 1) for pair in self.last(steps, "ENV").split())
        made = next(rest for name, rest in steps if name == "RUN" and "install -d -o" in rest)
        for variable in ("NUMBA_CACHE_DIR", "EXPLORER_CACHE", "EXPLORER_DATA"):
            volume = "/" + Path(settings[variable]).parts[1]
            assert volume in volumes
            assert volume in made.split()


class TestMakefile:
    @pytest.fixture
    def place(self, tmp_path):
        """A folder with what `make setup` reads and, as its only programs, those of bin/."""
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, tmp_path)
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "id").symlink_to(shutil.which("id"))
        return tmp_path

    @staticmethod
    def program(place, name, text):
        file = place / "bin" / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    @staticmethod
    def make(place, *words):
        return subprocess.run(
            [shutil.which("make"), "-C", str(place), *words],
            env={"PATH": str(place / "bin")}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def test_every_target_is_explained(self):
        text = (ROOT / "Makefile").read_text()
        targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()
        assert {"run", "test", "bench", "lint"} <= set(targets)
        assert [
            target for target in targets if not re.search(rf"^# .*\bmake {target}\b", text, re.MULTILINE)
        ] == []

    @pytest.mark.parametrize(
        ("python", "says"),
        [
            (None, "There is no python3 here"),
            (
                'case "$*" in --version) echo Python 3.9.2;; *version_info*) exit 1;; esac',
                "is Python 3.9.2, but 3.11",
            ),
            ('case "$*" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
        ],
    )
    def test_says_what_a_bare_machine_lacks(self, place, python, says):
        if python:
            self.program(place, "python3", python)
        done = self.make(place, "setup")
        assert done.returncode
        assert says in done.stderr
        assert not (place / ".venv").exists()

    def test_takes_the_chromium_that_is_there(self, place):
        self.program(place, "google-chrome", "")
        self.program(place, "apt-get", "exit 1")
        assert self.make(place, "chromium").returncode == 0

    def test_without_chromium_fails_and_says_so(self, place):
        done = self.make(place, "chromium")
        assert done.returncode
        assert "apt install chromium" in done.stderr

    def test_installs_chromium_where_it_may(self, place):
        self.program(place, "id", "echo 0")
        (place / "bin" / "env").symlink_to(shutil.which("env"))
        install = (
            f'echo "$@" >>asked; case "$*" in *install*) {shutil.which("cp")} bin/id bin/chromium;; esac'
        )
        self.program(place, "apt-get", install)
        done = self.make(place, "chromium")
        assert done.returncode == 0, done.stderr
        asked = (place / "asked").read_text().splitlines()
        assert [words.split()[0] for words in asked] == ["update", "install"]
        assert asked[1].split()[-2:] == ["chromium", "fonts-dejavu-core"]

    def test_without_the_right_to_install_fails(self, place):
        self.program(place, "id", "echo 1000")
        self.program(place, "sudo", "exit 1")
        self.program(place, "apt-get", "echo >asked")
        done = self.make(place, "chromium")
        assert done.returncode
        assert not (place / "asked").exists()
