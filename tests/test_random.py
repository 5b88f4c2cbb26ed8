"""The default generator: seeded by us alone, and independent of NumPy's."""

import pickle

import numpy as np
import pytest

from autograd import default_generator, get_rng_state, manual_seed, set_rng_state


def test_the_same_seed_gives_the_same_bits_as_numpys_generator_of_that_seed():
    manual_seed(7)
    ours = default_generator().standard_normal(5)

    np.testing.assert_array_equal(ours, np.random.default_rng(7).standard_normal(5))


def test_the_state_can_be_taken_pickled_and_put_back():
    state = pickle.loads(pickle.dumps(get_rng_state()))
    first = default_generator().random(3)

    set_rng_state(state)

    np.testing.assert_array_equal(default_generator().random(3), first)


def test_a_taken_state_does_not_move_on_with_the_generator():
    state = get_rng_state()
    before = dict(state["state"])

    default_generator().random(3)

    assert state["state"] == before


def test_numpys_global_seed_does_not_touch_it_nor_the_reverse():
    manual_seed(1)
    np.random.seed(5)  # noqa: NPY002
    a = default_generator().random()
    b = np.random.random()  # noqa: NPY002

    manual_seed(1)
    np.random.seed(5)  # noqa: NPY002
    np.random.random(10)  # noqa: NPY002

    assert default_generator().random() == a
    np.random.seed(5)  # noqa: NPY002
    manual_seed(99)
    assert np.random.random() == b  # noqa: NPY002


@pytest.mark.parametrize("seed", [1.5, "1", None, True])
def test_a_seed_that_is_not_an_integer_is_refused(seed):
    with pytest.raises(TypeError, match="non-negative integer"):
        manual_seed(seed)


@pytest.mark.parametrize("state", [{}, None, 5, {"bit_generator": "MT19937"}])
def test_a_foreign_state_is_refused_and_nothing_changes(state):
    before = get_rng_state()

    with pytest.raises(ValueError, match="get_rng_state"):
        set_rng_state(state)

    assert get_rng_state() == before
