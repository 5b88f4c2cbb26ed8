"""Data: readers of real data sets, datasets, and the loader that makes batches of them."""

from nn.data.dataset import Dataset, Subset, TensorDataset, random_split
from nn.data.digits import load_digits
from nn.data.download import DownloadError, data_folder
from nn.data.idx import IDXError, read_idx, write_idx
from nn.data.images import ImageSplits
from nn.data.loader import DataLoader, default_collate
from nn.data.mnist import load_mnist

__all__ = [
    "DataLoader",
    "Dataset",
    "DownloadError",
    "IDXError",
    "ImageSplits",
    "Subset",
    "TensorDataset",
    "data_folder",
    "default_collate",
    "load_digits",
    "load_mnist",
    "random_split",
    "read_idx",
    "write_idx",
]
