"""Reductions of tensors in NumPy's forms of call, and at the points where a derivative is a matter of policy."""

import itertools
import warnings

import numpy as np
import pytest

from autograd import Tensor
from autograd.op import overrides
from autograd.ops.reductions import logsumexp
from tests.smooth import assert_smooth

inf, nan = np.inf, np.nan
SPACED = np.linspace(0.3, 2.2, 18) * np.tile([1, -1], 9) + 0.01 * np.sin(np.arange(18))  # no ties, no zeros
CUBE = np.random.default_rng(5).permutation(SPACED).reshape(3, 3, 2)
MATRIX = np.random.default_rng(6).permutation(SPACED[:12]).reshape(3, 4)
V = MATRIX[:, 0]
POINT = np.array(1.5)
HOLES = CUBE.copy()
HOLES[[0, 1, 2], [0, 1, 2], [1, 1, 0]] = nan
MASK = np.random.default_rng(3).uniform(size=CUBE.shape) < 0.7
MASK[:, :2] = True
COMPLEX = MATRIX - 1j * MATRIX[::-1, ::-1]


def forms(**cases):
    """Parametrises over named pairs of a form of call and the arrays it is given."""
    return pytest.mark.parametrize(
        ("form", "xs"), [pytest.param(form, xs, id=name, marks=since(name)) for name, (form, *xs) in cases.items()]
    )


def since(name):
    """Skips the forms of functions that an older NumPy does not have yet."""
    newer = [f for f in ("matvec", "vecmat", "cumulative_sum", "cumulative_prod") if name.startswith(f)]
    return [pytest.mark.skipif(not hasattr(np, f), reason=f"this NumPy has no {f}") for f in newer]


def gradient(form, x, g=None):
    t = Tensor(np.asarray(x, dtype=float), requires_grad=True)
    form(t).backward(g)
    return t.grad.data


def hessian(form, x):
    """Row by row, from gradients on the tape."""
    t = Tensor(np.asarray(x, dtype=float), requires_grad=True)
    form(t).backward(create_graph=True)
    first, rows = t.grad, []
    for i in range(t.size):
        t.grad = None
        if first.requires_grad:
            first[i].backward(retain_graph=True)
        rows.append(np.zeros(t.shape) if t.grad is None else t.grad.data)
    return np.array(rows)


# --- Forms of call ----------------------------------------------------------------------------------------------------

SMOOTH = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "var": np.var, "std": np.std}
EXTREME = {"max": np.max, "min": np.min, "amax": np.amax, "amin": np.amin, "ptp": np.ptp}
PASSING = {f.__name__: f for f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin)}
MEDIANS = {"median": np.median, "nanmedian": np.nanmedian}
REDUCTIONS = SMOOTH | EXTREME | PASSING | MEDIANS
AXES = {
    "all": {},
    "none": {"axis": None},
    "first": {"axis": 0},
    "last": {"axis": -1},
    "numpy": {"axis": np.int64(1)},
    "pair": {"axis": (0, -1)},
    "triple": {"axis": (2, 0, 1)},
    "kept": {"axis": 1, "keepdims": True},
    "pair_kept": {"axis": (1, 2), "keepdims": True},
    "all_kept": {"keepdims": True},
}


@pytest.mark.parametrize("axes", AXES.values(), ids=AXES)
@pytest.mark.parametrize("function", REDUCTIONS.values(), ids=REDUCTIONS)
def test_a_reduction_along_any_axes(function, axes):
    x = HOLES if function.__name__.startswith("nan") else CUBE

    assert_smooth(lambda x: function(x, **axes), x)


@pytest.mark.parametrize("function", REDUCTIONS.values(), ids=REDUCTIONS)
def test_a_reduction_of_a_number(function):
    assert_smooth(lambda x: function(x) + x, POINT)


@forms(
    sum_none_of_them=(lambda x: np.sum(x, axis=()), MATRIX),
    sum_positional=(lambda x: np.sum(x, 1), MATRIX),
    sum_named=(lambda x: np.sum(a=x, axis=1), MATRIX),
    sum_method=(lambda x: x.sum(0), MATRIX),
    sum_method_kept=(lambda x: x.sum(axis=-1, keepdims=True), MATRIX),
    sum_initial=(lambda x: np.sum(x, axis=1, initial=10.0), MATRIX),
    sum_where=(lambda x: np.sum(x, axis=1, where=MASK), CUBE),
    sum_where_broadcast=(lambda x: np.sum(x, where=MASK[0, 0], keepdims=True), CUBE),
    sum_where_list=(lambda x: np.sum(x, axis=0, where=[[True], [False], [True]]), MATRIX),
    sum_number_axis=(lambda x: np.sum(x, axis=0) + x.sum(-1), POINT),
    sum_complex=(lambda x: np.sum(x, axis=0), COMPLEX),
    prod_initial=(lambda x: np.prod(x, axis=1, initial=3.0), MATRIX),
    prod_where=(lambda x: np.prod(x, axis=1, where=MASK), CUBE),
    prod_method=(lambda x: x.prod(axis=(0, 1)), MATRIX),
    prod_zeros=(lambda x: np.prod(x, axis=1), np.array([[0.0, 2, 3], [0, 2, 0], [1, 2, 3]])),
    prod_complex=(lambda x: np.prod(x, axis=0), COMPLEX),
    mean_where=(lambda x: np.mean(x, axis=1, where=MASK), CUBE),
    mean_where_kept=(lambda x: np.mean(x, axis=(0, 1), where=MASK, keepdims=True), CUBE),
    mean_method=(lambda x: x.mean(-1), MATRIX),
    mean_complex=(lambda x: x.mean(1), COMPLEX),
    var_ddof=(lambda x: x.var(axis=1, ddof=1), MATRIX),
    var_correction=(lambda x: np.var(x, axis=(0, 1), correction=1), MATRIX),
    var_fraction=(lambda x: np.var(x, axis=0, ddof=1.5), MATRIX),
    var_where=(lambda x: np.var(x, axis=1, ddof=1, where=MASK), CUBE),
    var_mean=(lambda x: np.var(x, axis=1, mean=np.full((3, 1), 0.5)), MATRIX),
    var_complex=(lambda x: np.var(x, axis=0), COMPLEX),
    std_ddof=(lambda x: np.std(x, axis=1, ddof=1, keepdims=True), MATRIX),
    std_method=(lambda x: x.std(), MATRIX),
    std_where=(lambda x: np.std(x, axis=1, where=MASK), CUBE),
    std_mean=(lambda x: np.std(x, axis=1, mean=np.full((3, 1), 0.5), keepdims=True), MATRIX),
    std_complex=(lambda x: np.std(x, axis=1), COMPLEX),
    max_method=(lambda x: x.max(axis=1, keepdims=True), MATRIX),
    max_initial=(lambda x: np.max(x, axis=1, initial=0.7), MATRIX),
    max_where=(lambda x: np.max(x, axis=1, where=MASK, initial=-inf), CUBE),
    min_where=(lambda x: x.min(axis=(0, 2), where=MASK, initial=3.0), CUBE),
    ptp_method=(lambda x: x.ptp(axis=1) if hasattr(x, "ptp") else np.ptp(x, axis=1), MATRIX),
    nansum_initial=(lambda x: np.nansum(x, axis=1, initial=2.0), HOLES),
    nansum_where=(lambda x: np.nansum(x, axis=1, where=MASK), HOLES),
    nanprod_initial=(lambda x: np.nanprod(x, axis=1, initial=2.0), HOLES),
    nanmean_where=(lambda x: np.nanmean(x, axis=(0, 2), where=MASK), HOLES),
    nanvar_ddof=(lambda x: np.nanvar(x, axis=(0, 2), ddof=1), HOLES),
    nanstd_correction=(lambda x: np.nanstd(x, axis=(0, 2), correction=1, keepdims=True), HOLES),
    nanmax_initial=(lambda x: np.nanmax(x, axis=1, initial=-0.5), HOLES),
)  # fmt: skip
def test_a_reduction_with_options(form, xs):
    assert_smooth(form, *xs)


@forms(
    cumsum=(lambda x: np.cumsum(x), MATRIX),
    cumsum_axis=(lambda x: np.cumsum(x, axis=-2), CUBE),
    cumsum_method=(lambda x: x.cumsum(1), MATRIX),
    cumsum_number=(lambda x: np.cumsum(x), POINT),
    cumsum_complex=(lambda x: np.cumsum(x, axis=1), COMPLEX),
    cumprod=(lambda x: np.cumprod(x), MATRIX[:2, :3]),
    cumprod_axis=(lambda x: x.cumprod(axis=1), CUBE),
    cumprod_number=(lambda x: np.cumprod(x), POINT),
    cumprod_zeros=(lambda x: np.cumprod(x), np.array([2.0, 0, 3, 0, 4])),
    cumprod_complex=(lambda x: np.cumprod(x, axis=0), COMPLEX),
    nancumsum=(lambda x: np.nancumsum(x, axis=2), HOLES),
    nancumsum_flat=(lambda x: np.nancumsum(x), HOLES[0]),
    nancumprod=(lambda x: np.nancumprod(x, axis=1), HOLES),
    cumulative_sum=(lambda x: np.cumulative_sum(x), V),
    cumulative_sum_initial=(lambda x: np.cumulative_sum(x, axis=0, include_initial=True), MATRIX),
    cumulative_prod=(lambda x: np.cumulative_prod(x, axis=-1, include_initial=True), MATRIX),
    diff=(lambda x: np.diff(x), MATRIX),
    diff_twice=(lambda x: np.diff(x, 2, axis=0), MATRIX),
    diff_too_often=(lambda x: np.diff(x, 4), V),
    diff_not_at_all=(lambda x: np.diff(x, 0) * 2, V),
    diff_prepend=(lambda x: np.diff(x, prepend=0.0, append=np.ones((3, 2))), MATRIX),
    diff_of_tensors=(lambda x, y: np.diff(x, append=y, axis=0), MATRIX, MATRIX[:1]),
    diff_number=(lambda x, y: np.diff(x, prepend=y, axis=1), MATRIX, POINT),
    ediff1d=(lambda x: np.ediff1d(x), MATRIX),
    ediff1d_ends=(lambda x, y: np.ediff1d(x, to_end=y, to_begin=[1.0, 2.0]), V, POINT),
    trapezoid=(lambda y: np.trapezoid(y), MATRIX),
    trapezoid_dx=(lambda y: np.trapezoid(y, dx=0.5, axis=0), MATRIX),
    trapezoid_x=(lambda y, x: np.trapezoid(y, x, axis=0), MATRIX, V),
    trapezoid_many_x=(lambda y, x: np.trapezoid(y, x), MATRIX, MATRIX + 1),
    trapezoid_middle=(lambda y, x: np.trapezoid(y, x, axis=1), CUBE, V),
)  # fmt: skip
def test_running_forms(form, xs):
    assert_smooth(form, *xs)


@pytest.mark.skipif(not hasattr(np, "trapz"), reason="NumPy 2.4 has taken the name away")
def test_trapz_is_trapezoid():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        y = getattr(np, "trapz")(Tensor(MATRIX))  # noqa: B009 (not every NumPy has it)

    np.testing.assert_allclose(y.data, np.trapezoid(MATRIX))


METHODS = [
    "linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation",
    "interpolated_inverted_cdf", "hazen", "weibull", "median_unbiased", "normal_unbiased",
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_quantiles_by_every_method(method):
    assert_smooth(lambda x: np.quantile(x, [0.1, 0.5, 0.77], axis=1, method=method), MATRIX)
    assert_smooth(lambda x: np.nanquantile(x, 0.45, axis=(0, 2), method=method), HOLES)


@forms(
    number=(lambda x: np.quantile(x, 0.3), CUBE),
    ends=(lambda x: np.quantile(x, [0, 1], axis=-1, keepdims=True), MATRIX),
    matrix_of_them=(lambda x: np.quantile(x, [[0.2, 0.4], [0.6, 0.8]], axis=(0, 2)), CUBE),
    named=(lambda x: np.quantile(x, q=0.3, axis=0), MATRIX),
    percentile=(lambda x: np.percentile(x, 35, axis=0), MATRIX),
    percentiles=(lambda x: np.percentile(x, [5, 50], keepdims=True), CUBE),
    nanpercentile=(lambda x: np.nanpercentile(x, [5, 50], axis=1), HOLES),
    of_a_number=(lambda x: np.quantile(x, 0.3) + x, POINT),
    weighted=(
        lambda x: np.quantile(x, [0.3, 0.6], axis=1, weights=[1, 2, 3, 1], method="inverted_cdf"), MATRIX,
    ),
    average=(lambda x: np.average(x), MATRIX),
    average_axis=(lambda x: np.average(x, axis=1, keepdims=True), MATRIX),
    average_weights=(lambda x, w: np.average(x, weights=w), MATRIX, MATRIX + 3),
    average_vector=(lambda x, w: np.average(x, axis=0, weights=w), MATRIX, V + 3),
    average_of_array=(lambda w: np.average(MATRIX, axis=-1, weights=w), MATRIX[0] + 3),
    average_tuple=(lambda x, w: np.average(x, axis=(2, 0), weights=w, keepdims=True), CUBE, CUBE[:, 0].T + 3),
    average_returned=(lambda x, w: sum(np.average(x, axis=0, weights=w, returned=True)), MATRIX, V + 3),
    average_list=(lambda x: np.average(x, axis=1, weights=[1, 2, 3, 4]), MATRIX),
    average_integers=(lambda x, n: np.average(n, weights=x), V + 3, np.array([1, 2, 4])),
)  # fmt: skip
def test_quantiles_and_averages_in_numpys_forms(form, xs):
    assert_smooth(form, *xs)


@forms(
    add=(lambda x: np.add.reduce(x), CUBE),
    add_axes=(lambda x: np.add.reduce(x, axis=(0, 2), keepdims=True), CUBE),
    add_all=(lambda x: np.add.reduce(x, axis=None), CUBE),
    add_where=(lambda x: np.add.reduce(x, axis=1, where=MASK, initial=1.0), CUBE),
    multiply=(lambda x: np.multiply.reduce(x, 1), MATRIX),
    maximum=(lambda x: np.maximum.reduce(x), MATRIX),
    minimum=(lambda x: np.minimum.reduce(x, axis=1), MATRIX),
    fmax=(lambda x: np.fmax.reduce(x, axis=1), HOLES),
    fmin=(lambda x: np.fmin.reduce(x, axis=(0, 2)), HOLES),
    logaddexp=(lambda x: np.logaddexp.reduce(x), MATRIX),
    logaddexp_axes=(lambda x: np.logaddexp.reduce(x, axis=1, keepdims=True), MATRIX),
    logaddexp_number=(lambda x: np.logaddexp.reduce(x) * x, POINT),
    logaddexp2=(lambda x: np.logaddexp2.reduce(x, axis=1), MATRIX),
    add_accumulate=(lambda x: np.add.accumulate(x), MATRIX),
    multiply_accumulate=(lambda x: np.multiply.accumulate(x, axis=1), MATRIX),
    maximum_accumulate=(lambda x: np.maximum.accumulate(x, axis=-1), CUBE),
    minimum_accumulate=(lambda x: np.minimum.accumulate(x), CUBE),
    fmax_accumulate=(lambda x: np.fmax.accumulate(x, axis=1), MATRIX),
)  # fmt: skip
def test_methods_of_ufuncs(form, xs):
    assert_smooth(form, *xs)


@pytest.mark.parametrize("ufunc", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_running_extremes_of_numbers_and_nan_are_numpys(ufunc):
    x = np.array([nan, 1.0, 2.0, nan, 2.0, 3.0, 1.0])

    for part in (x, x[1:]):
        np.testing.assert_array_equal(ufunc.accumulate(Tensor(part)).data, ufunc.accumulate(part))


def test_logical_reductions_are_constants():
    x = Tensor(MATRIX, requires_grad=True)

    for function in (np.all, np.any, np.count_nonzero, np.argmax, np.argmin, np.nanargmax, np.nanargmin):
        found = function(x, axis=1)

        assert not found.requires_grad
        np.testing.assert_array_equal(found.data, function(MATRIX, axis=1))
    np.testing.assert_array_equal(np.logical_and.reduce(x > 0).data, np.all(MATRIX > 0, axis=0))
    np.testing.assert_array_equal(np.logical_or.reduce(x > 0, axis=1).data, np.any(MATRIX > 0, axis=1))
    assert x.argmax() == MATRIX.argmax()
    assert not x.all() or x.any()


# --- Empty, integers, errors ------------------------------------------------------------------------------------------


@forms(
    sum=(lambda x: np.sum(x), np.zeros(0)),
    sum_axis=(lambda x: np.sum(x, axis=0), np.zeros((0, 3))),
    sum_other=(lambda x: np.sum(x, axis=1), np.zeros((0, 3))),
    prod=(lambda x: np.prod(x), np.zeros(0)),
    prod_axis=(lambda x: np.prod(x, axis=0), np.zeros((0, 3))),
    prod_other=(lambda x: np.prod(x, axis=1), np.zeros((0, 3))),
    max_initial=(lambda x: np.max(x, axis=0, initial=1.0), np.zeros((0, 3))),
    max_other=(lambda x: np.max(x, axis=1), np.zeros((0, 3))),
    mean_other=(lambda x: np.mean(x, axis=1), np.zeros((0, 3))),
    var_other=(lambda x: np.var(x, axis=1), np.zeros((0, 3))),
    std_other=(lambda x: np.std(x, axis=1), np.zeros((0, 3))),
    cumsum=(lambda x: np.cumsum(x, axis=0), np.zeros((0, 3))),
    cumprod=(lambda x: np.cumprod(x, axis=0), np.zeros((0, 3))),
    cumprod_other=(lambda x: np.cumprod(x, axis=1), np.zeros((0, 3))),
    nansum=(lambda x: np.nansum(x), np.zeros(0)),
    median_other=(lambda x: np.median(x, axis=1), np.zeros((0, 3))),
    norm=(lambda x: np.linalg.norm(x), np.zeros(0)),
    diff=(lambda x: np.diff(x), np.zeros((3, 1))),
    logsumexp=(lambda x: np.logaddexp.reduce(x, axis=1), np.zeros((0, 3))),
)  # fmt: skip
def test_of_nothing(form, xs):
    assert_smooth(form, *xs)


@pytest.mark.parametrize("function", [np.max, np.min, np.ptp, np.argmax, np.nanargmin])
def test_the_extreme_of_nothing_is_numpys_error(function):
    with pytest.raises(ValueError, match=r"empty|zero-size"):
        function(Tensor(np.zeros(0), requires_grad=True))


@pytest.mark.parametrize("function", [np.mean, np.var, np.std, np.median, np.nanmean])
def test_the_mean_of_nothing_is_nan_with_numpys_warning_and_no_further_one(function):
    x = Tensor(np.zeros((0, 2)), requires_grad=True)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        y = function(x, axis=0)
    y.sum().backward()

    assert np.isnan(y.data).all()
    assert x.grad.shape == (0, 2)


@pytest.mark.parametrize("function", [*REDUCTIONS.values(), np.cumsum, np.cumprod, np.average])
def test_integers_are_constants_with_numpys_values(function):
    x = np.array([[3, 1, 2], [4, 6, 9]])

    y = function(Tensor(x))

    assert not y.requires_grad
    assert y.dtype == np.asarray(function(x)).dtype
    np.testing.assert_allclose(y.data, function(x))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
@pytest.mark.parametrize("function", [*REDUCTIONS.values(), np.cumsum, np.cumprod, np.average, np.linalg.norm, np.diff])
def test_precision_is_kept(function, dtype):
    x = Tensor(MATRIX, requires_grad=True, dtype=dtype)

    y = function(x)
    y.sum().backward()

    assert y.dtype == function(x.data).dtype
    assert x.grad.dtype == dtype


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.sum(x, axis=2), np.exceptions.AxisError, "axis 2"),
        (lambda x: np.prod(x, axis=(0, 0)), ValueError, "uplicate"),
        (lambda x: np.var(x, ddof=1, correction=1), ValueError, "ddof and correction"),
        (lambda x: np.var(x, mean=x.mean()), TypeError, "var has no derivative for mean=.*detach"),
        (lambda x: np.quantile(x, x[0, 0]), TypeError, "quantile has no derivative for q="),
        (lambda x: np.quantile(x, 1.5), ValueError, "0"),
        (lambda x: np.average(x, weights=[1, 2, 3]), TypeError, "Axis must be specified"),
        (lambda x: np.average(x, axis=1, weights=[1, 2, 3]), ValueError, "weights must be consistent"),
        (lambda x: np.average(x, weights=x - x), ZeroDivisionError, "Weights sum to zero"),
        (lambda x: np.median(x, out=np.zeros(())), TypeError, "out="),
        (lambda x: np.diff(x, -1), ValueError, "order of at least 0"),
        (lambda x: np.diff(x[0, 0]), ValueError, "at least one axis"),
        (lambda x: np.ediff1d(x.astype(np.float32), to_end=1j), TypeError, "to_end"),
        (lambda x: np.linalg.norm(x, 3), ValueError, "Invalid norm order 3"),
        (lambda x: np.linalg.norm(x[0], "fro"), ValueError, "Invalid norm order 'fro'"),
        (lambda x: np.linalg.norm(x[None], 1), ValueError, "Improper number"),
        (lambda x: np.linalg.norm(x, axis=(0, 0)), ValueError, "epeated|uplicate"),
        (lambda x: np.linalg.norm(x, axis=5), np.exceptions.AxisError, "axis 5"),
    ],
)
def test_calls_that_make_no_sense_are_clear_errors(call, error, message):
    x = Tensor(MATRIX, requires_grad=True)

    with pytest.raises(error, match=message):
        call(x)


@pytest.mark.skipif(not hasattr(np, "cumulative_sum"), reason="this NumPy has no cumulative_sum")
def test_cumulative_sums_of_a_matrix_need_an_axis():
    with pytest.raises(ValueError, match="cumulative_sum expects an axis"):
        np.cumulative_sum(Tensor(MATRIX))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("method", ["inverted_cdf", "linear"])
def test_a_quantile_in_low_precision_follows_numpys_choice_of_the_element(method, dtype):
    x = np.arange(5, dtype=dtype)

    for q in (0.2, 0.4, 0.6, 0.8):  # at a jump of the inverted distribution function, where rounding decides
        t = Tensor(x, requires_grad=True)
        y = np.quantile(t, q, method=method)
        y.backward()

        np.testing.assert_allclose(np.sum(t.grad.data * x), y.item(), rtol=2e-3)


@pytest.mark.parametrize("function", [np.median, np.nanmedian])
def test_overwrite_input_leaves_the_data_alone(function):
    x = Tensor(MATRIX, requires_grad=True)

    function(x, overwrite_input=True)
    np.percentile(x, 30, overwrite_input=True)

    np.testing.assert_array_equal(x.data, MATRIX)


# --- Ties, zeros, NaN: numbers from PyTorch 2.13 unless said otherwise ------------------------------------------------


def test_ties_share_the_gradient_of_an_extreme_evenly():
    x = [[1.0, 3, 3], [2, 2, 2]]

    third = 1 / 3
    np.testing.assert_allclose(gradient(lambda x: np.max(x, axis=1).sum(), x), [[0, 0.5, 0.5], [third] * 3])
    np.testing.assert_allclose(gradient(np.max, [[1.0, 3, 3], [2, 3, 2]]), [[0, third, third], [0, third, 0]])
    np.testing.assert_allclose(
        gradient(lambda x: np.min(x, axis=0).sum(), [[1.0, 3, 3], [1, 2, 3]]), [[0.5, 0, 0.5], [0.5, 1, 0.5]]
    )
    np.testing.assert_allclose(gradient(np.nanmax, [1, nan, 1]), [0.5, 0, 0.5])
    np.testing.assert_allclose(gradient(np.median, [1.0, 2, 2, 2, 3]), [0, third, third, third, 0])


def test_ties_of_the_running_maximum_count_for_the_last():
    g = gradient(lambda x: np.maximum.accumulate(x).sum(), [1, 2, 2, 1, 3, nan, 4])

    np.testing.assert_array_equal(g, [1, 1, 2, 0, 1, 2, 0])


def test_ties_are_shared_where_as_many_places_were_hit_as_there_are_results():
    x = Tensor([[1.0, 1.0], [3.0, 2.0]], requires_grad=True)

    np.max(x, axis=1, initial=2.5, where=np.array([[True, True], [True, False]])).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [[0, 0], [1, 0]])  # the first row never reaches 2.5

    x.grad = None
    np.max(x, axis=1, initial=0.0, where=np.array([[True, True], [False, False]])).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [[0.5, 0.5], [0, 0]])


def test_an_initial_value_that_ties_takes_its_share():  # by symmetry
    np.testing.assert_allclose(gradient(lambda x: np.max(x, initial=2.0), [1, 2, 2]), [0, 1 / 3, 1 / 3])
    np.testing.assert_array_equal(gradient(lambda x: np.max(x, initial=5.0), [1, 2, 2]), [0, 0, 0])


def test_the_gradient_of_an_extreme_that_is_nan_goes_to_the_nan():
    for function in (np.max, np.min, np.median):
        np.testing.assert_array_equal(gradient(function, [1, nan, 2]), [0, 1, 0])


def test_a_nan_cotangent_reaches_only_what_was_chosen():
    g = gradient(lambda x: np.max(x, axis=1), [[1.0, 3], [5, 4]], np.array([nan, 1.0]))

    np.testing.assert_array_equal(g, [[0, nan], [1, 0]])


@pytest.mark.parametrize(
    ("x", "first", "second"),
    [
        ([0.0, 2, 5, 3], [30, 0, 0, 0], [[0, 15, 6, 10], [15, 0, 0, 0], [6, 0, 0, 0], [10, 0, 0, 0]]),
        ([0.0, 2, 0, 3], [0, 0, 0, 0], [[0, 0, 6, 0], [0, 0, 0, 0], [6, 0, 0, 0], [0, 0, 0, 0]]),
        ([0.0, 0, 0, 3], [0, 0, 0, 0], np.zeros((4, 4))),
    ],
)
def test_products_with_zeros_are_exact_at_orders_1_and_2(x, first, second):
    np.testing.assert_array_equal(gradient(np.prod, x), first)
    np.testing.assert_array_equal(hessian(np.prod, x), second)


def test_running_products_with_zeros_are_exact():
    g = np.array([1.0, 2, 3, 4, 5])

    np.testing.assert_array_equal(gradient(np.cumprod, [2, 0, 3, 0, 4], g), [1, 22, 0, 0, 0])
    np.testing.assert_array_equal(gradient(np.cumprod, [2, 3, 0, 5, 4], g), [7, 4, 738, 0, 0])


def test_a_long_product_neither_overflows_nor_loses_small_factors():
    x = np.full(2000, 2.0)
    x[1000:] = 0.5

    np.testing.assert_array_equal(gradient(np.prod, x), 1 / x)


@pytest.mark.parametrize("x", [[2.0, 2, 2], [0.1, 0.1, 0.1], [1e-200, 1e-200]])
def test_the_standard_deviation_of_equal_numbers_has_gradient_zero(x):
    np.testing.assert_allclose(gradient(np.std, x), np.zeros(len(x)), atol=1e-15)


def test_the_standard_deviation_of_equal_numbers_has_finite_second_derivatives():
    np.testing.assert_array_equal(hessian(np.std, [2.0, 2, 2]), np.zeros((3, 3)))


def test_without_degrees_of_freedom_the_variance_and_its_gradient_are_nan():
    for function in (np.var, np.std):
        x = Tensor([2.0], requires_grad=True)
        with pytest.warns(RuntimeWarning):
            y = function(x, ddof=1)

        y.backward()

        assert np.isnan(y.item()) and np.isnan(x.grad.item())


def test_elements_left_out_have_gradient_zero_whatever_they_are():
    x, where = [1.0, nan, 3, inf], np.array([True, False, True, False])

    for function in (np.sum, np.mean, np.var, np.std, np.prod):
        g = gradient(lambda x, function=function: function(x, where=where), x)

        np.testing.assert_allclose(g[where], gradient(function, [1.0, 3.0]), atol=1e-15)
        np.testing.assert_array_equal(g[~where], 0)


def test_nan_is_passed_over_and_has_gradient_zero():
    x = [[1, nan, 3], [nan, nan, 5]]

    np.testing.assert_array_equal(gradient(lambda x: np.nanmean(x, axis=1).sum(), x), [[0.5, 0, 0.5], [0, 0, 1]])
    np.testing.assert_array_equal(gradient(np.nansum, [[1, nan, 3], [nan] * 3]), [[1, 0, 1], [0, 0, 0]])


def test_second_derivatives_pass_over_nan():
    hessians = {np.nansum: 0, np.nanprod: [[0, 0, 5], [0, 0, 0], [5, 0, 0]]}

    for function, expected in hessians.items():
        np.testing.assert_array_equal(
            hessian(
                lambda x, function=function: function(x, initial=5) if function is np.nanprod else function(x),
                [2.0, nan, 4.0],
            ),
            np.broadcast_to(expected, (3, 3)),
        )
    np.testing.assert_allclose(hessian(np.nanvar, [2.0, nan, 4.0]), [[0.5, 0, -0.5], [0, 0, 0], [-0.5, 0, 0.5]])


@pytest.mark.parametrize("function", [np.nanmax, np.nanmedian, np.nanmean])
def test_where_there_is_no_number_the_others_are_right(function):
    t = Tensor([[nan, nan], [1.0, nan]], requires_grad=True)
    with pytest.warns(RuntimeWarning):
        y = function(t, axis=1)

    y[1].backward()

    np.testing.assert_array_equal(t.grad.data, [[0, 0], [1, 0]])


# --- Log-sum-exp ------------------------------------------------------------------------------------------------------


def test_logsumexp_of_small_and_huge_numbers():
    x = np.array([[1.0, 2, 3], [-inf, 0, 1], [1000, 1000, -1000]])

    t = Tensor(x, requires_grad=True)
    y = logsumexp(t, axis=1)
    y.sum().backward()

    np.testing.assert_allclose(y.data, [3.4076059644443806, 1.3132616875182228, 1000.6931471805599], rtol=1e-15)
    softmax = [[0.09003057317038043, 0.24472847105479759, 0.6652409557748217], [0, 0.26894142136999515, 0.73105857863]]
    np.testing.assert_allclose(t.grad.data, [*softmax, [0.5, 0.5, 0]], rtol=1e-9)


@pytest.mark.parametrize(
    ("x", "value", "slope"),
    [
        ([-inf, -inf], -inf, [0, 0]),
        ([inf, 1.0], inf, [1, 0]),
        ([inf, inf, -inf], inf, [0.5, 0.5, 0]),
        ([1e308, 0], 1e308, [1, 0]),
        ([], -inf, []),
    ],
)
def test_logsumexp_of_infinities(x, value, slope):  # limits; PyTorch has NaN
    t = Tensor(x, requires_grad=True)

    y = logsumexp(t)
    y.backward(create_graph=True)
    first = t.grad
    t.grad = None
    if t.size:
        first.sum().backward()

        np.testing.assert_array_equal(t.grad.data, np.zeros(t.shape))
    assert y.item() == value
    np.testing.assert_array_equal(first.data, slope)


def test_logsumexp_of_a_number_is_the_number():
    x = Tensor(1.5, requires_grad=True)

    for y in (logsumexp(x), logsumexp(x, keepdims=True)):
        x.grad = None
        y.backward()

        assert (y.item(), y.shape, x.grad.item()) == (1.5, (), 1.0)


def test_logsumexp_of_nan_is_nan():
    assert np.isnan(logsumexp(Tensor([1.0, nan])).item())


def test_logsumexp_of_arrays_is_an_array():
    assert isinstance(logsumexp([1.0, 2.0]), np.ndarray | np.float64)
    np.testing.assert_allclose(logsumexp(MATRIX, axis=(0, 1)), np.logaddexp.reduce(MATRIX, axis=None), rtol=1e-14)
    np.testing.assert_allclose(logsumexp(MATRIX, 0, True), np.logaddexp.reduce(MATRIX, keepdims=True), rtol=1e-14)


# --- Norms ------------------------------------------------------------------------------------------------------------

ORDERS = [None, 2, 1, inf, -inf, 0, 3, 2.5, 0.5, -1, -2.5]


@pytest.mark.parametrize("order", ORDERS)
def test_norms_of_vectors(order):
    assert_smooth(lambda x: np.linalg.norm(x, order) + 0 * x[0], V)
    assert_smooth(lambda x: np.linalg.norm(x, order, axis=1, keepdims=True) + 0 * x, CUBE)
    assert_smooth(
        lambda x: np.linalg.vector_norm(x, ord=2 if order is None else order, axis=(0, 2)) + 0 * x[0, :, 0], CUBE
    )


@pytest.mark.parametrize("order", [None, "fro", 1, -1, inf, -inf])
def test_norms_of_matrices(order):
    assert_smooth(lambda x: np.linalg.norm(x, order), MATRIX)
    assert_smooth(lambda x: np.linalg.norm(x, order, axis=(2, 0), keepdims=True), CUBE)
    assert_smooth(lambda x: np.linalg.matrix_norm(x, ord="fro" if order is None else order), CUBE)


@forms(
    all_axes=(lambda x: np.linalg.norm(x), CUBE),
    kept=(lambda x: np.linalg.norm(x, keepdims=True), CUBE),
    vector_all=(lambda x: np.linalg.vector_norm(x), CUBE),
    vector_all_kept=(lambda x: np.linalg.vector_norm(x, keepdims=True, ord=3), CUBE),
    matrix_kept=(lambda x: np.linalg.matrix_norm(x, keepdims=True), CUBE),
    number=(lambda x: np.linalg.norm(x), POINT),
    complex_2=(lambda x: np.linalg.norm(x, axis=0), COMPLEX),
    complex_1=(lambda x: np.linalg.norm(x, 1, axis=1), COMPLEX),
    complex_3=(lambda x: np.linalg.norm(x, 3, axis=1), COMPLEX),
    complex_inf=(lambda x: np.linalg.norm(x, inf), COMPLEX),
)  # fmt: skip
def test_norms_in_other_forms(form, xs):
    assert_smooth(form, *xs)


def test_the_norm_of_integers_is_floating():
    y = np.linalg.norm(Tensor([3, 4]))

    assert y.dtype == np.float64 and y.item() == 5


@pytest.mark.parametrize("order", [None, 2, 1, inf, 3, 1.5, 0.5])
def test_the_norm_has_gradient_and_hessian_zero_at_zero(order):
    np.testing.assert_array_equal(gradient(lambda x: np.linalg.norm(x, order), np.zeros(3)), np.zeros(3))
    np.testing.assert_array_equal(hessian(lambda x: np.linalg.norm(x, order), np.zeros(3)), np.zeros((3, 3)))


@pytest.mark.parametrize("order", ["fro", 1, inf])
def test_the_norm_of_a_zero_matrix_has_gradient_zero(order):
    np.testing.assert_array_equal(gradient(lambda x: np.linalg.norm(x, order), np.zeros((2, 2))), np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (0.5, [3.3094010767585034, 0, -2.8660254037844384, 2.8660254037844384]),
        (1, [1, 0, -1, 1]),
        (1.5, [0.6258567627452247, 0, -0.7226771408902065, 0.7226771408902065]),
        (2, [0.4685212856658182, 0, -0.6246950475544243, 0.6246950475544243]),
        (3, [0.3119043109322806, 0, -0.5544965527684989, 0.5544965527684989]),
        (inf, [0, 0, -0.5, 0.5]),
        (-inf, [0, 0, 0, 0]),
    ],
)
def test_norms_at_zeros_and_ties_are_pytorchs(order, expected):
    x = [3.0, 0, -4, 4]

    np.testing.assert_allclose(gradient(lambda x: np.linalg.norm(x, order), x), expected, rtol=1e-14)


def test_ties_of_matrix_norms_are_pytorchs():
    x = [[1.0, -2], [3, 2]]

    np.testing.assert_allclose(gradient(lambda x: np.linalg.norm(x, 1), x), [[0.5, -0.5], [0.5, 0.5]])
    np.testing.assert_allclose(gradient(lambda x: np.linalg.norm(x, inf), x), [[0, 0], [1, 1]])


def test_spectral_norms_say_what_they_lack_until_it_is_there():
    x = Tensor(MATRIX, requires_grad=True)
    if np.linalg.svd in overrides:
        np.testing.assert_allclose(np.linalg.norm(x, "nuc").item(), np.linalg.norm(MATRIX, "nuc"))
    else:
        with pytest.raises(TypeError, match="svd"):
            np.linalg.norm(x, 2)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, complex])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (2, 3, 4), (33, 17)], ids=str)
def test_means_are_numpys_to_the_bit(shape, dtype):
    x = (100 * np.random.default_rng(0).normal(size=shape)).astype(dtype)
    for axis, keepdims in itertools.product([None, *range(-len(shape), len(shape)), ()], [False, True]):
        y = np.mean(Tensor(x, requires_grad=True), axis, keepdims=keepdims)

        np.testing.assert_array_equal(y.data, np.mean(x, axis, keepdims=keepdims), strict=True)


@pytest.mark.parametrize("axis", [3, -4, 1.0, (0, 0), "x"])
def test_a_mean_along_no_axis_is_numpys_error(axis):
    x = np.ones((2, 3, 4))
    with pytest.raises((ValueError, TypeError)) as numpys:
        np.mean(x, axis=axis)

    with pytest.raises(numpys.type):
        np.mean(Tensor(x, requires_grad=True), axis=axis)
