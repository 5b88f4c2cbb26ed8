"""Whether an array is held by nobody else, so that it may be changed in place or taken over without a copy.

CPython counts references. What the count is for an array that nobody else holds depends on the version of Python and on
how the array is reached, so both ways in use are measured here once.
"""

import sys

import numpy as np


class _Holder:
    __slots__ = ("data",)
    data: np.ndarray

    def count(self):
        return sys.getrefcount(self.data)


def _count(array):
    return sys.getrefcount(array)


_holder = _Holder()
_holder.data = np.empty(1)

AS_ATTRIBUTE = _holder.count()  # sys.getrefcount(self.data), for an array that only this attribute holds
AS_ARGUMENT = _count(np.empty(1))  # sys.getrefcount(array), for an argument that only this call holds
