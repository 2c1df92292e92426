"""What is compiled gives the same numbers on the day it is compiled and, from a cache, on every other."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import hashlib
import numpy as np
from model.cannon import Cannon
from model.continuum import Continuum
from tests.cannon_mock import Sky

sky = Sky(labels=3, pixels=300, lines=80, scatter=0.01)
stars, seen = sky.stars(120, 60), sky.stars(40, 12, seed=1)
model = Cannon.train(stars.labels, *stars.spectra, **sky.words())
found = model.infer(*seen.spectra)
smooth = Continuum(model.wavelength).normalise(*seen.spectra)
for arrays in ((model.theta, model.s), (found.labels, found.chi2, found.covariance), smooth):
    print(hashlib.sha256(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)).hexdigest())
"""


def test_the_first_run_gives_what_every_other_gives(tmp_path):
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM]
    runs = [
        subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout for _ in range(2)
    ]
    assert len(runs[0].split()) == 3
    assert runs[0] == runs[1]
    assert list(tmp_path.rglob("*.nbc"))
