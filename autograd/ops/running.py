"""Neighbouring elements: differences and the trapezoidal rule; and NumPy 2.1's names for running sums and products."""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..op import implements
from .axes import as_array, ends, part
from .indexing import refuse_out

ABSENT = object()


@implements(np.diff)
def diff(a, n=1, axis=-1, prepend=ABSENT, append=ABSENT):
    """`a[i + 1] - a[i]`, n times over."""
    a = as_array(a)
    if n < 0:
        raise ValueError(f"diff expects an order of at least 0, got {n}")
    if a.ndim == 0:
        raise ValueError("diff expects an array of at least one axis, got a number")
    axis = normalize_axis_index(axis, a.ndim)
    if n == 0:
        return a
    given = [x if x is a else _end(as_array(x), a, axis) for x in (prepend, a, append) if x is not ABSENT]
    if len(given) > 1:
        a = np.concatenate(given, axis)
    for _ in range(n):
        later, earlier = part(a, axis, 1), part(a, axis, stop=-1)
        a = np.not_equal(later, earlier) if a.dtype == bool else later - earlier
    return a


def _end(x, a, axis):
    """What goes before or behind `a`: a number stands for one element at every place."""
    return x if x.ndim else np.broadcast_to(x, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))


@implements(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    """The differences of the flattened array, between other elements."""
    a = np.ravel(as_array(ary))
    pieces = [None if x is None else np.ravel(as_array(x)) for x in (to_begin, a[1:] - a[:-1], to_end)]
    for name, x in ("to_begin", pieces[0]), ("to_end", pieces[2]):
        if x is not None and not np.can_cast(x.dtype, a.dtype, casting="same_kind"):
            raise TypeError(f"ediff1d expects {name} that fits the array's dtype {a.dtype}, got {x.dtype}")
    return np.concatenate([x for x in pieces if x is not None], dtype=a.dtype)


@implements(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral by the trapezoidal rule: each step times the mean of the values at its ends."""
    y = as_array(y)
    axis = normalize_axis_index(axis, y.ndim)
    if x is not None:
        x = as_array(x)
        dx = np.diff(x, axis=axis if x.ndim > 1 else 0)
        if x.ndim == 1:
            dx = dx.reshape((-1, *(1,) * (y.ndim - axis - 1)))
    return np.sum(dx * (part(y, axis, 1) + part(y, axis, stop=-1)) / 2.0, axis=axis)


if hasattr(np, "trapz"):  # until NumPy 2.4
    implements(getattr(np, "trapz"))(trapezoid)  # noqa: B009 (not every NumPy has the name)


def define_cumulative(function, running, start):
    @implements(function)
    def cumulative(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
        refuse_out(function.__name__, out)
        if axis is None:
            if x.ndim > 1:
                raise ValueError(f"{function.__name__} expects an axis for an array of shape {x.shape}")
            axis = 0
        y = running(x, axis=axis) if dtype is None else running(x, axis=axis, dtype=dtype)
        return np.concatenate([ends(y, axis, start), y], axis) if include_initial else y


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    define_cumulative(np.cumulative_sum, np.cumsum, 0)
    define_cumulative(np.cumulative_prod, np.cumprod, 1)
