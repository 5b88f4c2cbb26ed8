"""The oracle finds derivatives and, above all, faults: every fault planted here must be seen."""

import numpy as np
import pytest
from scipy import special

from tests.numeric import MANY, Uncertain, assert_gradients, derivative

rng = np.random.default_rng(7)


def along_ones(fun, x):
    return derivative(fun, np.asarray(x, float), np.ones(np.shape(x)))


CLOSED_FORMS = {
    "exp": (np.exp, np.exp, [-3.0, 0.0, 2.0]),
    "log": (np.log, lambda x: 1 / x, [0.2, 1.0, 30.0]),
    "sin": (np.sin, np.cos, [-2.0, 0.1, 3.0]),
    "erf, which knows no long double": (special.erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x), [-2.0, 0.5]),
    "abs, for which the complex step is wrong": (np.abs, np.sign, [-1.5, 0.3, 2.0]),
    "gamma, of rapid growth": (special.gamma, lambda x: special.gamma(x) * special.digamma(x), [1.5, 5.0]),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_derivatives_agree_with_closed_forms_within_the_estimated_error(name):
    fun, closed, points = CLOSED_FORMS[name]
    x = np.array(points)

    value, error = along_ones(fun, x)

    assert np.all(np.abs(value - closed(x)) <= 10 * error + 1e-15 * np.abs(closed(x)))
    assert np.all(error <= 1e-10 * np.abs(closed(x)))


def test_the_derivative_of_a_matrix_function_has_the_shape_of_its_output():
    x, v = rng.normal(size=(2, 3, 3))

    value, _ = derivative(lambda x: x @ x, x, v)

    np.testing.assert_allclose(value, x @ v + v @ x, rtol=1e-12, atol=1e-14)


def test_complex_functions_are_differentiated_in_complex_directions():
    z = np.array([0.5 + 1j, -1 - 0.2j])

    value, _ = derivative(lambda z: z * z, z, np.array([1j, 1.0]))

    np.testing.assert_allclose(value, 2 * z * [1j, 1], rtol=1e-14)


def test_tiny_derivatives_keep_their_digits():
    value, error = along_ones(lambda x: 1 + 1e-14 * np.sin(x), [0.5])

    np.testing.assert_allclose(value, 1e-14 * np.cos(0.5), rtol=1e-12)
    assert error[0] < 1e-25


def test_a_derivative_of_nothing_is_exactly_zero():
    value, error = along_ones(lambda x: 0 * x + 3, [0.5])

    assert value[0] == 0 and error[0] < 1e-15


@pytest.mark.parametrize(
    ("fun", "point"),
    [(np.floor, 1.0001), (np.sqrt, 0.01), (np.abs, 0.001), (lambda x: 1 / x, 0.005), (lambda x: np.sin(1e3 * x), 0.3)],
    ids=["jump", "end of domain", "kink", "pole", "wiggle"],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_point_without_a_reliable_derivative_is_refused(fun, point):
    with pytest.raises(Uncertain, match="do not settle"):
        derivative(fun, np.array([point]), np.ones(1), complex_step=False)


def check(fun, gradient, *xs, **options):
    """Compare a hand-written gradient of `sum(g * fun(*xs))` with the oracle's."""
    g = rng.normal(size=np.shape(fun(*xs)))
    assert_gradients(fun, xs, gradient(g, *xs), g, **options)


def scaled_square(x):
    """Elements of very different size in one array."""
    return x * x * np.array([1e6, 1.0, 1e-6, 1e-12])


def scaled_square_gradient(g, x, fault=0.0, at=slice(None)):
    factor = np.ones(4)
    factor[at] += fault
    return [g * 2 * x * np.array([1e6, 1.0, 1e-6, 1e-12]) * factor]


POINT = np.array([1.1, -0.7, 0.4, 1.9])


def test_right_gradients_pass():
    check(scaled_square, scaled_square_gradient, POINT)
    check(np.multiply, lambda g, a, b: [g * b, g * a], rng.normal(size=(2, 3)), rng.normal(size=(2, 3)))
    check(np.matmul, lambda g, a, b: [g @ b.T, a.T @ g], rng.normal(size=(3, 4)), rng.normal(size=(4, 2)))
    check(np.sum, lambda g, x: [np.full(x.shape, g)], rng.normal(size=(3, 4)))


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("fault", [1.0, -1.0, 1e-3, 1e-6, 1e-9], ids=["twice", "none", "1e-3", "1e-6", "1e-9"])
def test_a_fault_in_one_element_is_seen_however_small_the_element(fault, at):
    with pytest.raises(AssertionError, match=rf"element \({at},\)"):
        check(scaled_square, lambda g, x: scaled_square_gradient(g, x, fault, at), POINT)


def test_a_small_wrong_term_in_place_of_zero_is_seen():
    def gradient(g, a, b):
        return [g, 1e-15 * g]

    with pytest.raises(AssertionError, match="argument 1"):
        check(lambda a, b: a + 0 * b, gradient, np.ones(2), np.ones(2))


def test_a_missing_gradient_of_a_tiny_function_is_seen():
    with pytest.raises(AssertionError, match="argument 0"):
        check(lambda x: 1e-20 * np.exp(x), lambda g, x: [np.zeros_like(x)], np.ones(3))


def test_swapped_arguments_are_seen():
    a, b = rng.normal(size=(2, 3))

    with pytest.raises(AssertionError, match="argument 0"):
        check(np.multiply, lambda g, a, b: [g * a, g * b], a, b)


def test_a_gradient_that_ignores_its_cotangent_is_seen():
    with pytest.raises(AssertionError, match="argument 0"):
        check(np.exp, lambda g, x: [np.exp(x)], np.ones(3))


def test_a_gradient_of_the_wrong_shape_is_seen_though_its_sum_is_right():
    x = rng.normal(size=(1, 3))

    with pytest.raises(AssertionError, match=r"shape \(1, 3\) got a gradient of shape \(4, 3\)"):
        check(lambda x: np.broadcast_to(x, (4, 3)), lambda g, x: [g], x)


def test_nan_in_a_gradient_is_seen():
    with pytest.raises(AssertionError, match=r"element \(1,\)"):
        check(np.exp, lambda g, x: [g * np.exp(x) * [1, np.nan, 1]], np.ones(3))


@pytest.mark.parametrize("fault", [1e-2, 1e-7])
def test_one_wrong_element_among_many_is_seen(fault):
    x = rng.normal(size=(40, 40))
    factor = np.ones_like(x)
    factor[17, 5] += fault
    assert x.size > MANY

    check(np.sin, lambda g, x: [g * np.cos(x)], x)
    with pytest.raises(AssertionError, match="direction"):
        check(np.sin, lambda g, x: [g * np.cos(x) * factor], x)


def test_a_missing_conjugate_is_seen():
    z = rng.normal(size=3) + 1j * rng.normal(size=3)

    check(lambda z: np.abs(z) ** 2, lambda g, z: [2 * g * np.conj(z)], z)
    with pytest.raises(AssertionError, match="imaginary"):
        check(lambda z: np.abs(z) ** 2, lambda g, z: [2 * g * z], z)


def test_a_complex_step_that_differences_contradict_is_not_trusted():
    x = np.array([0.5, -1.5])

    with pytest.raises(AssertionError, match="argument 0"):
        check(np.abs, lambda g, x: [np.zeros(2)], x)  # what the complex step says: abs(x + ih) is abs(x)
    check(np.abs, lambda g, x: [g * np.sign(x)], x)


def test_arguments_without_a_gradient_are_left_out():
    check(np.arctan2, lambda g, a, b: [None, -g * a / (a * a + b * b)], np.ones(2), np.ones(2))
