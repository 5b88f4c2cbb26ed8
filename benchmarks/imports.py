"""The time to import, as a newcomer meets it: whole processes of a fresh interpreter, interleaved, by the clock."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

from benchmarks.harness import summarise

STATEMENTS = {
    "numpy": "import numpy",
    "wengert": "import autograd, nn, optim",
    "pytorch": "import torch",
}
PRESENT = {"wengert": "; autograd.Tensor, nn.Linear, optim.Adam"}  # checked once: unfinished packages import fast


def measure(rounds: int) -> dict[str, Any]:
    """The row `i`: its ratios are to `import numpy`."""
    times: dict[str, list[float]] = {}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    missing = dict.fromkeys(("jax", "mygrad", "hips"), "not part of this row")
    for peer, statement in STATEMENTS.items():
        command = [sys.executable, "-c", statement + PRESENT.get(peer, "")]
        first = subprocess.run(command, capture_output=True, text=True, env=environment)  # also writes the byte code
        if first.returncode:
            missing[peer] = f"not installed ({first.stderr.strip().splitlines()[-1]})"
        else:
            times[peer] = []
    for _ in range(rounds):
        for peer in times:
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", STATEMENTS[peer]], check=True, env=environment)
            times[peer].append(time.perf_counter() - start)
    return summarise("i", "import time", 1.3, "numpy", times, missing)
