"""The explorer in a process of its own, as a person starts it."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 120.0
"""How long a server may take to be ready on a busy machine."""

_DIRECT = build_opener(ProxyHandler({}))


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(address: str) -> bytes:
    """The body of an answer with status 200."""
    with _DIRECT.open(address, timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


@dataclass(frozen=True)
class Served:
    """A running server: its process, address and log."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @classmethod
    def start(cls, command: list[str], port: int, log: Path, **environment: str) -> "Served":
        """Run a Python command that serves on a port, with the explorer in its path."""
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        return cls(process, f"http://127.0.0.1:{port}", log)

    @classmethod
    def catalogue(cls, path: Path, log: Path, *options: str, **environment: str) -> "Served":
        """`explorer serve PATH`, with more options if given; not yet ready."""
        port = free_port()
        command = ["-m", "explorer", "serve", str(path), "--port", str(port), "--no-show", *options]
        return cls.start(command, port, log, **environment)

    def wait(self, path: str = "/metadata") -> float:
        """Wait until it answers; seconds that took. `/metadata` opens no session, `/` does."""
        begun = time.monotonic()
        while time.monotonic() - begun < PATIENCE_S:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}: {self.log.read_text()}")
            try:
                fetch(self.url + path)
            except (URLError, ConnectionError):
                time.sleep(0.02)
            else:
                return time.monotonic() - begun
        raise TimeoutError(f"no answer from {self.url} in {PATIENCE_S:.0f} s: {self.log.read_text()}")

    def stop(self) -> int:
        """End it as a service manager does; its exit status."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
