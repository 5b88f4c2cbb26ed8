"""The exclusive or, learnt by a network of 2 inputs, 4 hidden units and 2 outputs, from many starts.

    python examples/xor.py [--seeds 10] [--epochs 5000] [--lr 0.1] [--hidden tanh]

Plain gradient descent on all four cases at once. With tanh every start leads to a solution; `--hidden relu` shows what
it is to get stuck (units that are 0 for all inputs learn nothing any more), `--hidden sigmoid` what it is to be slow.
"""

import argparse
import time

import numpy as np

import autograd
import nn
import optim
from autograd import Tensor

INPUTS = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
LABELS = np.array([0, 1, 1, 0])
HIDDEN = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}
GOAL = 0.003  # the cross-entropy at which the right answers have a probability of 0.997


def build(hidden: str) -> nn.Module:
    """The network: Xavier's initialisation for tanh and sigmoid, He's for ReLU."""
    init = "he" if hidden == "relu" else "xavier"
    return nn.Sequential(nn.Linear(2, 4, init=init), HIDDEN[hidden](), nn.Linear(4, 2, init=init))


def train(model: nn.Module, epochs: int, lr: float) -> float:
    """Train on all cases in every epoch; the loss in the end."""
    loss_of = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=lr)
    for _ in range(epochs):
        optimizer.zero_grad()
        loss_of(model(INPUTS), LABELS).backward()
        optimizer.step()
    return loss_of(model(INPUTS), LABELS).item()


def count(text: str) -> int:
    """An argument of the command line that is a positive integer."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a positive integer, got {text}")
    return number


def main(argv: list[str] | None = None) -> list[float]:
    """Train from every seed, print how each ended, and return the losses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=count, default=10, help="number of starts: seeds 0, 1, ... (default: 10)")
    parser.add_argument("--epochs", type=count, default=5000, help="gradient steps from each start (default: 5000)")
    parser.add_argument("--lr", type=float, default=0.1, help="step size (default: 0.1)")
    parser.add_argument("--hidden", choices=HIDDEN, default="tanh", help="hidden units (default: tanh)")
    args = parser.parse_args(argv)

    losses = []
    for seed in range(args.seeds):
        autograd.manual_seed(seed)
        model = build(args.hidden)
        start = time.perf_counter()
        losses.append(train(model, args.epochs, args.lr))
        answers = np.argmax(model(INPUTS).data, axis=1)
        verdict = "" if losses[-1] <= GOAL else "  not there" if (answers == LABELS).all() else "  stuck"
        seconds = time.perf_counter() - start
        print(f"seed {seed}: loss {losses[-1]:.5f}, answers {answers}, {seconds:.1f} s{verdict}", flush=True)
    there = sum(loss <= GOAL for loss in losses)
    print(
        f"{there} of {len(losses)} starts reached a loss of {GOAL} in {args.epochs} epochs; largest: {max(losses):.5f}"
    )
    return losses


if __name__ == "__main__":
    main()
