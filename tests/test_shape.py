"""Reshaping, reordering, joining, splitting, padding and diagonals of tensors, against plain NumPy."""

import inspect
import warnings

import numpy as np
import pytest

from autograd import Tensor, as_tensor
from tests.forms import assert_like_numpy

X = np.random.default_rng(1).normal(size=(3, 4))
CUBE = np.random.default_rng(2).normal(size=(2, 3, 4))
V = np.random.default_rng(3).normal(size=5)
POINT = np.array(1.5)
EMPTY = np.zeros((0, 3))
ONES = np.random.default_rng(4).normal(size=(1, 3, 1))


def forms(**cases):
    """Parametrises over named pairs of a form of call and the arrays it is given."""
    return pytest.mark.parametrize(
        ("form", "xs"), [pytest.param(form, xs, id=name, marks=since(name)) for name, (form, *xs) in cases.items()]
    )


def since(name):
    """Skips the forms of call that an older NumPy does not have yet."""
    newer = {
        "copied": "copy" in inspect.signature(np.reshape).parameters,
        "unstack": hasattr(np, "unstack"),
        "insert_mask": mask_inserts(),
        "trim_refused": "axis" in inspect.signature(np.trim_zeros).parameters,
    }
    return [
        pytest.mark.skipif(not there, reason=f"this NumPy has no form {form!r}")
        for form, there in newer.items()
        if name.startswith(form)
    ]


def mask_inserts():
    """Whether `np.insert` takes booleans as a mask: an older NumPy takes them as the integers 0 and 1, and warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return np.insert(np.ones(2), np.zeros(2, bool), 9.0).size == 2


# --- Shape ------------------------------------------------------------------------------------------------------------


@forms(
    tuple=(lambda x: np.reshape(x, (2, 6)), X),
    negative=(lambda x: np.reshape(x, (-1, 2)), X),
    number=(lambda x: np.reshape(x, -1), X),
    fortran=(lambda x: np.reshape(x, (2, 6), order="F"), X),
    any_order=(lambda x: np.reshape(x, (2, 6), order="A"), X),
    copied=(lambda x: np.reshape(x, (2, 6), copy=True), X),
    method=(lambda x: x.reshape(2, 6), X),
    method_tuple=(lambda x: x.reshape((6, -1)), X),
    method_fortran=(lambda x: x.reshape(6, 2, order="F"), X),
    to_0d=(lambda x: x[:1, :1].reshape(()), X),
    from_0d=(lambda x: np.reshape(x, (1, 1)), POINT),
    empty=(lambda x: x.reshape(3, 0, 2), EMPTY),
    of_transpose=(lambda x: x.T.reshape(2, 6), X),
    ravel=(lambda x: np.ravel(x), X),
    ravel_fortran=(lambda x: np.ravel(x, "F"), X),
    ravel_0d=(lambda x: x.ravel(), POINT),
    ravel_in_memory=(lambda x: np.ravel(np.transpose(x, (2, 0, 1)), order="K"), CUBE),
    ravel_any=(lambda x: x.T.ravel("A"), X),
    expand=(lambda x: np.expand_dims(x, 1), X),
    expand_tuple=(lambda x: np.expand_dims(x, (0, -1)), X),
    squeeze=(lambda x: np.squeeze(x), ONES),
    squeeze_axis=(lambda x: np.squeeze(x, axis=-1), ONES),
    squeeze_axes=(lambda x: x.squeeze((0, 2)), ONES),
    squeeze_nothing=(lambda x: x.squeeze(), X),
    broadcast=(lambda x: np.broadcast_to(x, (2, 3, 4)), X),
    broadcast_ones=(lambda x: np.broadcast_to(x, (2, 3, 5)), ONES),
    broadcast_number=(lambda x: np.broadcast_to(x, 3), POINT),
    broadcast_to_nothing=(lambda x: np.broadcast_to(x, (0, 3, 2)), ONES),
    broadcast_arrays=(lambda x, v: np.broadcast_arrays(x, v, np.ones((2, 1, 1), int))[:2], X, V[:4]),
    atleast_1d=(lambda x: np.atleast_1d(x), POINT),
    atleast_2d=(lambda v: np.atleast_2d(v), V),
    atleast_3d=(lambda v: np.atleast_3d(v), V),
    atleast_3d_matrix=(lambda x: np.atleast_3d(x), X),
    atleast_2d_of_several=(lambda x, v, p: np.atleast_2d(x, v, p), X, V, POINT),
    atleast_3d_0d=(lambda x: np.atleast_3d(x), POINT),
    shape_of=(lambda x: (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)), X),
)
def test_shapes_are_made_as_numpy_makes_them(form, xs):
    assert_like_numpy(form, *xs)


@forms(
    transpose=(lambda x: np.transpose(x), CUBE),
    transpose_axes=(lambda x: np.transpose(x, (2, 0, 1)), CUBE),
    transpose_negative=(lambda x: np.transpose(x, [-1, 0, -2]), CUBE),
    property_T=(lambda x: x.T, CUBE),
    property_mT=(lambda x: x.mT, CUBE),
    method=(lambda x: x.transpose(1, 2, 0), CUBE),
    method_tuple=(lambda x: x.transpose((1, 2, 0)), CUBE),
    permute_dims=(lambda x: np.permute_dims(x, (1, 2, 0)), CUBE),
    matrix_transpose=(lambda x: np.matrix_transpose(x), CUBE),
    swapaxes=(lambda x: np.swapaxes(x, 0, 2), CUBE),
    swapaxes_method=(lambda x: x.swapaxes(-1, 0), CUBE),
    moveaxis=(lambda x: np.moveaxis(x, 0, -1), CUBE),
    moveaxis_several=(lambda x: np.moveaxis(x, [0, 2], [1, 0]), CUBE),
    rollaxis=(lambda x: np.rollaxis(x, 2), CUBE),
    rollaxis_start=(lambda x: np.rollaxis(x, 0, 3), CUBE),
    rollaxis_negative=(lambda x: np.rollaxis(x, -1, 1), CUBE),
    rollaxis_in_place=(lambda x: np.rollaxis(x, 1, 2), CUBE),
    flip=(lambda x: np.flip(x), CUBE),
    flip_axis=(lambda x: np.flip(x, 1), CUBE),
    flip_axes=(lambda x: np.flip(x, (0, -1)), CUBE),
    fliplr=(lambda x: np.fliplr(x), X),
    flipud=(lambda x: np.flipud(x), X),
    rot90=(lambda x: np.rot90(x), X),
    rot90_axes=(lambda x: np.rot90(x, 3, (1, 2)), CUBE),
    rot90_back=(lambda x: np.rot90(x, -1), X),
    roll=(lambda x: np.roll(x, 5), X),
    roll_axis=(lambda x: np.roll(x, -1, axis=1), X),
    roll_axes=(lambda x: np.roll(x, (1, 2), axis=(0, 1)), X),
    roll_one_shift=(lambda x: np.roll(x, 2, axis=(0, 1)), X),
    roll_same_axis=(lambda x: np.roll(x, (1, 1), axis=(1, 1)), X),
    roll_array=(lambda x: np.roll(x, np.array([1, 2]), axis=(0, 1)), X),
    roll_empty=(lambda x: np.roll(x, 1, axis=0), EMPTY),
)
def test_axes_and_elements_are_reordered_as_by_numpy(form, xs):
    assert_like_numpy(form, *xs)


@forms(
    tile=(lambda x: np.tile(x, 2), X),
    tile_axes=(lambda x: np.tile(x, (2, 1, 3)), X),
    tile_fewer=(lambda x: np.tile(x, (2,)), CUBE),
    tile_nothing=(lambda x: np.tile(x, (0, 2)), X),
    tile_array=(lambda x: np.tile(x, np.array([2, 2])), X),
    tile_0d=(lambda x: np.tile(x, (2, 2)), POINT),
    repeat=(lambda x: np.repeat(x, 2), X),
    repeat_axis=(lambda x: np.repeat(x, 3, axis=1), X),
    repeat_each=(lambda x: np.repeat(x, [1, 0, 2], axis=0), X),
    repeat_each_array=(lambda x: np.repeat(x, np.array([1, 0, 2, 1]), axis=-1), X),
    repeat_list_of_one=(lambda x: np.repeat(x, [2], axis=-1), X),
    repeat_flat=(lambda v: np.repeat(v, [0, 1, 2, 3, 4]), V),
    repeat_method=(lambda x: x.repeat(2, axis=0), X),
    repeat_0d=(lambda x: np.repeat(x, 3), POINT),
    repeat_empty=(lambda x: np.repeat(x, 3, axis=0), EMPTY),
    meshgrid=(lambda v, w: np.meshgrid(v, w), V, X[0]),
    meshgrid_ij=(lambda v, w: np.meshgrid(v, w, indexing="ij"), V, X[0]),
    meshgrid_sparse=(lambda v, w: np.meshgrid(v, w, sparse=True), V, X[0]),
    meshgrid_three=(lambda v, w: np.meshgrid(v, w, [1, 2], copy=False), V, X[0]),
    meshgrid_one=(lambda v: np.meshgrid(v), V),
    resize_more=(lambda x: np.resize(x, (5, 3)), X),
    resize_less=(lambda x: np.resize(x, (2, 3)), X),
    resize_number=(lambda x: np.resize(x, 30), X),
    resize_from_nothing=(lambda x: np.resize(x, (2, 2)), EMPTY),
    resize_to_nothing=(lambda x: np.resize(x, (0, 2)), X),
)
def test_elements_are_repeated_as_by_numpy(form, xs):
    assert_like_numpy(form, *xs)


# --- Joining and splitting --------------------------------------------------------------------------------------------


@forms(
    concatenate=(lambda x, y: np.concatenate([x, y]), X, X[:1]),
    concatenate_axis=(lambda x, y: np.concatenate((x, y), axis=1), X, X[:, :1]),
    concatenate_negative=(lambda x, y: np.concatenate((x, y), -1), X, X[:, :0]),
    concatenate_flat=(lambda x, v: np.concatenate([x, v], axis=None), X, V),
    concatenate_with_array=(lambda x: np.concatenate([np.ones((1, 4)), x, [[1.0, 2.0, 3.0, 4.0]]]), X),
    concatenate_with_integers=(lambda x: np.concatenate([x, np.ones((1, 4), int)]), X),
    concatenate_a_tensor=(lambda x: np.concatenate(x), CUBE),
    concatenate_itself=(lambda x: np.concatenate([x, x]), X),
    concatenate_one=(lambda x: np.concatenate([x]), X),
    concatenate_dtype=(
        lambda x: np.concatenate([x, x], dtype=np.longdouble, casting="unsafe"),
        X,
    ),
    concat=(lambda x, y: np.concat([x, y]), X, X),
    stack=(lambda x, y: np.stack([x, y]), X, X + 1),
    stack_axis=(lambda x, y: np.stack([x, y, x], axis=1), X, X + 1),
    stack_last=(lambda x, y: np.stack((x, y), -1), X, X + 1),
    stack_numbers=(lambda p, q: np.stack([p, 2.0, q]), POINT, POINT),
    stack_a_tensor=(lambda x: np.stack(x, axis=1), X),
    hstack=(lambda x, y: np.hstack([x, y]), X, X[:, :2]),
    hstack_vectors=(lambda v, p: np.hstack((v, p)), V, POINT),
    vstack=(lambda x, v: np.vstack([x, v]), X, V[:4]),
    dstack=(lambda x, y: np.dstack([x, y]), X, X),
    dstack_vectors=(lambda v, w: np.dstack([v, w]), V, V),
    column_stack=(lambda v, y: np.column_stack([v, y]), V[:3], X),
    append=(lambda x, v: np.append(x, v), X, V),
    append_axis=(lambda x, y: np.append(x, y, axis=0), X, X[:1]),
    append_list=(lambda v: np.append(v, [1.0, 2.0]), V),
    block=(lambda x, y: np.block([[x, np.zeros((3, 1))], [np.ones((1, 4)), y]]), X, X[:1, :1]),
    block_row=(lambda v, w: np.block([v, w]), V, V),
    block_mixed=(lambda v, p: np.block([[v, p], [np.arange(6.0)]]), V, POINT),
    block_single=(lambda x: np.block(x), X),
    block_deep=(lambda x: np.block([[[x], [x]]]), CUBE),
)
def test_arrays_are_joined_as_by_numpy(form, xs):
    assert_like_numpy(form, *xs)


@forms(
    split=(lambda x: np.split(x, 3), X),
    split_axis=(lambda x: np.split(x, 2, axis=1), X),
    split_indices=(lambda x: np.split(x, [1, 3], axis=-1), X),
    split_array=(lambda x: np.split(x, np.array([1, 3]), axis=-1), X),
    split_beyond=(lambda v: np.split(v, [2, 7, 9]), V),
    split_negative=(lambda v: np.split(v, [-2]), V),
    split_overlapping=(lambda v: np.split(v, [3, 1]), V),
    split_some_unused=(lambda v: np.split(v, [1, 2])[1], V),
    split_no_index=(lambda v: np.split(v, []), V),
    array_split=(lambda v: np.array_split(v, 3), V),
    array_split_more=(lambda v: np.array_split(v, 7), V),
    hsplit=(lambda x: np.hsplit(x, 2), X),
    hsplit_vector=(lambda v: np.hsplit(v, [2]), V),
    vsplit=(lambda x: np.vsplit(x, 3), X),
    dsplit=(lambda x: np.dsplit(x, 2), CUBE),
    unstack=(lambda x: np.unstack(x), X),
    unstack_axis=(lambda x: np.unstack(x, axis=1)[::2], X),
    iteration=(lambda x: tuple(row * 2 for row in x), X),
    unpacking=(lambda x: [np.sum(row) for row in [*x]], X),
)
def test_arrays_are_split_as_by_numpy(form, xs):
    assert_like_numpy(form, *xs)


# --- Padding, inserting, deleting -------------------------------------------------------------------------------------

PADS = {
    "constant": {},
    "constant_values": {"mode": "constant", "constant_values": ((1.0, 2.0), (3.0, 4.0))},
    "edge": {"mode": "edge"},
    "linear_ramp": {"mode": "linear_ramp"},
    "linear_ramp_to": {"mode": "linear_ramp", "end_values": ((1.0, 2.0), (3.0, 4.0))},
    "reflect": {"mode": "reflect"},
    "reflect_odd": {"mode": "reflect", "reflect_type": "odd"},
    "symmetric": {"mode": "symmetric"},
    "symmetric_odd": {"mode": "symmetric", "reflect_type": "odd"},
    "wrap": {"mode": "wrap"},
    "maximum": {"mode": "maximum"},
    "minimum_near": {"mode": "minimum", "stat_length": ((1, 2), (2, 3))},
    "mean": {"mode": "mean"},
    "mean_near": {"mode": "mean", "stat_length": 2},
    "median": {"mode": "median"},
}


@pytest.mark.parametrize("options", PADS.values(), ids=PADS)
@pytest.mark.parametrize("width", [1, (1, 2), ((0, 1), (2, 0)), ((5, 1), (2, 9))], ids=str)
def test_padding_is_numpys(width, options):
    x = np.round(X * 64) / 64  # sums of a few are exact, in whatever order

    y = np.pad(Tensor(x), width, **options)

    np.testing.assert_allclose(y.data, np.pad(x, width, **options), rtol=1e-15, atol=1e-15, strict=True)


@pytest.mark.parametrize("name", [name for name in PADS if "imum" not in name])
def test_derivatives_of_padding_are_right(name):
    assert_like_numpy(lambda x: np.pad(x, ((3, 1), (0, 2)), **PADS[name]), np.round(X[:2, :2] * 64) / 64)


@pytest.mark.parametrize("mode", ["maximum", "minimum"])
def test_padding_by_an_extremum_gives_the_extremum_the_cotangents(mode):
    x = Tensor([1.0, 5.0, 2.0], requires_grad=True)

    np.pad(x, (2, 3), mode).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [1, 6, 1] if mode == "maximum" else [6, 1, 1])


def test_padding_of_integers_rounds_as_numpy_does():
    x = np.array([1, 2, 4])

    for mode in ("mean", "linear_ramp"):
        np.testing.assert_array_equal(np.pad(Tensor(x), 2, mode).data, np.pad(x, 2, mode), strict=True)


def test_pad_widths_may_be_given_by_axis():
    y = np.pad(Tensor(X, requires_grad=True), {1: (1, 2), -2: 1})

    assert y.shape == (5, 7)


@pytest.mark.parametrize(
    ("width", "options", "error"),
    [
        (1.5, {}, TypeError),
        (-1, {}, ValueError),
        (1, {"mode": "nothing"}, ValueError),
        (1, {"mode": "edge", "constant_values": 1}, ValueError),
        (1, {"mode": "mean", "reflect_type": "odd"}, ValueError),
        (1, {"mode": "maximum", "stat_length": 0}, ValueError),
        (((1, 2), (3, 4), (5, 6)), {}, ValueError),
    ],
)
def test_padding_that_numpy_refuses_is_refused(width, options, error):
    with pytest.raises(error):
        np.pad(X, width, **options)

    with pytest.raises(error):
        np.pad(Tensor(X), width, **options)


def test_padding_with_tracked_values_is_refused_rather_than_cut_off_the_tape():
    with pytest.raises(TypeError, match="tracked tensor"):
        np.pad(Tensor(V), 1, constant_values=Tensor(1.0, requires_grad=True))
    with pytest.raises(TypeError, match="takes no function as mode"):
        np.pad(Tensor(V), 1, lambda *args: None)


@forms(
    delete=(lambda v: np.delete(v, 2), V),
    delete_flat=(lambda x: np.delete(x, [0, 5]), X),
    delete_axis=(lambda x: np.delete(x, -1, axis=1), X),
    delete_slice=(lambda x: np.delete(x, slice(None, None, 2), axis=1), X),
    delete_mask=(lambda x: np.delete(x, np.array([True, False, True]), axis=0), X),
    delete_repeated=(lambda x: np.delete(x, [1, 1], axis=0), X),
    delete_nothing=(lambda x: np.delete(x, [], axis=0), X),
    insert=(lambda v: np.insert(v, 1, 9.0), V),
    insert_flat=(lambda x: np.insert(x, [1, 5], 9.0), X),
    insert_tensor=(lambda x, v: np.insert(x, 1, v, axis=0), X, V[:4]),
    insert_column=(lambda x, v: np.insert(x, 1, v, axis=1), X, V[:3]),
    insert_block=(lambda x, y: np.insert(x, [1], y, axis=1), X, X[:, :2]),
    insert_several=(lambda v, w: np.insert(v, [0, 2, 5], w), V, X[0, :3]),
    insert_unordered=(lambda v, w: np.insert(v, [5, 0, -1], w), V, X[0, :3]),
    insert_many_at_one=(lambda v, w: np.insert(v, 2, w), V, X[0]),
    insert_slice=(lambda v: np.insert(v, slice(1, 4), 9.0), V),
    insert_mask=(lambda v: np.insert(v, np.array([True, False, True, False, False]), 9.0), V),
    insert_broadcast=(lambda x: np.insert(x, [1, 3], [[1.0], [2.0], [3.0]], axis=1), X),
    insert_into_array=(lambda w: np.insert(np.arange(3.0), 1, w), X[0]),
    trim=(lambda v: np.trim_zeros(v), np.array([0.0, 0, 1, 0, 2, 0])),
    trim_front=(lambda v: np.trim_zeros(v, "f"), np.array([0.0, 0, 1, 0, 2, 0])),
    trim_back=(lambda v: np.trim_zeros(v, "B"), np.array([0.0, 0, 1, 0, 2, 0])),
    trim_all=(lambda v: np.trim_zeros(v), np.zeros(3)),
)
def test_elements_are_inserted_and_deleted_as_by_numpy(form, xs):
    if form.__code__.co_names[:2] == ("np", "trim_zeros"):  # jumps at zero: values only
        np.testing.assert_array_equal(form(Tensor(*xs)).data, form(*xs), strict=True)
        return
    assert_like_numpy(form, *xs)


def test_trimmed_elements_receive_no_gradient():
    x = Tensor([0.0, 3.0, 0.0, 2.0, 0.0], requires_grad=True)

    np.trim_zeros(x).sum().backward()

    np.testing.assert_array_equal(x.grad.data, [0, 1, 1, 1, 0])


# --- Diagonals --------------------------------------------------------------------------------------------------------


@forms(
    diag_of_vector=(lambda v: np.diag(v), V),
    diag_of_vector_above=(lambda v: np.diag(v, 2), V),
    diag_of_vector_below=(lambda v: np.diag(v, -1), V),
    diag_of_matrix=(lambda x: np.diag(x), X),
    diag_of_matrix_above=(lambda x: np.diag(x, 3), X),
    diag_of_matrix_beyond=(lambda x: np.diag(x, 9), X),
    diag_of_nothing=(lambda v: np.diag(v), V[:0]),
    diagflat=(lambda x: np.diagflat(x, 1), X),
    diagonal=(lambda x: np.diagonal(x), X),
    diagonal_axes=(lambda x: np.diagonal(x, 1, axis1=2, axis2=0), CUBE),
    diagonal_method=(lambda x: x.diagonal(-1, 1, 2), CUBE),
    tril=(lambda x: np.tril(x), CUBE),
    tril_k=(lambda x: np.tril(x, -1), X),
    triu=(lambda x: np.triu(x, k=1), X),
    triu_vector=(lambda v: np.triu(v), V),
    indices=(lambda x: x[np.tril_indices_from(x)], X),
)
def test_diagonals_and_triangles_are_numpys(form, xs):
    assert_like_numpy(form, *xs)


# --- Memory: views, errors, cost --------------------------------------------------------------------------------------


def test_dtypes_are_kept():
    for dtype in (np.float16, np.float32, np.longdouble, np.complex64):
        x = Tensor(X.astype(dtype), requires_grad=True)

        parts = [np.reshape(x, -1), np.concatenate([x, x]).ravel(), np.pad(x, 1).ravel(), np.tile(x, 2).ravel()]
        parts += [part.ravel() for part in np.split(np.stack([x, x]), 2)] + [np.pad(x, 1, "mean").ravel()]
        total = sum(np.sum(part) for part in parts)
        total.backward()

        assert all(part.dtype == dtype for part in parts)
        assert x.grad.dtype == dtype


def test_an_unused_piece_of_a_split_costs_zeros_of_the_right_dtype():
    x = Tensor(V.astype(np.float32), requires_grad=True)

    np.split(x, [1, 3])[1].sum().backward()

    np.testing.assert_array_equal(x.grad.data, np.array([0, 1, 1, 0, 0], np.float32), strict=True)


@pytest.mark.parametrize(
    "view", ["x.T", "np.reshape(x, (4, 3))", "np.flip(x)", "np.diagonal(x)", "np.diag(x)", "x[1:]"]
)
def test_assignment_into_a_view_is_refused(view):
    x = Tensor(X, requires_grad=True)
    y = eval(view, {"np": np, "x": x})

    with pytest.raises(RuntimeError, match="view of another"):
        y[0] = 1.0


@pytest.mark.parametrize(
    "call",
    [
        "np.reshape(x, (5, 5))",
        "np.transpose(x, (0, 0))",
        "np.swapaxes(x, 0, 2)",
        "np.moveaxis(x, 0, 5)",
        "np.rollaxis(x, 2)",
        "np.rollaxis(x, 0, 4)",
        "np.expand_dims(x, 5)",
        "np.squeeze(x, 0)",
        "np.broadcast_to(x, (3, 5))",
        "np.broadcast_arrays(x, np.ones(5))",
        "np.matrix_transpose(x[0])",
        "np.fliplr(x[0])",
        "np.flipud(x[0, 0])",
        "np.flip(x, 2)",
        "np.concatenate([x, x[0]])",
        "np.concatenate([x, x], 2)",
        "np.concatenate([x, x], dtype=int)",
        "np.stack([x, x[0]])",
        "np.stack([x, x], 3)",
        "np.split(x, 2)",
        "np.split(x, 2, axis=3)",
        "np.array_split(x, 0)",
        "np.hsplit(x[0, 0], 1)",
        "np.vsplit(x[0], 2)",
        "np.dsplit(x, 2)",
        pytest.param("np.unstack(x, axis=2)", marks=since("unstack")),
        "np.block([[x], x])",
        "np.block([[], [x]])",
        "np.block((x, x))",
        "np.meshgrid(x[0], indexing='xx')",
        "np.repeat(x, [1, 2], axis=0)",
        "np.repeat(x, -1)",
        "np.diag(x[None])",
        "np.diagonal(x[0])",
        "np.diagonal(x, axis1=1, axis2=1)",
        "np.delete(x, 9, axis=0)",
        "np.insert(x, 9, 1.0, axis=0)",
        "np.insert(x, [1, 2], [1.0, 2.0, 3.0], axis=0)",
        pytest.param("np.trim_zeros(x[0], 'x')", marks=since("trim_refused")),
        "np.roll(x, 1, axis=2)",
        "np.rot90(x, 1, (0, 0))",
    ],
)
def test_what_numpy_refuses_is_refused_with_the_same_kind_of_error(call):
    with pytest.raises(Exception) as numpys:  # noqa: PT011 (whatever NumPy raises)
        eval(call, {"np": np, "x": X})

    with pytest.raises(numpys.type):
        eval(call, {"np": np, "x": Tensor(X, requires_grad=True)})


def test_out_is_refused_in_a_clear_sentence():
    with pytest.raises(TypeError, match=r"concatenate of tensors takes no out="):
        np.concatenate([Tensor(V)], out=np.zeros(5))


@pytest.mark.parametrize(
    ("join", "take_apart"), [pytest.param("stack", "unstack", marks=since("unstack")), ("concatenate", "split")]
)
def test_ten_thousand_pieces_are_one_op_and_need_no_zeros(monkeypatch, join, take_apart):
    n = 10_000
    x = as_tensor(np.ones((n, 100))).requires_grad_()
    made, zeros = [], np.zeros
    monkeypatch.setattr(np, "zeros", lambda *args: made.append(zeros(*args)) or made[-1])

    pieces = np.unstack(x) if take_apart == "unstack" else np.split(x, n)
    y = getattr(np, join)(pieces)
    y.sum().backward()  # were each piece put into zeros of its own: 10^10 of them

    np.testing.assert_array_equal(x.grad.data, np.ones((n, 100)))
    assert y.node.op.name == join
    assert not made
