"""What is differentiable nowhere: roundings, comparisons, logic, bits, and questions about arrays, all off the tape."""

import numpy as np

from ..op import defop, implements
from .indexing import refuse_out

COMPARISONS = (
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.isclose, np.allclose, np.array_equal, np.array_equiv,
)  # fmt: skip
LOGIC = (
    np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.isnan, np.isinf, np.isfinite, np.signbit, np.iscomplex, np.isreal,
)  # fmt: skip
ROUNDINGS = (np.floor, np.ceil, np.trunc, np.rint, np.nextafter, np.spacing)
INTEGERS = (
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.bitwise_count,
    np.gcd, np.lcm, np.packbits, np.unpackbits,
)  # fmt: skip
LIKE = (np.zeros_like, np.ones_like, np.full_like, np.empty_like)
QUESTIONS = (
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.min_scalar_type,
    np.iscomplexobj, np.isrealobj, np.may_share_memory, np.shares_memory,
    np.array_repr, np.array_str, np.array2string,
)  # fmt: skip

for function in (*COMPARISONS, *LOGIC, *ROUNDINGS, *INTEGERS, *LIKE, *QUESTIONS):
    defop(function)


def without_out(function):
    """A constant function that would write into its `out`, which may be what the tape keeps."""
    op = defop(function)

    @implements(function)
    def constant(*args, out=None, **options):
        refuse_out(function.__name__, out)
        return op(*args, **options)


for rounding_or_question in (np.round, np.around, np.fix, np.isneginf, np.isposinf):
    without_out(rounding_or_question)
