"""The check itself: a problem goes before the jury, argument by argument and order by order."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor import Tensor
from .conduct import conduct
from .failure import explain
from .problem import Problem, flat, is_inexact
from .report import Finding, Report, Verdict
from .subjects import from_function
from .verdict import Jury, Options, jitter_of, reach

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

CONSEQUENCES = ("linearity", "recorded", "dot product")
"""Findings that a wrong derivative brings along."""

MOVES = 3
"""How often a point is moved away from a kink before there is no verdict."""


class GradcheckError(RuntimeError):
    """A gradient is wrong, or could not be proved; `report` says why."""

    def __init__(self, message: str, report: Report | None = None):
        super().__init__(message)
        self.report = report


def check_problem(problem: Problem, subject: str, order: int = 1, options: Options | None = None) -> Report:
    """Check a problem up to an order; with the first order that fails, the check ends."""
    options = options or Options()
    report = Report(subject, seed=options.seed)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a function has to say at its borders is not about gradients
        current: Problem | None = problem
        while current is not None and current.order <= order:
            problem_order = current.order
            findings = list(_check_order(current, options))
            report.findings += findings
            if report.failures and options.hasty:
                break
            if report.failures:
                cause = min(report.failures, key=lambda f: f.check in ("derivative", *CONSEQUENCES))
                report.failure = explain(problem, cause, _repeated(cause, options))
                break
            try:
                current = current.derived() if problem_order < order else None
            except Exception as error:
                report.findings.append(_crash(problem_order + 1, error))
                break
    return report


def _repeated(failure, options):
    """What tells whether another point has the same failure."""

    def refails(problem):
        while problem is not None and problem.order < failure.order:
            problem = problem.derived()
        if problem is None:
            return None
        i = problem.names.index(failure.argument)
        gs = problem.cotangents(np.random.default_rng(options.seed))
        claimed = problem.claims(problem.xs, gs)
        if any(gx is not None and gx.shape != x.shape for x, gx in zip(problem.xs, claimed)):
            return None  # another failure
        found = _judge(problem, i, gs, claimed, jitter_of(problem, gs, claimed, np.random.default_rng(0)), options)
        was_moved = any("it was moved" in note for note in found.notes)  # then this point is not the one that fails
        broke = np.isfinite(failure.worst.get("claimed", 0)) > np.isfinite(found.worst.get("claimed", 0))
        return found if found.verdict is Verdict.FAIL and not (was_moved or broke) else None

    return refails


def _check_order(problem: Problem, options: Options) -> Iterator[Finding]:
    rng = np.random.default_rng(options.seed)
    try:
        gs = problem.cotangents(rng)
        claimed = problem.claims(problem.xs, gs)
        jitter = jitter_of(problem, gs, claimed, rng)
        noise = _noise(problem, gs, jitter)
        if options.tolerance is not None:  # it is meant for what follows from the gradients as well
            noise = [n + options.tolerance * _size(gx) for n, gx in zip(noise, claimed, strict=True)]
        findings = list(conduct(problem, gs, claimed, noise, rng, options.brief))
    except Exception as error:
        yield _crash(problem.order, error)
        return
    refuted = {f.check for f in findings if f.verdict is Verdict.FAIL}
    if "dtype" in refuted or (options.hasty and refuted):
        yield from findings
        return
    for i in range(len(problem.xs)):
        yield (found := _judge(problem, i, gs, claimed, jitter, options))
        if options.hasty and found.verdict is Verdict.FAIL:
            return
    for finding in findings:
        finding.order = problem.order
        yield finding


def _judge(problem, i, gs, claimed, jitter, options):
    """The verdict on an argument; where the differences do not settle, at points nearby."""
    rng = np.random.default_rng([options.seed, i])
    finding = _verdict(problem, i, gs, claimed, jitter, options, rng)
    for k in range(MOVES):
        if finding.verdict is not Verdict.INCONCLUSIVE or "do not settle" not in finding.message:
            break
        distance = 1e-3 * 10.0**k
        moved = problem.at([_moved(x, distance, rng) for x in problem.xs])
        try:
            claims = moved.claims(moved.xs, gs)
            again = _verdict(moved, i, gs, claims, jitter_of(moved, gs, claims, rng), options, rng)
        except Exception:  # outside the function's domain
            continue
        if again.verdict is not Verdict.INCONCLUSIVE:
            again.notes.append(f"the differences did not settle at the given point, so it was moved by {distance:g}")
            finding = again
    return finding


def _verdict(problem, i, gs, claimed, jitter, options, rng):
    x, gx = problem.xs[i], claimed[i]
    gx = np.zeros(x.shape, x.dtype) if gx is None else np.asarray(gx)
    return Jury(problem, i, gs, gx, options, jitter[i], rng).judge()


def _size(gx):
    sizes = np.abs(0.0 if gx is None else np.asarray(gx))
    return float(np.max(sizes, initial=0, where=np.isfinite(sizes)))


def _noise(problem, gs, jitter):
    """What two ways to the same gradient may differ by: some jitter, and what rounding leaves of zero."""
    sizes = np.abs(flat(gs) * problem.evaluate(problem.xs))
    rounding = 64 * float(np.finfo(problem.precision()).eps) * float(np.sum(sizes, where=np.isfinite(sizes)))
    return [64 * change + rounding / reach(x) for x, change in zip(problem.xs, jitter)]


def _moved(x, distance, rng):
    step = distance * np.maximum(np.abs(x), 1e-1) * rng.uniform(0.5, 1.0, x.shape) * rng.choice([-1.0, 1.0], x.shape)
    return (x + step).astype(x.dtype)


def _crash(order, error):
    return Finding("error", Verdict.FAIL, f"{type(error).__name__}: {error}", order=order)


def check_gradients(
    fun: Callable,
    *args: Any,
    order: int = 2,
    dtype: DTypeLike | None = None,
    tolerance: float | None = None,
    full: bool = False,
    missed: float = 1e-3,
    seed: int = 0,
) -> Report:
    """Check the derivatives of a function at a point, by numeric differentiation; the whole report.

    Args:
        fun: a function of arrays, or of containers of them, that works on tensors; or a module, whose parameters are
            checked too, by name.
        args: the point: arrays, tensors, floats, or containers of these. All floating point and complex numbers in it
            are differentiated.
        order: how often: 1 for gradients, 2 for the derivatives of gradients as well.
        dtype: to which the point is converted; by default it stays as it is.
        tolerance: what a right gradient may be off by, relative to its scale: 1e-9 for float64, 2e-5 for float32.
        full: compare every element, also of large arguments.
        missed: the probability of missing one wrong element of a large argument that is accepted.
        seed: of random directions; the same seed gives the same report.

    Returns:
        The report: true if everything passed.

    Raises:
        ValueError: there is nothing to differentiate, or the order is not positive.

    >>> import numpy as np
    >>> report = check_gradients(lambda x: np.sum(np.tanh(x) ** 2), np.array([0.5, -1.0]))
    >>> print(report.verdict, report.error() < 1e-10)
    PASS True
    """
    if order < 1:
        raise ValueError(f"the order of a derivative is at least 1, got {order}")
    problem = from_function(fun, args)
    if dtype is not None:
        problem = problem.at([_converted(x, np.dtype(dtype)) for x in problem.xs])
    options = Options(tolerance=tolerance, full=full, missed=missed, seed=seed)
    return check_problem(problem, name_of(fun), order, options)


def _converted(x, dtype):
    return x.astype(np.result_type(dtype, np.complex64) if x.dtype.kind == "c" else dtype)


def name_of(fun: Callable) -> str:
    """What a reader calls a function."""
    return getattr(fun, "__qualname__", None) or getattr(fun, "name", None) or type(fun).__name__


def gradcheck(
    func: Callable,
    inputs: Any,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = True,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
    order: int = 1,
    seed: int = 0,
) -> bool:
    """Whether the gradients of a function are right, checked by numeric differentiation; called as PyTorch's is.

    Args:
        func: takes the inputs, returns a tensor or a container of them.
        inputs: a tensor, an array, or a tuple of them. Of tensors, those with `requires_grad` are differentiated; of
            arrays, all that are floating point or complex.
        eps: a fixed step; plain central differences are then used, without extrapolation, and compared by `atol` and
            `rtol`. By default step and tolerance are found from the function.
        atol, rtol: the difference allowed, `atol + rtol * |numeric|`, in place of the error estimate; by default
            1e-5 and 1e-3 where one of these three is given.
        raise_exception: whether to raise an error rather than return False.
        nondet_tol, check_undefined_grad, check_grad_dtypes: accepted; runs must agree, and dtypes are always checked.
        check_forward_ad: accepted; that the directional derivative fits is always checked, by the dot-product test.
        check_backward_ad: there is no other differentiation, so that this is not to be turned off.
        check_batched_grad, check_batched_forward_grad: not to be turned on, since gradients come one at a time.
        fast_mode: accepted; large inputs are always checked along random directions.
        masked: accepted; it is about sparse tensors.
        order: of the derivatives.
        seed: of random directions.

    Raises:
        GradcheckError: a gradient is wrong, or could not be proved.
        ValueError: no input has a gradient, or something is asked for that there is not.

    >>> from autograd import Tensor, gradcheck
    >>> gradcheck(lambda x: x**3, Tensor([1.0, 2.0], requires_grad=True))
    True
    """
    if check_batched_grad or check_batched_forward_grad:
        raise ValueError(
            "gradcheck cannot check batched gradients: there is no vmap here; leave check_batched_grad out"
        )
    if not check_backward_ad:
        raise ValueError("gradcheck checks the backward pass: leave check_backward_ad=True")
    inputs = inputs if isinstance(inputs, tuple | list) else (inputs,)
    has_tensors = any(isinstance(x, Tensor) and is_inexact(x) for x in inputs)
    problem = from_function(
        func, inputs, (lambda x: isinstance(x, Tensor) and x.requires_grad) if has_tensors else None
    )
    options = Options(eps=eps, atol=atol, rtol=rtol, seed=seed)
    if atol is not None or rtol is not None or eps is not None:
        options = dataclasses.replace(options, eps=1e-6 if eps is None else eps)
    report = check_problem(problem, name_of(func), order, options)
    if not report and raise_exception:
        raise GradcheckError(str(report), report)
    return bool(report)


def gradgradcheck(
    func: Callable,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    gen_non_contig_grad_outputs: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    **options: Any,
) -> bool:
    """Whether the derivatives of gradients are right, too; called as PyTorch's is.

    Args:
        func, inputs: as for `gradcheck`.
        grad_outputs: accepted; the cotangents of the outputs are random.
        gen_non_contig_grad_outputs: accepted; cotangents that are not contiguous are always tried.
        check_fwd_over_rev: accepted; see `check_forward_ad` of `gradcheck`.
        check_rev_over_rev: not to be turned off, since there is nothing else.
        options: as for `gradcheck`.

    Raises:
        GradcheckError: a derivative is wrong, or could not be proved.
        ValueError: as for `gradcheck`.

    >>> from autograd import Tensor, gradgradcheck
    >>> gradgradcheck(lambda x: x**3, Tensor([1.0, 2.0], requires_grad=True))
    True
    """
    if not check_rev_over_rev:
        raise ValueError("gradgradcheck differentiates the backward pass again: leave check_rev_over_rev=True")
    return gradcheck(func, inputs, order=2, **options)


def check_written(
    fun: Callable,
    pull: Callable,
    args: Sequence[Any],
    options: Options | None = None,
    names: Sequence[str] | None = None,
) -> Report:
    """Check a derivative written by hand, with no tape involved; see `WrittenProblem`."""
    from .problem import WrittenProblem

    positions = [i for i, x in enumerate(args) if is_inexact(x)]
    if not positions:
        raise ValueError("there is nothing to differentiate: no argument is an array of floating point numbers")
    problem = WrittenProblem(fun, pull, args, positions, names or [f"argument {i}" for i in positions])
    return check_problem(problem, name_of(fun), 1, options)
