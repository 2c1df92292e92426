"""Spectra from an archive in the web, kept on disk once they were fetched and found to be the right ones."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore, Lock

from data.address_template import AddressTemplate
from data.cache import cache_folder
from data.kept_files import KeptFiles
from data.lamost import LamostSpectrum, parse_spectrum
from data.observation_name import ObservationName, Star
from data.packed_file import read_bytes
from data.problem import DataError, UnreachableError
from data.spectra import Found, Observation
from data.transfer import OfflineError, Transfer

LARGEST = 16 << 20
"""Bytes of a spectrum, unpacked."""
KEPT_MIB = 1024
"""Size of what is kept by default: some ten thousand spectra."""
AT_ONCE = 4
"""Transfers at the same time: archives are for everybody."""
MOST = 10
"""Spectra of one star that are fetched."""
LONGEST = 30.0
"""Seconds after which no other spectrum of a star is begun."""
REST = 30.0
"""Seconds for which an archive that can't be reached is not asked again."""


_UNKNOWN = (-1, "")


@dataclass(eq=False)
class SpectrumArchive:
    """An archive; several threads may ask it at a time.

    Attributes
    ----------
    template : addresses of its spectra.
    kept : spectra that were fetched before.
    transfer : how they are fetched.
    clock : time in seconds.
    """

    template: AddressTemplate
    kept: KeptFiles
    transfer: Transfer = field(default_factory=Transfer)
    clock: Callable[[], float] = time.monotonic
    _places: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE), init=False)
    _fetching: dict[str, Lock] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)
    _resting: tuple[float, str] = field(default=(0.0, ""), init=False)

    @classmethod
    def of(cls, template: str, *, kept_mib: int = KEPT_MIB, cache: Path | None = None) -> "SpectrumArchive":
        """An archive by its template, such as https://host/{obsid}.

        Raises
        ------
        DataError
            If that is no template, or the cache can't be used.
        """
        return cls(AddressTemplate(template), KeptFiles(cache_folder("archive", cache), kept_mib << 20))

    def find(self, star: Star) -> Found:
        """Spectra of a star whose names are known, MOST at most; the others with the reason."""
        observations: list[Observation] = []
        reasons: list[str] = []
        end = self.clock() + LONGEST
        for name in star.names[:MOST]:
            if self.clock() > end:
                reasons.append(f"{name} and others were not asked for: the archive is slow")
                break
            try:
                observations.append(Observation(self._one(name, star), f"archive {self.template.host}"))
            except DataError as problem:
                reasons.append(f"no spectrum of {name} from the archive: {problem}")
        if len(star.names) > MOST:
            reasons.append(f"of {len(star.names)} spectra the first {MOST} were asked for at the archive")
        return Found(tuple(observations), tuple(reasons))

    def _one(self, name: ObservationName, star: Star) -> LamostSpectrum:
        address = self.template.address(name)
        if address is None:
            raise DataError(f"{self.template.host} needs more than is known of it to find it")
        return self._held(address, name, star) or self._fetched(address, name, star)

    def _held(self, address: str, name: ObservationName, star: Star) -> LamostSpectrum | None:
        path = self.kept.find(address)
        if path is None:
            return None
        try:
            return _checked(read_bytes(path, LARGEST), name, star)
        except DataError:  # damaged on the disk, or just removed: fetched anew, it takes its place
            return None

    def _fetched(self, address: str, name: ObservationName, star: Star) -> LamostSpectrum:
        with self._alone(address):
            held = self._held(address, name, star)
            if held is not None:
                return held
            until, why = self._resting
            if self.clock() < until:
                raise UnreachableError(why)
            try:
                with self._places:
                    content = self.transfer.fetch(address)
            except OfflineError as problem:
                self._resting = self.clock() + REST, str(problem)
                raise
            try:
                spectrum = _checked(content, name, star)
            except DataError as problem:
                raise DataError(f"{self.template.host} sent something else: {problem}") from problem
            with suppress(DataError):  # what can't be kept can be shown
                self.kept.add(address, lambda path: _write(path, content))
            return spectrum

    @contextmanager
    def _alone(self, address: str) -> Iterator[None]:
        """Let one thread fetch an address, while others that want it wait."""
        with self._lock:
            mine = self._fetching.setdefault(address, Lock())
        try:
            with mine:
                yield
        finally:
            with self._lock:
                self._fetching.pop(address, None)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _checked(content: bytes, name: ObservationName, star: Star) -> LamostSpectrum:
    """A spectrum, seen to be the one that was asked for."""
    path = Path(str(name).replace("/", "-"))
    spectrum = parse_spectrum(content, path, largest=LARGEST)
    said = ObservationName.of(spectrum)
    pairs = (
        ("obsid", name.obsid, said.obsid),
        ("exposure", name.exposure, said.exposure),
        ("designation", star.designation, spectrum.designation),
    )
    for what, asked, given in pairs:
        if asked not in _UNKNOWN and given not in _UNKNOWN:
            if asked == given:
                return spectrum
            raise DataError(f"asked for {what} {asked}, it gave {given}")
    raise DataError(f"it does not say which spectrum it is, and may not be {name}")
