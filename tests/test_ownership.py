"""Whether an array is held by nobody else: the counts that copies are saved by."""

import sys

import numpy as np

from autograd import Tensor
from autograd.ownership import AS_ARGUMENT, AS_ATTRIBUTE


def count(array):
    return sys.getrefcount(array)


def test_an_argument_that_only_the_call_holds_counts_less_than_one_that_is_held_elsewhere():
    array = np.ones(3)

    alone = count(np.ones(3))
    held = count(array)

    assert alone <= AS_ARGUMENT < held


def test_an_attribute_counts_less_than_one_that_a_view_or_a_name_holds_too():
    x = Tensor(np.ones(3))
    alone = sys.getrefcount(x.data)
    view = x.data[1:]
    viewed = sys.getrefcount(x.data)
    del view
    name = x.data
    named = sys.getrefcount(x.data)

    assert alone <= AS_ATTRIBUTE < min(viewed, named)
    assert name is x.data


def test_a_gradient_that_is_a_fresh_array_or_its_transpose_is_taken_over_without_a_copy():
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    z = np.arange(8.0).reshape(2, 4)

    (x.T @ z).sum().backward()  # d/dx is a transpose of a fresh product

    assert x.grad.data.base is None or x.grad.data.base.nbytes == x.grad.data.nbytes
    np.testing.assert_array_equal(x.grad.data, np.broadcast_to(z.sum(axis=1, keepdims=True), (2, 3)))


def test_a_gradient_that_is_a_view_of_what_another_leaf_received_is_copied():
    a, b = Tensor(np.ones((2, 3)), requires_grad=True), Tensor(np.ones((3, 2)), requires_grad=True)

    ((a + b.T) * np.arange(6.0).reshape(2, 3)).sum().backward()
    a.grad.data += 100.0

    np.testing.assert_array_equal(b.grad.data, np.arange(6.0).reshape(2, 3).T)
