"""Roots, minima and fits: SciPy's values, and derivatives against closed forms and differences."""

import numpy as np
import pytest
import scipy.optimize as theirs

import autograd.numpy as anp
import autograd.scipy.optimize as ours
from autograd import LoopWarning, Tensor, check_gradients, grad, hessian, jacobian, jvp, no_grad, vmap
from tests.letting_go import assert_let_go


def circle_and_line(x, a):
    """Its root is where a circle of radius `a` meets a curve."""
    return anp.array([x[0] ** 2 + x[1] ** 2 - a**2, x[1] - anp.sin(x[0]) * a])


# --- Equations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1", "broyden2", "krylov", "df-sane"])
def test_root_is_scipys_and_has_the_derivative_of_the_solution(method):
    solve = lambda a, module: module.root(lambda x, a: x**3 + x - a, [0.7, 1.0], args=(a,), method=method, tol=1e-11)
    a = np.array([1.3, 2.0])

    found = solve(Tensor(a, requires_grad=True), ours)
    slopes = jacobian(lambda a: solve(a, ours).x)(a)

    expected = solve(a, theirs)
    np.testing.assert_array_equal(found.x.data, expected.x)
    np.testing.assert_array_equal(found.fun, expected.fun)
    assert found.success == expected.success
    np.testing.assert_allclose(slopes, np.diag(1 / (3 * expected.x**2 + 1)), rtol=1e-6, atol=1e-9)


def test_derivatives_of_root_of_both_orders_are_right():
    solve = lambda a: ours.root(circle_and_line, [1.0, 1.0], args=(a,), tol=1e-13).x

    report = check_gradients(solve, 1.5, order=2, tolerance=1e-7)

    assert report, str(report)


def test_a_wrong_equation_in_the_pass_back_is_found():
    def solve(a):
        equation = lambda x, a: x**3 - (a if isinstance(x, np.ndarray) else 2 * a)
        return ours.root(equation, [1.0], args=(a,), tol=1e-13).x

    assert not check_gradients(solve, 2.0, order=1)


def test_root_of_arrays_alone_is_scipys_result():
    found = ours.root(circle_and_line, [1.0, 1.0], args=(1.5,))

    expected = theirs.root(circle_and_line, [1.0, 1.0], args=(1.5,))
    assert type(found.x) is np.ndarray and found.keys() == expected.keys()
    np.testing.assert_array_equal(found.x, expected.x)


def test_jacobians_given_to_root_are_used_on_the_way_forward():
    both = lambda x, a: (x**2 - a, anp.diag(2 * x))
    slope = lambda x, a: np.diag(2 * x)

    for fun, jac in ((both, True), (lambda x, a: x**2 - a, slope)):
        g = grad(lambda a, fun=fun, jac=jac: ours.root(fun, [1.0], args=(a,), jac=jac).x[0])(4.0)
        np.testing.assert_allclose(g, 0.25, rtol=1e-7)


def test_the_start_has_no_influence_and_tensors_that_are_read_otherwise_have():
    a, x0 = Tensor(4.0, requires_grad=True), Tensor([1.0], requires_grad=True)

    x = ours.root(lambda x: x**2 - a * 1.0, x0).x
    x.sum().backward()

    np.testing.assert_allclose(a.grad.data, 0.25, rtol=1e-7)
    assert x0.grad is None


def test_arguments_may_be_containers_and_float32_gives_gradients_of_its_own():
    p = {"a": np.array([2.0, 3.0], np.float32), "b": 1.0}

    g = grad(lambda p: ours.root(lambda x, p: x * p["a"] - p["b"], np.ones(2), args=(p,)).x.sum())(p)

    assert g["a"].dtype == np.float32
    np.testing.assert_allclose(g["a"], [-1 / 4, -1 / 9], rtol=1e-6)
    np.testing.assert_allclose(g["b"], 5 / 6, rtol=1e-7)


def test_a_singular_jacobian_is_an_error_that_says_so():
    x = ours.root(
        lambda x, a: anp.array([x[0] + x[1] - a, 2 * x[0] + 2 * x[1] - 2 * a]), [1.0, 1.0], (Tensor(3.0, True),)
    )

    with pytest.raises(ValueError, match="root: the derivative of the equations is singular"):
        x.x.sum().backward()


def test_an_equation_that_leaves_the_tape_is_an_error():
    a = Tensor(3.0, requires_grad=True)

    for equation in (lambda x, a: np.array([float(x[0]) - float(a)]), lambda x, _: np.array([x[0] - float(a)])):
        with pytest.raises(TypeError, match="does not turn into a number unnoticed"):
            ours.root(equation, [1.0], args=(a,))


def test_functions_in_plain_numpy_have_derivatives():
    solve = lambda a: ours.root(lambda x: np.array([x[0] ** 2 - a, x[1] - x[0]]), [1.0, 1.0]).x[1]
    least = lambda a: (
        ours.minimize(lambda x, a: np.array([x[0], x[1] - a]) @ np.array([x[0], x[1] - a]), [1.0, 1.0], (a,)).x
    )

    np.testing.assert_allclose(grad(solve)(4.0), 0.25, rtol=1e-7)
    np.testing.assert_allclose(jacobian(least)(2.0), [0.0, 1.0], atol=1e-7)


def test_without_recording_the_root_is_a_tensor_off_the_tape():
    with no_grad():
        x = ours.root(lambda x, a: x - a, [1.0], args=(Tensor(3.0, requires_grad=True),)).x

    assert isinstance(x, Tensor) and x.node is None


def test_roots_push_tangents_forward_and_go_through_vmap_one_by_one():
    solve = lambda a: ours.root(lambda x, a: x**2 - a, [1.0], args=(a,)).x[0]

    _, tangent = jvp(solve, (4.0,), (3.0,))
    with pytest.warns(LoopWarning):
        several = vmap(grad(solve))(np.array([4.0, 9.0]))

    np.testing.assert_allclose(tangent, 0.75, rtol=1e-7)
    np.testing.assert_allclose(several, [1 / 4, 1 / 6], rtol=1e-7)


def test_a_tracked_tolerance_is_an_error():
    with pytest.raises(TypeError, match="no derivative for tol="):
        ours.root(lambda x: x, [1.0], tol=Tensor(1e-3, requires_grad=True))


def test_fsolve_gives_what_scipys_gives():
    a = Tensor(1.5, requires_grad=True)

    x, info, ok, message = ours.fsolve(circle_and_line, [1.0, 1.0], a, full_output=True)

    expected = theirs.fsolve(circle_and_line, [1.0, 1.0], 1.5, full_output=True)
    np.testing.assert_array_equal(x.data, expected[0])
    assert ok == 1 and info.keys() == expected[1].keys() and message == expected[3]
    assert check_gradients(lambda a: ours.fsolve(circle_and_line, [1.0, 1.0], (a,), xtol=1e-13), 1.5, tolerance=1e-7)


SCALAR = ["bisect", "brentq", "brenth", "ridder", "toms748"]


@pytest.mark.parametrize("name", SCALAR)
def test_bracketing_solvers_have_derivatives(name):
    f = lambda x, a: anp.cos(x) - a * x
    solve = lambda a: getattr(ours, name)(f, 0.0, 2.0, args=(a,), xtol=1e-14, rtol=1e-14)

    assert check_gradients(solve, 0.7, order=2, tolerance=1e-7)
    x, report = getattr(ours, name)(f, 0.0, 2.0, (Tensor(0.7, requires_grad=True),), full_output=True)
    assert report.root is x and x.node is not None
    assert getattr(ours, name)(f, 0.0, 2.0, (0.7,)) == getattr(theirs, name)(f, 0.0, 2.0, (0.7,))


@pytest.mark.parametrize(
    "options",
    [
        {"bracket": [0, 4]}, {"x0": 1.0, "x1": 2.0}, {"x0": 2.0, "fprime": True, "method": "newton"},
        {"x0": 2.0, "fprime": lambda x, a: 2 * x}, {"x0": 2.0, "fprime": True, "fprime2": True, "method": "halley"},
    ],
    ids=["bracket", "secant", "pair", "newton", "halley"],
)  # fmt: skip
def test_root_scalar_has_derivatives_with_each_of_its_forms(options):
    several = 3 if options.get("fprime2") is True else 2 if options.get("fprime") is True else 1
    f = lambda x, a: (x**2 - a, 2 * x, 2.0)[:several] if several > 1 else x**2 - a

    g = grad(lambda a: ours.root_scalar(f, args=(a,), **options).root)(4.0)

    np.testing.assert_allclose(g, 0.25, rtol=1e-7)


def test_newton_on_arrays_is_elementwise_and_gives_its_report():
    a = np.array([4.0, 9.0])

    found = ours.newton(lambda x, a: x**2 - a, np.ones(2), args=(Tensor(a, requires_grad=True),), full_output=True)

    np.testing.assert_allclose(found.root.data, np.sqrt(a))
    assert found.converged.all()
    assert check_gradients(lambda a: ours.newton(lambda x, a: x**2 - a, np.ones(2), args=(a,), tol=1e-13), a)
    twice = lambda a: ours.newton(lambda x: (x - a) ** 2, 1.0, maxiter=200)
    with pytest.raises(ValueError, match="newton: the derivative of the equations is singular"):
        grad(lambda a: ours.newton(lambda x: (x - a) ** 2, 2.0))(2.0)
    assert float(twice(1.0)) == 1.0


def test_fixed_points_and_large_systems_have_derivatives():
    mean = lambda a: ours.fixed_point(lambda x, a: (x + a / x) / 2, [1.0, 1.0], args=(a,), xtol=1e-13)

    assert check_gradients(mean, np.array([4.0, 2.0]), tolerance=1e-7)


QUASI = ["anderson", "broyden1", "broyden2", "diagbroyden", "excitingmixing", "linearmixing", "newton_krylov"]


@pytest.mark.parametrize("name", QUASI)
def test_solvers_for_large_systems_have_derivatives(name):
    def solve(a):
        options = {"alpha": 0.4} if "mixing" in name else {}
        return getattr(ours, name)(lambda x: a - anp.tanh(x) - x, [0.5, 0.55], f_tol=1e-7, line_search=None, **options)

    g = jacobian(solve)(np.array([1.0, 1.1]))

    x = solve(np.array([1.0, 1.1]))
    np.testing.assert_allclose(g, np.diag(1 / (2 - np.tanh(x) ** 2)), atol=1e-6)


# --- Minima -----------------------------------------------------------------------------------------------------------


def bowl(x, a):
    return anp.sum((x - a) ** 4) + anp.sum(x**2) + x[0] * x[1] * a[0]


@pytest.mark.filterwarnings("ignore:delta_grad == 0.0")
@pytest.mark.parametrize("method", ["BFGS", "CG", "L-BFGS-B", "TNC", "SLSQP", "Nelder-Mead", "Powell", "trust-constr"])
def test_minimize_has_scipys_values_and_the_derivative_of_the_minimum(method):
    a = np.array([0.5, 1.0])

    found = ours.minimize(bowl, [0.3, 0.3], Tensor(a, requires_grad=True), method)
    slopes = jacobian(lambda a: ours.minimize(bowl, [0.3, 0.3], (a,), method, tol=1e-9).x)(a)

    expected = theirs.minimize(bowl, [0.3, 0.3], a, method)
    np.testing.assert_array_equal(found.x.data, expected.x)
    np.testing.assert_allclose(found.fun.data, expected.fun)
    assert found.nfev == expected.nfev
    x = lambda a: theirs.root(lambda x: grad(bowl)(x, a), expected.x, tol=1e-13).x
    steps = np.eye(2) * 1e-5
    np.testing.assert_allclose(slopes, np.transpose([(x(a + d) - x(a - d)) / 2e-5 for d in steps]), rtol=1e-4)


def test_derivatives_of_minima_of_both_orders_are_right():
    def least(a):
        result = ours.minimize(
            bowl, [0.3, 0.3], (a,), jac=grad(bowl), method="trust-exact", hess=hessian(bowl), tol=1e-13
        )
        return result.x, result.fun

    report = check_gradients(least, np.array([0.5, 1.0]), order=2, tolerance=1e-7)

    assert report, str(report)


def test_the_least_value_has_the_derivative_of_the_function_alone():
    a = np.array([0.5, 1.0])

    envelope = grad(lambda a: ours.minimize(bowl, [0.3, 0.3], (a,), tol=1e-10).fun)(a)

    x = theirs.minimize(bowl, [0.3, 0.3], (a,), tol=1e-10).x
    np.testing.assert_allclose(envelope, grad(bowl, 1)(x, a), rtol=1e-5)


def test_a_minimum_on_a_bound_goes_with_the_bound():
    f = lambda x, a: (x[0] - a) ** 2 + (x[1] - 2 * a) ** 2 + x[0] * x[1]

    def least(a, high):
        return ours.minimize(f, [0.0, 0.0], (a,), bounds=[(None, None), (0.0, high)], tol=1e-12).x

    by_argument, by_bound = jacobian(least, (0, 1))(1.0, 0.5)

    np.testing.assert_allclose(by_argument, [1, 0], atol=1e-6)  # x0 = a - high / 2
    np.testing.assert_allclose(by_bound, [-0.5, 1], atol=1e-6)
    free = jacobian(lambda a: ours.minimize(f, [0, 0], (a,), bounds=theirs.Bounds(-9, 9), tol=1e-12).x)(1.0)
    np.testing.assert_allclose(free, [0, 2], atol=1e-5)


@pytest.mark.filterwarnings("ignore:delta_grad == 0.0")
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr", "COBYLA"])
def test_constraints_hold_the_minimum_in_its_derivative_too(method):
    f = lambda x, a: anp.sum((x - a) ** 2)
    a, r = np.array([2.0, 1.0]), 1.0
    forms = {
        "SLSQP": lambda r: {"type": "ineq", "fun": lambda x, r: r**2 - anp.sum(x**2), "args": (r,)},
        "trust-constr": lambda r: theirs.NonlinearConstraint(lambda x: anp.sum(x**2) / r**2, -np.inf, 1.0),
        "COBYLA": lambda r: [{"type": "ineq", "fun": lambda x: r**2 - anp.sum(x**2)}],
    }

    def least(a, r):
        return ours.minimize(f, [0.5, 0.1], (a,), method, constraints=forms[method](r), tol=1e-9).x

    by_a, by_r = jacobian(least, (0, 1))(a, r)

    n = a / np.linalg.norm(a)  # the nearest point of a disk
    np.testing.assert_allclose(by_a, (np.eye(2) - np.outer(n, n)) / np.linalg.norm(a), atol=1e-4)
    np.testing.assert_allclose(by_r, n, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Equality and inequality constraints are specified")
def test_linear_constraints_and_equations_hold_and_those_that_are_not_active_do_not():
    f = lambda x, a: anp.sum((x - a) ** 2)
    sum_is_one = theirs.LinearConstraint([[1.0, 1.0]], 1.0, 1.0)
    rows = theirs.LinearConstraint(np.eye(2), [-9.0, 3.0], [9.0, 3.0])
    inactive = {"type": "ineq", "fun": lambda x: 99.0 - x}
    equation = {"type": "eq", "fun": lambda x: x[0] - 2 * x[1]}

    def slopes(constraints):
        return jacobian(lambda a: ours.minimize(f, [0.5, 0.5], (a,), "SLSQP", constraints=constraints, tol=1e-12).x)(
            np.array([2.0, 1.0])
        )

    np.testing.assert_allclose(slopes(sum_is_one), [[0.5, -0.5], [-0.5, 0.5]], atol=1e-6)
    np.testing.assert_allclose(slopes(rows), [[1, 0], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(slopes(inactive), np.eye(2), atol=1e-6)
    np.testing.assert_allclose(slopes(equation), [[0.8, 0.4], [0.4, 0.2]], atol=1e-6)


def test_a_minimum_that_is_not_isolated_is_an_error():
    x = ours.minimize(lambda x, a: (x[0] + x[1] - a) ** 2, [0.3, 0.1], (Tensor(1.0, requires_grad=True),)).x

    with pytest.raises(ValueError, match="minimize: the derivative of the equations is singular"):
        x.sum().backward()


@pytest.mark.parametrize(
    "options", [{}, {"method": "golden"}, {"bracket": (0, 1)}, {"bounds": (-3, 3), "options": {"xatol": 1e-9}}], ids=str
)
def test_minima_of_functions_of_one_number_have_derivatives(options):
    f = lambda x, a: anp.cosh(x - a**2) + a * x

    g = grad(lambda a: ours.minimize_scalar(f, args=(a,), **options).x)(0.6)
    value = ours.minimize_scalar(f, args=(Tensor(0.6, requires_grad=True),), **options)

    np.testing.assert_allclose(g, 1.2 - 1 / np.sqrt(1 + 0.36), rtol=1e-5)
    assert value.fun.node is not None and value.x.shape == ()


def test_a_minimum_at_the_bound_of_an_interval_goes_with_it():
    least = lambda a, high: ours.minimize_scalar(lambda x: (x - a) ** 2, bounds=(0.0, high)).x

    assert [float(g) for g in grad(least, (0, 1))(3.0, 1.0)] == [0.0, 1.0]
    np.testing.assert_allclose(grad(least, (0, 1))(0.5, 1.0), [1.0, 0.0])


def valley(x, a):
    return (x[0] - a) ** 2 + (x[1] + a**2) ** 2 + 0.1 * x[0] ** 2 * x[1] ** 2


def valley_slope(x, a):
    return np.asarray(grad(valley)(np.asarray(x, float), a))


OLD = {
    "fmin": {"disp": 0, "xtol": 1e-9, "ftol": 1e-12},
    "fmin_powell": {"disp": 0, "xtol": 1e-9, "ftol": 1e-12},
    "fmin_cg": {"disp": 0, "gtol": 1e-6},
    "fmin_bfgs": {"disp": 0, "fprime": valley_slope, "gtol": 1e-8},
    "fmin_ncg": {"disp": 0, "fprime": valley_slope},
    "fmin_l_bfgs_b": {"approx_grad": True, "bounds": [(None, None)] * 2},
    "fmin_tnc": {"fprime": valley_slope},
    "fmin_slsqp": {"iprint": 0, "acc": 1e-12},
}


@pytest.mark.parametrize("name", OLD)
def test_minimizers_by_their_old_names_have_derivatives(name):
    first = lambda result: result[0] if isinstance(result, tuple) else result

    g = jacobian(lambda a: first(getattr(ours, name)(valley, [0.4, -0.4], args=(a,), **OLD[name])))(0.5)

    x = lambda a: theirs.root(valley_slope, [0.5, -0.25], args=(a,), tol=1e-13).x
    np.testing.assert_allclose(g, (x(0.5 + 1e-5) - x(0.5 - 1e-5)) / 2e-5, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(
        first(getattr(ours, name)(valley, [0.4, -0.4], args=(0.5,), **OLD[name])),
        first(getattr(theirs, name)(valley, [0.4, -0.4], args=(0.5,), **OLD[name])),
    )


def test_a_function_that_gives_its_gradient_too_is_taken_apart():
    both = lambda x, a: (valley(x, a), grad(valley)(x, a))

    by_old = jacobian(lambda a: ours.fmin_l_bfgs_b(both, [0.4, -0.4], args=(a,))[0])(0.5)
    by_new = jacobian(lambda a: ours.minimize(both, [0.4, -0.4], (a,), jac=True).x)(0.5)

    np.testing.assert_allclose(by_old, by_new, rtol=1e-3)


def test_old_minimizers_of_functions_of_one_number_have_derivatives():
    f = lambda x, a: anp.cosh(x - a**2)

    found = [
        grad(lambda a: ours.brent(f, (a,)))(0.6), grad(lambda a: ours.golden(f, (a,), full_output=True)[0])(0.6),
        grad(lambda a: ours.fminbound(f, -2, 2, args=(a,)))(0.6),
    ]  # fmt: skip
    at_bound = grad(lambda high: ours.fminbound(f, -2.0, high, args=(0.6,)))(0.1)

    np.testing.assert_allclose(found, 1.2, rtol=1e-4)
    assert at_bound == 1.0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("basinhopping", {"x0": [0.1, 0.1], "niter": 2, "rng": 0}),
        ("differential_evolution", {"bounds": [(-1, 1)] * 2, "rng": 0, "tol": 1e-8}),
        ("dual_annealing", {"bounds": [(-1, 1)] * 2, "rng": 0, "maxiter": 20}),
        ("shgo", {"bounds": [(-1, 1)] * 2}),
        ("direct", {"bounds": [(-1, 1)] * 2, "vol_tol": 1e-14}),
        ("brute", {"ranges": ((-1, 1), (-1, 1)), "Ns": 5}),
    ],
)
def test_global_minimizers_have_derivatives(name, options):
    f = lambda x, a: (x[0] - a) ** 2 + (x[1] + a**2) ** 2

    def least(a):
        if name == "basinhopping":
            return ours.basinhopping(f, minimizer_kwargs={"args": (a,)}, **options).x
        found = getattr(ours, name)(f, args=(a,), **options)
        return found if name == "brute" else found.x

    np.testing.assert_allclose(jacobian(least)(0.5), [1.0, -1.0], atol=1e-4)


def test_old_names_refuse_constraints_and_say_what_to_use():
    with pytest.raises(TypeError, match="use minimize"):
        ours.fmin_slsqp(
            valley, [0.4, -0.4], eqcons=[lambda x, a: x[0]], args=(Tensor(0.5, requires_grad=True),), iprint=0
        )


def test_linear_programs_move_with_what_holds_them():
    def corner(c, A, b, e, high):
        result = ours.linprog(c, A, b, [[0.0, 0.0, 1.0]], e, [(0, high), (0, None), (None, None)])
        return result.x, result.fun

    point = np.array([-1.0, -1.0, 0.5]), np.array([[1.0, 2.0, 0.0]]), np.array([4.0]), np.array([0.3]), 2.0

    report = check_gradients(corner, *point, order=1)

    assert report, str(report)
    plain = theirs.linprog([1.0], bounds=(1, None))
    assert ours.linprog([1.0], bounds=(1, None)).fun == plain.fun
    assert grad(lambda low: ours.linprog([2.0, 1.0], bounds=[(low, None)]).fun)(1.0) == 3.0


# --- Fits -------------------------------------------------------------------------------------------------------------

T = np.linspace(0, 2, 9)
Y = 2.0 * np.exp(-0.8 * T) + 0.05 * np.cos(9 * T)


def differences(f, x, step=1e-3):
    """The Jacobian of a function of a vector, by differences of fourth order: solvers stop 1e-9 from a minimum."""
    steps = step * np.eye(len(x))
    return np.transpose([(8 * (f(x + d) - f(x - d)) - f(x + 2 * d) + f(x - 2 * d)) / (12 * step) for d in steps])


def decline(p, y):
    return p[0] * anp.exp(-p[1] * T) - y


def decline_slopes(p, y=None):
    return np.stack([np.exp(-p[1] * T), -p[0] * T * np.exp(-p[1] * T)], axis=1)


EXACT = {"gtol": 1e-14, "ftol": 1e-15, "xtol": 1e-15}


@pytest.mark.parametrize("loss", ["linear", "soft_l1", "huber", "cauchy", "arctan"])
def test_least_squares_has_derivatives_with_each_loss(loss):
    def fit(data, module):
        y, scale = data[:-1], data[-1]
        return module.least_squares(decline, [1.0, 1.0], decline_slopes, loss=loss, f_scale=scale, args=(y,), **EXACT)

    data = np.append(Y, 0.045)
    found = fit(Tensor(data, requires_grad=True), ours)

    expected = fit(data, theirs)
    np.testing.assert_array_equal(found.x.data, expected.x)
    np.testing.assert_allclose(found.cost.data, expected.cost)
    np.testing.assert_allclose(found.fun.data, expected.fun)
    slopes = differences(lambda data: fit(data, theirs).x, data, 2e-5)  # no step across a kink
    np.testing.assert_allclose(jacobian(lambda data: fit(data, ours).x)(data), slopes, rtol=1e-3, atol=1e-3)


def test_least_squares_takes_keywords_bounds_and_losses_of_ones_own():
    weigh = lambda z: anp.array([anp.log1p(z), 1 / (1 + z), -1 / (1 + z) ** 2])
    residual = lambda p, y, shift=0.0: p - y + shift

    def fit(shift, y, high):
        options = {"kwargs": {"shift": shift}, "loss": weigh, "bounds": ([-9.0, -9.0], high), "gtol": 1e-13}
        return ours.least_squares(residual, [0.0, 0.0], args=(y,), **options)

    g = grad(lambda *args: fit(*args).x @ np.array([1.0, 10.0]), (0, 1, 2))(
        0.5, np.array([1.0, 4.0]), np.array([5.0, 2.0])
    )

    np.testing.assert_allclose(g[0], -1, atol=1e-5)
    np.testing.assert_allclose(g[1], [1, 0], atol=1e-5)
    np.testing.assert_allclose(g[2], [0, 10], atol=1e-5)


def test_fits_of_arrays_are_scipys():
    f = lambda p: p[0] * np.exp(-p[1] * T) - Y

    np.testing.assert_array_equal(ours.least_squares(f, [1, 1]).x, theirs.least_squares(f, [1, 1]).x)
    np.testing.assert_array_equal(ours.leastsq(f, [1, 1])[0], theirs.leastsq(f, [1, 1])[0])
    model = lambda t, a, b: a * np.exp(-b * t)
    np.testing.assert_array_equal(ours.curve_fit(model, T, Y)[1], theirs.curve_fit(model, T, Y)[1])


def test_leastsq_has_derivatives():
    fit = lambda y, module: module.leastsq(decline, [1.0, 1.0], (y,), decline_slopes, xtol=1e-14, ftol=1e-14)[0]

    slopes = jacobian(lambda y: fit(y, ours))(Y)

    np.testing.assert_allclose(slopes, differences(lambda y: fit(y, theirs), Y), rtol=1e-4, atol=1e-5)


SIGMAS = {"none": None, "vector": np.linspace(0.5, 1.5, 9), "matrix": np.eye(9) + 0.1}


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("absolute", [False, True])
def test_fitted_curves_and_their_covariances_have_derivatives(sigma, absolute):
    model = lambda t, a, b: a * anp.exp(-b * t)
    slope = lambda t, a, b: np.stack([np.exp(-b * t), -a * t * np.exp(-b * t)], axis=1)

    def fit(data, module):
        options = {"sigma": SIGMAS[sigma], "absolute_sigma": absolute, "jac": slope, **EXACT}
        return module.curve_fit(model, data[:9], data[9:], **options)

    def flat(data, module):
        return np.concatenate([np.reshape(part, -1) for part in fit(data, module)])

    data = np.append(T, Y)
    slopes = jacobian(lambda data: flat(data, ours))(data)

    p, covariance = fit(Tensor(data, requires_grad=True), ours)
    expected = fit(data, theirs)
    np.testing.assert_array_equal(p.data, expected[0])
    np.testing.assert_allclose(covariance.data, expected[1], rtol=1e-6)
    np.testing.assert_allclose(slopes, differences(lambda data: flat(data, theirs), data), rtol=1e-4, atol=1e-5)


def test_curve_fit_moves_with_bounds_and_spreads_and_says_what_it_does_not():
    model = lambda t, a, b: a + b * t

    by_bound = jacobian(lambda high: ours.curve_fit(model, T, 3 * T, bounds=([-9, -9], [9, high]))[0])(1.5)
    by_sigma = jacobian(lambda s: ours.curve_fit(model, T, T**2, sigma=s)[0])(SIGMAS["vector"])

    np.testing.assert_allclose(by_bound, [-1.0, 1.0], atol=1e-6)  # the mean of T is 1
    assert by_sigma.shape == (2, 9) and np.abs(by_sigma).max() > 0.01
    with pytest.raises(TypeError, match="leaves out nothing"):
        ours.curve_fit(model, T, Tensor(T, requires_grad=True), nan_policy="omit")
    p, covariance, *more = ours.curve_fit(model, T, Tensor(T), full_output=True)
    assert p.node is None and len(more) == 3 and isinstance(covariance, Tensor)


def test_nonnegative_and_bounded_least_squares_have_derivatives():
    rng = np.random.default_rng(3)
    A, b = rng.normal(size=(6, 3)), rng.normal(size=6)

    bounds = -0.2, np.array([0.3, 0.4, 9.0])

    np.testing.assert_allclose(ours.nnls(Tensor(A), b)[0].data, theirs.nnls(A, b)[0], atol=1e-12)
    assert 0 < np.count_nonzero(theirs.nnls(A, b)[0]) < 3
    assert check_gradients(ours.nnls, A, b, order=2)
    for method in ("trf", "bvls"):
        slopes = jacobian(lambda b, method=method: ours.lsq_linear(A, b, bounds, method).x)(b)
        expected = differences(lambda b: theirs.lsq_linear(A, b, bounds, "bvls").x, b)
        np.testing.assert_allclose(slopes, expected, atol=1e-6)
    np.testing.assert_array_equal(ours.lsq_linear(A, b).x, theirs.lsq_linear(A, b).x)


@pytest.mark.parametrize("increasing", [True, False])
def test_isotonic_regression_has_scipys_value_and_its_derivative(increasing):
    y, w = np.array([1.0, 3.0, 2.0, 2.5, 0.5, 4.0]), np.array([1.0, 2.0, 1.0, 0.5, 1.0, 1.0])

    fit = lambda y, w: ours.isotonic_regression(y, weights=w, increasing=increasing).x

    np.testing.assert_allclose(
        fit(Tensor(y), w).data, theirs.isotonic_regression(y, weights=w, increasing=increasing).x
    )
    assert check_gradients(fit, y, w, order=2)


def test_what_else_there_is_is_scipys():
    x = np.array([1.3, 0.7, 0.8])

    assert check_gradients(ours.rosen, x, order=2) and ours.rosen(x) == theirs.rosen(x)
    assert ours.Bounds is theirs.Bounds and "approx_fprime" in dir(ours)
    with pytest.raises(TypeError, match="no derivative here"):
        ours.approx_fprime(Tensor(x, requires_grad=True), theirs.rosen)


def test_what_is_on_the_tape_is_let_go_without_the_garbage_collector():
    calls = [
        lambda a: ours.root(lambda x, a: x**2 - a, [1.0], args=(a,)).x,
        lambda a: ours.minimize(lambda x: (x[0] - a) ** 2, [1.0]).x,
        lambda a: ours.brentq(lambda x: x**2 - a, 0, 3),
    ]
    for call in calls:
        assert_let_go(call)
