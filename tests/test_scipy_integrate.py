"""Differential equations and integrals: SciPy's values, and derivatives against closed forms and differences."""

import pickle

import numpy as np
import pytest
import scipy.integrate as theirs

import autograd.numpy as anp
import autograd.scipy.integrate as ours
from autograd import LoopWarning, Tensor, check_gradients, grad, jacobian, jvp, no_grad, vmap
from tests.letting_go import assert_let_go

TIGHT = {"rtol": 1e-11, "atol": 1e-11}
POINT = np.array([1.0, 0.7]), np.array([0.0, 0.4, 1.1]), np.array([1.0, 0.5, 0.8]), 0.3


def hunt(y, t, p, drive):
    """Prey and predators, with a season."""
    return anp.array([p[0] * y[0] - p[1] * y[0] * y[1] + drive * anp.sin(t), -p[2] * y[1] + p[1] * y[0] * y[1]])


def hunt_tfirst(t, y, p, drive):
    return hunt(y, t, p, drive)


def decay(y, t, rate):
    return -rate * y


# --- odeint -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"full_output": True}, {"tfirst": True}, {"rtol": 1e-5, "mxstep": 900}])
def test_odeint_of_arrays_is_scipys(options):
    y0, t, p, drive = POINT
    func = hunt_tfirst if options.get("tfirst") else hunt

    y = ours.odeint(func, y0, t, args=(p, drive), **options)

    expected = theirs.odeint(func, y0, t, args=(p, drive), **options)
    if options.get("full_output"):
        assert sorted(y[1]) == sorted(expected[1])
        y, expected = y[0], expected[0]
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, expected)


def test_odeint_of_tensors_has_scipys_values_and_takes_lists_of_tensors():
    y0, t, p, drive = POINT

    y, info = ours.odeint(hunt, [Tensor(y0[0]), y0[1]], t, (Tensor(p), drive), full_output=1)

    assert isinstance(y, Tensor) and y.node is None and "nfe" in info
    np.testing.assert_array_equal(y.data, theirs.odeint(hunt, y0, t, (p, drive)))


def test_derivatives_of_odeint_by_start_times_and_arguments_are_right():
    def solve(y0, t, p, drive):
        return ours.odeint(hunt, y0, t, args=(p, drive), **TIGHT)

    report = check_gradients(solve, *POINT, order=1, tolerance=1e-7)

    assert report, str(report)


def test_second_derivatives_of_odeint_are_right():
    def solve(y0, t, rate):
        return ours.odeint(lambda y, t, rate: rate * y * (1 - y), y0, t, args=(rate,), rtol=3e-11, atol=3e-11)

    report = check_gradients(solve, np.array([0.2]), np.array([0.0, 0.5]), 1.5, order=2, tolerance=1e-6)

    assert report, str(report)


def test_a_wrong_rate_in_the_pass_back_is_found():
    def solve(rate):
        used = lambda y, t, r: decay(y, t, r if isinstance(y, np.ndarray) else 2 * r)  # tensors come on the way back
        return ours.odeint(used, [1.0], [0.0, 1.0], args=(rate,), **TIGHT)

    assert not check_gradients(solve, 0.5, order=1, tolerance=1e-7)


def test_arguments_of_odeint_may_be_containers():
    def left(params):
        rate = lambda y, t, p: -p["rate"] * y + p["inflow"][0]
        return ours.odeint(rate, np.array([2.0]), np.array([0.0, 1.0]), args=(params,), **TIGHT)[-1, 0]

    g = grad(left)({"rate": 0.5, "inflow": [1.0]})

    k, c = 0.5, 1.0
    by_rate = -(2 - c / k) * np.exp(-k) + c / k**2 * (np.exp(-k) - 1)
    np.testing.assert_allclose([g["rate"], g["inflow"][0]], [by_rate, (1 - np.exp(-k)) / k], rtol=1e-8)


def test_tensors_that_the_rate_reads_without_being_given_them_have_derivatives():
    rate = Tensor(0.25, requires_grad=True)
    double = 2 * rate

    y = ours.odeint(lambda y, t: -(double * 1.0) * y, [2.0], [0.0, 1.0], **TIGHT)
    y[-1, 0].backward()

    np.testing.assert_allclose(rate.grad.data, -4 * np.exp(-0.5), rtol=1e-8)


def test_a_tensor_that_is_read_only_later_is_an_error_that_says_so():
    early, late = Tensor(0.5, requires_grad=True), Tensor(0.1, requires_grad=True)
    y = ours.odeint(lambda y, t: -(early if t < 0.5 else late) * y, [2.0], [0.0, 1.0])

    with pytest.raises(RuntimeError, match="pass all that it may need in args"):
        y.sum().backward()


def test_of_arguments_only_those_in_use_at_a_time_receive_something():
    def left(early, late):
        rate = lambda y, t, a, b: -(a if t < 0.5 else b) * y
        return ours.odeint(rate, [2.0], [0.0, 0.5, 1.0], args=(early, late), **TIGHT)[-1, 0]

    by_early, by_late = grad(left, (0, 1))(0.5, 0.1)

    np.testing.assert_allclose([by_early, by_late], -np.exp(-0.3), rtol=1e-5)


def test_the_times_may_go_back_stand_still_or_be_one_alone():
    t = np.array([1.0, 1.0, 0.25])
    solve = lambda y0, t: ours.odeint(decay, y0, t, args=(0.7,), **TIGHT)

    assert check_gradients(lambda y0: solve(y0, t), np.array([1.5]), order=1, tolerance=1e-7)
    np.testing.assert_array_equal(grad(lambda y0: solve(y0, [2.0]).sum())(np.ones(2)), [1.0, 1.0])


def test_float32_and_integer_starts_give_gradients_of_their_own():
    g = grad(lambda y0: ours.odeint(decay, y0, [0, 1], args=(0.5,))[-1].sum())(np.ones(2, np.float32))

    assert g.dtype == np.float32
    np.testing.assert_allclose(g, np.exp(-0.5), rtol=1e-5)


def test_without_recording_odeint_gives_a_tensor_off_the_tape():
    with no_grad():
        y = ours.odeint(decay, [1.0], [0.0, 1.0], args=(Tensor(0.5, requires_grad=True),))

    assert isinstance(y, Tensor) and y.node is None


def test_a_rate_that_leaves_the_tape_is_an_error_or_told():
    rate = Tensor(0.5, requires_grad=True)
    for in_args in (lambda y, t, r: [-float(r)], lambda y, t, r: [-float(rate)]):
        with pytest.raises(TypeError, match="does not turn into a number unnoticed"):
            ours.odeint(in_args, [1.0], [0.0, 1.0], args=(rate,))
    with pytest.warns(UserWarning, match="left the tape"):
        ours.odeint(
            lambda y, t, r: [-np.asarray(r).item() if type(r) is float else -0.5], [1.0], [0.0, 1.0], args=(rate,)
        )


def test_rates_in_plain_numpy_have_derivatives():
    def left(a, b):
        rate = lambda y, t, rates: np.array([-rates[0] * y[0], rates[1] * y[0] - y[1]])
        start, rates = np.array([2 * a, 0.0]), np.array([a, b])
        return ours.odeint(rate, start, [0.0, 1.0], args=(rates,), **TIGHT)[-1, 0]

    by_a, by_b = grad(left, (0, 1))(0.5, 0.3)  # 2 a exp(-a)

    np.testing.assert_allclose([by_a, by_b], [np.exp(-0.5), 0.0], atol=1e-8)


def test_a_tracked_tolerance_of_odeint_is_an_error():
    with pytest.raises(TypeError, match="no derivative for rtol="):
        ours.odeint(decay, [1.0], [0.0, 1.0], args=(0.5,), rtol=Tensor(1e-3, requires_grad=True))


def test_tolerances_per_element_and_critical_times_hold_on_the_way_back_too():
    jump = lambda y, t, a: a * (1.0 if t < 0.5 else 3.0) * anp.ones(2)
    options = {"rtol": [1e-10, 1e-9], "atol": [1e-10, 1e-9], "tcrit": [0.5]}

    g = grad(lambda a: ours.odeint(jump, np.zeros(2), [0.0, 1.0], args=(a,), **options)[-1, 0])(1.0)

    np.testing.assert_allclose(g, 2.0, rtol=1e-8)


@pytest.mark.parametrize(("states", "dtype"), [(2, float), (7, float), (2, complex)])
def test_jacobians_of_solutions_are_found_at_once_and_are_those_found_row_by_row(states, dtype):
    matrix = np.random.default_rng(0).normal(size=(states, states)) + (0.5j if dtype is complex else 0)

    def solve(y0, t, a, unused):
        rate = lambda t, y, a: a * (matrix @ y) - y * np.abs(y) ** 2
        return ours.solve_ivp(rate, (0, 1), y0, t_eval=t, args=(a,), method="DOP853", **TIGHT).y

    def parts(*args):
        y = solve(*args)
        return anp.concatenate([anp.real(y).ravel(), anp.imag(y).ravel()]) if dtype is complex else y.ravel()

    point = np.linspace(0.5, 1, states).astype(dtype), np.array([0.4, 1.0]), 0.7, 3.0
    at_once = jacobian(parts, (0, 1, 2, 3))(*point)

    rows = [grad(lambda *args, i=i: parts(*args)[i], (0, 1, 2, 3))(*point) for i in range(0, len(at_once[0]), 3)]
    for k in range(4):
        np.testing.assert_allclose(at_once[k][::3], [row[k] for row in rows], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("method", ["odeint", "LSODA", "BDF", "Radau"])
def test_many_parameters_do_not_take_the_square_of_their_number(method):
    weights = np.linspace(0, 1, 20_000)

    def left(w):
        rate = lambda t, y: -y * anp.mean(w) * 100
        if method == "odeint":
            return ours.odeint(rate, [1.0], [0.0, 0.01], tfirst=True, rtol=1e-8, atol=1e-10)[-1, 0]
        return ours.solve_ivp(rate, (0, 0.01), [1.0], method, rtol=1e-6, atol=1e-9).y[0, -1]

    g = grad(left)(weights)

    np.testing.assert_allclose(g, -np.exp(-0.5) / len(weights), rtol=1e-3)


def test_odeint_pushes_tangents_forward():
    _, tangent = jvp(lambda r: ours.odeint(decay, [2.0], [0.0, 1.0], args=(r,), **TIGHT)[-1, 0], (0.5,), (3.0,))

    np.testing.assert_allclose(tangent, -6 * np.exp(-0.5), rtol=1e-8)


def test_odeint_under_vmap_is_solved_one_by_one_and_says_so():
    solve = lambda r: ours.odeint(decay, np.array([2.0]), np.array([0.0, 1.0]), args=(r,), **TIGHT)[-1, 0]

    with pytest.warns(LoopWarning):
        y = vmap(solve)(np.array([0.5, 1.0]))

    np.testing.assert_allclose(y, 2 * np.exp([-0.5, -1.0]), rtol=1e-8)


# --- solve_ivp --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", ["RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA", pytest.param(theirs.RK45, id="class")]
)
def test_solve_ivp_has_scipys_values_with_each_method(method):
    y0, _, p, drive = POINT

    found = ours.solve_ivp(hunt_tfirst, (0, 1), y0, method, args=(Tensor(p, requires_grad=True), drive))
    g = grad(lambda p: ours.solve_ivp(hunt_tfirst, (0, 0.1), y0, method, args=(p, drive), rtol=1e-6).y[0, -1])(p)

    expected = theirs.solve_ivp(hunt_tfirst, (0, 1), y0, method, args=(p, drive))
    np.testing.assert_array_equal(found.y.data, expected.y)
    np.testing.assert_array_equal(found.t, expected.t)
    assert found.success and found.nfev == expected.nfev
    forward = lambda p: theirs.solve_ivp(hunt_tfirst, (0, 0.1), y0, args=(p, drive), rtol=1e-11, atol=1e-12).y[0, -1]
    steps = np.eye(3) * 1e-4
    np.testing.assert_allclose(g, [(forward(p + d) - forward(p - d)) / 2e-4 for d in steps], rtol=1e-2)


def test_solve_ivp_of_arrays_is_scipys_result_with_all_its_options():
    options = {"t_eval": [0.2, 0.5], "dense_output": True, "max_step": 0.2}

    found = ours.solve_ivp(lambda t, y: -y, (0, 1), [1.0], **options)

    expected = theirs.solve_ivp(lambda t, y: -y, (0, 1), [1.0], **options)
    assert type(found) is type(expected)
    np.testing.assert_array_equal(found.y, expected.y)
    np.testing.assert_array_equal(found.sol(0.3), expected.sol(0.3))


def test_derivatives_of_solve_ivp_by_start_span_times_and_arguments_are_right():
    def solve(y0, span, times, p, drive):
        options = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-12}
        return ours.solve_ivp(hunt_tfirst, span, y0, t_eval=times, args=(p, drive), **options).y

    report = check_gradients(solve, POINT[0], np.array([0.1, 1.5]), POINT[1][1:], *POINT[2:], order=1, tolerance=1e-7)

    assert report, str(report)


def test_the_end_of_the_span_moves_the_last_state_alone():
    last = lambda end: ours.solve_ivp(lambda t, y: -y, (0.0, end), [1.0], rtol=1e-9, atol=1e-11).y[0]

    slope = jacobian(lambda end: last(end)[-1])(1.0)
    others = jacobian(lambda end: last(end)[1:-1].sum())(1.0)

    np.testing.assert_allclose(slope, -np.exp(-1), rtol=1e-7)
    assert others == 0


def test_second_derivatives_of_solve_ivp_are_right():
    def solve(y0, rate):
        grow = lambda t, y, rate: rate * y * (1 - y)
        return ours.solve_ivp(grow, (0, 0.4), y0, "DOP853", [0.4], args=(rate,), rtol=1e-10, atol=1e-10).y

    report = check_gradients(solve, np.array([0.2]), 1.5, order=2, tolerance=1e-6)

    assert report, str(report)


def test_complex_states_and_vectorized_functions_have_derivatives():
    def turn(w):
        rate = lambda t, y, w: 1j * w * y
        y = ours.solve_ivp(rate, (0, 1), [1.0 + 0j], args=(w,), vectorized=True, rtol=1e-10, atol=1e-12).y[0, -1]
        return anp.real(y) + 2 * anp.imag(y)

    np.testing.assert_allclose(grad(turn)(0.7), -np.sin(0.7) + 2 * np.cos(0.7), rtol=1e-7)


def hits_the_ground(t, y, g):
    return y[0]


hits_the_ground.terminal = True
hits_the_ground.direction = -1


def fall(speed, g):
    rate = lambda t, y, g: [y[1], -g]
    return ours.solve_ivp(rate, (0, 10), [0.1, speed], events=hits_the_ground, args=(g,), rtol=1e-9, atol=1e-10)


def test_the_time_of_an_event_and_the_state_then_have_derivatives():
    speed, g = 3.0, 9.81
    root = np.sqrt(speed**2 + 0.2 * g)

    by_time = jacobian(lambda v: fall(v, g).t_events[0][0])(speed)
    by_last = jacobian(lambda v: fall(v, g).t[-1])(speed)
    by_state = jacobian(lambda v: fall(v, g).y[1, -1])(speed)
    by_event_state = jacobian(lambda v: fall(v, g).y_events[0][0, 1])(speed)
    twice = grad(grad(lambda v: fall(v, g).t_events[0][0]))(speed)

    np.testing.assert_allclose([by_time, by_last], (1 + speed / root) / g, rtol=1e-7)
    np.testing.assert_allclose([by_state, by_event_state], -speed / root, rtol=1e-7)
    np.testing.assert_allclose(twice, 0.2 / root**3, rtol=1e-5)


def test_events_that_do_not_end_the_solution_are_given_as_often_as_they_happen():
    zero = lambda t, y, w: y[0]

    def crossings(w):
        rate = lambda t, y, w: [w * y[1], -w * y[0]]
        found = ours.solve_ivp(rate, (0, 7), [0.0, 1.0], events=[zero], args=(w,), rtol=1e-9, atol=1e-11)
        return found.t_events[0][1:]

    np.testing.assert_allclose(crossings(1.0), [np.pi, 2 * np.pi], rtol=1e-7)
    np.testing.assert_allclose(jacobian(crossings)(1.0), [-np.pi, -2 * np.pi], rtol=1e-6)


def test_dense_output_of_tensors_on_the_tape_is_refused():
    with pytest.raises(TypeError, match="t_eval"):
        ours.solve_ivp(
            lambda t, y, a: -a * y, (0, 1), [1.0], args=(Tensor(1.0, requires_grad=True),), dense_output=True
        )


def test_an_equation_that_cannot_be_solved_back_is_an_error():
    broken = lambda t, y, a: a * np.ones(1) if type(y) is np.ndarray else a * y**3 * 1e3
    y = ours.solve_ivp(broken, (0, 1), [2.0], args=(Tensor(-1.0, requires_grad=True),)).y

    with pytest.raises(RuntimeError, match="could not go back"), np.errstate(all="ignore"):
        y[0, -1].backward()


# --- Integrals of functions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [(0.3, 1.4), (1.4, 0.3)])
def test_derivatives_of_quad_by_limits_and_arguments_are_right_twice(a, b):
    wave = lambda x, k: anp.exp(-k[0] * x) * anp.sin(k[1] * x)
    area = lambda a, b, k: ours.quad(wave, a, b, args=(k,), epsabs=1e-13, epsrel=1e-13)[0]

    report = check_gradients(area, a, b, np.array([0.5, 1.2]), order=2)

    assert report, str(report)


def test_quad_over_the_whole_line_and_with_a_weight_has_derivatives():
    bell = lambda k: ours.quad(lambda x: anp.exp(-k * x**2), -np.inf, np.inf)[0]
    weighted = lambda k: ours.quad(lambda x: anp.exp(-k * x), 0.0, 2.0, weight="cos", wvar=2.0)[0]

    np.testing.assert_allclose(grad(bell)(2.0), -np.sqrt(np.pi) / 2 * 2**-1.5, rtol=1e-8)
    assert check_gradients(weighted, 0.5, order=2)
    with pytest.raises(TypeError, match="no derivative for b="):
        grad(lambda b: ours.quad(lambda x: x, 0.0, b, weight="cos", wvar=2.0)[0])(1.0)


def test_quad_of_numbers_is_scipys_with_all_that_it_returns():
    found = ours.quad(np.exp, 0, 1, full_output=1, points=[0.5])

    expected = theirs.quad(np.exp, 0, 1, full_output=1, points=[0.5])
    assert found[:2] == expected[:2] and found[2].keys() == expected[2].keys()


def test_integrals_in_integrals_have_derivatives():
    k = 2.0
    nested = lambda k: ours.quad(lambda x: ours.quad(lambda y: k * x * y, 0.0, k)[0], 0.0, 1.0)[0]  # k**3 / 4
    double = lambda k: ours.dblquad(lambda y, x, k: k * x * y, 0, 1, 0, lambda x: k * x, args=(k,))[0]  # k**3 / 8
    triple = lambda k: ours.tplquad(lambda z, y, x: k * x * y * z, 0, 1, 0, 1, 0, lambda x, y: k * x)[0]  # k**3 / 16
    several = lambda k: ours.nquad(lambda x, y, k: k * x * y, [[0, 1], [0, k]], args=(k,))[0]  # k**3 / 4

    found = [grad(f)(k) for f in (nested, double, triple, several)]

    np.testing.assert_allclose(found, 3 * k**2 / np.array([4, 8, 16, 4]), rtol=1e-8)
    np.testing.assert_allclose(grad(grad(nested))(k), 3.0, rtol=1e-8)


def test_multiple_integrals_of_numbers_are_scipys():
    f = lambda y, x: x * y**2

    assert ours.dblquad(f, 0, 2, 0, 1) == theirs.dblquad(f, 0, 2, 0, 1)
    assert ours.nquad(f, [[0, 1], [0, 2]], full_output=True) == theirs.nquad(f, [[0, 1], [0, 2]], full_output=True)


def test_integrals_of_arrays_have_derivatives():
    waves = lambda a, b, k: ours.quad_vec(lambda x: anp.exp(-k * x), a, b, 1e-13, 1e-13)[0]
    gauss = lambda a, b, k: ours.fixed_quad(lambda x: anp.exp(-k[:, None] * x), a, b, n=9)[0]

    for f in (waves, gauss):
        report = check_gradients(f, 0.3, 1.4, np.array([0.5, 1.2]), order=2)
        assert report, str(report)


# --- Integrals of samples ---------------------------------------------------------------------------------------------

RULES = ["trapezoid", "simpson", "cumulative_trapezoid", "cumulative_simpson"]
rng = np.random.default_rng(0)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("n", [2, 3, 4, 5, 8])
def test_rules_for_samples_have_scipys_values(name, n):
    y, places = rng.normal(size=(2, n, 3)), np.cumsum(rng.uniform(0.5, 1.5, (2, n, 3)), axis=1)

    for options in ({}, {"dx": 0.3}, {"x": places}, {"x": places[0, :, 0]}, {"x": Tensor(places)}):
        found = getattr(ours, name)(Tensor(y), axis=1, **options)

        options = {key: x.data if isinstance(x, Tensor) else x for key, x in options.items()}
        np.testing.assert_allclose(found.data, getattr(theirs, name)(y, axis=1, **options), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("n", [4, 5])
def test_derivatives_of_rules_for_samples_are_right(name, n):
    y, places = rng.normal(size=(n, 2)), np.cumsum(rng.uniform(0.5, 1.5, (n, 2)), axis=0)
    initial = {"initial": 0} if "cumulative" in name else {}

    report = check_gradients(lambda y, x: getattr(ours, name)(y, x=x, axis=0, **initial), y, places, order=2)

    assert report, str(report)


def test_simpsons_rule_takes_places_that_coincide():
    for places in ([0.0, 1, 1, 2, 2], [0.0, 0, 1, 1], [0.0, 1, 1, 1, 2, 2]):
        y = rng.normal(size=len(places))

        found = ours.simpson(Tensor(y), x=np.array(places))

        np.testing.assert_allclose(found.data, theirs.simpson(y, x=places), rtol=1e-12)


def test_rombergs_rule_has_scipys_value_and_its_derivative():
    y = rng.normal(size=(9, 2))

    found = ours.romb(Tensor(y), dx=0.3, axis=0)

    np.testing.assert_allclose(found.data, theirs.romb(y, dx=0.3, axis=0), rtol=1e-12)
    assert check_gradients(lambda y, dx: ours.romb(y, dx, axis=0), y, 0.3, order=2)
    with pytest.raises(ValueError, match="power of 2"):
        ours.romb(Tensor(np.ones(6)))


@pytest.mark.parametrize("name", RULES)
def test_rules_for_samples_say_what_does_not_fit(name):
    with pytest.raises(ValueError, match="places along the axis"):
        getattr(ours, name)(Tensor(np.ones((2, 3))), x=np.ones(4))


def test_what_is_not_differentiated_is_scipys():
    assert ours.newton_cotes(3)[1] == theirs.newton_cotes(3)[1]
    assert ours.OdeSolver is theirs.OdeSolver and "solve_bvp" in dir(ours)
    with pytest.raises(TypeError, match="no derivative here"):
        ours.solve_bvp(lambda x, y: y, lambda a, b: a, Tensor(np.arange(3.0), requires_grad=True), np.zeros((2, 3)))
    assert pickle.loads(pickle.dumps(ours.odeint)) is ours.odeint


def test_what_is_on_the_tape_is_let_go_without_the_garbage_collector():
    calls = [
        lambda a: ours.odeint(decay, [1.0], [0.0, 1.0], args=(a,)),
        lambda a: ours.solve_ivp(lambda t, y: -a * y, (0, 1), [1.0]).y,
        lambda a: ours.quad(lambda x: a * x, 0, 1)[0],
    ]
    for call in calls:
        assert_let_go(call)
