"""Functions that SciPy calls: on plain values, as it wants them; and on the tape, with all that they read.

An equation or an integral is solved by SciPy, off the tape. What the solution depends on is found by running the user's
function on the tape once: the arguments that it was given, and tensors that it reads without being given them.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..foreign import Foreign
from ..tape import Leaf, backprop, recording, toposort
from ..tensor import Tensor, as_tensor, keeping, wrap
from ..transforms.arguments import name_of
from ..transforms.matrices import jacobian
from ..transforms.starts import JOINED, OVER, RUNNING, START, start
from ..transforms.steps import conformed, is_tracked, step
from ..tree import flatten

# --- Values off the tape ----------------------------------------------------------------------------------------------


def off(x: Any) -> Any:
    """A value as SciPy wants it: arrays and numbers in the place of tensors, in containers too."""
    if isinstance(x, Tensor):
        data = np.asarray(x.data) if isinstance(x.data, Foreign) else x.data  # a batch refuses, and vmap makes a loop
        return data if data.ndim else data[()]
    if not tensors_in(x):
        return x
    if isinstance(x, np.ndarray):  # of objects: what plain NumPy makes of tensors in a function to be differentiated
        return off(as_tensor(x))
    found, rebuild = flatten(x)
    return rebuild([off(leaf) for _, leaf in found])


def on(x: Any) -> Any:
    """A container with its tensors as they are now, whatever is assigned to them later."""
    found, rebuild = flatten(x)
    return rebuild([wrap(leaf.data, leaf.node) if isinstance(leaf, Tensor) else leaf for _, leaf in found])


def tensors_in(*values: Any) -> list[Tensor]:
    """All tensors in these values, in containers too; long lists of numbers are gone through quickly."""
    found: list[Tensor] = []
    for x in values:
        if isinstance(x, Tensor):
            found.append(x)
        elif type(x) is list or type(x) is tuple:
            if not _NUMBERS.issuperset(map(type, x)):
                found += tensors_in(*x)
        elif isinstance(x, np.ndarray):
            found += [part for part in x.flat if isinstance(part, Tensor)] if x.dtype.hasobject else []
        elif isinstance(x, list | tuple | dict) or (hasattr(x, "__dataclass_fields__") and not isinstance(x, type)):
            found += tensors_in(*(leaf for _, leaf in flatten(x)[0]))
    return found


_NUMBERS = frozenset({float, int, bool, complex, np.float64})


class Called:
    """A user's function as SciPy may call it: it gives plain values, and remembers whether it gave tensors."""

    def __init__(self, fun: Callable):
        self.fun: Any = fun
        self.gave_tensor = False
        self.__name__ = name_of(fun)
        for name in ("terminal", "direction"):  # of an event
            if hasattr(fun, name):
                setattr(self, name, getattr(fun, name))

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The value, off the tape."""
        token = keeping.set(True)
        try:
            y = self.fun(*args, **options)
        finally:
            keeping.reset(token)
        if type(y) is float or (type(y) is np.ndarray and y.dtype.kind != "O"):
            return y
        if isinstance(y, np.ndarray) and y.dtype.hasobject:  # `np.array` of tensors
            y = as_tensor(y)
        if type(y) in (list, tuple) and len(y) and isinstance(y[0], Tensor | list | tuple):
            self.gave_tensor |= bool(tensors_in(y))
        elif isinstance(y, Tensor) or (type(y) in (list, tuple) and tensors_in(y)):
            self.gave_tensor = True
        return off(y)


class Problem:
    """What SciPy is to solve: the arguments of its functions, on and off the tape.

    Attributes:
        args: the arguments of the user's functions, as they are now.
        plain: the same for SciPy.
        given: all that may be differentiated.
    """

    def __init__(self, name: str, args: Any = (), *given: Any):
        args = args if isinstance(args, tuple) else (args,)
        self.name, self.args, self.given = name, on(args), given
        self.plain = off(args)
        self.functions: list[Called] = []

    def called(self, fun: Any) -> Any:
        """The function as SciPy may call it; what is no function as it is."""
        if not callable(fun) or isinstance(fun, type):
            return fun
        made = Called(fun)
        self.functions.append(made)
        return made

    def run(self, solver: Callable, *args: Any, **options: Any) -> Any:
        """What SciPy's solver finds, off the tape.

        The tape is not switched off: a tracked tensor that a function reads and turns into a number is to be an error.
        """
        try:
            return solver(*map(off, args), **{name: off(x) for name, x in options.items()})
        finally:
            for called in self.functions:  # SciPy may hold them in cycles, but not what they read
                called.fun = None

    @property
    def known(self) -> dict:
        """The nodes of the arguments, with the arguments themselves."""
        return {t.node: t for t in tensors_in(self.args) if t.node is not None}

    @property
    def has_tensors(self) -> bool:
        """Whether there was a tensor anywhere."""
        return bool(tensors_in(self.args, self.given)) or any(f.gave_tensor for f in self.functions)

    @property
    def is_wanted(self) -> bool:
        """Whether the solution may belong on the tape."""
        return recording.get() and (
            any(f.gave_tensor for f in self.functions) or any(map(is_tracked, tensors_in(self.args, self.given)))
        )

    def refuse(self, **options: Any) -> None:
        """Raise an error for options that are tracked, by which there is no derivative."""
        for name, value in options.items():
            if any(map(is_tracked, tensors_in(value))):
                raise TypeError(f"{self.name} has no derivative for {name}=; pass {name}.detach() as a constant")

    def shown(self, x: Any) -> Any:
        """A value off the tape in the form in which results come: a tensor if there was one."""
        return wrap(np.asarray(x), None) if self.has_tensors else x


# --- What a function reads --------------------------------------------------------------------------------------------

LATER = (
    "a function that was given to SciPy reads tensors that it did not read when it was called first; pass all that it "
    "may need in args"
)


def pull(fun: Callable, xs: Sequence, g: Any, nodes: Sequence) -> tuple[Any, list, list]:
    """The value of `fun(*xs)`, the cotangents of `xs` for its cotangent `g`, and those of the nodes that it reads.

    Arrays, or tensors where the pass is recorded; None where nothing flows. `g` may be left out, for ones.

    Raises:
        RuntimeError: the function reads tensors that are not among the nodes.
    """
    y, starts = run(fun, xs)
    is_recorded = recording.get() and any(map(is_tracked, (y, g)))
    found = _pulled(y, starts, np.ones_like(y.data) if g is None else g, nodes, name_of(fun))
    return (y if is_recorded else y.data), *found


def pull_each(fun: Callable, xs: Sequence, gs: Sequence, nodes: Sequence) -> tuple[Any, list[tuple[list, list]]]:
    """The value, and what `pull` gives for each of several cotangents; the function runs once."""
    y, starts = run(fun, xs)
    return y.data, [_pulled(y, starts, g, nodes, name_of(fun)) for g in gs]


def _pulled(y, starts, g, nodes, name):
    stops = [*starts, *nodes]
    recorded = recording.get() and any(map(is_tracked, (y, g)))
    g = conformed(g, y, name)
    g = as_tensor(g) if recorded else g.data if isinstance(g, Tensor) else g
    if y.node is None:
        found = {}
    elif y.node in stops:
        found = {y.node: g}
    else:
        order = toposort(y.node, stops)
        found = backprop(y.node, g, True, wrap if recorded else None, order)
        if any(map(_is_wanted, order)) or any(type(node) is Leaf and node not in stops for node in found):
            raise RuntimeError(LATER)
    cotangents = [found.get(node) for node in stops]
    return cotangents[: len(starts)], cotangents[len(starts) :]


def run(fun: Callable, xs: Sequence) -> tuple[Tensor, list]:
    """The value of the function on fresh inputs, and their nodes; inputs that are tracked outside are joined to that.

    Plain numbers of Python are passed on as they are, and have no node of their own.
    """
    outside = (
        recording.get()
    )  # `keeping`: plain NumPy may collect tensors, numbers that would leave the tape are errors
    inputs = [x if type(x) is float else start(x.data if isinstance(x, Tensor) else x) for x in xs]
    token, token_keeping = recording.set(True), keeping.set(True)
    try:
        y = as_tensor(fun(*inputs))
    finally:
        recording.reset(token)
        keeping.reset(token_keeping)
    starts = [t.node for t in inputs if isinstance(t, Tensor)]
    for x, t in zip(xs, inputs, strict=True):
        if isinstance(t, Tensor):
            joined = outside and is_tracked(x)
            t.node.parent, t.node.kept = (x.node, JOINED) if joined else ((), OVER)
    return y, starts


def read_by(fun: Callable, xs: Sequence, known: Iterable, tell: bool = True) -> list:
    """The nodes that a function reads besides its inputs: the known ones, and those of tensors it was not given.

    The latter are told from what the function makes itself by running it twice: they are the same both times. With
    `tell`, there is a warning if the function depends on nothing at all.
    """
    known = list(known)
    y, starts = run(fun, xs)
    if y.node is None:
        if known and tell:
            warnings.warn(
                f"{name_of(fun)} returned numbers, not tensors: they do not depend on its arguments, or left the tape "
                f"by float(x), math.exp(x) or the like; the derivative is 0",
                stacklevel=4,
            )
        return known
    seen, _ = _walked([y.node], {*starts, *known})
    if not any(type(node) is Leaf or node.op is START.op for node in seen):
        return known
    again, starts = run(fun, xs)
    _, met = _walked([again.node], {*starts, *known, *seen})
    return [*known, *(node for node in met if node in seen)]


def _is_wanted(node):
    """Whether a node is the input of a transform whose function runs."""
    return node.kept is RUNNING and node.op is START.op


def _walked(roots, stops):
    """The nodes behind the roots, down to the stops, and the stops that were met, in order."""
    seen, met, stack = set(), {}, list(roots)
    while stack:
        node = stack.pop()
        if node in stops:
            met[node] = None
        elif node not in seen:
            seen.add(node)
            stack += node.parents
    return seen, list(met)


# --- Implicit functions -----------------------------------------------------------------------------------------------


def solution(fun: Callable, x: Any, known: Iterable, name: str, *, elementwise: bool = False) -> Tensor:
    """An `x` for which `fun(x)` is 0, on the tape behind all that `fun` reads.

    By the implicit function theorem `dx = -(dF/dx)^-1 dF/da da`: the cotangent `g` of `x` becomes that of the equation,
    `w = -(dF/dx)^-T g`, and that is pulled back through the function. The pass back can itself be recorded.

    Args:
        known: nodes that the function reads.
        elementwise: whether each equation has one unknown only, that in its place.
    """
    x = np.asarray(x)
    x = x if x.dtype.kind in "fc" else x.astype(float)
    nodes = read_by(fun, [x], known)
    if not nodes:
        return wrap(x, None)

    def back(gs, kept):
        slope = pull(fun, [kept], None, nodes)[1][0] if elementwise else jacobian(fun)(kept)
        w = _balanced(slope, gs[0], x, elementwise, name)
        return pull(fun, [kept], w, nodes)[2]

    (made,) = step(name, nodes, [x], back, x, lambda kept, parents, wrap, node: wrap(kept, node))
    return made


def _balanced(slope, g, x, elementwise, name):
    """The cotangent of the equations for that of the unknowns."""
    singular = (
        f"{name}: the derivative of the equations is singular at the solution, which is not isolated or not simple; so "
        f"it has no derivative"
    )
    if elementwise:
        if slope is None or not np.all(off(slope)):
            raise ValueError(singular)
        return -g / slope
    slope = np.reshape(slope, (-1, x.size))
    if slope.shape[0] != x.size:
        raise ValueError(f"{name} has {x.size} unknowns, and {slope.shape[0]} equations; it has no derivative")
    try:
        return np.reshape(np.linalg.solve(slope.T, -np.reshape(g, x.size)), x.shape)
    except np.linalg.LinAlgError:
        raise ValueError(singular) from None
