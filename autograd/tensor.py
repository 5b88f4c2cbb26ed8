"""Tensor: an array that knows where it came from. What NumPy does to arrays, it does to tensors, on the tape."""

import opcode
import sys
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from .foreign import as_data
from .op import table
from .tape import Leaf, recording

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, DTypeLike

    from .hooks import RemovableHandle

_new = object.__new__

keeping: ContextVar[bool | str] = ContextVar("keeping", default=False)
"""Whether `float(x)` is refused, too: True while a transform differentiates a function, "rule" while a rule is
used that is to be differentiated again."""


class Tensor:
    """An array on the tape: `data`, what it is; `node`, how it came about; `grad`, the gradient collected for it.

    Args:
        data: an array, number, nested list of them, or list that has tensors in it (which stay connected); it is
            copied, so that nothing changes behind the tape (`as_tensor` shares memory).
        requires_grad: whether this is a leaf whose gradient is wanted.
        dtype: NumPy's; by default what NumPy makes of `data`.

    Raises:
        TypeError: the data is not numeric.
        RuntimeError: a gradient is asked for integers or booleans, which have none.

    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    Tensor([[2., 4.],
            [6., 8.]], shape=(2, 2), dtype=float64)
    """

    __slots__ = ("__weakref__", "_bases", "_grad", "_index", "data", "node")
    data: np.ndarray
    node: Any
    _grad: "Tensor | None"
    _bases: tuple  # weak references to the tensors that this one is a view of; set for views alone
    _index: Any  # where in the first of them, if it is a part taken by an index

    __array_priority__ = 100.0
    __hash__ = object.__hash__

    def __init__(self, data: "ArrayLike | Tensor", requires_grad: bool = False, dtype: "DTypeLike | None" = None):
        source = as_tensor(data, dtype)
        self.node = source.node
        self.data = source.data if source.node is not None else source.data.copy(order="K")
        self._grad = None
        if requires_grad:
            if self.node is not None:
                raise RuntimeError("this data is on the tape already; use Tensor(x.detach(), requires_grad=True)")
            self.requires_grad_()

    # --- What it is ----------------------------------------------------------------------------------------------

    shape = property(lambda self: self.data.shape, doc="Sizes of the axes.")
    ndim = property(lambda self: self.data.ndim, doc="Number of axes.")
    size = property(lambda self: self.data.size, doc="Number of elements.")
    dtype = property(lambda self: self.data.dtype, doc="NumPy's dtype.")
    itemsize = property(lambda self: self.data.itemsize, doc="Bytes per element.")
    nbytes = property(lambda self: self.data.nbytes, doc="Bytes of all elements.")
    strides = property(lambda self: self.data.strides, doc="Bytes to step along each axis.")
    flags = property(lambda self: self.data.flags, doc="Memory layout of the array.")
    T = property(lambda self: (table["transpose"].call or table["transpose"])(self), doc="All axes in reverse order.")
    mT = property(lambda self: np.swapaxes(self, -1, -2), doc="The last two axes swapped.")
    real = property(lambda self: np.real(self), doc="The real part.")
    imag = property(lambda self: np.imag(self), doc="The imaginary part.")

    def numpy(self) -> np.ndarray:
        """The values as an array that shares memory; read-only for a tracked tensor, whose values the tape may keep."""
        if self.node is None:
            return self.data
        array = self.data.view()
        array.flags.writeable = False
        return array

    def item(self, *index: int) -> Any:
        """One element as a Python number: the only one, or the one at the index."""
        return self.data.item(*index)

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self.data.tolist()

    def __repr__(self):
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        made = "" if self.node is None else ", requires_grad=True" if self.is_leaf else f", op={self.node.op.name}"
        return f"Tensor({values}, shape={self.shape}, dtype={self.dtype}{made})"

    def __format__(self, spec):
        return format(self.item(), spec) if spec and self.ndim == 0 else format(str(self), spec)

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor: use x.item() for its value")
        return iter(table["unstack"](self)) if self.node is not None else map(self.__getitem__, range(len(self)))

    def __bool__(self):
        return bool(self.data)

    def __float__(self):
        if self.node is not None and _is_assignment(sys._getframe(1)):
            raise TypeError(ASSIGNED)
        self._refuse_to_leave("float(x), and math.f(x)")
        return float(self.data)

    def __int__(self):
        return int(self.data)

    def __round__(self, ndigits=None):
        return round(self.item()) if ndigits is None else np.round(self, ndigits)

    def __complex__(self):
        self._refuse_to_leave("complex(x), and cmath.f(x)")
        return complex(self.data)

    def _refuse_to_leave(self, ways):
        if self.node is not None and keeping.get() and recording.get():
            raise TypeError(
                f"a tracked tensor does not turn into a number unnoticed: {ways}, would lose its derivative; use NumPy "
                f"functions on the tensor itself, or leave the tape with x.item()"
            )

    def __index__(self):
        return self.data.__index__()

    def __contains__(self, value):
        return value in self.data if not isinstance(value, Tensor) else value.data in self.data

    def __array__(self, dtype=None, copy=None):
        to_integers = dtype is not None and np.dtype(dtype).kind in "iub"  # they have no gradient that could be lost
        if self.node is not None and recording.get() and not to_integers:
            if _is_assignment(sys._getframe(1)):
                raise TypeError(ASSIGNED)
            if keeping.get() is True and (dtype is None or np.dtype(dtype) == object):
                return self._as_objects()
            raise TypeError(
                "a tracked tensor does not turn into an array unnoticed; use NumPy functions on the tensor itself, "
                "or leave the tape with x.detach() or x.numpy()"
            )
        return np.array(self.data, dtype=dtype, copy=copy)

    def _as_objects(self):
        """An array of the elements as tensors: what plain NumPy makes of a tensor within a function that a transform
        differentiates, as in `np.array([x[0], x[1]])` or `matrix.dot(x)`, where it does not ask the tensor first.
        """
        objects = np.empty(self.size, object)
        for i, x in enumerate(np.reshape(self, -1) if self.ndim else [self]):
            objects[i] = x
        return objects.reshape(self.shape)

    # --- Where it came from ----------------------------------------------------------------------------------------

    @property
    def grad(self) -> "Tensor | None":
        """The gradient collected by `backward`; None before, and after `x.grad = None`."""
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None:
            value = as_tensor(value)
            if value.shape != self.shape:
                raise RuntimeError(f"a gradient has the shape of its tensor, {self.shape}; got {value.shape}")
            if value.dtype != self.dtype:
                raise RuntimeError(f"a gradient has the dtype of its tensor, {self.dtype}; got {value.dtype}")
        self._grad = value

    @property
    def grad_fn(self):
        """The node that made this tensor; None for leaves."""
        return None if self.is_leaf else self.node

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor was not made by a recorded op."""
        return self.node is None or isinstance(self.node, Leaf)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value):
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Make this tensor a leaf whose gradient is wanted, or an untracked one."""
        if requires_grad and self.node is None:
            if self.dtype.kind not in "fc":
                raise RuntimeError(f"only floating point and complex tensors have gradients, this one is {self.dtype}")
            self.node = Leaf(weakref.ref(self))
        elif not requires_grad:
            if not self.is_leaf:
                raise RuntimeError("requires_grad can only be changed on leaves; use x.detach() to leave the tape")
            self.node = None
        return self

    def detach(self) -> "Tensor":
        """The same values, off the tape; memory is shared until one of them is assigned to."""
        return wrap(self.data, None)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradient, or set it to zeros."""
        if set_to_none or self._grad is None:
            self._grad = None
        else:
            self._grad = wrap(np.zeros_like(self._grad.data), None)

    if TYPE_CHECKING:  # attached in methods.py: operators and ndarray's methods come from the table of ops
        __array_ufunc__: Any
        __array_function__: Any

        def backward(
            self, gradient: "ArrayLike | Tensor | None" = None, retain_graph: bool = False, create_graph: bool = False
        ) -> None: ...
        def register_hook(self, hook: "Callable") -> "RemovableHandle": ...
        def retain_grad(self) -> None: ...
        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> "Tensor": ...
        def __neg__(self) -> "Tensor": ...
        def __add__(self, other: Any) -> "Tensor": ...
        def __eq__(self, other: Any) -> "Tensor": ...  # type: ignore[override]

        __pos__ = __abs__ = __invert__ = __neg__
        __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = __matmul__ = __add__
        __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rpow__ = __rmatmul__ = __add__
        __and__ = __or__ = __xor__ = __rand__ = __ror__ = __rxor__ = __add__
        __lt__ = __le__ = __gt__ = __ge__ = __add__
        __ne__ = __eq__  # type: ignore[assignment]


def wrap(data, node):
    """A tensor made of an array and a node, without any check."""
    t = _new(Tensor)
    t.data = data
    t.node = node
    t._grad = None
    return t


ASSIGNED = (
    "assigning a tracked tensor into an array would lose its gradient; make the array a tensor first, a = Tensor(a), "
    "or make it within the function by autograd.numpy (np.zeros, np.copy(a)), or assign x.item()"
)


def _is_assignment(frame):
    """Whether a number is wanted for `array[i] = tensor`: NumPy asks for it as `float(tensor)` does."""
    return opcode.opname[frame.f_code.co_code[frame.f_lasti]] == "STORE_SUBSCR"


def as_tensor(data: "ArrayLike | Tensor", dtype: "DTypeLike | None" = None) -> Tensor:
    """`data` itself if it is a tensor, else a tensor that shares memory with it where that is possible.

    Raises:
        TypeError: the data is not numeric.

    >>> import numpy as np
    >>> array = np.zeros(2)
    >>> as_tensor(array).data is array
    True
    """
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype == dtype else data.astype(dtype)
    if isinstance(data, list | tuple) and has_tensor(data):
        stacked: Any = np.stack([as_tensor(part) for part in data])  # on the tape
        return stacked if dtype is None else as_tensor(stacked, dtype)
    if isinstance(data, np.ndarray) and data.dtype.hasobject and has_tensor(data.flat):
        flat: Any = np.stack([as_tensor(part) for part in data.flat])
        return as_tensor(flat.reshape(data.shape), dtype)
    array = as_data(data, dtype)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"a tensor holds numbers; got {type(data).__name__} that NumPy reads as {array.dtype}")
    return wrap(array, None)


def has_tensor(values):
    """Whether there is a tensor among these values, or in lists, tuples and arrays of objects among them."""
    return any(
        isinstance(x, Tensor)
        or (isinstance(x, list | tuple) and has_tensor(x))
        or (isinstance(x, np.ndarray) and x.dtype.hasobject and has_tensor(x.flat))
        for x in values
    )


def own_index(index):
    """A plain index whose arrays are the tape's own, so that the user may go on to use theirs for something else."""
    kind = type(index)
    if kind is int:
        return index
    if kind is slice:
        return index if all(map(_IS_NUMBER, (type(index.start), type(index.stop), type(index.step)))) else plain(index)
    if kind is tuple:
        return tuple([part if type(part) is int else own_index(part) for part in index])
    return index.copy() if kind is np.ndarray else plain(index)


_IS_NUMBER = {int, type(None)}.__contains__


def plain(x):
    """`x` with its tensors replaced by their arrays, in tuples, lists and slices too: for indices and options."""
    if isinstance(x, Tensor):
        return x.data
    if type(x) in (tuple, list):
        return type(x)(map(plain, x))
    if type(x) is slice:
        return slice(plain(x.start), plain(x.stop), plain(x.step))
    return x
