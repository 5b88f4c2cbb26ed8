"""MNIST: handwritten digits, 28 by 28 pixels, learnt by a network of two hidden layers.

    python examples/mnist.py --data DIR [--epochs 10] [--batch-size 64] [--lr 0.001] [--constant] [--seed 0]

DIR holds the four IDX files, gzipped or not; without --data they are downloaded once, with checksums.
"""

import argparse
import os
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for products as small as these, more threads only wait

import numpy as np

import autograd
import nn
import optim
from autograd import Tensor, no_grad
from autograd._optional import need
from nn.data import DataLoader, load_mnist


def build(dropout: float) -> nn.Module:
    """784-256-128-10, with ReLU and dropout."""
    return nn.Sequential(
        nn.Linear(784, 256, init="he"),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(256, 128, init="he"),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(128, 10),
    )


def accuracy(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of images that the model gives the right label."""
    model.eval()
    with no_grad():
        right = [
            np.count_nonzero(np.argmax(model(Tensor(images[i : i + 1000])).data, axis=1) == labels[i : i + 1000])
            for i in range(0, len(images), 1000)
        ]
    model.train()
    return sum(right) / len(images)


def count(text: str) -> int:
    """An argument of the command line that is a positive integer."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text}")
    return number


def main(argv: list[str] | None = None) -> float:
    """Train, print every epoch, and return the accuracy on the test images after the last one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="DIR", help="folder with the IDX files (default: download them)")
    parser.add_argument("--epochs", type=count, default=10, help="passes over the training images (default: 10)")
    parser.add_argument("--batch-size", type=count, default=64, help="images per step (default: 64)")
    parser.add_argument("--lr", type=float, default=1e-3, help="Adam's step size at first (default: 0.001)")
    parser.add_argument("--constant", action="store_true", help="keep the step size, which else falls linearly to 0")
    parser.add_argument("--dropout", type=float, default=0.2, help="share of units dropped (default: 0.2)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: 0)")
    args = parser.parse_args(argv)
    progress = need("tqdm", "train").tqdm

    mnist = load_mnist(args.data)
    autograd.manual_seed(args.seed)
    model = build(args.dropout)
    loss_of = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=args.lr)
    batches = DataLoader(mnist.train, batch_size=args.batch_size, shuffle=True)
    start, found = time.perf_counter(), 0.0
    for epoch in range(1, args.epochs + 1):
        if not args.constant:
            optimizer.param_groups[0]["lr"] = args.lr * (1 - (epoch - 1) / args.epochs)
        total = 0.0
        for images, labels in progress(batches, desc=f"epoch {epoch}", leave=False):
            optimizer.zero_grad()
            loss = loss_of(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        found = accuracy(model, mnist.test_images, mnist.test_labels)
        seconds = time.perf_counter() - start
        print(
            f"epoch {epoch:2}: loss {total / len(batches):.4f}, test accuracy {found:.2%}, {seconds:.1f} s", flush=True
        )
    return found


if __name__ == "__main__":
    main()
