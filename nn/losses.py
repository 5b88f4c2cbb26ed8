"""Losses as modules; the mathematics is in `nn.functional`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd import Tensor, as_tensor
from nn import functional as F
from nn.functional.losses import reduction_of
from nn.module import Module

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["CrossEntropyLoss", "MSELoss"]


class CrossEntropyLoss(Module):
    """Minus the logarithm of the probability that the softmax of the logits gives to the right class.

    Takes logits of shape (batch, classes), (classes,) or (batch, classes, d1, ...), and class indices or probabilities.
    Arguments, shapes and errors are those of `nn.functional.cross_entropy`; the weight is a buffer.

    >>> import numpy as np
    >>> logits = Tensor(np.log([[1.0, 3.0], [3.0, 1.0]]))
    >>> round(CrossEntropyLoss()(logits, [1, 0]).item(), 4)  # -log(3 / 4)
    0.2877
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | ArrayLike | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.register_buffer("weight", None if weight is None else as_tensor(weight))
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        self.reduction = reduction_of(reduction, size_average, reduce)

    def forward(self, input: Tensor, target: Tensor | ArrayLike) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class MSELoss(Module):
    """The squares of the differences between input and target, which have the same shape; by default their mean.

    Raises:
        ShapeError (a ValueError and a RuntimeError): the shapes differ.
        ValueError: the reduction is unknown.

    >>> MSELoss()(Tensor([1.0, 2.0]), [1.0, 4.0]).item()
    2.0
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction_of(reduction, size_average, reduce)

    def forward(self, input: Tensor, target: Tensor | ArrayLike) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)
