"""The dtype of what is made without one: of a layer's parameters, of what loaders read."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_default: np.dtype = np.dtype(np.float32)


def get_default_dtype() -> np.dtype:
    """The dtype of new parameters and loaded data: float32 unless set otherwise.

    >>> get_default_dtype()
    dtype('float32')
    """
    return _default


def set_default_dtype(dtype: "DTypeLike") -> None:
    """Let layers make their parameters, and loaders their data, in this floating point dtype.

    A `Tensor` still takes NumPy's dtype for what it is given.

    Raises:
        TypeError: not a floating point dtype.
    """
    global _default
    wanted = np.dtype(dtype)
    if wanted.kind != "f":
        raise TypeError(f"the default dtype must be a floating point one, such as np.float64; got {wanted}")
    _default = wanted
