"""What may stand where an array does, as the data of a tensor: a batch, which stands for many arrays at once.

The engine treats it as an array. It asks two things of it: to be left as it is where a number would be made an array,
and to fold a cotangent, that is to add up what a batch of uses sends to an array that is not itself one of a batch.
"""

from typing import Any

import numpy as np


class Foreign:
    """An array-like with NumPy's protocols that is not to be turned into an array."""

    __slots__ = ()

    def fold(self, g: Any, dtype: np.dtype) -> Any:
        """The cotangent `g`, this or a tensor of this, for an argument of that dtype."""
        raise NotImplementedError


def as_data(y: Any, dtype: Any = None) -> Any:
    """What a tensor can hold: an array, or what stands for one.

    Raises:
        TypeError: a masked array, some elements of which are masked.
    """
    if isinstance(y, np.generic):  # what NumPy gives for a result without axes
        return np.asarray(y, dtype)
    if isinstance(y, Foreign):
        return y if dtype is None else y.astype(dtype)  # type: ignore[attr-defined]
    if isinstance(y, np.ndarray) and np.any(getattr(y, "mask", False)):
        raise TypeError(
            "a tensor has no mask, so that of a masked array would be lost: choose what stands for masked elements, "
            "a.filled(0), or leave them out, a.compressed(); np.where(mask, 0, x) masks a tensor"
        )
    return np.asarray(y, dtype)


def fold(g: Any, dtype: np.dtype) -> Any:
    """A cotangent without what batches have added to it, for an argument of that dtype."""
    data = g if isinstance(g, np.ndarray | Foreign) else getattr(g, "data", None)
    return data.fold(g, dtype) if isinstance(data, Foreign) else g
