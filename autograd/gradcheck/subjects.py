"""From a function of the user's, or a module, to the problem of its derivative."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..op import Op
from ..random import get_rng_state, set_rng_state
from ..tape import recording
from ..tensor import Tensor, as_tensor, wrap
from ..transforms.tracing import tracing
from ..tree import flatten
from .problem import Source, TapeProblem, described, is_inexact


def from_function(fun: Callable, args: Sequence[Any], tracked: Callable[[Any], bool] | None = None) -> TapeProblem:
    """The problem of a function of arrays, of containers of them, or of a module with its parameters.

    Args:
        fun: takes tensors where `args` has arrays, tensors or floats; returns one, or a container.
        args: the point.
        tracked: which of the leaves of `args` are differentiated; by default all floating point and complex numbers.

    Raises:
        ValueError: there is nothing to differentiate.
    """
    leaves, rebuild = flatten(list(args))
    values = [
        np.array(leaf.data if isinstance(leaf, Tensor) else leaf) if is_inexact(leaf) else leaf for _, leaf in leaves
    ]
    where = [i for i, (_, leaf) in enumerate(leaves) if is_inexact(leaf) and (tracked is None or tracked(leaf))]
    names = [_argument_name(fun, leaves[i][0], len(args)) for i in where]
    points = [values[i] for i in where]
    parameters = _parameters(fun)
    if not where and not parameters:
        raise ValueError(
            "there is nothing to differentiate: gradcheck expects at least one argument with floating point or complex "
            f"numbers{'' if tracked is None else ' and requires_grad=True'}, got "
            + (", ".join(described(leaf) for _, leaf in leaves) or "no arguments")
        )
    state = get_rng_state()
    frozen = [as_tensor(value) if isinstance(leaf, Tensor) else value for value, (_, leaf) in zip(values, leaves)]

    def filled(parts):
        full = list(frozen)
        for i, part in zip(where, parts):
            full[i] = part
        return rebuild(full)

    def record(ts):
        parts, rest = [wrap(t.data, t.node) for t in ts[: len(where)]], ts[len(where) :]  # it may assign to them
        with tracing(), _substituted(fun, parameters, rest), _same_randomness(state):
            return _tensors(fun(*filled(parts)))

    def plain(xs):
        with _same_randomness(state):
            return _arrays(fun(*filled([x.copy() for x in xs])))

    problem = TapeProblem(
        record,
        [*names, *(name for name, _ in parameters)],
        [*points, *(p.data.copy() for _, p in parameters)],
        None if parameters or any(isinstance(leaf, Tensor) for _, leaf in leaves) else plain,
    )
    problem.source = _source(fun, lambda xs: filled(xs[: len(where)]))
    return problem


def _source(fun, arguments):
    """How a test can import the function; with a placeholder where it cannot."""
    module, name = getattr(fun, "__module__", None), getattr(fun, "__qualname__", None)
    if name and name.isidentifier() and module not in (None, "__main__"):
        return Source(name, (f"from {module} import {name}",), name, arguments)
    if isinstance(fun, np.ufunc):
        return Source(fun.__name__, (), f"np.{fun.__name__}", arguments)
    name = name if name and name.isidentifier() else "function"
    return Source(name, (f"{name} = ...  # what was checked",), name, arguments)


def _parameters(fun):
    """The parameters of a module, by name."""
    named = getattr(fun, "named_parameters", None)
    return [(name, p) for name, p in named() if p.requires_grad] if callable(named) else []


@contextlib.contextmanager
def _substituted(fun, parameters, tensors):
    """Let a module have these tensors as its parameters, and forget what a call writes into its buffers."""
    buffers = [b for _, b in fun.named_buffers()] if parameters and hasattr(fun, "named_buffers") else []
    before = [(p, p.data, p.node) for _, p in parameters]
    kept = [(b, b.data, b.data.copy()) for b in buffers]
    for (_, p), t in zip(parameters, tensors):
        p.data, p.node = t.data, t.node
    try:
        yield
    finally:
        for p, data, node in before:
            p.data, p.node = data, node
        for b, data, values in kept:
            b.data = data
            data[...] = values


@contextlib.contextmanager
def _same_randomness(state):
    """Let the default generator give the same numbers at every call, and go on later as if nothing had happened."""
    outer = get_rng_state()
    set_rng_state(state)
    token = recording.set(True)
    try:
        yield
    finally:
        recording.reset(token)
        set_rng_state(outer)


def _tensors(y):
    """The floating point and complex outputs, in order."""
    found = [as_tensor(leaf) for _, leaf in flatten(y)[0] if is_inexact(leaf)]
    if not found:
        raise ValueError(f"the function returns no floating point or complex numbers, but {described(y)}")
    return found


def _arrays(y):
    return [
        np.asarray(leaf.data if isinstance(leaf, Tensor) else leaf) for _, leaf in flatten(y)[0] if is_inexact(leaf)
    ]


def _argument_name(fun, path, count):
    """`x['w']` for the path `[0]['w']`, if the function calls its first argument x."""
    end = path.index("]")
    i = int(path[1:end])
    names = _parameter_names(fun)
    if i < len(names) and count <= len(names) + 1:
        return names[i] + path[end + 1 :]
    return f"argument {i}{path[end + 1 :]}"


def _parameter_names(fun):
    """What a function, method, module or op calls its arguments."""
    if isinstance(fun, Op):
        return fun.arguments or ()
    method = fun if hasattr(fun, "__code__") else getattr(fun, "forward", None)
    code = getattr(method, "__code__", None)
    if code is None:
        return ()
    return code.co_varnames[1 if hasattr(method, "__self__") else 0 : code.co_argcount]
