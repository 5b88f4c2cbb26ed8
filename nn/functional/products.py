"""Linear maps."""

from __future__ import annotations

import numpy as np

from autograd import Tensor, as_tensor, defop
from nn._errors import ShapeError
from nn.functional._rows import constant

__all__ = ["bilinear", "linear"]


def _linear(x, w, b):
    """x: (..., in), w: (out, in), b: (out,) or None; the result: (..., out)."""
    try:
        if x.ndim > 2:  # one product, not one per leading index
            y = x.reshape(-1, x.shape[-1]).dot(w.T).reshape(*x.shape[:-1], len(w))
        else:
            y = x.dot(w.T) if x.ndim else x @ w.T
        if b is None:
            return y
        return np.add(y, b, out=y) if b.dtype is y.dtype and b.shape == w.shape[:1] and x.ndim > 1 else y + b
    except ValueError:
        raise ShapeError(
            f"linear expects an input of shape (..., {w.shape[1]}) and a bias of shape ({w.shape[0]},) for a weight of "
            f"shape {w.shape}, got an input of shape {x.shape}" + ("" if b is None else f", a bias of shape {b.shape}")
        ) from None


def _linear_x(g, w):
    if g.ndim > 2:
        return _product(g.reshape(-1, g.shape[-1]), w).reshape(*g.shape[:-1], w.shape[-1])
    return _product(g, w)


def _product(a, b):
    """`a @ b`. Of two arrays of one or two axes, `dot` is the same, and begins in half the time."""
    return a.dot(b) if type(a) is np.ndarray is type(b) else a @ b


def _linear_w(g, x):
    """The sum over all rows of the outer product of the row's cotangent with its input."""
    if g.ndim != 2:
        g, x = g.reshape(-1, g.shape[-1]), x.reshape(-1, x.shape[-1])
    return _outer(g, x)


def _outer(a, b):
    """The sum over rows of outer products; not by `a.T @ b`, which takes longer; it lies in memory as weights do."""
    return b.T.dot(a).T


_outer = defop(
    _outer,
    name="nn.outer",
    a=lambda g, b: _product(b, g.T),
    b=lambda g, a: _product(a, g),
    samples=lambda rng: [((rng.normal(size=(5, 3)), rng.normal(size=(5, 4))), {})],
)


def _linear_b(g):
    """The sum over all rows; as a product with ones it is three times as fast as `np.sum`."""
    if g.ndim != 2:
        g = g.reshape(-1, g.shape[-1])
    return _product(constant((len(g),), g.dtype, 1), g)


_linear = defop(
    _linear,
    name="nn.linear",
    x=_linear_x,
    w=_linear_w,
    b=_linear_b,
    samples=lambda rng: [
        ((rng.normal(size=(*batch, 3)), rng.normal(size=(4, 3)), rng.normal(size=4)), {})
        for batch in ((), (2,), (2, 3))
    ],
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`x @ weight.T + bias`: shapes (..., in), (out, in) and (out,) give (..., out).

    Raises:
        ShapeError (a ValueError and a RuntimeError): the shapes do not fit.

    >>> linear(as_tensor([1.0, 2.0]), as_tensor([[1.0, 1.0], [0.0, 3.0]]), as_tensor([0.0, 0.5])).tolist()
    [3.0, 6.5]
    """
    if weight.ndim != 2:
        if weight.ndim != 1:
            raise ShapeError(f"linear expects a weight of shape (out, in) or (in,), got {weight.shape}")
        y = np.matmul(as_tensor(input), weight)
        return y if bias is None else y + bias
    return _linear(input, weight, bias)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`y[k] = x1' W[k] x2 + b[k]`: shapes (..., in1), (..., in2), (out, in1, in2) and (out,) give (..., out).

    Raises:
        ShapeError (a ValueError and a RuntimeError): the shapes do not fit.

    >>> w = as_tensor([[[1.0, 0.0], [0.0, 1.0]]])  # the dot product
    >>> bilinear(as_tensor([1.0, 2.0]), as_tensor([3.0, 4.0]), w).tolist()
    [11.0]
    """
    x1, x2, w = as_tensor(input1), as_tensor(input2), as_tensor(weight)
    if w.ndim != 3:
        raise ShapeError(f"bilinear expects a weight of shape (out, in1, in2), got {w.shape}")
    if x1.shape[:-1] != x2.shape[:-1] or not x1.ndim or not x2.ndim:
        raise ShapeError(
            f"bilinear expects inputs of shapes (..., in1) and (..., in2), got {x1.shape} and {x2.shape}, whose batch "
            "dimensions do not match"
        )
    for name, x, size in [("input1", x1, w.shape[1]), ("input2", x2, w.shape[2])]:
        if x.shape[-1] != size:
            raise ShapeError(f"bilinear: {name} size does not match weight size: got {x.shape[-1]} but expected {size}")
    out, in1, in2 = w.shape
    if bias is not None and as_tensor(bias).shape != (out,):
        raise ShapeError(f"bilinear expects a bias of shape ({out},), got {as_tensor(bias).shape}")
    rows = np.swapaxes(w, 0, 1).reshape(in1, out * in2)
    y = (x1.reshape(-1, in1) @ rows).reshape(-1, out, in2) @ x2.reshape(-1, in2, 1)
    y = y.reshape(*x1.shape[:-1], out)
    return y if bias is None else y + bias
