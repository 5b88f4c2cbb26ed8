"""What is checked: a function of named arrays, its values, and the cotangents that somebody claims for it.

A check needs two things of its subject: `evaluate(xs)`, plain values, for the numeric derivative; and `pull(xs, gs)`,
the cotangents of the arguments for cotangents of the outputs, which are to be proved. What is on the tape gives both,
and `derived()`: the function that maps `xs` and `gs` to these cotangents, recorded. That is the problem of the next
order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tape import Leaf, backprop, gather
from ..tensor import Tensor, as_tensor, wrap


@dataclass(frozen=True)
class Source:
    """How a test can call what is checked.

    Attributes:
        name: for the name of the test.
        lines: imports.
        expression: the function.
        arguments: from the arrays of the problem, all arguments of the call.
    """

    name: str
    lines: tuple[str, ...]
    expression: str
    arguments: Callable[[Sequence[np.ndarray]], Sequence[Any]]


class Problem:
    """A function of some arrays, whose derivative is to be proved.

    Attributes:
        names: one for each array.
        xs: the point, as arrays of floating point or complex numbers.
        order: of the derivative that `pull` claims.
        source: how a test can call what is checked; None where it cannot.
        linear: how many arguments at the end are cotangents, in which the function is linear.
    """

    order = 1
    linear = 0
    _precision: np.dtype | None = None
    _is_coarse: bool | None = None
    source: Source | None = None
    title = "the function"

    def __init__(self, names: Sequence[str], xs: Sequence[np.ndarray]) -> None:
        self.names, self.xs = list(names), list(xs)

    def outputs(self, xs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs that are floating point or complex arrays."""
        raise NotImplementedError

    def pull(self, xs: Sequence[np.ndarray], gs: Sequence[np.ndarray]) -> list[Any]:
        """What is claimed to be the cotangents of the arguments; None where nothing flows."""
        raise NotImplementedError

    def claims(self, xs: Sequence[np.ndarray], gs: Sequence[np.ndarray]) -> list[Any]:
        """What is claimed, in memory of its own, and computed from copies, whatever the derivative writes into."""
        found = self.pull([x.copy() for x in xs], [g.copy() for g in gs])
        return [None if gx is None else np.array(gx) for gx in found]

    def derived(self) -> Problem | None:
        """The problem of the next order; None where there is none."""
        return None

    def at(self, xs: Sequence[np.ndarray]) -> Problem:
        """The same problem at another point, which may have other shapes and dtypes."""
        raise NotImplementedError

    def evaluate(self, xs: Sequence[np.ndarray]) -> np.ndarray:
        """All outputs in one flat array."""
        return flat(self.outputs(xs))

    def precision(self) -> np.dtype:
        """The coarsest dtype of arguments, outputs and what is between, which the derivative cannot be better than."""
        return np.dtype(np.float32) if self.is_coarse() else self._coarsest()

    def _coarsest(self):
        if self._precision is None:
            kinds = [np.empty(0, a.dtype).real.dtype for a in (*self.xs, *self.outputs(self.xs))]
            self._precision = max(kinds, key=lambda dtype: np.finfo(dtype).eps)
        return self._precision

    def is_coarse(self) -> bool:
        """Whether values that are float64 went through float32 on their way."""
        if self._is_coarse is None:
            self._is_coarse = self._coarsest().char in "dg" and self._moves_in_float32()
        return self._is_coarse

    def _moves_in_float32(self):
        """Whether values stay the same to the bit where those of float64 would move."""
        rng = np.random.default_rng(0)
        ways = [rng.choice([-1.0, 1.0], x.shape) * rng.uniform(1, 2, x.shape) for x in self.xs]  # a product moves too

        def moved(part):
            try:
                return self.evaluate([x + (part * way * x).astype(x.dtype) for x, way in zip(self.xs, ways)])
            except Exception:  # outside the function's domain
                return np.full(1, np.nan)

        here, far = self.evaluate(self.xs), moved(2.0**-12)
        if here.shape != far.shape or not np.any(np.abs(far - here) > 2.0**-26 * np.abs(here)):
            return False
        return np.array_equal(here, moved(2.0**-34)) and np.array_equal(here, moved(-(2.0**-34)))

    def cotangents(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Random cotangents of the outputs, away from zero, where a fault could hide."""
        return [random_like(y, rng) for y in self.outputs(self.xs)]


class TapeProblem(Problem):
    """A function of tensors, differentiated by the tape.

    Args:
        record: takes a list of tensors, returns a list of tensors.
        names, xs: the arguments that are differentiated.
        plain: the same on arrays, where the function takes them; returns a list of arrays.
        values: how to come by plain values, if not by calling `record` with tensors that are not tracked.
    """

    def __init__(
        self,
        record: Callable[[list[Tensor]], list[Tensor]],
        names: Sequence[str],
        xs: Sequence[np.ndarray],
        plain: Callable[[list[np.ndarray]], list[np.ndarray]] | None = None,
        order: int = 1,
        values: Callable[[Sequence[np.ndarray]], list[np.ndarray]] | None = None,
    ) -> None:
        super().__init__(names, xs)
        self.record, self.plain, self.order, self.values = record, plain, order, values

    def outputs(self, xs):
        if self.values is not None:
            return self.values(xs)
        return [t.data for t in self.record([wrap(np.asarray(x), None) for x in xs])]

    def pull(self, xs, gs):
        leaves = leaves_of(xs)
        return pulled(leaves, self.record(leaves), gs)

    def derived(self):
        n = len(self.names)
        gs = self.cotangents(np.random.default_rng(n))

        def record(ts):
            xs, gs = ts[:n], ts[n:]
            inner = [t if t.node is not None else wrap(t.data, Leaf()) for t in xs]
            results = pulled(inner, self.record(inner), gs, recorded=True)
            return [as_tensor(np.zeros(t.shape, t.dtype)) if r is None else r for t, r in zip(inner, results)]

        def values(xs):  # of a backward pass that is not recorded
            found = self.claims(xs[:n], xs[n:])
            return [np.zeros(x.shape, x.dtype) if g is None else g for x, g in zip(xs, found)]

        names = [*self.names, *(f"cotangent {i}" if len(gs) > 1 else "cotangent" for i in range(len(gs)))]
        problem = TapeProblem(record, names, [*self.xs, *gs], order=self.order + 1, values=values)
        problem.linear = len(gs)
        problem._is_coarse = self.is_coarse() or None
        return problem

    def at(self, xs):
        problem = TapeProblem(self.record, self.names, xs, self.plain, self.order, self.values)
        problem.source, problem.linear = self.source, self.linear
        return problem


class WrittenProblem(Problem):
    """A NumPy function and a derivative written by hand: `pull(g, y, *args)`, which returns one cotangent per argument.

    Args:
        fun: the function of all arguments.
        pull: the claim; the cotangent of a scalar function is a float.
        args: all arguments.
        positions: which of them are differentiated.
    """

    def __init__(
        self,
        fun: Callable,
        pull: Callable,
        args: Sequence[Any],
        positions: Sequence[int],
        names: Sequence[str],
        xs: Sequence[np.ndarray] | None = None,
    ) -> None:
        super().__init__(names, [np.asarray(args[i]) for i in positions] if xs is None else xs)
        self.fun, self.claim, self.args, self.positions = fun, pull, list(args), list(positions)

    def outputs(self, xs):
        return [np.asarray(self.fun(*self._filled(xs)))]

    def pull(self, xs, gs):
        args = self._filled(xs)
        y = self.fun(*args)
        g = gs[0] if np.ndim(y) else gs[0][()]
        claimed = self.claim(g, y, *args)
        if len(self.args) == 1 and not isinstance(claimed, tuple):
            claimed = (claimed,)
        if not isinstance(claimed, tuple | list) or len(claimed) != len(self.args):
            raise TypeError(
                f"the derivative of a function of {len(self.args)} arguments returns a tuple of as many gradients, "
                f"None for an argument without; got {described(claimed)}"
            )
        return [None if claimed[i] is None else np.asarray(claimed[i]) for i in self.positions]

    def at(self, xs):
        return WrittenProblem(self.fun, self.claim, self.args, self.positions, self.names, xs)

    def _filled(self, xs):
        args = list(self.args)
        for i, x in zip(self.positions, xs):
            args[i] = x.item() if isinstance(args[i], float | complex) and x.dtype.char in "dD" else x
        return args


def described(value: Any) -> str:
    """What a value is, for a message."""
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def is_inexact(x: Any) -> bool:
    """Whether this is an array, tensor or number with derivatives."""
    if isinstance(x, float | complex):
        return True
    return isinstance(x, Tensor | np.ndarray | np.generic) and x.dtype.kind in "fc"


def leaves_of(xs: Sequence[np.ndarray]) -> list[Tensor]:
    """Fresh leaves, whose cotangents the caller reads himself."""
    return [wrap(np.asarray(x), Leaf()) for x in xs]


def pulled(
    leaves: Sequence[Tensor], ys: Sequence[Tensor], gs: Sequence[Any], recorded: bool = False, retain: bool = False
) -> list[Any]:
    """The cotangents of leaves for cotangents of outputs: arrays, or tensors if recorded; None where nothing flows."""
    reached = [(y, g) for y, g in zip(ys, gs, strict=True) if y.node is not None]
    if not reached:
        return [None] * len(leaves)
    root = gather([y.node for y, _ in reached])
    found = backprop(root, tuple(g for _, g in reached), retain=retain or recorded, wrap=wrap if recorded else None)
    return [found.get(t.node) for t in leaves]


def flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """All elements in one axis."""
    return np.concatenate([np.ravel(a) for a in arrays]) if arrays else np.zeros(0)


def random_like(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random numbers of both signs between 0.5 and 1.5 in size."""

    def part():
        return rng.uniform(0.5, 1.5, x.shape) * rng.choice([-1.0, 1.0], x.shape)

    return np.asarray(part() + 1j * part() if x.dtype.kind == "c" else part()).astype(x.dtype)


def written(x: Any) -> str:
    """A value as Python source."""
    if isinstance(x, np.ndarray | np.generic):
        digits = np.array2string(
            np.asarray(x), separator=", ", threshold=10**6, max_line_width=10**6, floatmode="unique"
        )
        digits = digits.replace("\n", "").replace("nan", "np.nan").replace("inf", "np.inf")
        dtype = "" if x.dtype in (np.float64, np.bool_, np.int64) else f", np.{x.dtype.name}"
        return f"np.array({digits}{dtype})"
    if isinstance(x, tuple | list) and not hasattr(x, "_fields"):
        inner = ", ".join(map(written, x))
        return f"[{inner}]" if isinstance(x, list) else f"({inner}{',' if len(x) == 1 else ''})"
    if type(x) is dict:
        return "{" + ", ".join(f"{key!r}: {written(value)}" for key, value in x.items()) + "}"
    return repr(x)
