"""A form of call on tensors, held against plain NumPy: value, and derivatives of orders 1 and 2 against numeric ones.

Where a form is linear near its arguments, `tests.forms` does the same without extrapolation.
"""

import numpy as np

from autograd import Tensor, as_tensor
from tests.numeric import assert_gradients


def assert_smooth(form, *xs, rtol=1e-13):
    """Fail unless `form` does on tensors what it does on arrays, and differentiates.

    Args:
        form: a function of arrays or tensors with one output.
        xs: arrays; those of integers and booleans have no gradient.
        rtol: how far the value may be from NumPy's, relative to the largest.
    """
    xs = [np.asarray(x) for x in xs]
    expected = np.asarray(form(*xs))
    tracked = [x.dtype.kind in "fc" for x in xs]
    leaves = [Tensor(x, requires_grad=is_tracked) for x, is_tracked in zip(xs, tracked, strict=True)]
    y = form(*leaves)

    assert isinstance(y, Tensor), f"a tensor was expected, not {type(y)}"
    assert (y.dtype, y.shape) == (expected.dtype, expected.shape), f"{y.dtype}, {y.shape}: not as {expected!r}"
    size = np.max(np.abs(expected[np.isfinite(expected)]), initial=0)
    np.testing.assert_allclose(y.data, expected, rtol=0, atol=rtol * size)

    g = _like(expected, np.random.default_rng(1))
    points = [x for x, is_tracked in zip(xs, tracked, strict=True) if is_tracked]

    def at(function):
        """`function` of the tracked arguments alone."""
        return lambda *inputs: function(*_filled(xs, tracked, inputs))

    assert_gradients(at(form), points, pull(at(form), points, g), g)
    _assert_second_order(at(form), points, g)


def pull(form, xs, g):
    """The cotangents of `xs` for the cotangent `g` of `form(*xs)`; they pair as Re(sum(g * y))."""
    leaves = [Tensor(x, requires_grad=True) for x in xs]
    form(*leaves).backward(np.conj(g))
    return [_cotangent(t) for t in leaves]


def _assert_second_order(form, xs, g):
    n, rng = len(xs), np.random.default_rng(2)
    us = [_like(x, rng) for x in xs]

    def first(*inputs):
        return np.concatenate([np.ravel(gx) for gx in pull(form, inputs[:n], inputs[n])])

    leaves = [Tensor(x, requires_grad=True) for x in (*xs, g)]
    form(*leaves[:n]).backward(np.conj(leaves[n]), create_graph=True)
    firsts = [t.grad for t in leaves[:n]]
    for t in leaves:
        t.grad = None
    total = as_tensor(0.0) + sum(
        np.sum(np.real(np.conj(gx) * u)) for gx, u in zip(firsts, us, strict=True) if gx is not None
    )
    if total.requires_grad:
        total.backward()

    u = np.concatenate([np.ravel(u) for u in us])
    assert_gradients(first, (*xs, g), [_cotangent(t) for t in leaves], u, complex_step=False)


def _filled(xs, tracked, inputs):
    rest = iter(inputs)
    return [next(rest) if is_tracked else x for x, is_tracked in zip(xs, tracked, strict=True)]


def _like(x, rng):
    """Random numbers away from zero, where a fault could hide."""

    def part():
        return rng.uniform(0.5, 1.5, x.shape) * rng.choice([-1.0, 1.0], x.shape)

    return np.asarray(part() + 1j * part() if x.dtype.kind == "c" else part()).astype(x.dtype)


def _cotangent(t):
    return np.zeros_like(t.data) if t.grad is None else np.conj(t.grad.data)
