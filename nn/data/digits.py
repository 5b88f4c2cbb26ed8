"""The small real data set that needs no network: 1,797 handwritten digits, which scikit-learn brings with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from autograd._optional import need
from nn.data.images import ImageSplits, prepare_images

__all__ = ["load_digits"]


def load_digits(*, test_size: float = 0.2, seed: int = 0, flat: bool = True, scale: bool = True) -> ImageSplits:
    """The 1,797 digits of scikit-learn, 8 by 8 pixels each, split into images to learn from and images to test with.

    Images have shape (count, 64), or (count, 1, 8, 8) with `flat=False`, and values in [0, 1] of the default dtype
    (float32), or the original 0 to 16 as uint8 with `scale=False`. Labels are int64, 0 to 9.

    Of each digit the share `test_size` is held out, chosen by `seed`: the same arguments give the same split. The
    same people wrote both parts, so that a new writer's digits are harder than the held-out ones.

    Raises:
        ValueError: a part would be empty.
        ImportError: scikit-learn is not installed.

    The source is E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49.

    >>> digits = load_digits()
    >>> digits.train_images.shape, digits.test_images.shape, digits.train_images.dtype
    ((1438, 64), (359, 64), dtype('float32'))
    >>> from nn.data import DataLoader
    >>> images, labels = next(iter(DataLoader(digits.train, batch_size=32, shuffle=True, generator=0)))
    >>> images.shape, labels.shape
    ((32, 64), (32,))
    """
    bunch = need("sklearn.datasets", "data").load_digits()
    images = prepare_images(bunch.images.astype(np.uint8), white=16, flat=flat, scale=scale)
    labels = bunch.target.astype(np.int64)
    held_out = _stratified_choice(labels, test_size, np.random.default_rng(seed))
    if held_out.all() or not held_out.any():
        raise ValueError(f"load_digits expects a test_size between 0 and 1 that leaves no part empty, got {test_size}")
    return ImageSplits(images[~held_out], labels[~held_out], images[held_out], labels[held_out])


def _stratified_choice(
    labels: npt.NDArray[np.int64], share: float, rng: np.random.Generator
) -> npt.NDArray[np.bool_[Any]]:
    """A mask that is true for the given share, to the nearest whole number, of each label's places."""
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == label))
        chosen[places[: max(round(share * len(places)), 0)]] = True
    return chosen
