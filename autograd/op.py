"""What an operation is: a function, one derivative rule per argument, and the samples that prove the rules.

>>> import numpy as np
>>> from autograd import Tensor, defop
>>> def cube(x):
...     return x * x * x
>>> cube = defop(cube, x=lambda g, x: 3 * g * x * x)
>>> x = Tensor([1.0, 2.0], requires_grad=True)
>>> cube(x).sum().backward()
>>> x.grad
Tensor([ 3., 12.], shape=(2,), dtype=float64)
"""

import inspect
from collections.abc import Callable
from typing import Any

Rule = Callable[..., Any]

table: dict[str, "Op"] = {}
"""Every op by its name: what pictures, checks and tests walk over."""

overrides: dict[Callable, Callable] = {}
"""What serves a NumPy function when one of its arguments is a tensor: an op, or a composition of ops."""

ufunc_calls: dict[Callable, Callable] = {}
"""The quick call of a ufunc on tensors, made on first use."""


class Op:
    """A forward function with its derivative rules; called like the function, with arrays or tensors.

    Attributes:
        fun: the function itself, on plain arrays.
        forward: what computes it: the function, or a cheaper one of the same values.
        name: `exp` for `np.exp`, `linalg.inv` for `np.linalg.inv`, else the function's module and name.
        arguments: names of the array arguments, in order; None when the op takes any number of arrays.
        rules: one vector-Jacobian product per argument, None for an argument without a derivative.
        differentiable: whether any argument has a derivative; if not, results are off the tape.
        elementwise: whether each element of the result comes from the same place of the arguments.
        every: for any number of arrays, the one rule that returns all cotangents in a list.
        into: adds a contribution to a cotangent in place, `into(buffer, g, kept)`: for inputs used in many parts.
        view: whether the result may share memory with the first argument.
        masks: whether a cotangent of 0 may stand for a branch not taken, from which no NaN may come back.
        samples: makes calls that exercise the rules from a random generator; None for constants.
        call: what calls the op with tensors or arrays, written on first use.
        plans, forms: what is kept and what is called in the backward pass, by form of call; filled on first use.
    """

    __slots__ = (
        "_positional", "arguments", "call", "differentiable", "elementwise", "every", "forms", "forward", "fun", "into",
        "masks", "name", "plans", "rules", "samples", "view",
    )  # fmt: skip
    prepare: Callable[["Op"], Callable]  # makes `call`; set by dispatch.py, which knows tensors

    def __init__(self, fun, name, rules, every, into, view, masks, forward, samples):
        self.forward = forward or fun
        self.masks = masks
        self.fun, self.name, self.every, self.into, self.view, self.samples = fun, name, every, into, view, samples
        self.arguments = None if every else tuple(rules)
        self.rules = tuple(rules.values())
        self.differentiable = every is not None or any(rule is not None for rule in self.rules)
        self.elementwise = type(fun).__name__ == "ufunc" and fun.signature is None
        self.plans, self.forms, self.call = {}, {}, None
        self._positional = None
        for argument, rule in rules.items():
            if rule is not None:
                self._check(argument, rule)

    def __call__(self, *args, **options):
        return (self.call or self.prepare())(*args, **options)

    def __repr__(self):
        return f"<op {self.name}>"

    @property
    def positional(self) -> tuple[str, ...]:
        """Names of the arguments that may be given by position; looked up on first use, which takes its time."""
        if self._positional is None:
            self._positional = _positional(self.fun)
        return self._positional

    def bind(self, args: tuple, options: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """Sort a call's arguments into the arrays, in order, and the options, by name."""
        if self.arguments is None:
            return args, options
        n = len(self.arguments)
        if len(args) > max(n, len(self.positional)):
            raise TypeError(f"{self.name} takes the arguments {self.positional or self.arguments}, got {len(args)}")
        by_position = dict(zip(self.positional[n:], args[n:], strict=False))
        for name in by_position.keys() & options:
            raise TypeError(f"{self.name} got {name!r} twice, by position and by name")
        options = by_position | options
        arrays = list(args[:n])
        for names in list(zip(self.arguments, self.positional or self.arguments, strict=False))[len(arrays) :]:
            given = [options.pop(name) for name in dict.fromkeys(names) if name in options]
            if not given:
                break  # the optional arrays at the end were left out
            arrays.append(given[0])
        return tuple(arrays), options

    def _check(self, argument, rule):
        """A rule may name arguments, their shapes, the output, and options, which have defaults."""
        for name, default in parameters(rule)[1:]:
            known = name in (*self.arguments, "y", "y_shape") or name.removesuffix("_shape") in self.arguments
            if not known and default is inspect.Parameter.empty:
                raise TypeError(
                    f"{self.name}: the rule of {argument!r} names {name!r}, which is not an argument {self.arguments}, "
                    f"nor 'y', nor the shape of an argument; an option of the call needs a default"
                )


def defop(
    fun: Callable,
    *,
    name: str | None = None,
    samples: Any = None,
    every: Rule | None = None,
    into: Rule | None = None,
    view: bool = False,
    masks: bool = False,
    forward: Callable | None = None,
    **rules: Rule | None,
) -> Op:
    """Declare an op in one statement, and get a function that takes arrays or tensors.

    The keywords name the positional arguments of `fun` in their order; each is the vector-Jacobian product for that
    argument, or None where there is no derivative. The first parameter of a rule is the cotangent `g` of the output;
    every further one is looked up by its name, and is all that the tape keeps: an argument, the output `y`, the shape
    `x_shape` of the argument `x`, `y_shape` of the output, or an option of the call, with its default. Rules use
    operators and NumPy functions only, so that they differentiate again. Undoing broadcasting is not their work.

    An op of any number of arrays has one rule, `every`, which returns a list of cotangents; it may name `xs` (the
    arrays), `xs_shape`, and `wanted` (the positions whose cotangent is used; the others may be None).

    Where `fun` is a NumPy function, the op also serves it on tensors; `forward` may name a cheaper function of the same
    values, as `np.add.reduce` is for `np.sum`.

    Raises:
        TypeError: a rule names something that the op does not have.
        ValueError: an op of that name exists.

    >>> import numpy as np
    >>> def scale(x, factor=2.0):
    ...     return x * factor
    >>> scale = defop(scale, x=lambda g, factor=2.0: g * factor)
    >>> scale(np.array([1.0, 2.0]), factor=10.0)
    array([10., 20.])
    """
    op = Op(fun, name or _name(fun), rules, every, into, view, masks, forward, samples)
    before = table.get(op.name)
    if before is not None and _home(before.fun) != _home(fun):
        raise ValueError(f"an op named {op.name!r} exists; give this one another name: defop(fun, name=...)")
    table[op.name] = op
    if _is_numpy(fun):
        overrides[fun] = op
        ufunc_calls.pop(fun, None)
    return op


def implements(*functions: Callable) -> Callable[[Callable], Callable]:
    """Let a composition of ops serve NumPy functions on tensors; it needs no rule of its own.

    >>> import numpy as np
    >>> from autograd import Tensor, implements
    >>> before = overrides[np.i0]
    >>> @implements(np.i0)  # differentiable only near 0, by its series
    ... def i0(x):
    ...     return 1 + x * x / 4
    >>> np.i0(Tensor(0.2))
    Tensor(1.01, shape=(), dtype=float64)
    >>> overrides[np.i0] = before
    """

    def register(composition):
        for function in functions:
            overrides[function] = composition
        return composition

    return register


def parameters(rule: Rule) -> list[tuple[str, Any]]:
    """Names and defaults of a rule's parameters; read off the code object, far cheaper than `inspect.signature`."""
    try:
        code = rule.__code__
    except AttributeError:
        raise TypeError(f"a rule is a Python function, so that its parameter names can be read; got {rule!r}") from None
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    defaults = rule.__defaults__ or ()
    given = dict(zip(names[code.co_argcount - len(defaults) : code.co_argcount], defaults, strict=True))
    given.update(rule.__kwdefaults__ or {})
    return [(name, given.get(name, inspect.Parameter.empty)) for name in names]


def _positional(fun):
    try:
        found = inspect.signature(fun).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


def _home(fun):
    return getattr(fun, "__module__", None), getattr(fun, "__qualname__", fun.__name__)


def _is_numpy(fun):
    return type(fun).__name__ == "ufunc" or (_home(fun)[0] or "").startswith("numpy")


def _name(fun):
    package, *inner = (_home(fun)[0] or "numpy").split(".")  # ufuncs have no module
    if package == "autograd":
        return fun.__name__
    if package == "numpy":
        return ".".join([part for part in inner if not part.startswith("_")] + [fun.__name__])
    return f"{package}.{fun.__name__}"
