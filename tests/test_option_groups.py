"""Groups of options: typer sees each option, the command one value."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from explorer.option_groups import grouped

Height = Annotated[float, typer.Option("--how-high", help="Above the plane, kpc.")]


@dataclass(frozen=True)
class Place:
    height: Height = 0.5
    inside: Annotated[bool, typer.Option("--inside")] = False


@dataclass(frozen=True)
class Time:
    year: Annotated[int, typer.Option(help="Of the positions.")] = 2016


@pytest.fixture
def run():
    """Runs a command that has two groups among its options; gives what it was told."""
    found = []

    @grouped
    def look(name: str, *, place: Place, seed: int = 1, time: Time) -> None:
        """Look at a star."""
        found.append((name, place, seed, time))

    app = typer.Typer()
    app.command()(look)

    def told(*words):
        result = CliRunner().invoke(app, words)
        return result, found[-1] if found else None

    return told


def test_a_command_is_told_its_groups(run):
    assert run("sun")[1] == ("sun", Place(0.5, inside=False), 1, Time(2016))
    words = ("sun", "--inside", "--year", "2000", "--how-high", "2", "--seed", "7")
    assert run(*words)[1] == ("sun", Place(2.0, inside=True), 7, Time(2000))


def test_help_names_each_option_where_its_group_stands(run):
    said = run("--help")[0].output
    assert "Look at a star." in said
    places = [said.index(words) for words in ("--how-high", "--inside", "--seed", "--year")]
    assert places == sorted(places)
    assert "Above the plane, kpc." in said
    assert "--place" not in said


def test_a_value_of_another_type_is_refused(run):
    result, told = run("sun", "--how-high", "far")
    assert (result.exit_code, told) == (2, None)
