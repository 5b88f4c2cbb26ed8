"""What is compared with PyTorch: constructor calls that mean the same there and here, and the inputs they get."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
STEPS = 50
SHOWN = (0, 1, 2, 4, *range(9, STEPS, 10))  # the steps of an optimizer after which the parameters are kept

# (call, shapes of the inputs). Inputs are normal; the cotangents have the shape of the output.
LAYERS = [
    ("Linear(5, 3)", [(4, 5)]),
    ("Linear(5, 3)", [(5,)]),
    ("Linear(5, 3)", [(2, 4, 5)]),
    ("Linear(5, 3)", [(0, 5)]),
    ("Linear(5, 3, bias=False)", [(4, 5)]),
    ("Linear(5, 3, bias=False)", [(2, 2, 2, 5)]),
    ("Sequential(Linear(4, 6), Tanh(), Linear(6, 3), LogSoftmax(dim=-1))", [(5, 4)]),
    ("Identity()", [(3, 4)]),
    ("Flatten()", [(2, 3, 4)]),
    ("Flatten(0, 1)", [(2, 3, 4)]),
    ("Dropout(0.5).eval()", [(3, 4)]),
    ("ReLU()", [(3, 4)]),
    ("LeakyReLU()", [(3, 4)]),
    ("LeakyReLU(0.2)", [(3, 4)]),
    ("GELU()", [(3, 4)]),
    ("GELU(approximate='tanh')", [(3, 4)]),
    ("SiLU()", [(3, 4)]),
    ("Sigmoid()", [(3, 4)]),
    ("Tanh()", [(3, 4)]),
    ("Softmax(dim=1)", [(3, 4)]),
    ("Softmax(dim=0)", [(3, 4, 2)]),
    ("Softmax(dim=-2)", [(3, 4, 2)]),
    ("LogSoftmax(dim=1)", [(3, 4)]),
    ("LogSoftmax(dim=1)", [(3, 4, 2)]),
]

# (call, shape of the input, kind of target)
LOSSES = [
    *(
        (f"CrossEntropyLoss({options})", shape, target)
        for options in (
            "",
            "reduction='sum'",
            "reduction='none'",
            "label_smoothing=0.1",
            "label_smoothing=0.1, reduction='none'",
            "weight=WEIGHT",
            "weight=WEIGHT, reduction='sum'",
            "weight=WEIGHT, reduction='none'",
            "weight=WEIGHT, label_smoothing=0.2",
            "weight=WEIGHT, label_smoothing=0.2, reduction='none'",
        )
        for shape, target in (
            ((5, 4), "indices"),
            ((5, 4), "probabilities"),
            ((2, 4, 3), "indices"),
            ((2, 4, 3), "probabilities"),
            ((4,), "indices"),
            ((4,), "probabilities"),
        )
    ),
    *(
        (f"CrossEntropyLoss(ignore_index=1{options})", shape, "indices")
        for options in ("", ", reduction='none'", ", label_smoothing=0.1", ", weight=WEIGHT", ", reduction='sum'")
        for shape in ((5, 4), (2, 4, 3, 2))
    ),
    *(
        (f"MSELoss({options})", shape, "values")
        for options in ("", "reduction='sum'", "reduction='none'")
        for shape in ((5, 4), (7,), ())
    ),
]
WEIGHT = np.array([0.5, 2.0, 1.0, 0.25])  # one per class

OPTIMIZERS = [
    "SGD(params, lr=0.1)",
    "SGD(params, lr=0.1, weight_decay=0.05)",
    "SGD(params, lr=0.1, momentum=0.9)",
    "SGD(params, lr=0.1, momentum=0.9, dampening=0.3)",
    "SGD(params, lr=0.1, momentum=0.9, nesterov=True)",
    "SGD(params, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)",
    "SGD(params, lr=0.02, momentum=0.5, maximize=True)",
    "Adam(params)",
    "Adam(params, lr=0.1)",
    "Adam(params, lr=0.1, betas=(0.7, 0.9), eps=1e-4)",
    "Adam(params, lr=0.1, weight_decay=0.05)",
    "Adam(params, lr=0.1, amsgrad=True)",
    "Adam(params, lr=0.1, amsgrad=True, weight_decay=0.05)",
    "Adam(params, lr=0.02, maximize=True)",
    "Adam([{'params': params[:1], 'lr': 0.05}, {'params': params[1:], 'betas': (0.5, 0.9)}], lr=0.1)",
]
PARAMETERS = ((3, 4), (5,), ())


def key(*parts: object) -> str:
    """The name of a case in the files."""
    return " ".join(map(str, parts))


def load(subject: str) -> dict[str, dict[str, np.ndarray]]:
    """The numbers of a subject, by case and what they are."""
    found: dict[str, dict[str, np.ndarray]] = {}
    with np.load(FOLDER / f"{subject}.npz") as file:
        for entry in file.files:
            name, _, what = entry.rpartition(": ")
            found.setdefault(name, {})[what] = file[entry]
    return found


def rng_of(name: str) -> np.random.Generator:
    """Random numbers of a case's own, so that a new case changes no other."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def loss_inputs(name: str, shape: tuple[int, ...], target: str) -> tuple[np.ndarray, np.ndarray]:
    """Input and target of a case."""
    rng = rng_of(name)
    x = 3 * rng.normal(size=shape)
    axis = min(1, len(shape) - 1)
    if target == "values":
        return x, rng.normal(size=shape)
    if target == "indices":
        return x, rng.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
    q = rng.exponential(size=shape)
    return x, q / q.sum(axis, keepdims=True)


def noise(step: int, i: int) -> np.ndarray:
    """What the gradient of a parameter has beside the parameter itself, in a step of an optimizer."""
    return rng_of(key("noise", step, i)).normal(size=PARAMETERS[i])
