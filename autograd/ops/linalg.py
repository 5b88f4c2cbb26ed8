"""Products of vectors, of matrices, and of arrays with more axes."""

import math
from functools import cache
from operator import index as as_index

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..op import defop, implements
from .axes import as_array
from .indexing import refuse_out
from .samples import both, real

# --- Matrix product ---------------------------------------------------------------------------------------------------


def in_memory(g):
    """BLAS wants each number at a place of its own; a cotangent that was only broadcast is copied."""
    return g.copy() if 0 in g.strides else g


def product(a, b, **options):
    """`a @ b`. Of arrays without gaps that BLAS multiplies, `dot` is the same to the bit, and begins sooner."""
    if type(a) is np.ndarray is type(b) and a.dtype is b.dtype and a.dtype.char in "fd" and not options:
        try:
            if 0 < a.ndim < 3 > b.ndim > 0 and a.flags.forc and b.flags.forc:
                return a.dot(b)
        except ValueError:  # matmul will say which sizes differ
            pass
    return np.matmul(a, b, **options)


def matmul_vjp_a(g, b):
    """`g @ b.T`; a vector is a matrix of one row, which the product has lost."""
    if g.ndim == 2 == b.ndim:
        return product(in_memory(g), b.T)
    if b.ndim == 1:
        return product(g[:, None], b[None]) if g.ndim == 1 else g[..., None] * b
    if g.ndim < b.ndim:  # a vector before matrices
        return (b @ g[..., None])[..., 0]
    return in_memory(g) @ np.swapaxes(b, -1, -2)


def matmul_vjp_b(g, a, b_shape):
    """`a.T @ g`; a vector is a matrix of one column, which the product has lost."""
    if g.ndim == 2 == a.ndim:
        return product(a.T, in_memory(g))
    if a.ndim == 1:
        if len(b_shape) == 1:
            return a * g
        return product(a[:, None], g[None]) if len(b_shape) == 2 else a[:, None] * g[..., None, :]
    if len(b_shape) <= 2:  # one matrix behind many: all their rows at once
        rows = math.prod(a.shape[:-1])
        return a.reshape((rows, b_shape[0])).T @ in_memory(g).reshape((rows, *b_shape[1:]))
    return np.swapaxes(a, -1, -2) @ in_memory(g)


matmul = defop(
    np.matmul,
    forward=product,
    a=matmul_vjp_a,
    b=matmul_vjp_b,
    samples=both(
        real((3, 4), (4, 2)),
        real((4,), (4,)),
        real((4,), (4, 2)),
        real((3, 4), (4,)),
        real((2, 3, 4), (4, 2)),
        real((2, 3, 4), (4,)),
        real((4,), (2, 4, 3)),
        real((3, 4), (2, 4, 3)),
        real((2, 1, 3, 4), (5, 4, 2)),
    ),
)


def vecdot_vjp_a(g, b):
    return (g[..., None] * b).conj()


vecdot = defop(
    np.vecdot,
    a=vecdot_vjp_a,  # the first vector is conjugated
    b=lambda g, a: g[..., None] * a.conj(),
    samples=both(real((4,), (4,)), real((2, 3, 4), (3, 4)), real((3, 1), (3, 1))),
)


def matvec(a, x):
    return matmul(a, x[..., None])[..., 0]


def vecmat(x, a):
    return matmul(x[..., None, :].conj(), a)[..., 0, :]


def serve(ufunc, product):
    """Serve the options of NumPy's generalized functions that say where the axes of vectors and matrices are."""

    @implements(ufunc)
    def call(a, b, *, axes=None, axis=None, keepdims=False, **options):
        if axes is None and axis is None and not keepdims:
            return product(a, b, **options)
        a, b = as_array(a), as_array(b)
        if axes is None:
            axis = -1 if axis is None else axis
            axes = [axis, axis, axis if keepdims else ()]
        first, second, last = ((i,) if np.ndim(i) == 0 else tuple(i) for i in (*axes, *[()] * (3 - len(axes))))
        y = product(_to_end(a, first), _to_end(b, second), **options)
        if keepdims:
            y = y[..., None]
        return np.moveaxis(y, range(-len(last), 0), last)

    call.without_options = product  # see dispatch.py: `a @ b` need not come by here


def _to_end(x, axes):
    return np.moveaxis(x, axes, range(-len(axes), 0))


serve(np.matmul, matmul)
serve(np.vecdot, vecdot)
if hasattr(np, "matvec"):  # NumPy 2.2
    serve(np.matvec, matvec)
    serve(np.vecmat, vecmat)

# --- Products of vectors and of more axes -----------------------------------------------------------------------------


@implements(np.dot)
def dot(a, b, out=None):
    """The matrix product; over the last axis but one of `b` where it has more than two; scaling by a number."""
    refuse_out("dot", out)
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return matmul(a, b) if b.ndim <= 2 else tensordot(a, b, (-1, -2))


@implements(np.inner)
def inner(a, b, /):
    """Products summed over the last axes."""
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return matmul(a, b) if a.ndim == b.ndim == 1 else tensordot(a, b, (-1, -1))


@implements(np.vdot)
def vdot(a, b, /):
    """The product of two flattened arrays; the first is conjugated."""
    return vecdot(as_array(a).reshape(-1), as_array(b).reshape(-1))


@implements(np.outer)
def outer(a, b, out=None):
    """Each element of `a` with each of `b`."""
    refuse_out("outer", out)
    return as_array(a).reshape(-1)[:, None] * as_array(b).reshape(-1)


@implements(np.tensordot)
def tensordot(a, b, axes=2):
    """Sums over pairs of axes, as a product of two matrices."""
    a, b = as_array(a), as_array(b)
    if np.ndim(axes) == 0:
        axes = range(a.ndim - axes, a.ndim), range(axes)
    of_a, of_b = (normalize_axis_tuple(axis, x.ndim) for axis, x in zip(axes, (a, b)))
    if [a.shape[i] for i in of_a] != [b.shape[i] for i in of_b]:
        raise ValueError(
            f"shape-mismatch for sum: the axes {of_a} of an array of shape {a.shape} and {of_b} of one of {b.shape}"
        )
    free_a, free_b = ([i for i in range(x.ndim) if i not in axis] for axis, x in ((of_a, a), (of_b, b)))
    k = math.prod(a.shape[i] for i in of_a)
    left = a.transpose((*free_a, *of_a)).reshape((math.prod(a.shape[i] for i in free_a), k))
    right = b.transpose((*of_b, *free_b)).reshape((k, math.prod(b.shape[i] for i in free_b)))
    return matmul(left, right).reshape((*(a.shape[i] for i in free_a), *(b.shape[i] for i in free_b)))


@implements(np.kron)
def kron(a, b):
    """Blocks: each element of `a` times all of `b`."""
    a, b = as_array(a), as_array(b)
    n = max(a.ndim, b.ndim)
    a, b = (x.reshape((1,) * (n - x.ndim) + x.shape) for x in (a, b))
    blocks = a[(slice(None), None) * n] * b[(None, slice(None)) * n]
    return blocks.reshape(tuple(i * j for i, j in zip(a.shape, b.shape)))


def cross_last(a, b):
    return np.cross(a, b)


cross_last = defop(
    cross_last,
    name="cross",
    a=lambda g, b: cross_last(b, g),
    b=lambda g, a: cross_last(g, a),
    samples=both(real((3,), (3,)), real((2, 3), (4, 1, 3))),
)


@implements(np.cross)
def cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The vector perpendicular to two; of vectors in a plane, its third component."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_array(a), axisa, -1), np.moveaxis(as_array(b), axisb, -1)
    if not {a.shape[-1], b.shape[-1]} <= {2, 3}:
        raise ValueError(f"cross expects vectors of 2 or 3 components, got {a.shape[-1]} and {b.shape[-1]}")
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (x if x.shape[-1] == 3 else np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], -1) for x in (a, b))
    return np.moveaxis(cross_last(a, b), -1, axisc)


@implements(np.trace)
def trace(a, offset=0, axis1=0, axis2=1, dtype=None, out=None):
    """The sum of a diagonal."""
    refuse_out("trace", out)
    diagonal = np.diagonal(a, offset, axis1, axis2)
    return np.sum(diagonal, axis=-1) if dtype is None else np.sum(diagonal, axis=-1, dtype=dtype)


# --- Products of many matrices ----------------------------------------------------------------------------------------


@implements(np.linalg.multi_dot)
def multi_dot(arrays, *, out=None):
    """The product of two or more matrices, in the order that takes the fewest multiplications."""
    refuse_out("linalg.multi_dot", out)
    arrays = [as_array(x) for x in arrays]
    if len(arrays) < 2:
        raise ValueError("Expecting at least two arrays.")
    ndims = [x.ndim for x in arrays]
    if set(ndims[1:-1]) - {2} or {ndims[0], ndims[-1]} - {1, 2}:
        raise np.linalg.LinAlgError(
            f"multi_dot expects matrices, and vectors first or last; got arrays of {ndims} axes"
        )
    rows = [1 if ndims[0] == 1 else len(arrays[0]), *(len(x) for x in arrays[1:])]
    rows.append(1 if ndims[-1] == 1 else arrays[-1].shape[1])

    @cache
    def cheapest(i, j):
        """The fewest multiplications for the product of matrices i to j, and the last factor of its left half."""
        halves = (
            (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + rows[i] * rows[k + 1] * rows[j + 1], k) for k in range(i, j)
        )
        return min(halves, default=(0, i))

    def product(i, j):
        k = cheapest(i, j)[1]
        return arrays[i] if i == j else matmul(product(i, k), product(k + 1, j))

    return product(0, len(arrays) - 1)


@implements(np.linalg.matrix_power)
def matrix_power(a, n):
    """`a @ a @ ... @ a` by repeated squaring; powers of the inverse for negative `n`."""
    a, n = as_array(a), as_index(n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError(f"matrix_power expects square matrices, got an array of shape {a.shape}")
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    square = a if n > 0 else np.linalg.inv(a)
    n, power = abs(n), None
    while n:
        n, odd = divmod(n, 2)
        if odd:
            power = square if power is None else matmul(power, square)
        if n:
            square = matmul(square, square)
    return power


# --- The names of the array API standard ------------------------------------------------------------------------------


@implements(np.linalg.matmul)
def linalg_matmul(x1, x2, /):
    return matmul(x1, x2)


@implements(np.linalg.tensordot)
def linalg_tensordot(x1, x2, /, *, axes=2):
    return tensordot(x1, x2, axes)


@implements(np.linalg.outer)
def linalg_outer(x1, x2, /):
    """The outer product of two vectors, and of nothing else."""
    x1, x2 = as_array(x1), as_array(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"linalg.outer expects two vectors, got arrays of shapes {x1.shape} and {x2.shape}")
    return x1[:, None] * x2


@implements(np.linalg.cross)
def linalg_cross(x1, x2, /, *, axis=-1):
    """The cross product of vectors of three components, and of nothing else."""
    x1, x2 = as_array(x1), as_array(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"linalg.cross expects vectors of 3 components, got {x1.shape[axis]} and {x2.shape[axis]}")
    return cross(x1, x2, axis=axis)


@implements(np.linalg.vecdot)
def linalg_vecdot(x1, x2, /, *, axis=-1):
    return np.vecdot(x1, x2, axis=axis)


@implements(np.linalg.trace)
def linalg_trace(x, /, *, offset=0, dtype=None):
    return trace(x, offset, -2, -1, dtype)


@implements(np.linalg.diagonal)
def linalg_diagonal(x, /, *, offset=0):
    return np.diagonal(x, offset, -2, -1)


@implements(np.linalg.matrix_transpose)
def linalg_matrix_transpose(x, /):
    return np.matrix_transpose(x)
