"""Switching the tape on and off: blocks, functions, generators, threads and tasks."""

import asyncio
import threading

import pytest

from autograd import Tensor, enable_grad, is_grad_enabled, no_grad, set_grad_enabled


def test_no_grad_leaves_ops_off_the_tape():
    x = Tensor([1.0], requires_grad=True)

    with no_grad():
        y = x * 2

    assert not y.requires_grad
    assert (x * 2).requires_grad


def test_modes_nest_and_are_restored_after_an_error():
    with no_grad():
        with enable_grad():
            inner = is_grad_enabled()
        with pytest.raises(KeyError), set_grad_enabled(True):
            raise KeyError
        outer = is_grad_enabled()

    assert (inner, outer, is_grad_enabled()) == (True, False, True)


def test_one_context_manager_can_be_entered_again():
    mode = no_grad()

    with mode, mode:
        inside = is_grad_enabled()

    assert not inside
    assert is_grad_enabled()


@pytest.mark.parametrize(
    "decorator", [no_grad, lambda f: no_grad()(f), lambda f: set_grad_enabled(False)(f)], ids=["bare", "called", "set"]
)
def test_a_decorated_function_runs_in_its_mode(decorator):
    @decorator
    def recorded():
        """Say so."""
        return is_grad_enabled()

    assert recorded() is False
    assert is_grad_enabled()
    assert recorded.__doc__ == "Say so."


def test_set_grad_enabled_works_at_once_as_a_function():
    set_grad_enabled(False)
    inside = is_grad_enabled()
    set_grad_enabled(True)

    assert not inside
    assert is_grad_enabled()


def test_set_grad_enabled_as_a_block_restores_what_was_before_it():
    with no_grad():
        with set_grad_enabled(True):
            inside = is_grad_enabled()
        after = is_grad_enabled()

    assert inside
    assert not after


def test_a_decorated_generator_runs_each_step_in_its_mode_and_its_caller_does_not():
    @no_grad()
    def steps():
        received = yield is_grad_enabled()
        try:
            yield received, is_grad_enabled()
        except KeyError:
            yield "caught", is_grad_enabled()
        return "done"

    generator = steps()
    seen = [next(generator), is_grad_enabled(), generator.send(7), is_grad_enabled(), generator.throw(KeyError())]
    with pytest.raises(StopIteration, match="done"):
        next(generator)

    assert seen == [False, True, (7, False), True, ("caught", False)]


def test_no_grad_in_one_thread_does_not_switch_off_another():
    entered, finish = threading.Event(), threading.Event()
    seen = []

    def off():
        with no_grad():
            entered.set()
            finish.wait(10)
            seen.append(is_grad_enabled())

    thread = threading.Thread(target=off)
    thread.start()
    entered.wait(10)
    here = is_grad_enabled()
    finish.set()
    thread.join()

    assert here
    assert seen == [False]


def test_no_grad_in_one_async_task_does_not_switch_off_another():
    async def off(ready, go):
        with no_grad():
            ready.set()
            await go.wait()
            return is_grad_enabled()

    async def on(ready, go):
        await ready.wait()
        enabled = is_grad_enabled()
        go.set()
        return enabled

    async def main():
        ready, go = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(off(ready, go), on(ready, go))

    assert asyncio.run(main()) == [False, True]


def test_a_decorated_coroutine_runs_in_its_mode():
    @no_grad()
    async def work():
        await asyncio.sleep(0)
        return is_grad_enabled()

    assert asyncio.run(work()) is False
    assert is_grad_enabled()
