"""Maxima and sums over the last axis, several times as fast as NumPy's reductions, which begin anew in each row."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


def max_of_rows(x: Any) -> Any:
    """The maximum over the last axis, which stays as an axis of length 1; -inf where it is empty."""
    n = x.shape[-1]
    if x.ndim == 1 or n > 32 or x.size == 0:
        return np.maximum.reduce(x, axis=-1, keepdims=True, initial=-np.inf)
    columns = x.reshape(-1, n).T.copy()  # short rows: column by column, all rows at once
    return np.maximum.reduce(columns, axis=0).reshape(*x.shape[:-1], 1)


def sum_of_rows(x: Any) -> Any:
    """The sum over the last axis, which stays as an axis of length 1: by a product with ones. Of arrays or tensors."""
    n = x.shape[-1]
    if x.ndim == 1 or x.size == 0 or x.dtype.char not in "fd":
        return np.add.reduce(x, axis=-1, keepdims=True)
    return (x.reshape(-1, n) @ constant((n, 1), x.dtype, 1)).reshape(*x.shape[:-1], 1)


@functools.lru_cache(maxsize=32)
def constant(shape: tuple[int, ...], dtype: DTypeLike, value: float) -> Any:
    """A read-only array of one value, made once."""
    array = np.full(shape, value, dtype)
    array.flags.writeable = False
    return array
