"""Where files of our own live on this machine; never inside the project."""

import os
from pathlib import Path

from platformdirs import user_data_path


def data_folder() -> Path:
    """Folder for catalogues we make: EXPLORER_DATA, else the user's data folder."""
    named = os.environ.get("EXPLORER_DATA")
    return Path(named).expanduser() if named else user_data_path("enrichment-explorer", appauthor=False)
