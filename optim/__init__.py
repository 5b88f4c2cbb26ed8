"""Optimizers, with PyTorch's names and numbers; their state lives in flat buffers.

>>> from autograd import Tensor
>>> p = Tensor([3.0], requires_grad=True)
>>> optimizer = Adam([p], lr=0.1)
>>> for _ in range(200):
...     optimizer.zero_grad()
...     ((p - 2) ** 2).sum().backward()
...     optimizer.step()
>>> round(p.item(), 3)
2.0
"""

from optim.adam import Adam
from optim.optimizer import Optimizer
from optim.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer"]
