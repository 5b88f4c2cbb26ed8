"""Diagonals taken out and put in, and the triangles beside them."""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..op import defop, implements
from .axes import as_array
from .indexing import put_at
from .samples import both, real, with_options


def _places(n, offset):
    """Rows and columns of the first `n` elements of a diagonal."""
    places = np.arange(n)
    return places + max(-offset, 0), places + max(offset, 0)


def diagonal_vjp(g, x_shape, offset=0, axis1=0, axis2=1):
    """The cotangent on the diagonal, zeros beside it."""
    axes = [normalize_axis_index(axis, len(x_shape)) for axis in (axis1, axis2)]
    others = [n for i, n in enumerate(x_shape) if i not in axes]
    shape = (*others, *(x_shape[axis] for axis in axes))
    return np.moveaxis(put_at(g, shape=shape, index=(..., *_places(g.shape[-1], offset)), once=True), (-2, -1), axes)


defop(
    np.diagonal,
    x=diagonal_vjp,
    view=True,
    samples=both(
        with_options(real((3, 4)), {}, {"offset": 1}, {"offset": -2}, {"offset": 4}),
        with_options(real((2, 3, 4)), {"axis1": -1, "axis2": 0}, {"axis1": 1, "axis2": 2, "offset": 1}),
    ),
)


@implements(np.diag)
def diag(v, k=0):
    """The diagonal of a matrix, or the matrix with a vector on its diagonal."""
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError(f"diag expects a vector or a matrix, got an array of shape {v.shape}")
    n = v.size + abs(k)
    return put_at(v, shape=(n, n), index=_places(v.size, k), once=True)


@implements(np.diagflat)
def diagflat(v, k=0):
    """The matrix with the elements of an array on its diagonal."""
    return diag(np.ravel(v), k)


@implements(np.fill_diagonal)
def fill_diagonal(a, val, wrap=False):
    """The elements with equal indices are replaced, in a new value of the tensor `a`."""
    if a.ndim < 2:
        raise ValueError(f"fill_diagonal expects at least two axes, got an array of shape {a.shape}")
    where = np.zeros(a.shape, bool)
    np.fill_diagonal(where, True, wrap)
    val = as_array(val)
    a[where] = val if val.ndim == 0 else np.resize(val, np.count_nonzero(where))


for _triangle in (np.tril, np.triu):
    defop(
        _triangle,
        x=lambda g, k=0, triangle=_triangle: triangle(g, k),
        samples=both(with_options(real((2, 3, 4)), {}, {"k": 1}, {"k": -1}), real((3,))),
    )
for _indices in (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from):
    defop(_indices)
