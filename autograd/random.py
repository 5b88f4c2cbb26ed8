"""The generator behind everything random that is not given one: independent of NumPy's global state."""

import copy
import functools
from typing import Any

import numpy as np


@functools.cache
def default_generator() -> "np.random.Generator":
    """The generator in use. Anything random takes `generator=None` and falls back on it."""
    return np.random.default_rng()  # made when it is first wanted: numpy.random takes a while to import


def manual_seed(seed: int) -> "np.random.Generator":
    """Seed the default generator, and return it; the same seed gives the same bits.

    Raises:
        TypeError, ValueError: the seed is not a non-negative integer.

    >>> bool(manual_seed(0).integers(100) == manual_seed(0).integers(100))
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"manual_seed expects a non-negative integer, got {seed!r}")
    generator = default_generator()
    generator.bit_generator.state = np.random.default_rng(int(seed)).bit_generator.state
    return generator


def get_rng_state() -> dict[str, Any]:
    """The state of the default generator, to give back to `set_rng_state`: a dictionary of strings and integers."""
    return copy.deepcopy(dict(default_generator().bit_generator.state))


def set_rng_state(state: Any) -> None:
    """Put the default generator into a state taken by `get_rng_state`.

    Raises:
        TypeError, ValueError: this is not such a state.

    >>> state = get_rng_state()
    >>> first = default_generator().random()
    >>> set_rng_state(state)
    >>> default_generator().random() == first
    True
    """
    generator = default_generator().bit_generator
    if not isinstance(state, dict) or state.get("bit_generator") != generator.state["bit_generator"]:
        raise ValueError(f"set_rng_state expects what get_rng_state returned, got {state!s:.80}")
    generator.state = state
