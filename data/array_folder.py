"""Named arrays in a folder, one file each: written whole or not at all, memory-mapped when read back."""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.draft import refused, sync
from data.problem import DataError
from data.spool import write_npy

_ENDING = ".npy"


def write_arrays(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays, which appear under the folder's name when all are complete.

    Parameters
    ----------
    folder : where; it must not exist yet, the folder it is in must.
    arrays : by name; numbers and byte texts.

    Raises
    ------
    DataError
        If the system does not let them be written. Nothing is left behind then.
    """
    part = folder.with_name(f".{folder.name[:100]}.{secrets.token_hex(6)}.part")
    try:
        part.mkdir()
        for name, values in arrays.items():
            file = part / f"{name}{_ENDING}"
            write_npy(file, values)
            sync(file)
        part.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise refused(folder, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_arrays(folder: Path) -> Mapping[str, NDArray[Any]]:
    """Map arrays that `write_arrays` wrote, read-only.

    Raises
    ------
    DataError
        If one can't be read.
    """
    found: dict[str, NDArray[Any]] = {}
    for file in sorted(folder.iterdir()):
        try:
            found[file.name.removesuffix(_ENDING)] = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"{file} can't be read ({error}): remove {folder}") from error
    return MappingProxyType(found)
