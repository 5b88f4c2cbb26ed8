"""One form of call on tensors, held against plain NumPy: values, structure and derivatives."""

import numpy as np

from autograd import Tensor

STEP = 2.0**-7


def assert_like_numpy(form, *xs):
    """Fail unless `form(*tensors)` gives what `form(*arrays)` gives, and derivatives that are right at orders 1 and 2.

    The forms are linear within `STEP` of `xs`. So a difference is the derivative, a random direction tells it from any
    other, and the gradient of a quadratic loss is linear itself.
    """
    expected = form(*(x.copy() for x in xs))
    leaves = [Tensor(x, requires_grad=x.dtype.kind in "fc") for x in xs]
    found = form(*leaves)
    assert_same(found, expected)
    rng = np.random.default_rng(0)
    gs = [rng.uniform(0.5, 1.5, np.shape(y)) for y in _inexact(expected)]
    if not gs:
        return
    us = [STEP * rng.uniform(0.5, 1.5, x.shape) if x.dtype.kind in "fc" else 0 for x in xs]

    _sum(found, gs).backward()

    for t in leaves:
        assert t.grad is None or t.grad.dtype == t.dtype
    above, below = (form(*(x + sign * u for x, u in zip(xs, us, strict=True))) for sign in (1, -1))
    difference = (_sum(above, gs) - _sum(below, gs)) / 2
    slope = sum(np.sum(_grad(t) * u) for t, u in zip(leaves, us, strict=True) if t.requires_grad)
    np.testing.assert_allclose(slope, difference, rtol=1e-9, atol=1e-13)
    _assert_second_order(form, xs, gs, us)


def assert_same(found, expected):
    """The same structure of lists and tuples, the same dtypes, shapes and values; a tensor for every inexact array."""
    if isinstance(expected, list | tuple):
        assert type(found) is type(expected)
        assert len(found) == len(expected)
        for y, want in zip(found, expected, strict=True):
            assert_same(y, want)
        return
    want = np.asarray(expected)
    if want.dtype.kind in "fc":
        assert isinstance(found, Tensor)
    y = found.data if isinstance(found, Tensor) else np.asarray(found)
    assert y.dtype == want.dtype
    np.testing.assert_array_equal(y, want, strict=True)


def _assert_second_order(form, xs, gs, us):
    """Of the quadratic loss `sum(g * y * y) / 2`, the Hessian times `u` is a difference of gradients."""

    def gradients(xs, **options):
        leaves = [Tensor(x, requires_grad=x.dtype.kind in "fc") for x in xs]
        _sum(form(*leaves), gs, square=True).backward(**options)
        return leaves

    here, there = gradients(xs), gradients([x + u for x, u in zip(xs, us, strict=True)])
    leaves = gradients(xs, create_graph=True)
    firsts = [t.grad for t in leaves]
    for t in leaves:
        t.grad = None
    if not any(grad is not None and grad.requires_grad for grad in firsts):
        return
    sum(np.sum(grad * u) for grad, u in zip(firsts, us, strict=True) if grad is not None).backward()
    for before, after, t in zip(here, there, leaves, strict=True):
        np.testing.assert_allclose(_grad(t), _grad(after) - _grad(before), rtol=1e-9, atol=1e-11)


def _sum(found, gs, square=False):
    """The loss `sum(g * y)` over the inexact outputs, or `sum(g * y * y) / 2`."""
    return sum(np.sum(g * (y * y / 2 if square else y)) for y, g in zip(_inexact(found), gs, strict=True))


def _inexact(y):
    if isinstance(y, list | tuple):
        return [leaf for part in y for leaf in _inexact(part)]
    y = y if isinstance(y, Tensor) else np.asarray(y)
    return [y] if y.dtype.kind in "fc" else []


def _grad(t):
    return None if not t.requires_grad else np.zeros(t.shape) if t.grad is None else t.grad.data
