"""Derivatives without rules: the oracle that the tests of ops, layers and transforms compare with.

A derivative along a direction is estimated by central differences with halved steps, extrapolated (Richardson), in long
double where the function takes it. The estimate comes with an error, which is what the extrapolation still changed
plus what rounding can have done; an estimate whose error is not small is refused, not used. For real functions that
also take complex numbers the complex step `imag(f(x + ih)) / h` is free of cancellation, so that even the smallest
derivative has all its digits; but it is wrong, without a sign of it, for functions such as `abs`. So it is taken only
where the differences confirm it.

Comparisons are made element by element. The tolerance is the estimated error and a few units in the last place of the
summands that make up the element itself: nothing that grows with the other elements, and nothing absolute, so that a
wrong gradient of 1e-12 beside a right one of 1e+3 is seen.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

STEP = 2.0**-5  # the largest step; a power of two, so that x + h and x - h are exact for most x
LEVELS = 6
MANY = 48  # elements above which random directions stand in for single elements
RTOL = 1e-11  # what a rule of a few float64 operations may lose, relative to the summands of the result


class Uncertain(ArithmeticError):
    """The differences do not settle: the point is too near a kink, a jump or a pole for a verdict."""


class Estimate(NamedTuple):
    """A directional derivative, with one error per element of it."""

    value: np.ndarray
    error: np.ndarray


def derivative(fun: Callable, x: np.ndarray, v: np.ndarray, step: float = STEP, complex_step: bool = True) -> Estimate:
    """The derivative of `fun` at `x` in the direction `v`, of the shape of its output.

    Raises:
        Uncertain: the extrapolated differences do not settle.
    """
    value, error, size = _differences(fun, x, v, step)
    if not np.all(error <= 1e-7 * np.maximum(np.abs(value), size)):
        raise Uncertain(
            f"differences do not settle at {x}: derivative {value}, error {error}; "
            f"choose a point farther from kinks and poles, or a smaller step"
        )
    if complex_step and not np.iscomplexobj(x) and not np.iscomplexobj(value):
        exact = _complex_step(fun, x, v)
        if exact is not None and exact.shape == value.shape:
            near = np.abs(exact - value) <= 10 * error + 1e-12 * np.abs(value)
            if np.all(near):
                value, error = exact, 1e-14 * np.abs(exact)
    return Estimate(value, error)


def _differences(fun, x, v, step):
    """Richardson's table of central differences; per element, the entry that changed least."""
    x, wide = _widened(fun, x)
    v = v.astype(x.dtype)
    eps = np.finfo(wide).eps
    best, error, size, row = 0.0, np.inf, 0.0, []
    for k in range(LEVELS):
        h = wide(step) / 2**k
        above, below = np.asarray(fun(x + h * v)), np.asarray(fun(x - h * v))
        size = np.maximum(size, np.maximum(np.abs(above), np.abs(below)))
        rounding = 4 * eps * np.maximum(np.abs(above), np.abs(below)) / h
        previous, row = row, [(above - below) / (2 * h)]
        for m in range(1, k + 1):
            row.append(row[m - 1] + (row[m - 1] - previous[m - 1]) / (4**m - 1))
            change = np.maximum(np.abs(row[m] - row[m - 1]), np.abs(row[m] - previous[m - 1])) + rounding
            better = change < error
            best, error = np.where(better, row[m], best), np.where(better, change, error)
    narrow = np.complex128 if np.iscomplexobj(best) else np.float64
    return best.astype(narrow), error.astype(np.float64), np.asarray(size, np.float64)


def _widened(fun, x):
    """The point in long double where the function takes that, and computes in it."""
    wide = x.astype(np.clongdouble if np.iscomplexobj(x) else np.longdouble)
    try:
        if np.asarray(fun(wide)).dtype.char in "gG":
            return wide, np.longdouble
    except (TypeError, ValueError):
        pass
    return x.astype(np.complex128 if np.iscomplexobj(x) else np.float64), np.float64


def _complex_step(fun, x, v, h=1e-30):
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            y = np.asarray(fun(x + 1j * h * v))
    except (TypeError, ValueError, np.exceptions.ComplexWarning):
        return None
    return y.imag / h if np.iscomplexobj(y) and np.all(np.isfinite(y)) else None


def directions(x: np.ndarray, rng: np.random.Generator) -> list[tuple[str, np.ndarray]]:
    """Directions that tell any two linear functions of `x` apart, with names: its elements, or many random signs.

    A complex element counts as two, its real and its imaginary part.
    """
    units = (1.0, 1j) if np.iscomplexobj(x) else (1.0,)
    if x.size > MANY:
        return [(f"direction {k}", u * rng.choice([-1.0, 1.0], x.shape)) for k in range(MANY // 4) for u in units]
    found = []
    for index in np.ndindex(x.shape):
        for unit in units:
            v = np.zeros(x.shape, type(unit))
            v[index] = unit
            found.append((f"element {index}{' (imaginary)' if unit == 1j else ''}", v))
    return found


def assert_gradients(
    fun: Callable,
    xs: Sequence[np.ndarray],
    gs: Sequence[np.ndarray | None],
    g: np.ndarray,
    *,
    rtol: float = RTOL,
    step: float = STEP,
    complex_step: bool = True,
    rng: np.random.Generator | None = None,
) -> None:
    """Fail unless `gs` are the cotangents of `xs` that belong to the cotangent `g` of `fun(*xs)`.

    For complex numbers cotangents pair as `Re(sum(g * dy))`. None in `gs` leaves that argument out.

    Raises:
        AssertionError: naming the argument and the element, what was expected and what came.
        Uncertain: the numeric derivative does not settle.
    """
    rng = rng or np.random.default_rng(0)
    for i, (x, gx) in enumerate(zip(xs, gs, strict=True)):
        if gx is None:
            continue
        x, gx = np.asarray(x), np.asarray(gx)
        assert gx.shape == x.shape, f"argument {i} of shape {x.shape} got a gradient of shape {gx.shape}"

        def along(part, i=i):
            return fun(*xs[:i], part, *xs[i + 1 :])

        for name, v in directions(x, rng):
            value, error = derivative(along, x, v, step, complex_step)
            expected = np.sum(g * value).real
            parts = (gx * v)[v != 0]
            came = np.sum(parts).real
            rounding = np.finfo(np.float64).eps * np.sum(np.abs(parts))
            tolerance = 10 * np.sum(np.abs(g) * error) + rtol * np.sum(np.abs(g * value)) + rounding
            assert abs(came - expected) <= tolerance, (
                f"argument {i}, {name}: the gradient is {came!r}, numeric differentiation gives {expected!r} "
                f"(difference {abs(came - expected):.3g}, tolerance {tolerance:.3g})"
            )
