"""Hooks: functions that see, and may change, a gradient on its way."""

from collections.abc import Callable
from typing import Any

import numpy as np


class RemovableHandle:
    """What `register_hook` returns: `remove()` takes the hook away; so does leaving a `with` block."""

    def __init__(self, hooks: dict["RemovableHandle", Callable]):
        self._hooks = hooks

    def remove(self) -> None:
        """Take the hook away; doing it twice is harmless."""
        self._hooks.pop(self, None)

    def __enter__(self) -> "RemovableHandle":
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class HookedPlan:
    """A node's plan with hooks before it: a tape without hooks pays nothing for the possibility."""

    undo = None

    def __init__(self, plan: Any, as_tensor: Callable, dtype: np.dtype, hooks: dict | None = None):
        self.op, self.wanted, self.lift, self.spent = plan.op, plan.wanted, plan.lift, plan.spent
        self.hooks: dict[RemovableHandle, Callable] = {} if hooks is None else hooks
        self._plan, self._as_tensor, self._dtype = plan, as_tensor, dtype

    def pull(self, g, kept):
        return self._plan.pull(run_hooks(self.hooks, g, self._as_tensor, self._dtype), kept)

    def careful(self) -> "HookedPlan":
        return HookedPlan(self._plan.careful(), self._as_tensor, self._dtype, self.hooks)


def run_hooks(hooks: dict, g: Any, as_tensor: Callable, dtype: np.dtype) -> Any:
    """The cotangent after all hooks, as an array or a tensor, as it came; hooks see tensors, and gradients.

    Raises:
        RuntimeError: a hook returned another shape.
    """
    arrived = g
    g = as_tensor(g)
    conjugate = dtype.kind == "c"  # a gradient is the conjugate of a cotangent
    for hook in list(hooks.values()):
        result = hook(np.conj(g) if conjugate else g)
        if result is not None:
            result = as_tensor(result)
            if result.shape != g.shape:
                raise RuntimeError(f"a hook changed the shape of a gradient from {g.shape} to {result.shape}")
            g = np.conj(result) if conjugate else result
    return g.data if isinstance(arrived, np.ndarray | np.generic) else g
