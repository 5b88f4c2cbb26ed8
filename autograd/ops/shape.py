"""The same elements in another shape or order: axes made, dropped, swapped, turned round, repeated."""

import numpy as np

from ..op import defop, implements
from .axes import as_array
from .indexing import put_at
from .samples import both, real, with_options

# --- Another shape ---------------------------------------------------------------------------------------------------


def shaped(x, shape, order="C", **options):
    """`np.reshape`, whose second argument has another name in NumPy 2.0."""
    return x.reshape(shape, order=order, **options)


shaped = defop(
    shaped,
    x=lambda g, x_shape, order="C": g.reshape(x_shape, order=order),
    name="reshape",
    view=True,
    samples=both(
        with_options(
            real((3, 4)), {"shape": (2, 6)}, {"shape": (2, -1)}, {"shape": -1}, {"shape": (4, 3), "order": "F"}
        ),
        with_options(real((1, 1)), {"shape": ()}),
        with_options(real(()), {"shape": (1, 1)}),
        with_options(real((0, 3)), {"shape": (3, 0)}),
    ),
)


@implements(np.reshape)
def reshape(a, /, shape, order="C", *, copy=None):
    """Orders C and F are those of the rules; A is the one of them that the array in memory has."""
    if order == "C" and copy is None:
        return shaped(a, shape=shape)
    options = {} if copy is None else {"copy": copy}
    return shaped(a, shape=shape, order=_order_in_memory(a) if order == "A" else order, **options)


def _order_in_memory(x):
    return "F" if x.flags.fnc else "C"


flattened = defop(
    np.ravel,
    x=lambda g, x_shape, order="C": g.reshape(x_shape, order=order),
    view=True,
    samples=with_options(both(real((3, 4)), real(()), real((0, 2))), {}, {"order": "F"}),
)


@implements(np.ravel)
def ravel(a, order="C"):
    """Order K is the order in memory: C order of the axes sorted by their strides."""
    if order == "K":
        strides = np.abs(a.strides)
        return flattened(np.transpose(a, np.argsort(-strides, kind="stable")))
    return flattened(a, _order_in_memory(a) if order == "A" else order)


def like_input(g, x_shape):
    """Axes of length one come and go: the cotangent takes the shape of the input."""
    return g.reshape(x_shape)


def expanded(a, axis):
    """`np.expand_dims`, for a single axis in a fifth of its time."""
    if type(axis) is not int or not -a.ndim <= axis + 1 <= a.ndim + 1:
        return np.expand_dims(a, axis)
    place = axis if axis >= 0 else axis + a.ndim + 1
    return a.reshape((*a.shape[:place], 1, *a.shape[place:]))


defop(
    np.expand_dims,
    x=like_input,
    forward=expanded,
    view=True,
    samples=with_options(real((3, 4)), {"axis": 0}, {"axis": -1}, {"axis": (0, 2)}, {"axis": (-1, 0)}),
)
defop(
    np.squeeze,
    x=like_input,
    view=True,
    samples=with_options(real((1, 3, 1)), {}, {"axis": 0}, {"axis": (0, -1)}, {"axis": ()}),
)
defop(  # the engine sums the cotangent over the axes along which the array was repeated
    np.broadcast_to,
    x=lambda g: g,
    view=True,
    samples=both(
        with_options(real((3, 1)), {"shape": (3, 4)}, {"shape": (2, 3, 4)}, {"shape": (3, 0)}),
        with_options(real(()), {"shape": ()}, {"shape": (2,)}),
    ),
)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args, subok=False):
    """Each array in the shape they have together."""
    arrays = [as_array(x) for x in args]
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    return tuple(x if x.shape == shape else np.broadcast_to(x, shape) for x in arrays)


def _at_least(ndim, place):
    """Arrays of at least `ndim` axes; `place(x)` gives the axes that are added to one with fewer."""

    def at_least(*arys):
        arrays = [as_array(x) for x in arys]
        arrays = [x if x.ndim >= ndim else np.expand_dims(x, place(x.ndim)) for x in arrays]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)

    return at_least


implements(np.atleast_1d)(_at_least(1, lambda ndim: 0))
implements(np.atleast_2d)(_at_least(2, lambda ndim: tuple(range(2 - ndim))))
implements(np.atleast_3d)(_at_least(3, lambda ndim: ((0, 1, 2), (0, 2), 2)[ndim]))


# --- Axes in another order -------------------------------------------------------------------------------------------


def transpose_vjp(g, axes=None):
    """The inverse permutation."""
    if axes is None:
        return np.transpose(g)
    axes = [axis % g.ndim for axis in axes]
    return np.transpose(g, sorted(range(g.ndim), key=axes.__getitem__))


defop(
    np.transpose,
    x=transpose_vjp,
    forward=lambda x, axes=None: x.transpose(axes),
    view=True,
    samples=both(real((3, 4)), real(()), with_options(real((2, 3, 4)), {}, {"axes": (1, 2, 0)}, {"axes": (-1, 0, -2)})),
)
defop(
    np.swapaxes,
    x=lambda g, axis1=None, axis2=None: g.swapaxes(axis1, axis2),
    forward=lambda x, axis1, axis2: x.swapaxes(axis1, axis2),
    view=True,
    samples=with_options(
        real((2, 3, 4)), {"axis1": 0, "axis2": 2}, {"axis1": -1, "axis2": -2}, {"axis1": 1, "axis2": 1}
    ),
)
defop(
    np.moveaxis,
    x=lambda g, source=None, destination=None: np.moveaxis(g, destination, source),
    view=True,
    samples=with_options(real((2, 3, 4)), {"source": 0, "destination": -1}, {"source": (0, 1), "destination": (2, 0)}),
)


@implements(np.matrix_transpose)
def matrix_transpose(x, /):
    """The last two axes swapped."""
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose expects at least two axes, got an array of shape {x.shape}")
    return np.swapaxes(x, -1, -2)


@implements(np.rollaxis)
def rollaxis(a, axis, start=0):
    """The axis is rolled back until it stands before the axis that is `start` now."""
    if not -a.ndim <= axis < a.ndim:
        raise np.exceptions.AxisError(axis, a.ndim)
    if not -a.ndim <= start <= a.ndim:
        raise np.exceptions.AxisError(start, a.ndim, "start")
    axis %= a.ndim
    start += a.ndim if start < 0 else 0
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


# --- Elements in another order ---------------------------------------------------------------------------------------

defop(
    np.flip,
    x=lambda g, axis=None: np.flip(g, axis),
    view=True,
    samples=with_options(real((3, 4)), {}, {"axis": 0}, {"axis": (0, -1)}),
)
defop(
    np.rot90,
    x=lambda g, k=1, axes=(0, 1): np.rot90(g, -k, axes),
    view=True,
    samples=with_options(real((2, 3, 4)), {}, {"k": 2}, {"k": -1, "axes": (2, 0)}, {"k": 4}),
)
defop(
    np.roll,
    x=lambda g, shift=None, axis=None: np.roll(g, np.negative(shift), axis),
    samples=with_options(
        real((3, 4)),
        {"shift": 5},
        {"shift": -1, "axis": 1},
        {"shift": (1, 2), "axis": (0, 1)},
        {"shift": 2, "axis": (0, 0)},
    ),
)


@implements(np.fliplr)
def fliplr(m):
    """Columns in reverse order."""
    if m.ndim < 2:
        raise ValueError(f"fliplr expects at least two axes, got an array of shape {m.shape}")
    return np.flip(m, 1)


@implements(np.flipud)
def flipud(m):
    """Rows in reverse order."""
    if m.ndim < 1:
        raise ValueError("flipud expects at least one axis, got a number")
    return np.flip(m, 0)


# --- Elements repeated -----------------------------------------------------------------------------------------------


def tile_vjp(g, x_shape, reps=1):
    """Number of the tile and place in it alternate among the axes of `g`; the tiles add up."""
    reps = reps if np.ndim(reps) else (reps,)
    extra = max(len(reps), len(x_shape))
    sizes = (1,) * (extra - len(x_shape)) + tuple(x_shape)
    reps = (1,) * (extra - len(reps)) + tuple(reps)
    split = [n for pair in zip(reps, sizes) for n in pair]
    return np.sum(g.reshape(split), axis=tuple(range(0, 2 * extra, 2))).reshape(x_shape)


defop(
    np.tile,
    x=tile_vjp,
    samples=both(
        with_options(real((3, 2)), {"reps": 2}, {"reps": (2, 1, 3)}, {"reps": (2, 0)}),
        with_options(real(()), {"reps": 3}, {"reps": ()}),
    ),
)


def repeat_vjp(g, x_shape, repeats=1, axis=None):
    """The sum over each element's copies, which stand side by side along the axis."""
    if axis is None:
        n, axis = int(np.prod(x_shape)), 0
    else:
        n, axis = x_shape[axis], axis % len(x_shape)
    if np.size(repeats) == 1:
        each = int(np.reshape(repeats, ()))
        return np.sum(g.reshape((*g.shape[:axis], n, each, *g.shape[axis + 1 :])), axis=axis + 1).reshape(x_shape)
    origin = np.repeat(np.arange(n), repeats)
    shape = (*g.shape[:axis], n, *g.shape[axis + 1 :])
    return put_at(g, shape=shape, index=(slice(None),) * axis + (origin,)).reshape(x_shape)


defop(
    np.repeat,
    x=repeat_vjp,
    samples=both(
        with_options(real((3, 2)), {"repeats": 2}, {"repeats": 3, "axis": -1}, {"repeats": 0, "axis": 0}),
        with_options(real((3, 2)), {"repeats": np.array([2, 0, 3]), "axis": 0}, {"repeats": [1, 2], "axis": 1}),
        with_options(real(()), {"repeats": 2}),
    ),
)


@implements(np.meshgrid)
def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Each vector along an axis of its own; for indexing "xy", the first two axes change places."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid expects indexing 'xy' or 'ij', got {indexing!r}")
    n = len(xi)
    grids = [np.reshape(x, (1,) * i + (-1,) + (1,) * (n - i - 1)) for i, x in enumerate(xi)]
    if indexing == "xy" and n > 1:
        grids = [np.swapaxes(grid, 0, 1) for grid in grids]
    if not sparse:
        grids = np.broadcast_arrays(*grids)
    return tuple(np.copy(grid) for grid in grids) if copy else tuple(grids)
