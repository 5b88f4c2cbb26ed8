"""Methods of ufuncs: `np.add.reduce`, `np.multiply.accumulate`, `np.subtract.outer` and their like."""

import numpy as np

from ..op import defop, implements
from .axes import as_array
from .reductions import fmax_reduce, fmin_reduce, hits, logsumexp

# --- reduce -----------------------------------------------------------------------------------------------------------


def define_reduce(ufunc, function):
    """The function's other name; without an axis, it runs along the first."""

    @implements((ufunc, "reduce"))
    def reduce(array, axis=0, dtype=None, keepdims=False, **options):
        if dtype is not None:
            options["dtype"] = dtype
        if keepdims:
            options["keepdims"] = True
        return function(array, axis=axis, **options)


define_reduce(np.add, np.sum)
define_reduce(np.multiply, np.prod)
define_reduce(np.maximum, np.max)
define_reduce(np.minimum, np.min)
define_reduce(np.fmax, fmax_reduce)
define_reduce(np.fmin, fmin_reduce)
define_reduce(np.logaddexp, logsumexp)
define_reduce(np.logaddexp2, lambda x, **options: logsumexp(x * np.log(2), **options) / np.log(2))
define_reduce(np.logical_and, np.all)
define_reduce(np.logical_or, np.any)

# --- accumulate -------------------------------------------------------------------------------------------------------


def place(x, ufunc, axis=0):
    """Where the running maximum or minimum stands, by `ufunc`: of equal elements, the last so far."""
    y = ufunc.accumulate(x, axis)
    index = np.arange(x.shape[axis]).reshape((-1, *(1,) * (x.ndim - axis % x.ndim - 1)))
    return np.maximum.accumulate(np.where(hits(x, y), index, 0), axis)


place = defop(place)


def define_accumulate(ufunc, function):
    @implements((ufunc, "accumulate"))
    def accumulate(array, axis=0, dtype=None):
        return function(array if dtype is None else array.astype(dtype), axis=axis)


define_accumulate(np.add, np.cumsum)
define_accumulate(np.multiply, np.cumprod)
for extreme in np.maximum, np.minimum, np.fmax, np.fmin:
    define_accumulate(
        extreme, lambda x, axis, ufunc=extreme: np.take_along_axis(x, place(x, ufunc=ufunc, axis=axis), axis)
    )

# --- outer ------------------------------------------------------------------------------------------------------------


def define_outer(ufunc):
    @implements((ufunc, "outer"))
    def outer(a, b, **options):
        """Each element of `a` with each of `b`."""
        a, b = as_array(a), as_array(b)
        return ufunc(a.reshape(a.shape + (1,) * b.ndim), b, **options)


for binary in (
    np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power, np.maximum, np.minimum, np.fmax, np.fmin,
    np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.heaviside, np.copysign, np.nextafter, np.ldexp, np.fmod,
    np.remainder, np.floor_divide, np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.gcd, np.lcm,
    np.left_shift, np.right_shift,
):  # fmt: skip
    define_outer(binary)
