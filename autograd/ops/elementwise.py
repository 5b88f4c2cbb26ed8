"""Ops on each element by itself: arithmetic, powers, exponentials, trigonometry, and their inverses."""

import numpy as np

from ..op import defop, implements
from .samples import distinct, nonzero, positive, real


def quotient(g, d):
    """`g / d`, infinite where `d` is 0: there the slope is, which is not worth a warning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return g / d


# --- Arithmetic -------------------------------------------------------------------------------------------------------

defop(np.add, a=lambda g: g, b=lambda g: g, samples=real((3, 4), (4,)))
defop(np.subtract, a=lambda g: g, b=lambda g: -g, samples=real((3, 4), (4,)))
defop(np.multiply, a=lambda g, b: g * b, b=lambda g, a: g * a, samples=real((3, 4), (4,)))
defop(np.divide, a=lambda g, b: g / b, b=lambda g, b, y: -g * y / b, samples=nonzero((3, 4), (4,)))
defop(np.negative, x=lambda g: -g, samples=real((3, 4)))
defop(np.positive, x=lambda g: g, samples=real((3, 4)))
defop(np.reciprocal, x=lambda g, y: -g * y * y, samples=nonzero((3, 4)))
defop(np.square, x=lambda g, x: g * (2 * x), samples=real((3, 4)))
defop(np.sqrt, x=lambda g, y: quotient(g, y + y), samples=positive((3, 4)))


def power_vjp_base(g, a, b):
    """`b * a**(b - 1)`, and 0 for the exponent 0, also where the base is 0."""
    if isinstance(b, int | float):
        return g * (b * a ** (b - 1)) if b else np.zeros_like(g)
    with np.errstate(divide="ignore"):
        return g * (b * a ** np.where(b == 0, 0, b - 1))


def power_vjp_exponent(g, a, b, y):
    """`y * log(a)`; 0 for the base 0 where the power is continuous there, that is for exponents from 0 on."""
    base = np.where((a == 0) & (np.real(b) >= 0), 1, a).astype(y.dtype, copy=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        return g * (y * np.log(base))


defop(np.power, a=power_vjp_base, b=power_vjp_exponent, samples=positive((3, 4), (4,)))


def absolute_vjp(g, x):
    """The sign; 0 at 0. For complex numbers d|x| = Re(conj(x) dx) / |x|."""
    if x.dtype.kind != "c":
        return g * np.sign(x)
    y = np.absolute(x)
    return g * np.conj(x) / np.where(y == 0, 1, y)


defop(np.absolute, x=absolute_vjp, samples=nonzero((3, 4)))
defop(np.conjugate, x=lambda g: np.conj(g), samples=real((3, 4)))
defop(np.real, x=lambda g: g, view=True, samples=real((3, 4)))
defop(np.imag, x=lambda g: g * -1j, samples=real((3, 4)))

# --- Exponentials and logarithms --------------------------------------------------------------------------------------

defop(np.exp, x=lambda g, y: g * y, samples=real((3, 4)))
defop(np.log, x=lambda g, x: g / x, samples=positive((3, 4)))

# --- Trigonometric and hyperbolic functions ---------------------------------------------------------------------------

defop(np.sin, x=lambda g, x: g * np.cos(x), samples=real((3, 4)))
defop(np.cos, x=lambda g, x: -g * np.sin(x), samples=real((3, 4)))
defop(np.tanh, x=lambda g, y: g * (1 - y * y), samples=real((3, 4)))

# --- Choices ----------------------------------------------------------------------------------------------------------

defop(
    np.maximum,
    a=lambda g, a, b: np.where(a == b, g / 2, np.where(a < b, 0, g)),
    b=lambda g, a, b: np.where(a == b, g / 2, np.where(b < a, 0, g)),
    samples=distinct((3, 4), (4,)),
)
defop(
    np.minimum,
    a=lambda g, a, b: np.where(a == b, g / 2, np.where(a > b, 0, g)),
    b=lambda g, a, b: np.where(a == b, g / 2, np.where(b > a, 0, g)),
    samples=distinct((3, 4), (4,)),
)


def where_samples(rng):
    """The condition comes first."""
    return [((rng.random((3, 1)) < 0.5, *arrays), {}) for arrays, _ in real((3, 4), (4,))(rng)]


defop(np.where, c=None, a=lambda g, c: np.where(c, g, 0), b=lambda g, c: np.where(c, 0, g), samples=where_samples)

# --- Copies -----------------------------------------------------------------------------------------------------------


def astype(x, dtype=None, copy=True):
    return x.astype(dtype, copy=copy)


def copy(x, order="K"):
    return np.array(x, order=order, copy=True)


implements(np.astype)(defop(astype, x=lambda g: g, samples=real((3, 4))))
implements(np.copy)(defop(copy, x=lambda g: g, samples=real((3, 4))))

# --- Differentiable nowhere: constants --------------------------------------------------------------------------------

for function in (
    np.sign, np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.floor_divide,
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.isnan, np.isinf, np.isfinite, np.signbit,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift,
    np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.shape, np.ndim, np.size,
):  # fmt: skip
    defop(function)

defop(np.remainder, a=lambda g: g, b=lambda g, a, b: -g * np.floor_divide(a, b), samples=nonzero((3, 4), (4,)))


@implements(np.divmod)
def divmod_(a, b):
    return np.floor_divide(a, b), np.remainder(a, b)
