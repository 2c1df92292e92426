"""Columns on their way to disk: appended by chunks in the source's order, then read back one by one."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


class Spool:
    """Raw files of columns, so that no more than a chunk, or one whole column, is ever in memory."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._files: dict[str, BinaryIO] = {}
        self._pieces: dict[str, list[tuple[np.dtype[Any], int]]] = {}
        self.rows = 0

    def append(self, chunk: Mapping[str, NDArray[Any]]) -> None:
        """Add consecutive rows, every column of the same length."""
        for name, values in chunk.items():
            if name not in self._files:
                self._files[name] = self._stack.enter_context((self._folder / f"{name}.raw").open("wb"))
                self._pieces[name] = []
            write_raw(self._files[name], values)
            self._pieces[name].append((values.dtype, len(values)))
        self.rows += len(next(iter(chunk.values())))

    def take(self, name: str) -> NDArray[Any]:
        """Read a whole column back and remove its raw file."""
        self._files[name].close()
        path = self._folder / f"{name}.raw"
        with path.open("rb") as file:
            pieces = [np.fromfile(file, dtype, count) for dtype, count in self._pieces[name]]
        path.unlink()
        return np.concatenate(pieces)


@contextmanager
def spooling(folder: Path) -> Iterator[Spool]:
    """Give a spool in a folder, its files closed at the end."""
    with ExitStack() as stack:
        yield Spool(folder, stack)


def write_raw(file: BinaryIO, values: NDArray[Any]) -> None:
    """Write an array's bytes; on a full disk raise the system's own error, which numpy's writers do not."""
    file.write(np.ascontiguousarray(values).view(np.uint8).data)


def write_npy(path: Path, values: NDArray[Any]) -> None:
    """Write an array as .npy, as `write_raw`."""
    values = np.ascontiguousarray(values)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(values))
        write_raw(file, values)
