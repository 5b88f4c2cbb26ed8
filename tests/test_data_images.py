"""The loaders of digits: what they return is what was written, or an error that names the file."""

import gzip
import sys

import numpy as np
import pytest

from nn.data import IDXError, ImageSplits, load_digits, load_mnist, mnist, write_idx

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


@pytest.fixture
def small_mnist():
    """Four arrays as the files hold them: 6 images to learn from, 3 to test with, and their labels."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (9, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, 9, dtype=np.uint8)
    return pixels[:6], labels[:6], pixels[6:], labels[6:]


def write_all(folder, arrays, ending=".gz", names=NAMES):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, arrays, strict=True):
        write_idx(folder / f"{name}{ending}", array)


def test_digits_are_those_of_scikit_learn_each_in_one_of_the_two_parts():
    datasets = pytest.importorskip("sklearn.datasets")

    splits = load_digits()

    rows = np.concatenate([splits.train_images, splits.test_images])
    labels = np.concatenate([splits.train_labels, splits.test_labels])
    bunch = datasets.load_digits()
    ours = sorted(zip(rows.tolist(), labels.tolist(), strict=True))
    theirs = sorted(zip((bunch.data / 16).tolist(), bunch.target.tolist(), strict=True))
    assert ours == theirs


def test_of_each_digit_the_same_share_is_held_out():
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as scikit-learn's documentation lists them

    held_out = np.bincount(load_digits(test_size=0.25).test_labels)

    np.testing.assert_allclose(held_out, np.multiply(counts, 0.25), atol=0.5)


def test_the_split_of_digits_is_fixed_by_its_seed():
    first, again, other = load_digits(), load_digits(seed=0), load_digits(seed=1)

    np.testing.assert_array_equal(first.test_images, again.test_images)
    assert not np.array_equal(first.test_labels, other.test_labels)


@pytest.mark.parametrize("test_size", [0, 1, -0.2, 1.5, 0.0001, 0.9999])
def test_a_split_of_digits_with_an_empty_part_is_refused(test_size):
    with pytest.raises(ValueError, match=f"test_size between 0 and 1 .* got {test_size}"):
        load_digits(test_size=test_size)


def test_without_scikit_learn_the_error_names_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    monkeypatch.delitem(sys.modules, "sklearn", raising=False)
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(ImportError, match=r"pip install 'wengert\[data\]'"):
        load_digits()


@pytest.mark.parametrize(("flat", "shape"), [(True, (64,)), (False, (1, 8, 8))])
@pytest.mark.parametrize(("scale", "dtype", "white"), [(True, np.float32, 1), (False, np.uint8, 16)])
def test_digits_have_the_form_that_is_asked_for(flat, shape, scale, dtype, white):
    splits = load_digits(flat=flat, scale=scale)

    assert splits.train_images.shape[1:] == splits.test_images.shape[1:] == shape
    assert splits.train_images.dtype == splits.test_images.dtype == dtype
    assert splits.train_images.min() == 0
    assert splits.train_images.max() == white
    assert splits.train_labels.dtype == splits.test_labels.dtype == np.int64


def test_the_four_arrays_are_also_two_datasets_that_share_their_memory():
    arrays = np.zeros((4, 3), np.float32), np.arange(4), np.ones((2, 3), np.float32), np.arange(2)

    splits = ImageSplits(*arrays)

    for dataset, (x, y) in [(splits.train, arrays[:2]), (splits.test, arrays[2:])]:
        assert np.shares_memory(dataset.tensors[0].data, x)
        assert np.shares_memory(dataset.tensors[1].data, y)


@pytest.mark.parametrize("below", [".", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("names", [NAMES, [name.replace("-idx", ".idx") for name in NAMES]], ids=["dash", "dot"])
def test_the_files_of_mnist_are_found_in_the_usual_places(tmp_path, small_mnist, below, ending, names):
    write_all(tmp_path / below, small_mnist, ending, names)

    splits = load_mnist(tmp_path, scale=False, flat=False)

    for array, written in zip(splits, small_mnist, strict=True):
        np.testing.assert_array_equal(np.squeeze(array), written)


def test_pixels_are_scaled_to_the_unit_interval_in_float32(tmp_path, small_mnist):
    write_all(tmp_path, small_mnist)

    splits = load_mnist(str(tmp_path))

    np.testing.assert_allclose(splits.train_images, small_mnist[0].reshape(6, 784) / 255.0, rtol=1e-7)
    assert splits.train_images.dtype == np.float32
    assert splits.train_labels.dtype == np.int64
    assert splits.test_images.shape == (3, 784)


def test_a_folder_without_a_file_is_an_error_that_names_what_is_missing(tmp_path, small_mnist):
    write_all(tmp_path / "mnist", small_mnist)
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()

    with pytest.raises(FileNotFoundError, match=r"mnist has no t10k-labels-idx1-ubyte.gz; load_mnist\(\) without"):
        load_mnist(tmp_path)


@pytest.mark.parametrize(
    ("place", "array", "reason"),
    [
        (0, np.zeros((6, 28, 27), np.uint8), r"train-images.*expected uint8 of shape \(count, 28, 28\), got .*27\)"),
        (0, np.zeros((6, 28, 28), np.int8), "train-images.*got int8"),
        (1, np.zeros(7, np.uint8), r"train-labels.*expected uint8 of shape \(6,\), got uint8 of \(7,\)"),
        (2, np.zeros(3, np.uint8), r"t10k-images.*got uint8 of \(3,\)"),
        (3, np.zeros((3, 1), np.uint8), r"t10k-labels.*got uint8 of \(3, 1\)"),
        (3, np.array([0, 10, 1], np.uint8), "t10k-labels.*labels from 0 to 9, got 10"),
    ],
)
def test_a_file_that_does_not_hold_what_its_name_says_is_refused(tmp_path, small_mnist, place, array, reason):
    arrays = list(small_mnist)
    arrays[place] = array
    write_all(tmp_path, arrays)

    with pytest.raises(IDXError, match=reason):
        load_mnist(tmp_path)


def test_a_damaged_file_of_mnist_is_refused(tmp_path, small_mnist):
    write_all(tmp_path, small_mnist)
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(IDXError, match=r"t10k-images-idx3-ubyte\.gz.*damaged or cut short"):
        load_mnist(tmp_path)


def test_mnist_itself_is_read_with_its_known_statistics(data_dir):
    splits = load_mnist(data_dir)

    # Counts of the labels as LeCun published them; mean and deviation as PyTorch's examples normalise with.
    assert np.bincount(splits.train_labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(splits.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert splits.train_images.shape == (60000, 784)
    assert splits.train_images.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert splits.train_images.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)
    assert splits.test_images.shape == (10000, 784)


def test_the_checksums_are_those_of_the_real_files(data_dir, monkeypatch):
    monkeypatch.setenv("WENGERT_DATA", str(data_dir))
    monkeypatch.setattr(mnist, "MIRRORS", ())  # what passes the checksums is not downloaded

    splits = load_mnist()

    assert splits.train_images.shape == (60000, 784)


def test_gzip_files_made_elsewhere_are_read(tmp_path, small_mnist):
    write_all(tmp_path, small_mnist, ending="")
    for name in NAMES:
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content, compresslevel=1))

    np.testing.assert_array_equal(load_mnist(tmp_path).test_labels, small_mnist[3])
