"""Where Wengert's side of a workload spends its time, by function: `python -m benchmarks --profile a`."""

from __future__ import annotations

import cProfile
import pstats
import sys
import time

from benchmarks.harness import build
from benchmarks.pinned import stay_on_one_core
from benchmarks.workloads import WORKLOADS

SECONDS = 3.0


def profile(name: str) -> None:
    """Print the 25 functions with the most time of their own; cProfile adds a fraction of a µs to every call."""
    workload = WORKLOADS[name]
    step, _ = build(workload, "wengert")
    profiler = cProfile.Profile()
    steps, end = 0, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        profiler.runcall(step)
        steps += 1
    print(f"{workload.name}: {workload.title}, {steps} steps")
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    stay_on_one_core()
    for name in sys.argv[1:]:
        profile(name)
