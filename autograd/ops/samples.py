"""Inputs that prove the rules: what an op's statement gives as `samples`.

A sample is what one call gets: arrays, in order, and options. `samples` is a function of a random generator that
returns a list of them; the makers here write the commonest ones, and `both` joins them.

>>> import numpy as np
>>> make = with_options(real((3, 4)), {}, {"axis": 0})
>>> [(x.shape, options) for (x,), options in make(np.random.default_rng(0))]
[((3, 4), {}), ((3, 4), {'axis': 0})]
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Sample = tuple[tuple[Any, ...], dict[str, Any]]
Samples = Callable[["np.random.Generator"], list[Sample]]


def real(*shapes: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> Samples:
    """One call with arrays of these shapes, uniform in an interval."""
    return lambda rng: [(tuple(rng.uniform(low, high, shape) for shape in shapes), {})]


def positive(*shapes: tuple[int, ...], low: float = 0.3, high: float = 2.0) -> Samples:
    """One call with positive arrays."""
    return real(*shapes, low=low, high=high)


def nonzero(*shapes: tuple[int, ...], low: float = 0.3, high: float = 2.0) -> Samples:
    """One call with arrays of both signs that keep away from zero."""
    return lambda rng: [(tuple(rng.uniform(low, high, s) * rng.choice([-1.0, 1.0], s) for s in shapes), {})]


def distinct(*shapes: tuple[int, ...], gap: float = 0.1) -> Samples:
    """One call with arrays whose elements differ by a gap, within and between arrays: no ties for sorts and maxima."""

    def make(rng):
        sizes = [int(np.prod(shape)) for shape in shapes]
        values = gap * (rng.permutation(sum(sizes)) - sum(sizes) / 2 + 0.3)
        parts = np.split(values, np.cumsum(sizes)[:-1]) if sizes else []
        return [(tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)), {})]

    return make


def with_options(samples: Samples, *options: dict[str, Any]) -> Samples:
    """The same calls with each of these sets of options."""
    return lambda rng: [(args, {**given, **extra}) for extra in options for args, given in samples(rng)]


def with_args(samples: Samples, *args: Any) -> Samples:
    """The same calls with further positional arguments, say a condition or indices."""
    return lambda rng: [((*given, *args), options) for given, options in samples(rng)]


def both(*several: Samples) -> Samples:
    """All calls of several makers."""
    return lambda rng: [sample for samples in several for sample in samples(rng)]


def complex_numbers(*shapes: tuple[int, ...], low: float = 0.3, high: float = 1.5) -> Samples:
    """One call with complex arrays that keep away from both axes, and so from poles and cuts on them."""

    def make(rng):
        parts = nonzero(*shapes, *shapes, low=low, high=high)(rng)[0][0]
        return [(tuple(re + 1j * im for re, im in zip(parts[: len(shapes)], parts[len(shapes) :], strict=True)), {})]

    return make
