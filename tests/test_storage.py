"""What nn.save takes comes back as it was, down to the bit; what it does not take is named, and leaves no file."""

import collections
import enum
import itertools
import json
import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import nn
import optim
from autograd import Tensor

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", "F", "D", "G"]
DTYPES += [">i4", ">f4", ">f8", ">c16", ">g", "M8[ns]", "M8[25s]", ">M8[D]", "m8[h]", "m8", "S3", "U4", ">U2"]


def back(obj, folder):
    """What comes back of a value."""
    nn.save(obj, folder / "x")
    return nn.load(folder / "x")


def bits(array):
    """The bytes of an array that mean something: a long double of 80 bits has 6 more, which do not."""
    raw = np.frombuffer(array.tobytes(), np.uint8)
    if array.dtype.itemsize > 8 and array.dtype.kind in "fc" and np.finfo(array.dtype).nmant == 63:
        size = np.dtype(np.longdouble).itemsize
        big = array.dtype.byteorder == ">"
        return raw.reshape(-1, size)[:, size - 10 :] if big else raw.reshape(-1, size)[:, :10]
    return raw


def assert_same(a, b):
    """Equal in type, dtype, shape, bits, order of keys, and in which tensors want a gradient."""
    assert type(a) is type(b)
    if isinstance(a, Tensor):
        assert a.requires_grad == b.requires_grad
        a, b = a.data, b.data
    if isinstance(a, np.ndarray | np.generic):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_array_equal(bits(a), bits(b))
    elif isinstance(a, dict):
        assert len(a) == len(b)
        for (ka, va), (kb, vb) in zip(a.items(), b.items()):
            assert_same(ka, kb)
            assert_same(va, vb)
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            assert_same(x, y)
    elif isinstance(a, float):
        assert struct.pack(">d", a) == struct.pack(">d", b)
    elif isinstance(a, complex):
        assert struct.pack(">dd", a.real, a.imag) == struct.pack(">dd", b.real, b.imag)
    else:
        assert a == b


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ([1], (1,)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.float32(1), np.float64(1)),
        (np.zeros(2, "f4"), np.zeros(2, ">f4")),
        (np.array(0.0), np.array(-0.0)),
        (nn.Parameter([1.0]), Tensor([1.0], requires_grad=True)),
        (Tensor([1.0]), Tensor([1.0], requires_grad=True)),
    ],
    ids=range(10),
)
def test_the_comparison_used_here_tells_near_misses_apart(a, b):
    with pytest.raises(AssertionError):
        assert_same(a, b)


# --- what comes back ---

KEYS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.tuples(st.integers()),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**60), 10**60),
    st.floats(),
    st.complex_numbers(),
    st.text(st.characters()),  # surrogates too
    st.binary(),
    hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)),
    hnp.arrays(np.float32, 2).map(lambda array: array[0]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(KEYS, inner)),
    max_leaves=12,
)


@given(value=VALUES)
@settings(max_examples=150)
def test_any_nesting_comes_back_as_it_was_and_makes_the_same_file_again(value, tmp_path_factory):
    folder = tmp_path_factory.mktemp("round")

    again = back(value, folder)

    assert_same(again, value)
    nn.save(again, folder / "y")
    assert (folder / "y").read_bytes() == (folder / "x").read_bytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (2, 3), (1, 2, 3)], ids=str)
def test_arrays_of_every_dtype_and_shape_come_back(tmp_path, dtype, shape):
    numbers = np.random.default_rng(0).integers(0, 100, shape)
    array = np.asarray(numbers).astype("f8" if dtype[-1] in "gG" else "i8").astype(dtype)

    assert_same(back({"array": array}, tmp_path), {"array": array})


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu"])
def test_the_dtypes_of_ml_dtypes_come_back(tmp_path, name):
    dtype = getattr(pytest.importorskip("ml_dtypes"), name)
    array = np.array([[1, 2], [0.5, np.nan]]).astype(dtype)

    again = back({"array": array, "scalar": array[0, 1]}, tmp_path)

    assert_same(again, {"array": array, "scalar": array[0, 1]})


@pytest.mark.parametrize(
    "layout",
    [
        lambda a: np.asfortranarray(a),
        lambda a: a[:, ::2],
        lambda a: a[::-1],
        lambda a: np.broadcast_to(a[0], a.shape),
        lambda a: np.moveaxis(a, 0, 1),
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, axis=0),
    ],
    ids=["fortran", "step", "reversed", "broadcast", "moved axis", "overlapping"],
)
def test_arrays_that_are_not_contiguous_have_the_right_values(tmp_path, layout):
    array = layout(np.arange(24.0).reshape(4, 3, 2))

    again = back(array, tmp_path)

    assert_same(again, array)
    assert again.flags.owndata or again.base.flags.owndata
    assert again.flags.writeable


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))), ids=str)
def test_the_order_of_the_axes_in_memory_is_kept(tmp_path, axes):
    array = np.arange(24.0).reshape(2, 3, 4).transpose(axes)

    again = back(array, tmp_path)

    assert again.strides == array.strides


def test_nans_keep_their_payloads_and_signs(tmp_path):
    payloads = np.array([0x7FF8000000000001, 0xFFF8000000000000, 0x7FF0000000000001, 0xFFFFFFFFFFFFFFFF], np.uint64)
    doubles = payloads.view(np.float64)
    singles = np.array([0x7FC00001, 0xFFC12345], np.uint32).view(np.float32)

    again = back([doubles, doubles.astype(">f8"), singles, doubles[0].item(), doubles[1].item(), singles[1]], tmp_path)

    assert again[0].view(np.uint64).tolist() == payloads.tolist()
    assert again[1].view(">u8").tolist() == payloads.tolist()
    assert again[2].view(np.uint32).tolist() == [0x7FC00001, 0xFFC12345]
    assert struct.pack(">d", again[3]).hex() == "7ff8000000000001"
    assert struct.pack(">d", again[4]).hex() == "fff8000000000000"
    assert again[5].view(np.uint32) == 0xFFC12345


@pytest.mark.parametrize(
    "value",
    [
        10**5000,
        -(2**63) - 1,
        "x" * 5000,
        "\ud83d\ude00",
        "".join(map(chr, range(300))),
        np.bytes_(b"a\0\0"),
        np.str_("b\0"),
        np.str_(""),
        np.longdouble(1) / 3,
        np.datetime64("NaT"),
        np.datetime64("2020-02-29T12", "h"),
        collections.OrderedDict([("b", 1), ("a", {})]),
        {1: "a", "1": "b", (1,): "c", 1.5: "d", None: "e", b"1": "f", np.int8(7): "g", True - 2: "h"},
        {"a.b": np.ones(1), "a": {"b": np.zeros(2), "b~": np.ones(3)}, "__metadata__": np.ones(1), "": np.ones(1)},
        {"\ud800": np.ones(1), "é/\n\0": np.ones(2), "\\ud800": np.ones(3)},
        bytearray(b"abc"),
    ],
    ids=range(16),
)
def test_unusual_values_and_keys_come_back(tmp_path, value):
    assert_same(back(value, tmp_path), value)


def test_tensors_and_parameters_come_back_as_such(tmp_path):
    w = Tensor([[1.0, 2.0]], requires_grad=True)
    value = [
        Tensor(np.arange(3)),
        Tensor([1.0], requires_grad=True),
        nn.Parameter(np.float32([1, 2])),
        nn.Parameter([1.0], requires_grad=False),
        Tensor(5.0),
        Tensor(np.zeros((0, 2), np.complex64)),
    ]

    again = back([*value, w * 2], tmp_path)

    assert_same(again[:-1], value)
    assert again[-1].is_leaf
    assert again[-1].requires_grad
    (again[2] * 2).sum().backward()
    assert again[2].grad.tolist() == [2.0, 2.0]


def test_the_state_of_a_module_and_of_an_optimizer_comes_back(tmp_path):
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    model(Tensor(np.ones((4, 2), np.float32))).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}

    again = back(state, tmp_path)

    assert_same(again, state)
    assert list(again["optimizer"]["state"]) == [0, 1, 2, 3]


def test_an_object_in_two_places_comes_back_as_two(tmp_path):
    shared = [np.ones(2)]

    first, second = back([shared, shared], tmp_path)

    first[0][0] = 5.0
    assert second[0].tolist() == [1.0, 1.0]


# --- the file ---


def header_of(path):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])


def test_tensors_have_the_names_of_the_keys_that_lead_to_them(tmp_path):
    model = nn.Sequential(nn.Linear(2, 3))

    nn.save({"model": model.state_dict(), "steps": [np.ones(2)], 3: {"x": np.ones(1)}}, tmp_path / "x")
    nn.save(model.state_dict(), tmp_path / "y")
    nn.save(np.ones(2), tmp_path / "z")

    assert set(header_of(tmp_path / "x")) == {"__metadata__", "model.0.weight", "model.0.bias", "steps.0", "3.x"}
    assert set(header_of(tmp_path / "y")) == {"__metadata__", "0.weight", "0.bias"}
    assert set(header_of(tmp_path / "z")) == {"__metadata__", "value"}


def test_every_tensor_in_the_file_is_aligned(tmp_path):
    arrays = [np.ones(3, dtype) for dtype in ("u1", "f8", "?", "f2", "c8", "f4", "u1")]

    nn.save(arrays, tmp_path / "x")

    header = header_of(tmp_path / "x")
    start = 8 + int.from_bytes((tmp_path / "x").read_bytes()[:8], "little")
    for i, array in enumerate(arrays):
        assert (start + header[str(i)]["data_offsets"][0]) % array.itemsize == 0


def test_the_same_content_is_the_same_bytes_whatever_lay_in_memory_before(tmp_path):
    for i, fill in enumerate([0, 255]):
        long = np.full(3 * np.dtype(np.longdouble).itemsize, fill, np.uint8).view(np.longdouble)
        long[...] = [1, 2, 3]
        truth = np.array([0, 1 + i, 1], np.uint8).view(bool)
        nn.save({"long": long, "truth": truth, "scalar": long[0]}, tmp_path / str(i))

    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


# --- what is refused ---


class Colour(enum.IntEnum):
    RED = 1


class Other(dict):
    pass


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "['model'][3], a object: only dictionaries, lists"),
        (len, "['model'][3], a builtin_function_or_method"),
        (Point(1, 2), "['model'][3], a named tuple Point"),
        ({1, 2}, "['model'][3], a set, which has no order; save it as a sorted list"),
        (nn.Linear(1, 1), "['model'][3], a Linear; save its state_dict()"),
        (np.random.default_rng(0), "['model'][3], a generator; save its bit_generator.state"),
        (Colour.RED, "['model'][3], a Colour: only dictionaries, lists, tuples, strings, bytes, numbers"),
        (Other(a=1), "convert it by dict(x)"),
        (collections.defaultdict(list), "convert it by dict(x)"),
        (np.ma.masked_array([1.0], [True]), "an array of the class MaskedArray; save np.asarray(x)"),
        (np.array([1, None]), "['model'][3]: its dtype is object"),
        (np.zeros(2, [("a", "f4")]), "['model'][3]: its dtype is [('a', '<f4')]"),
        (np.zeros(2, [("a", "f4")])[0], "['model'][3]: its dtype is [('a', '<f4')]"),
        (np.array(["a"], np.dtypes.StringDType()), "['model'][3]: its dtype is StringDType()"),
        ({"key": {(1, len): 2}}, "key (1, <built-in function len>) of ['model'][3]['key'], a builtin_function"),
        ({nn.Parameter([1.0]): 2}, "['model'][3]: a tensor is a key there"),
        (slice(1), "['model'][3], a slice"),
        (np.float32, "['model'][3], a type"),
    ],
    ids=range(18),
)
def test_what_is_not_saved_is_named_with_its_place_and_leaves_no_file(tmp_path, value, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        nn.save({"model": [0, np.ones(2), {}, value]}, tmp_path / "x")

    assert list(tmp_path.iterdir()) == []


def test_what_contains_itself_is_refused(tmp_path):
    loop = {"a": [1]}
    loop["a"].append((loop,))

    with pytest.raises(TypeError, match=re.escape("cannot save ['a'][1][0]: this dict contains itself")):
        nn.save(loop, tmp_path / "x")

    assert list(tmp_path.iterdir()) == []


def test_the_object_itself_is_named_as_such(tmp_path):
    with pytest.raises(TypeError, match=r"nn\.save cannot save this object, a object"):
        nn.save(object(), tmp_path / "x")


def test_a_hundred_levels_are_saved_and_more_refused(tmp_path):
    deep = []
    for _ in range(99):
        deep = [deep]
    assert_same(back(deep, tmp_path), deep)

    with pytest.raises(ValueError, match="at most 100 levels of nesting"):
        nn.save({"a": deep, "b": [deep]}, tmp_path / "x")

    assert_same(nn.load(tmp_path / "x"), deep)


def test_a_header_that_nobody_would_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("nn.storage.container.MAX_HEADER", 1000)

    with pytest.raises(ValueError, match="more than the 1000 that the format allows; put numbers into arrays"):
        nn.save(list(range(1000)), tmp_path / "x")

    assert list(tmp_path.iterdir()) == []
