"""The checker catches what is planted, across ops; and a checker that cannot see is found out."""

import importlib
import re

import pytest

from autograd.gradcheck import audit, verdict
from autograd.gradcheck.faults import FAULTS

# Ops of each kind: elementwise of one and two arguments, reductions, products, an index, many arrays.
OPS = [
    "absolute",
    "concatenate",
    "cumprod",
    "divide",
    "einsum",
    "exp",
    "matmul",
    "max",
    "multiply",
    "power",
    "sum",
    "getitem",
]


@pytest.fixture(scope="module")
def report():
    return audit.run(OPS)


def test_every_fault_is_planted_and_caught_and_right_rules_pass(report):
    assert report.ok, report.table()
    assert report.sound == len(OPS)


def test_the_table_names_each_fault_with_its_counts(report):
    table = report.table()

    for fault in FAULTS:
        assert re.search(rf"^{re.escape(fault.name)} +(\d+) +\1$", table, re.MULTILINE), table


def test_a_checker_with_an_absolute_tolerance_is_found_out(monkeypatch):
    weigh = verdict.Jury._weigh
    monkeypatch.setattr(verdict.Jury, "_weigh", lambda *args: verdict.replace(weigh(*args), allowed=1e-5))

    found = audit.run(["exp", "multiply"])

    missed = {row.fault for row in found.rows if row.missed}
    assert "sign flip at scale 1e-8" in missed
    assert not found.ok


def test_a_checker_whose_tolerance_grows_with_size_is_found_out(monkeypatch):
    weigh = verdict.Jury._weigh

    def generous(jury, direction, estimate):
        found = weigh(jury, direction, estimate)
        return verdict.replace(found, allowed=found.allowed + float(jury.x.size))

    monkeypatch.setattr(verdict.Jury, "_weigh", generous)
    monkeypatch.setattr(audit, "FAULTS", [fault for fault in FAULTS if "10,000" in fault.name])

    found = audit.run(["negative"])

    assert [row.fault for row in found.rows if row.missed] == [fault.name for fault in audit.FAULTS]


def test_a_checker_that_refuses_right_rules_is_found_out(monkeypatch):
    monkeypatch.setitem(verdict.TOLERANCE, "d", 0.0)
    monkeypatch.setattr(verdict.Comparison, "difference", property(lambda self: 1.0))

    found = audit.run(["exp"])

    assert found.refused == ["exp"]
    assert not found.ok
    assert "refused: exp" in found.table()


def test_the_same_seed_gives_the_same_table(report):
    assert audit.run(OPS[:3]).to_dict() == audit.run(OPS[:3]).to_dict()


def test_what_wrong_rules_warn_of_is_not_heard():
    importlib.import_module("autograd.scipy.linalg")

    report = audit.audit_op("scipy.linalg.logm")  # a warning would be an error here

    assert (report.sound, [row.fault for row in report.rows if row.missed]) == (1, [])
