"""How parameters start: random values whose scale keeps signals and gradients at one size through the layers.

Every function writes into the tensor it is given, off the tape, and returns it. Random ones take a `generator`, a
`numpy.random.Generator`; without one they draw from the generator that `autograd.manual_seed` sets.

>>> import autograd
>>> import nn
>>> _ = autograd.manual_seed(0)
>>> w = nn.Parameter(np.zeros((100, 50)))
>>> round(float(nn.init.xavier_uniform_(w).data.max()), 2), (6 / 150) ** 0.5
(0.2, 0.2)
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Tensor, default_generator, no_grad

__all__ = [
    "calculate_gain",
    "constant_",
    "he_normal_",
    "he_uniform_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: np.random.Generator | None = None) -> Tensor:
    """Values uniform between `a` and `b`."""
    return _assign(tensor, _generator(generator).uniform(a, b, tensor.shape))


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: np.random.Generator | None = None
) -> Tensor:
    """Normal values of that mean and standard deviation."""
    return _assign(tensor, _generator(generator).normal(mean, std, tensor.shape))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """The same value everywhere."""
    return _assign(tensor, val)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return _assign(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return _assign(tensor, 1.0)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: np.random.Generator | None = None) -> Tensor:
    """Uniform values of variance `gain**2 * 2 / (fan_in + fan_out)`: for activations that are linear near 0, like tanh.

    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.

    Raises:
        ValueError: the tensor has fewer than two axes.
    """
    fan_in, fan_out = fans(tensor)
    bound = gain * math.sqrt(6 / max(fan_in + fan_out, 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: np.random.Generator | None = None) -> Tensor:
    """Normal values of variance `gain**2 * 2 / (fan_in + fan_out)`: for activations that are linear near 0, like tanh.

    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.

    Raises:
        ValueError: the tensor has fewer than two axes.
    """
    fan_in, fan_out = fans(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(fan_in + fan_out, 1)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Uniform values of variance `gain**2 / fan`: for ReLU and its relatives, which pass half of what comes.

    K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers, 2015, https://arxiv.org/abs/1502.01852.

    Args:
        tensor: a weight of shape (out, in, ...).
        a: slope of the leaky ReLU for negative inputs.
        mode: "fan_in" keeps the size of signals, "fan_out" that of gradients.
        nonlinearity: what follows the layer, as in `calculate_gain`.
        generator: where the values come from.

    Raises:
        ValueError: the tensor has fewer than two axes, or the mode or nonlinearity is unknown.
    """
    bound = math.sqrt(3.0) * _he_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Normal values of variance `gain**2 / fan`; arguments, errors and source as for `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _he_std(tensor, a, mode, nonlinearity), generator)


# Kaiming is the first name of the author; many know his method by the other one, which PyTorch lacks.
he_uniform_ = kaiming_uniform_
he_normal_ = kaiming_normal_


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much a layer's weights are enlarged to make up for the activation that follows, as PyTorch has it.

    Args:
        nonlinearity: "linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu" or the name of a convolution.
        param: slope of the leaky ReLU for negative inputs, 0.01 by default.

    Raises:
        ValueError: the nonlinearity is unknown, or the slope is no number.

    >>> calculate_gain("relu") ** 2
    2.0000000000000004
    """
    if nonlinearity == "leaky_relu":
        if param is not None and (isinstance(param, bool) or not isinstance(param, int | float)):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(
            f"Unsupported nonlinearity {nonlinearity}; expected one of {', '.join([*_GAINS, 'leaky_relu'])}"
        )
    return _GAINS[nonlinearity]


_GAINS = {
    "linear": 1,
    **{f"conv{transpose}{n}d": 1 for transpose in ("", "_transpose") for n in (1, 2, 3)},
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs and outputs a unit has, for a weight of shape (out, in, *kernel).

    Raises:
        ValueError: the tensor has fewer than two axes.
    """
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions; "
            f"this one has shape {tensor.shape}"
        )
    fan_out, fan_in, *kernel = tensor.shape
    return fan_in * math.prod(kernel), fan_out * math.prod(kernel)


Initializer = str | Callable[..., Any] | None


def initialize(
    weight: Tensor, bias: Tensor | None, how: Initializer, generator: np.random.Generator | None = None
) -> None:
    """Set the weight and bias of a layer: as PyTorch does with None, else by name or function, with a bias of zeros.

    Raises:
        ValueError: the name is unknown.
    """
    if how is None:  # uniform within 1 / sqrt(fan_in), both of them
        kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
        if bias is not None:
            bound = 1 / math.sqrt(max(fans(weight)[0], 1))
            uniform_(bias, -bound, bound, generator)
        return
    if isinstance(how, str):
        if how not in _NAMED:
            raise ValueError(f"init expects one of {', '.join(_NAMED)}, or a function of the weight; got {how!r}")
        _NAMED[how](weight, generator=generator)
    else:
        how(weight)
    if bias is not None:
        zeros_(bias)


_NAMED: dict[str, Callable[..., Tensor]] = {
    "he": kaiming_normal_,
    "he_normal": kaiming_normal_,
    "he_uniform": kaiming_uniform_,
    "xavier": xavier_uniform_,
    "xavier_normal": xavier_normal_,
    "xavier_uniform": xavier_uniform_,
}


def _he_std(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    gain = calculate_gain(nonlinearity, a)
    fan = fans(tensor)[mode == "fan_out"]
    return gain / math.sqrt(max(fan, 1))


def _assign(tensor, values):
    if tensor.size == 0:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    with no_grad():
        tensor[...] = values
    return tensor


def _generator(generator):
    if generator is None:
        return default_generator()
    if not isinstance(generator, np.random.Generator):
        raise TypeError(f"expected a numpy.random.Generator as generator, got {type(generator).__name__}")
    return generator
