"""The checker is checked: faults are planted in right rules, and each must be caught.

A fault is planted in an op only where it does harm: where it changes the gradient at the op's samples. It counts as
caught when one of the op's cases is a FAIL; to be inconclusive is not enough. And the unharmed rule must be a PASS.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..op import Op
from .check import check_problem
from .faults import FAULTS, Fault
from .problem import TapeProblem
from .registry import Case, cases, differentiable_ops
from .report import Verdict
from .verdict import Options


@dataclass
class Row:
    """What became of one fault: in how many ops it was planted, and where it was not caught."""

    fault: str
    planted: int = 0
    missed: list[str] = field(default_factory=list)


@dataclass
class AuditReport:
    """The detection table.

    Attributes:
        rows: one per fault.
        sound: how many ops passed unharmed.
        refused: ops that did not pass although nothing was planted.
    """

    rows: list[Row]
    sound: int = 0
    refused: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every planted fault was caught, each was planted somewhere, and every unharmed op passed."""
        return not self.refused and all(row.planted and not row.missed for row in self.rows)

    def table(self) -> str:
        """The detection table as text."""
        lines = [f"{'fault':<46} {'planted':>8} {'caught':>8}  missed in"]
        for row in self.rows:
            caught = row.planted - len(row.missed)
            lines.append(f"{row.fault:<46} {row.planted:>8} {caught:>8}  {', '.join(row.missed)}".rstrip())
        total, missed = sum(row.planted for row in self.rows), sum(len(row.missed) for row in self.rows)
        lines.append(f"{'all':<46} {total:>8} {total - missed:>8}")
        refused = f", refused: {', '.join(self.refused)}" if self.refused else ""
        lines.append(f"unharmed ops that pass: {self.sound}{refused}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ok": self.ok,
            "faults": [
                {
                    "fault": row.fault,
                    "planted": row.planted,
                    "caught": row.planted - len(row.missed),
                    "missed": row.missed,
                }
                for row in self.rows
            ],
            "sound": self.sound,
            "refused": self.refused,
        }


def run(
    names: Iterable[str] | None = None, progress: Callable[[Iterable[str]], Iterable[str]] = iter, seed: int = 0
) -> AuditReport:
    """Plant every fault in every op where it does harm.

    Args:
        names: of the ops; by default all.
        progress: wraps the iteration over the ops, as a progress bar does.
        seed: of samples and directions.
    """
    found = merge(audit_op(name, seed) for name in progress(list(names or differentiable_ops())))
    return found


def merge(reports: Iterable[AuditReport]) -> AuditReport:
    """One report from those of many ops."""
    total = AuditReport([Row(fault.name) for fault in FAULTS])
    for report in reports:
        total.sound += report.sound
        total.refused += report.refused
        for row, more in zip(total.rows, report.rows, strict=True):
            row.planted += more.planted
            row.missed += more.missed
    return total


def audit_op(name: str, seed: int = 0) -> AuditReport:
    """Plant every fault that does harm in one op."""
    op = differentiable_ops().get(name)
    if op is None:
        raise ValueError(f"there is no differentiable op named {name!r}")
    known = list(cases(op, seed))
    report = AuditReport([Row(fault.name) for fault in FAULTS])
    if all(_verdict(case.problem(), case.order) is Verdict.PASS for case in known):
        report.sound = 1
    else:
        report.refused.append(name)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a wrong rule has to say is not what is asked
        for fault, row in zip(FAULTS, report.rows, strict=True):
            for problem, brief in _harmful(fault, op, known, seed):
                row.planted, row.missed = 1, [name]
                if _verdict(problem, fault.order, brief) is Verdict.FAIL:
                    row.missed = []
                    break
    return report


def _verdict(problem, order, brief=False):
    return check_problem(problem, "", order, Options(hasty=True, brief=brief)).verdict


def _harmful(fault: Fault, op: Op, known: list[Case], seed: int) -> Iterator[tuple[TapeProblem, bool]]:
    """The problems in which the fault changes something, the first three; whether `gradcheck` checks them briefly."""
    count = 0
    for case in known:
        right, wrong_op = fault.setting(case, op, seed), fault.plant(op)
        wrong = None if wrong_op is None else fault.setting(case, wrong_op, seed)
        if right is not None and wrong is not None and fault.does_harm(right, wrong):
            yield wrong, case.order < 2 or any(x.dtype.char in "fF" for x in wrong.xs)
            count += 1
            if count == 3:
                return
