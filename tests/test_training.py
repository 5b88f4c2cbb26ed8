"""Training: real data is learnt, the same seed gives the same bits, and memory does not grow."""

import gc

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Tensor, no_grad
from nn.data import DataLoader, load_digits, load_mnist


def train(model, dataset, epochs, lr=1e-3, batch_size=64, seed=0):
    loss_of = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=lr)
    batches = DataLoader(dataset, batch_size=batch_size, shuffle=True, generator=seed)
    for _ in range(epochs):
        for x, labels in batches:
            optimizer.zero_grad()
            loss_of(model(x), labels).backward()
            optimizer.step()


def accuracy(model, images, labels):
    with no_grad():
        return np.mean(np.argmax(model.eval()(Tensor(images)).data, axis=1) == labels)


def test_one_epoch_of_mnist_gives_ninety_five_percent(data_dir):
    if not (data_dir / "mnist").is_dir():
        pytest.skip(f"{data_dir} has no folder mnist")
    mnist = load_mnist(data_dir)
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))

    train(model, mnist.train, epochs=1)

    assert accuracy(model, mnist.test_images, mnist.test_labels) >= 0.95


def test_held_out_digits_are_recognised():
    digits = load_digits()
    autograd.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10))

    train(model, digits.train, epochs=15, lr=5e-3, batch_size=32)

    assert accuracy(model, digits.test_images, digits.test_labels) >= 0.94


def test_the_same_seed_gives_the_same_bits():
    digits = load_digits()
    states = []
    for _ in range(2):
        autograd.manual_seed(7)
        model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 10))
        train(model, digits.train, epochs=2)
        states.append(model.state_dict())

    assert all(np.array_equal(states[0][name].data, states[1][name].data) for name in states[0])


def test_a_thousand_steps_leave_no_more_objects_than_ten():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
    loss_of = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters())
    x, labels = Tensor(np.ones((5, 4), np.float32)), np.array([0, 1, 2, 0, 1])

    def steps(count):
        for _ in range(count):
            optimizer.zero_grad()
            loss_of(model(x), labels).backward()
            optimizer.step()
        return len(gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        after_ten, after_a_thousand = steps(10), steps(990)
    finally:
        gc.enable()

    assert after_a_thousand <= after_ten


def test_frozen_layers_stay_and_cost_no_gradient():
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    model[0].requires_grad_(False)
    before = [p.data.copy() for p in model.parameters()]
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    nn.CrossEntropyLoss()(model(Tensor(np.ones((5, 4), np.float32))), [0, 1, 2, 0, 1]).backward()
    optimizer.step()

    changed = [not np.array_equal(a, p.data) for a, p in zip(before, model.parameters())]
    assert changed == [False, False, True, True]
    assert model[0].weight.grad is None


def test_gradients_of_a_second_backward_pass_accumulate_into_the_step():
    once, twice = nn.Linear(2, 1), nn.Linear(2, 1)
    twice.load_state_dict(once.state_dict())
    x = np.array([[1.0, 2.0], [3.0, -1.0]], np.float32)

    for model, parts in ((once, [x]), (twice, [x[:1], x[1:]])):
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for part in parts:
            model(Tensor(part)).sum().backward()
        optimizer.step()

    np.testing.assert_allclose(once.weight.data, twice.weight.data, rtol=1e-6)
