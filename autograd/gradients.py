"""How gradients reach tensors: `backward`, hooks that see them on the way, and where they are collected."""

import weakref
from collections.abc import Callable
from sys import getrefcount
from typing import TYPE_CHECKING

import numpy as np

from .hooks import RETAIN, HookedPlan, RemovableHandle, add_hook, run_hooks
from .ownership import AS_ARGUMENT, AS_ATTRIBUTE
from .tape import Leaf, backprop
from .tensor import Tensor, as_tensor, wrap

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def backward(
    self: Tensor, gradient: "ArrayLike | Tensor | None" = None, retain_graph: bool = False, create_graph: bool = False
) -> None:
    """Add to `grad` of every leaf the gradient of this tensor, or of `sum(gradient * this)`.

    Args:
        gradient: the cotangent, of this tensor's shape; may be left out for a single element, where it is 1.
        retain_graph: keep what the tape holds, for another pass.
        create_graph: record the pass itself, for higher derivatives; implies `retain_graph`.

    Raises:
        RuntimeError: nothing here is tracked; not a single element and no gradient given; the graph was released.
        ValueError: a rule returned a cotangent of the wrong shape.

    >>> x = Tensor(3.0, requires_grad=True)
    >>> (x**3).backward(create_graph=True)
    >>> first, x.grad = x.grad, None
    >>> first.backward()
    >>> x.grad
    Tensor(18., shape=(), dtype=float64)
    """
    if self.node is None:
        raise RuntimeError(
            "backward on a tensor that is not on the tape: nothing it was computed from has requires_grad=True, "
            "or it was computed under no_grad()"
        )
    if gradient is None:
        if self.size != 1:
            raise RuntimeError(
                f"backward without a gradient needs a tensor of one element, this one has shape {self.shape}; "
                f"reduce it (x.sum()) or call backward(gradient) with an array of that shape"
            )
        gradient = np.ones_like(self.data)
    gradient = as_tensor(gradient)
    if gradient.shape != self.shape:
        raise RuntimeError(f"backward expects a gradient of shape {self.shape}, got {gradient.shape}")
    g = np.conj(gradient) if self.dtype.kind == "c" else gradient  # `.grad` is the conjugate of the cotangent
    if g.dtype != self.dtype:
        g = g.astype(self.dtype)
    if create_graph:
        leaves = backprop(self.node, g, retain=True, wrap=wrap)
    else:
        leaves = backprop(self.node, g.data, retain=retain_graph)
    del g, gradient
    for leaf in list(leaves):
        _accumulate(leaf, leaves.pop(leaf), create_graph)


def register_hook(self: Tensor, hook: Callable) -> RemovableHandle:
    """Call `hook(grad)` when the gradient of this tensor is known; what it returns, unless None, replaces it.

    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> handle = x.register_hook(lambda grad: grad * 10)
    >>> x.sum().backward()
    >>> x.grad
    Tensor([10., 10.], shape=(2,), dtype=float64)
    >>> handle.remove()
    """
    if self.node is None:
        raise RuntimeError("cannot register a hook on a tensor that does not require a gradient")
    return add_hook(_hooks_of(self), hook)


def _hooks_of(self):
    if not self.is_leaf and not isinstance(self.node.plan, HookedPlan):
        self.node.plan = HookedPlan(self.node.plan, as_tensor, self.dtype)
    return self.node.hooks if self.is_leaf else self.node.plan.hooks


def retain_grad(self: Tensor) -> None:
    """Collect the gradient of this tensor, after all hooks, in `grad` although it is not a leaf."""
    if self.is_leaf:
        if self.node is None:
            raise RuntimeError("cannot retain the gradient of a tensor that does not require one")
        return
    collector = Leaf(weakref.ref(self))

    def collect(grad):
        _accumulate(collector, grad, grad.node is not None, conjugate=False)

    add_hook(_hooks_of(self), collect, RETAIN)


def _accumulate(leaf, g, recorded, conjugate=True):
    """Add a cotangent to the gradient of a leaf, in memory that belongs to this leaf alone."""
    tensor = leaf.tensor()
    if tensor is None:
        return
    shape, dtype = tensor.data.shape, tensor.data.dtype
    if g.shape != shape:
        raise ValueError(f"a gradient of shape {g.shape} arrived at a leaf of shape {shape}: a rule is wrong")
    if leaf.hooks:
        g = run_hooks(leaf.hooks, g, as_tensor, dtype)
    if conjugate and dtype.kind == "c":
        g = np.conj(g)
    total = tensor._grad
    if recorded:
        tensor._grad = wrap(g.data.copy(), g.node) if total is None else total + g
        return
    if isinstance(g, Tensor):
        g = g.data
    if total is None:
        if type(g) is not np.ndarray or getrefcount(g) > AS_ARGUMENT or g.dtype != dtype or not _owns(g):
            g = np.array(g, dtype=dtype)  # its own memory: rules may share arrays
        tensor._grad = wrap(g, None)
    elif total.node is None and getrefcount(total.data) <= AS_ATTRIBUTE and total.data.flags.writeable:
        np.add(total.data, g, out=total.data, casting="same_kind")
    else:  # somebody else sees this array, perhaps the tape
        tensor._grad = wrap(np.asarray(total.data + g, dtype), None)


def _owns(array):
    """Whether an array has its memory for itself, if only as the transpose of one that nobody else holds."""
    base = array.base
    if base is None:
        return array.flags.owndata
    return (
        type(base) is np.ndarray
        and getrefcount(array.base) <= AS_ATTRIBUTE + 1  # here held by `base` as well
        and base.flags.owndata
        and base.nbytes == array.nbytes
        and array.flags.writeable
    )
