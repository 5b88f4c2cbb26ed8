"""The measuring process: one core, one thread everywhere, started by `__main__` with the environment of `environment`.

It is a process of its own because libraries read their thread counts and kernels once, when they are loaded.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def environment(coretype: str | None) -> dict[str, str]:
    """This process's environment with one thread everywhere, and OpenBLAS's kernels named or left to OpenBLAS."""
    result = {**os.environ, **ONE_THREAD}
    result.pop("OPENBLAS_CORETYPE", None)
    return result if coretype is None else {**result, "OPENBLAS_CORETYPE": coretype}


def stay_on_one_core() -> None:
    """Bind this process and its children to one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def set_up_peers() -> None:
    """Tell the libraries what they take from no environment variable."""
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
    with contextlib.suppress(ImportError):
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_cpu_enable_async_dispatch", False)  # no second thread to hand a step to


def describe() -> list[str]:
    """The machine, the versions, and the BLAS kernels and thread counts in use, one fact a line."""
    import numpy as np
    from threadpoolctl import threadpool_info

    from benchmarks.harness import seconds_per_step

    np.ones((8, 8)) @ np.ones((8, 8))
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "not pinned"
    lines = [
        f"CPU: {cpu_name()}, {os.cpu_count()} cores, pinned to {cores}",
        "versions: "
        + ", ".join([f"Python {platform.python_version()}", *map(version, ("numpy", "torch", "jax", "mygrad"))]),
    ]
    for pool in threadpool_info():
        kernels = f", kernels {pool['architecture']}" if "architecture" in pool else ""
        owner = Path(pool["filepath"]).parent.name
        lines.append(f"{pool['internal_api']} of {owner}: {pool['num_threads']} thread(s){kernels}")
    with contextlib.suppress(ImportError):
        import torch

        capability = torch.backends.cpu.get_cpu_capability()
        lines.append(f"PyTorch: {torch.get_num_threads()} thread(s), kernels {capability}")
        a, b = np.ones((512, 784), np.float32), np.ones((784, 256), np.float32)
        for name, x, y in (("NumPy", a, b), ("PyTorch", torch.tensor(a), torch.tensor(b))):
            speed = 2e-9 * 512 * 784 * 256 / seconds_per_step(lambda x=x, y=y: x @ y, 50)
            lines.append(f"float32 product of (512, 784) and (784, 256): {name} {speed:.0f} GFLOP/s")
    return lines


def version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} not installed"


def cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main(names: list[str], rounds: int, window: float, budget: float, result: str) -> None:
    """Measure the workloads `names` and write rows and machine to the JSON file `result`."""
    from benchmarks import imports
    from benchmarks.harness import measure
    from benchmarks.hips import Hips
    from benchmarks.workloads import WORKLOADS

    try:
        machine = describe()
    except ImportError as error:
        raise SystemExit(f"{error}: pip install 'wengert[bench]'") from error
    rows: list[dict[str, Any]] = []
    for name in names:
        print(f"  {name} ...", end="", file=sys.stderr, flush=True)
        if name == "i":
            rows.append(imports.measure(max(5, rounds // 2)))
        else:
            rows.append(measure(WORKLOADS[name], rounds, window, budget, Hips))
    print(file=sys.stderr)
    if versions := {row["hips"] for row in rows if "hips" in row}:
        machine[1] += f", HIPS autograd {' '.join(versions)}"
    Path(result).write_text(json.dumps({"machine": machine, "rows": rows}))


if __name__ == "__main__":
    stay_on_one_core()
    set_up_peers()
    main(**json.loads(sys.argv[1]))
