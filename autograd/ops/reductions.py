"""Reductions along axes: sums, products, moments, extremes, and their running forms."""

from typing import Any

import numpy as np

from ..op import defop, implements
from .axes import count, ends, join, part, restore, spread
from .samples import distinct, real, with_options

AXES: tuple[dict, ...] = {}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 2)}
MASK = np.arange(24).reshape(2, 3, 4) % 5 > 0
WHERE = {"where": MASK}, {"axis": 1, "where": MASK[0]}

MANY = 2**24  # numbers up to this one are exact in float32

# --- Sums and means ---------------------------------------------------------------------------------------------------


def sum_vjp(g, x_shape, axis=None, where=True):
    """Every summand receives the cotangent of its sum."""
    return spread(g, x_shape, axis, where)


def mean_vjp(g, x_shape, axis=None, where=True):
    n = count(x_shape, axis, where)
    if where is True:
        return spread(g * (1.0 / max(n, 1)), x_shape, axis)
    return spread(restore(g, x_shape, axis) / np.maximum(n, 1), x_shape, axis, where)


def reduction(ufunc):
    """What NumPy's function does in the end: half the time for a small array."""
    return lambda x, axis=None, **options: ufunc.reduce(x, axis, **options)


defop(
    np.sum, x=sum_vjp, forward=reduction(np.add), samples=with_options(real((2, 3, 4)), *AXES, *WHERE, {"initial": 2.0})
)


def mean(x, axis=None, keepdims=False, **options):
    """`np.mean`; of few numbers to the bit the same in half its time."""
    if options or not 0 < x.size <= MANY or x.dtype.char not in "fd":
        return np.mean(x, axis, keepdims=keepdims, **options)
    return np.add.reduce(x, axis, None, None, keepdims) / count(x.shape, axis)


defop(np.mean, x=mean_vjp, forward=mean, samples=with_options(real((2, 3, 4)), *AXES, *WHERE))

# --- Variance and standard deviation ----------------------------------------------------------------------------------


def deviations(x, axis, where=True):
    """`x - mean(x)`."""
    n = count(x.shape, axis, where)
    n = max(n, 1) if where is True else np.maximum(n, 1)
    return x - np.sum(x, axis=axis, keepdims=True, where=where) / n


def degrees_of_freedom(shape, axis, ddof, correction, where):
    """What the sum of squares is divided by; NaN where NumPy would divide by 0."""
    n = count(shape, axis, where) - (ddof if correction is None else correction)
    if where is True:
        return n if n > 0 else np.nan
    return np.where(n > 0, n, np.nan)


def var_vjp(g, x, axis=None, ddof=0, where=True, mean=None, correction=None):
    """d sum((x - m)^2) = 2 sum((x - m) dx): the part with dm vanishes, as the deviations add up to 0."""
    dof = degrees_of_freedom(x.shape, axis, ddof, correction, where)
    x = x if where is True else np.where(where, x, 0)
    d = deviations(x, axis, where) if mean is None else x - mean
    gx = restore(g, x.shape, axis) * (2 / dof) * d.conj()
    return gx if where is True else np.where(where, gx, 0)


def std_vjp(g, x, y, axis=None, ddof=0, where=True, mean=None, correction=None):
    """The deviations over `dof * y`; 0 where y is 0, as for every norm.

    The mean of equal numbers may be off by rounding, and then y is as small as that. Centring the deviations once more
    leaves next to nothing of it.
    """
    dof = degrees_of_freedom(x.shape, axis, ddof, correction, where)
    x = x if where is True else np.where(where, x, 0)
    d = deviations(deviations(x, axis, where), axis, where) if mean is None else x - mean
    g, y = restore(g, x.shape, axis), restore(y, x.shape, axis)
    gx = np.where(y == 0, 0, g / np.where(y == 0, 1, y)) * (1 / dof) * d.conj()
    return gx if where is True else np.where(where, gx, 0)


MOMENTS = with_options(real((2, 3, 4)), *AXES, *WHERE, {"ddof": 1, "axis": (1, 2)}, {"ddof": 0.5, "axis": 1})
defop(np.var, x=var_vjp, samples=MOMENTS)
defop(np.std, x=std_vjp, samples=MOMENTS)

# --- Maxima and minima ------------------------------------------------------------------------------------------------


def hits(x, v):
    """Where `x` is `v`, NaN being NaN."""
    hit = x == v
    if type(v) is np.ndarray and v.dtype.kind == "f" and not np.isnan(np.add.reduce(v, axis=None)):
        return hit  # none is NaN, nor are there infinities of both signs
    return hit | ((x != x) & (v != v))


def parts(hit, axis=None, more=0, dtype=None):
    """Into how many parts a cotangent is divided, one at least."""
    if more is None and type(hit) is np.ndarray and type(axis) is int and len(hit):
        is_one = np.count_nonzero(hit) * hit.shape[axis] == hit.size  # as many as results, each of which has one
        if is_one:
            return np.ones((), dtype)
    return np.maximum(np.sum(hit, axis=axis, keepdims=True) + (0 if more is None else more), 1).astype(dtype)


hits, parts = defop(hits), defop(parts)  # constants: one step where their parts would be many


def share(g, hit, axis, more=0):
    """The cotangent divided evenly among the places that were hit (and `more` that are not in the array).

    None for `more` promises that for each result a place was hit.
    """
    return np.where(hit, g / parts(hit, axis=axis, more=more, dtype=g.dtype), 0)


def extreme_vjp(g, x, y, axis=None, initial=None, where=True):
    """Whatever equals the maximum or minimum has an even share in its cotangent, an equal `initial` value too."""
    g, y = restore(g, x.shape, axis), restore(y, x.shape, axis)
    hit = hits(x, y) if where is True else hits(x, y) & where
    return share(g, hit, axis, y == initial if initial is not None else None if where is True else 0)


EXTREMES = with_options(distinct((2, 3, 4)), *AXES, {"initial": 0.17}, {"axis": 1, "where": MASK[0], "initial": 0.17})


implements(np.amax)(defop(np.max, x=extreme_vjp, forward=reduction(np.maximum), samples=EXTREMES))
implements(np.amin)(defop(np.min, x=extreme_vjp, forward=reduction(np.minimum), samples=EXTREMES))
defop(np.nanmax, x=extreme_vjp, samples=EXTREMES)
defop(np.nanmin, x=extreme_vjp, samples=EXTREMES)
fmax_reduce = defop(reduction(np.fmax), name="fmax.reduce", x=extreme_vjp, samples=EXTREMES)
fmin_reduce = defop(reduction(np.fmin), name="fmin.reduce", x=extreme_vjp, samples=EXTREMES)

# --- Log-sum-exp ------------------------------------------------------------------------------------------------------


def exponentials(x, axis):
    """`exp(x - m)`, their sum, and `m = max(x)`; for a maximum of inf, 1 there and 0 elsewhere, for one of -inf, 0."""
    m = np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore"):  # inf - inf
        e = np.asarray(x - m)
    np.exp(e, out=e)
    if not np.isfinite(m).all():
        e = np.where(np.isinf(m), (x == np.inf).astype(e.dtype), e)
    if (
        e.ndim > 1 and axis in (-1, e.ndim - 1) and e.dtype.char in "fd"
    ):  # a product with ones takes a fifth of the time
        return e, (e @ np.ones(e.shape[-1], e.dtype))[..., None], m
    return e, np.add.reduce(e, axis=axis, keepdims=True), m


def softmax(x, axis=None):
    """`exp(x) / sum(exp(x))`; 0 where every number is -inf."""
    e, total, _ = exponentials(x, axis)
    e /= np.where(total == 0, 1, total)
    return e


def log_total(x, axis=None, keepdims=False):
    x = np.asarray(x)
    _, total, m = exponentials(x if x.dtype.kind == "f" else x.astype(np.float64), axis)
    with np.errstate(divide="ignore"):
        y = m + np.log(total)
    return y if keepdims or not y.ndim else y.squeeze(axis)


softmax = defop(
    softmax,
    x=lambda g, y, axis=None: y * (g - np.sum(g * y, axis=axis, keepdims=True)),
    samples=with_options(real((2, 3)), {}, {"axis": -1}),
)
log_total = defop(
    log_total,
    name="logsumexp",
    x=lambda g, x, axis=None: restore(g, x.shape, axis) * softmax(x, axis=axis),
    samples=with_options(real((2, 3, 4)), *AXES),
)


def logsumexp(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """`log(sum(exp(x)))` along axes, for numbers of any size.

    Args:
        x: real numbers, of any shape; of nothing but -inf, the result is -inf and its gradient 0.
        axis: one axis or several; None for all.
        keepdims: whether the axes stay, with length 1.

    >>> from autograd import Tensor
    >>> x = Tensor([[1000.0, 1000.0]], requires_grad=True)
    >>> y = logsumexp(x, axis=1)
    >>> round(y.item() - 1000, 6)  # log(2)
    0.693147
    >>> y.backward()
    >>> x.grad
    Tensor([[0.5, 0.5]], shape=(1, 2), dtype=float64)
    """
    return log_total(x, axis=axis, keepdims=keepdims)


# --- Running sums and products ----------------------------------------------------------------------------------------


def cumsum_vjp(g, x_shape, axis=None):
    """An element takes part in all sums from its place on."""
    if axis is None:
        return cumsum_vjp(g, g.shape, 0).reshape(x_shape)
    return part(np.cumsum(part(g, axis, step=-1), axis=axis), axis, step=-1)


def products_before(x, axis):
    """The products of all elements before each place."""
    return np.cumprod(np.concatenate([ends(x, axis, 1), part(x, axis, stop=-1)], axis), axis=axis)


def cumprod_vjp(g, x, axis=None):
    """With p_i the product of all before i, the cotangent is p_i r_i, where r_i = g_i + x_(i+1) r_(i+1).

    No division, so zeros are no trouble. The recurrence takes log2(n) steps: after each, r holds the terms up to a
    distance twice as long, and f the products over that distance.
    """
    if axis is None:
        return cumprod_vjp(g, x.reshape(-1), 0).reshape(x.shape)
    n = x.shape[axis]
    if n == 0:
        return g
    r, f, distance = g, part(x, axis, 1), 1
    while distance < n:
        nearer = part(r, axis, stop=-distance) + f * part(r, axis, distance)
        r = np.concatenate([nearer, part(r, axis, -distance)], axis)
        f = part(f, axis, stop=-distance) * part(f, axis, distance)
        distance *= 2
    return products_before(x, axis) * r


RUNNING = with_options(real((3, 5)), {}, {"axis": 0}, {"axis": -1})
defop(np.cumsum, x=cumsum_vjp, samples=RUNNING)
defop(np.cumprod, x=cumprod_vjp, samples=RUNNING)

# --- Products ---------------------------------------------------------------------------------------------------------


def prod_vjp(g, x, axis=None, initial=1, where=True):
    """The cotangent of a factor is the product of all others: of those before it and those behind it."""
    g = restore(g, x.shape, axis) * initial
    if where is not True:
        x, g = np.where(where, x, 1), np.where(where, g, 0)
    if x.size == 0 or x.ndim == 0:
        return np.broadcast_to(g, x.shape)
    factors, back = join(x, axis)
    behind = part(products_before(part(factors, -1, step=-1), -1), -1, step=-1)
    return g * back(products_before(factors, -1) * behind)


defop(
    np.prod,
    x=prod_vjp,
    forward=reduction(np.multiply),
    samples=with_options(real((2, 3, 4)), *AXES, *WHERE, {"initial": 2.0}),
)

# --- Differentiable nowhere: constants --------------------------------------------------------------------------------

for constant in np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.count_nonzero, np.all, np.any:
    defop(constant)
