"""Arrays made longer and shorter: padded, resized, with elements inserted, deleted and trimmed."""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..op import defop, implements
from .axes import as_array, part
from .indexing import FULL, getitem, put_at
from .samples import both, real, with_options

# --- Padding ---------------------------------------------------------------------------------------------------------


def padded(x, pad_width, mode="constant", **options):
    """`np.pad`, and in a quarter of its time if zeros are put around; the widths are pairs, one for each axis."""
    if mode != "constant" or options:
        return np.pad(x, pad_width, mode, **options)
    y = np.zeros([before + n + after for n, (before, after) in zip(x.shape, pad_width)], x.dtype)
    y[_inside(x.shape, pad_width)] = x
    return y


def _inside(shape, pad_width):
    """The index of what was padded in the result."""
    return tuple(slice(before, before + n) for n, (before, _) in zip(shape, pad_width))


def pad_vjp(g, x_shape, pad_width=None, mode="constant"):
    """What is padded is a constant, or along each axis one of the elements: which one, padding their numbers tells."""
    if mode in ("constant", "empty"):
        return g[_inside(x_shape, pad_width)]
    for axis, (n, width) in enumerate(zip(x_shape, pad_width)):
        if any(width):
            origin = np.pad(np.arange(n), width, mode)
            g = put_at(g, shape=(*g.shape[:axis], n, *g.shape[axis + 1 :]), index=(FULL,) * axis + (origin,))
    return g


padded = defop(
    padded,
    name="pad",
    x=pad_vjp,
    samples=both(
        with_options(real((3, 2)), {"pad_width": ((1, 2), (0, 1))}),
        with_options(real((3,)), {"pad_width": ((1, 2),), "constant_values": 5.0}),
        *(
            with_options(real((3, 2)), {"pad_width": ((4, 1), (0, 2)), "mode": mode})
            for mode in ("edge", "reflect", "symmetric", "wrap")
        ),
        with_options(real((0, 2)), {"pad_width": ((1, 0), (0, 0))}),
    ),
)


@implements(np.pad)
def pad(array, pad_width, mode="constant", **kwargs):
    """What the op does not cover is joined axis by axis from ramps, statistics and odd reflections."""
    if callable(mode):
        raise TypeError("pad of tensors takes no function as mode, which would write into arrays; use np.concatenate")
    array = as_array(array)
    widths = _widths(pad_width, array.ndim)
    kwargs = {name: _constant(value) for name, value in kwargs.items()}
    grown = _GROWN.get("odd" if kwargs.get("reflect_type") == "odd" else mode)
    if grown is None or array.dtype.kind not in "fc" or not array.size:
        return padded(array, pad_width=widths, mode=mode, **kwargs)
    np.pad(np.zeros((1,) * array.ndim), 0, mode, **kwargs)  # for NumPy's errors
    return grown(array, widths, mode, **kwargs)


def _constant(value):
    return value if value is None or isinstance(value, str) else np.asarray(value)  # which refuses tracked tensors


def _widths(pad_width, ndim):
    """How much is put before and behind each axis, as a tuple of pairs."""
    if isinstance(pad_width, dict):
        widths = np.zeros((ndim, 2), int)
        for axis, width in pad_width.items():
            widths[axis] = width
    else:
        widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu":
        raise TypeError(f"pad expects integers as pad_width, got {widths.dtype}")
    if np.any(widths < 0):
        raise ValueError(f"pad expects a pad_width of at least 0, got {pad_width}")
    return tuple((int(before), int(after)) for before, after in np.broadcast_to(widths, (ndim, 2)))


def _ramps(x, widths, mode, end_values=0):
    """Straight lines from the end values to the edges."""
    ends = np.broadcast_to(end_values, (x.ndim, 2)).astype(x.dtype)
    for axis, (before, after) in enumerate(widths):
        left = _ramp(ends[axis, 0], part(x, axis, 0, 1), before, axis)
        right = _ramp(ends[axis, 1], part(x, axis, -1), after, axis)
        x = np.concatenate([left, x, np.flip(right, axis)], axis)
    return x


def _ramp(end, edge, n, axis):
    steps = np.arange(n, dtype=edge.dtype).reshape((n,) + (1,) * (edge.ndim - 1 - axis))
    return steps * ((edge - end) / max(n, 1)) + end


def _statistics(x, widths, mode, stat_length=None):
    """The maximum, mean ... of the first and of the last elements."""
    statistic = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}[mode]
    lengths = np.broadcast_to(stat_length, (x.ndim, 2))
    for axis, width in enumerate(widths):
        n = x.shape[axis]
        first, last = (n if length is None else min(int(length), n) for length in lengths[axis])
        if not (first and last) and mode in ("maximum", "minimum"):
            raise ValueError("stat_length of 0 yields no value for padding")
        before = statistic(part(x, axis, 0, first), axis=axis, keepdims=True)
        after = before if first == last == n else statistic(part(x, axis, n - last, n), axis=axis, keepdims=True)
        x = np.concatenate([np.repeat(before, width[0], axis), x, np.repeat(after, width[1], axis)], axis)
    return x


def _odd_reflections(x, widths, mode, reflect_type):
    """The reflection turned over at the edge, `2 * edge - x`, again and again until the width is reached."""
    skip = int(mode == "reflect")  # whether the edge itself is left out
    for axis, (before, after) in enumerate(widths):
        period = x.shape[axis] - skip
        if not period:
            x = np.concatenate([np.repeat(x, before, axis), x, np.repeat(x, after, axis)], axis)
            continue
        while before or after:
            n = x.shape[axis]
            span = (n - skip) // period * period
            left, right = min(span, before), min(span, after)
            mirrored = np.flip(x, axis)
            x = np.concatenate(
                [
                    2 * part(x, axis, 0, 1) - part(mirrored, axis, n - skip - left, n - skip),
                    x,
                    2 * part(x, axis, n - 1, n) - part(mirrored, axis, skip, skip + right),
                ],
                axis,
            )
            before, after = before - left, after - right
    return x


_GROWN = {"linear_ramp": _ramps, "odd": _odd_reflections}
_GROWN |= dict.fromkeys(("maximum", "minimum", "mean", "median"), _statistics)


# --- Elements put in and left out -------------------------------------------------------------------------------------


@implements(np.resize)
def resize(a, new_shape):
    """The flattened array, repeated or cut to fill the shape; zeros from nothing."""
    a = np.ravel(a)
    n = int(np.prod(new_shape))
    if not a.size:
        return np.broadcast_to(np.sum(a), new_shape)
    return np.reshape(a[:n] if n <= a.size else np.tile(a, -(-n // a.size))[:n], new_shape)


def _constant_places(obj):
    """What `obj` names in `insert` and `delete`, without tensors."""
    return obj if isinstance(obj, slice | int | list) else np.asarray(obj)


@implements(np.delete)
def delete(arr, obj, axis=None):
    """The array without the slices that `obj` names along an axis."""
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    rest = np.delete(np.arange(arr.shape[axis]), _constant_places(obj))
    return getitem(arr, index=(FULL,) * axis + (rest,), once=True)


@implements(np.insert)
def insert(arr, obj, values, axis=None):
    """The array with slices put in before those that `obj` names along an axis."""
    arr, values, obj = as_array(arr), as_array(values), _constant_places(obj)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    values = values.astype(arr.dtype)
    values = values.reshape((1,) * (arr.ndim - values.ndim) + values.shape)
    if not isinstance(obj, slice) and np.ndim(obj) == 0:
        values = np.moveaxis(values, 0, axis)
    n = arr.shape[axis]
    places = np.insert(np.arange(n), obj, -1)
    more = len(places) - n
    if more == 1:
        more = values.shape[axis]
    places = np.insert(np.arange(n), obj, np.arange(n, n + more))
    values = np.broadcast_to(values, (*arr.shape[:axis], more, *arr.shape[axis + 1 :]))
    return getitem(np.concatenate([arr, values], axis), index=(FULL,) * axis + (places,), once=True)


@implements(np.trim_zeros)
def trim_zeros(filt, trim="fb", axis=None):
    """Without the zeros at the front ("f") and the back ("b")."""
    if trim.lower() not in ("f", "b", "fb", "bf"):
        raise ValueError(f"trim_zeros expects 'f', 'b' or 'fb', got {trim!r}")
    axes = range(filt.ndim) if axis is None else normalize_axis_tuple(axis, filt.ndim)
    index = [FULL] * filt.ndim
    for axis, places in enumerate(np.nonzero(filt)):
        if axis in axes and places.size:
            start = places.min() if "f" in trim.lower() else None
            stop = places.max() + 1 if "b" in trim.lower() else None
            index[axis] = slice(start, stop)
        elif axis in axes:
            index[axis] = slice(0)
    return filt[tuple(index)]
