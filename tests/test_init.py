"""Initialisation: the distributions of the papers, seeds, dtypes, and errors."""

import numpy as np
import pytest
from scipy import stats

import autograd
import nn
from autograd import Tensor, as_tensor
from nn import init

SHAPE = (200, 100, 3)  # fan_in 300, fan_out 600


def values_of(initialize, *args, **options):
    t = nn.Parameter(np.zeros(SHAPE))

    assert initialize(t, *args, **options, generator=np.random.default_rng(0)) is t
    return t.data.ravel()


@pytest.mark.parametrize(
    ("initialize", "options", "bound"),
    [
        (init.uniform_, {"a": -2.0, "b": 2.0}, 2.0),
        (init.xavier_uniform_, {}, (6 / 900) ** 0.5),
        (init.xavier_uniform_, {"gain": 2.0}, 2 * (6 / 900) ** 0.5),
        (init.kaiming_uniform_, {}, (6 / 300) ** 0.5),
        (init.kaiming_uniform_, {"mode": "fan_out"}, (6 / 600) ** 0.5),
        (init.kaiming_uniform_, {"a": 5**0.5}, 300**-0.5),
        (init.kaiming_uniform_, {"nonlinearity": "linear"}, (3 / 300) ** 0.5),
    ],
)
def test_uniform_values_fill_the_interval_evenly(initialize, options, bound):
    values = values_of(initialize, **options)

    assert stats.kstest(values, stats.uniform(-bound, 2 * bound).cdf).pvalue > 0.01
    assert np.abs(values).max() <= bound


@pytest.mark.parametrize(
    ("initialize", "options", "mean", "std"),
    [
        (init.normal_, {"mean": 3.0, "std": 0.5}, 3.0, 0.5),
        (init.xavier_normal_, {"gain": 3.0}, 0.0, 3 * (2 / 900) ** 0.5),
        (init.kaiming_normal_, {"nonlinearity": "relu"}, 0.0, (2 / 300) ** 0.5),
        (init.he_normal_, {"mode": "fan_out"}, 0.0, (2 / 600) ** 0.5),
    ],
)
def test_normal_values_have_the_mean_and_deviation(initialize, options, mean, std):
    values = values_of(initialize, **options)

    assert stats.kstest(values, stats.norm(mean, std).cdf).pvalue > 0.01


def test_constants_fill_the_tensor():
    p = nn.Parameter(np.ones((2, 3), np.float32))

    assert not init.zeros_(p).data.any()
    assert (init.ones_(p).data == 1).all()
    assert (init.constant_(p, 2.5).data == 2.5).all()
    assert p.dtype == np.float32 and p.requires_grad and p.is_leaf


def test_a_seed_repeats_the_values_and_a_generator_leaves_the_default_one_alone():
    autograd.manual_seed(1)
    first = nn.Linear(3, 3).weight.data
    autograd.manual_seed(1)

    nn.Linear(3, 3, generator=np.random.default_rng(5))
    second = nn.Linear(3, 3).weight.data

    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("how", "std"),
    [
        (None, (1 / 300 / 3) ** 0.5),
        ("he", (2 / 300) ** 0.5),
        ("he_uniform", (2 / 300) ** 0.5),
        ("xavier", (2 / 500) ** 0.5),
        ("xavier_normal", (2 / 500) ** 0.5),
        (lambda w: init.normal_(w, std=0.3), 0.3),
    ],
)
def test_linear_starts_as_it_is_told(how, std):
    layer = nn.Linear(300, 200, init=how)

    assert layer.weight.data.std() == pytest.approx(std, rel=0.02)
    assert layer.bias.data.std() == pytest.approx(300**-0.5 / 3**0.5 if how is None else 0, rel=0.2)


def test_gains_are_pytorchs():
    names = ["linear", "conv1d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]

    gains = [init.calculate_gain(name) for name in names]

    assert gains == [1, 1, 1, 1, 1.6666666666666667, 1.4142135623730951, 1.4141428569978354, 0.75]
    assert init.calculate_gain("leaky_relu", 1) == 1


MISUSES = [
    (lambda: init.xavier_uniform_(as_tensor(np.ones(3))), ValueError, "fewer than 2 dimensions"),
    (lambda: init.kaiming_normal_(as_tensor(np.ones((3, 2))), mode="x"), ValueError, "Mode x not supported"),
    (lambda: init.calculate_gain("foo"), ValueError, "Unsupported nonlinearity foo"),
    (lambda: init.calculate_gain("leaky_relu", "x"), ValueError, "negative_slope x not a valid number"),
    (lambda: init.uniform_(as_tensor(np.ones(3)), generator=3), TypeError, "expected a numpy.random.Generator"),
]


@pytest.mark.parametrize(("call", "error", "message"), MISUSES, ids=[message for *_, message in MISUSES])
def test_misuse_has_pytorchs_exception_class(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_tensor_without_elements_is_left_alone_with_pytorchs_warning():
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        layer = nn.Linear(0, 2)

    assert layer(as_tensor(np.zeros((3, 0), np.float32))).shape == (3, 2)


def test_what_the_tape_has_kept_stays_as_it_was():
    w = nn.Parameter([2.0])
    x = Tensor([3.0], requires_grad=True)
    y = (w * x).sum()

    init.zeros_(w)
    y.backward()

    assert x.grad.tolist() == [2.0]
    assert w.tolist() == [0.0]
