"""What a benchmark found: each figure printed as it comes, and all of them as one JSON object in the end."""

import json
import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np

from tests.served import ROOT

Times = list[float]


@dataclass
class Findings:
    """Figures by their names, and the times they were taken from."""

    figures: dict[str, float] = field(default_factory=dict)
    times: dict[str, Times] = field(default_factory=dict)

    def say(self, name: str, value: float, words: str) -> float:
        """Print a figure as it comes."""
        self.figures[name] = value
        print(f"{name:28} {value:10.2f}   {words}", flush=True)
        return value

    def spread(self, name: str, times: Times, words: str) -> float:
        """Keep times in milliseconds, print their median and 95th percentile, and give the median."""
        self.times[name] = times
        middle, high = (float(np.percentile(times, share)) for share in (50, 95))
        self.figures |= {f"{name}_ms": middle, f"{name}_p95_ms": high}
        print(f"{f'{name}_ms':28} {middle:10.1f}   ms, p95 {high:.1f}, of {len(times)}; {words}", flush=True)
        return middle

    def ratio(self, name: str, above: str, below: str, words: str) -> None:
        """Print a ratio of two figures, if both were measured."""
        if self.figures.get(above) is not None and self.figures.get(below):
            self.say(name, self.figures[above] / self.figures[below], words)

    def of_process(self, module: str, *words: str) -> None:
        """Take over what a benchmark in a process of its own finds; it prints as this one does."""
        command = [sys.executable, "-m", module, *words]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                last = ""
                for line in process.stdout or ():
                    if last:
                        print(last, end="", flush=True)
                    last = line
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            raise RuntimeError(f"{module} ended with {process.returncode}")
        found = json.loads(last)
        self.times |= found.pop("times_ms")
        self.figures |= found

    @property
    def line(self) -> str:
        """All of it as one JSON object on one line."""
        times = {name: [round(time, 1) for time in times] for name, times in self.times.items()}
        figures = {name: round(value, 3) for name, value in self.figures.items()}
        return json.dumps({**figures, "times_ms": times})
