"""Time peers that do the same work: compared first, interleaved in short rounds, reported as ratios per round."""

from __future__ import annotations

import gc
import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BASELINE = "pytorch"
IN_PROCESS = ("wengert", "pytorch", "numpy", "jax", "mygrad")  # the order within a round
WARM_UP = 3  # steps of every peer before its results are compared
FEWEST_ROUNDS = 5  # even where the time budget is used up

Step = Callable[[], None]
Outputs = Callable[[], list[Any]]


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    Its module has `make_inputs(**options)`, a `TOLERANCE`, and for each peer `in_<peer>(**inputs)`, which prepares
    everything that need not be timed and returns `step` (one pass, timed) and `outputs` (loss and gradients of the
    last pass, to be compared). The module's `MISSING` says why a peer has no such function.
    """

    name: str
    title: str
    target: float
    module: str
    options: dict[str, Any] = field(default_factory=dict)


class Missing(Exception):
    """A peer that cannot run a workload; the message is the reason that the table prints."""


class Disagreement(Exception):
    """Two peers that do not compute the same numbers: their times must not be compared."""


def build(workload: Workload, peer: str) -> tuple[Step, Outputs]:
    """One peer's `step` and `outputs`, on inputs of its own (a peer may write into them), warmed up."""
    module = importlib.import_module(workload.module)
    make = getattr(module, f"in_{peer}", None)
    if make is None:
        raise Missing(module.MISSING[peer])
    try:
        step, outputs = make(**module.make_inputs(**workload.options))
    except ImportError as error:
        raise Missing(f"not installed ({error})") from error
    for _ in range(WARM_UP):
        step()
    return step, outputs


def compare(workload: Workload, results: dict[str, Outputs]) -> None:
    """Raise `Disagreement` unless all peers have the first one's numbers, in relative Euclidean norm."""
    tolerance = importlib.import_module(workload.module).TOLERANCE
    (first, expected), *others = ((peer, [np.asarray(x) for x in outputs()]) for peer, outputs in results.items())
    for peer, found in others:
        if [x.shape for x in found] != [x.shape for x in expected]:
            raise Disagreement(f"{workload.title}: {peer} and {first} return arrays of different shapes")
        for i, (x, y) in enumerate(zip(found, expected, strict=True)):
            error = np.linalg.norm(x.ravel() - y.ravel()) / max(np.linalg.norm(y), np.finfo(y.dtype).tiny)
            if not error <= tolerance:  # also true of NaN
                raise Disagreement(
                    f"{workload.title}: output {i} of {peer} differs from that of {first} by {error:.1e} "
                    f"(relative norm; at most {tolerance:.0e} is rounding), so their times cannot be compared"
                )


def seconds_per_step(step: Step, repeats: int) -> float:
    """CPU seconds of this process (all threads, user and system), so that other programs do not enter.

    One step more comes first and is not timed: it finds the caches and the heap as another peer left them, which costs
    PyTorch up to a third of a small step and says nothing about a loop of one's own.
    """
    gc.collect()  # every peer starts with an empty young generation; collection stays on, as it is for users
    if repeats > 1:
        step()
    start = time.process_time()
    for _ in range(repeats):
        step()
    return (time.process_time() - start) / repeats


def repeats_within(step: Step, window: float) -> int:
    """How many steps fill about `window` seconds."""
    return max(1, int(window / max(seconds_per_step(step, 1), 1e-6)))


def measure(workload: Workload, rounds: int, window: float, budget: float, hips: Callable[..., Any]) -> dict[str, Any]:
    """The row of `workload`: at most `rounds` rounds of `window` seconds per peer, within `budget` seconds if possible.

    `hips(workload, window)` starts the peer in another interpreter. Its rounds come with the time of a NumPy baseline
    in that process, and enter the table through ours: `hips / numpy there * numpy here`.
    """
    steps, results, missing = {}, {}, {}
    for peer in IN_PROCESS:
        try:
            steps[peer], results[peer] = build(workload, peer)
        except Missing as reason:
            missing[peer] = str(reason)
    if BASELINE not in steps:
        raise SystemExit(f"the baseline {BASELINE} is {missing[BASELINE]}: pip install 'wengert[bench]'")
    compare(workload, results)
    other = None
    try:
        other = hips(workload, window)
    except Missing as reason:
        missing["hips"] = str(reason)

    gc.collect()
    gc.freeze()  # what the imported libraries hold is nobody's garbage: it is not traversed in anybody's time
    repeats = {peer: repeats_within(step, window) for peer, step in steps.items()}
    times: dict[str, list[float]] = {peer: [] for peer in (*steps, *(["hips"] if other else []))}
    end = time.perf_counter() + budget
    done = 0
    while done < rounds and (done < FEWEST_ROUNDS or time.perf_counter() < end):
        for peer, step in steps.items():
            times[peer].append(seconds_per_step(step, repeats[peer]))
        if other:
            numpy_there, hips_there = other.round()
            times["hips"].append(hips_there / numpy_there * times["numpy"][-1])
        done += 1
    gc.unfreeze()
    if other:
        other.close()
    row = summarise(workload.name, workload.title, workload.target, BASELINE, times, missing)
    return {**row, "hips": other.version} if other else row


def summarise(
    name: str, title: str, target: float, baseline: str, times: dict[str, list[float]], missing: dict[str, str]
) -> dict[str, Any]:
    """Median and quartiles of each peer's per-round ratio to the baseline, as plain data."""
    base = np.array(times[baseline])
    return {
        "name": name,
        "title": title,
        "target": target,
        "baseline": baseline,
        "seconds": float(np.median(base)),
        "rounds": len(base),
        "ratios": {peer: np.percentile(np.array(t) / base, [50, 25, 75]).tolist() for peer, t in times.items()},
        "missing": missing,
    }
