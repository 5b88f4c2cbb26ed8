"""Linear maps, dropout, and changes of shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor, as_tensor, default_generator, defop
from nn._errors import ShapeError
from nn.functional._rows import constant

__all__ = ["dropout", "flatten", "linear"]


# --- linear ----------------------------------------------------------------------------------------------------------


def _linear(x, w, b):
    """x: (..., in), w: (out, in), b: (out,) or None; the result: (..., out)."""
    try:
        if x.ndim > 2:
            y = (x.reshape(-1, x.shape[-1]) @ w.T).reshape(
                *x.shape[:-1], len(w)
            )  # one product, not one per leading index
        else:
            y = x @ w.T
        if b is None:
            return y
        return np.add(y, b, out=y) if b.dtype == y.dtype and b.shape == w.shape[:1] and x.ndim > 1 else y + b
    except ValueError:
        raise ShapeError(
            f"linear expects an input of shape (..., {w.shape[1]}) and a bias of shape ({w.shape[0]},) for a weight of "
            f"shape {w.shape}, got an input of shape {x.shape}" + ("" if b is None else f", a bias of shape {b.shape}")
        ) from None


def _linear_x(g, w):
    if g.ndim > 2:
        return (g.reshape(-1, g.shape[-1]) @ w).reshape(*g.shape[:-1], w.shape[-1])
    return g @ w


def _linear_w(g, x):
    """The sum over all rows of the outer product of the row's cotangent with its input."""
    if g.ndim != 2:
        g, x = g.reshape(-1, g.shape[-1]), x.reshape(-1, x.shape[-1])
    return _outer(g, x)


def _outer(a, b):
    """The sum over rows of outer products; not by `a.T @ b`, which takes longer; it lies in memory as weights do."""
    return (b.T @ a).T


_outer = defop(
    _outer,
    name="nn.outer",
    a=lambda g, b: b @ g.T,
    b=lambda g, a: a @ g,
    samples=lambda rng: [((rng.normal(size=(5, 3)), rng.normal(size=(5, 4))), {})],
)


def _linear_b(g):
    """The sum over all rows; as a product with ones it is three times as fast as `np.sum`."""
    if g.ndim != 2:
        g = g.reshape(-1, g.shape[-1])
    return constant((len(g),), g.dtype, 1) @ g


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


# --- dropout ---------------------------------------------------------------------------------------------------------


def _dropout(x, mask):
    return x * mask


_dropout = defop(
    _dropout,
    name="nn.dropout",
    x=lambda g, mask: g * mask,
    mask=None,
    samples=lambda rng: [((rng.normal(size=(3, 4)), 2.0 * rng.integers(0, 2, (3, 4))), {})],
)


def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Set each element to 0 with probability `p` and scale the others by `1 / (1 - p)`, so that the mean stays.

    N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014.

    Args:
        input: any shape.
        p: between 0 and 1.
        training: with False the input is returned as it is.
        inplace: accepted and without effect: nothing that the tape may have kept is overwritten.
        generator: where the choice comes from; by default the generator that `autograd.manual_seed` sets.

    Raises:
        ValueError: `p` is no probability.

    >>> import autograd
    >>> _ = autograd.manual_seed(0)
    >>> sorted(set(dropout(as_tensor(np.ones(100)), p=0.2).tolist()))
    [0.0, 1.25]
    """
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    input = as_tensor(input)
    if not training or p == 0:
        return input
    return _dropout(input, _dropout_mask(input.shape, input.dtype, p, generator))


def _dropout_mask(shape: tuple[int, ...], dtype: Any, p: float, generator: np.random.Generator | None) -> Any:
    """0 with probability p, else 1 / (1 - p); drawn from 32 random bits per element."""
    rng = default_generator() if generator is None else generator
    kept = rng.integers(0, 2**32, size=shape, dtype=np.uint32) >= round(p * 2**32)
    return kept * np.asarray(1 / (1 - p) if p < 1 else 0, dtype)


# --- shape -----------------------------------------------------------------------------------------------------------


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The tensor with one axis in place of those from `start_dim` to `end_dim`.

    Raises:
        IndexError: there is no such axis.
        ShapeError (a ValueError and a RuntimeError): the first axis comes after the last.

    >>> flatten(as_tensor(np.zeros((2, 3, 4))), 1).shape
    (2, 12)
    """
    x = as_tensor(input)
    ndim = max(x.ndim, 1)
    for dim in (start_dim, end_dim):
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})"
            )
    start, end = start_dim % ndim, end_dim % ndim
    if start > end:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])
