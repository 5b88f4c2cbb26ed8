"""Datasets keep arrays as they are, subsets point into them, and random splits are partitions that a seed fixes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Tensor
from nn.data import Dataset, Subset, TensorDataset, random_split


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "u1", "i4", "i8", "?", "c8"])
def test_arrays_keep_their_dtype_and_share_their_memory(dtype):
    array = np.ones((3, 2), dtype=dtype)

    (tensor,) = TensorDataset(array).tensors

    assert tensor.dtype == dtype
    assert np.shares_memory(tensor.data, array)


def test_tensors_are_kept_themselves():
    x = Tensor([[1.0], [2.0]])

    assert TensorDataset(x).tensors[0] is x


def test_lists_of_floats_take_the_default_dtype_and_lists_of_integers_int64():
    floats, integers = TensorDataset([0.5, 1.5], [1, 2]).tensors

    assert floats.dtype == np.float32
    assert integers.dtype == np.int64


def test_an_index_gives_one_row_of_each_array():
    x, y = TensorDataset(np.arange(6).reshape(3, 2), np.array([7, 8, 9]))[-1]

    assert x.numpy().tolist() == [4, 5]
    assert y.item() == 9


def test_a_slice_or_an_array_of_indices_gives_as_many_rows():
    dataset = TensorDataset(np.array([10, 20, 30]))

    assert dataset[1:][0].numpy().tolist() == [20, 30]
    assert dataset[np.array([2, 0, 2])][0].numpy().tolist() == [30, 10, 30]


def test_iteration_over_a_dataset_ends_with_its_last_sample():
    assert [x.item() for (x,) in TensorDataset(np.array([1, 2, 3]))] == [1, 2, 3]


def test_the_gradient_reaches_a_tracked_tensor_through_its_rows():
    table = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)

    (row,) = TensorDataset(table)[1]
    (row * 10.0).sum().backward()

    np.testing.assert_array_equal(table.grad.data, [[0.0, 0.0], [10.0, 10.0]])


@pytest.mark.parametrize(
    ("arrays", "came"),
    [
        ((), "got none"),
        ((np.zeros((3, 2)), np.zeros(4)), r"got shape \(3, 2\) and shape \(4,\)"),
        ((np.zeros(()),), r"got shape \(\)"),
        ((np.zeros(1), np.float32(1)), r"got shape \(1,\) and shape \(\)"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused_with_their_shapes(arrays, came):
    with pytest.raises(ValueError, match=f"equal length .*{came}"):
        TensorDataset(*arrays)


@pytest.mark.parametrize("array", [np.array(["a", "b"]), ["a", "b"], np.array([None, 1])])
def test_what_is_no_number_is_refused(array):
    with pytest.raises(TypeError, match="arrays of numbers, got dtype"):
        TensorDataset(array)


def test_a_dataset_without_getitem_says_what_it_lacks():
    class Unfinished(Dataset):
        pass

    with pytest.raises(NotImplementedError, match=r"Unfinished .*must define __getitem__"):
        Unfinished()[0]


def test_a_subset_has_the_samples_of_its_indices_in_their_order():
    subset = Subset("abcdef", [5, 0, -2, 5])

    assert list(subset) == ["f", "a", "e", "f"]
    assert len(subset) == 4
    assert subset[-1] == "f"


def test_a_subset_of_a_subset_points_into_the_first():
    assert list(Subset(Subset("abcdef", [5, 4, 3]), [2, 0])) == ["d", "f"]


def test_a_slice_of_a_subset_gives_rows_where_the_dataset_does():
    subset = Subset(TensorDataset(np.array([10, 20, 30])), [2, 1])

    assert subset[:2][0].numpy().tolist() == [30, 20]


def test_a_subset_may_be_empty():
    assert list(Subset("abc", [])) == []


@pytest.mark.parametrize("index", [3, -4])
def test_a_subset_refuses_an_index_out_of_range_when_it_is_made(index):
    with pytest.raises(IndexError, match=f"length 3, got {index}"):
        Subset("abc", [0, index])


@pytest.mark.parametrize("indices", [[0.0, 1.0], [True, False, True], 1, [[0], [1]]])
def test_a_subset_refuses_what_are_no_indices(indices):
    with pytest.raises(TypeError, match="sequence of integers"):
        Subset("abc", indices)


@given(lengths=st.lists(st.integers(0, 20), max_size=5), seed=st.integers(0, 2**64))
def test_a_random_split_is_a_partition_with_the_given_lengths(lengths, seed):
    parts = random_split(range(sum(lengths)), lengths, generator=seed)

    assert [len(part) for part in parts] == lengths
    assert sorted(i for part in parts for i in part) == list(range(sum(lengths)))


# What torch.utils.data.random_split (2.13.0) gives.
@pytest.mark.parametrize(
    ("count", "fractions", "lengths"),
    [
        (30, [0.3, 0.3, 0.4], [9, 9, 12]),
        (11, [0.5, 0.5], [6, 5]),
        (10, [0.33, 0.33, 0.34], [4, 3, 3]),
        (7, [1.0], [7]),
        (2, [0.1, 0.9], [1, 1]),
        (0, [0.5, 0.5], [0, 0]),
    ],
)
def test_fractions_are_rounded_down_and_the_rest_is_dealt_out_from_the_first(count, fractions, lengths):
    assert [len(part) for part in random_split(range(count), fractions, generator=0)] == lengths


def test_fractions_may_sum_to_one_up_to_rounding():
    fractions = [0.01, 0.2, 0.68, 0.11]
    assert ((0.01 + 0.2) + 0.68) + 0.11 > 1.0  # as `sum` had it before Python 3.12

    assert sum(len(part) for part in random_split(range(10), fractions, generator=0)) == 10


def test_the_order_of_a_split_is_that_of_the_generator():
    order = np.random.default_rng(5).permutation(10).tolist()

    for generator in (5, np.random.default_rng(5)):
        first, second = random_split(range(10), [4, 6], generator=generator)
        assert list(first) == order[:4]
        assert list(second) == order[4:]


def test_without_a_generator_a_split_follows_manual_seed():
    autograd.manual_seed(3)
    first = [list(part) for part in random_split(range(20), [10, 10])]
    other = [list(part) for part in random_split(range(20), [10, 10])]
    autograd.manual_seed(3)

    assert [list(part) for part in random_split(range(20), [10, 10])] == first
    assert other != first


@pytest.mark.parametrize("lengths", [[3, 3], [], [0.5, 0.2], [2.5, 7.5]])
def test_lengths_that_do_not_add_up_are_refused(lengths):
    with pytest.raises(ValueError, match="the dataset's length 10"):
        random_split(range(10), lengths)


def test_negative_lengths_are_refused():
    with pytest.raises(ValueError, match="not negative"):
        random_split(range(10), [12, -2])


@pytest.mark.parametrize("generator", [True, 1.5, "seed", np.random.RandomState(0)])
def test_what_is_no_generator_is_refused(generator):
    with pytest.raises(TypeError, match=r"a seed, a numpy\.random\.Generator or None"):
        random_split(range(10), [5, 5], generator=generator)
