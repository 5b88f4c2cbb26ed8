"""Products of tensors in NumPy's forms of call: values and derivatives against NumPy and numeric differentiation."""

import itertools

import numpy as np
import pytest

from autograd import Tensor, as_tensor
from autograd.op import overrides
from tests.smooth import assert_smooth, pull


def array(*shape, dtype=float):
    rng = np.random.default_rng(sum(shape) + len(shape))
    x = rng.uniform(-2, 2, shape)
    return x + 1j * rng.uniform(-2, 2, shape) if dtype is complex else x.astype(dtype)


def forms(**cases):
    """Parametrises over named pairs of a form of call and the arrays it is given."""
    return pytest.mark.parametrize(
        ("form", "xs"), [pytest.param(form, xs, id=name, marks=since(name)) for name, (form, *xs) in cases.items()]
    )


def since(name):
    """Skips the forms of functions that an older NumPy does not have yet."""
    newer = [f for f in ("matvec", "vecmat", "cumulative_sum", "cumulative_prod") if name.startswith(f)]
    return [pytest.mark.skipif(not hasattr(np, f), reason=f"this NumPy has no {f}") for f in newer]


def gradient(form, x):
    t = Tensor(x, requires_grad=True)
    form(t).backward()
    return t.grad.data


# --- Matrix products --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shapes",
    [
        [(3,), (3,)], [(3,), (3, 2)], [(2, 3), (3,)], [(2, 3), (3, 4)], [(3,), (2, 3, 4)], [(2, 4, 3), (3,)],
        [(2, 4, 3), (3, 2)], [(4, 3), (2, 3, 2)], [(2, 4, 3), (2, 3, 2)], [(2, 1, 4, 3), (3, 3, 2)],
        [(1, 4, 3), (2, 3, 2)], [(0, 3), (3, 2)], [(2, 0), (0, 3)], [(2, 3), (3, 0)], [(0, 2, 3), (3, 2)],
        [(2, 4, 0), (0, 3)], [(2, 4, 0), (0,)], [(0,), (0,)], [(3,), (0, 3, 2)], [(1, 1), (1, 1)],
    ],
    ids=str,
)  # fmt: skip
def test_matmul_of_any_number_of_axes(shapes):
    xs = [array(*shape) for shape in shapes]

    assert_smooth(lambda a, b: a @ b, *xs)
    assert_smooth(np.matmul, *(x.astype(complex) * (1 - 0.5j) for x in xs))


@forms(
    array_before=(lambda b: array(2, 3) @ b, array(3, 2)),
    array_behind=(lambda a: a @ array(3, 2), array(2, 3)),
    integers_behind=(lambda a: a @ np.arange(6).reshape(3, 2), array(2, 3)),
    real_and_complex=(lambda a, b: a @ b, array(2, 3), array(3, 2, dtype=complex)),
    transposed=(lambda a, b: a.T @ b.T, array(3, 2), array(4, 3)),
    strided=(lambda a, b: a[::2, ::-1] @ b[:, ::-2], array(4, 3), array(3, 4)),
    same=(lambda a: a @ a, array(3, 3)),
    axes=(lambda a, b: np.matmul(a, b, axes=[(0, 1), (-1, 0), (1, 2)]), array(2, 3, 4), array(2, 4, 3)),
    axes_of_vector=(lambda a, b: np.matmul(a, b, axes=[(2, 1), 0, 0]), array(4, 2, 3), array(2)),
    matvec=(lambda a, x: np.matvec(a, x), array(2, 3, 4), array(4)),
    matvec_many=(lambda a, x: np.matvec(a, x), array(3, 4), array(2, 4)),
    matvec_complex=(lambda a, x: np.matvec(a, x), array(3, 2, dtype=complex), array(2, dtype=complex)),
    matvec_axes=(lambda a, x: np.matvec(a, x, axes=[(0, 1), 0, -1]), array(3, 4, 2), array(4)),
    vecmat=(lambda x, a: np.vecmat(x, a), array(3), array(2, 3, 4)),
    vecmat_many=(lambda x, a: np.vecmat(x, a), array(2, 3), array(3, 4)),
    vecmat_complex=(lambda x, a: np.vecmat(x, a), array(2, dtype=complex), array(2, 3, dtype=complex)),
    linalg_matmul=(lambda a, b: np.linalg.matmul(a, b), array(2, 3), array(3, 2)),
)
def test_matrix_products_in_numpys_forms(form, xs):
    assert_smooth(form, *xs)


@pytest.mark.parametrize("shapes", [[(2, 3), (2, 3)], [(2,), (3,)], [(), (3,)], [(2, 3, 4), (3, 4, 5)]], ids=str)
def test_matmul_of_shapes_that_do_not_fit_is_numpys_error(shapes):
    a, b = (np.ones(shape) for shape in shapes)

    with pytest.raises(ValueError, match=r"matmul|broadcast"):
        np.matmul(Tensor(a, requires_grad=True), b)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, int, complex])
@pytest.mark.parametrize("shapes", [[(7, 5), (5, 3)], [(5,), (5, 3)], [(7, 5), (5,)], [(5,), (5,)], [(1, 1), (1, 9)]])
def test_products_are_numpys_to_the_bit_in_any_layout(shapes, dtype):
    rng = np.random.default_rng(0)
    layouts = [np.ascontiguousarray, np.asfortranarray, lambda x: np.repeat(x, 3, axis=-1)[..., ::3]]
    a, b = (np.astype(3 * rng.normal(size=shape), dtype) for shape in shapes)
    for first, second in itertools.product(layouts, layouts):
        x, z = first(a), second(b)

        with np.errstate(invalid="ignore"):  # OpenBLAS has been seen to set that flag for nothing
            y = np.matmul(as_tensor(x).requires_grad_(dtype is not int), z)
            expected = x @ z

        np.testing.assert_array_equal(y.data, expected, strict=True)


def test_the_gradient_of_the_sum_of_a_product_has_rows_of_sums():
    w = Tensor(array(3, 2), requires_grad=True)
    x = array(5, 3)

    (x @ w).sum().backward()

    np.testing.assert_allclose(w.grad.data, np.repeat(x.sum(0)[:, None], 2, 1), rtol=1e-14)


def test_float32_products_stay_float32():
    a, b = (Tensor(array(*s, dtype=np.float32), requires_grad=True) for s in ((2, 3), (3, 2)))

    for y in (a @ b, np.dot(a, b), np.einsum("ij,jk", a, b), np.tensordot(a, b, 1), np.kron(a, b), np.vdot(a, a)):
        a.grad = None
        y.backward(np.ones(y.shape, np.float32))

        assert y.dtype == a.grad.dtype == np.float32


# --- Products of vectors and of more axes -----------------------------------------------------------------------------


@forms(
    dot_numbers=(lambda a, b: np.dot(a, b), array(), array()),
    dot_number=(lambda a, b: np.dot(a, b), array(), array(2, 3)),
    dot_vectors=(lambda a, b: a.dot(b), array(3), array(3)),
    dot_matrices=(lambda a, b: a.dot(b), array(2, 3), array(3, 2)),
    dot_many_vector=(lambda a, b: np.dot(a, b), array(2, 2, 3), array(3)),
    dot_many=(lambda a, b: np.dot(a, b), array(2, 3), array(2, 3, 2)),
    dot_vector_many=(lambda a, b: np.dot(a, b), array(3), array(2, 3, 2)),
    dot_list=(lambda b: np.dot([1.0, 2.0, 3.0], b), array(3)),
    inner_vectors=(lambda a, b: np.inner(a, b), array(3), array(3)),
    inner_number=(lambda a, b: np.inner(a, b), array(2), array()),
    inner_many=(lambda a, b: np.inner(a, b), array(2, 2, 3), array(4, 3)),
    outer=(lambda a, b: np.outer(a, b), array(2, 2), array(3)),
    outer_numbers=(lambda a, b: np.outer(a, 2.0) * b, array(2), array()),
    linalg_outer=(lambda a, b: np.linalg.outer(a, b), array(2), array(3)),
    vdot=(lambda a, b: np.vdot(a, b), array(2, 3), array(3, 2)),
    vdot_complex=(lambda a, b: np.vdot(a, b), array(2, 2, dtype=complex), array(4, dtype=complex)),
    vecdot=(lambda a, b: np.vecdot(a, b), array(2, 1, 3), array(4, 3)),
    vecdot_complex=(lambda a, b: np.vecdot(a, b), array(2, 3, dtype=complex), array(3, dtype=complex)),
    vecdot_axis=(lambda a, b: np.vecdot(a, b, axis=0), array(3, 2), array(3, 2)),
    vecdot_axis_kept=(lambda a, b: np.vecdot(a, b, axis=1, keepdims=True), array(2, 3, 2), array(2, 3)),
    vecdot_kept=(lambda a, b: np.vecdot(a, b, keepdims=True), array(2, 3), array(3)),
    vecdot_axes=(lambda a, b: np.vecdot(a, b, axes=[0, -1]), array(3, 2), array(2, 3)),
    linalg_vecdot=(lambda a, b: np.linalg.vecdot(a, b, axis=0), array(3, 2), array(3, 2)),
    tensordot_number=(lambda a, b: np.tensordot(a, b), array(4, 2, 3), array(2, 3, 2)),
    tensordot_none=(lambda a, b: np.tensordot(a, b, 0), array(2, 2), array(3)),
    tensordot_all=(lambda a, b: np.tensordot(a, b, 2), array(2, 3), array(2, 3)),
    tensordot_pair=(lambda a, b: np.tensordot(a, b, (0, 1)), array(2, 3), array(3, 2)),
    tensordot_lists=(lambda a, b: np.tensordot(a, b, ([0, -1], [1, 0])), array(2, 2, 3), array(3, 2, 2)),
    tensordot_empty=(lambda a, b: np.tensordot(a, b, 1), array(2, 0), array(0, 3)),
    linalg_tensordot=(lambda a, b: np.linalg.tensordot(a, b, axes=1), array(2, 3), array(3, 2)),
    kron=(lambda a, b: np.kron(a, b), array(2, 3), array(3, 2)),
    kron_vectors=(lambda a, b: np.kron(a, b), array(2), array(3)),
    kron_mixed=(lambda a, b: np.kron(a, b), array(3), array(2, 1, 2)),
    kron_number=(lambda a, b: np.kron(a, b), array(), array(2, 2)),
    cross=(lambda a, b: np.cross(a, b), array(3), array(3)),
    cross_broadcast=(lambda a, b: np.cross(a, b), array(2, 1, 3), array(4, 3)),
    cross_axis=(lambda a, b: np.cross(a, b, axis=0), array(3, 2), array(3, 2)),
    cross_axes=(lambda a, b: np.cross(a, b, axisa=0, axisb=1, axisc=0), array(3, 2), array(2, 3)),
    cross_complex=(lambda a, b: np.cross(a, b), array(3, dtype=complex), array(3, dtype=complex)),
    linalg_cross=(lambda a, b: np.linalg.cross(a, b, axis=0), array(3, 2), array(3, 2)),
    trace=(lambda x: np.trace(x), array(3, 4)),
    trace_offset=(lambda x: x.trace(1), array(3, 4)),
    trace_axes=(lambda x: np.trace(x, -1, 2, 0), array(3, 2, 4)),
    trace_outside=(lambda x: np.trace(x, 7), array(3, 4)),
    linalg_trace=(lambda x: np.linalg.trace(x, offset=-1), array(2, 3, 4)),
    linalg_diagonal=(lambda x: np.linalg.diagonal(x, offset=1), array(2, 3, 4)),
    linalg_transpose=(lambda x: np.linalg.matrix_transpose(x), array(2, 3, 4)),
    multi_dot_two=(lambda a, b: np.linalg.multi_dot([a, b]), array(2, 3), array(3, 2)),
    multi_dot=(
        lambda a, b, c, d: np.linalg.multi_dot([a, b, c, d]),
        array(2, 4),
        array(4, 1),
        array(1, 3),
        array(3, 2),
    ),
    multi_dot_vectors=(lambda a, b, c: np.linalg.multi_dot([a, b, c]), array(3), array(3, 2), array(2)),
    matrix_power_0=(lambda x: np.linalg.matrix_power(x, 0) * x, array(2, 3, 3)),
    matrix_power_1=(lambda x: np.linalg.matrix_power(x, 1), array(3, 3)),
    matrix_power_6=(lambda x: np.linalg.matrix_power(x, 6), array(2, 2, 2)),
    matrix_power_7=(lambda x: np.linalg.matrix_power(x, np.int64(7)), array(2, 2)),
)
def test_products_in_numpys_forms(form, xs):
    assert_smooth(form, *xs)


def test_cross_products_of_vectors_in_a_plane():
    a, b = array(4, 2), array(4, 3)

    flat = np.cross(Tensor(a), Tensor(a[::-1]))
    mixed = np.cross(Tensor(a), b)

    np.testing.assert_allclose(flat.data, a[:, 0] * a[::-1, 1] - a[:, 1] * a[::-1, 0])
    np.testing.assert_allclose(mixed.data, np.cross(np.c_[a, np.zeros(4)], b))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.tensordot(x, x, 1), ValueError, "shape-mismatch"),
        (lambda x: np.dot(x, x), ValueError, "matmul"),
        (lambda x: np.vdot(x, x[0]), ValueError, "vecdot"),
        (lambda x: np.cross(x, np.ones(4)), ValueError, "2 or 3 components"),
        (lambda x: np.linalg.cross(x[:, :2], x[:, :2]), ValueError, "3 components"),
        (lambda x: np.linalg.outer(x, x), ValueError, "two vectors"),
        (lambda x: np.linalg.multi_dot([x]), ValueError, "at least two"),
        (lambda x: np.linalg.multi_dot([x, x[None], x]), np.linalg.LinAlgError, "expects matrices"),
        (lambda x: np.linalg.matrix_power(x, 2), np.linalg.LinAlgError, "square"),
        (lambda x: np.linalg.matrix_power(x[:, :2], 2.5), TypeError, "integer"),
        (lambda x: np.einsum("ij,jk->ik", x), ValueError, "one operand for each"),
        (lambda x: np.einsum("i...->i", x), ValueError, "ellipsis"),
        (lambda x: np.einsum("ijk...->i", x), ValueError, "more labels"),
        (lambda x: np.einsum("ijk->i", x), ValueError, "subscript"),
        (lambda x: np.einsum("ij->k", x), ValueError, "output subscript"),
        (lambda x: np.dot(x, x.T, out=np.zeros((2, 2))), TypeError, "out="),
    ],
)
def test_calls_that_make_no_sense_are_clear_errors(call, error, message):
    x = Tensor(array(2, 3), requires_grad=True)

    with pytest.raises(error, match=message):
        call(x)


def test_multi_dot_multiplies_in_the_cheapest_order():
    sizes = []
    a, b, c = (Tensor(array(*s), requires_grad=True) for s in ((2, 30), (30, 3), (3, 40)))

    y = np.linalg.multi_dot([a, b, c])

    nodes = [y.node]
    while nodes:
        node = nodes.pop()
        if node.kept is not None:
            sizes.append([x.shape for x in node.kept if hasattr(x, "shape")])
        nodes.extend(node.parents)
    assert ((2, 3) in sizes[0], (3, 40) in sizes[0]) == (True, True)


# --- Einstein summation -----------------------------------------------------------------------------------------------


@forms(
    matmul=(lambda a, b: np.einsum("ij,jk->ik", a, b), array(2, 3), array(3, 2)),
    implicit=(lambda a, b: np.einsum("ij,jk", a, b), array(2, 3), array(3, 2)),
    implicit_order=(lambda x: np.einsum("ba", x), array(2, 3)),
    capitals_first=(lambda x: np.einsum("aB", x), array(2, 3)),
    spaces=(lambda a, b: np.einsum(" ij , jk -> k i ", a, b), array(2, 3), array(3, 2)),
    permuted=(lambda x: np.einsum("ijk->kij", x), array(2, 3, 4)),
    total=(lambda x: np.einsum("ij->", x), array(2, 3)),
    summed_alone=(lambda a, b: np.einsum("ij,k->k", a, b), array(2, 3), array(2)),
    trace=(lambda x: np.einsum("ii", x), array(3, 3)),
    diagonal=(lambda x: np.einsum("ii->i", x), array(3, 3)),
    triple_diagonal=(lambda x: np.einsum("iii->i", x), array(2, 2, 2)),
    two_diagonals=(lambda x: np.einsum("ijij->ij", x), array(2, 3, 2, 3)),
    diagonal_summed=(lambda x, y: np.einsum("iij,k->k", x, y), array(2, 2, 3), array(2)),
    diagonal_shared=(lambda x, y: np.einsum("iij,ji->j", x, y), array(2, 2, 3), array(3, 2)),
    hadamard=(lambda a, b, c: np.einsum("ij,ij,ij->ij", a, b, c), array(2, 3), array(2, 3), array(2, 3)),
    same_twice=(lambda x: np.einsum("ij,ij->", x, x), array(2, 3)),
    chain=(lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c), array(2, 3), array(3, 2), array(2, 2)),
    bilinear=(lambda x, a, y: np.einsum("bi,ij,bj->b", x, a, y), array(2, 3), array(3, 2), array(2, 2)),
    numbers=(lambda a, b: np.einsum(",->", a, b), array(), array()),
    number=(lambda a, b: np.einsum(",ij->ji", a, b), array(), array(2, 3)),
    ellipsis=(lambda a, b: np.einsum("...ij,...jk->...ik", a, b), array(2, 2, 3), array(2, 3, 2)),
    ellipsis_implicit=(lambda a, b: np.einsum("...ij,jk", a, b), array(2, 2, 3), array(3, 2)),
    ellipsis_broadcast=(lambda a, b: np.einsum("...i,...i->...", a, b), array(4, 1, 3), array(2, 3)),
    ellipsis_behind=(lambda a, b: np.einsum("i...,i...->...", a, b), array(3, 2), array(3, 1)),
    ellipsis_between=(lambda x: np.einsum("i...j->j...i", x), array(2, 3, 4)),
    ellipsis_of_nothing=(lambda a, b: np.einsum("...i,i...->...", a, b), array(3), array(3)),
    broadcast_label=(lambda a, b: np.einsum("ij,ij->i", a, b), array(2, 1), array(2, 3)),
    broadcast_lone=(lambda a, b: np.einsum("i,i->", a, b), array(1), array(3)),
    lists=(lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [0, 2]), array(2, 3), array(3, 2)),
    lists_implicit=(lambda a, b: np.einsum(a, [1, 0], b, [1, 2]), array(2, 3), array(2, 2)),
    lists_far_apart=(lambda x: np.einsum(x, [30, 2]), array(2, 3)),
    lists_ellipsis=(lambda a, b: np.einsum(a, [..., 1], b, [1, ...], [...]), array(2, 3), array(3, 2)),
    optimized=(lambda a, b, c: np.einsum("ij,jk,kl", a, b, c, optimize=True), array(2, 3), array(3, 2), array(2, 2)),
    by_path=(
        lambda a, b, c: np.einsum("ij,jk,kl", a, b, c, optimize=["einsum_path", (1, 2), (0, 1)]),
        array(2, 3), array(3, 2), array(2, 2),
    ),
    optimal=(lambda a, b: np.einsum("ij,kj", a, b, optimize="optimal"), array(2, 3), array(2, 3)),
    complex_numbers=(lambda a, b: np.einsum("ij,jk", a, b), array(2, 3, dtype=complex), array(3, 2)),
    complex_diagonal=(lambda a: np.einsum("ii->i", a), array(2, 2, dtype=complex)),
    empty=(lambda a, b: np.einsum("ij,jk", a, b), array(2, 0), array(0, 3)),
    constant=(lambda a: np.einsum("ij,jk,kl", a, array(3, 2), np.arange(4).reshape(2, 2)), array(2, 3)),
    array_first=(lambda b: np.einsum("ij,jk", array(2, 3), b), array(3, 2)),
)  # fmt: skip
def test_einsum_in_all_forms(form, xs):
    assert_smooth(form, *xs)


def test_the_path_of_an_einsum_is_numpys():
    a, b, c = array(2, 30), array(30, 3), array(3, 40)

    path = np.einsum_path("ij,jk,kl", Tensor(a), Tensor(b, requires_grad=True), c)

    assert path == np.einsum_path("ij,jk,kl", a, b, c)


def test_the_gradient_of_a_large_einsum_goes_by_matrix_products():
    a, b = array(60, 70), array(70, 80)

    ga, gb = pull(lambda a, b: np.einsum("ij,jk->ik", a, b), (a, b), g := array(60, 80))

    np.testing.assert_allclose(ga, g @ b.T, rtol=1e-12)
    np.testing.assert_allclose(gb, a.T @ g, rtol=1e-12)


# --- Outer products of any binary ufunc -------------------------------------------------------------------------------


@forms(
    add=(lambda a, b: np.add.outer(a, b), array(2), array(3)),
    subtract=(lambda a, b: np.subtract.outer(a, b), array(2, 2), array(3)),
    multiply=(lambda a, b: np.multiply.outer(a, b), array(2), array(2, 2)),
    divide=(lambda a, b: np.divide.outer(a, b), array(2), 3 + array(3)),
    power=(lambda a, b: np.power.outer(a, b), 3 + array(2), array(3)),
    maximum=(lambda a, b: np.maximum.outer(a, b), array(2), array(3)),
    minimum=(lambda a, b: np.minimum.outer(a, b), array(2), array(3)),
    hypot=(lambda a, b: np.hypot.outer(a, b), array(2), array(3)),
    number=(lambda a: np.multiply.outer(a, 3.0), array(2)),
    list_first=(lambda b: np.subtract.outer([1.0, 2.0], b), array(3)),
)
def test_outer_of_ufuncs(form, xs):
    assert_smooth(form, *xs)


def test_outer_of_comparisons_is_a_constant():
    x = array(3)

    y = np.less.outer(Tensor(x, requires_grad=True), x)

    assert not y.requires_grad
    np.testing.assert_array_equal(y.data, np.less.outer(x, x))


def test_outer_serves_every_binary_ufunc_that_tensors_have():
    binary = [u for u in overrides if isinstance(u, np.ufunc) and u.nin == 2 and u.nout == 1 and not u.signature]

    missing = [u.__name__ for u in binary if (u, "outer") not in overrides]

    assert not missing
