"""Tensor's operators and methods: each is the NumPy function of that name, served by the table of ops."""

import importlib

import numpy as np

from .assignment import __setitem__, become
from .copies import __copy__, __deepcopy__, __reduce__, clone
from .dispatch import quick, unsupported
from .gradients import backward, register_hook, retain_grad
from .op import Op, overrides, table
from .tape import Leaf
from .tensor import Tensor, keeping, own_index, plain

OPERATORS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "divmod": np.divmod, "pow": np.power, "matmul": np.matmul, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift,
}  # fmt: skip
COMPARISONS = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip
SIGNS = {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}

# What ndarray has as methods with the array first, and NumPy as functions.
FUNCTIONS = [
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "clip", "conj", "conjugate", "copy",
    "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ptp", "ravel", "repeat", "round",
    "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var",
]  # fmt: skip

# What PyTorch has as methods besides.
ELEMENTWISE = [
    "abs", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "square", "reciprocal", "sin", "cos", "tan",
    "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "sign", "floor", "ceil",
    "trunc", "pow", "maximum", "minimum", "matmul", "isnan", "isinf", "isfinite",
]  # fmt: skip


def _attach(name, function, doc=None):
    if function.__module__ == __name__:  # not for those that have a name of their own elsewhere
        function.__name__, function.__qualname__ = name, f"Tensor.{name}"
        function.__doc__ = doc or function.__doc__
    setattr(Tensor, name, function)


def _swapped(call):
    return lambda self, other: call(other, self)


def _asked(call):
    """Let an operand that wants to answer itself do so; the quick calls see to that by themselves."""

    def operator(a, b):
        other = b if isinstance(a, Tensor) else a
        if type(other) is not Tensor and getattr(other, "__array_ufunc__", True) is None:
            return NotImplemented
        return call(a, b)

    return operator


def _in_place(call):
    """`x += y` gives `x` a new value. In a function that a transform differentiates, a single number stands for one
    of Python's or NumPy's, which never change: there `s = x; s += y` leaves `x` as it is, as without the transform.
    """

    def operator(self, other):
        result = call(self, other)
        if keeping.get() and not self.data.ndim and type(self.node) is not Leaf:
            return result
        return become(self, result)

    return operator


def _operator(name, ufunc, form=lambda call: call):
    """Write out the operator's call when it is first used, so that importing stays cheap."""

    def first(*operands):
        call = _power() if ufunc is np.power and form is not _swapped else quick(ufunc)
        call = form(call if ufunc.signature is None and isinstance(call, type(_attach)) else _asked(call))
        _attach(name, call)
        return getattr(Tensor, name)(*operands)

    _attach(name, first)


def _function(name, function):
    """Look the function up when the method is first used; then the method is what serves it."""

    def first(*args, **options):
        if function not in overrides:
            raise unsupported(function)
        serve = overrides[function]
        call = (serve.call or serve.prepare()) if isinstance(serve, Op) else serve
        _attach(name, call if isinstance(call, type(_attach)) else lambda *args, **options: call(*args, **options))
        return getattr(Tensor, name)(*args, **options)

    _attach(name, first, f"`np.{function.__name__}` of this tensor.")


def _power():
    """The operator `**` takes cheaper functions for the commonest exponents, as ndarray's does."""
    power = quick(np.power)
    cheap = {2: quick(np.square), 0.5: quick(np.sqrt), 1: quick(np.positive), -1: quick(np.reciprocal)}

    def __pow__(self, other):
        if type(other) in (int, float) and other in cheap and self.data.dtype.kind in "fc":
            return cheap[other](self)
        return power(self, other)

    return __pow__


for _name, _ufunc in OPERATORS.items():
    _operator(f"__{_name}__", _ufunc)
    _operator(f"__r{_name}__", _ufunc, _swapped)
    if _name != "divmod":
        _operator(f"__i{_name}__", _ufunc, _in_place)
for _name, _ufunc in {**COMPARISONS, **SIGNS}.items():
    _operator(f"__{_name}__", _ufunc)
for _name in FUNCTIONS:
    _function(_name, getattr(np, _name))
for _name in ELEMENTWISE:
    _operator(_name, getattr(np, _name))


# --- Methods whose form differs from the function's -------------------------------------------------------------------


def _spread(sizes):
    """`x.reshape(2, 3)` and `x.reshape((2, 3))` mean the same."""
    return sizes[0] if len(sizes) == 1 else sizes


def __getitem__(self, index):
    op = table["getitem"]
    part = (op.call or op.prepare())(self, index=plain(index) if self.node is None else own_index(index))
    if part.data.base is not None and hasattr(part, "_bases"):
        part._index = index
    return part


def reshape(self, *shape, order="C"):
    """`np.reshape` of this tensor; the sizes one by one or as a tuple, one of them may be -1."""
    return overrides[np.reshape](self, _spread(shape), order)


def transpose(self, *axes):
    """`np.transpose` of this tensor; the axes one by one or as a tuple, all in reverse order by default."""
    return overrides[np.transpose](self, axes=_spread(axes) if axes else None)


def permute(self, *axes):
    """The axes in this order: PyTorch's name of `transpose`."""
    return overrides[np.transpose](self, axes=_spread(axes))


def view(self, *shape):
    """`reshape`, by PyTorch's name."""
    return overrides[np.reshape](self, _spread(shape))


def flatten(self, order="C"):
    """All elements in one axis, as a copy."""
    return np.copy(np.ravel(self, order))


def numel(self):
    """The number of elements: PyTorch's name of `size`."""
    return self.data.size


def dim(self):
    """The number of axes: PyTorch's name of `ndim`."""
    return self.data.ndim


def double(self):
    """The values as float64."""
    return self.astype(np.float64)


def float_(self):
    """The values as float32, as PyTorch's `float()` means it."""
    return self.astype(np.float32)


def unsqueeze(self, axis):
    """A new axis of size 1 at this place: PyTorch's name of `np.expand_dims`."""
    return overrides[np.expand_dims](self, axis=axis)


def astype(self, dtype, order="K", casting="unsafe", subok=True, copy=True):
    """The values in another dtype."""
    if not np.can_cast(self.dtype, dtype, casting):
        raise TypeError(f"cannot cast from {self.dtype} to {np.dtype(dtype)} by the rule {casting!r}")
    return table["astype"](self, dtype=np.dtype(dtype), copy=copy)


def compress(self, condition, axis=None):
    """The slices along an axis for which the condition is true."""
    return np.compress(condition, self, axis=axis)


def logsumexp(self, axis=None, keepdims=False):
    """`log(sum(exp(x)))` along an axis, without overflow."""
    return table["logsumexp"](self, axis=axis, keepdims=keepdims)


def sort(self, axis=-1, kind=None, order=None, *, stable=None):
    """Sort this tensor in place along an axis, as ndarray's `sort` does; `np.sort(x)` gives a sorted copy."""
    become(self, np.sort(self, axis=axis, kind=kind, stable=stable))


def partition(self, kth, axis=-1, kind="introselect", order=None):
    """Partition this tensor in place along an axis; `np.partition(x, kth)` gives a copy."""
    become(self, np.partition(self, kth, axis=axis, kind=kind))


def fill(self, value):
    """Give every element this value."""
    self[...] = value


def put(self, indices, values, mode="raise"):
    """Replace elements of the flattened tensor, in place."""
    np.put(self, indices, values, mode)


class Flat:
    """The elements of a tensor in one axis: to iterate over, to index, and to assign to."""

    def __init__(self, x: Tensor):
        self._x = x

    def __len__(self):
        return self._x.size

    def __iter__(self):
        return iter(np.ravel(self._x))

    def __getitem__(self, index):
        return np.ravel(self._x)[index]

    def __setitem__(self, index, value):
        places = np.arange(self._x.size)[plain(index)]
        self._x[np.unravel_index(places, self._x.shape)] = value


def tobytes(self, order="C"):
    """The raw bytes of the values."""
    return self.data.tobytes(order)


def __array_namespace__(self, *, api_version=None):
    """`autograd.numpy`, for those who ask what belongs to this array: so xarray takes tensors as arrays."""
    return importlib.import_module(".numpy", __package__)


for _method in (
    __array_namespace__, __copy__, __deepcopy__, __reduce__, clone, __getitem__, __setitem__, put, reshape, transpose,
    permute, view, flatten, unsqueeze, astype, compress, logsumexp, sort, partition, fill, tobytes, numel, dim, double,
    backward, register_hook, retain_grad,
):  # fmt: skip
    _attach(_method.__name__, _method)


class Unboxed(Tensor):
    """What `x._value` is in a rule that is differentiated again: `x` itself, still on the tape.

    With HIPS autograd it is there a box of the next level, which the higher derivative needs; a second `_value` gives
    the array.
    """

    __slots__ = ()


def _value(self):
    if keeping.get() == "rule" and self.node is not None and type(self) is not Unboxed:
        unboxed = object.__new__(Unboxed)
        unboxed.data, unboxed.node, unboxed._grad = self.data, self.node, None
        return unboxed
    return self.data if self.data.ndim else self.data[()]


Tensor.flat = property(Flat, doc="The elements in one axis.")  # type: ignore[attr-defined]
for _name, _getter, _doc in (  # what HIPS autograd's users read off a box
    ("_value", _value, "The value: an array or a number."),
    ("_node", lambda self: self.node, "The node that made it, or the leaf."),
    ("_trace", lambda self: 0, "The level of differentiation; the tape has one."),
):
    setattr(Tensor, _name, property(_getter, doc=_doc))
_attach("float", float_)
