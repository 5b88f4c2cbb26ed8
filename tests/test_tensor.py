"""The Tensor: what it is made from, what it says of itself, its names, copies, hooks and assignment."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

from autograd import Tensor, as_tensor, no_grad

# --- Made from -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1, np.int64),
        (1.5, np.float64),
        (True, np.bool_),
        (1j, np.complex128),
        ([1.0, 2.0], np.float64),
        ([[1, 2], [3, 4]], np.int64),
        (np.float32(2), np.float32),
        (np.ones(3, np.float16), np.float16),
        (np.zeros((0, 3)), np.float64),
        (range(3), np.int64),
    ],
)
def test_a_tensor_takes_numpys_dtype_and_shape_for_what_it_is_given(data, dtype):
    t = Tensor(data)

    assert type(t.data) is np.ndarray
    assert t.dtype == dtype
    assert t.shape == np.shape(data)
    np.testing.assert_array_equal(t.data, data)


def test_dtype_converts():
    assert Tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert Tensor(Tensor([1.0]), dtype="float16").dtype == np.float16


def test_a_tensor_copies_its_data_and_as_tensor_shares_it():
    array = np.zeros(3)
    copied, shared = Tensor(array), as_tensor(array)

    array[0] = 1.0

    assert copied.data[0] == 0.0
    assert shared.data is array


def test_tensors_inside_lists_stay_connected():
    x = Tensor(2.0, requires_grad=True)

    t = Tensor([[x, 1.0], [3.0, x * x]])
    (t * t).sum().backward()

    np.testing.assert_array_equal(t.data, [[2.0, 1.0], [3.0, 4.0]])
    assert x.grad.item() == 4.0 + 32.0  # d (x^2 + x^4)


@pytest.mark.parametrize("data", ["text", None, object(), {"a": 1}, [None, 1.0], np.array(["2020"], "datetime64[D]")])
def test_what_is_not_numeric_is_refused(data):
    with pytest.raises(TypeError, match="a tensor holds numbers"):
        Tensor(data)


@pytest.mark.parametrize("data", [1, True, np.arange(3)])
def test_a_gradient_of_integers_is_refused(data):
    with pytest.raises(RuntimeError, match="only floating point and complex tensors have gradients, this one is"):
        Tensor(data, requires_grad=True)


def test_integers_take_part_as_constants():
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)

    y = x * Tensor(np.array([3, 4], np.int8))
    y.sum().backward()

    assert y.dtype == np.float32
    np.testing.assert_array_equal(x.grad.data, [3.0, 4.0])


def test_a_tracked_tensor_is_not_made_a_leaf_unnoticed():
    x = Tensor([1.0], requires_grad=True)

    with pytest.raises(RuntimeError, match="detach"):
        Tensor(x * 2, requires_grad=True)


# --- Dtypes of results -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("scalar", [2, 2.5, True])
def test_a_python_scalar_never_changes_the_dtype_of_a_result_or_a_gradient(dtype, scalar):
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=dtype)

    y = scalar * x + scalar - scalar / x
    y.sum().backward()

    assert y.dtype == dtype
    assert x.grad.dtype == dtype


def test_a_wider_array_widens_the_result_but_not_the_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)

    y = x * np.array([3.0, 4.0])
    y.sum().backward()

    assert y.dtype == np.float64
    assert x.grad.dtype == np.float32


# --- What it says of itself ------------------------------------------------------------------------------------------


def test_the_repr_shows_values_shape_dtype_and_the_op():
    x = Tensor([1.0, 2.0], requires_grad=True)

    assert repr(x) == "Tensor([1., 2.], shape=(2,), dtype=float64, requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 4.], shape=(2,), dtype=float64, op=multiply)"
    assert repr(x.detach()) == "Tensor([1., 2.], shape=(2,), dtype=float64)"
    assert len(repr(Tensor(np.zeros((1000, 1000))))) < 1000


def test_a_scalar_tensor_formats_as_its_number():
    assert f"{Tensor(3.14159):.2f}" == "3.14"


def test_conversions_to_python():
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])

    assert t.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert t.item(1, 0) == 3.0
    assert len(t) == 2
    assert float(Tensor(2.5)) == 2.5
    assert int(Tensor(2.5)) == 2
    assert bool(Tensor([0.0])) is False
    assert complex(Tensor(1j)) == 1j
    assert [10, 20, 30][Tensor(1)] == 20


def test_what_has_no_single_value_says_so():
    with pytest.raises(ValueError, match="ambiguous"):
        bool(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError):
        float(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match="0-d"):
        iter(Tensor(1.0)).__next__()


def test_iteration_gives_connected_rows():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)

    first, second = x
    (first * second).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [[3.0, 4.0], [1.0, 2.0]])


def test_tensors_hash_by_identity_and_compare_by_element():
    a, b = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])

    assert len({a, b, a}) == 2
    np.testing.assert_array_equal((a == b).data, [True, False])
    np.testing.assert_array_equal((a < [2.0, 2.0]).data, [True, False])
    assert not (a == b).requires_grad


def test_a_tracked_tensor_does_not_become_an_array_unnoticed():
    x = Tensor([1.0, 2.0], requires_grad=True)

    with pytest.raises(TypeError, match=r"leave the tape with x\.detach\(\)"):
        np.asarray(x)
    np.testing.assert_array_equal(np.asarray(x.detach()), [1.0, 2.0])


def test_numpy_gives_the_values_and_protects_those_that_the_tape_may_keep():
    x = Tensor([1.0, 2.0], requires_grad=True)

    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 5.0
    x.detach().numpy()[0] = 5.0

    assert x.data[0] == 5.0


def test_leaves_and_results_tell_themselves_apart():
    x = Tensor([1.0], requires_grad=True)
    y = x * 2

    assert x.is_leaf
    assert x.grad_fn is None
    assert not y.is_leaf
    assert y.grad_fn.op.name == "multiply"
    assert y.grad is None
    assert y.detach().is_leaf
    assert not y.detach().requires_grad


def test_requires_grad_can_be_switched_on_leaves_only():
    x = Tensor([1.0])

    assert x.requires_grad_() is x
    y = x * 2
    with pytest.raises(RuntimeError, match="detach"):
        y.requires_grad = False
    x.requires_grad = False

    assert not (x * 2).requires_grad


# --- grad ------------------------------------------------------------------------------------------------------------


def test_grad_is_a_tensor_that_can_be_cleared_and_set():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    assert isinstance(x.grad, Tensor)

    x.grad = None
    assert x.grad is None
    x.grad = np.array([5.0, 6.0])
    x.sum().backward()

    np.testing.assert_array_equal(x.grad.data, [6.0, 7.0])


def test_zero_grad_forgets_or_sets_zeros():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()

    x.zero_grad(set_to_none=False)
    zeros = x.grad.tolist()
    x.zero_grad()

    assert zeros == [0.0, 0.0]
    assert x.grad is None


@pytest.mark.parametrize("grad", [np.ones(3), np.ones(2, np.float32)])
def test_a_gradient_of_another_shape_or_dtype_is_refused(grad):
    x = Tensor([1.0, 2.0], requires_grad=True)

    with pytest.raises(RuntimeError, match="a gradient has the"):
        x.grad = grad


def test_retain_grad_collects_the_gradient_of_a_result():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.retain_grad()

    (y * y).sum().backward()

    np.testing.assert_array_equal(y.grad.data, [6.0, 12.0])
    np.testing.assert_array_equal(x.grad.data, [18.0, 36.0])


def test_hooks_change_gradients_in_order_and_can_be_removed():
    x = Tensor([1.0], requires_grad=True)
    y = x * 2
    y.register_hook(lambda grad: grad * 10)
    y.register_hook(lambda grad: grad + 1)
    removed = y.register_hook(lambda grad: grad * 0)
    removed.remove()
    removed.remove()

    y.sum().backward()

    assert x.grad.item() == 22.0


def test_a_hook_on_a_leaf_sees_the_sum_of_all_branches_once():
    x = Tensor([1.0], requires_grad=True)
    seen = []
    x.register_hook(lambda grad: seen.append(grad.item()))

    (x * 2 + x * 3).sum().backward()

    assert seen == [5.0]


def test_a_hook_on_one_output_of_several_works():
    x = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    first, second = np.split(x, 2)
    first.register_hook(lambda grad: grad * 100)

    (first + second).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [100.0, 100.0, 1.0, 1.0])


def test_a_hook_is_differentiated_when_the_graph_is_created():
    x = Tensor(3.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda grad: grad * x)

    y.backward(create_graph=True)  # 2 x * x
    first, x.grad = x.grad, None
    first.backward()

    assert first.item() == 18.0
    assert x.grad.item() == 12.0


def test_a_hook_that_changes_the_shape_is_an_error():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda grad: grad.sum())

    with pytest.raises(RuntimeError, match="a hook changed the shape"):
        x.sum().backward()


def test_a_hook_on_an_untracked_tensor_is_an_error():
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        Tensor([1.0]).register_hook(print)


# --- Copies ----------------------------------------------------------------------------------------------------------


def test_clone_is_on_the_tape_and_has_its_own_memory():
    x = Tensor([1.0, 2.0], requires_grad=True)

    y = x.clone()
    y.sum().backward()

    assert not np.shares_memory(x.data, y.data)
    np.testing.assert_array_equal(x.grad.data, [1.0, 1.0])


def test_leaves_can_be_deep_copied_with_their_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()

    y = copy.deepcopy(x)
    (y * 3).sum().backward()

    np.testing.assert_array_equal(y.grad.data, [4.0, 4.0])
    np.testing.assert_array_equal(x.grad.data, [1.0, 1.0])
    with pytest.raises(RuntimeError, match="only leaves"):
        copy.deepcopy(x * 2)


@pytest.mark.parametrize("tracked", [False, True])
def test_leaves_can_be_pickled(tracked):
    x = Tensor([1.0, 2.0], requires_grad=tracked)

    y = pickle.loads(pickle.dumps(x))

    np.testing.assert_array_equal(y.data, x.data)
    assert y.requires_grad is tracked
    with pytest.raises(RuntimeError, match="pickled"):
        pickle.dumps(Tensor([1.0], requires_grad=True) * 2)


def test_a_leaf_does_not_outlive_its_last_reference():
    x = Tensor([1.0], requires_grad=True)
    y = x * 2
    reference = weakref.ref(x)

    gc.disable()
    try:
        del x
        gone = reference() is None
        y.sum().backward()  # nobody is left to collect the gradient
    finally:
        gc.enable()

    assert gone


# --- Operators -------------------------------------------------------------------------------------------------------


def test_reflected_operators_take_arrays_lists_and_numpy_scalars():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    array = np.array([[1.0, 1.0], [0.0, 1.0]])

    results = [array @ x, array - x, [1.0, 2.0] * x, np.float64(2) / x, 2 - x, np.float32(3) + x]

    expected = [array @ x.data, array - x.data, [1.0, 2.0] * x.data, 2 / x.data, 2 - x.data, 3 + x.data]
    for result, values in zip(results, expected, strict=True):
        assert isinstance(result, Tensor)
        np.testing.assert_allclose(result.data, values)
    assert array.__matmul__(x).requires_grad


def test_an_unknown_operand_gives_the_usual_type_error():
    with pytest.raises(TypeError, match="unsupported operand"):
        Tensor([1.0]) + "text"


def test_an_operand_that_wants_to_answer_itself_is_asked():
    class Mine:
        __array_ufunc__ = None

        def __radd__(self, other):
            return "mine"

    assert Tensor([1.0]) + Mine() == "mine"


def test_an_array_plus_equals_a_tensor_gives_a_tensor():
    array = np.ones(2)
    x = Tensor([1.0, 2.0], requires_grad=True)

    total = array
    total += x

    assert isinstance(total, Tensor)
    np.testing.assert_array_equal(array, [1.0, 1.0])


def test_an_array_as_out_is_refused_because_it_cannot_carry_a_gradient():
    x = Tensor([1.0, 2.0], requires_grad=True)

    with pytest.raises(TypeError, match="out="):
        np.multiply(x, 2.0, out=np.empty(2))


def test_a_tensor_as_out_takes_the_result():
    x, out = Tensor([1.0, 2.0], requires_grad=True), Tensor(np.zeros(2))

    np.multiply(x, 3.0, out=out)
    out.sum().backward()

    np.testing.assert_array_equal(out.data, [3.0, 6.0])
    np.testing.assert_array_equal(x.grad.data, [3.0, 3.0])


def test_where_in_a_ufunc_takes_the_other_value_and_its_gradient():
    a = Tensor([1.0, 2.0], requires_grad=True)
    b = np.array([0.0, 4.0])

    y = np.divide(a, b, where=b != 0, out=Tensor(np.zeros(2)))
    y.sum().backward()

    np.testing.assert_array_equal(y.data, [0.0, 0.5])
    np.testing.assert_array_equal(a.grad.data, [0.0, 0.25])


def test_an_unsupported_function_names_itself_and_says_what_to_do():
    with pytest.raises(TypeError, match=r"numpy\.busday_count does not take tensors.*defop.*implements.*detach"):
        np.busday_count(Tensor([1.0]), Tensor([2.0]))


# --- In-place operators: a new value for the name, nothing behind the tape -------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda y: y.__iadd__(1.0), 1.0),
        (lambda y: y.__isub__(1.0), 1.0),
        (lambda y: y.__imul__(3.0), 3.0),
        (lambda y: y.__itruediv__(2.0), 0.5),
    ],
    ids=["add", "subtract", "multiply", "divide"],
)
def test_in_place_operators_are_differentiable_and_do_not_corrupt_what_was_kept(change, expected):
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y * y  # keeps y

    same = change(y)
    (z.sum() + y.sum()).backward()

    assert same is y
    np.testing.assert_allclose(x.grad.data, 8 * x.data + 2 * expected)


def test_an_in_place_update_under_no_grad_keeps_a_leaf_a_leaf():
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()

    with no_grad():
        w -= 0.5 * w.grad

    assert w.is_leaf
    np.testing.assert_array_equal(w.data, [0.0, 0.0])


def test_an_in_place_result_must_fit():
    x = Tensor(np.ones(3))

    with pytest.raises(ValueError, match=r"shape \(2, 3\) does not fit"):
        x += np.ones((2, 3))
    with pytest.raises(TypeError, match="complex128 does not fit"):
        x *= 1j


def test_an_in_place_operator_keeps_the_dtype():
    x = Tensor(np.ones(3), dtype=np.float32)

    x *= np.full(3, 2.0)

    assert x.dtype == np.float32


def test_what_becomes_an_integer_leaves_the_tape():
    x = Tensor([1.5, 2.5], requires_grad=True)

    assert not x.astype(int).requires_grad
    assert x.astype(np.float32).requires_grad


def test_python_complex_numbers_do_not_widen_a_dtype():
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)

    y = x * 1j
    y.imag.sum().backward()

    assert y.dtype == np.complex64
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad.data, [1.0, 1.0])


def test_assigning_a_tracked_tensor_into_an_array_is_an_error_not_a_silent_constant():
    array = np.zeros(3)
    x = Tensor([1.0, 2.0], requires_grad=True)

    with pytest.raises(ValueError, match="setting an array element") as caught:
        array[0] = x[0]
    with pytest.raises((TypeError, ValueError)):
        array[1:] = x
    array[1] = x.detach()[1]
    array[2] = float(x[1])

    assert "make the array a tensor first, a = Tensor(a)" in str(caught.value.__cause__)
    np.testing.assert_array_equal(array, [0.0, 2.0, 2.0])


@pytest.mark.parametrize(
    "call", [lambda x, out: np.sum(x, 0, None, out), lambda x, out: np.sum(x, axis=0, out=out)], ids=["place", "name"]
)
def test_a_tensor_as_out_of_a_function_takes_the_result_and_its_history(call):
    x, out = Tensor(np.ones((2, 3)), requires_grad=True), Tensor(np.zeros(3))

    call(x, out)
    (out * [1.0, 2.0, 3.0]).sum().backward()

    np.testing.assert_array_equal(out.data, [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(x.grad.data, [[1, 2, 3], [1, 2, 3]])


def test_an_array_as_out_of_a_function_is_refused():
    with pytest.raises(TypeError, match="out="):
        np.sum(Tensor(np.ones((2, 3)), requires_grad=True), axis=0, out=np.zeros(3))


def test_a_matrix_product_asks_an_operand_that_wants_to_answer_itself():
    class Mine:
        __array_ufunc__ = None

        def __rmatmul__(self, other):
            return "mine"

    assert Tensor([1.0]) @ Mine() == "mine"


def test_pytorchs_names_for_methods_work():
    x = Tensor([[1.0, -2.0], [3.0, 4.0]], requires_grad=True)

    assert (x.numel(), x.dim()) == (4, 2)
    assert x.float().dtype == np.float32
    assert x.double().dtype == np.float64
    assert x.view(-1).shape == x.flatten().shape == (4,)
    assert x.permute(1, 0).tolist() == x.T.tolist()
    assert x.unsqueeze(0).shape == (1, 2, 2)
    assert x.abs().tolist() == [[1, 2], [3, 4]]
    assert x.pow(2).tolist() == [[1, 4], [9, 16]]
    assert x.matmul(x).tolist() == (x @ x).tolist()
    assert x.exp().tolist() == np.exp(x).tolist()
