"""Function: own operations with forward and backward, as PyTorch's users write them."""

import gc
import weakref

import numpy as np
import pytest

from autograd import Function, Tensor


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = np.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class SumAndProduct(Function):
    @staticmethod
    def forward(ctx, a, b, scale=1.0):
        ctx.save_for_backward(a, b)
        ctx.scale = scale
        return (a + b) * scale, a * b

    @staticmethod
    def backward(ctx, g_sum, g_product):
        a, b = ctx.saved_tensors
        return g_sum * ctx.scale + g_product * b, g_sum * ctx.scale + g_product * a


def test_apply_runs_forward_and_backward():
    x = Tensor([1.0, 2.0], requires_grad=True)

    y = Cube.apply(x)
    y.sum().backward()

    np.testing.assert_array_equal(y.data, [1.0, 8.0])
    np.testing.assert_array_equal(x.grad.data, [3.0, 12.0])
    assert "Cube" in repr(y)


@pytest.mark.parametrize(("function", "expected"), [(Cube, [6.0, 12.0]), (Exp, np.exp([1.0, 2.0]))])
def test_a_backward_written_with_tensor_operations_can_be_differentiated_again(function, expected):
    x = Tensor([1.0, 2.0], requires_grad=True)

    function.apply(x).sum().backward(create_graph=True)
    first, x.grad = x.grad, None
    first.sum().backward()

    np.testing.assert_allclose(x.grad.data, expected)


def test_several_outputs_and_options_are_passed_through():
    a, b = Tensor([2.0], requires_grad=True), Tensor([5.0], requires_grad=True)

    s, p = SumAndProduct.apply(a, b, scale=10.0)
    (s * p).sum().backward()

    # d/da (10 (a + b) a b) = 10 (2ab + b^2)
    np.testing.assert_allclose([a.grad.item(), b.grad.item()], [450.0, 240.0])


def test_an_unused_output_arrives_as_zeros():
    a, b = Tensor([2.0], requires_grad=True), Tensor([5.0], requires_grad=True)

    _, p = SumAndProduct.apply(a, b)
    p.sum().backward()

    assert (a.grad.item(), b.grad.item()) == (5.0, 2.0)


def test_needs_input_grad_says_which_gradients_are_wanted():
    seen = []

    class Product(Function):
        @staticmethod
        def forward(ctx, a, b, c):
            return a * b * c

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, None, None

    Product.apply(Tensor(1.0, requires_grad=True), Tensor(2.0), 3.0).backward()

    assert seen == [(True, False, False)]


def test_forward_is_not_recorded_and_untracked_inputs_make_no_node():
    assert not Cube.apply(Tensor([1.0])).requires_grad
    assert Cube.apply(Tensor([1.0], requires_grad=True)).node.parents[0].parents == ()


def wrong(result):
    class Wrong(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return result(g)

    a, b = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0], requires_grad=True)
    Wrong.apply(a, b).sum().backward()


def test_a_wrong_number_of_gradients_is_an_error_that_names_the_op():
    with pytest.raises(RuntimeError, match=r"Wrong\.backward returned 1 gradient\(s\) for the 2 input"):
        wrong(lambda g: g)


def test_a_gradient_of_the_wrong_shape_is_an_error_that_names_the_op():
    with pytest.raises(ValueError, match=r"Wrong\.backward.*shape \(\) for input 1 of shape \(2,\)"):
        wrong(lambda g: (g, g.sum()))


def test_trailing_none_is_allowed_as_in_pytorch():
    wrong(lambda g: (g, g, None))


def test_a_function_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"forward\(ctx"):
        Function.apply(Tensor(1.0))


def test_outputs_marked_as_non_differentiable_are_off_the_tape():
    class Max(Function):
        @staticmethod
        def forward(ctx, x):
            place = np.argmax(x)
            ctx.mark_non_differentiable(place)
            ctx.place, ctx.shape = int(place), x.shape
            return x.data.max(), place

        @staticmethod
        def backward(ctx, g, _):
            gx = np.zeros(ctx.shape)
            gx[ctx.place] = g.item()
            return gx

    x = Tensor([1.0, 5.0, 2.0], requires_grad=True)
    top, place = Max.apply(x)
    top.backward()

    assert not place.requires_grad
    np.testing.assert_array_equal(x.grad.data, [0.0, 1.0, 0.0])


def test_a_saved_output_makes_no_reference_cycle():
    x = Tensor([1.0], requires_grad=True)
    gc.disable()
    try:
        y = Exp.apply(x)
        reference = weakref.ref(y)
        del y
        gone = reference() is None
    finally:
        gc.enable()

    assert gone


def test_the_gradient_is_brought_to_the_dtype_of_the_input():
    class Widen(Function):
        @staticmethod
        def forward(ctx, x):
            return x.astype(np.float64)

        @staticmethod
        def backward(ctx, g):
            return g

    x = Tensor([1.0], requires_grad=True, dtype=np.float32)
    Widen.apply(x).sum().backward()

    assert x.grad.dtype == np.float32


def test_a_tuple_of_one_output_stays_a_tuple_and_its_saved_output_differentiable():
    class ExpInTuple(Function):
        @staticmethod
        def forward(ctx, x):
            y = np.exp(x)
            ctx.save_for_backward(y)
            return (y,)

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = Tensor(2.0, requires_grad=True)
    (y,) = ExpInTuple.apply(x)
    y.backward(create_graph=True)
    first, x.grad = x.grad, None
    first.backward()

    np.testing.assert_allclose([first.item(), x.grad.item()], [np.exp(2.0)] * 2)
