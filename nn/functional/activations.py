"""Activations: functions of each element, and the softmax along an axis."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autograd import Tensor, as_tensor, defop
from nn.functional._rows import constant, max_of_rows, sum_of_rows

__all__ = ["gelu", "leaky_relu", "log_softmax", "relu", "sigmoid", "silu", "softmax", "tanh"]


def _values(*shapes, **options):
    """Samples with normal values, which are never at a kink."""
    return lambda rng: [(tuple(rng.normal(size=shape) for shape in shapes), options)]


# --- Of each element -------------------------------------------------------------------------------------------------


def _relu(x):
    """`np.maximum` is twice as fast with an array of zeros as with one zero."""
    alike = x.ndim > 1 and x.size >= 64 * len(x)
    return np.maximum(x, constant(x.shape[1:], x.dtype, 0) if alike else 0)


def _relu_vjp(g, y):
    """A product with the mask, many times faster than a choice by it, which is left to infinite cotangents."""
    alive = y > 0
    try:
        with np.errstate(invalid="raise"):
            return g * alive
    except FloatingPointError:  # 0 * inf
        return np.where(alive, g, 0)


_relu = defop(_relu, name="nn.relu", x=_relu_vjp, samples=_values((3, 4)))


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """`max(x, 0)`, elementwise; the derivative at 0 is 0.

    `inplace` is accepted and has no effect, here and below: nothing that the tape may have kept is overwritten.

    >>> relu(as_tensor([-1.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 2.0]
    """
    return _relu(input)


def _leaky_relu(x, slope=0.01):
    return np.where(x > 0, x, x * slope)


def _leaky_relu_vjp(g, x, slope=0.01):
    return g * np.where(x > 0, 1, slope).astype(x.dtype)


_leaky_relu = defop(_leaky_relu, name="nn.leaky_relu", x=_leaky_relu_vjp, samples=_values((3, 4), slope=0.1))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`x` where it is positive, `negative_slope * x` elsewhere.

    >>> leaky_relu(as_tensor([-1.0, 2.0])).tolist()
    [-0.01, 2.0]
    """
    return _leaky_relu(input, slope=negative_slope)


def _sigmoid(x):
    with np.errstate(over="ignore"):  # then exp(-x) is inf, and the result 0, as it should be
        y = np.exp(-x)
    y = 1 + y
    return np.divide(1, y, out=y) if type(y) is np.ndarray else 1 / y


_sigmoid = defop(_sigmoid, name="nn.sigmoid", x=lambda g, y: g * (y * (1 - y)), samples=_values((3, 4)))


def sigmoid(input: Tensor) -> Tensor:
    """`1 / (1 + exp(-x))`, elementwise.

    >>> sigmoid(as_tensor([0.0, -800.0])).tolist()
    [0.5, 0.0]
    """
    return _sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, elementwise."""
    return np.tanh(as_tensor(input))  # type: ignore[return-value]  # NumPy's functions give tensors for tensors


def _silu(x):
    return x * _sigmoid(x)


def _silu_vjp(g, x):
    s = _sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


_silu = defop(_silu, name="nn.silu", x=_silu_vjp, samples=_values((3, 4)))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """`x * sigmoid(x)`, elementwise: the swish. S. Elfwing, E. Uchibe and K. Doya, 2017, arXiv:1702.03118.

    >>> silu(as_tensor([0.0, 1.0])).tolist()
    [0.0, 0.7310585786300049]
    """
    return _silu(input)


def _normal_cdf(x):
    from scipy.special import ndtr

    return ndtr(x) if x.dtype.char in "fd" else ndtr(x.astype(np.float64)).astype(x.dtype)


_normal_cdf = defop(
    _normal_cdf,
    name="nn.normal_cdf",
    x=lambda g, x: g * (np.exp(x * x * -0.5) * (2 * math.pi) ** -0.5),
    samples=_values((3, 4)),
)


def _gelu(x):
    return x * _normal_cdf(x)


def _gelu_vjp(g, x):
    """d(x P(x)) = P(x) + x p(x), with the normal distribution P and its density p."""
    return g * (_normal_cdf(x) + x * np.exp(x * x * -0.5) * (2 * math.pi) ** -0.5)


_gelu = defop(_gelu, name="nn.gelu", x=_gelu_vjp, samples=_values((3, 4)))


def _gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(_INNER * (x + 0.044715 * x * x * x)))


def _gelu_tanh_vjp(g, x):
    t = np.tanh(_INNER * (x + 0.044715 * x * x * x))
    return g * (0.5 * (1 + t) + (0.5 * _INNER) * x * (1 - t * t) * (1 + (3 * 0.044715) * x * x))


_INNER = math.sqrt(2 / math.pi)
_gelu_tanh = defop(_gelu_tanh, name="nn.gelu_tanh", x=_gelu_tanh_vjp, samples=_values((3, 4)))


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """`x * P(x)` with the distribution function P of the standard normal. D. Hendrycks and K. Gimpel, arXiv:1606.08415.

    Args:
        input: any shape.
        approximate: "none", or "tanh" for the paper's approximation.

    Raises:
        RuntimeError: the approximation is unknown.

    >>> gelu(as_tensor([0.0, 1.0])).tolist()
    [0.0, 0.8413447460685429]
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return _gelu(input) if approximate == "none" else _gelu_tanh(input)


# --- Along an axis ---------------------------------------------------------------------------------------------------


def _softmax(x, axis=-1):
    y = np.exp(x - _max(x, axis))
    y /= _sum(y, axis)
    return y


def _softmax_vjp(g, y, axis=-1):
    """The Jacobian along the axis is diag(y) - y y'."""
    return (g - _sum(g * y, axis)) * y


def _max(x, axis):
    if axis in (-1, x.ndim - 1):
        return max_of_rows(x)
    return np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)


def _sum(x, axis):
    if axis in (-1, x.ndim - 1):
        return sum_of_rows(x)
    return np.add.reduce(x, axis=axis, keepdims=True)


_softmax = defop(
    _softmax,
    name="nn.softmax",
    x=_softmax_vjp,
    samples=lambda rng: [((rng.normal(size=(3, 4)),), options) for options in ({}, {"axis": 0})],
)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`exp(x)`, scaled to the sum 1 along the axis `dim`; large values do not overflow.

    Args:
        input: any shape.
        dim: the axis; without it a guess by the number of axes, and a warning, as in PyTorch.
        dtype: to which the input is converted first.

    Raises:
        IndexError, ValueError: there is no such axis (NumPy's AxisError is both).

    >>> softmax(as_tensor([1000.0, 1000.0]), dim=0).tolist()
    [0.5, 0.5]
    """
    return _along(_softmax, "softmax", input, dim, dtype)


def _log_softmax(x, axis=-1):
    y = x - _max(x, axis)
    return y - np.log(_sum(np.exp(y), axis))


def _log_softmax_vjp(g, y, axis=-1):
    return g - np.exp(y) * _sum(g, axis)


_log_softmax = defop(
    _log_softmax,
    name="nn.log_softmax",
    x=_log_softmax_vjp,
    samples=lambda rng: [((rng.normal(size=(3, 4)),), options) for options in ({}, {"axis": 0})],
)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """`log(softmax(x))`, without its loss of small numbers; arguments and errors as for `softmax`.

    >>> log_softmax(as_tensor([0.0, -1000.0]), dim=0).tolist()
    [0.0, -1000.0]
    """
    return _along(_log_softmax, "log_softmax", input, dim, dtype)


def _along(op, name, x, dim, dtype):
    x = as_tensor(x)
    if dtype is not None or x.dtype.kind not in "fc":
        x = x.astype(dtype or np.float64)
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. "
            "Change the call to include dim=X as an argument.",
            stacklevel=3,
        )
        dim = 0 if x.ndim in (0, 1, 3) else 1
    if x.ndim == 0:
        return op(x.reshape(1), axis=dim).reshape(())
    return op(x, axis=dim)
