"""Elements picked by an index, added into zeros at an index, and replaced at an index.

Picking and adding are transposes of each other, so each is the rule of the other.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..op import defop, implements
from .samples import both, real, with_options

FULL = slice(None)
FEW = 4096  # elements up to which nothing beats np.add.at


def names_once(index):
    """Whether an index surely names no element twice: all its arrays are masks or hold a single integer."""
    for part in index if type(index) is tuple else (index,):
        if isinstance(part, list | tuple | np.ndarray):
            part = np.asarray(part)
            if part.dtype != bool and part.size > 1:
                return False
    return True


# --- Adding at an index ----------------------------------------------------------------------------------------------


def put_at(x, shape, index, once=False):
    """Zeros of a shape with `x` added at an index; `once` promises that the index names no element twice."""
    y = np.zeros(shape, x.dtype)
    if once or names_once(index):
        y[index] = x
    else:
        add_at(y, x, index)
    return y


def add_at(y, x, index):
    """`y[index] += x`, where an element that is named several times receives the sum."""
    if names_once(index):
        y[index] += x
        return
    if x.size > FEW:
        axis, rows = _one_array(index)
        if rows is not None and x.dtype.char in "fdFD":
            _add_rows(np.moveaxis(y, axis, 0), rows, np.moveaxis(x, range(axis, axis + rows.ndim), range(rows.ndim)))
            return
        if y.flags.c_contiguous and y.size < 8 * x.size:
            y = y.reshape(-1)
            index = np.arange(y.size).reshape(np.shape(y))[index].ravel()
            x = x.ravel()
    np.add.at(y, index, x)


def _one_array(index):
    """The axis and the integers of an index such as `[:, rows]`, whose other parts take all; (0, None) for others."""
    parts = index if type(index) is tuple else (index,)
    arrays = [i for i, part in enumerate(parts) if isinstance(part, list | np.ndarray)]
    if len(arrays) != 1 or any(
        type(part) is not slice or part != FULL for i, part in enumerate(parts) if i != arrays[0]
    ):
        return 0, None
    rows = np.asarray(parts[arrays[0]])
    return arrays[0], rows if rows.dtype.kind in "iu" else None


def _add_rows(y, rows, x):
    """`y[rows] += x` as a product with a sparse matrix of ones: ten times as fast as `np.add.at` on rows."""
    from scipy.sparse import csc_array

    n = rows.size
    named, place = np.unique(rows % len(y) if len(y) else rows, return_inverse=True)
    ones = csc_array((np.ones(n, x.dtype), place.ravel(), np.arange(n + 1)), shape=(len(named), n))
    y[named] += (ones @ x.reshape(n, -1)).reshape(len(named), *y.shape[1:])


put_at = defop(
    put_at,
    x=lambda g, index=None, once=False: getitem(g, index=index, once=once),
    samples=both(
        with_options(real((3,)), {"shape": (4,), "index": [0, 3, 0]}, {"shape": (5,), "index": slice(None, None, 2)}),
        with_options(real((2, 2)), {"shape": (2, 4), "index": (FULL, [1, 1])}),
    ),
)


# --- Picking ---------------------------------------------------------------------------------------------------------


def getitem(x, index, once=False):
    """`x[index]`, of any form NumPy has; `once` promises that the index names no element twice."""
    if type(index) is np.ndarray and index.dtype == np.intp and x.ndim > 1 and x.flags.c_contiguous:
        return x.take(index, 0)  # twice as fast
    return x[index]


def getitem_vjp(g, x_shape, index=None, once=False):
    """What was picked receives its cotangent, the rest zero."""
    return put_at(g, shape=x_shape, index=index, once=once)


def getitem_into(buffer, g, kept):
    """The same without the zeros: walking over the rows of an array costs no more than their elements."""
    add_at(buffer, g, kept[1])


getitem = defop(
    getitem,
    x=getitem_vjp,
    into=getitem_into,
    view=True,
    samples=both(
        with_options(
            real((4, 3)),
            *({"index": index} for index in (0, (-1, 1), (..., None, 2), (slice(3, 0, -2), slice(1, None)), ())),
            *({"index": index} for index in ([0, 2, 0], ([1, 1, 3], [0, 0, 2]), (FULL, [[0, 1], [0, 0]]), [])),
            *({"index": index} for index in (np.arange(12).reshape(4, 3) % 2 == 0, (None, [True, False] * 2, 1), True)),
            {"index": [2, 0], "once": True},
        ),
        with_options(real(()), {"index": ()}, {"index": (..., None)}),
    ),
)


# --- Replacing -------------------------------------------------------------------------------------------------------


def setitem(x, value, index):
    """A copy of `x` with the elements of `value` at an index; the last in C order where there are several."""
    y = np.array(x)
    if not names_once(index):  # NumPy would follow the memory layout of the values
        value, given = np.empty(y[index].shape, y.dtype), value
        value[...] = given
    y[index] = value
    return y


def setitem_value_vjp(g, value_shape, index=None):
    """The cotangent of what was replaced; values that were overwritten by later ones have none."""
    part = getitem(g, index=index)
    if not names_once(index):
        order = np.arange(part.size).reshape(part.shape)
        last = np.empty(g.shape, order.dtype)
        last[index] = order
        part = np.where(last[index] == order, part, 0)
    extra = len(value_shape) - part.ndim
    return part.reshape((1,) * extra + part.shape) if extra > 0 else part  # assignment drops leading axes of length one


setitem = defop(
    setitem,
    x=lambda g, index=None: setitem(g, 0, index=index),
    value=setitem_value_vjp,
    samples=both(
        with_options(
            real((4, 3), (3,)), {"index": 0}, {"index": [0, 2, 0]}, {"index": slice(None, None, -2)}, {"index": ...}
        ),
        with_options(real((4, 3), (1, 3)), {"index": -1}),
        with_options(real((4, 3), ()), {"index": ([1, 1], [0, 0])}, {"index": np.eye(4, 3) > 0}, {"index": (None, 2)}),
        with_options(real((), ()), {"index": ()}),
    ),
)


# --- NumPy's functions that pick -------------------------------------------------------------------------------------


@implements(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    """Elements along an axis, or of the flattened array."""
    refuse_out("take", out)
    if axis is None:
        a, axis = np.ravel(a), 0
    return getitem(a, index=(FULL,) * normalize_axis_index(axis, a.ndim) + (_in_range(indices, a.shape[axis], mode),))


def _in_range(indices, n, mode):
    """Indices as integers; beyond the ends they are an error, or are wrapped or clipped."""
    indices = indices if hasattr(indices, "dtype") else np.asarray(indices)
    if indices.dtype == bool or indices.size == 0:
        indices = indices.astype(np.intp)
    if mode == "raise":
        return indices
    if mode not in ("wrap", "clip"):
        raise ValueError(f"expected mode 'raise', 'wrap' or 'clip', got {mode!r}")
    return np.remainder(indices, n) if mode == "wrap" else np.minimum(np.maximum(indices, 0), n - 1)


def refuse_out(name, out):
    """`out=` cannot be honoured by a composition."""
    if out is not None:
        raise TypeError(
            f"{name} of tensors takes no out=; use the tensor that it returns, or assign it: out[...] = result"
        )
