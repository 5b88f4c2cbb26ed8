"""Elements picked by an index, added into zeros at an index, and replaced at an index.

Picking and adding are transposes of each other, so each is the rule of the other.
"""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..op import defop, implements
from .axes import as_array
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
    if not once and not names_once(index):
        axis, rows = _rows(index, x, len(shape))
        if rows is not None:
            sums = _row_sums(rows, x, axis, shape[axis])
            return np.moveaxis(sums.reshape((-1, *shape[:axis], *shape[axis + 1 :])), 0, axis)
    y = np.zeros(shape, x.dtype)
    if once:
        y[index] = x
    else:
        add_at(y, x, index)
    return y


def add_at(y, x, index):
    """`y[index] += x`, where an element that is named several times receives the sum."""
    if names_once(index):
        y[index] += x
        return
    axis, rows = _rows(index, x, y.ndim)
    if rows is not None:
        y = np.moveaxis(y, axis, 0)
        named, rows = np.unique(rows % len(y), return_inverse=True)
        y[named] += _row_sums(rows, x, axis, len(named)).reshape(len(named), *y.shape[1:])
        return
    if x.size > FEW and y.size < 8 * x.size and y.flags.c_contiguous:
        index = np.arange(y.size).reshape(y.shape)[index].ravel()
        x, y = x.ravel(), y.reshape(-1)
    np.add.at(y, index, x)


def _rows(index, x, ndim):
    """The axis and the integers of an index such as `[:, rows]`, for sums of many rows; (0, None) for other indices."""
    parts = index if type(index) is tuple else (index,)
    axis = len(parts) - 1
    rows = parts[axis]
    if x.size <= FEW or ndim < 2 or x.dtype.char not in "fdFD" or not x.dtype.isnative:
        return 0, None
    if any(type(part) is not slice or part != FULL for part in parts[:axis]) or not isinstance(rows, list | np.ndarray):
        return 0, None
    rows = np.asarray(rows)
    return (axis, rows) if rows.dtype.kind in "iu" else (0, None)


def _row_sums(rows, x, axis, n):
    """The sums of the slices of `x` with equal numbers, in `n` rows: the product of a sparse matrix of ones with `x`.

    Ten times as fast as `np.add.at`.
    """
    from scipy.sparse import csc_array  # imported when needed: it takes a tenth of a second

    x = np.moveaxis(x, range(axis, axis + rows.ndim), range(rows.ndim))
    m = rows.size
    return csc_array((np.ones(m, x.dtype), rows.ravel() % n, np.arange(m + 1)), shape=(n, m)) @ x.reshape(m, -1)


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


def setitem(x, value, index, copy=True):
    """A copy of `x` with the elements of `value` at an index; the last in C order where there are several.

    Without a copy, `x` itself is changed: for those who know that nobody else needs it.
    """
    y = np.array(x) if copy else x
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


def refuse_out(name, out):
    """`out=` cannot be honoured by a composition."""
    if out is not None:
        raise TypeError(
            f"{name} of tensors takes no out=; use the tensor that it returns, or assign it: out[...] = result"
        )


@implements(np.take)
def take(a, indices, axis=None, out=None, mode="raise"):
    """Elements along an axis, or of the flattened array."""
    refuse_out("take", out)
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    return getitem(a, index=(FULL,) * axis + (_in_range(indices, a.shape[axis], mode),))


def _in_range(indices, n, mode):
    """Indices as integers; beyond the ends they are an error, or are wrapped or clipped."""
    indices = as_array(indices)
    if indices.dtype == bool or indices.size == 0:
        indices = indices.astype(np.intp)
    if mode == "raise":
        return indices
    if mode not in ("wrap", "clip"):
        raise ValueError(f"expected mode 'raise', 'wrap' or 'clip', got {mode!r}")
    if not n and indices.size:
        raise IndexError("there is nothing to take along an axis of length 0")
    return np.remainder(indices, n) if mode == "wrap" else np.minimum(np.maximum(indices, 0), n - 1)


def along(indices, axis, shape):
    """The index that means: at each place along the other axes, these along `axis`."""
    ndim = len(shape)
    return tuple(
        indices if i == axis else np.arange(n).reshape((n,) + (1,) * (ndim - i - 1)) for i, n in enumerate(shape)
    )


def _index_along(indices, axis, shape):
    """`along`, with NumPy's errors."""
    indices = as_array(indices)
    if indices.dtype.kind not in "iu":
        raise IndexError(f"indices along an axis are integers, got {indices.dtype}")
    if indices.ndim != len(shape):
        raise ValueError(f"indices along an axis have as many axes as the array, {len(shape)}, got {indices.ndim}")
    return along(indices, normalize_axis_index(axis, len(shape)), shape)


@implements(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    """At each place along the other axes, the elements at these indices."""
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return getitem(arr, index=_index_along(indices, axis, arr.shape))


@implements(np.compress)
def compress(condition, a, axis=None, out=None):
    """The slices along an axis for which the condition is true."""
    condition = as_array(condition)
    if condition.ndim != 1:
        raise ValueError(f"compress expects a condition with one axis, got one of shape {condition.shape}")
    return take(a, np.nonzero(condition)[0], axis, out)


@implements(np.extract)
def extract(condition, arr):
    """The elements for which the condition is true, flat."""
    return take(arr, np.nonzero(np.ravel(condition))[0])


@implements(np.choose)
def choose(a, choices, out=None, mode="raise"):
    """Each element from the array that `a` names for it."""
    refuse_out("choose", out)
    a, *choices = np.broadcast_arrays(as_array(a), *map(as_array, choices))
    if mode == "raise" and np.any((a < 0) | (a >= len(choices))):
        raise ValueError(f"choose expects numbers from 0 to {len(choices) - 1}, one for each of the choices")
    return take_along_axis(np.stack(choices), _in_range(a, len(choices), mode)[None], 0)[0]


@implements(np.select)
def select(condlist, choicelist, default=0):
    """Each element from the first array whose condition is true for it."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"select expects as many conditions as choices, got {len(condlist)} and {len(choicelist)}")
    for i, condition in enumerate(condlist):
        if as_array(condition).dtype.kind != "b":
            raise TypeError(f"select expects booleans as conditions, number {i} has dtype {as_array(condition).dtype}")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        result = np.where(condition, choice, result)
    return result


# --- NumPy's functions that replace: an assignment, which gives a tensor a new value on the tape ----------------------


@implements(np.put_along_axis)
def put_along_axis(arr, indices, values, axis):
    """What `take_along_axis` would give is replaced."""
    if axis is None:
        arr[np.unravel_index(np.arange(arr.size)[as_array(indices)], arr.shape)] = values
    else:
        arr[_index_along(indices, axis, arr.shape)] = values


@implements(np.put)
def put(a, ind, v, mode="raise"):
    """Elements of the flattened array are replaced; too few values are repeated."""
    places = take(np.arange(a.size), np.ravel(as_array(ind)), mode=mode)
    if places.size:
        a[np.unravel_index(places, a.shape)] = np.resize(v, places.shape)


@implements(np.place)
def place(arr, mask, vals):
    """The elements where the mask is true are replaced by the first values; too few values are repeated."""
    places = np.nonzero(np.ravel(mask))[0]
    vals = as_array(vals)
    if places.size and not vals.size:
        raise ValueError("place expects at least one value, got an empty array")
    if places.size:
        arr[np.unravel_index(places, arr.shape)] = np.resize(vals, places.shape)


@implements(np.putmask)
def putmask(a, mask, values):
    """The elements where the mask is true are replaced by the values at their places; too few values are repeated."""
    mask = np.reshape(mask, a.shape)
    values = as_array(values)
    if values.size:
        a[mask] = np.resize(values, a.shape)[mask]


@implements(np.copyto)
def copyto(dst, src, casting="same_kind", where=True):
    """`src` is broadcast into `dst`, or only where a mask is true."""
    src = as_array(src)
    if not np.can_cast(src.dtype, dst.dtype, casting):
        raise TypeError(f"copyto cannot cast from {src.dtype} to {dst.dtype} by the rule {casting!r}")
    dst[...] = src if where is True else np.where(where, src, dst)
