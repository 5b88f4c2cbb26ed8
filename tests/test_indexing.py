"""Picking elements of tensors by indices, conditions and order, against plain NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograd import Tensor, as_tensor
from autograd.op import table
from tests.forms import assert_like_numpy, assert_same

X = np.random.default_rng(1).permutation(12).reshape(3, 4) - 5.3  # distinct, none of them zero
CUBE = np.random.default_rng(2).permutation(24).reshape(2, 3, 4) - 11.7
V = np.array([0.3, -1.2, 2.4, 1.1, -0.6])
WEIGHTS = np.array([0.5, -1.25, 2.0, 1.0, -0.75])  # whose sums are exact
POINT = np.array(1.5)
EMPTY = np.zeros((0, 3))
MASK = X > 0
I = np.array([[0, 2], [2, 0]])


def forms(*cases):
    """Parametrises over calls, as source, and the arrays that they are given."""
    ids = [" ".join([call, "of", *(str(x.shape) for x in xs)]) for call, *xs in cases]
    return pytest.mark.parametrize(("call", "xs"), [(call, xs) for call, *xs in cases], ids=ids)


def run(call):
    """The function of `x`, or of `x` and `v`, that the source stands for."""
    return lambda *xs: eval(call, {**globals(), **dict(zip(("x", "v"), xs, strict=False))})


# --- Brackets ---------------------------------------------------------------------------------------------------------


@forms(
    ("x[1]", CUBE),
    ("x[-1, 2]", CUBE),
    ("x[1, 2, -3]", CUBE),
    ("x[np.int64(1)]", CUBE),
    ("x[1:]", X),
    ("x[::-1]", X),
    ("x[2:0:-1, ::-2]", X),
    ("x[5:]", X),
    ("x[...]", X),
    ("x[()]", X),
    ("x[()]", POINT),
    ("x[...]", POINT),
    ("x[None]", POINT),
    ("x[True]", POINT),
    ("x[False]", POINT),
    ("x[None]", X),
    ("x[:, None, 1]", X),
    ("x[..., 0]", CUBE),
    ("x[0, ..., None]", CUBE),
    ("x[:, np.newaxis, ..., 1:3]", CUBE),
    ("x[[0, 2, 0]]", X),
    ("x[[0, 2, 0], 1]", X),
    ("x[[0, 0, 0], [1, 1, 2]]", X),
    ("x[I]", X),
    ("x[I, I.T]", X),
    ("x[:, I]", X),
    ("x[..., [0, 0]]", CUBE),
    ("x[0, :, [1, 1, 3]]", CUBE),
    ("x[:, [0, 0], [1, 1]]", CUBE),
    ("x[[1, 1], :, [0, 0]]", CUBE),
    ("x[[[1], [0]], 1:, [0, 0]]", CUBE),
    ("x[None, [0, 0]]", X),
    ("x[-np.array([1, 2, 1])]", X),
    ("x[np.array([1, 0], np.uint8)]", X),
    ("x[np.array(1)]", X),
    ("x[np.array([], int)]", X),
    ("x[[]]", X),
    ("x[MASK]", X),
    ("x[~MASK, None]", X),
    ("x[MASK & False]", X),
    ("x[MASK[:, 0]]", X),
    ("x[:, MASK[0]]", X),
    ("x[MASK[:, 0], 1]", X),
    ("x[[True, False, True]]", X),
    ("x[[True, False, True], [0, 1]]", X),
    ("x[MASK[:2, 0], [[0], [0]]]", X[:2]),
    ("x[True]", X),
    ("x[False]", X),
    ("x[np.True_, 0]", X),
    ("x[None, True, ..., [1, 1]]", X),
    ("x[x > 0]", X),
    ("x[np.ix_([0, 2], [1, 1])]", X),
    ("x[np.nonzero(x > 0)]", X),
    ("x[Tensor(I)]", X),
    ("x[Tensor([0, 0]), 1:]", X),
    ("x[Tensor(MASK)]", X),
    ("x[Tensor(1)]", X),
    ("x[Tensor(1):]", X),
    ("x[[Tensor(1), 1]]", X),
    ("x[1:1]", EMPTY),
    ("x[:, [0, 0]]", EMPTY),
    ("x[np.zeros((0, 3), bool)]", EMPTY),
    ("x.T[[0, 0], 1:]", X),
    ("[row[0] * 2 for row in x]", X),
)
def test_an_index_picks_what_numpys_picks(call, xs):
    assert_like_numpy(run(call), *xs)


@given(st.data())
def test_any_index_picks_what_numpys_picks(data):
    shape = data.draw(arrays.array_shapes(min_dims=1, max_dims=3, max_side=3))
    index = data.draw(
        st.one_of(
            arrays.basic_indices(shape, allow_newaxis=True),
            arrays.integer_array_indices(shape),
            arrays.arrays(bool, shape),
        )
    )
    x = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)

    assert_like_numpy(lambda x: x[index], x)


@pytest.mark.parametrize(
    "index",
    [3, (0, 0, 0), [5], "a", 1.0, [1.5], np.ones((2, 4), bool), ([0, 1], [0, 1, 2]), (..., ...), (slice(0.5),)],
    ids=str,
)
def test_what_numpy_refuses_is_refused_with_the_same_error(index):
    with pytest.raises((IndexError, TypeError)) as numpys:
        X[index]

    with pytest.raises(numpys.type):
        Tensor(X, requires_grad=True)[index]


def test_repeated_indices_add_up():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)

    (x[[0, 0, 2, 0]] * Tensor([1.0, 10.0, 100.0, 1000.0])).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [1011.0, 0.0, 100.0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, ">f8"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_many_repeated_indices_add_up_whatever_the_dtype(axis, dtype):
    rng = np.random.default_rng(0)
    x = Tensor(np.zeros((7, 8, 9), dtype), requires_grad=True)
    rows = rng.integers(-7, 7, 500)
    g = rng.integers(-2, 3, np.take(x.data, rows, axis).shape).astype(dtype)  # sums are exact

    x[(slice(None),) * axis + (rows,)].backward(g)

    expected = np.zeros(x.shape)
    np.add.at(np.moveaxis(expected, axis, 0), rows, np.moveaxis(g.real, axis, 0))
    np.testing.assert_array_equal(x.grad.data, expected.astype(dtype), strict=True)


def test_many_repeated_pairs_of_indices_add_up():
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(-5, 5, (2, 300, 20))
    x = Tensor(np.zeros((5, 6, 2)), requires_grad=True)

    y = x[rows, columns]
    y.backward(np.ones(y.shape))

    expected = np.zeros(x.shape)
    np.add.at(expected, (rows, columns), 1.0)
    np.testing.assert_array_equal(x.grad.data, expected)


def test_a_large_index_adds_into_what_other_uses_left():
    rng = np.random.default_rng(0)
    rows = rng.integers(-50, 50, 300)
    x = Tensor(np.ones((50, 20)), requires_grad=True)

    (x[rows].sum() + x[rows[:2]].sum() + (x * 2).sum() + x[:, rows % 20].sum()).backward()

    expected = 2.0 + np.bincount(rows % 50, minlength=50)[:, None] + np.bincount(rows % 20, minlength=20)
    np.add.at(expected, rows[:2], 1.0)
    np.testing.assert_array_equal(x.grad.data, expected)


def test_the_index_is_kept_as_it_was():
    x, index = Tensor(V, requires_grad=True), [0, 1]
    y = x[index]

    index.append(9)
    y.sum().backward()

    np.testing.assert_array_equal(x.grad.data, [1, 1, 0, 0, 0])


def test_walking_over_rows_costs_what_the_rows_cost(monkeypatch):
    n = 2_000
    made, zeros = [], np.zeros
    monkeypatch.setattr(np, "zeros", lambda *args: made.append(zeros(*args)) or made[-1])
    x = as_tensor(np.ones((n, 10))).requires_grad_()

    total = sum(x[i].sum() for i in range(n)) + sum(x[[i]].sum() for i in range(n)) + sum(row.sum() for row in x)
    total.backward()

    np.testing.assert_array_equal(x.grad.data, np.full((n, 10), 3.0))
    assert sum(array.size for array in made) <= 10 * x.size


def test_elements_are_views_without_a_copy():
    x = Tensor(X, requires_grad=True)

    assert np.shares_memory(x[1].data, x.data)
    assert np.shares_memory(x[:, ::2].data, x.data)


# --- Functions that pick ----------------------------------------------------------------------------------------------


@forms(
    ("np.take(x, [0, 5, -1, 5])", X),
    ("np.take(x, I)", X),
    ("np.take(x, 3)", X),
    ("np.take(x, [0, 0], axis=1)", X),
    ("np.take(x, I, axis=-1)", CUBE),
    ("np.take(x, 1, axis=0)", CUBE),
    ("np.take(x, Tensor([1, 1]), axis=0)", CUBE),
    ("np.take(x, [True, False], axis=0)", X),
    ("np.take(x, [-7, 4, 99], axis=1, mode='wrap')", X),
    ("np.take(x, [-7, 4, 99], axis=1, mode='clip')", X),
    ("np.take(x, Tensor([-7, 99]), mode='clip')", X),
    ("np.take(x, np.array([], int), axis=0)", X),
    ("x.take([1, 1])", X),
    ("x.take([1, 1], axis=0)", X),
    ("np.take_along_axis(x, np.argsort(x, axis=1), axis=1)", X),
    ("np.take_along_axis(x, np.array([[0, 0, 1]]), axis=0)", X[:, :3]),
    ("np.take_along_axis(x, np.array([[1], [1], [0]]), -1)", X),
    ("np.take_along_axis(x, np.array([7, 7]), None)", X),
    ("np.take_along_axis(x, np.expand_dims(np.argmax(x, 1), 1), axis=1)", X),
    ("np.compress([True, False, True], x, axis=0)", X),
    ("np.compress([0, 1], x, axis=1)", X),
    ("np.compress(np.ravel(x) > 0, x)", X),
    ("x.compress([True, False, True], axis=0)", X),
    ("np.extract(x > 0, x)", X),
    ("np.extract(MASK[0], x)", X),
    ("np.choose([2, 0, 1, 0], x)", X),
    ("np.choose(np.array([[0], [1]]), [x[0], x[1]])", X),
    ("np.choose([4, -1], [x[0, :2], x[1, :2]], mode='clip')", X),
    ("np.choose([4, -1], (x[0, :2], 3.0), mode='wrap')", X),
    ("np.choose(x > 0, [x * 2, x])", X),
    ("np.select([x > 2, x > 0], [x, x * x[0]])", X[:1]),
    ("np.select([x > 2, x > 0], [x, 3 * x], 7.0)", X),
    ("np.select([MASK, ~MASK], [v, x])", X, X[0]),
    ("np.where(MASK, x, v)", X, X[0]),
    ("x[np.searchsorted(np.sort(x), 0.5)]", V),
)
def test_functions_that_pick_are_numpys(call, xs):
    if "x * x[0]" in call:  # not linear: values alone
        assert_same(run(call)(*map(Tensor, xs)), run(call)(*xs))
        return
    assert_like_numpy(run(call), *xs)


@pytest.mark.parametrize(
    "call",
    [
        "np.take(x, 12)",
        "np.take(x, [3], axis=0)",
        "np.take(x, [0], axis=2)",
        "np.take(x, [0], mode='other')",
        "np.take_along_axis(x, np.array([0]), axis=0)",
        "np.take_along_axis(x, np.array([[0.5]]), axis=0)",
        "np.take_along_axis(x, np.array([[9]]), axis=0)",
        "np.compress([[True]], x)",
        "np.compress([False] * 3 + [True], x, axis=0)",
        "np.choose([3], [x, x])",
        "np.choose([-1], [x, x])",
        "np.select([x > 0], [x, x])",
        "np.select([], [])",
        "np.select([[1, 0, 1, 0]], [x])",
        "np.sort(x, axis=2)",
        "np.sort(x, order='a')",
        "np.sort(x[0, 0])",
        "np.partition(x, 5)",
        "np.bincount([0, 1], x[0])",
        "np.histogram(x, 0)",
    ],
)
def test_calls_that_numpy_refuses_are_refused_with_the_same_error(call):
    with pytest.raises(Exception) as numpys:  # noqa: PT011 (whatever NumPy raises)
        run(call)(X)

    with pytest.raises(numpys.type):
        run(call)(Tensor(X, requires_grad=True))


def test_select_stops_nan_of_what_is_not_chosen():
    x = Tensor([-1.0, 4.0], requires_grad=True)

    with np.errstate(invalid="ignore"):
        np.select([x > 0], [np.sqrt(x)], 0.0).sum().backward()

    np.testing.assert_array_equal(x.grad.data[1], 0.25)


# --- Order ------------------------------------------------------------------------------------------------------------


@forms(
    ("np.sort(x)", X),
    ("np.sort(x, axis=0)", CUBE),
    ("np.sort(x, axis=None)", X),
    ("np.sort(x, axis=-2, kind='heapsort')", CUBE),
    ("np.sort(x, stable=True)", V),
    ("np.sort(x)", EMPTY),
    ("np.sort(x)[..., ::-1]", X),
    ("np.partition(x, 2)", V),
    ("np.partition(x, 1, axis=0)[1]", X),
    ("np.partition(x, [1, 3], axis=None)[[1, 3]]", X),
    ("np.unique(x)", np.array([2.0, 1.0, 2.0, 3.0])),
    ("np.unique(x, axis=0)", X[[1, 0, 2]]),
    ("np.unique(x, return_index=True, return_inverse=True, return_counts=True)", X[[1, 0]]),
    ("np.unique(x, return_counts=True)", X),
    ("np.unique_values(x)", V),
    ("np.union1d(x, v)", V, np.array([9.0, -1.2])),
    ("np.intersect1d(x, v)", V, np.array([9.0, -1.2, 0.3])),
    ("np.intersect1d(x, v, assume_unique=True, return_indices=True)", V, np.array([9.0, -1.2, 0.3])),
    ("np.setdiff1d(x, v)", V, np.array([9.0, -1.2])),
    ("np.setdiff1d(x, [1.1], assume_unique=True)", V),
    ("np.setxor1d(x, v)", V, np.array([9.0, -1.2])),
)
def test_ordered_values_are_numpys(call, xs):
    if "1d(" in call or "np.unique(x)" in call:  # equal elements part when one of them moves: values alone
        assert_same(run(call)(*map(Tensor, xs)), run(call)(*xs))
        return
    assert_like_numpy(run(call), *xs)


def test_equal_elements_are_sorted_stably():
    x = Tensor([2.0, 1.0, 2.0, 1.0], requires_grad=True)

    (np.sort(x, kind="quicksort") * np.array([1.0, 10.0, 100.0, 1000.0])).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [100.0, 1.0, 1000.0, 10.0])


def test_nan_is_sorted_to_the_end_and_its_gradient_to_its_place():
    x = Tensor([np.nan, 2.0, 1.0], requires_grad=True)

    y = np.sort(x)
    y.backward([1.0, 10.0, 100.0])

    np.testing.assert_array_equal(y.data, [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(x.grad.data, [100.0, 10.0, 1.0])


def test_the_first_of_equal_elements_receives_the_gradient_of_a_unique_one():
    x = Tensor([2.0, 1.0, 2.0], requires_grad=True)

    np.unique(x).backward([1.0, 10.0])

    np.testing.assert_array_equal(x.grad.data, [10.0, 1.0, 0.0])


@pytest.mark.parametrize(
    "call",
    [
        "np.argsort(x, axis=0)",
        "np.argpartition(x, 1)",
        "x.argsort()",
        "np.lexsort((x[0], x[1]))",
        "np.searchsorted(np.sort(v), x)",
        "np.searchsorted(v, x, side='right', sorter=np.argsort(v))",
        "np.sort(v).searchsorted([0.0, 1.0])",
        "np.digitize(x, [0.0, 2.0])",
        "np.nonzero(x > 0)",
        "x.nonzero()",
        "np.flatnonzero(x > 0)",
        "np.argwhere(x > 0)",
        "np.isin(x, v)",
        "np.histogram(x, 3)",
        "np.histogram(x, [-3.0, 0.0, 4.0], density=True)",
        "np.bincount(np.argsort(v), minlength=7)",
        "np.unravel_index(np.argsort(v), (5, 2))",
        "np.ravel_multi_index(np.nonzero(x > 0), (3, 4))",
        "np.ix_(np.argsort(v), np.argsort(v))",
    ],
)
def test_positions_and_counts_are_constants(call):
    expected = run(call)(X, V)

    found = run(call)(Tensor(X, requires_grad=True), Tensor(V, requires_grad=True))

    for y, want in zip(*((p if isinstance(p, tuple) else (p,)) for p in (found, expected)), strict=True):
        assert not getattr(y, "requires_grad", False)
        np.testing.assert_array_equal(y.data if isinstance(y, Tensor) else y, want, strict=True)


@forms(
    ("np.bincount([0, 2, 0, 1, 5], x)", V),
    ("np.bincount([0, 2, 0, 1, 5], weights=x, minlength=8)", V),
    ("np.histogram([0.1, 2.0, 1.9, 7.0, 1.0], [0, 1, 2], weights=x)[0]", WEIGHTS),
    ("np.histogram([0.1, 2.0, 1.9, 7.0, 1.0], 3, weights=x)[0]", WEIGHTS),
    ("np.histogram([0.1, 2.0, 1.9, 1.0, 1.0], 3, (0.5, 3.0), weights=x)[0]", WEIGHTS),
)
def test_sums_of_weights_are_differentiated(call, xs):
    assert_like_numpy(run(call), *xs)


def test_a_density_of_weights_is_numpys():
    a, edges = np.array([0.1, 2.0, 1.9, 7.0, 1.0]), np.array([0.0, 1.5, 2.0])

    y, _ = np.histogram(a, edges, weights=Tensor(np.abs(V), requires_grad=True), density=True)

    np.testing.assert_allclose(y.data, np.histogram(a, edges, weights=np.abs(V), density=True)[0], rtol=1e-15)


# --- Against PyTorch --------------------------------------------------------------------------------------------------


def test_gathering_by_index_has_pytorchs_gradient():
    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)

    y = np.take_along_axis(x, np.array([[0, 0, 2], [1, 1, 1]]), axis=1)
    (y * y).sum().backward()

    # torch: x.gather(1, index).square().sum().backward()
    np.testing.assert_array_equal(x.grad.data, [[0.0, 0.0, 4.0], [0.0, 24.0, 0.0]])


def test_putting_into_zeros_is_the_transpose_of_picking():
    rng = np.random.default_rng(0)
    index, x, g = (rng.integers(0, 3, (2, 5)), rng.integers(0, 4, 5)), rng.normal(size=(3, 4)), rng.normal(size=(2, 5))

    picked, put = table["getitem"](x, index=index), table["put_at"](g, shape=(3, 4), index=index)

    np.testing.assert_allclose(np.sum(picked * g), np.sum(x * put), rtol=1e-14)
