"""Adam: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from optim.optimizer import Optimizer, check_options

__all__ = ["Adam"]


class Adam(Optimizer):
    """`m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g**2;  p -= lr * m' / (sqrt(v') + eps)`.

    The means start at 0 and are freed of that bias: `m' = m / (1 - b1**step)`, `v' = v / (1 - b2**step)`. D. P. Kingma
    and J. Ba, Adam: a method for stochastic optimization, 2015, https://arxiv.org/abs/1412.6980.

    Args:
        params: parameters or groups of them.
        lr: step size; a step changes an element by about this much at most.
        betas: the shares `b1, b2` of the running means that are kept.
        eps: keeps the quotient bounded.
        weight_decay: factor of an L2 penalty: `weight_decay * p` is added to the gradient, before it is scaled.
        amsgrad: divide by the largest `v` so far, not by the present one. S. Reddi et al., On the convergence of Adam
            and beyond, 2018.
        maximize: climb instead of descend.

    Raises:
        ValueError: an option is negative, or a beta is not in [0, 1).

    >>> from autograd import Tensor
    >>> p = Tensor([1.0, -1.0], requires_grad=True)
    >>> optimizer = Adam([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> np.round(p.data, 4).tolist()
    [0.9, -0.9]
    """

    has_step = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        check_options(lr=lr, eps=eps, weight_decay=weight_decay)
        for i, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def moments(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def numbers(self, group: dict[str, Any], step: int) -> tuple[Any, ...]:
        """`p -= lr c / (1 - b1**step) * m / (sqrt(v) + c eps)` with `c = sqrt(1 - b2**step)`: one division less."""
        beta1, beta2 = group["betas"]
        c = math.sqrt(1 - beta2**step)
        return 1 - beta1, beta2, 1 - beta2, c * group["eps"], float(group["lr"]) * c / (1 - beta1**step)

    def update(self, numbers: Any, p: Any, g: Any, work: Any, *moments: Any) -> None:
        share1, beta2, share2, eps, lr = numbers
        m, v, *largest = moments
        t, _ = work
        np.subtract(g, m, out=t)  # m = b1 m + (1 - b1) g
        t *= share1
        m += t
        v *= beta2  # v = b2 v + (1 - b2) g**2
        np.multiply(g, g, out=t)
        t *= share2
        v += t
        if largest:
            v = np.maximum(largest[0], v, out=largest[0])
        np.sqrt(v, out=t)  # p -= lr m / (sqrt(v) + eps)
        t += eps
        np.divide(m, t, out=t)
        t *= lr
        p -= t
