"""IDX files: what is written comes back, and whatever is damaged is refused with `IDXError` and nothing else."""

import gzip
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nn.data import IDXError, read_idx, write_idx

IDX_DTYPES = ["u1", "i1", "i2", "i4", "f4", "f8"]

# Two rows of three unsigned bytes, spelled out as the format's description has it.
SMALL = bytes([0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes([1, 2, 3, 4, 5, 250])

few_examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def saved(folder, content, name="file"):
    path = folder / name
    path.write_bytes(content)
    return path


def header(code, *shape):
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape)


def test_bytes_of_the_format_become_an_array_of_their_own(tmp_path):
    array = read_idx(saved(tmp_path, SMALL))

    np.testing.assert_array_equal(array, [[1, 2, 3], [4, 5, 250]])
    assert array.dtype == np.uint8
    assert array.flags.writeable
    assert array.flags.c_contiguous


@pytest.mark.parametrize(
    ("code", "letter", "values", "dtype"),
    [
        (0x08, "B", [0, 255], np.uint8),
        (0x09, "b", [-128, 127], np.int8),
        (0x0B, "h", [-32768, 258], np.int16),
        (0x0C, "i", [-(2**31), 16909060], np.int32),
        (0x0D, "f", [-1.5, 3e38], np.float32),
        (0x0E, "d", [-1.5, 1e300], np.float64),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_every_element_type_is_read_into_native_byte_order(tmp_path, code, letter, values, dtype, pack):
    path = saved(tmp_path, pack(header(code, 2) + struct.pack(f">2{letter}", *values)))

    array = read_idx(path)

    np.testing.assert_array_equal(array, np.array(values, dtype=dtype))
    assert array.dtype == dtype
    assert array.dtype.isnative


def test_the_first_bytes_and_not_the_name_tell_a_gzipped_file(tmp_path):
    raw_called_gz = saved(tmp_path, SMALL, "raw.gz")
    packed_called_raw = saved(tmp_path, gzip.compress(SMALL), "packed")

    np.testing.assert_array_equal(read_idx(raw_called_gz), read_idx(packed_called_raw))


def test_a_gzip_stream_of_several_members_is_read_as_one(tmp_path):
    path = saved(tmp_path, gzip.compress(SMALL[:7]) + gzip.compress(SMALL[7:]))

    np.testing.assert_array_equal(read_idx(path), [[1, 2, 3], [4, 5, 250]])


@given(
    array=st.sampled_from(IDX_DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
    ),
    name=st.sampled_from(["file", "file.gz"]),
    order=st.sampled_from("<>"),
)
@few_examples
def test_what_is_written_is_read_back(tmp_path, array, name, order):
    write_idx(tmp_path / name, array.astype(array.dtype.newbyteorder(order)))

    back = read_idx(tmp_path / name)

    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape


def test_a_non_contiguous_array_is_written_in_the_order_of_its_indices(tmp_path):
    array = np.arange(12, dtype=np.int16).reshape(3, 4)

    write_idx(tmp_path / "file", array.T[::-1])

    np.testing.assert_array_equal(read_idx(tmp_path / "file"), array.T[::-1])


def test_the_written_bytes_are_those_of_the_format(tmp_path):
    write_idx(tmp_path / "file", np.array([[1, 2, 3], [4, 5, 250]], dtype=np.uint8))

    assert (tmp_path / "file").read_bytes() == SMALL


def test_a_name_that_ends_with_gz_is_gzipped_and_reproducible(tmp_path):
    array = np.array([[1, 2, 3], [4, 5, 250]], dtype=np.uint8)

    write_idx(tmp_path / "one.gz", array)
    write_idx(tmp_path / "two.gz", array)

    assert gzip.decompress((tmp_path / "one.gz").read_bytes()) == SMALL
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


@pytest.mark.parametrize("dtype", ["i8", "u2", "bool", "c8", "f2", "U3", "O"])
def test_an_element_type_that_the_format_lacks_is_refused_before_a_file_appears(tmp_path, dtype):
    with pytest.raises(TypeError, match="convert it first"):
        write_idx(tmp_path / "file", np.zeros(3, dtype=dtype))

    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = saved(tmp_path, SMALL)

    def full_disk(descriptor):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_idx(path, np.zeros(100, dtype=np.uint8))

    assert path.read_bytes() == SMALL
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_permissions_of_any_new_file(tmp_path):
    saved(tmp_path, b"", "ordinary")

    write_idx(tmp_path / "file", np.zeros(1, dtype=np.uint8))

    assert (tmp_path / "file").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "two zero bytes", id="empty"),
        pytest.param(b"\0", "two zero bytes", id="one byte"),
        pytest.param(b"\0\0\x08", "two zero bytes", id="three bytes"),
        pytest.param(b"P5 28 28 255\n", "two zero bytes", id="portable graymap"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "two zero bytes", id="png"),
        pytest.param(b"\0\0\x0a\x01" + bytes(8), "element types .* got 0x0a", id="unknown type"),
        pytest.param(b"\0\0\x08\x41" + bytes(4 * 65), "at most 64 dimensions, got 65", id="too many dimensions"),
        pytest.param(SMALL[:9], "ends inside its header", id="inside the header"),
        pytest.param(
            SMALL[:12], "shape \\(2, 3\\), which takes 18 bytes, but the file is truncated: it has 12", id="no elements"
        ),
        pytest.param(SMALL[:-1], "truncated: it has 17", id="one element short"),
        pytest.param(SMALL + b"\0", "1 more bytes follow", id="one byte more"),
        pytest.param(header(0x0E, 2**32 - 1, 2**32 - 1, 2**32 - 1), "truncated", id="terabytes"),
        pytest.param(header(0x08, 0, *[2**32 - 1] * 63), "NumPy has no array of such a shape", id="no such array"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name_and_the_reason(tmp_path, content, reason):
    path = saved(tmp_path, content, "damaged")

    with pytest.raises(IDXError, match=reason) as caught:
        read_idx(path)

    assert str(path) in str(caught.value)


PACKED = gzip.compress(SMALL, mtime=0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(PACKED[:1], "two zero bytes", id="first byte"),
        pytest.param(PACKED[:2], "damaged or cut short", id="magic only"),
        pytest.param(PACKED[:-1], "damaged or cut short", id="last byte missing"),
        pytest.param(PACKED[:-9], "damaged or cut short", id="checksum missing"),
        pytest.param(PACKED[:-8] + bytes([PACKED[-8] ^ 1]) + PACKED[-7:], "CRC", id="checksum changed"),
        pytest.param(PACKED[:-4] + bytes([PACKED[-4] ^ 1]) + PACKED[-3:], "length", id="length changed"),
        pytest.param(PACKED[:10] + b"\xff\xff" + PACKED[12:], "damaged or cut short", id="stream changed"),
        pytest.param(PACKED + b"tail", "damaged or cut short", id="tail"),
        pytest.param(gzip.compress(b""), "two zero bytes", id="empty"),
        pytest.param(gzip.compress(b"not an IDX file"), "two zero bytes", id="not IDX"),
        pytest.param(gzip.compress(SMALL[:-1]), "truncated: it has 17", id="one element short"),
        pytest.param(gzip.compress(SMALL + b"\0"), "more bytes follow", id="one byte more"),
        pytest.param(gzip.compress(header(0x08, 2**32 - 1, 2**32 - 1)), "cannot hold so many", id="impossible"),
    ],
)
def test_a_damaged_gzip_file_is_refused_with_its_name_and_the_reason(tmp_path, content, reason):
    path = saved(tmp_path, content, "damaged.gz")

    with pytest.raises(IDXError, match=reason) as caught:
        read_idx(path)

    assert str(path) in str(caught.value)


def test_a_missing_file_is_the_usual_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError, match="no-such-file"):
        read_idx(tmp_path / "no-such-file")


def read_or_reason(path):
    """The array and None, or None and the reason why the file was refused."""
    try:
        return read_idx(path), None
    except IDXError as error:
        return None, str(error)


def peak_memory_of_refusing(path, **options):
    tracemalloc.start()
    try:
        with pytest.raises(IDXError):
            read_idx(path, **options)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_header_that_promises_terabytes_costs_no_memory(tmp_path, pack):
    path = saved(tmp_path, pack(header(0x0E, 2**20, 2**20) + bytes(1000)))

    assert peak_memory_of_refusing(path) < 2**20


def test_a_stream_that_unpacks_to_far_more_than_its_header_says_is_not_unpacked(tmp_path):
    path = saved(tmp_path, gzip.compress(SMALL + bytes(2**25)))

    assert peak_memory_of_refusing(path) < 2**20


def test_an_honest_bomb_is_refused_beyond_max_bytes_and_read_within(tmp_path):
    path = saved(tmp_path, gzip.compress(header(0x08, 2**25) + bytes(2**25)))

    assert peak_memory_of_refusing(path, max_bytes=2**24) < 2**20
    with pytest.raises(IDXError, match="max_bytes="):
        read_idx(path, max_bytes=2**24)
    assert read_idx(path, max_bytes=2**26).shape == (2**25,)


@given(position=st.integers(0, len(SMALL) - 1), value=st.integers(0, 255))
@few_examples
def test_any_changed_byte_gives_an_error_or_an_array_of_as_many_bytes(tmp_path, position, value):
    changed = bytearray(SMALL)
    changed[position] = value
    path = saved(tmp_path, bytes(changed))

    array, _ = read_or_reason(path)

    if position >= 12 or value == SMALL[position]:
        np.testing.assert_array_equal(array.ravel(), np.frombuffer(changed, np.uint8, offset=12))
        assert array.shape == (2, 3)
    else:
        assert array is None or array.nbytes == 6


@given(
    position=st.integers(0, len(PACKED) - 1),
    flip=st.integers(1, 255),
    cut=st.integers(0, len(PACKED)),
)
@few_examples
def test_any_changed_or_missing_byte_of_a_gzip_file_gives_an_error_or_the_right_array(tmp_path, position, flip, cut):
    changed = bytearray(PACKED)
    changed[position] ^= flip

    for number, content in enumerate([bytes(changed), PACKED[:cut]]):
        array, reason = read_or_reason(saved(tmp_path, content, f"file-{number}"))

        assert reason or array.tolist() == [[1, 2, 3], [4, 5, 250]]


@given(
    content=st.binary(max_size=80), start=st.sampled_from([b"", b"\0\0\x08", b"\0\0\x0e\x02\0\0\0", b"\x1f\x8b\x08\0"])
)
@few_examples
def test_any_bytes_at_all_give_an_error_or_an_array(tmp_path, start, content):
    path = saved(tmp_path, start + content)

    array, reason = read_or_reason(path)

    assert array.nbytes < len(start + content) if reason is None else str(path) in reason


@given(payload=st.binary(max_size=60))
@few_examples
def test_any_deflate_stream_gives_an_error_or_an_array(tmp_path, payload):
    packer = zlib.compressobj(wbits=31)
    path = saved(tmp_path, packer.compress(b"\0\0\x08\x01\0\0\0" + payload) + packer.flush())

    array, reason = read_or_reason(path)

    assert array.tobytes() == payload[1:] if reason is None else str(path) in reason
