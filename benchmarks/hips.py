"""The peer HIPS autograd, which shares our import name: it runs in another interpreter, beside a NumPy baseline.

`WENGERT_HIPS_PYTHON` names that interpreter. Its rounds are asked for one by one, so that they interleave with ours.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.harness import Missing, Workload, build, compare, repeats_within, seconds_per_step

ROOT = Path(__file__).resolve().parents[1]
# Isolated, with the repository last on the path: `autograd` is the installed one, `benchmarks` is ours.
BOOT = f"import sys; sys.path.append({str(ROOT)!r}); from benchmarks.hips import serve; serve()"


class Hips:
    """HIPS autograd's side of one workload, in its own process."""

    def __init__(self, workload: Workload, window: float):
        python = os.environ.get("WENGERT_HIPS_PYTHON")
        if not python:
            raise Missing("not installed (WENGERT_HIPS_PYTHON names an interpreter that has it)")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([python, "-I", "-c", BOOT], stdin=pipe, stdout=pipe, text=True)
        answer = self._ask({**vars(workload), "window": window})
        if answer is None:
            raise RuntimeError(f"HIPS autograd failed on {workload.title!r}: its traceback is above")
        if "missing" in answer:
            self.close()
            raise Missing(answer["missing"])
        self.version = answer["version"]

    def round(self) -> tuple[float, float]:
        """Seconds per step of NumPy and of HIPS autograd in one round over there."""
        return self._ask({})

    def close(self) -> None:
        self.process.communicate()

    def _ask(self, question):
        print(json.dumps(question), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        return json.loads(line) if line else None


def serve() -> None:
    """The other side: read a workload, answer whether it runs, then answer every line with one round's times."""

    def reply(answer) -> None:
        print(json.dumps(answer), flush=True)

    question = json.loads(sys.stdin.readline())
    window = question.pop("window")
    workload = Workload(**question)
    try:
        installed = version("autograd")
        runs = {peer: build(workload, peer) for peer in ("numpy", "hips")}
    except PackageNotFoundError:  # without this check an interpreter that lacks it would find our own `autograd`
        reply({"missing": f"not installed in {sys.executable}"})
        return
    except Missing as reason:
        reply({"missing": str(reason)})
        return
    compare(workload, {peer: outputs for peer, (_, outputs) in runs.items()})
    gc.collect()
    gc.freeze()
    rounds = [(step, repeats_within(step, window)) for step, _ in runs.values()]
    reply({"version": installed})
    for _ in sys.stdin:
        reply([seconds_per_step(step, repeats) for step, repeats in rounds])
