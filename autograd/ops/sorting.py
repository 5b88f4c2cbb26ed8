"""Sorted, searched and counted: values are picked by a constant index, so their rule is that of picking."""

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..op import defop, implements
from .axes import as_array
from .indexing import along, getitem, put_at, take

# --- Constants: integers and truth values ----------------------------------------------------------------------------

for _function in (
    np.argsort, np.argpartition, np.lexsort, np.searchsorted, np.digitize, np.nonzero, np.flatnonzero, np.argwhere,
    np.isin, np.ix_, np.unravel_index, np.ravel_multi_index,
):  # fmt: skip
    defop(_function)


# --- Values in order -------------------------------------------------------------------------------------------------


@implements(np.sort)
def sort(a, axis=-1, kind=None, order=None, *, stable=None):
    """Sorted along an axis; equal elements keep their order, whatever the `kind`, so that derivatives are settled."""
    if axis is None:
        a, axis = np.ravel(a), 0
    return _picked(a, np.argsort(a, axis=axis, kind="stable", order=order), axis)


@implements(np.partition)
def partition(a, kth, axis=-1, kind="introselect", order=None):
    """The k-th smallest element at place k along an axis, smaller ones before it, larger ones behind."""
    if axis is None:
        a, axis = np.ravel(a), 0
    return _picked(a, np.argpartition(a, kth, axis=axis, kind=kind, order=order), axis)


def _picked(x, places, axis):
    """The elements at places along an axis, each of them once."""
    return getitem(x, index=along(places, normalize_axis_index(axis, x.ndim), x.shape), once=True)


# --- Values without repetition ---------------------------------------------------------------------------------------

found = defop(np.unique)  # served by the composition below; its indices are constants


@implements(np.unique)
def unique(ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **options):
    """The distinct elements in order, each of them the first of its kind."""
    values, index, *others = found(ar, True, return_inverse, return_counts, axis, **options)
    others = [index] * return_index + others
    values = take(ar, index, axis)
    return (values, *others) if others else values


@implements(np.unique_values)
def unique_values(x, /):
    """The distinct elements."""
    return unique(x, equal_nan=False)


@implements(np.union1d)
def union1d(ar1, ar2):
    """The distinct elements of both arrays, in order."""
    return unique(np.concatenate([ar1, ar2], None))


@implements(np.intersect1d)
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    """The distinct elements of the first array that are in the second."""
    first, index1 = unique(ar1, True) if not assume_unique else (np.ravel(ar1), np.arange(np.size(ar1)))
    second, index2 = unique(ar2, True) if not assume_unique else (np.ravel(ar2), np.arange(np.size(ar2)))
    order1, order2 = np.argsort(first), np.argsort(second)
    both1 = order1[np.isin(first, second)[order1]]
    both2 = order2[np.isin(second, first)[order2]]
    values = first[both1]
    return (values, index1[both1], index2[both2]) if return_indices else values


@implements(np.setdiff1d)
def setdiff1d(ar1, ar2, assume_unique=False):
    """The distinct elements of the first array that are not in the second."""
    first = np.ravel(ar1) if assume_unique else unique(ar1)
    return first[np.isin(first, ar2, invert=True)]


@implements(np.setxor1d)
def setxor1d(ar1, ar2, assume_unique=False):
    """The distinct elements that are in one of the arrays only, in order."""
    first, second = (np.ravel(x) if assume_unique else unique(x) for x in (ar1, ar2))
    return np.sort(np.concatenate([first[~np.isin(first, second)], second[~np.isin(second, first)]]))


# --- Counts: constants; sums of weights are linear in the weights -----------------------------------------------------

counted = defop(np.bincount)
in_bins = defop(np.histogram)


@implements(np.bincount)
def bincount(x, /, weights=None, minlength=0):
    """How often each integer occurs, or the sum of the weights of its occurrences."""
    if weights is None:
        return counted(x, minlength=minlength)
    weights = as_array(weights)
    shape = np.shape(counted(x, minlength=minlength))
    if np.shape(x) != weights.shape:
        raise ValueError(f"bincount expects one weight for each element, got {weights.shape} for {np.shape(x)}")
    return put_at(weights, shape=shape, index=(as_array(x),))


@implements(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    """Counts and edges, which are constants; with weights, the sums of the weights in each bin."""
    if weights is None:
        return in_bins(a, bins, range, density)
    a, weights = np.ravel(a), np.ravel(weights)
    edges = np.histogram_bin_edges(a, bins, range)
    inside = np.nonzero((a >= edges[0]) & (a <= edges[-1]))[0]
    places = np.minimum(np.searchsorted(edges, a[inside], "right"), len(edges) - 1) - 1
    sums = put_at(weights[inside], shape=(len(edges) - 1,), index=(places,))
    return sums / np.diff(edges) / np.sum(sums) if density else sums, edges
