"""Declaring ops: what a statement may say, how calls are bound, and what errors name."""

import functools

import numpy as np
import pytest

from autograd import Tensor, defop, implements
from autograd.op import Op, overrides, table


@pytest.fixture(autouse=True)
def own_table():
    """Ops declared by a test are gone after it."""
    before, served = dict(table), dict(overrides)
    yield
    for names, earlier in (table, before), (overrides, served):
        names.clear()
        names.update(earlier)


def affine(x, w, bias=None, *, scale=1.0):
    y = (x @ w) * scale
    return y if bias is None else y + bias


def declare_affine():
    return defop(
        affine,
        x=lambda g, w, scale=1.0: (g @ w.T) * scale,
        w=lambda g, x, scale=1.0: (x.T @ g) * scale,
        bias=lambda g: g,
    )


def test_one_statement_gives_values_gradients_and_a_place_in_the_table():
    op = declare_affine()
    x, w, b = (Tensor(v, requires_grad=True) for v in ([[1.0, 2.0]], [[3.0], [4.0]], [5.0]))

    y = op(x, w, b, scale=10.0)
    y.sum().backward()

    assert table[op.name] is op
    assert y.item() == 115.0
    np.testing.assert_array_equal(x.grad.data, [[30.0, 40.0]])
    np.testing.assert_array_equal(w.grad.data, [[10.0], [20.0]])
    np.testing.assert_array_equal(b.grad.data, [1.0])


def test_arrays_alone_give_a_plain_result():
    y = declare_affine()(np.ones((1, 2)), np.ones((2, 1)))

    assert type(y) is np.ndarray
    assert y.item() == 2.0


@pytest.mark.parametrize(
    "call",
    [
        lambda op, x, w, b: op(x, w, b, scale=2.0),
        lambda op, x, w, b: op(x, w, bias=b, scale=2.0),
        lambda op, x, w, b: op(x, bias=b, w=w, scale=2.0),
        lambda op, x, w, b: op(scale=2.0, bias=b, w=w, x=x),
    ],
    ids=["positional", "one keyword", "two keywords", "all keywords"],
)
def test_arrays_may_be_given_by_name(call):
    b = Tensor([5.0], requires_grad=True)

    y = call(declare_affine(), np.ones((1, 2)), np.ones((2, 1)), b)
    y.sum().backward()

    assert y.item() == 9.0
    assert b.grad.item() == 1.0


def test_trailing_optional_arrays_may_be_left_out_or_none():
    op = declare_affine()
    x = Tensor([[1.0, 2.0]], requires_grad=True)

    for y in (op(x, np.ones((2, 1))), op(x, np.ones((2, 1)), None)):
        y.sum().backward()

    np.testing.assert_array_equal(x.grad.data, [[2.0, 2.0]])


def test_an_option_given_by_position_reaches_the_rule_by_its_name():
    def scaled(x, factor=1.0):
        return x * factor

    op = defop(scaled, x=lambda g, factor=1.0: g * factor)
    x = Tensor([1.0], requires_grad=True)

    op(x, 7.0).sum().backward()

    assert x.grad.item() == 7.0


def test_too_many_arguments_are_an_error():
    with pytest.raises(TypeError, match=r"affine takes the arguments .* got 4"):
        declare_affine()(1, 2, 3, 4)


def test_a_rule_that_names_what_the_op_does_not_have_is_refused_at_once():
    with pytest.raises(TypeError, match=r"the rule of 'x' names 'z', which is not an argument \('x',\)"):
        defop(np.square, name="mine", x=lambda g, z: g * z)


def test_a_rule_must_be_a_function_with_readable_parameters():
    with pytest.raises(TypeError, match="a rule is a Python function"):
        defop(affine, x=np.negative)


def test_two_ops_of_one_name_are_refused_but_a_cell_may_be_run_again():
    declare_affine()
    declare_affine()

    def other(x):
        return x

    with pytest.raises(ValueError, match="give this one another name"):
        defop(other, name=table_name(affine), x=lambda g: g)


def table_name(function):
    return next(name for name, op in table.items() if op.fun is function)


def test_a_rule_of_the_wrong_shape_is_an_error_that_names_the_op():
    def twice(x):
        return x * 2

    op = defop(twice, x=lambda g: np.ones(5))

    with pytest.raises(ValueError, match=r"a rule of .*twice returned a cotangent of shape \(5,\).* shape \(3,\)"):
        op(Tensor(np.ones(3), requires_grad=True)).sum().backward()


def test_an_every_rule_of_the_wrong_length_is_an_error_that_names_the_op():
    def total(*xs):
        return sum(xs)

    op = defop(total, every=lambda g, xs: [g])

    with pytest.raises(ValueError, match=r"total returned 1 cotangents for 2 inputs"):
        op(Tensor(1.0, requires_grad=True), 2.0).backward()


def test_an_op_of_any_number_of_arrays_has_one_rule_for_all_of_them():
    def product(*xs):
        return functools.reduce(np.multiply, xs)

    op = defop(product, every=lambda g, xs, y: [g * y / x for x in xs])
    a, b = Tensor([2.0, 3.0], requires_grad=True), Tensor([5.0, 7.0], requires_grad=True)

    op(a, 10.0, b).sum().backward(create_graph=True)
    first, a.grad, b.grad = a.grad, None, None
    first.sum().backward()

    np.testing.assert_array_equal(first.data, [50.0, 70.0])
    np.testing.assert_array_equal(b.grad.data, [10.0, 10.0])


def test_a_rule_may_say_that_nothing_flows():
    def passed(x, z):
        return x + z

    op = defop(passed, x=lambda g: None, z=lambda g: g)
    x, z = Tensor(1.0, requires_grad=True), Tensor(1.0, requires_grad=True)

    op(x * 2, z).backward()

    assert x.grad is None
    assert z.grad.item() == 1.0


def test_an_argument_without_a_rule_is_a_constant():
    def picked(x, places):
        return x[places]

    op = defop(picked, x=lambda g, x_shape, places: np.bincount(places, g, x_shape[0]), places=None)
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)

    op(x, Tensor([2, 2, 0])).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [1.0, 0.0, 2.0])


def test_an_op_without_rules_gives_results_off_the_tape():
    def steps(x):
        return np.floor(x)

    y = defop(steps)(Tensor([1.5], requires_grad=True))

    assert not y.requires_grad
    assert y.item() == 1.0


def test_a_tracked_tensor_as_an_option_is_an_error_not_a_silent_constant():
    def scaled(x, factor=1.0):
        return x * factor

    op = defop(scaled, x=lambda g, factor=1.0: g * factor)

    with pytest.raises(TypeError, match=r"no derivative for factor=; pass factor\.detach\(\)"):
        op(Tensor(1.0), factor=Tensor(2.0, requires_grad=True))


def test_an_op_of_a_numpy_function_serves_it_on_tensors():
    op = defop(np.i0, x=lambda g, x: g * x / 2)

    y = np.i0(Tensor([0.1], requires_grad=True))
    y.sum().backward()

    assert overrides[np.i0] is op
    assert y.grad_fn.op is op


def test_a_composition_serves_a_numpy_function_and_its_own_callers():
    @implements(np.i0)
    def series(x):
        return 1 + x * x / 4

    y = np.i0(Tensor([2.0], requires_grad=True))

    assert y.item() == 2.0
    assert series(2.0) == 2.0


def test_the_rules_parameters_decide_what_is_kept_by_form_of_call():
    op = declare_affine()
    x, w = Tensor(np.ones((1, 2)), requires_grad=True), np.ones((2, 1))

    node = op(x, w, scale=3.0).node

    assert any(value is w for value in node.kept)
    assert 3.0 in [value for value in node.kept if isinstance(value, float)]
    assert not any(value is x.data for value in node.kept)
    assert isinstance(op, Op)


def test_binary_numpy_ops_take_arrays_alone():
    y = table["add"](np.ones(2), np.ones(2))

    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, [2.0, 2.0])


def test_out_is_refused_by_position_too():
    with pytest.raises(TypeError, match="round"):
        table["round"](Tensor([1.5]), 1, Tensor([0.0]))


def test_an_option_given_by_position_and_by_name_is_an_error():
    x = Tensor(np.ones((2, 3)), requires_grad=True)

    with pytest.raises(TypeError, match="'axis' twice"):
        x.sum(0, axis=1)
    with pytest.raises(TypeError, match="'axis2' twice"):
        x.swapaxes(0, 1, axis2=1)
