"""Assignment into tensors: differentiable, and never a change of what the tape kept."""

import numpy as np
import pytest

from autograd import Tensor, as_tensor, no_grad
from autograd.op import table
from tests.forms import assert_like_numpy

X = np.random.default_rng(1).permutation(12).reshape(3, 4) - 5.3
ROW = np.array([1.5, -2.5, 3.5, 4.5])
MASK = X > 0


def assigned(index):
    """The form `x[index] = v`, which works on a copy of its first argument."""

    def form(x, v):
        y = np.copy(x)
        y[index] = v
        return y

    return form


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        (1, (4,)),
        (1, ()),
        (1, (1,)),
        (1, (1, 4)),
        (-1, (1, 1, 1)),
        ((1, 2), ()),
        (slice(None), (3, 4)),
        (slice(None), (4,)),
        (slice(None, None, -2), (2, 1)),
        ((..., 0), (3,)),
        ((None, 1), (1, 4)),
        (..., ()),
        ((), (3, 1)),
        ([0, 2], (2, 4)),
        ([0, 2], (4,)),
        ([0, 0], (2, 4)),
        ([0, 2, 0], (3, 1)),
        ([0, 0], (1, 2, 4)),
        (([0, 0, 1], [1, 1, 0]), (3,)),
        (([[0, 0], [0, 1]], [[1, 1], [1, 0]]), (2, 2)),
        (([[0, 0], [0, 1]], [[1, 1], [1, 0]]), (2, 1)),
        ((slice(None), [1, 1, -3]), (3, 3)),
        ((slice(None), [1, 1]), (1, 2)),
        (MASK, ()),
        (MASK, (int(MASK.sum()),)),
        (MASK, (1,)),
        (MASK[:, 0], (4,)),
        ((slice(None), MASK[0]), (3, 1)),
        (True, (3, 4)),
        (False, ()),
        ([], (0, 4)),
        (np.array([0, 0], np.uint8), ()),
    ],
    ids=repr,
)
def test_assignment_is_numpys_and_differentiable(index, shape):
    v = np.random.default_rng(2).normal(size=shape)

    assert_like_numpy(assigned(index), X, v)


def test_assignment_into_0d_and_empty_tensors():
    assert_like_numpy(assigned(()), np.array(1.5), np.array(2.5))
    assert_like_numpy(assigned(...), np.array(1.5), np.array([2.5]))
    assert_like_numpy(assigned(slice(0)), np.zeros((0, 3)), np.ones(3))


def test_of_values_for_the_same_element_the_last_one_counts():
    x, v = Tensor(np.zeros(3), requires_grad=True), Tensor([1.0, 2.0, 3.0], requires_grad=True)

    y = x * 1
    y[[0, 2, 0]] = v
    y.sum().backward()

    np.testing.assert_array_equal(y.data, [3.0, 0.0, 2.0])
    np.testing.assert_array_equal(x.grad.data, [0.0, 1.0, 0.0])
    np.testing.assert_array_equal(v.grad.data, [0.0, 1.0, 1.0])


@pytest.mark.parametrize("order", ["C", "F"])
def test_which_value_is_last_does_not_depend_on_the_layout_in_memory(order):
    index = np.array([[0, 1, 0], [1, 0, 1]], order=order)
    v = as_tensor(np.arange(6.0).reshape(2, 3).copy(order)).requires_grad_()

    y = Tensor(np.zeros(2), requires_grad=True) * 1
    y[index] = v
    y.sum().backward()

    np.testing.assert_array_equal(y.data, [4.0, 5.0])
    np.testing.assert_array_equal(v.grad.data, [[0, 0, 0], [0, 1, 1]])


def test_what_the_tape_kept_is_not_changed():
    x = Tensor(ROW, requires_grad=True)

    y = x * 1
    z = y * y  # keeps y
    y[0] = 100.0
    (z.sum() + y.sum()).backward()

    np.testing.assert_array_equal(x.grad.data, 2 * ROW + [0, 1, 1, 1])


def test_a_tensor_filled_row_by_row_knows_where_its_rows_came_from():
    x = Tensor(X, requires_grad=True)

    y = Tensor(np.zeros((3, 4)))
    for i in range(3):
        y[i] = x[i] * (i + 1)
    y.sum().backward()

    np.testing.assert_array_equal(x.grad.data, np.broadcast_to([[1], [2], [3]], (3, 4)))


def test_assigning_part_of_a_tensor_to_another_part_reads_the_old_value():
    x = Tensor(ROW, requires_grad=True)

    y = x * 1
    y[1:] = y[:-1]
    y.backward([1.0, 10.0, 100.0, 1000.0])

    np.testing.assert_array_equal(y.data, ROW[[0, 0, 1, 2]])
    np.testing.assert_array_equal(x.grad.data, [11.0, 100.0, 1000.0, 0.0])


def test_the_dtype_of_the_target_is_kept_and_each_gradient_has_its_own():
    x = Tensor(ROW.astype(np.float32), requires_grad=True)
    v = Tensor([1.0, 2.0], requires_grad=True)

    y = x * 1
    y[:2] = v
    y.sum().backward()

    assert (y.dtype, x.grad.dtype, v.grad.dtype) == (np.float32, np.float32, np.float64)
    np.testing.assert_array_equal(v.grad.data, [1.0, 1.0])


def test_values_that_are_not_tensors_and_tensors_as_index():
    x = Tensor(X, requires_grad=True)

    y = x * 1
    y[Tensor([0, 0])] = [1, 2, 3, 4]
    y[Tensor(MASK)] = 7
    y.sum().backward()

    expected = X.copy()
    expected[[0, 0]] = [1, 2, 3, 4]
    expected[MASK] = 7
    np.testing.assert_array_equal(y.data, expected)
    np.testing.assert_array_equal(x.grad.data, (expected == X).astype(float))


def test_nothing_is_recorded_under_no_grad():
    x = Tensor(ROW, requires_grad=True)

    with no_grad():
        x[0] = 9.0

    assert x.is_leaf
    np.testing.assert_array_equal(x.data, [9.0, *ROW[1:]])


@pytest.mark.parametrize(("index", "value"), [(9, 1.0), ([0, 5], 1.0), (0, [1.0, 2.0]), ((0, 0, 0), 1.0), ("a", 1.0)])
def test_what_numpy_refuses_is_refused_with_the_same_error(index, value):
    with pytest.raises((IndexError, ValueError)) as numpys:
        X.copy()[index] = value

    y = Tensor(X, requires_grad=True) * 1
    with pytest.raises(numpys.type):
        y[index] = value


# --- NumPy's functions that assign ------------------------------------------------------------------------------------


def assigns(call):
    """The form that works on a copy `y` of `x` with the values `v`, and returns it."""

    def form(x, v):
        y = np.copy(x)
        exec(call, {"np": np, "y": y, "v": v, "MASK": MASK})
        return y

    return form


@pytest.mark.parametrize(
    ("call", "v"),
    [
        ("np.put(y, [0, 5, -1], v)", ROW[:3]),
        ("np.put(y, [0, 5, 7, 0], v)", ROW[:3]),
        ("np.put(y, [0, 5], v)", ROW),
        ("np.put(y, [99, -99], v, mode='clip')", ROW[:2]),
        ("np.put(y, [99, -9], v, mode='wrap')", ROW[:2]),
        ("np.put(y, [], v)", ROW),
        ("np.place(y, MASK, v)", ROW[:2]),
        ("np.place(y, MASK, v)", X.ravel()),
        ("np.place(y, MASK & False, v)", ROW),
        ("np.putmask(y, MASK, v)", X + 1),
        ("np.putmask(y, MASK, v)", ROW[:3]),
        ("np.putmask(y, MASK, 2 * y + v)", X),
        ("np.put_along_axis(y, np.array([[0], [1], [0]]), v, axis=1)", X[:, :1] + 20),
        ("np.put_along_axis(y, np.argsort(np.ones((3, 4)), axis=0), v, axis=0)", X + 20),
        ("np.put_along_axis(y, np.array([0, 7, -1]), v, axis=None)", ROW[:3]),
        ("np.copyto(y, v)", ROW),
        ("np.copyto(y, v, where=MASK)", X + 20),
        ("np.copyto(y, v, where=MASK[0])", ROW[:1]),
        ("np.fill_diagonal(y, v)", np.array(2.5)),
        ("np.fill_diagonal(y, v)", ROW[:2]),
        ("np.fill_diagonal(y, v)", X),
        ("np.fill_diagonal(y.T if 0 else y, v, wrap=True)", ROW),
    ],
)
def test_functions_that_assign_are_numpys_and_differentiable(call, v):
    assert_like_numpy(assigns(call), X, v)


def test_the_diagonal_of_a_tall_matrix_is_wrapped():
    v = np.arange(1.0, 7.0)

    assert_like_numpy(assigns("np.fill_diagonal(y, v, wrap=True)"), np.zeros((9, 2)), v)
    assert_like_numpy(assigns("np.fill_diagonal(y, v)"), np.zeros((2, 2, 2)), v[:1])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("np.put(y, [99], 1.0)", IndexError),
        ("np.place(y, MASK, [])", ValueError),
        ("np.putmask(y, MASK[0], v)", ValueError),
        ("np.copyto(y, 1j * np.ones(4))", TypeError),
        ("np.copyto(y, np.ones(3))", ValueError),
        ("np.fill_diagonal(y[0], 1.0)", ValueError),
    ],
)
def test_assigning_functions_refuse_what_numpys_refuse(call, error):
    with pytest.raises(error):
        assigns(call)(X.copy(), ROW)

    with pytest.raises(error):
        assigns(call)(Tensor(X, requires_grad=True), Tensor(ROW))


@pytest.mark.parametrize(
    "call",
    [
        "a[...] = v",
        "np.copyto(a, v)",
        "np.put(a, [0, 1], v)",
        "np.place(a, [True] * 4, v)",
        "np.putmask(a, [True] * 4, v)",
    ],
)
def test_an_array_cannot_take_a_tracked_value(call):
    a, v = np.zeros(4), Tensor(ROW, requires_grad=True)

    with pytest.raises(TypeError, match="tracked tensor"):
        exec(call, {"np": np, "a": a, "v": v})

    np.testing.assert_array_equal(a, np.zeros(4))


# --- Parts changed in place -------------------------------------------------------------------------------------------


def test_an_in_place_operator_on_a_part_is_recorded():
    x = Tensor(ROW, requires_grad=True)

    y = x * 1
    y[1:3] *= x[0]
    y.sum().backward()

    np.testing.assert_array_equal(y.data, ROW * [1, 1.5, 1.5, 1])
    np.testing.assert_array_equal(x.grad.data, [1 + ROW[1] + ROW[2], 1.5, 1.5, 1.0])


def test_an_in_place_operator_on_a_named_part_changes_the_whole_again_and_again():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)

    y = x * 1
    row = y[0]
    row += 10
    row *= 2
    (y * y).sum().backward()

    np.testing.assert_array_equal(y.data, [[20, 22, 24], [3, 4, 5]])
    np.testing.assert_array_equal(row.data, [20, 22, 24])
    np.testing.assert_array_equal(x.grad.data, [[80, 88, 96], [6, 8, 10]])


def test_an_in_place_operator_on_a_part_of_an_untracked_tensor_changes_it_as_numpy_does():
    x = Tensor(np.zeros((2, 3)))

    x[1] += 5
    x[:, 0] -= 1

    np.testing.assert_array_equal(x.data, [[-1, 0, 0], [4, 5, 5]])


def test_what_the_tape_kept_of_the_whole_is_not_changed_through_a_part():
    x = Tensor(ROW, requires_grad=True)
    y = x * 1
    z = y * y  # keeps y

    y[:2] *= 0
    z.sum().backward()

    np.testing.assert_array_equal(x.grad.data, 2 * ROW)


def test_a_loop_that_fills_a_tensor_does_not_copy_it_each_time():
    x = Tensor(np.ones(50), requires_grad=True)
    y = Tensor(np.zeros(50))
    places = set()

    for i in range(50):
        y[i] = x[i] * i
        places.add(y.data.__array_interface__["data"][0])
    (y * y).sum().backward()

    assert len(places) == 1
    np.testing.assert_array_equal(x.grad.data, 2.0 * np.arange(50) ** 2)


def test_a_piece_of_a_split_is_a_view_that_is_not_assigned_to():
    y = Tensor(ROW, requires_grad=True) * 1
    piece = np.split(y, 2)[0]

    with pytest.raises(RuntimeError, match="view"):
        piece[0] = 9.0


def test_flat_reads_and_assigns():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)

    y = x * 1
    y.flat[[0, 4]] = [10.0, 20.0]
    (y.flat[4] * y.flat[1]).backward()

    np.testing.assert_array_equal(y.data, [[10, 1, 2], [3, 20, 5]])
    np.testing.assert_array_equal(x.grad.data, [[0, 20, 0], [0, 0, 0]])
    assert [float(e) for e in y.flat] == [10, 1, 2, 3, 20, 5]
    assert len(y.flat) == 6


def test_put_replaces_elements_of_the_flattened_tensor():
    x = Tensor(np.zeros((2, 2)))

    x.put([0, 3], [1.0, 2.0])

    np.testing.assert_array_equal(x.data, [[1, 0], [0, 2]])


def test_a_tracked_tensor_inside_a_tuple_option_is_not_a_silent_constant():
    x = Tensor(2.0, requires_grad=True)

    with pytest.raises(TypeError, match=r"no derivative for index="):
        table["getitem"](Tensor(ROW), index=(x, 0))
