"""Function: an op of one's own as a class with a forward and a backward, as PyTorch's users write it."""

from typing import Any, NamedTuple

import numpy as np

from .modes import no_grad
from .plan import Plan, PseudoOp, conform_cotangent
from .tape import Node, recording
from .tensor import Tensor, as_tensor, wrap


class Context:
    """What `forward` leaves for `backward`: any attribute, and the tensors given to `save_for_backward`.

    Attributes:
        needs_input_grad: for each input of `forward`, whether its gradient is wanted.
        saved_tensors: what `save_for_backward` was given.
    """

    def __init__(self, needs_input_grad):
        self.needs_input_grad = needs_input_grad
        self._saved = ()
        self._constants = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs, outputs or other tensors for `backward`; inputs and outputs stay differentiable there."""
        self._saved = tensors

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Say that these outputs have no gradient."""
        self._constants = outputs

    @property
    def saved_tensors(self) -> tuple:
        return self._saved


class Function:
    """An operation with its own derivative; `apply` calls it.

    `forward(ctx, *args)` computes with tensors, off the tape, and returns a tensor or a tuple of them.
    `backward(ctx, *gs)` receives a gradient per output and returns one per input of `forward`, None for inputs without.
    Written with tensor operations, it can be differentiated again.

    `defop` is shorter where the derivative of each argument is one expression.

    Raises:
        RuntimeError: `backward` returned the wrong number of gradients.
        ValueError: a gradient has the wrong shape.

    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x * x
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> Cube.apply(x).sum().backward()
    >>> x.grad
    Tensor([ 3., 12.], shape=(2,), dtype=float64)
    """

    @staticmethod
    def forward(ctx: Context, *args: Any, **kwargs: Any) -> Any:
        """Compute the result."""
        raise NotImplementedError("a Function needs a static method forward(ctx, *args)")

    @staticmethod
    def backward(ctx: Context, *gs: Any) -> Any:
        """Compute the gradients of the inputs."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *gs)")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the operation, on the tape."""
        for name, x in kwargs.items():
            if isinstance(x, Tensor) and x.node is not None and recording.get():
                raise TypeError(f"{cls.__name__}.apply gives no gradient to {name}=; pass it by position")
        tracked = [isinstance(x, Tensor) and x.node is not None for x in args]
        wanted = tuple(i for i, is_tracked in enumerate(tracked) if is_tracked) if recording.get() else ()
        ctx = Context(tuple(i in wanted for i in range(len(args))))
        with no_grad():
            result = cls.forward(ctx, *args, **kwargs)
        several = isinstance(result, tuple)
        outputs = tuple(as_tensor(y) for y in (result if several else (result,)))
        if not wanted:
            return outputs if several else outputs[0]
        tensors = result if several else (result,)
        saved = [_where(x, args, tensors, several) for x in ctx._saved]
        node = Node()
        node.adopt(tuple(args[i].node for i in wanted))
        node.plan = _plan(cls, args, wanted, outputs, several)
        node.kept = (cls, ctx, *saved)
        ctx._saved = ()
        made = [
            wrap(y.data, None if y.dtype.kind not in "fc" or any(t is c for c in ctx._constants) else part)
            for t, y, part in zip(tensors, outputs, node.items(len(outputs)) if several else [node], strict=True)
        ]
        ctx._constants = ()
        return tuple(made) if several else made[0]


def _where(x, args, results, several):
    """What to keep for a saved value: a saved output is kept as an array with its place, or it would keep itself."""
    for i, y in enumerate(results):
        if x is y and not any(x is a for a in args):
            return _Output(x.data, i, len(results) if several else 0)
    return wrap(x.data, x.node) if isinstance(x, Tensor) else x  # as it is now, whatever is assigned to it later


class _Output(NamedTuple):
    data: np.ndarray
    place: int
    total: int  # of outputs; 0 for one that is not in a tuple


def _lift(node, wrap):
    """The saved outputs as tensors that come from the node."""

    def lifted(x):
        if not isinstance(x, _Output):
            return x
        return wrap(x.data, node if not x.total else node.items(x.total)[x.place])

    return tuple(map(lifted, node.kept))


def _plan(cls, args, wanted, outputs, several):
    likes = [(args[i].shape, args[i].dtype) for i in wanted]
    zeros = [(y.shape, y.dtype) for y in outputs]
    count = len(args)

    op = PseudoOp(cls.__name__)

    def pull(g, kept):
        cls, ctx, *saved = kept
        gs = list(g) if several else [g]
        recorded = any(isinstance(part, Tensor) for part in gs)
        gs = [
            wrap(np.zeros(*like), None) if part is None else as_tensor(part)
            for part, like in zip(gs, zeros, strict=True)
        ]
        ctx._saved = tuple(as_tensor(x.data) if isinstance(x, _Output) else x for x in saved)
        try:
            results = cls.backward(ctx, *gs)
        finally:
            ctx._saved = ()
        results = results if isinstance(results, tuple) else (results,)
        if len(results) < count or any(x is not None for x in results[count:]):
            raise RuntimeError(
                f"{cls.__name__}.backward returned {len(results)} gradient(s) for the {count} input(s) of forward; "
                f"it returns one per input, None for those without"
            )
        gxs = []
        for i, (shape, dtype) in zip(wanted, likes, strict=True):
            gx = results[i] if results[i] is None else as_tensor(results[i])
            if gx is not None and gx.shape != shape:
                raise ValueError(
                    f"{cls.__name__}.backward returned a gradient of shape {gx.shape} for input {i} of shape {shape}"
                )
            gx = conform_cotangent(gx, shape, dtype, op)
            gxs.append(gx if gx is None or recorded else gx.data)
        return tuple(gxs) if len(gxs) > 1 else gxs[0]

    return Plan(op, wanted, pull, _lift)
