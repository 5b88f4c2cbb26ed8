"""Checkpoints hold every part of a run; the last and the best are kept, what cannot be used is refused and named."""

import collections
import random
import re
import warnings

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd import Tensor
from nn.checkpoint import CheckpointError, CheckpointManager
from nn.data import DataLoader


class Box:
    """A part: it holds a value."""

    def __init__(self, value=0):
        self.value = value

    def state_dict(self):
        return {"value": self.value}

    def load_state_dict(self, state_dict):
        self.value = state_dict["value"]


class Picky(Box):
    """A part that takes no value but its own kind of number."""

    def load_state_dict(self, state_dict):
        if not isinstance(state_dict["value"], int):
            raise ValueError(f"expected an integer, got {state_dict['value']!r}")
        super().load_state_dict(state_dict)


def steps_of(manager):
    return [int(path.stem.split("-")[-1]) for path in manager.files()]


def flip(path, place=-1):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_every_part_comes_back(tmp_path):
    rng = np.random.Generator(np.random.MT19937(4))
    model, box, loader = nn.Linear(3, 2), Box([1, (2.0, None)]), DataLoader(range(10), 2, shuffle=True, generator=0)
    batches = iter(loader)
    next(batches)
    manager = CheckpointManager(tmp_path, model=model, box=box, loader=loader, rng=rng)
    path = manager.save(7, epoch=1, metrics={"loss": np.float32(0.5), "acc": Tensor(2.0)}, extra={"history": [1, 2]})
    weight, default, own = model.weight.data.copy(), autograd.default_generator().random(), rng.random(3)
    rest = [batch.tolist() for batch in batches]
    nn.init.zeros_(model.weight)
    box.value = None

    other = CheckpointManager(
        tmp_path, model=model, box=box, rng=rng, loader=DataLoader(range(10), 2, shuffle=True, generator=9)
    )
    restored = other.restore()

    assert restored == (7, 1, {"loss": 0.5, "acc": 2.0}, {"history": [1, 2]}, path, [])
    np.testing.assert_array_equal(model.weight.data, weight)
    assert box.value == [1, (2.0, None)]
    assert autograd.default_generator().random() == default
    np.testing.assert_array_equal(rng.random(3), own)
    assert [batch.tolist() for batch in other.parts["loader"]] == rest


def test_an_optimizer_goes_on_with_the_same_bits(tmp_path):

    def make():
        autograd.manual_seed(0)
        model = nn.Linear(3, 1)
        return model, optim.Adam(model.parameters(), lr=0.1)

    def train(model, optimizer, steps):
        for step in steps:
            optimizer.zero_grad()
            model(Tensor(np.full((2, 3), 1.0 + step, np.float32))).sum().backward()
            optimizer.step()
        return model.weight.data.tobytes() + model.bias.data.tobytes()

    model, optimizer = make()
    train(model, optimizer, range(3))
    CheckpointManager(tmp_path, model=model, optimizer=optimizer).save(3)
    expected = train(model, optimizer, range(3, 6))

    model, optimizer = make()
    CheckpointManager(tmp_path, model=model, optimizer=optimizer).restore()

    assert train(model, optimizer, range(3, 6)) == expected


def test_where_there_is_no_checkpoint_there_is_nothing_to_restore(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        assert CheckpointManager(folder, box=Box()).restore() is None
        assert CheckpointManager(folder, box=Box()).files() == []
    assert not (tmp_path / "absent").exists()


# --- which are kept ---


def test_the_last_ones_are_kept(tmp_path):
    manager = CheckpointManager(tmp_path / "a" / "b", keep=2, box=Box())

    for step in range(5):
        manager.save(step)

    assert steps_of(manager) == [3, 4]


def test_all_are_kept_on_request(tmp_path):
    manager = CheckpointManager(tmp_path, keep=None, box=Box())

    for step in range(12):
        manager.save(step)

    assert steps_of(manager) == [*range(12)]


@pytest.mark.parametrize("again", [False, True], ids=["one process", "a new process each time"])
@pytest.mark.parametrize(
    ("mode", "values", "best"),
    [
        ("min", [3.0, 1.0, 2.0, 1.0, 5.0], 1),
        ("max", [3.0, 1.0, 3.0, 1.0, 2.0], 0),
        ("min", [np.nan, 2.0, 1.0, np.nan, 3.0], 2),
        ("max", [np.inf, 2.0, 1.0, 4.0, 3.0], 0),
    ],
)
def test_the_best_is_kept_too(tmp_path, mode, values, best, again):
    box = Box()
    manager = CheckpointManager(tmp_path, keep=1, best="score", mode=mode, box=box)

    for step, value in enumerate(values):
        box.value = step
        manager = CheckpointManager(tmp_path, keep=1, best="score", mode=mode, box=box) if again else manager
        manager.save(step, metrics={"score": value, "other": -value})

    assert steps_of(manager) == [best, 4]
    assert manager.restore("best").step == best
    assert box.value == best
    assert manager.restore("last").step == 4


def test_a_checkpoint_without_the_metric_is_never_the_best(tmp_path):
    manager = CheckpointManager(tmp_path, keep=1, best="score", box=Box())

    manager.save(0, metrics={"score": 5.0})
    manager.save(1)
    manager.save(2, metrics={"other": 0.0})

    assert steps_of(manager) == [0, 2]


def test_only_its_own_files_are_removed(tmp_path):
    others = ["notes.txt", "checkpoint-1.safetensors", "checkpoint-000001-step-1.safetensors.bak", "model.safetensors"]
    for name in others:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / ".wengert-0123456789abcdef.tmp").write_bytes(b"cut off by a kill")
    manager = CheckpointManager(tmp_path, keep=1, box=Box())

    manager.save(0)
    manager.save(1)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, manager.files()[0].name])


def test_nothing_is_removed_when_saving_fails(tmp_path):
    box = Box()
    manager = CheckpointManager(tmp_path, keep=1, box=box)
    manager.save(0)
    box.value = {"deep": [object()]}

    with pytest.raises(TypeError, match=re.escape("['box']['value']['deep'][0], a object")):
        manager.save(1)

    assert steps_of(manager) == [0]


def test_what_was_written_last_is_the_last_whatever_its_step(tmp_path):
    box = Box()
    manager = CheckpointManager(tmp_path, keep=None, box=box)
    paths = {}
    for step in (10, 20, 30):
        box.value = step
        paths[step] = manager.save(step)

    manager.restore(paths[10])  # back, to go another way
    box.value = "another way"
    manager.save(15)

    assert steps_of(manager) == [10, 20, 30, 15]
    assert manager.restore().step == 15
    assert box.value == "another way"


def test_numbers_of_more_digits_come_last(tmp_path):
    box = Box("old")
    manager = CheckpointManager(tmp_path, keep=None, box=box)
    manager.save(1).rename(tmp_path / "checkpoint-999999-step-1.safetensors")
    box.value = "new"

    assert manager.save(2).name == "checkpoint-1000000-step-2.safetensors"
    assert manager.restore().step == 2


# --- what is refused ---


DAMAGES = {
    "flipped bit": lambda path: flip(path),
    "flipped bit in the header": lambda path: flip(path, 200),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "empty": lambda path: path.write_bytes(b""),
    "foreign": lambda path: path.write_bytes(b"PK\x03\x04"),
    "something else": lambda path: nn.save({"w": np.ones(2)}, path),
    "a list": lambda path: nn.save([1], path),
    "a later version": lambda path: nn.save({"checkpoint": {"version": 2}, "box": 1}, path),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}
REASONS = {
    "flipped bit": "SHA-256",
    "flipped bit in the header": "SHA-256",
    "truncated": "SHA-256",
    "empty": "the file is empty",
    "foreign": "zip archive",
    "something else": "it is whole, but no checkpoint",
    "a list": "it is whole, but no checkpoint",
    "a later version": "a checkpoint of version 2, expected 1",
    "a folder": "Is a directory",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_cannot_be_used_is_refused_and_the_one_before_it_used(tmp_path, damage):
    box = Box()
    manager = CheckpointManager(tmp_path, box=box)
    for box.value in (1, 2, 3):
        manager.save(box.value)
    DAMAGES[damage](manager.files()[-1])
    DAMAGES[damage](manager.files()[-2])

    with pytest.warns(UserWarning, match=r"restored .*step-1\.safetensors instead of") as caught:
        restored = manager.restore()

    assert (restored.step, box.value) == (1, 1)
    assert [path for path, _ in restored.refused] == manager.files()[:0:-1]
    assert all(REASONS[damage] in reason for _, reason in restored.refused)
    assert str(caught[0].message).count(REASONS[damage]) == 2
    assert caught[0].filename == __file__


def test_a_part_that_does_not_fit_is_a_reason(tmp_path):
    model = nn.Linear(2, 2)
    CheckpointManager(tmp_path, model=model).save(1)
    CheckpointManager(tmp_path, model=nn.Linear(3, 2)).save(2)

    with pytest.warns(
        UserWarning, match=r"(?s)model does not take its state, RuntimeError: .*size mismatch for weight"
    ):
        restored = CheckpointManager(tmp_path, model=nn.Linear(2, 2)).restore()

    assert restored.step == 1


def test_a_part_that_the_file_has_not_is_a_reason_and_more_than_wanted_is_none(tmp_path):
    CheckpointManager(tmp_path, model=nn.Linear(2, 2), box=Box(5)).save(1)

    with pytest.raises(CheckpointError, match=r"it holds no scheduler, only model, box"):
        CheckpointManager(tmp_path, box=Box(), scheduler=Box()).restore()

    box = Box()
    CheckpointManager(tmp_path, box=box).restore()
    assert box.value == 5


def test_where_none_fits_the_parts_are_as_they_were(tmp_path):
    first, second, rng = Box(1), Picky(2.5), np.random.default_rng(0)
    CheckpointManager(tmp_path, first=first, rng=rng, second=second).save(1)
    first.value, second.value = 10, 20
    rng.random()
    before, default = rng.bit_generator.state, autograd.get_rng_state()
    autograd.default_generator().random()
    default = autograd.get_rng_state()

    with pytest.raises(CheckpointError, match=r"the parts are as they were:\n.*expected an integer, got 2\.5"):
        CheckpointManager(tmp_path, first=first, rng=rng, second=second).restore()

    assert (first.value, second.value) == (10, 20)
    assert rng.bit_generator.state == before
    assert autograd.get_rng_state() == default


def test_a_generator_of_another_kind_is_refused(tmp_path):
    CheckpointManager(tmp_path, rng=np.random.Generator(np.random.MT19937(0))).save(1)

    with pytest.raises(CheckpointError, match="rng does not take its state"):
        CheckpointManager(tmp_path, rng=np.random.default_rng(0)).restore()


def test_a_named_file_is_used_or_refused_without_another(tmp_path):
    box = Box(1)
    manager = CheckpointManager(tmp_path, box=box)
    first = manager.save(1)
    second = manager.save(2)
    flip(second)

    assert manager.restore(str(first)).step == 1
    with pytest.raises(CheckpointError, match="SHA-256"):
        manager.restore(second)
    with pytest.raises(CheckpointError, match="No such file"):
        manager.restore(tmp_path / "absent")


def test_a_damaged_best_makes_way_for_the_next_best(tmp_path):
    manager = CheckpointManager(tmp_path, keep=None, best="loss", box=Box())
    for step, loss in enumerate([3.0, 1.0, 2.0, 4.0]):
        manager.save(step, metrics={"loss": loss})
    flip(manager.files()[1])

    with pytest.warns(UserWarning, match="SHA-256"):
        assert manager.restore("best").step == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert CheckpointManager(tmp_path, best="loss", box=Box()).restore("best").step == 2


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda folder: CheckpointManager(folder, keep=0), ValueError, "a positive integer or None as keep, got 0"),
        (lambda folder: CheckpointManager(folder, keep=True), ValueError, "as keep, got True"),
        (lambda folder: CheckpointManager(folder, mode="least"), ValueError, "'min' or 'max' as mode"),
        (lambda folder: CheckpointManager(folder, checkpoint=Box()), ValueError, "has 'checkpoint' of its own"),
        (lambda folder: CheckpointManager(folder, lr=0.1), TypeError, "got lr of type float; pass what only needs"),
        (lambda folder: CheckpointManager(folder, r=random.Random(0)), TypeError, "got r of type Random"),
        (lambda folder: CheckpointManager(folder).restore("best"), ValueError, "needs to know the metric"),
        (lambda folder: CheckpointManager(folder, b=collections.Counter()), TypeError, "type Counter"),
    ],
    ids=range(8),
)
def test_what_makes_no_sense_is_refused(tmp_path, make, error, message):
    with pytest.raises(error, match=message):
        make(tmp_path)
