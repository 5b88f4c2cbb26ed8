"""Reductions made of others: averages, quantiles, and the forms that pass over NaN."""

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..op import defop, implements
from .axes import as_array, axes_of, join
from .indexing import refuse_out
from .reductions import AXES, MOMENTS, WHERE, hits, mean_vjp, prod_vjp, share, std_vjp, sum_vjp, var_vjp
from .samples import distinct, real, with_options

# --- Spread and average -----------------------------------------------------------------------------------------------


@implements(np.ptp)
def ptp(a, axis=None, out=None, keepdims=False):
    """Peak to peak: the maximum less the minimum."""
    refuse_out("ptp", out)
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@implements(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    """The mean, or with weights `sum(a * weights) / sum(weights)`."""
    a = as_array(a)
    if weights is None:
        y = np.mean(a, axis=axis, keepdims=keepdims)
        total = y.dtype.type(a.size / max(y.size, 1))
    else:
        w = _weights_like(a, as_array(weights), axis)
        total = np.sum(w, axis=axis, keepdims=keepdims)
        if np.any(total == 0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        y = np.sum(a * w, axis=axis, keepdims=keepdims) / total
    return (y, np.broadcast_to(total, y.shape)) if returned else y


def _weights_like(a, w, axis):
    """Weights in the shape of `a`, or of the axes that are averaged over."""
    if w.shape == a.shape:
        return w
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = normalize_axis_tuple(axis, a.ndim)
    if w.shape != tuple(a.shape[i] for i in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    return w.transpose(np.argsort(axes)).reshape(tuple(n if i in axes else 1 for i, n in enumerate(a.shape)))


# --- Quantiles --------------------------------------------------------------------------------------------------------


def neighbours(x, q, axis=None, method="linear", function=np.quantile):
    """The elements that each quantile lies between, and how far it is from the first to the second.

    The quantiles of the ranks 0 ... n-1 themselves tell, by any of NumPy's methods.

    Returns:
        Three arrays: the quantiles along the first axis, then the axes of `x` that are left. Both elements are NaN
        where an element is, unless the function passes over NaN.
    """
    s = np.sort(join(x, axis)[0], axis=-1)  # NaN last
    nan, n = np.isnan(s), s.shape[-1]
    ranks = np.arange(n, dtype=s.dtype if n <= 1 / np.finfo(s.dtype).eps else np.float64)
    passing = function.__name__.startswith("nan")
    if passing and nan.any():
        ranks = np.where(nan, np.nan, ranks)
        ranks[..., 0] = 0  # without a number, the first NaN
        rank = function(ranks, q, axis=-1, method=method).reshape((-1, *s.shape[:-1]))
    else:
        rank = np.reshape(function(ranks, q, method=method), (-1, *(1,) * (s.ndim - 1)))
        rank = np.broadcast_to(rank, (np.size(q), *s.shape[:-1]))
    lower = np.floor(rank)
    low, high = (np.take_along_axis(s[None], i.astype(np.intp)[..., None], -1)[..., 0] for i in (lower, np.ceil(rank)))
    if not passing:
        low, high = (np.where(nan[..., -1], np.nan, element) for element in (low, high))
    return low, high, (rank - lower).astype(s.dtype)


neighbours = defop(neighbours)


def quantile_rule(function):
    """A quantile is `(1 - t) low + t high`, a mean of two elements; elements equal to one of them share evenly."""

    def quantile_vjp(g, x, y, q=0.5, axis=None, method="linear", weights=None):
        if x.size == 0:
            return np.zeros_like(x)
        shape = tuple(1 if i in axes_of(axis, x.ndim) else n for i, n in enumerate(x.shape))
        shape = (np.size(q), *shape)
        g = g.reshape(shape)
        if weights is not None:  # a single element, by the only method there is
            return sum(share(gk, hits(x, yk), axis) for gk, yk in zip(g, y.reshape(shape)))
        low, high, t = (v.reshape(shape) for v in neighbours(x, q, axis, method, function))
        gx = np.zeros_like(x)
        for gk, a, b, tk in zip(g, low, high, t):
            gx = gx + share(gk * (1 - tk), hits(x, a), axis) + share(gk * tk, hits(x, b), axis)
        return gx

    return quantile_vjp


AXIS = {"axis": 0}, {"axis": (0, 2), "keepdims": True}
FRACTIONS = [{"q": 0.3, **AXIS[0]}, {"q": [0.0, 0.4, 1.0], **AXIS[1]}]
PERCENTS = [{"q": 30, **AXIS[0]}, {"q": [0, 40, 100], **AXIS[1]}]


def define_quantile(function, options):
    """NumPy sorts in place where `overwrite_input` allows it; the data of a tensor is never overwritten."""
    op = defop(function, x=quantile_rule(function), samples=with_options(distinct((2, 3, 4)), *options))

    @implements(function)
    def quantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False, *, weights=None):
        refuse_out(op.name, out)
        given = {} if weights is None else {"weights": weights}
        return op(a, q=q, axis=axis, method=method, keepdims=keepdims, **given)


def define_median(function, quantile):
    op = defop(function, x=quantile_rule(quantile), samples=with_options(distinct((2, 3, 4)), {}, *AXIS))

    @implements(function)
    def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
        refuse_out(op.name, out)
        return op(a, axis=axis, keepdims=keepdims)


define_quantile(np.quantile, FRACTIONS)
define_quantile(np.nanquantile, FRACTIONS)
define_quantile(np.percentile, PERCENTS)
define_quantile(np.nanpercentile, PERCENTS)
define_median(np.median, np.quantile)
define_median(np.nanmedian, np.nanquantile)

# --- Passing over NaN -------------------------------------------------------------------------------------------------


def numbers(x, where=True):
    """Where there is a number that takes part."""
    return np.logical_and(where, ~np.isnan(x))


defop(
    np.nansum,
    x=lambda g, x, axis=None, where=True: sum_vjp(g, x.shape, axis, numbers(x, where)),
    samples=with_options(real((2, 3, 4)), *AXES, *WHERE),
)
defop(
    np.nanprod,
    x=lambda g, x, axis=None, initial=1, where=True: prod_vjp(g, x, axis, initial, numbers(x, where)),
    samples=with_options(real((2, 3, 4)), *AXES, *WHERE),
)
defop(
    np.nanmean,
    x=lambda g, x, axis=None, where=True: mean_vjp(g, x.shape, axis, numbers(x, where)),
    samples=with_options(real((2, 3, 4)), *AXES, *WHERE),
)
defop(
    np.nanvar,
    x=lambda g, x, axis=None, ddof=0, where=True, mean=None, correction=None: var_vjp(
        g, x, axis, ddof, numbers(x, where), mean, correction
    ),
    samples=MOMENTS,
)
defop(
    np.nanstd,
    x=lambda g, x, y, axis=None, ddof=0, where=True, mean=None, correction=None: std_vjp(
        g, x, y, axis, ddof, numbers(x, where), mean, correction
    ),
    samples=MOMENTS,
)


@implements(np.nancumsum)
def nancumsum(a, axis=None, dtype=None, out=None):
    refuse_out("nancumsum", out)
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)


@implements(np.nancumprod)
def nancumprod(a, axis=None, dtype=None, out=None):
    refuse_out("nancumprod", out)
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)
