"""Fixtures shared by all tests: where the real survey files are, and the golden values beside them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real survey files; a test that needs it is skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "real"
    folder = Path(os.environ.get("EXPLORER_REAL_DATA", default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real survey files at {folder}: set EXPLORER_REAL_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def golden_actions(real_data: Path) -> Path:
    """Ten stars with expected coordinates, velocities and actions."""
    path = real_data.parent / "golden" / "actions.csv"
    if not path.is_file():
        pytest.skip(f"no golden values at {path}")
    return path
