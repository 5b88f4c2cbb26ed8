"""Batches: the loader that draws them from a dataset, and the function that makes one of samples."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import Tensor, as_tensor, get_default_dtype
from nn.data.dataset import Subset, TensorDataset, as_generator

__all__ = ["DataLoader", "default_collate"]


class DataLoader:
    """Batches of a dataset, as an iterable: each pass over it is one epoch.

    A batch has the structure of a sample, made by `collate_fn` (by default `default_collate`): samples that are tuples
    `(x, y)` give batches `[x, y]` of tensors with one more axis in front. Batches are fresh memory: they may be written
    to, and the dataset stays as it is.

    With `shuffle`, every epoch has a new order, drawn from `generator`: a seed (the loader then has a generator of its
    own), a `numpy.random.Generator`, or None for the one that `autograd.manual_seed` sets. The order is drawn when the
    epoch begins, all at once.

    The last batch is smaller where the length is no multiple of `batch_size`, and missing with `drop_last`.
    `len(loader)` is the number of batches in an epoch. An empty dataset has none.

    Batches of a `TensorDataset`, or of a `Subset` of one, are taken by one indexing of each array, without a loop over
    samples.

    Raises:
        TypeError: the dataset lacks `__len__` or `__getitem__`, or the generator is none.
        ValueError: `batch_size` is not a positive integer, or `shuffle` or `drop_last` no boolean.

    >>> from nn.data import TensorDataset
    >>> dataset = TensorDataset(np.zeros((5, 3), dtype=np.float32), np.arange(5))
    >>> for x, y in DataLoader(dataset, batch_size=2):
    ...     print(x.shape, x.dtype, y.numpy())
    (2, 3) float32 [0 1]
    (2, 3) float32 [2 3]
    (1, 3) float32 [4]
    >>> loader = DataLoader(dataset, batch_size=2, shuffle=True, drop_last=True, generator=0)
    >>> len(loader), len(list(loader))
    (2, 2)
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool | None = None,
        *,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        drop_last: bool = False,
        generator: int | np.random.Generator | None = None,
    ) -> None:
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise TypeError(
                f"DataLoader expects a dataset with a length and indices, got {type(dataset).__name__}; "
                "put what an iterator gives into a list first"
            )
        for name, flag in {"shuffle": shuffle, "drop_last": drop_last}.items():
            if not isinstance(flag, bool | np.bool_) and not (name == "shuffle" and flag is None):
                raise ValueError(f"DataLoader expects True or False as {name}, got {flag!r}")
        self.dataset = dataset
        self.batch_size = _positive(batch_size)
        self.shuffle = bool(shuffle)
        self.collate_fn = default_collate if collate_fn is None else collate_fn
        self.drop_last = bool(drop_last)
        # a seed becomes a generator here and not in each epoch: or all epochs would have the same order
        self.generator = None if generator is None else as_generator(generator)

    def __len__(self) -> int:
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        count = len(self.dataset)
        order = as_generator(self.generator).permutation(count) if self.shuffle else np.arange(count)
        starts = range(0, len(self) * self.batch_size, self.batch_size)
        return (self._fetch(order[start : start + self.batch_size]) for start in starts)

    def _fetch(self, indices: npt.NDArray[np.intp]) -> Any:
        """The batch of the samples with these indices."""
        if self.collate_fn is default_collate:
            dataset, places = _unwrap(self.dataset, indices)
            if getattr(type(dataset), "__getitem__", None) is TensorDataset.__getitem__:
                return list(dataset[places])
        if hasattr(self.dataset, "__getitems__"):
            return self.collate_fn(self.dataset.__getitems__(indices.tolist()))
        return self.collate_fn([self.dataset[i] for i in indices.tolist()])


def _unwrap(dataset: Any, indices: npt.NDArray[np.intp]) -> tuple[Any, npt.NDArray[np.intp]]:
    """The dataset that subsets of subsets refer to in the end, and the indices there."""
    while getattr(type(dataset), "__getitem__", None) is Subset.__getitem__:
        dataset, indices = dataset.dataset, dataset.indices[indices]
    return dataset, indices


def _positive(batch_size: Any) -> int:
    try:
        size = 0 if isinstance(batch_size, bool | np.bool_) else operator.index(batch_size)
    except TypeError:
        size = 0
    if size <= 0:
        raise ValueError(f"DataLoader expects a positive integer as batch_size, got {batch_size!r}")
    return size


def default_collate(samples: Sequence[Any]) -> Any:
    """One batch of a list of samples: what is alike in them is stacked along a new first axis.

    Arrays and tensors of equal shape become one tensor of their dtype; Python's integers become int64, floats the
    default dtype (float32), booleans bool. Tuples and lists become a list of batches, named tuples and dictionaries
    keep their form; strings and bytes stay a list.

    Raises:
        ValueError: there are no samples, or their shapes, lengths or keys differ.
        TypeError: a sample is none of these.

    >>> x, names = default_collate([(np.zeros(3), "a"), (np.ones(3), "b")])
    >>> x.shape, names
    ((2, 3), ['a', 'b'])
    >>> batch = default_collate([{"x": 1.0, "y": 3}, {"x": 0.5, "y": 4}])
    >>> batch["x"].numpy(), batch["y"].numpy()
    (array([1. , 0.5], dtype=float32), array([3, 4]))
    """
    if not samples:
        raise ValueError("default_collate expects at least one sample, got none")
    first = samples[0]
    if isinstance(first, str | bytes):
        return list(samples)
    if isinstance(first, Tensor | np.ndarray | np.generic):
        return _stack(samples)
    if isinstance(first, bool | int | float):
        return as_tensor(np.array(samples, dtype=_number_dtype(samples)))
    if isinstance(first, Mapping):
        if any(sample.keys() != first.keys() for sample in samples):
            raise ValueError(
                f"default_collate expects samples with equal keys, such as {list(first)}; or pass collate_fn"
            )
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple | list):
        if any(len(sample) != len(first) for sample in samples):
            raise ValueError(
                f"default_collate expects samples of equal length, such as {len(first)}; or pass collate_fn"
            )
        columns = [default_collate(column) for column in zip(*samples)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        "default_collate expects samples made of tensors, arrays, numbers, strings, tuples, lists or dictionaries, got "
        f"{type(first).__name__}; pass collate_fn to make batches of them"
    )


def _stack(samples: Sequence[Any]) -> Tensor:
    shapes = {np.shape(sample) for sample in samples}
    if len(shapes) > 1:
        raise ValueError(
            f"default_collate expects samples of equal shape, got {sorted(shapes)}; pad or crop, or pass collate_fn"
        )
    if any(isinstance(sample, Tensor) and sample.requires_grad for sample in samples):
        return np.stack(samples)  # type: ignore[return-value]  # NumPy's functions give tensors for tensors
    arrays = [sample.data if isinstance(sample, Tensor) else np.asarray(sample) for sample in samples]
    return as_tensor(np.stack(arrays))


def _number_dtype(samples: Sequence[Any]) -> npt.DTypeLike:
    if all(isinstance(sample, bool) for sample in samples):
        return np.bool_
    return np.int64 if all(isinstance(sample, int) for sample in samples) else get_default_dtype()
