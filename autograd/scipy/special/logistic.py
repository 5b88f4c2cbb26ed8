"""Logistic functions, logarithms of sums, entropies, and elementary functions that are precise near their zeros."""

import numpy as np

from ...ops.reductions import log_total
from ...ops.reductions import softmax as softmax_op
from ...ops.samples import positive, real
from ...tensor import as_tensor
from ..doors import door, served
from .declaring import declare, sp

declare("logit", positive((4,), low=0.1, high=0.9), x=lambda g, x: g / (x * (1 - x)))
declare("expit", real((4,)), x=lambda g, x, y: g * y * sp.expit(-x))
declare("log_expit", real((4,)), x=lambda g, x: g * sp.expit(-x))

# --- Along axes -------------------------------------------------------------------------------------------------------


def total(a, axis=None, b=None, keepdims=False, return_sign=False):
    if b is None and not return_sign:
        return log_total(as_tensor(a), axis=axis, keepdims=keepdims)
    a, b = as_tensor(a), as_tensor(1.0 if b is None else b)
    highest = np.max(np.where(b.data != 0, a.data, -np.inf), axis=axis, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0).astype(a.dtype)
    summed = np.sum(
        np.where(b.data != 0, b * np.exp(np.where(b.data != 0, a - highest, 0)), 0), axis, keepdims=keepdims
    )
    if not keepdims:
        highest = np.squeeze(highest, axis)
    if not return_sign:
        return log(summed) + highest
    return log(np.abs(summed)) + highest, np.sign(summed)


logsumexp = served(sp.logsumexp, total)
softmax = served(sp.softmax, lambda x, axis=None: softmax_op(as_tensor(x), axis=axis))
log_softmax = served(
    sp.log_softmax, lambda x, axis=None: as_tensor(x) - log_total(as_tensor(x), axis=axis, keepdims=True)
)
softmax, log_softmax, logsumexp = map(door, (softmax, log_softmax, logsumexp))

# --- x log(y) and entropies -------------------------------------------------------------------------------------------


def log(x):
    """The logarithm, -inf at 0 without a warning."""
    return sp.xlogy(np.ones((), x.dtype), x)


def xlogy_a(g, a, b):
    return g * log(np.where((a == 0) & (b <= 0), 1, b))


def xlogy_b(g, a, b):
    return g * np.where(a == 0, 0, a / np.where((a == 0) & (b == 0), 1, b))


declare("xlogy", positive((2, 2), (2,)), a=xlogy_a, b=xlogy_b)
declare(
    "xlog1py",
    positive((2, 2), (2,)),
    a=lambda g, a, b: xlogy_a(g, a, 1 + b) if b.dtype.kind == "c" else g * sp.xlog1py(np.ones((), b.dtype), b),
    b=lambda g, a, b: xlogy_b(g, a, 1 + b),
)
declare("entr", positive((4,)), x=lambda g, x: -g * (log(x) + 1))
declare("rel_entr", positive((2, 2), (2,)), a=lambda g, a, b: g * (log(a / b) + 1), b=lambda g, a, b: -g * a / b)
declare("kl_div", positive((2, 2), (2,)), a=lambda g, a, b: g * log(a / b), b=lambda g, a, b: g * (1 - a / b))

# --- Losses -----------------------------------------------------------------------------------------------------------


def huber_samples(rng):
    """Residuals on both sides of the bound."""
    return [((np.array([0.5, 1.5, 1.0]), np.array([[0.2, -3.0, -0.3], [-0.1, 1.0, 2.0]])), {})]


declare(
    "huber",
    huber_samples,
    a=lambda g, a, b: g * np.maximum(np.abs(b) - a, 0),
    b=lambda g, a, b: g * np.clip(b, -a, a),
)


def pseudo_huber_a(g, a, b, y):
    return g * (2 * y / a - (b / a) ** 2 / np.sqrt(1 / (a * a) + (b / (a * a)) ** 2))


declare("pseudo_huber", huber_samples, a=pseudo_huber_a, b=lambda g, a, b: g * b / np.sqrt(1 + (b / a) ** 2))

# --- Near zeros -------------------------------------------------------------------------------------------------------

declare("expm1", real((4,)), x=lambda g, y: g * (y + 1))
declare("log1p", positive((4,)), x=lambda g, x: g / (1 + x))
declare("cosm1", real((4,)), x=lambda g, x: -g * np.sin(x))


def exprel_slope(x):
    """exprel' = 1F1(2, 3, .) / 2."""
    two, three = np.array([2, 3], x.dtype)
    return sp.hyp1f1(two, three, x) / 2


declare("exprel", real((4,)), x=lambda g, x: g * exprel_slope(x))
declare("powm1", positive((2, 2), (2,)), a=lambda g, a, b: g * b * a ** (b - 1), b=lambda g, a, b: g * a**b * np.log(a))
declare("cbrt", positive((4,)), x=lambda g, y: g / (3 * y * y))
declare("exp2", real((4,)), x=lambda g, y: g * y * np.log(2.0).item())
declare("exp10", real((4,)), x=lambda g, y: g * y * np.log(10.0).item())


def boxcox_b(g, a, b):
    """With l = log(x), boxcox is l exprel(lambda l)."""
    logarithm = np.log(a)
    return g * logarithm**2 * exprel_slope(b * logarithm)


def boxcox1p_b(g, a, b):
    logarithm = np.log1p(a)
    return g * logarithm**2 * exprel_slope(b * logarithm)


declare("boxcox", positive((2, 2), (2,)), a=lambda g, a, b: g * a ** (b - 1), b=boxcox_b)
declare("boxcox1p", positive((2, 2), (2,)), a=lambda g, a, b: g * (1 + a) ** (b - 1), b=boxcox1p_b)


def inverse_boxcox_b(g, a, b, y):
    """y = exp(log1p(lambda x) / lambda), and exp(x) for lambda = 0, where the derivative is -x^2 exp(x) / 2."""
    zero = b == 0
    b = np.where(zero, 1, b)
    slope = a / (b * (1 + a * b)) - np.log1p(a * b) / (b * b)
    return g * np.where(zero, -a * a / 2, slope) * y


declare("inv_boxcox", positive((2, 2), (2,)), a=lambda g, a, b, y: g * y / (1 + a * b), b=inverse_boxcox_b)
declare(
    "inv_boxcox1p",
    positive((2, 2), (2,)),
    a=lambda g, a, b, y: g * (1 + y) / (1 + a * b),
    b=lambda g, a, b, y: inverse_boxcox_b(g, a, b, 1 + y),
)
