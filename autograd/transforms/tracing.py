"""What every transform does first: run a function on fresh inputs, and find the part of the tape that is its own.

There are no levels. A transform gives the function inputs of its own, `start` nodes, and the nodes that depend on them
are its part of the tape: the pass back over them stops at the starts. A start whose value came from outside is joined
to where it came from after the function has run, so that for the world outside the whole is an ordinary part of its
tape. Two transforms, one in the other, cannot take each other's derivatives: they have different starts.

The pass back is recorded if somebody outside can want it: if a start was joined, or a node has a parent outside.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..foreign import as_data
from ..hooks import HookedPlan, run_hooks
from ..ownership import AS_ARGUMENT
from ..tape import Node, backprop, gather, recording
from ..tensor import Tensor, as_tensor, has_tensor, keeping, wrap
from ..tree import LEAVES, paths_of, take_apart
from .arguments import name_of
from .starts import JOINED, OVER, START, between, start

_walked: ContextVar[tuple[set, ...]] = ContextVar("walked", default=())
"""For each transform whose function runs: nodes older than what is to come, where the walks inside it came out."""


def is_tracing() -> bool:
    """Whether a function runs to be differentiated by a transform."""
    return bool(_walked.get())


@contextmanager
def tracing() -> Iterator[None]:
    """A block that runs a function to differentiate it by other means."""
    token = _walked.set((*_walked.get(), set()))
    try:
        yield
    finally:
        _walked.reset(token)


def aside(fun: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
    """`fun(*args, **kwargs)`, which is no part of what is being differentiated."""
    if not _walked.get():
        return fun(*args, **kwargs)
    token, token_keeping = _walked.set(()), keeping.set(False)
    try:
        return fun(*args, **kwargs)
    finally:
        _walked.reset(token)
        keeping.reset(token_keeping)


LEAVES.add(Tensor)
SINGLE = Tensor, float
ARRAYS = np.ndarray, Tensor
NUMBERS = np.ndarray, np.generic, float, complex, int


class Trace:
    """A function that has run on fresh inputs.

    Attributes:
        leaves: the arrays, numbers and tensors that it was given, in order, constants among them.
        starts: the fresh input for each, None for constants.
        rebuild: puts values for all leaves into the form of the input.
        outputs: what the function returned, taken apart; `rebuild_output` puts it together again.
        x, y: the input and what the function returned, in their forms.
        linked: whether somebody outside can want what is made here.
        ends: nodes outside that nodes in here depend on, in an order that is the same for the same steps.
    """

    __slots__ = (
        "_inner", "_order", "_root", "aux", "ends", "leaves", "linked", "name", "outputs", "rebuild", "rebuild_output",
        "starts", "x", "y",
    )  # fmt: skip

    rebuild: Callable[[Any], Any]
    rebuild_output: Callable[[Any], Any]
    _root: Any
    outputs: list[Any]
    leaves: list[Any]

    def __init__(self, fun: Callable, x: Any, aux: bool = False, keep: bool | str = True):
        self.name = name_of(fun)
        self.x = x
        outside = recording.get()
        if type(x) is np.ndarray or isinstance(x, SINGLE):
            x = _floating(x)
            self.leaves, self.rebuild = [x], first
            outer = [x.node if isinstance(x, Tensor) else None]
            given = self._fresh(0)
            self.starts = [given.node]
        else:
            leaves, self.rebuild = take_apart(x)
            self.leaves = list(map(_floating, leaves))
            outer = [leaf.node if isinstance(leaf, Tensor) else None for leaf in self.leaves]
            inputs = list(map(self._fresh, range(len(self.leaves))))
            self.starts = [None if t is None else t.node for t in inputs]
            if len(leaves) == 1 and leaves[0] is x and inputs[0] is None:
                raise TypeError(
                    f"{self.name} is differentiated by a number, an array, a tensor, or a container of them; got "
                    f"{x!r:.40} of type {type(x).__name__}"
                )
            given = self.rebuild([leaf if t is None else t for leaf, t in zip(self.leaves, inputs, strict=True)])
        token, token_walked = recording.set(True), _walked.set((*_walked.get(), set()))
        token_keeping = keeping.set(keep)
        try:
            y = fun(given)
        finally:
            recording.reset(token)
            _walked.reset(token_walked)
            keeping.reset(token_keeping)
        self.aux = None
        if aux:
            y, self.aux = _pair(y, self.name)
        if isinstance(y, np.ndarray) and y.dtype.hasobject:
            y = _joined(y, self.name)
        self.y = y
        if isinstance(y, Tensor):
            self.outputs, self.rebuild_output = [y], first
        else:
            self.outputs, self.rebuild_output = take_apart(y)
        self._find(outer, outside)

    def _fresh(self, i):
        """A fresh input with the value of a leaf; None for what is no number, which is passed on as it is."""
        leaf = self.leaves[i]
        if type(leaf) is np.ndarray:
            data = leaf
        elif isinstance(leaf, Tensor):
            data = leaf.data
        elif isinstance(leaf, NUMBERS):
            if type(leaf) is not np.ndarray and (isinstance(leaf, np.matrix) or hasattr(leaf, "mask")):
                raise TypeError(
                    f"{self.name} is differentiated in plain arrays, got {type(leaf).__name__}, to which operators do "
                    f"something else; give x.filled(...) for a masked array, np.asarray(x) for a matrix"
                )
            data = np.asarray(leaf)
        else:
            return None
        if data.dtype.kind not in "fc":
            path = paths_of(self.x)[i]
            place = f" at {path}" if path else ""
            what = f"{leaf!r}" if data.ndim == 0 else f"an array of {data.dtype}"
            raise TypeError(
                f"{self.name} is differentiated in floating point or complex numbers, got {what}{place}; write 3.0 for "
                f"3, use x.astype(float), or pass what is not to be differentiated as another argument"
            )
        return start(data)

    def _find(self, outer, outside):
        """The nodes between the starts and the outputs; those with a parent elsewhere show that somebody is outside."""
        starts = {node for node in self.starts if node is not None}
        walked = _walked.get()
        known = set().union(*walked) if walked else ()
        roots = [y.node for y in self.outputs if isinstance(y, Tensor) and y.node is not None]
        self._root = roots[0] if len(roots) == 1 else None
        self._order, inner, self.ends, alive = between(starts, roots, known)
        self._inner = [isinstance(y, Tensor) and y.node in inner for y in self.outputs]
        is_outside = alive or outer.count(None) < len(outer)
        if self.aux is not None and not is_outside:
            roots = [y.node for y in take_apart(self.aux)[0] if isinstance(y, Tensor) and y.node is not None]
            *_, is_outside = between(starts, roots, known)
        self.linked = outside and is_outside
        for node, parent in zip(self.starts, outer, strict=True):
            if node is not None:
                if self.linked and parent is not None:
                    node.parent, node.kept = parent, JOINED
                else:
                    node.kept = OVER
        if self.linked and walked:
            walked[-1].update(node for node in [*self.ends, *outer] if type(node) is Node)

    @property
    def depends(self) -> list[bool]:
        """For each output, whether it depends on the inputs."""
        return self._inner

    @property
    def nodes(self) -> list:
        """The nodes between the starts and the outputs, outputs first."""
        return self._order

    def value(self) -> Any:
        """What the function returned: for the outermost transform arrays, within another one tensors."""
        return self.rebuild_output(list(map(self.shown, self.outputs)))

    def auxiliary(self) -> Any:
        """The second result of a function that returns a pair."""
        leaves, rebuild = take_apart(self.aux)
        return rebuild(list(map(self.shown, leaves)))

    def shown(self, y: Any) -> Any:
        """A value as those outside see it."""
        if not isinstance(y, Tensor) or (self.linked and y.node is not None):
            return y
        if any(isinstance(leaf, Tensor) for leaf in self.leaves) or type(y.data) is not np.ndarray:
            return wrap(y.data, None)
        return y.data if y.data.ndim else y.data[()]

    def pull(self, gs: list, retain: bool = True, others: list | tuple = ()) -> list:
        """The cotangents of the leaves for those of the outputs: arrays or tensors, None where nothing flows.

        Without `retain`, the tape is released, unless somebody outside can want it. Those of `others`, among the
        `ends`, come behind them.
        """
        pairs = [(g, y.node) for g, y, is_inner in zip(gs, self.outputs, self._inner, strict=True) if is_inner]
        if not pairs:
            return [None] * (len(self.leaves) + len(others))
        recorded = recording.get() and (self.linked or any(_is_tracked(g) for g, _ in pairs))
        lift = None
        if recorded:
            lift = wrap if self.linked else _wrap_constant
            pairs = [(as_tensor(g), node) for g, node in pairs]
        else:
            pairs = [(g.data if isinstance(g, Tensor) else g, node) for g, node in pairs]
        if self._root is not None:
            ((g, root),) = pairs
            order = self._order
        else:
            root = gather([node for _, node in pairs])
            g = tuple(g for g, _ in pairs)
            order = [root, *self._order]
        found = backprop(root, g, retain or recorded or self.linked, lift, order)
        return [_hooked(found.pop(node, None), node) for node in [*self.starts, *others]]

    def gradients(self, gs: list, retain: bool = True) -> Any:
        """The same in the form of the input: of its types, shapes and dtypes, zeros where nothing flows."""
        pulled = self.pull(gs, retain)
        pulled.reverse()
        return self.rebuild([like(pulled.pop(), x, node is None) for x, node in zip(self.leaves, self.starts)])

    def ones(self) -> list:
        """A cotangent of 1 for each element of each output."""
        return [one(y.data) if isinstance(y, Tensor) else None for y in self.outputs]

    def warn_if_constant(self) -> None:
        """Say so if the function gave numbers that cannot depend on its inputs."""
        if not any(isinstance(y, Tensor) for y in self.outputs):
            warnings.warn(
                f"{self.name} returned a number, not a tensor: it does not depend on its input, or left the tape by "
                f"x.item() or the like; its derivative is 0",
                stacklevel=4,
            )


def first(values: Any) -> Any:
    """The only one."""
    return values[0]


def one(y: Any) -> Any:
    """A cotangent of 1 for each element of an array."""
    return np.array(1, y.dtype.type) if y.shape == () else np.ones(y.shape, y.dtype.type)


def _joined(y, name):
    """What plain NumPy made of several tensors, as one."""
    if not has_tensor(y.flat):
        raise TypeError(
            f"{name} returned an array of objects that are no tensors: a derivative may have been lost in it"
        )
    return as_tensor(y)


def _pair(y, name):
    if not isinstance(y, tuple | list) or len(y) != 2:
        raise TypeError(f"{name} is expected to return a pair: what to differentiate, and what to pass on")
    return y


def _wrap_constant(data, node):
    """For a pass that is recorded for the sake of the cotangent alone: what was kept are constants."""
    return wrap(data, None)


def _floating(x):
    """An array of integers as one of floating point numbers; single integers are refused."""
    if isinstance(x, ARRAYS) and x.dtype.kind in "iu" and x.ndim:
        return x.astype(float)
    return x


def _is_tracked(g):
    return isinstance(g, Tensor) and g.node is not None


def _hooked(g, node):
    """The cotangent after the hooks that the function put on its input."""
    if g is None or type(node) is not Node or type(node.plan) is not HookedPlan or node.op is not START.op:
        return g
    return run_hooks(node.plan.hooks, g, as_tensor, g.dtype)


def like(g: Any, leaf: Any, constant: bool = False) -> Any:
    """A cotangent as those outside see it: a tensor if it is tracked, else what the leaf is; constants as they are.

    An array is one that nobody else holds, and may be written to.
    """
    if constant or (isinstance(g, Tensor) and g.node is not None):
        return leaf if constant else g
    if g is None:
        g = np.zeros_like(leaf.data if isinstance(leaf, Tensor) else leaf)
    elif isinstance(g, Tensor):
        g = np.array(g.data) if type(g.data) is np.ndarray else g.data
    elif type(g) is np.ndarray and (sys.getrefcount(g) > AS_ARGUMENT or g.base is not None or not g.flags.writeable):
        g = np.array(g)
    if isinstance(leaf, Tensor) or not isinstance(g, NUMBERS):
        return wrap(as_data(g), None)
    return np.asarray(g) if isinstance(leaf, np.ndarray) else np.asarray(g)[()]
