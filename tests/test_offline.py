"""Nothing asks the internet, and nothing is left in a person's home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

WITNESS = """
import os, sys
def note(event, details):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open(os.environ["WITNESS_LOG"], "a") as log:
            log.write(f"{event} {details[1:]}\\n")
sys.addaudithook(note)
"""
"""A ``sitecustomize`` for a Python and all that it starts: writes down each attempt to reach a host."""

IMPORT = """
import os, socket
before = dict(os.environ), os.getcwd()
import model.actions
assert (dict(os.environ), os.getcwd()) == before, "environment or folder not restored"
stars = model.kinematics.PhaseSpace(8.0, 0.0, 0.1, 10.0, 220.0, 5.0)
assert model.actions.staeckel_actions(stars).J_R > 0
with socket.socket() as proof:
    proof.connect_ex(("127.0.0.1", 9))
"""

USERS_OWN = "[version-check]\ndo-check = True\ncheck-non-interactive = True\n"


@pytest.mark.parametrize("configuration", [None, USERS_OWN], ids=["fresh home", "home of a user of galpy"])
def test_importing_galpy_stays_at_home_and_leaves_it_alone(tmp_path, configuration):
    """Even when started from that home. The last line of the log proves that the witness is awake."""
    home, witness, log = tmp_path / "home", tmp_path / "witness", tmp_path / "log"
    for folder in (home, home / "cache", home / "config", witness):
        folder.mkdir()
    (witness / "sitecustomize.py").write_text(WITNESS)
    if configuration:
        (home / ".galpyrc").write_text(configuration)
    subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT],
        check=True,
        cwd=home,
        env={
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(witness), str(ROOT)]),
            "WITNESS_LOG": str(log),
        },
    )
    assert log.read_text().splitlines() == ["socket.connect (('127.0.0.1', 9),)"]
    left = {path.name: path.read_text() for path in home.rglob("*") if path.is_file()}
    assert left == ({".galpyrc": configuration} if configuration else {})
