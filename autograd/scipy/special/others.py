"""What `scipy.special` has as functions rather than ufuncs, and its elementary ones, for tensors."""

import functools
import math
from typing import Any

import numpy as np

from ...ops.samples import both, real
from ...tensor import as_tensor
from ..doors import served
from .declaring import after, declare, define_by, sp
from .orthogonal import harmonic, legendre

DEGREE = math.pi / 180

# --- Angles -----------------------------------------------------------------------------------------------------------

declare("sindg", real((4,), low=10, high=80), x=lambda g, x: g * DEGREE * sp.cosdg(x))
declare("cosdg", real((4,), low=10, high=80), x=lambda g, x: -g * DEGREE * sp.sindg(x))
declare("tandg", real((4,), low=-60, high=60), x=lambda g, y: g * DEGREE * (1 + y * y))
declare("cotdg", real((4,), low=20, high=70), x=lambda g, y: -g * DEGREE * (1 + y * y))
declare(
    "radian",
    lambda rng: [(tuple(rng.uniform(0, 60, shape) for shape in ((3,), (3,), (3,))), {})],
    a=lambda g: g * DEGREE,
    b=lambda g: g * (DEGREE / 60),
    c=lambda g: g * (DEGREE / 3600),
)
declare("round")

# --- Spherical Bessel functions: 10.51 of the Digital Library of Mathematical Functions -------------------------------


def spherical(name: str, below: int, above: int) -> Any:
    """SciPy's function of a whole order, made of an op.

    Args:
        below, above: signs of the functions of the orders beside in the derivative.
    """
    theirs = getattr(sp, name)

    def slope(a, b):
        n = np.asarray(a)
        lower = np.where(n > 0, below * n * op(np.maximum(n - 1, 0), b), 0)
        return ((lower + above * (n + 1) * op(n + 1, b)) / (2 * n + 1)).astype(b.dtype)

    whole = both(*(after((n,), (0.4, 3)) for n in (0, 1, 3)))
    op = define_by(name, lambda a, b: theirs(a, b), whole, None, slope)

    def composed(n, z, derivative=False):
        z = as_tensor(z)
        return slope(as_tensor(n).data, z) if derivative else op(n, z)

    return served(theirs, composed)


spherical_jn = spherical("spherical_jn", 1, -1)
spherical_yn = spherical("spherical_yn", 1, -1)
spherical_in = spherical("spherical_in", 1, 1)
spherical_kn = spherical("spherical_kn", -1, -1)

# --- Derivatives of Bessel functions: 10.6.7 and 10.29.5 --------------------------------------------------------------


def derivative_of(name: str, function: Any, sign: int) -> Any:
    """SciPy's function of the n-th derivative: a sum of functions of the orders around."""

    def composed(v, z, n=1):
        if n != int(n) or n < 0:
            raise ValueError(f"{name} expects a whole order of derivation, not negative, got {n}")
        z = as_tensor(z)
        v = v if isinstance(v, int | float) else as_tensor(v)
        total = sum((sign**k * math.comb(n, k)) * function(v - n + 2 * k, z) for k in range(n + 1))
        return total * ((-1.0) ** n if name == "kvp" else 1.0) / 2.0**n

    return served(getattr(sp, name), composed)


jvp, yvp = derivative_of("jvp", sp.jv, -1), derivative_of("yvp", sp.yv, -1)
h1vp, h2vp = derivative_of("h1vp", sp.hankel1, -1), derivative_of("h2vp", sp.hankel2, -1)
ivp, kvp = derivative_of("ivp", sp.iv, 1), derivative_of("kvp", sp.kv, 1)

# --- Counting ---------------------------------------------------------------------------------------------------------


def comb_of_tensors(N, k, *, exact=False, repetition=False):
    if exact:
        raise TypeError("comb with exact=True counts with whole numbers, which have no derivative")
    N, k = as_tensor(N), as_tensor(k)
    if repetition:
        return comb_of_tensors(N + k - 1, k)
    inside = (k <= N) & (N >= 0) & (k >= 0)
    return np.where(inside, sp.binom(np.where(inside, N, 1.0), np.where(inside, k, 1.0)), 0.0)


def perm_of_tensors(N, k, exact=False):
    if exact:
        raise TypeError("perm with exact=True counts with whole numbers, which have no derivative")
    N, k = as_tensor(N), as_tensor(k)
    inside = (k <= N) & (N >= 0) & (k >= 0)
    return np.where(inside, sp.poch(np.where(inside, N - k + 1.0, 1.0), np.where(inside, k, 1.0)), 0.0)


comb = served(sp.comb, comb_of_tensors)
perm = served(sp.perm, perm_of_tensors)

# --- Others -----------------------------------------------------------------------------------------------------------


def diric_of_tensors(x, n):
    """`sin(n x / 2) / (n sin(x / 2))`, near its limits at whole turns by the Chebyshev polynomial that it is."""
    n = as_tensor(n).data
    x = as_tensor(x)
    if np.any((n <= 0) | (n != np.floor(n))):
        return np.where((n <= 0) | (n != np.floor(n)), np.nan, diric_of_tensors(x, np.maximum(np.floor(n), 1)))
    y = sp.eval_chebyu(n.astype(np.int64) - 1, np.cos(x / 2)) / n
    return y.astype(np.result_type(x.dtype, np.float32))


diric = served(sp.diric, diric_of_tensors)
softplus = served(sp.softplus, lambda x, **_: np.logaddexp(np.zeros((), as_tensor(x).dtype), as_tensor(x)))
assoc_laguerre = served(sp.assoc_laguerre, lambda x, n, k=0.0: sp.eval_genlaguerre(n, k, as_tensor(x)))


def without_derivatives(function: Any, composed: Any) -> Any:
    """SciPy's function that also has `diff_n=`, which for tensors stays 0."""

    @functools.wraps(composed, assigned=())
    def call(*args, diff_n=0, **options):
        if diff_n:
            raise TypeError(f"{function.__name__} of tensors has no diff_n=: differentiate the function itself")
        return composed(*args, **options)

    return served(function, call)


def named(function: Any, name: str) -> Any:
    """A callable object of SciPy's as a function of that name."""

    def call(*args, **options):
        return function(*args, **options)

    call.__name__, call.__module__, call.__doc__ = name, "scipy.special", function.__doc__
    return call


sph_harm_y = without_derivatives(
    named(sp.sph_harm_y, "sph_harm_y"), lambda n, m, theta, phi: harmonic(n, m, theta, phi)
)
legendre_p = without_derivatives(named(sp.legendre_p, "legendre_p"), lambda n, z: legendre(n, z)[None])
