"""Faults to plant: each makes a wrong op of a right one, or puts the op where the fault shows.

The faults are those that gradient checkers have been seen to pass: small factors, small gradients, one element among
ten thousand, stale values, rules that are right in one dtype or at one order alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..op import Op, parameters
from ..tape import Leaf
from ..tensor import Tensor, wrap
from .problem import TapeProblem, leaves_of, pulled
from .registry import Case, problem_of

MANY = 10_000


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: what the table calls it.
        plant: makes a wrong op; None where the fault has no place in it.
        setting: the problem in which the op is checked; None where the case does not suit.
        order: of the derivative at which it shows.
    """

    name: str
    plant: Callable[[Op], Op | None]
    setting: Callable[[Case, Op, int], TapeProblem | None]
    order: int = 1

    def does_harm(self, right: TapeProblem, wrong: TapeProblem) -> bool:
        """Whether the gradients, or what happens to them later, are no longer the same; errors are not counted."""
        try:
            return any(_differs(probe(right), probe(wrong)) for probe in _PROBES[: 4 + self.order])
        except (ValueError, TypeError, IndexError):
            return False


# --- Does it do harm? -------------------------------------------------------------------------------------------------


def _claims(problem):
    gs = problem.cotangents(np.random.default_rng(0))
    return problem.claims(problem.xs, gs)


def _claims_after_another_call(problem):
    leaves = leaves_of(problem.xs)
    gs = problem.cotangents(np.random.default_rng(0))
    ys = problem.record(leaves)
    problem.record(leaves_of([(x * 1.01).astype(x.dtype) for x in problem.xs]))
    return [None if gx is None else np.array(gx) for gx in pulled(leaves, ys, gs)]


def _claims_kept_over_another_pass(problem):
    gs = problem.cotangents(np.random.default_rng(0))
    first = problem.pull(problem.xs, [g.copy() for g in gs])
    problem.pull(problem.xs, [2 * g for g in gs])
    return first


def _claims_alone(problem):
    gs = problem.cotangents(np.random.default_rng(0))
    found = []
    for i in range(len(problem.xs)):
        ts = [wrap(x, Leaf() if j == i else None) for j, x in enumerate(problem.xs)]
        [gx] = pulled([ts[i]], problem.record(ts), leaves_of(gs), recorded=True)
        found.append(None if gx is None else gx.data)
    return found


def _cotangent_after_pass(problem):
    gs = problem.cotangents(np.random.default_rng(0))
    problem.pull(problem.xs, gs)
    return gs


def _second_claims(problem):
    return _claims(problem.derived())


_PROBES = (
    _claims,
    _claims_after_another_call,
    _claims_kept_over_another_pass,
    _cotangent_after_pass,
    _claims_alone,
    _second_claims,
)


def _differs(one, other):
    """Whether gradients differ by more than a small part of the largest element."""
    for a, b in zip(one, other, strict=True):
        a, b = (np.zeros(()) if x is None else np.asarray(x) for x in (a, b))
        size = np.max(np.abs(a), initial=0)
        if np.any(np.abs(a - b) > 3e-6 * size) or np.any(np.isnan(a) != np.isnan(b)):
            return True
    return False


# --- Wrong rules ------------------------------------------------------------------------------------------------------


def _with_rules(op: Op, change: Callable[[Callable, int], Callable | None], fun: Callable | None = None) -> Op | None:
    """The op with changed rules; None where no rule was changed."""
    if op.every is not None:
        every = change(op.every, 0)
        return None if every is None else _made(op, {}, every, fun)
    rules = {}
    changed = False
    for i, (argument, rule) in enumerate(zip(op.arguments or (), op.rules, strict=True)):
        new = None if rule is None else change(rule, i)
        rules[argument] = rule if new is None else new
        changed |= new is not None
    return _made(op, rules, None, fun) if changed else None


def _made(op, rules, every, fun):
    new = Op(fun or op.fun, op.name, rules, every, None, op.view, op.masks, None, op.samples)
    new.forward = fun or op.forward
    new._positional = op.positional
    new.elementwise = op.elementwise
    return new


def _wrapped(rule, body: Callable[..., Any], *more: str) -> Callable:
    """A rule of the same parameters, so that the tape keeps the same for it, and of `more`: `body(rule, g, values)`."""
    known = parameters(rule)
    g = known[0][0]
    scope = {"rule": rule, "body": body, "defaults": dict(known)}
    signature = [name if default is _EMPTY else f"{name}=defaults[{name!r}]" for name, default in known]
    names = [name for name, _ in known[1:]]
    signature[1:1] = [name for name in more if name not in names]
    values = ", ".join(f"{name!r}: {name}" for name in dict.fromkeys((*more, *names)))
    exec(f"def wrong({', '.join(signature)}):\n    return body(rule, {g}, {{{values}}})", scope)
    wrong = scope["wrong"]
    assert callable(wrong)
    return wrong


_EMPTY = parameters(lambda g: g)[0][1]


def _changed(change: Callable[[Any], Any]) -> Callable[[Op], Op | None]:
    """Plant a change of what the rules return."""

    def body(rule, g, values):
        found = rule(g, **values)
        if isinstance(found, list | tuple):
            return [None if part is None else change(part) for part in found]
        return None if found is None else change(found)

    return lambda op: _with_rules(op, lambda rule, i: _wrapped(rule, body))


def _zero(gx):
    return gx * 0


def _one_wrong(gx):
    """The sign of one element is wrong."""
    if gx.size < MANY:
        return gx
    signs = np.ones(gx.shape, gx.dtype)
    signs.flat[MANY // 3 + 7] = -1
    return gx * signs


def _only_float32(gx):
    return gx * 1.001 if gx.dtype == np.float32 else gx


def _transposed(gx):
    return gx.T if gx.ndim == 2 and gx.shape[0] == gx.shape[1] else gx


def _nonlinear(gx):
    return np.abs(gx)


def _first_row(op: Op) -> Op | None:
    """What should be summed over a broadcast axis is taken from its first row alone."""

    def change(rule, i):
        argument = op.arguments[i]
        own = {name for name, _ in parameters(rule)}

        def body(rule, g, values):
            gx = rule(g, **{name: value for name, value in values.items() if name in own})
            shape = values[f"{argument}_shape"]
            broadcast = len(shape) < gx.ndim or (gx.ndim > 0 and shape[0] == 1)
            return gx[:1] if broadcast and gx.ndim > 0 and len(gx) > 1 else gx

        return _wrapped(rule, body, f"{argument}_shape")

    return _with_rules(op, change) if op.elementwise and len(op.rules) == 2 else None


def _swap(op: Op) -> Op | None:
    if op.every is not None or len(op.rules) != 2 or not all(op.rules):
        return None
    first, second = op.rules
    return _with_rules(op, lambda rule, i: (second, first)[i])


def _stale(op: Op) -> Op | None:
    """Each rule gets its arguments from the latest call instead of from the tape."""
    latest: dict[str, Any] = {}
    arguments = op.arguments or ()

    def fun(*args, **options):
        latest.update(zip(arguments, args))
        return op.forward(*args, **options)

    fun.__name__ = getattr(op.fun, "__name__", "fun")

    def body(rule, g, values):
        if isinstance(g, np.ndarray):
            for name in values:
                if name in latest and np.shape(latest[name]) == np.shape(values[name]):
                    values = {**values, name: latest[name]}
        return rule(g, **values)

    def change(rule, i):
        return _wrapped(rule, body) if any(name in arguments for name, _ in parameters(rule)) else None

    return None if op.every is not None else _with_rules(op, change, fun)


def _reused(op: Op) -> Op | None:
    """The gradient is written into a buffer that the next pass writes into again."""
    buffers: dict[Any, np.ndarray] = {}

    def body(rule, g, values):
        gx = rule(g, **values)
        if not isinstance(gx, np.ndarray):
            return gx
        buffer = buffers.setdefault((rule, gx.shape, gx.dtype), np.empty_like(gx))
        buffer[...] = gx
        return buffer

    return None if op.every is not None else _with_rules(op, lambda rule, i: _wrapped(rule, body))


def _writing(op: Op) -> Op | None:
    """The rule scales the cotangent in place."""

    def body(rule, g, values):
        found = rule(g, **values)
        if isinstance(g, np.ndarray) and g.flags.writeable:
            g *= 2
        return found

    return None if op.every is not None else _with_rules(op, lambda rule, i: _wrapped(rule, body))


def _negative_axis(op: Op) -> Op | None:
    """Twice the gradient where the axis is counted from the end."""

    def body(rule, g, values):
        found = rule(g, **values)
        axis = values.get("axis")
        return found * 2 if type(axis) is int and axis < 0 and not isinstance(found, list | None) else found

    def change(rule, i):
        return _wrapped(rule, body) if any(name == "axis" for name, _ in parameters(rule)) else None

    return None if op.every is not None else _with_rules(op, change)


def _beside_a_constant(op: Op) -> Op | None:
    """Twice the gradient where the tape keeps another argument as an array, and the pass is recorded."""
    arguments = op.arguments or ()

    def body(rule, g, values):
        found = rule(g, **values)
        kept = [x for name, x in values.items() if name in arguments]
        is_wrong = isinstance(g, Tensor) and any(isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in kept)
        return found * 2 if is_wrong and isinstance(found, Tensor) else found

    def change(rule, i):
        others = {name for j, name in enumerate(arguments) if j != i}
        return _wrapped(rule, body) if any(name in others for name, _ in parameters(rule)) else None

    return None if op.every is not None else _with_rules(op, change)


def _off_the_tape(op: Op) -> Op | None:
    """The rule computes with plain values, so that it is right at order 1 and has no derivative of its own."""

    def body(rule, g, values):
        return rule(g, **{name: x.detach() if isinstance(x, Tensor) else x for name, x in values.items()})

    return None if op.every is not None else _with_rules(op, lambda rule, i: _wrapped(rule, body))


# --- Where it shows ---------------------------------------------------------------------------------------------------


def _as_it_is(case: Case, op: Op, seed: int) -> TapeProblem | None:
    problem = problem_of(op, case.args, case.options)
    return problem if 0 < sum(x.size for x in problem.xs) <= 200 else None


def _in_float32(case, op, seed):
    problem = _as_it_is(case, op, seed)
    if problem is None or any(x.dtype.kind == "c" for x in problem.xs):
        return None
    return problem.at([x.astype(np.float32) for x in problem.xs])


def _tiny(case, op, seed):
    """The op's value is scaled by 1e-8."""
    problem = _as_it_is(case, op, seed)
    if problem is None:
        return None

    def record(ts):
        return [y * 1e-8 for y in problem.record(ts)]

    return TapeProblem(record, problem.names, problem.xs, lambda xs: [y * 1e-8 for y in problem.plain(xs)])


def _large(case, op, seed):
    """Ten thousand elements; for elementwise ops."""
    if not op.elementwise or not all(isinstance(x, np.ndarray) and x.dtype == float and x.size for x in case.args):
        return None
    rng = np.random.default_rng(seed)
    args = [rng.choice(x.ravel(), MANY).reshape(100, 100) for x in case.args]
    return problem_of(op, args, case.options)


FAULTS = (
    Fault("factor 1.001", _changed(lambda gx: gx * 1.001), _as_it_is),
    Fault("factor 1 + 1e-5", _changed(lambda gx: gx * (1 + 1e-5)), _as_it_is),
    Fault("sign flip at scale 1e-8", _changed(lambda gx: -gx), _tiny),
    Fault("one wrong element among 10,000", _changed(_one_wrong), _large),
    Fault("all zero", _changed(_zero), _as_it_is),
    Fault("all zero, of 10,000 elements", _changed(_zero), _large),
    Fault("missing sum over a broadcast axis", _first_row, _as_it_is),
    Fault("swapped arguments", _swap, _as_it_is),
    Fault("transposed", _changed(_transposed), _as_it_is),
    Fault("stale value of the latest call", _stale, _as_it_is),
    Fault("gradient buffer used again", _reused, _as_it_is),
    Fault("writes into the incoming cotangent", _writing, _as_it_is),
    Fault("not linear in the incoming cotangent", _changed(_nonlinear), _as_it_is),
    Fault("wrong only for a negative axis", _negative_axis, _as_it_is),
    Fault("wrong only beside a constant", _beside_a_constant, _as_it_is),
    Fault("wrong only at order 2", _off_the_tape, _as_it_is, order=2),
    Fault("wrong only in float32", _changed(_only_float32), _in_float32),
)
