"""How fast The Cannon is: `python -m benchmarks.cannon [--quick]`.

At the paper's sizes, in CPU seconds of one thread, medians; each ratio within this one run, against the
matrix product at the same moment and against the package TheCannon (Ho, PyPI, extra `bench`). Prints each
figure as it is measured and, as its last line, one JSON object with those of the dwarfs' model.
"""

import argparse
import json
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks import ho
from model.cannon import Cannon
from model.continuum import Continuum
from model.inference import BATCH
from model.validation import CrossValidation, cross_validate
from tests.cannon_mock import Sky, Stars

PIXELS, SNR = 3600, 60
SCATTER = 0.01
"""Of the stars' spectra beside their noise: without one, s is 0 at most pixels, which is found at once."""
DWARFS, GIANTS = (1190, 9), (532, 10)
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

Figures = dict[str, float]
Floats = NDArray[np.float64]


def main() -> None:
    """Measure everything and print it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="fewer repetitions, no scaling")
    asked = arguments.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(
            sys.executable,
            [sys.executable, "-m", "benchmarks.cannon", *sys.argv[1:]],
            {**os.environ, **ONE_THREAD},
        )
    repeats = 3 if asked.quick else 7
    figures = measure_model("dwarfs", *DWARFS, repeats)
    if not asked.quick:
        measure_model("giants", *GIANTS, repeats)
        measure_scaling()
    figures |= measure_processes()
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def say(name: str, value: float, words: str) -> Figures:
    """Print a figure as it comes."""
    print(f"{name:28} {value:10.4g}   {words}", flush=True)
    return {name: value}


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def medians(repeats: int, *works: Callable[[], object]) -> list[float]:
    """Median CPU seconds of each work; they take turns, so that what slows the machine slows all."""
    for work in works:
        work()
    spent = [[seconds(work) for work in works] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*spent, strict=True)]


def operations(labels: int) -> float:
    """Floating-point operations a star of inference over all pairs of terms."""
    terms = (labels + 1) * (labels + 2) // 2 - 1
    return 2.0 * PIXELS * (terms * (terms + 1) // 2 + 2 * terms)


def product(precision: Literal["float32", "float64"], labels: int) -> Callable[[], object]:
    """The matrix product of a batch of stars with all pairs of terms."""
    terms = (labels + 1) * (labels + 2) // 2 - 1
    rng = np.random.default_rng(1)
    weight = rng.random((BATCH, PIXELS)).astype(precision)
    pairs = rng.random((PIXELS, terms * (terms + 1) // 2)).astype(precision)
    return lambda: weight @ pairs


def rate(labels: int, spent: float) -> float:
    """Operations per second of that product."""
    terms = (labels + 1) * (labels + 2) // 2 - 1
    return BATCH * PIXELS * terms * (terms + 1) / spent


def sky_of(labels: int, pixels: int = PIXELS, scatter: float = SCATTER) -> Sky:
    """The mock population."""
    return Sky(labels=labels, pixels=pixels, lines=pixels // 4, scatter=scatter)


def measure_model(kind: str, count: int, labels: int, repeats: int) -> Figures:
    """Training, inference, cross-validation and continuum of one of the paper's two models."""
    print(f"\n{kind}: {count} stars, {labels} labels, {PIXELS} pixels, S/N {SNR}")
    sky = sky_of(labels)
    stars, seen = sky.stars(count, SNR), sky.stars(4 * BATCH, SNR, seed=1)
    model = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    figures = measure_inference(model, seen, repeats)
    figures |= measure_training(sky, stars, repeats)
    return measure_peer(model, sky, stars, seen, figures)


def measure_inference(model: Cannon, stars: Stars, repeats: int) -> Figures:
    """Milliseconds a star in both precisions, against the product's rate and the continuum."""
    count, labels = stars.labels.shape
    smoothing = Continuum(model.wavelength)
    singly = [part.astype(np.float32) for part in stars.spectra]
    single, double, single_product, double_product, continuum, continuum32 = medians(
        repeats,
        lambda: model.infer(*stars.spectra),
        lambda: model.infer(*stars.spectra, precision="float64"),
        product("float32", labels),
        product("float64", labels),
        lambda: smoothing.normalise(*stars.spectra),
        lambda: smoothing.normalise(*singly),
    )
    fraction = operations(labels) * count / single / rate(labels, single_product)
    fraction64 = operations(labels) * count / double / rate(labels, double_product)
    quick, exact = model.infer(*stars.spectra), model.infer(*stars.spectra, precision="float64")
    sigma = np.sqrt(np.einsum("mll->ml", exact.covariance))
    apart = np.abs((quick.labels - exact.labels) / sigma).max()
    return {
        **say("inference_ms_f32", 1e3 * single / count, "ms a star, 8 starts"),
        **say("inference_ms_f64", 1e3 * double / count, "ms a star, 8 starts"),
        **say("gemm_gflops_f32", rate(labels, single_product) / 1e9, "matrix product, GFLOP/s"),
        **say("gemm_gflops_f64", rate(labels, double_product) / 1e9, "matrix product, GFLOP/s"),
        **say("gemm_fraction", fraction, f"of its rate, for {operations(labels) / 1e6:.1f} MFLOP a star"),
        **say("gemm64_fraction", fraction64, "the same in double precision"),
        **say("f32_sigma", apart, "largest difference between the precisions, in errors"),
        **say("not_converged", float((~quick.converged).sum()), f"of {count} stars"),
        **say("continuum_over_inference", continuum / single, "continuum of the same stars"),
        **say("continuum32_over_inference", continuum32 / single, "the same, of spectra in float32"),
    }


def measure_training(sky: Sky, stars: Stars, repeats: int) -> Figures:
    """Seconds of training, and cross-validation against it."""
    exact = sky_of(stars.labels.shape[1], scatter=0.0).stars(len(stars.labels), SNR)

    def train(some: Stars) -> Cannon:
        return Cannon.train(some.labels, *some.spectra, **sky.words())

    def validate(some: Stars) -> CrossValidation:
        return cross_validate(some.labels, *some.spectra, **sky.words())

    training, training_exact, validation, validation_exact = medians(
        min(repeats, 3),
        lambda: train(stars),
        lambda: train(exact),
        lambda: validate(stars),
        lambda: validate(exact),
    )
    zero, zero_exact = (np.mean(train(some).s == 0) for some in (stars, exact))
    return {
        **say("training_s", training, f"s, all pixels, {zero:.0%} of which have s = 0"),
        **say("training_exact_s", training_exact, f"s, stars without scatter: {zero_exact:.0%} of pixels"),
        **say("cv12_over_training", validation / training, "12-fold cross-validation, inference included"),
        **say("cv12_over_training_exact", validation_exact / training_exact, "the same without scatter"),
    }


def measure_peer(model: Cannon, sky: Sky, stars: Stars, seen: Stars, known: Figures) -> Figures:
    """The package TheCannon on some of the pixels and of the stars: it takes both one by one."""
    peer = ho.measure(model, sky, stars, seen)
    if peer is None:
        print("TheCannon is not installed: pip install -c constraints.txt -e '.[bench]'")
        return known
    return known | {
        **say("ho_inference_ms", 1e3 * peer.inference, "ms a star, TheCannon"),
        **say("ho_training_s", peer.training, "s, TheCannon, all pixels"),
        **say("inference_vs_ho", 1e3 * peer.inference / known["inference_ms_f32"], "times faster"),
        **say("inference64_vs_ho", 1e3 * peer.inference / known["inference_ms_f64"], "times faster"),
        **say("training_vs_ho", peer.training / known["training_s"], "times faster"),
    }


def measure_scaling() -> None:
    """How inference and training grow with stars, pixels and labels, and what memory they take."""
    print("\n stars  pixels  labels   training s   inference ms/star   memory MiB of training, of inference")
    for stars, pixels, labels in (
        (600, 3600, 9), (1200, 3600, 9), (2400, 3600, 9),
        (1200, 900, 9), (1200, 1800, 9),
        (1200, 3600, 3), (1200, 3600, 6), (1200, 3600, 10),
    ):  # fmt: skip
        sky = sky_of(labels, pixels)
        seen = sky.stars(stars, SNR)
        model = Cannon.train(seen.labels, *seen.spectra, **sky.words())
        training = seconds(lambda s=seen, k=sky: Cannon.train(s.labels, *s.spectra, **k.words()))
        (inference,) = medians(3, lambda m=model, s=seen: m.infer(*s.spectra))
        memory = [
            peak(lambda s=seen, k=sky: Cannon.train(s.labels, *s.spectra, **k.words())),
            peak(lambda m=model, s=seen: m.infer(*s.spectra)),
        ]
        print(
            f"{stars:6} {pixels:7} {labels:7} {training:12.2f} {1e3 * inference / stars:19.3f} "
            f"{memory[0]:18.0f} {memory[1]:12.0f}",
            flush=True,
        )


def peak(work: Callable[[], object]) -> float:
    """Most memory that arrays take during some work, MiB, beside those there before."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def measure_processes() -> Figures:
    """Two processes against one: inference, and the bare product beside it."""
    print("\ntwo processes")
    gains: dict[str, list[float]] = {"infer": [], "product": []}
    for _ in range(3):
        for work, found in gains.items():
            (alone,) = throughputs(work, 1)
            found.append(sum(throughputs(work, 2)) / alone)
    gain = {work: statistics.median(found) for work, found in gains.items()}
    return {
        **say("two_process_gain", gain["infer"], "times the work of one process, inference"),
        **say("two_process_gemm_gain", gain["product"], "times the work of one process, bare product"),
        **say("two_process_over_gemm", gain["infer"] / gain["product"], "of the product's gain"),
    }


def throughputs(work: str, processes: int) -> list[float]:
    """Rounds per CPU second in each of several processes that work at the same time."""
    context = get_context("spawn")
    barrier, answers = context.Barrier(processes), context.SimpleQueue()
    workers = [context.Process(target=labour, args=(work, barrier, answers)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    rates: list[float] = [answers.get() for _ in workers]
    for worker in workers:
        worker.join()
    return rates


def labour(work: str, barrier: Barrier, answers: Any) -> None:
    """One process's share."""
    once = inference() if work == "infer" else product("float32", DWARFS[1])
    once()
    barrier.wait()
    rounds, begun, started = 0, time.process_time(), time.monotonic()
    while time.monotonic() - started < 3:
        once()
        rounds += 1
    rate = rounds / (time.process_time() - begun)
    barrier.wait()
    answers.put(rate)


def inference() -> Callable[[], object]:
    """Inference of two batches of dwarfs."""
    sky = sky_of(DWARFS[1])
    stars = sky.stars(2 * BATCH, SNR)
    model = Cannon.train(stars.labels, *stars.spectra, **sky.words())
    return lambda: model.infer(*stars.spectra)


if __name__ == "__main__":
    main()
