"""Ops that choose among their arguments, element by element: what is not chosen has no share in the gradient."""

import numpy as np

from ..op import defop, implements
from .indexing import refuse_out
from .samples import both, complex_numbers, distinct, nonzero, real

INTEGERS = {np.dtype(np.float16): np.int16, np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}
LARGE = 1024


def masked(x, c):
    """`x` where `c` is true and 0 elsewhere, whatever `x` is there; `x * c` would let NaN and infinities through.

    Large arrays are masked by their bits: many times faster than np.where, whose branches a processor cannot foresee.
    """
    if x.size < LARGE or x.dtype not in INTEGERS or c.dtype != bool or c.shape != x.shape:
        return np.where(c, x, 0)
    bits = c.astype(INTEGERS[x.dtype])
    np.negative(bits, out=bits)  # 1 becomes -1: all ones
    bits &= x.view(bits.dtype)
    return bits.view(x.dtype)


def with_condition(samples):
    """The same calls with a condition as their first or their last argument."""

    def make(rng):
        return [((*arrays, rng.random((3, 4)) < 0.5), options) for arrays, options in samples(rng)]

    return make


masked = defop(masked, x=lambda g, c: masked(g, c), c=None, samples=with_condition(real((3, 4))))


def where_samples(rng):
    """The condition comes first; it may itself be broadcast."""
    a, b = rng.normal(size=(2, 3, 4))
    return [((rng.random(shape) < 0.5, a, b[0] + 1j * b[1]), {}) for shape in ((3, 4), (3, 1))]


defop(
    np.where,
    c=None,
    a=lambda g, c: masked(g, c),
    b=lambda g, c: masked(g, np.logical_not(c)),
    masks=True,
    samples=where_samples,
)

# --- Maxima and minima: equal arguments share the cotangent; NaN is chosen wherever it is -----------------------------


def greater_vjp(g, x, other):
    """All of `g` where `x` is greater, half where it is equal."""
    half = g * 0.5
    return masked(half, ~(x < other)) + masked(half, ~(x <= other))


def less_vjp(g, x, other):
    """All of `g` where `x` is less, half where it is equal."""
    half = g * 0.5
    return masked(half, ~(x > other)) + masked(half, ~(x >= other))


defop(
    np.maximum,
    a=lambda g, a, b: greater_vjp(g, a, b),
    b=lambda g, a, b: greater_vjp(g, b, a),
    samples=distinct((3, 4), (4,)),
)
defop(
    np.minimum,
    a=lambda g, a, b: less_vjp(g, a, b),
    b=lambda g, a, b: less_vjp(g, b, a),
    samples=distinct((3, 4), (4,)),
)
# fmax and fmin choose NaN only where there is nothing else.
defop(
    np.fmax,
    a=lambda g, a, b: greater_vjp(masked(g, a == a), a, b),
    b=lambda g, a, b: greater_vjp(masked(g, b == b), b, a),
    samples=distinct((3, 4), (4,)),
)
defop(
    np.fmin,
    a=lambda g, a, b: less_vjp(masked(g, a == a), a, b),
    b=lambda g, a, b: less_vjp(masked(g, b == b), b, a),
    samples=distinct((3, 4), (4,)),
)

# --- Bounds -----------------------------------------------------------------------------------------------------------


def clipped(x, low, high):
    """`np.clip` with both bounds given; None is no bound."""
    return np.clip(x, low, high)


def clipped_vjp(g, x, low, high):
    """All of `g` between the bounds and on them."""
    if low is None or high is None:
        return masked(g, x >= low if high is None else x <= high)
    return masked(g, (x >= low) & (x <= high))


def clipped_vjp_low(g, x, low, high):
    """All of `g` below the lower bound, unless the upper one is lower still: it comes last."""
    return masked(g, x < low if high is None else (x < low) & (low <= high))


def clipped_vjp_high(g, x, low, high):
    """All of `g` above the upper bound, or if the lower bound is."""
    return masked(g, x > high if low is None else (x > high) | (low > high))


def bounds_samples(rng):
    """Elements below, between and above bounds that are arrays, numbers, or missing."""
    x = np.array([[-2.0, -0.4, 0.3, 1.5], [1.7, 0.4, -0.3, -1.6], [0.1, 2.0, -2.1, 0.2]]) + 0.1 * rng.random((3, 4))
    low, high = np.array([-1.0, -1.2, -0.9, -1.1]), np.array([[0.9], [1.2], [1.0]])
    return [((x, *bounds), {}) for bounds in ((low, high), (low, None), (None, high), (-1.0, 1.0), (1.2, low))]


clipped = defop(
    clipped,
    name="clip",
    x=clipped_vjp,
    low=clipped_vjp_low,
    high=clipped_vjp_high,
    samples=bounds_samples,
)


@implements(np.clip)
def clip(a, a_min=None, a_max=None, out=None, *, min=None, max=None):
    """Bounds by either pair of names, from either side."""
    refuse_out("clip", out)
    if (a_min is not None or a_max is not None) and (min is not None or max is not None):
        raise ValueError("clip takes its bounds as a_min and a_max or as min and max, not both")
    low, high = (a_min, a_max) if min is None and max is None else (min, max)
    return np.positive(a) if low is None and high is None else clipped(a, low, high)


def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    return np.nan_to_num(x, True, nan, posinf, neginf)  # a tensor is never written to


implements(np.nan_to_num)(
    defop(nan_to_num, x=lambda g, x: masked(g, np.isfinite(x)), samples=both(real((3, 4)), complex_numbers((3, 4))))
)

# --- Signs and steps --------------------------------------------------------------------------------------------------

defop(
    np.copysign,
    a=lambda g, a, b: g * np.copysign(np.sign(a), b) * np.sign(a),
    b=None,
    samples=nonzero((3, 4), (4,)),
)


def heaviside_samples(rng):
    """The second argument is the value at 0."""
    return [((np.array([[-1.0, 0.0], [0.0, 2.0]]), rng.normal(size=2)), {})]


defop(np.heaviside, a=None, b=lambda g, a: masked(g, a == 0), samples=heaviside_samples)
