"""Parameter: a tensor that a module learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd import Tensor

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A leaf tensor that belongs to the module which has it as an attribute; `data` keeps its dtype.

    A tensor is shared as it is (detached from the tape it may be on), as PyTorch does; anything else is copied.

    Raises:
        RuntimeError: a gradient is asked for integers or booleans, which have none.

    >>> import numpy as np
    >>> Parameter(np.ones(2, dtype=np.float32))
    Parameter containing:
    Tensor([1., 1.], shape=(2,), dtype=float32, requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike | Tensor, requires_grad: bool = True) -> None:
        if isinstance(data, Tensor):
            self.data, self.node, self._grad = data.data, None, None
            self.requires_grad_(requires_grad)
        else:
            super().__init__(data, requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


def is_parameter(value: Any) -> bool:
    """Whether a module that holds this value learns it. A plain leaf that wants its gradient becomes a Parameter here.

    So it stays one when its gradient is switched off and on again.
    """
    if type(value) is Tensor and value.is_leaf and value.requires_grad:
        value.__class__ = Parameter
    return isinstance(value, Parameter)
