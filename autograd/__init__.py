"""Wengert: reverse-mode automatic differentiation for NumPy.

>>> import numpy as np
>>> from autograd import Tensor
>>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> np.sum(np.exp(x) * x).backward()
>>> bool(np.allclose(x.grad.data, np.exp(x.data) * (1 + x.data)))
True
"""

from . import calls, methods, ops  # noqa: F401 (importing them attaches the methods and declares the ops)
from .dtypes import get_default_dtype, set_default_dtype
from .function import Function
from .modes import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .op import defop, implements
from .ops.reductions import logsumexp
from .random import default_generator, get_rng_state, manual_seed, set_rng_state
from .tensor import Tensor, as_tensor

__version__ = "0.1.0"

__all__ = [
    "Function",
    "Tensor",
    "as_tensor",
    "default_generator",
    "defop",
    "enable_grad",
    "get_default_dtype",
    "get_rng_state",
    "implements",
    "is_grad_enabled",
    "logsumexp",
    "manual_seed",
    "no_grad",
    "set_default_dtype",
    "set_grad_enabled",
    "set_rng_state",
]
