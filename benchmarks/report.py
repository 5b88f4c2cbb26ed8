"""Turn measured rows into the tables of the terminal and of README.md."""

from __future__ import annotations

from typing import Any

COLUMNS = {
    "wengert": "Wengert",
    "numpy": "NumPy by hand",
    "jax": "JAX jit",
    "mygrad": "MyGrad",
    "hips": "HIPS autograd",
    "pytorch": "PyTorch",
}


def table(rows: list[dict[str, Any]]) -> str:
    """A Markdown table, one row per workload: median ratio and quartiles for each peer, then why a cell is empty."""
    head = ["workload", "baseline", "target", *COLUMNS.values()]
    body = [
        [
            f"{row['name']}: {row['title']}",
            f"{COLUMNS[row['baseline']].removesuffix(' by hand')} {duration(row['seconds'])}",
            f"≤ {row['target']:.2f}",
            *(cell(row, peer) for peer in COLUMNS),
        ]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    lines = [" | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in [head, *body]]
    lines.insert(1, "-|-".join("-" * width for width in widths))
    return "\n".join([*(f"| {line} |" for line in lines), *notes(rows)])


def notes(rows: list[dict[str, Any]]) -> list[str]:
    """Why cells are empty: a line per reason, with the rows it concerns."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        for peer, reason in row["missing"].items():
            reasons.setdefault(reason, {}).setdefault(COLUMNS[peer], []).append(row["name"])
    lines = []
    for reason, peers in reasons.items():
        where = "; ".join(f"{peer} in {', '.join(names)}" for peer, names in peers.items())
        lines.append(f"- –: {where}: {reason}.")
    return ["", *lines] if lines else []


def cell(row: dict[str, Any], peer: str) -> str:
    """`0.43 (0.41–0.45)`: the median and the quartiles of the ratio to the baseline; Wengert's with its verdict."""
    if peer == row["baseline"]:
        return "1"
    if peer not in row["ratios"]:
        return "–"
    median, low, high = (f"{ratio:.3g}" if ratio < 10 else f"{ratio:.0f}" for ratio in row["ratios"][peer])
    verdict = ""
    if peer == "wengert":
        verdict = " reached" if row["ratios"][peer][0] <= row["target"] else " missed"
    return f"{median} ({low}–{high}){verdict}"


def duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"
